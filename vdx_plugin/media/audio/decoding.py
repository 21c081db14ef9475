"""Decoders of Opus: libopus where it can be had, else FFmpeg's, which knows neither redundancy nor concealment."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from vdx_plugin.media.audio import libopus
from vdx_plugin.media.audio.opus_packet import RATE_HZ
from vdx_plugin.media.sound import Samples

REPEATED = 960
FADE_SAMPLES = RATE_HZ * 60 // 1000


class SoundDecoder(Protocol):
    """Follows one stream, mono at 48 kHz. Takes only what ``opus_packet.read`` has passed, and raises nothing."""

    def decode(self, payload: bytes) -> Samples | None:
        """Return the sound of a packet, None if it cannot be decoded."""
        ...

    def recover(self, payload: bytes, samples: int) -> Samples | None:
        """Return the ``samples`` before a packet from the redundancy in it; None without."""
        ...

    def conceal(self, samples: int) -> Samples:
        """Return ``samples`` that go on from the last sound and fade."""
        ...

    def reset(self) -> None:
        """Another stream begins."""
        ...


def sound_decoder(lib: Any | None = None) -> SoundDecoder:
    """Return the best decoder this machine has."""
    lib = lib or libopus.library()
    return PlainDecoder() if lib is None else libopus.LibopusDecoder(lib)


class PlainDecoder:
    """FFmpeg's decoder. What is lost is stood in for by the last 20 ms, back and forth, faded out within 60 ms."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        import av

        self._codec = av.CodecContext.create("libopus", "r")
        self._codec.format, self._codec.layout, self._codec.sample_rate = "s16", "mono", RATE_HZ
        self._last = np.zeros(REPEATED, dtype=np.int16)
        self._faded = 0

    def decode(self, payload: bytes) -> Samples | None:
        import av

        try:
            frames = self._codec.decode(av.Packet(payload))
        except av.FFmpegError:
            return None
        parts = [_mono(frame) for frame in frames]
        if not parts:
            return None
        sound = np.concatenate(parts)
        self._last, self._faded = np.concatenate([self._last, sound])[-REPEATED:], 0
        return sound

    def recover(self, payload: bytes, samples: int) -> Samples | None:
        return None

    def conceal(self, samples: int) -> Samples:
        there_and_back = np.concatenate([self._last[::-1], self._last])
        places = self._faded + np.arange(samples)
        gains = np.clip(1.0 - places / FADE_SAMPLES, 0.0, 1.0)
        self._faded += samples
        return np.asarray(there_and_back[places % there_and_back.size] * gains, dtype=np.int16)


def _mono(frame: Any) -> Samples:
    channels = frame.layout.nb_channels
    samples: Samples = frame.to_ndarray().reshape(-1, channels)
    return samples[:, 0] if channels == 1 else np.asarray(samples.mean(axis=1), dtype=np.int16)
