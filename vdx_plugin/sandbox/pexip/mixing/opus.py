"""Sound decoded and encoded: Opus, mono, 48 kHz, 20 ms at a time.

Encoding goes through PyAV. Decoding goes to libopus itself, which PyAV's wheels bring on every system, because
FFmpeg's interface to it knows neither concealment nor the redundancy in the packet that follows (RFC 6716 2.1.7).
Where the library is not found, FFmpeg decodes and a gap is the last sound fading.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import fractions
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
RATE = 48_000
FRAME = 960
_LONGEST = 5760
_PLACES = ("../av.libs/libopus*", ".dylibs/libopus*", "../av.libs/opus*")
_FADE = 0.5


class SoundDecoder(Protocol):
    """Decodes one stream; damaged data is concealed like a gap."""

    def decode(self, payload: bytes) -> Samples:
        """Return the packet's samples."""
        ...

    def recover(self, following: bytes) -> Samples:
        """Return what is known of a lost packet from the one after it."""
        ...

    def conceal(self) -> Samples:
        """Return a guess at a lost packet."""
        ...


def new_decoder() -> SoundDecoder:
    """Return the best decoder there is on this machine."""
    library = find_library()
    return PlainDecoder() if library is None else OpusDecoder(library)


@lru_cache(maxsize=1)
def find_library() -> ctypes.CDLL | None:
    """Return libopus from PyAV's wheel, else the system's, else None."""
    folder = Path(av.__file__).parent
    found = [str(path) for pattern in _PLACES for path in sorted(folder.glob(pattern))]
    for name in [*found, ctypes.util.find_library("opus")]:
        try:
            library = ctypes.CDLL(name) if name else None
        except OSError:
            continue
        if library is not None and hasattr(library, "opus_decode"):
            return _declared(library)
    return None


class OpusDecoder:
    """libopus."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._state: int | None = library.opus_decoder_create(RATE, 1, None)
        if not self._state:
            raise MemoryError("libopus gave no decoder")
        self._out = np.zeros(_LONGEST, np.int16)

    def decode(self, payload: bytes) -> Samples:
        return self._run(payload, _LONGEST, redundancy=False) if payload else self.conceal()

    def recover(self, following: bytes) -> Samples:
        return self._run(following, FRAME, redundancy=True)

    def conceal(self) -> Samples:
        return self._run(None, FRAME, redundancy=False)

    def _run(self, payload: bytes | None, room: int, *, redundancy: bool) -> Samples:
        pointer = self._out.ctypes.data_as(ctypes.c_void_p)
        count = self._library.opus_decode(self._state, payload, len(payload or b""), pointer, room, int(redundancy))
        if count <= 0:
            return self.conceal() if payload is not None else np.zeros(FRAME, np.int16)
        return self._out[:count].copy()

    def __del__(self) -> None:
        if self._state:
            self._library.opus_decoder_destroy(self._state)
            self._state = None


class PlainDecoder:
    """FFmpeg's, for want of libopus."""

    def __init__(self) -> None:
        self._context: Any = av.CodecContext.create("opus", "r")
        self._context.layout, self._context.sample_rate = "mono", RATE
        self._last = np.zeros(FRAME, np.int16)

    def decode(self, payload: bytes) -> Samples:
        try:
            frames = self._context.decode(av.Packet(payload)) if payload else []
        except av.error.FFmpegError:
            frames = []
        if not frames:
            return self.conceal()
        self._last = np.concatenate([_mono(frame) for frame in frames])
        return self._last

    def recover(self, following: bytes) -> Samples:
        return self.conceal()

    def conceal(self) -> Samples:
        self._last = (self._last[-FRAME:] * _FADE).astype(np.int16)
        return self._last


class SoundEncoder:
    """32 kbit/s with redundancy for a line that loses a tenth; at a complexity that lets many rooms be mixed."""

    def __init__(self) -> None:
        context: Any = av.CodecContext.create("libopus", "w")
        context.bit_rate = 32_000
        context.format, context.layout, context.sample_rate = "s16", "mono", RATE
        context.time_base = fractions.Fraction(1, RATE)
        context.options = {"application": "voip", "fec": "1", "packet_loss": "10", "compression_level": "1"}
        self._context = context
        self._count = 0

    def encode(self, samples: Samples) -> bytes:
        """Return the packet for FRAME samples; empty when the encoder kept them."""
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, self._count
        frame.time_base = self._context.time_base
        self._count += FRAME
        return b"".join(bytes(packet) for packet in self._context.encode(frame))


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    library.opus_decoder_create.restype = ctypes.c_void_p
    library.opus_decoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, ctypes.c_void_p]
    library.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
    library.opus_decoder_destroy.restype = None
    library.opus_decode.restype = ctypes.c_int
    library.opus_decode.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_int32,
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_int,
    ]
    return library


def _mono(frame: Any) -> Samples:
    samples = frame.to_ndarray()
    if samples.dtype != np.int16:
        samples = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
    found: Samples = samples[0] if frame.format.is_planar else samples.reshape(-1)
    return found
