"""How our voice is encoded: one channel of Opus, said twice where the line loses, smaller where it is thin."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from vdx_plugin.media.audio import libopus
from vdx_plugin.media.audio.opus_packet import RATE_HZ
from vdx_plugin.media.sound import BLOCK, Samples

# What the line takes in all, and what of it the voice gets. Below 18 kbit/s Opus has no room for redundancy.
STEPS_BPS = ((120_000, 32_000), (60_000, 24_000), (0, 18_000))
UP = 1.25
"""A higher step is taken when there is so much more than it needs."""
LEAST_LOSS, MOST_LOSS = 0.05, 0.3
"""Redundancy is always on, for the first loss comes without notice. Above 30 % Opus would rather lose the voice."""
LOSS_THIN = 0.1
"""Opus gives no redundancy below 32 kbit/s for less."""
FORGET = 1 / 500
"""Share of the newest figure when loss falls: half of it is believed after seven seconds."""


class VoiceEncoder(Protocol):
    """Makes packets of 20 ms."""

    def encode(self, samples: Samples) -> bytes: ...

    def set_bitrate(self, bits_per_s: int) -> None: ...

    def set_loss(self, percent: int) -> None: ...


class FfmpegEncoder:
    """FFmpeg's encoder, for where libopus is out of reach. What it is told of the line, it cannot use."""

    def __init__(self) -> None:
        import av

        self._codec = av.CodecContext.create("libopus", "w")
        self._codec.bit_rate = STEPS_BPS[0][1]
        self._codec.format, self._codec.layout, self._codec.sample_rate = "s16", "mono", RATE_HZ
        self._codec.options = {"application": "voip", "fec": "1", "packet_loss": "10"}
        self._at = 0

    def encode(self, samples: Samples) -> bytes:
        import av

        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, self._at
        self._at += samples.size
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))

    def set_bitrate(self, bits_per_s: int) -> None:
        """It stays as it is."""

    def set_loss(self, percent: int) -> None:
        """It stays as it is."""


def voice_encoder(lib: Any | None = None) -> VoiceEncoder:
    """Return the best encoder this machine has."""
    lib = lib or libopus.library()
    if lib is None:
        return FfmpegEncoder()
    return libopus.LibopusEncoder(lib, STEPS_BPS[0][1], round(100 * LEAST_LOSS))


class SpeechEncoder:
    """Takes frames of 20 ms of a track (``av.AudioFrame``, 48 kHz, 16 bit, mono) and hears of the line meanwhile."""

    def __init__(self, encoder: VoiceEncoder | None = None) -> None:
        self._encoder = encoder or voice_encoder()
        self._loss = LEAST_LOSS
        self._told: tuple[int, int] | None = None
        self.bitrate_bps = STEPS_BPS[0][1]

    def expect_loss(self, share: float) -> None:
        """Say how much is being lost, 0..1; worse is believed at once, better by and by."""
        self._loss += (1.0 if share > self._loss else FORGET) * (share - self._loss)

    def expect_rate(self, bits_per_s: float) -> None:
        """Say what the line takes in all."""
        for needed_bps, voice_bps in STEPS_BPS:
            if bits_per_s >= needed_bps * (UP if voice_bps > self.bitrate_bps else 1.0):
                self.bitrate_bps = voice_bps
                return

    def encode(self, frame: Any, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Return the packet of a frame and its time; no packet for a frame that cannot be encoded."""
        self._tell()
        samples = np.ascontiguousarray(frame.to_ndarray().reshape(-1))
        payload = self._encoder.encode(samples) if samples.size == BLOCK else b""
        return [payload] if payload else [], frame.pts or 0

    def _tell(self) -> None:
        is_thin = self.bitrate_bps < STEPS_BPS[0][1]
        loss = min(max(self._loss, LOSS_THIN if is_thin else LEAST_LOSS), MOST_LOSS)
        wanted = self.bitrate_bps, round(100 * loss)
        if wanted != self._told:
            self._told = wanted
            self._encoder.set_bitrate(wanted[0])
            self._encoder.set_loss(wanted[1])
