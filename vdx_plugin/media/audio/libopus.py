"""libopus by ctypes: the part of Opus that FFmpeg does not give, which is concealment and forward error correction.

The library comes with PyAV on every system, so nothing more is to be installed: Windows ``av.libs/libopus-0-*.dll``,
macOS ``av/.dylibs/libopus.0.dylib``, Linux ``av.libs/libopus-*.so*``. Where it is not there, the system's is taken.

Nothing from the network comes here that ``opus_packet.read`` has not passed.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from vdx_plugin import log
from vdx_plugin.media.audio.opus_packet import MAX_BYTES, MAX_SAMPLES, RATE_HZ
from vdx_plugin.media.sound import Samples

_log = log.get("media.opus")

_NAMES = ("libopus*.dll", "opus*.dll", "libopus*.dylib", "libopus*.so*")

# opus_defines.h
_APPLICATION_VOIP = 2048
_SIGNAL_VOICE = 3001
_SET_BITRATE = 4002
_SET_INBAND_FEC = 4012
_SET_PACKET_LOSS_PERC = 4014
_SET_DTX = 4016
_SET_SIGNAL = 4024
_RESET_STATE = 4028

_Int16s = ctypes.POINTER(ctypes.c_int16)


def places(package: Path) -> Iterator[Path]:
    """Yield the libraries that may be libopus near PyAV's package folder."""
    for folder in (package.with_name(f"{package.name}.libs"), package / ".dylibs", package):
        for pattern in _NAMES:
            yield from sorted(folder.glob(pattern))


def _candidates() -> Iterator[str]:
    found = importlib.util.find_spec("av")
    if found is not None and found.origin is not None:
        yield from (str(path) for path in places(Path(found.origin).parent))
    system = ctypes.util.find_library("opus")
    if system is not None:
        yield system


@lru_cache(maxsize=1)
def library() -> Any:
    """Return the loaded library, None where there is none; says so in the log once."""
    for name in _candidates():
        try:
            return _declare(ctypes.CDLL(name))
        except (OSError, AttributeError) as error:
            _log.info("a libopus could not be used (%s)", type(error).__name__)
    _log.warning("no libopus: lost sound is not repaired, only faded")
    return None


def _declare(lib: Any) -> Any:
    """Give the functions their types. The ``ctl`` functions are variadic.

    Only their fixed arguments are named: Apple's ARM64 passes the others in another place, and ctypes does it right
    only when it can tell which they are.
    """
    lib.opus_decoder_create.restype = ctypes.c_void_p
    lib.opus_decoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
    lib.opus_decoder_destroy.restype = None
    lib.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
    lib.opus_decode.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, _Int16s, ctypes.c_int, ctypes.c_int,
    ]  # fmt: skip
    lib.opus_decoder_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int]
    lib.opus_encoder_create.restype = ctypes.c_void_p
    lib.opus_encoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
    lib.opus_encoder_destroy.restype = None
    lib.opus_encoder_destroy.argtypes = [ctypes.c_void_p]
    lib.opus_encode.restype = ctypes.c_int32
    lib.opus_encode.argtypes = [ctypes.c_void_p, _Int16s, ctypes.c_int, ctypes.c_char_p, ctypes.c_int32]
    lib.opus_encoder_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int]
    return lib


class LibopusDecoder:
    """One decoder, mono. It follows the stream, so each stretch of sound is decoded, recovered or concealed once."""

    def __init__(self, lib: Any) -> None:
        self._lib = lib
        self._state = lib.opus_decoder_create(RATE_HZ, 1, ctypes.byref(ctypes.c_int()))
        if not self._state:
            raise MemoryError("opus_decoder_create")
        self._out = np.zeros(MAX_SAMPLES, dtype=np.int16)
        self._pointer = self._out.ctypes.data_as(_Int16s)

    def decode(self, payload: bytes) -> Samples | None:
        """Return the sound of a packet, None if it cannot be decoded."""
        return self._run(payload, MAX_SAMPLES, redundant=False)

    def recover(self, payload: bytes, samples: int) -> Samples | None:
        """Return the ``samples`` before this packet from the redundancy in it."""
        return self._run(payload, samples, redundant=True)

    def conceal(self, samples: int) -> Samples:
        """Return ``samples`` (a multiple of 2.5 ms) that go on from the last sound, fading when they go on for long."""
        found = self._run(None, samples, redundant=False)
        return found if found is not None else np.zeros(samples, dtype=np.int16)

    def reset(self) -> None:
        """Forget the stream: another one begins."""
        self._lib.opus_decoder_ctl(self._state, _RESET_STATE)

    def _run(self, payload: bytes | None, samples: int, *, redundant: bool) -> Samples | None:
        if not 0 < samples <= MAX_SAMPLES or (payload is not None and not 0 < len(payload) <= MAX_BYTES):
            return None
        size = 0 if payload is None else len(payload)
        count = self._lib.opus_decode(self._state, payload, size, self._pointer, samples, int(redundant))
        return self._out[:count].copy() if count > 0 else None

    def __del__(self) -> None:
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._lib.opus_decoder_destroy(state)


class LibopusEncoder:
    """Mono, for speech, with forward error correction and without discontinuous transmission.

    Silence is sent as sound: on a bad line a doctor takes a gap for a lost connection.
    """

    def __init__(self, lib: Any, bitrate_bps: int, loss_percent: int) -> None:
        self._lib = lib
        self._state = lib.opus_encoder_create(RATE_HZ, 1, _APPLICATION_VOIP, ctypes.byref(ctypes.c_int()))
        if not self._state:
            raise MemoryError("opus_encoder_create")
        self._out = ctypes.create_string_buffer(MAX_BYTES)
        self._set(_SET_SIGNAL, _SIGNAL_VOICE)
        self._set(_SET_INBAND_FEC, 1)
        self._set(_SET_DTX, 0)
        self.set_bitrate(bitrate_bps)
        self.set_loss(loss_percent)

    def set_bitrate(self, bits_per_s: int) -> None:
        self._set(_SET_BITRATE, min(max(bits_per_s, 6_000), 128_000))

    def set_loss(self, percent: int) -> None:
        """Say how much of what is sent is lost: the more, the more is said twice."""
        self._set(_SET_PACKET_LOSS_PERC, min(max(percent, 0), 100))

    def encode(self, samples: Samples) -> bytes:
        """Return the packet of 20 ms. ValueError for another length."""
        if samples.size != RATE_HZ // 50:
            raise ValueError("not 20 ms")
        block = np.ascontiguousarray(samples, dtype=np.int16)
        size = self._lib.opus_encode(
            self._state, block.ctypes.data_as(_Int16s), block.size, self._out, ctypes.sizeof(self._out)
        )
        return bytes(self._out.raw[:size]) if size > 0 else b""

    def _set(self, request: int, value: int) -> None:
        self._lib.opus_encoder_ctl(self._state, request, ctypes.c_int(value))

    def __del__(self) -> None:
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._lib.opus_encoder_destroy(state)
