"""What comes in, in its place: which stream is heard, what is new, when it is due and what is missing. Pure.

Everything a hostile sender can do ends here in a packet that is passed over, and nothing grows: gaps are forgotten
after ``LOST_S``, and there are no more than ``MAX_GAPS``.
"""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.media.audio import opus_packet
from vdx_plugin.media.audio.delays import FastestLately, Histogram
from vdx_plugin.media.audio.opus_packet import RATE_HZ, OpusPacket
from vdx_plugin.media.audio.units import Schedule, Unit
from vdx_plugin.media.packets import MediaPacket

MIN_TARGET_S = 0.03
MAX_TARGET_S = 0.4
MAX_GAPS = 50
MAX_SEEN = 1024
STRANGE_SEQUENCES = 1000
STRANGE_S = 0.5
"""Sound this much too late or too early is of another stream, or not worth having."""
LOST_S = 1.0
GRACE_S = 0.004
USUAL = 0.95

_SEQUENCES, _TIMES = 1 << 16, 1 << 32


@dataclass(slots=True)
class Gap:
    """A packet that has not come, though later ones have or its time is past. ``due`` is its first sample."""

    due: int
    asked_s: float = 0.0
    times: int = 0
    is_mended: bool = False
    """The packet after it has come and carries it."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a packet: it came (``at_s``), by itself or after it was missed and asked for, or never did."""

    gap: Gap | None
    at_s: float | None
    is_mended: bool
    """It came by itself, or the packet after it carries it."""


class Arrivals:
    """Takes packets as they come. ``schedule`` is always the newest opinion, ``gaps`` what is missing by sequence."""

    def __init__(self) -> None:
        self.schedule = Schedule()
        self.gaps: dict[int, Gap] = {}
        self.newest: Unit | None = None
        self.ssrc = 0
        self.fates: list[Fate] = []
        """What the last packet decided."""
        self.duplicates = 0
        self.passed_over = 0
        self._run = 0
        self._stranger: MediaPacket | None = None
        self._fastest = FastestLately()
        self._available = Histogram(MIN_TARGET_S)
        self._plain = Histogram(0.0)
        self._seen: dict[int, None] = {}

    def take(self, packet: MediaPacket) -> list[Unit]:
        """Return what is to be played of it: nothing, itself, or with it one that was held back until now."""
        self.fates = []
        opus = opus_packet.read(packet.payload)
        if opus is None:
            self.passed_over += 1
            return []
        if self.newest is None:
            return self._begin([packet])
        unit = self._placed(packet, opus, self.newest)
        if packet.ssrc != self.ssrc or self._is_strange(unit, self.newest):
            return self._consider(packet)
        self._stranger = None
        return [unit] if self._is_new(unit) else []

    def _placed(self, packet: MediaPacket, opus: OpusPacket, near: Unit) -> Unit:
        sequence = near.sequence + _signed(packet.sequence - near.sequence, _SEQUENCES)
        start = near.start + _signed(packet.timestamp - near.start, _TIMES)
        return Unit(self._run, sequence, start, opus, packet.payload, packet.arrived_s)

    def _is_strange(self, unit: Unit, newest: Unit) -> bool:
        late_s = self.schedule.lateness_s(unit.start, unit.arrived_s)
        return abs(unit.sequence - newest.sequence) > STRANGE_SEQUENCES or abs(late_s) > STRANGE_S

    # --- streams ----------------------------------------------------------------------------------------------------

    def _consider(self, packet: MediaPacket) -> list[Unit]:
        """Take up another stream, or a new time in this one, with the second packet that speaks for it."""
        first, self._stranger = self._stranger, packet
        if first is None or not _follows(first, packet):
            self.passed_over += 1
            return []
        return self._begin([first, packet])

    def _begin(self, packets: list[MediaPacket]) -> list[Unit]:
        self._run += 1
        self._stranger = None
        self._fastest.clear()
        for histogram in (self._available, self._plain):
            histogram.forget_origin()
        self.gaps.clear()
        self._seen.clear()
        first = packets[0]
        self.ssrc = first.ssrc
        # One turn ahead, so that nothing before it is negative; the lower bits are those on the wire.
        start, sequence = first.timestamp + _TIMES, first.sequence + _SEQUENCES
        none = OpusPacket(0, has_redundancy=False, is_pause=True)
        self.newest = Unit(self._run, sequence - 1, start, none, b"", first.arrived_s)
        units = []
        for packet in packets:
            opus = opus_packet.read(packet.payload)
            if opus is not None and self._is_new(unit := self._placed(packet, opus, self.newest)):
                units.append(unit)
        return units

    # --- time and gaps ----------------------------------------------------------------------------------------------

    def _is_new(self, unit: Unit) -> bool:
        newest = self.newest
        if newest is None or unit.sequence in self._seen or unit.sequence <= newest.sequence - MAX_SEEN:
            self.duplicates += 1
            return False
        self._seen[unit.sequence] = None
        while len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        gap = self.gaps.pop(unit.sequence, None)
        is_first = unit.sequence > newest.sequence
        if is_first:
            self._open_gaps(newest, unit)
            self.newest = unit
        self._learn(unit, gap, counts=is_first or gap is not None)
        return True

    def _open_gaps(self, newest: Unit, unit: Unit) -> None:
        for sequence in range(max(newest.sequence + 1, unit.sequence - MAX_GAPS), unit.sequence):
            due = unit.start - (unit.sequence - sequence) * unit.opus.samples
            self.gaps.setdefault(sequence, Gap(max(due, newest.end)))
        while len(self.gaps) > MAX_GAPS:
            del self.gaps[next(iter(self.gaps))]

    def _learn(self, unit: Unit, gap: Gap | None, *, counts: bool) -> None:
        origin_s = self._fastest.note(unit.arrived_s, unit.arrived_s - unit.start / RATE_HZ)
        late_s = unit.arrived_s - unit.start / RATE_HZ - origin_s
        for histogram in (self._available, self._plain):
            histogram.move_origin(origin_s)
        was_asked = gap is not None and gap.times > 0
        if counts:
            # How late the answer to a request is depends on us, so it says nothing about the line.
            if not was_asked:
                self._available.note(late_s)
                self._plain.note(late_s)
            is_mended = gap is None or not gap.times or gap.is_mended
            self.fates.append(Fate(gap, unit.arrived_s, is_mended))
        before = self.gaps.get(unit.sequence - 1) if unit.opus.has_redundancy else None
        if before is not None and not before.is_mended:
            before.is_mended = True
            self._available.note(unit.arrived_s - before.due / RATE_HZ - origin_s)
        target_s = min(max(self._available.cheapest_s(), MIN_TARGET_S), MAX_TARGET_S)
        self.schedule = Schedule(origin_s, target_s, self._plain.quantile_s(USUAL) + GRACE_S)
        self._close_gaps(unit.arrived_s)

    def _close_gaps(self, at_s: float) -> None:
        for sequence, gap in list(self.gaps.items()):
            if self.schedule.lateness_s(gap.due, at_s) > LOST_S:
                del self.gaps[sequence]
                self.fates.append(Fate(gap, None, gap.is_mended))
                if not gap.is_mended:
                    self._available.note(None)


def _signed(difference: int, turn: int) -> int:
    return (difference + turn // 2) % turn - turn // 2


def _follows(first: MediaPacket, second: MediaPacket) -> bool:
    """Whether two packets are of one stream at its usual pace. What waited in a queue comes faster."""
    steps = _signed(second.sequence - first.sequence, _SEQUENCES)
    media_s = _signed(second.timestamp - first.timestamp, _TIMES) / RATE_HZ
    passed_s = second.arrived_s - first.arrived_s
    at_pace = 0.4 * media_s <= passed_s <= media_s + 0.1
    return first.ssrc == second.ssrc and 0 < steps <= 5 and 0 < media_s <= 1.0 and at_pace
