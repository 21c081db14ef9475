"""Which lost packets of sound are worth asking for, and whether sound should wait for the answers. Pure.

A packet is asked for when it is later than nearly all are, whether or not a later one has come: waiting for the next
one to show the gap would cost 20 ms, and a burst of losses far more. On a short line the answer is there before the
sound is due. On a longer one the sound would have to wait, which everybody has to bear all the time; it does so only
where losses are many that nothing else mends, and the other side does answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vdx_plugin.media.audio.arrivals import MAX_GAPS, Arrivals, Fate, Gap
from vdx_plugin.media.audio.counting import SoundCounts
from vdx_plugin.media.audio.delays import COST_MS_PER_PERCENT

MAX_TIMES = 2
AHEAD = 6
"""Packets that none has come after are asked for, up to this many: what stays away for longer is no gap but an end."""
START_S = 0.1
SMOOTH = 1 / 8
DEVIATIONS = 2.0
"""Answers do not all take the same time."""
HOPE_S = 0.01
"""An answer that may come so much too late is asked for: it may be quicker, and what is late is of use yet."""
MAX_WAIT_S = 0.15
TRIAL_S = 1.0
"""So often is something asked for that comes too late, to learn how long answers take and whether they come."""
SLOW = 1 / 1000
"""Share of the newest packet in the mean of what nothing mends: it is that of the last twenty seconds."""
SOON = 200
"""At first less is enough: an opinion after four seconds of sound, believed by half."""
STUBBORN = 1.6
"""A change of mind must be worth so much more than what it costs."""
DOUBT = 1 / 16


class Asking:
    """Asks on behalf of ``arrivals``. ``wait_s`` is the delay at which answers would be in time; 0 if not worth it."""

    def __init__(self, arrivals: Arrivals, counts: SoundCounts) -> None:
        self._arrivals = arrivals
        self._counts = counts
        self._answer_s: float | None = None
        self._spread_s = 0.0
        self._trust = 0.5
        self._unmended = 0.0
        self._seen = 0
        self._tried_s = float("-inf")
        self.wait_s = 0.0

    def due(self, at_s: float, delay_s: float, rtt_s: float | None) -> list[int]:
        """Return the sequence numbers to ask for now. ``delay_s`` is how long after its fastest arrival sound plays."""
        answer_s = self._answer_s or rtt_s or START_S
        found = []
        for sequence, gap in self._missing():
            if self._is_worth_it(gap, at_s, delay_s, answer_s):
                self._arrivals.gaps[sequence] = replace(gap, asked_s=at_s, times=gap.times + 1)
                found.append(sequence & 0xFFFF)
        self._counts.asked += len(found)
        return found

    def _is_worth_it(self, gap: Gap, at_s: float, delay_s: float, answer_s: float) -> bool:
        late_s = self._arrivals.schedule.lateness_s(gap.due, at_s)
        if late_s < self._arrivals.schedule.patience_s or gap.times >= MAX_TIMES or gap.is_mended:
            return False
        if gap.times and at_s - gap.asked_s < 1.2 * answer_s:
            return False
        if late_s + answer_s <= delay_s + HOPE_S and self._trust > DOUBT:
            return True
        return self._is_trial(late_s + answer_s, at_s)

    def _is_trial(self, in_time_s: float, at_s: float) -> bool:
        if in_time_s > MAX_WAIT_S or at_s - self._tried_s < TRIAL_S:
            return False
        self._tried_s = at_s
        return True

    def _missing(self) -> Iterator[tuple[int, Gap]]:
        gaps, newest = self._arrivals.gaps, self._arrivals.newest
        yield from list(gaps.items())
        if newest is None or newest.opus.is_pause:
            return
        for step in range(AHEAD):
            sequence, due = newest.sequence + 1 + step, newest.end + step * newest.opus.samples
            if sequence not in gaps and len(gaps) < MAX_GAPS:
                yield sequence, Gap(due)

    # --- what it is worth -------------------------------------------------------------------------------------------

    def learn(self, fates: list[Fate], rtt_s: float | None) -> None:
        """Take what became of packets."""
        for fate in fates:
            if fate.gap is not None and fate.gap.times:
                self._learn_answer(fate.gap, fate.at_s, rtt_s)
            self._seen += 1
            newest = max(SLOW, 1 / (self._seen + SOON))
            self._unmended += newest * (float(not fate.is_mended) - self._unmended)
        if fates:
            self._decide()

    def _learn_answer(self, gap: Gap, at_s: float | None, rtt_s: float | None) -> None:
        took_s = None if at_s is None else at_s - gap.asked_s
        if took_s is not None and took_s < 0.8 * (rtt_s or 0.0):
            return  # merely late
        self._trust += SMOOTH * (float(took_s is not None) - self._trust)
        if took_s is not None:
            self._counts.answered += 1
            before_s = took_s if self._answer_s is None else self._answer_s
            self._answer_s = before_s + SMOOTH * (took_s - before_s)
            self._spread_s += SMOOTH * (abs(took_s - before_s) - self._spread_s)

    def _decide(self) -> None:
        schedule = self._arrivals.schedule
        if self._answer_s is None:
            return
        wait_s = schedule.patience_s + self._answer_s + DEVIATIONS * self._spread_s
        gain_ms = COST_MS_PER_PERCENT * 100 * self._unmended * self._trust
        cost_ms = 1000 * (wait_s - schedule.target_s)
        if wait_s > MAX_WAIT_S or gain_ms * STUBBORN < cost_ms:
            self.wait_s = 0.0
        elif gain_ms > cost_ms * STUBBORN or self.wait_s:
            self.wait_s = wait_s
