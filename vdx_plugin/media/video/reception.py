"""Reception of one line of pictures: packets and times in, whole pictures and requests out. Pure.

Joins the rules of this package: ``payloads`` reads packets, ``assembly`` makes pictures, ``gaps`` asks for what is
missing, ``keyframes`` for a new beginning. Whoever drives it calls ``take`` with each packet, ``tick`` not later than
``next_s``, and tells what became of the pictures by ``decoded`` and ``failed``.
"""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.media.packets import MediaPacket
from vdx_plugin.media.video.assembly import Assembly, CodedPicture
from vdx_plugin.media.video.gaps import MAX_MISSING, Gaps
from vdx_plugin.media.video.keyframes import KeyframeRule
from vdx_plugin.media.video.payloads import Piece, piece_of

MAX_JUMP = 2000
"""Sequence numbers; two packets in a row beyond that, and the sender has begun anew (RFC 3550 A.1)."""
GIVE_UP_S = 0.4
GIVE_UP_ANSWERS = 3
MAX_GIVE_UP_S = 3.0
KEY_TAKES_S = 0.5
"""From the first to the last packet of a key picture, until one has come."""


@dataclass(frozen=True, slots=True)
class Requests:
    """What to ask the sender for now."""

    ssrc: int
    again: tuple[int, ...] = ()
    """Sequence numbers, 16 bits."""
    keyframe: bool = False


class Unwrapped:
    """Numbers of so many bits, without their wrapping: each is taken to be near the newest."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._newest: int | None = None

    def ahead(self, number: int) -> int:
        """Return how far a number is ahead of the newest; negative for older ones."""
        if self._newest is None:
            return 0
        return (number - self._newest + self._size // 2) % self._size - self._size // 2

    def take(self, number: int) -> int:
        if self._newest is None:
            self._newest = number
        ahead = self.ahead(number)
        whole = self._newest + ahead
        self._newest = max(self._newest, whole)
        return whole


class Reception:
    """One line; its stream may be replaced by another one, of another SSRC, at any time."""

    def __init__(self) -> None:
        self._ssrc: int | None = None
        self._assembly = Assembly()
        self._gaps = Gaps()
        self._keyframes = KeyframeRule()
        self._sequences, self._timestamps = Unwrapped(16), Unwrapped(32)
        self._odd: int | None = None
        self._key_timestamp: int | None = None
        self._key_began_s, self._key_took_s = 0.0, KEY_TAKES_S
        self.streams = 0
        """How many streams have begun; a change tells that timestamps start anew."""
        self.given_up = 0
        """How often what was missing was given up for a new key picture."""

    @property
    def ssrc(self) -> int | None:
        return self._ssrc

    @property
    def loss(self) -> float:
        """What share of the packets of the last seconds did not come by themselves."""
        return self._gaps.loss

    def set_rtt(self, rtt_s: float | None) -> None:
        """What the line's round trip is said to be."""
        self._gaps.set_rtt(rtt_s)

    def take(self, packet: MediaPacket) -> list[CodedPicture]:
        """Return the pictures that can be decoded now, in order."""
        at_s = packet.arrived_s
        if not self._belongs(packet):
            return []
        sequence = self._sequences.take(packet.sequence)
        self._gaps.take(sequence, at_s, is_retransmission=packet.is_retransmission)
        if len(self._gaps) > MAX_MISSING:
            self._drop_to_key()
        if not packet.payload:
            return self._after(self._assembly.take_padding(sequence, at_s))
        piece = piece_of(packet.codec, packet.payload)
        if piece is None:
            return []
        timestamp = self._timestamps.take(packet.timestamp)
        pictures = self._assembly.take(sequence, timestamp, piece, packet.codec, at_s, marker=packet.marker)
        self._note(piece, timestamp, at_s)
        return self._after(pictures)

    def _note(self, piece: Piece, timestamp: int, at_s: float) -> None:
        """Whether a key picture is on its way, or what comes is of no use without one."""
        if piece.is_key:
            self._keyframes.key_came(at_s)
            if timestamp != self._key_timestamp:
                self._key_timestamp, self._key_began_s = timestamp, at_s
        if not self._assembly.needs_key:
            return
        begun = self._assembly.coming_key()
        if begun is not None:
            self._gaps.forget_before(begun)
        elif piece.is_delta:
            self._keyframes.wanted()

    def _belongs(self, packet: MediaPacket) -> bool:
        """Whether the packet is of the stream that is heard; begin anew where another has taken its place."""
        odd, self._odd = self._odd, None
        if packet.ssrc != self._ssrc:
            if packet.is_retransmission:
                return False
            self._begin(packet.ssrc, packet.arrived_s)
        elif abs(self._sequences.ahead(packet.sequence)) > MAX_JUMP:
            if packet.is_retransmission or odd is None or packet.sequence != (odd + 1) % (1 << 16):
                self._odd = packet.sequence
                return False
            self._begin(packet.ssrc, packet.arrived_s)
        return True

    def _begin(self, ssrc: int, at_s: float) -> None:
        self._ssrc = ssrc
        self._sequences, self._timestamps = Unwrapped(16), Unwrapped(32)
        self._assembly.clear()
        self._gaps.restart()
        self._keyframes.began(at_s)
        self.streams += 1

    def _after(self, pictures: list[CodedPicture]) -> list[CodedPicture]:
        wanted = self._assembly.wanted
        if pictures and wanted is not None:
            self._gaps.forget_before(wanted)
        for picture in pictures:
            if picture.is_key:
                self._key_took_s = picture.completed_s - self._key_began_s
        return pictures

    def _drop_to_key(self) -> None:
        self.given_up += 1
        begun, oldest = self._assembly.coming_key(), self._gaps.oldest
        self._assembly.drop_to_key()
        if begun is not None and (oldest is None or oldest < begun):
            # What is given up lies before a key picture that is on its way.
            self._gaps.forget_before(begun)
        else:
            self._gaps.forget()
            self._keyframes.wanted()

    def decoded(self, at_s: float, *, is_key: bool) -> None:
        """A picture was decoded."""
        self._keyframes.decoded(at_s, is_key=is_key)

    def failed(self) -> None:
        """The decoder could not take a picture, or was not given it for want of room: only a key picture helps."""
        self._drop_to_key()

    @property
    def next_s(self) -> float:
        """When to call ``tick`` at the latest."""
        return min(self._gaps.next_s, self._keyframes.next_s, self._give_up_s())

    def _give_up_s(self) -> float:
        oldest_s = self._gaps.oldest_s
        if oldest_s is None:
            return float("inf")
        # A key picture takes its time too, and most on the lines that lose most: what it would take is waited first.
        answer_s = self._gaps.answer_s
        worth_s = max(GIVE_UP_S, GIVE_UP_ANSWERS * answer_s, 2 * (answer_s + self._key_took_s))
        return oldest_s + min(MAX_GIVE_UP_S, worth_s)

    def tick(self, at_s: float) -> Requests | None:
        """Return what to ask for now."""
        if self._ssrc is None:
            return None
        if at_s >= self._give_up_s():
            self._drop_to_key()
        again = tuple(number % (1 << 16) for number in self._gaps.due(at_s))
        keyframe = self._keyframes.due(at_s)
        return Requests(self._ssrc, again, keyframe) if again or keyframe else None
