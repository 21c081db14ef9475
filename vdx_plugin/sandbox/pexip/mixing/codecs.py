"""Pictures decoded and encoded, through PyAV. Each object belongs to one thread at a time.

An encoder changes its rate without a key frame where its library can: x264 does, libvpx must be opened anew, so VP8
waits until the change is worth one.
"""

from __future__ import annotations

import fractions
from dataclasses import dataclass
from typing import Any

import av
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from av.video.frame import PictureType

from vdx_plugin.sandbox.pexip.mixing.frames import EncodedPicture

CLOCK = fractions.Fraction(1, 90_000)
# FFmpeg's own VP8 decoder takes a fifth less time than libvpx.
_DECODERS = {"VP8": "vp8", "H264": "h264"}
_REOPEN_RATIO = 1.25
_REOPEN_AFTER_S = 3.0
_REOPEN_DOWN_AFTER_S = 0.5
MIN_BPS = 60_000


class PictureDecoder:
    """Decodes one stream. ``broken`` is set when it met what it could not read, until a picture comes out again."""

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self.broken = False
        self._context = av.CodecContext.create(_DECODERS[codec], "r")
        self._context.thread_count = 1

    def decode(self, picture: EncodedPicture) -> Any:
        """Return the ``av.VideoFrame``, or None when the data gave none."""
        packet = av.Packet(picture.data)
        packet.pts, packet.time_base = picture.timestamp, CLOCK
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError:
            frames = []
        self.broken = not frames
        return frames[-1] if frames else None


@dataclass(frozen=True)
class Shape:
    """What an encoder is opened for."""

    codec: str
    width: int
    height: int
    fps: int


class PictureEncoder:
    """Encodes one stream of pictures of one shape into RTP payloads."""

    def __init__(self, shape: Shape, bps: int, *, at: float) -> None:
        self.shape = shape
        self._picture_id = 0
        self._open(bps, at)

    def encode(self, frame: Any, bps: int, *, key: bool, at: float) -> list[bytes]:
        """Return the payloads of ``frame`` (yuv420p of this shape, pts in 1/90000 s) at about ``bps`` bits a second.

        There are none where the rate does not allow for this picture.
        """
        self._rate(max(MIN_BPS, bps), at)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        data = b"".join(bytes(packet) for packet in self._context.encode(frame))
        if not data:
            return []
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        if self.shape.codec == "VP8":
            return list(Vp8Encoder._packetize(data, self._picture_id))
        return list(H264Encoder._packetize(H264Encoder._split_bitstream(data)))

    def _rate(self, bps: int, at: float) -> None:
        if self.shape.codec == "H264":
            self._context.bit_rate = bps
            return
        ratio = max(bps / self._bps, self._bps / bps)
        patience_s = _REOPEN_AFTER_S if bps > self._bps else _REOPEN_DOWN_AFTER_S
        if ratio > _REOPEN_RATIO and at - self._opened_at >= patience_s:
            self._open(bps, at)

    def _open(self, bps: int, at: float) -> None:
        self._bps, self._opened_at = bps, at
        self._context = _vp8(self.shape, bps) if self.shape.codec == "VP8" else _h264(self.shape, bps)


def _context(name: str, shape: Shape, bps: int) -> Any:
    context: Any = av.CodecContext.create(name, "w")
    context.width, context.height = shape.width, shape.height
    context.pix_fmt = "yuv420p"
    context.bit_rate = bps
    context.framerate = fractions.Fraction(shape.fps, 1)
    context.time_base = CLOCK
    context.gop_size = 3000
    context.thread_count = 1
    return context


def _vp8(shape: Shape, bps: int) -> Any:
    context = _context("libvpx", shape, bps)
    context.qmin, context.qmax = 2, 60
    context.options = {
        "deadline": "realtime",
        "cpu-used": "-16",
        "lag-in-frames": "0",
        "minrate": str(bps),
        "maxrate": str(bps),
        "bufsize": str(bps),
        "overshoot-pct": "15",
        "undershoot-pct": "100",
        # A key frame is at most three pictures' worth, or it would stand before all others on a narrow line.
        "max-intra-rate": "300",
        "drop-threshold": "30",
        "noise-sensitivity": "0",
        "static-thresh": "1000",
    }
    return context


def _h264(shape: Shape, bps: int) -> Any:
    context = _context("libx264", shape, bps)
    context.profile = "Baseline"
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "level": "31",
        "maxrate": str(bps),
        "bufsize": str(bps // 2),
    }
    return context
