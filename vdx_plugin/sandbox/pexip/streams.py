"""Arithmetic of forwarded RTP: renumbering, history, gaps, key frames. Pure.

Sequence numbers count modulo 2**16, RTP times modulo 2**32; times given in are seconds. Sources: RFC 3550 5.1,
RFC 4585 6.2.1, RFC 7741 4 (VP8), RFC 6184 5 (H.264).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from aiortc.rtp import RtpPacket

HISTORY_PACKETS = 1024
RESEND_AFTER_S = 0.05
GIVE_UP_AFTER_S = 1.0
MAX_MISSING = 256
KEY_FRAME_PATIENCE_S = 2.0
_LATEST = 0x4000


def is_newer(sequence: int, than: int) -> bool:
    """Whether ``sequence`` comes after ``than``, wrap-around included."""
    return sequence != than and (sequence - than) & 0xFFFF < 0x8000


@dataclass(frozen=True)
class Renumbered:
    """The numbers one receiver knows a packet by."""

    sequence: int
    timestamp: int


class Renumberer:
    """Gives one receiver a single stream out of one source after another.

    Within one source the distances are kept, so losses stay visible to the receiver; a new source goes on where
    the last one stopped, at the RTP time that has passed since.
    """

    def __init__(self, *, clock_rate: int, first_sequence: int, first_timestamp: int, shortest_step: int = 1) -> None:
        self._clock_rate = clock_rate
        self._shortest_step = shortest_step
        self._last_sequence = (first_sequence - 1) & 0xFFFF
        self._last_timestamp = first_timestamp
        self._last_at: float | None = None
        self._source: int | None = None
        self._start = 0
        self._shift = 0
        self._time_shift = 0

    @property
    def source(self) -> int | None:
        """The SSRC being passed on, or None."""
        return self._source

    def restart(self) -> None:
        """Take the next packet as the beginning of a new source."""
        self._source = None

    def timestamp(self, source_timestamp: int) -> int:
        """Return the receiver's RTP time for one of the current source's."""
        return (source_timestamp + self._time_shift) & 0xFFFFFFFF

    def renumber(self, ssrc: int, sequence: int, timestamp: int, *, at: float) -> Renumbered | None:
        """Return the new numbers, or None for a packet from before this source was taken on."""
        if ssrc != self._source:
            self._begin(ssrc, sequence, timestamp, at)
        elif is_newer(self._start, sequence):
            return None
        elif (sequence - self._start) & 0xFFFF > _LATEST:
            # Numbers come round: what is half of them ahead of the beginning would count as from before it.
            self._start = (sequence - _LATEST) & 0xFFFF
        out = Renumbered((sequence + self._shift) & 0xFFFF, self.timestamp(timestamp))
        if is_newer(out.sequence, self._last_sequence):
            self._last_sequence = out.sequence
            self._last_timestamp = out.timestamp
            self._last_at = at
        return out

    def _begin(self, ssrc: int, sequence: int, timestamp: int, at: float) -> None:
        passed = 0 if self._last_at is None else max(self._shortest_step, int((at - self._last_at) * self._clock_rate))
        self._source = ssrc
        self._start = sequence
        self._shift = self._last_sequence + 1 - sequence
        self._time_shift = self._last_timestamp + passed - timestamp


class History:
    """The packets sent last, by sequence number, for those that ask again."""

    def __init__(self, *, size: int = HISTORY_PACKETS) -> None:
        self._size = size
        self._packets: OrderedDict[int, RtpPacket] = OrderedDict()
        self._again_at: dict[int, float] = {}

    def keep(self, sequence: int, packet: RtpPacket) -> None:
        """Remember ``packet``, forgetting the oldest."""
        self._packets[sequence] = packet
        self._packets.move_to_end(sequence)
        if len(self._packets) > self._size:
            oldest, _ = self._packets.popitem(last=False)
            self._again_at.pop(oldest, None)

    def find(self, sequence: int, *, at: float, patience_s: float = 0.0) -> RtpPacket | None:
        """Return the packet if it is still remembered, and was not given out less than ``patience_s`` ago.

        A viewer asks again while the first answer is still under way; to answer that too would fill a narrow line.
        """
        packet = self._packets.get(sequence)
        if packet is None or at - self._again_at.get(sequence, float("-inf")) < patience_s:
            return None
        self._again_at[sequence] = at
        return packet


class GapWatch:
    """Notices missing packets of one incoming stream and says which to ask for, and when again."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._missing: dict[int, tuple[float, float]] = {}

    def arrived(self, sequence: int, *, at: float) -> list[int]:
        """Return the sequence numbers found missing just now."""
        if self._highest is None:
            self._highest = sequence
            return []
        if not is_newer(sequence, self._highest):
            self._missing.pop(sequence, None)
            return []
        gap = (sequence - self._highest) & 0xFFFF
        new = [] if gap > MAX_MISSING else [(self._highest + step) & 0xFFFF for step in range(1, gap)]
        self._highest = sequence
        for missing in new:
            self._missing[missing] = (at, at)
        return new

    def due(self, *, at: float) -> list[int]:
        """Return the sequence numbers to ask for again; those missing too long are given up."""
        again: list[int] = []
        for sequence, (since, asked) in list(self._missing.items()):
            if at - since >= GIVE_UP_AFTER_S:
                del self._missing[sequence]
            elif at - asked >= RESEND_AFTER_S:
                self._missing[sequence] = (since, at)
                again.append(sequence)
        return again


class KeyFrameGate:
    """Holds back a picture stream until it can be decoded, that is until a key frame begins."""

    def __init__(self) -> None:
        self._open = False
        self._since: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether packets pass."""
        return self._open

    def shut(self) -> None:
        """Wait for a key frame again."""
        self._open = False
        self._since = None

    def lets_through(self, codec: str, payload: bytes, *, at: float) -> bool:
        """Whether this packet may pass. After KEY_FRAME_PATIENCE_S anything may: better late than never."""
        if self._open:
            return True
        self._since = at if self._since is None else self._since
        self._open = begins_key_frame(codec, payload) or at - self._since >= KEY_FRAME_PATIENCE_S
        return self._open


def begins_key_frame(codec: str, payload: bytes) -> bool:
    """Whether an RTP payload of ``codec`` (VP8 or H264) is the first of a key frame."""
    try:
        return _begins_vp8_key(payload) if codec == "VP8" else _begins_h264_key(payload)
    except IndexError:
        return False


def _begins_vp8_key(payload: bytes) -> bool:
    first = payload[0]
    position = 1
    if first & 0x80:
        flags = payload[1]
        position = 2
        if flags & 0x80:
            position += 2 if payload[position] & 0x80 else 1
        position += 1 if flags & 0x40 else 0
        position += 1 if flags & 0x30 else 0
    starts_frame = bool(first & 0x10) and first & 0x07 == 0
    return starts_frame and payload[position] & 0x01 == 0


def _begins_h264_key(payload: bytes) -> bool:
    kind = payload[0] & 0x1F
    if kind == 24:  # STAP-A: the first unit stands behind its two length bytes
        return payload[3] & 0x1F in (5, 7)
    if kind == 28:  # FU-A: only the fragment with the start bit
        return bool(payload[1] & 0x80) and payload[1] & 0x1F == 5
    return kind in (5, 7)
