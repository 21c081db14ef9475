"""Encoders as this program wants them, in place of aiortc's.

Speech: mono, 32 kbit/s, with forward error correction (aiortc: stereo, 96 kbit/s, none). Pictures: libx264 in a
fast preset (aiortc sets none, which costs three times the work) whose rate is changed in place instead of by a new
encoder with its keyframe; both kinds keep below what the peer says it takes.
"""

from __future__ import annotations

import fractions
from collections.abc import Iterator
from typing import Any

import av
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.opus import OpusEncoder
from aiortc.codecs.vpx import Vp8Encoder

from vdx_plugin.media.sound import BLOCK, RATE_HZ

SPEECH_BPS = 32_000
EXPECTED_LOSS_PERCENT = 10
UNLIMITED_BPS = 10_000_000


class SpeechEncoder(OpusEncoder):  # type: ignore[misc]
    """Opus for one voice on a line that loses packets (RFC 7587)."""

    def __init__(self) -> None:
        self.codec = av.CodecContext.create("libopus", "w")
        self.codec.bit_rate = SPEECH_BPS
        self.codec.format = "s16"
        self.codec.layout = "mono"
        self.codec.sample_rate = RATE_HZ
        self.codec.time_base = fractions.Fraction(1, RATE_HZ)
        self.codec.options = {"application": "voip", "fec": "1", "packet_loss": str(EXPECTED_LOSS_PERCENT)}
        self.resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ, frame_size=BLOCK)
        self.first_packet_pts = None


class LimitedVp8Encoder(Vp8Encoder):  # type: ignore[misc]
    """VP8 that keeps below ``limit_bps`` whatever the receiver's estimate says."""

    limit_bps = UNLIMITED_BPS

    @property
    def target_bitrate(self) -> int:
        return min(int(Vp8Encoder.target_bitrate.fget(self)), self.limit_bps)

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        Vp8Encoder.target_bitrate.fset(self, bitrate)


class FastH264Encoder(H264Encoder):  # type: ignore[misc]
    """H.264 Constrained Baseline in the superfast preset, below ``limit_bps``, re-rated in place."""

    limit_bps = UNLIMITED_BPS
    codec: Any

    @property
    def target_bitrate(self) -> int:
        return min(int(H264Encoder.target_bitrate.fget(self)), self.limit_bps)

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        H264Encoder.target_bitrate.fset(self, bitrate)

    def _encode_frame(self, frame: av.VideoFrame, force_keyframe: bool) -> Iterator[bytes]:
        if self.codec is None or (self.codec.width, self.codec.height) != (frame.width, frame.height):
            self.codec = self._open(frame)
        elif self.codec.bit_rate != self.target_bitrate:
            self.codec.bit_rate = self.target_bitrate
        yield from super()._encode_frame(frame, force_keyframe)

    def _open(self, frame: av.VideoFrame) -> Any:
        codec = av.CodecContext.create("libx264", "w")
        codec.width, codec.height = frame.width, frame.height
        codec.bit_rate = self.target_bitrate
        codec.pix_fmt = "yuv420p"
        codec.framerate = fractions.Fraction(30, 1)
        codec.time_base = fractions.Fraction(1, 90_000)
        codec.profile = "Baseline"
        codec.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "level": "31",
            "maxrate": str(self.target_bitrate),
            "bufsize": str(self.target_bitrate // 2),
        }
        return codec


def encoder_for(codec_name: str, limit_bps: int | None) -> Any:
    """Return an encoder for OPUS, H264 or VP8; None for others, which leaves the choice to aiortc."""
    if codec_name == "OPUS":
        return SpeechEncoder()
    encoder = {"H264": FastH264Encoder, "VP8": LimitedVp8Encoder}.get(codec_name)
    if encoder is None:
        return None
    made: Any = encoder()
    made.limit_bps = limit_bps or UNLIMITED_BPS
    return made
