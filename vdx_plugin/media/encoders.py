"""Encoders as this program wants them, in place of aiortc's.

Speech is encoded by ``audio.speaking`` (aiortc: stereo, 96 kbit/s, no error correction). Pictures: libx264 in a fast
preset (aiortc sets none, which costs three times the work) whose rate is changed in place instead of by a new
encoder with its keyframe.
"""

from __future__ import annotations

import fractions
import time
from collections.abc import Iterator
from typing import Any, Protocol

import av
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.mediastreams import VIDEO_TIME_BASE, convert_timebase

from vdx_plugin.media.audio.speaking import SpeechEncoder
from vdx_plugin.media.libvpx import Vp8Stream, Vpx, library
from vdx_plugin.media.rate.ladder import RUNGS

DEFAULT_BPS = 400_000
LEAST_BPS = 40_000
FRAME_TICKS = 90_000 // 30
RERATE_SHARE, RERATE_S, FAR_BELOW = 0.25, 3.0, 0.6


class PictureEncoder(Protocol):
    """What a sender of pictures drives: the rate may be set before any picture, ``encode`` runs on another thread."""

    target_bitrate: int

    def encode(self, frame: av.VideoFrame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Return the payloads of one picture and its time in 90 kHz."""
        ...


class Vp8PictureEncoder(Vp8Encoder):  # type: ignore[misc]
    """VP8, which FFmpeg cannot re-rate in place: a new rate costs a whole picture, so small changes are not made.

    A change up is made when it has lasted, one far down at once.
    """

    codec: Any

    def __init__(self) -> None:
        super().__init__()
        self._wanted_bps = DEFAULT_BPS
        self._rerating = Rerating(DEFAULT_BPS)

    @property
    def target_bitrate(self) -> int:
        return self._rerating.made_bps

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self._rerating.want(max(LEAST_BPS, bitrate), time.monotonic())


class Rerating:
    """When a rate is taken over by an encoder that must begin anew for it: seldom, but soon at the very start. Pure."""

    def __init__(self, bps: int) -> None:
        self.made_bps = bps
        self._since_s: float | None = None
        self._made_s = float("-inf")

    def want(self, bps: int, now_s: float) -> None:
        """Ask for a rate: taken over when it has differed by a quarter for three seconds, or is far below."""
        apart = abs(bps - self.made_bps) > RERATE_SHARE * self.made_bps
        self._since_s = (now_s if self._since_s is None else self._since_s) if apart else None
        lasts = self._since_s is not None and now_s - self._since_s >= RERATE_S
        if self._made_s == float("-inf") or lasts or (bps < FAR_BELOW * self.made_bps and now_s - self._made_s > 1.0):
            self.made_bps, self._made_s, self._since_s = bps, now_s, None


class LibvpxEncoder(Vp8Encoder):  # type: ignore[misc]
    """VP8 re-rated in place, in aiortc's packets."""

    picture_id: int

    def __init__(self, vpx: Vpx) -> None:
        super().__init__()
        self._vpx = vpx
        self._stream: Vp8Stream | None = None
        self._size = (0, 0)
        self._target_bps = DEFAULT_BPS

    @property
    def target_bitrate(self) -> int:
        return self._target_bps

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self._target_bps = max(LEAST_BPS, bitrate)

    def encode(self, frame: av.VideoFrame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        bps = min(self._target_bps, most_bps(frame.width, frame.height))
        if self._stream is None or self._size != (frame.width, frame.height):
            self._size = (frame.width, frame.height)
            self._stream = Vp8Stream(self._vpx, *self._size, bps)
        self._stream.set_rate(bps)
        yuv = frame.reformat(format="yuv420p").to_ndarray()
        timestamp = convert_timebase(frame.pts, frame.time_base, VIDEO_TIME_BASE)
        data = self._stream.encode(yuv, timestamp, FRAME_TICKS, whole=force_keyframe)
        payloads = self._packetize(data, self.picture_id)
        self.picture_id = (self.picture_id + 1) % (1 << 15)
        return payloads, timestamp


class H264PictureEncoder(H264Encoder):  # type: ignore[misc]
    """H.264 Constrained Baseline in the superfast preset, re-rated in place.

    libx264 changes its rate only while it stays below the one it was opened with, and only where that was constant
    (x264's ratecontrol.c): so it is opened at the most its size is ever sent with, and set to the target before the
    first picture. The buffer keeps a whole picture to what the line can take in about a third of a second.
    """

    codec: Any

    def __init__(self) -> None:
        super().__init__()
        self._target_bps = DEFAULT_BPS

    @property
    def target_bitrate(self) -> int:
        return self._target_bps

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self._target_bps = max(LEAST_BPS, bitrate)

    def _encode_frame(self, frame: av.VideoFrame, force_keyframe: bool) -> Iterator[bytes]:
        if self.codec is None or (self.codec.width, self.codec.height) != (frame.width, frame.height):
            self.codec = _open_x264(frame.width, frame.height)
        self.codec.bit_rate = min(self._target_bps, most_bps(frame.width, frame.height))
        kind = av.video.frame.PictureType
        frame.pict_type = kind.I if force_keyframe else kind.NONE
        data = b"".join(bytes(packet) for packet in self.codec.encode(frame))
        yield from self._split_bitstream(data)


def most_bps(width: int, height: int) -> int:
    """Return the most a picture of this size is sent with."""
    return next(
        (round(rung.most_bps) for rung in reversed(RUNGS[:-1]) if height <= rung.height), round(RUNGS[0].most_bps)
    )


def _open_x264(width: int, height: int) -> Any:
    most = most_bps(width, height)
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height = width, height
    codec.bit_rate = most
    codec.pix_fmt = "yuv420p"
    codec.framerate = fractions.Fraction(30, 1)
    codec.time_base = fractions.Fraction(1, 90_000)
    codec.profile = "Baseline"
    codec.gop_size = 3000
    codec.options = {
        "preset": "superfast",
        "tune": "zerolatency",
        "level": "31" if height <= RUNGS[0].height else "40",
        "sc_threshold": "0",
        "maxrate": str(most),
        "bufsize": str(most // 10),
    }
    codec.open()
    return codec


def encoder_for(codec_name: str) -> Any:
    """Return an encoder for OPUS, H264 or VP8; None for others, which leaves the choice to aiortc."""
    if codec_name == "VP8":
        vpx = library()
        return Vp8PictureEncoder() if vpx is None else LibvpxEncoder(vpx)
    made = {"OPUS": SpeechEncoder, "H264": H264PictureEncoder}.get(codec_name)
    return None if made is None else made()
