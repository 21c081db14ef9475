"""Whole encoded pictures out of RTP packets: in order, each complete, beginning with a key frame. Pure.

Sources: RFC 7741 4 (VP8), RFC 6184 5 (H.264), RFC 3550 5.1. What is missing is asked for elsewhere (``GapWatch``);
here it is waited for, for a while, and then given up up to the next key frame.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import vp8_depayload

from vdx_plugin.sandbox.pexip.streams import begins_key_frame, is_newer

PATIENCE_S = 0.4
MAX_PACKETS = 1024
MAX_PICTURE_BYTES = 2_000_000
_DEPAYLOAD: dict[str, Callable[[bytes], bytes]] = {"VP8": vp8_depayload, "H264": h264_depayload}


@dataclass(frozen=True)
class EncodedPicture:
    """One picture as its codec wrote it; ``timestamp`` counts 1/90000 s."""

    codec: str
    data: bytes
    timestamp: int


@dataclass(frozen=True)
class _Piece:
    timestamp: int
    marker: bool
    payload: bytes


class FrameAssembler:
    """Takes one stream's packets in any order and gives its pictures in theirs. Never holds more than MAX_PACKETS."""

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self._pieces: dict[int, _Piece] = {}
        self._next: int | None = None
        self._hole_since: float | None = None

    @property
    def needs_key_frame(self) -> bool:
        """Whether nothing can be given before a key frame comes."""
        return self._next is None

    def add(self, sequence: int, timestamp: int, marker: bool, payload: bytes, *, at: float) -> list[EncodedPicture]:
        """Take a packet that came at ``at`` (seconds) and return the pictures it completes."""
        if self._next is None:
            if not begins_key_frame(self.codec, payload):
                return []
            self._next = sequence
        elif is_newer(self._next, sequence):
            if (self._next - sequence) & 0xFFFF > MAX_PACKETS:  # not late: counted from anew
                self.restart()
            return []
        self._pieces[sequence] = _Piece(timestamp, marker, payload)
        return self._complete(at)

    def give_up(self, *, at: float) -> None:
        """Stop waiting for what has been missing too long. To be called now and then."""
        waited = self._hole_since is not None and at - self._hole_since >= PATIENCE_S
        if waited or len(self._pieces) > MAX_PACKETS:
            self.restart()

    def restart(self) -> None:
        """Forget everything and wait for a key frame."""
        self._pieces.clear()
        self._next = None
        self._hole_since = None

    def _complete(self, at: float) -> list[EncodedPicture]:
        done: list[EncodedPicture] = []
        while self._next is not None and (count := self._whole(self._next)) > 0:
            picture = self._take(self._next, count)
            if picture is not None:
                done.append(picture)
        if self._next is not None:
            self._note_hole(at, moved=bool(done))
        return done

    def _note_hole(self, at: float, *, moved: bool) -> None:
        incomplete = bool(self._pieces)
        if not incomplete:
            self._hole_since = None
        elif moved or self._hole_since is None:
            self._hole_since = at

    def _whole(self, start: int) -> int:
        """Return of how many packets the next picture is, 0 while one of them is missing."""
        first: _Piece | None = None
        for count in range(MAX_PACKETS):
            piece = self._pieces.get((start + count) & 0xFFFF)
            if piece is None:
                return 0
            if first is not None and piece.timestamp != first.timestamp:
                return count
            if piece.marker:
                return count + 1
            # Packets of padding carry nothing and the time of the picture before; they end with the next picture.
            first = first or piece
        return 0

    def _take(self, start: int, count: int) -> EncodedPicture | None:
        pieces = [self._pieces.pop((start + step) & 0xFFFF) for step in range(count)]
        self._next = (start + count) & 0xFFFF
        try:
            data = b"".join(_DEPAYLOAD[self.codec](piece.payload) for piece in pieces if piece.payload)
        except (ValueError, IndexError, struct.error):
            # What breaks its format ends this picture and those that build on it.
            self.restart()
            return None
        return EncodedPicture(self.codec, data, pieces[0].timestamp) if 0 < len(data) <= MAX_PICTURE_BYTES else None
