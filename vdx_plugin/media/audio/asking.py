"""Which lost packets of sound are worth asking for: those whose answer can still be played. Pure.

A packet is asked for when it is later than nearly all are, whether or not a later one has come: waiting for the next
one to show the gap would cost 20 ms, and a burst of losses far more. Who never answers is soon left in peace.
"""

from __future__ import annotations

from collections.abc import Iterator

from vdx_plugin.media.audio.arrivals import MAX_GAPS, Arrivals, Gap
from vdx_plugin.media.audio.counting import SoundCounts

MAX_TIMES = 2
AHEAD = 6
"""Packets that none has come after are asked for, up to this many: what stays away for longer is no gap but an end."""
VAIN = 30
REST_S = 10.0
START_S = 0.1
SMOOTH = 1 / 8
SLACK_S = 0.06
"""What is missing for longer than the delay is concealed, and played yet when it comes so little later."""


class Asking:
    """Asks on behalf of ``arrivals``. ``delay_s`` says how long after its fastest arrival sound is being played."""

    def __init__(self, arrivals: Arrivals, counts: SoundCounts) -> None:
        self._arrivals = arrivals
        self._counts = counts
        self._answer_s: float | None = None
        self._vain = 0
        self._rests_until_s = 0.0

    def due(self, at_s: float, delay_s: float, rtt_s: float | None) -> list[int]:
        """Return the sequence numbers to ask for now."""
        if self._vain >= VAIN and at_s < self._rests_until_s:
            return []
        answer_s = self._answer_s or rtt_s or START_S
        found = []
        for sequence, gap in self._missing():
            if self._is_worth_it(gap, at_s, delay_s, answer_s):
                self._arrivals.gaps[sequence] = Gap(gap.due, at_s, gap.times + 1)
                found.append(sequence & 0xFFFF)
        self._count(found, at_s)
        return found

    def _is_worth_it(self, gap: Gap, at_s: float, delay_s: float, answer_s: float) -> bool:
        late_s = self._arrivals.schedule.lateness_s(gap.due, at_s)
        if late_s < self._arrivals.schedule.patience_s or late_s + answer_s > delay_s + SLACK_S:
            return False
        return not gap.times or (gap.times < MAX_TIMES and at_s - gap.asked_s >= 1.2 * answer_s)

    def _missing(self) -> Iterator[tuple[int, Gap]]:
        gaps, newest = self._arrivals.gaps, self._arrivals.newest
        yield from list(gaps.items())
        if newest is None or newest.opus.is_pause:
            return
        for step in range(AHEAD):
            sequence, due = newest.sequence + 1 + step, newest.end + step * newest.opus.samples
            if sequence not in gaps and len(gaps) < MAX_GAPS:
                yield sequence, Gap(due)

    def _count(self, found: list[int], at_s: float) -> None:
        self._counts.asked += len(found)
        self._vain += len(found)
        if self._vain >= VAIN and at_s >= self._rests_until_s:
            self._rests_until_s, self._vain = at_s + REST_S, VAIN

    def came(self, gap: Gap, at_s: float, rtt_s: float | None) -> None:
        """A packet that was missing has come; what takes less than a round trip was merely late."""
        took_s = at_s - gap.asked_s
        if not gap.times or took_s < 0.8 * (rtt_s or 0.0):
            return
        self._counts.answered += 1
        self._vain = 0
        self._answer_s = took_s if self._answer_s is None else self._answer_s + SMOOTH * (took_s - self._answer_s)
