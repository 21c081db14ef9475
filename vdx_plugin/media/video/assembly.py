"""Whole pictures out of packets, each given out with the last packet it needs. Pure.

A picture can be decoded when it is whole and either needs no other, or follows the last one given out: by sequence
number, or by its VP8 picture id where only padding is missing in between. What waits is bounded in packets and bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vdx_plugin.media.video.payloads import Piece

MAX_PACKETS = 2048
MAX_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """A picture for the decoder. ``timestamp`` does not wrap; ``completed_s`` is when its last packet came."""

    data: bytes
    timestamp: int
    is_key: bool
    codec: str
    completed_s: float


@dataclass(slots=True)
class _Parts:
    """The packets of one timestamp."""

    timestamp: int
    codec: str
    pieces: dict[int, Piece] = field(default_factory=dict)
    lowest: int = 0
    highest: int = 0
    first: int | None = None
    last: int | None = None
    is_key: bool = False
    picture_id: int | None = None
    id_ring: int = 1

    def add(self, sequence: int, piece: Piece, *, marker: bool) -> None:
        self.lowest = min(sequence, self.lowest) if self.pieces else sequence
        self.highest = max(sequence, self.highest) if self.pieces else sequence
        self.pieces[sequence] = piece
        self.is_key = self.is_key or piece.is_key
        if piece.begins and (self.first is None or sequence < self.first):
            self.first = sequence
            self.picture_id, self.id_ring = piece.picture_id, piece.id_ring
        if marker:
            self.last = sequence


class Assembly:
    """Takes packets with sequence numbers and timestamps that do not wrap; starts with the first whole key picture."""

    def __init__(self) -> None:
        self._owner: dict[int, _Parts | None] = {}
        """By sequence number; None owns padding."""
        self._parts: dict[int, _Parts] = {}
        self._bytes = 0
        self._next: int | None = None
        self._given: _Parts | None = None

    @property
    def needs_key(self) -> bool:
        """Whether nothing but a key picture can be given out."""
        return self._next is None

    @property
    def wanted(self) -> int | None:
        """The first sequence number that has not been given out, None while a key picture is needed."""
        return self._next

    def coming_key(self) -> int | None:
        """Return the first sequence number of the newest key picture that has begun to come, None if none has."""
        return max(
            (parts.first for parts in self._parts.values() if parts.is_key and parts.first is not None), default=None
        )

    def drop_to_key(self) -> None:
        """Give up what is missing; go on with the next key picture."""
        self._next = self._given = None

    def clear(self) -> None:
        """Forget all packets too."""
        self.drop_to_key()
        self._owner.clear()
        self._parts.clear()
        self._bytes = 0

    def take_padding(self, sequence: int, at_s: float) -> list[CodedPicture]:
        """Take a packet without content, which may be what was missing between two pictures."""
        if not self._is_new(sequence):
            return []
        self._owner[sequence] = None
        self._shed()
        return self._give_out(None, at_s)

    def take(
        self, sequence: int, timestamp: int, piece: Piece, codec: str, at_s: float, *, marker: bool
    ) -> list[CodedPicture]:
        """Return the pictures that can be decoded now, in order."""
        if not self._is_new(sequence):
            return []
        parts = self._parts.setdefault(timestamp, _Parts(timestamp, codec))
        parts.add(sequence, piece, marker=marker)
        self._owner[sequence] = parts
        self._bytes += len(piece.data)
        self._shed()
        return self._give_out(parts, at_s)

    def _is_new(self, sequence: int) -> bool:
        return sequence not in self._owner and (self._next is None or sequence >= self._next)

    def _shed(self) -> None:
        """Stay within bounds: what came first goes first, and with it the hope of going on without a key picture."""
        while len(self._owner) > MAX_PACKETS or self._bytes > MAX_BYTES:
            self.drop_to_key()
            oldest = next(iter(self._owner))
            parts = self._owner[oldest]
            for sequence in [oldest] if parts is None else list(parts.pieces):
                self._forget(sequence)

    def _forget(self, sequence: int) -> None:
        parts = self._owner.pop(sequence, None)
        if parts is None:
            return
        self._bytes -= len(parts.pieces.pop(sequence).data)
        if not parts.pieces:
            self._parts.pop(parts.timestamp, None)

    def _give_out(self, touched: _Parts | None, at_s: float) -> list[CodedPicture]:
        pictures = []
        found = self._following() or self._key(touched) or self._key(self._before(touched))
        while found is not None:
            pictures.append(self._take_out(*found, at_s))
            found = self._following()
        return pictures

    def _following(self) -> tuple[_Parts, int, int] | None:
        """Return the picture after the last one given out with its first and last number, if it is whole."""
        if self._next is None:
            return None
        while self._next in self._owner and self._owner[self._next] is None:
            del self._owner[self._next]
            self._next += 1
        parts = self._owner.get(self._next)
        if parts is not None:
            return self._whole(parts, self._next)
        given = self._given
        if given is None or given.picture_id is None:
            return None
        for other in self._parts.values():
            if other.id_ring == given.id_ring and other.picture_id == (given.picture_id + 1) % given.id_ring:
                return self._whole(other, other.first)
        return None

    def _before(self, parts: _Parts | None) -> _Parts | None:
        return None if parts is None or not parts.pieces else self._owner.get(parts.lowest - 1)

    def _key(self, parts: _Parts | None) -> tuple[_Parts, int, int] | None:
        if parts is None or not parts.is_key or not parts.pieces:
            return None
        first = parts.first
        if first is None and parts.lowest - 1 in self._owner:
            first = parts.lowest
        return self._whole(parts, first)

    def _whole(self, parts: _Parts, first: int | None) -> tuple[_Parts, int, int] | None:
        last = parts.last
        if last is None and parts.highest + 1 in self._owner:
            # A sender that marks no last packet: the next picture's first shows it.
            last = parts.highest
        if first is None or last is None or last < first:
            return None
        return (parts, first, last) if all(number in self._owner for number in range(first, last + 1)) else None

    def _take_out(self, parts: _Parts, first: int, last: int, at_s: float) -> CodedPicture:
        data = b"".join(parts.pieces[number].data for number in range(first, last + 1) if number in parts.pieces)
        earlier = [each for each in self._owner if each <= last] if self._next is None else range(self._next, last + 1)
        picture = CodedPicture(data, parts.timestamp, parts.is_key, parts.codec, at_s)
        for number in earlier:
            self._forget(number)
        self._next, self._given = last + 1, parts
        return picture
