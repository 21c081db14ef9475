"""Slides as still pictures, for those who have no line for them as a stream: the newest whole picture, as JPEG.

Source: client REST API v2, event ``presentation_frame`` and ``presentation.jpeg``.
"""

from __future__ import annotations

import fractions
from typing import Any

import av
import av.error
from aiortc.rtp import RtpPacket

from vdx_plugin.sandbox.pexip.mixing.codecs import PictureDecoder
from vdx_plugin.sandbox.pexip.mixing.frames import EncodedPicture, FrameAssembler

EVERY_S = 2.0


class Stills:
    """Takes the packets of whoever presents and keeps the newest picture that can be read by itself."""

    def __init__(self) -> None:
        self._assembler: FrameAssembler | None = None
        self._ssrc: int | None = None
        self._newest: EncodedPicture | None = None
        self._taken_at = float("-inf")
        self._asked_at = float("-inf")

    def take(self, codec: str, packet: RtpPacket, *, at: float) -> bool:
        """Take a packet; return whether it has made a new still picture."""
        if self._assembler is None or self._ssrc != packet.ssrc or self._assembler.codec != codec:
            self._assembler, self._ssrc = FrameAssembler(codec), packet.ssrc
        made = self._assembler.add(packet.sequence_number, packet.timestamp, bool(packet.marker), packet.payload, at=at)
        self._assembler.give_up(at=at)
        if not made:
            return False
        # The next one must stand by itself again.
        self._assembler.restart()
        self._newest, self._taken_at = made[0], at
        return True

    def wants_key_frame(self, *, at: float) -> bool:
        """Whether it is time for another picture; counts as asked for."""
        if at - max(self._taken_at, self._asked_at) < EVERY_S:
            return False
        self._asked_at = at
        return True

    def forget(self) -> None:
        """Keep nothing of slides that have ended."""
        self._assembler = self._newest = None
        self._taken_at = self._asked_at = float("-inf")

    @property
    def newest(self) -> EncodedPicture | None:
        """The picture to be shown, as its codec wrote it."""
        return self._newest


def as_jpeg(picture: EncodedPicture) -> bytes | None:
    """Return the picture as JPEG; None if it cannot be read. Takes some ten milliseconds."""
    frame = PictureDecoder(picture.codec).decode(picture)
    if frame is None:
        return None
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj420p"
    encoder.time_base = fractions.Fraction(1, 25)
    frame = frame.reformat(format="yuvj420p")
    frame.pts = 0
    try:
        return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    except av.error.FFmpegError:
        return None
