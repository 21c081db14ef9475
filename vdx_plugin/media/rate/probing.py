"""Short trials at a higher rate, so that a good line is known to be good in a second. Pure.

A trial is a few packets sent closer together than the target would have them; the rate at which they come apart at the
other end is what the line takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.media.rate.sent import Outcome

DURATION_S = 0.020
MIN_PACKETS = 6
FIRST_STEP = 5.0
"""One alone: a second, sent before the first is known, fills a thin line's queue, which the sound there remembers."""
NEXT_STEP = 2.0
PROMISING = 0.7
"""A trial that came this close to its rate is followed by a faster one."""
AGAIN_S, AGAIN_EARLY_S = 4.0, 0.6
EARLY_S = 4.0
"""How long trials follow each other closely: the first ones, or the word of them, may be lost."""
WAIT_S = 1.0
MIN_SHARE = 0.6
MAX_RATIO = 2.0


@dataclass(frozen=True, slots=True)
class Probe:
    """Send at ``rate_bps`` until ``bits`` and ``packets`` have gone, counted as of ``cluster``."""

    cluster: int
    rate_bps: float

    @property
    def bits(self) -> float:
        return self.rate_bps * DURATION_S

    @property
    def packets(self) -> int:
        return MIN_PACKETS


@dataclass(slots=True)
class _Trial:
    rate_bps: float
    asked_s: float
    sent: int = 0
    sizes: int = 0
    first_size: int = 0
    last_size: int = 0
    sent_s: tuple[float, float] = (0.0, 0.0)
    arrived_s: tuple[float, float] = (0.0, 0.0)
    came: int = 0


class Prober:
    """``wanted`` is asked before each packet, ``take`` gets the outcomes and returns the rate a trial has shown."""

    def __init__(self, start_bps: float) -> None:
        self._plan = [start_bps * FIRST_STEP]
        self._cluster = 0
        self._trials: dict[int, _Trial] = {}
        self._first_s: float | None = None
        self._last_s: float | None = None
        self._hit: set[int] = set()

    def wanted(self, now_s: float, *, target_bps: float, limit_bps: float, calm: bool) -> Probe | None:
        """Return the trial to begin now. ``calm`` says that nothing speaks against a higher rate."""
        if self._last_s is not None and now_s - self._last_s > WAIT_S:
            self._plan.clear()
        if not self._plan and calm and self._last_s is not None and now_s - self._last_s > self._pause_s(now_s):
            self._plan.append(target_bps * NEXT_STEP)
        if not self._plan or target_bps >= 0.95 * limit_bps:
            return None
        rate_bps = min(self._plan.pop(0), 1.2 * limit_bps)
        if rate_bps <= target_bps:
            return None
        self._cluster += 1
        self._trials[self._cluster] = _Trial(rate_bps, now_s)
        self._trials.pop(self._cluster - 8, None)
        self._last_s = now_s
        self._first_s = now_s if self._first_s is None else self._first_s
        return Probe(self._cluster, rate_bps)

    def _pause_s(self, now_s: float) -> float:
        return AGAIN_EARLY_S if self._first_s is not None and now_s - self._first_s < EARLY_S else AGAIN_S

    def sent(self, cluster: int) -> None:
        """One packet of a trial has left."""
        if cluster in self._trials:
            self._trials[cluster].sent += 1

    def take(self, outcomes: list[Outcome], now_s: float) -> float | None:
        """Return the highest rate that trials have shown with these outcomes, None if they showed none."""
        best: float | None = None
        for cluster in self._note(outcomes):
            shown = _shown(self._trials[cluster])
            if shown is None:
                continue
            best = max(best or 0.0, shown)
            if shown > PROMISING * self._trials[cluster].rate_bps and cluster not in self._hit:
                self._hit = {*sorted(self._hit)[-8:], cluster}
                self._plan = [max([*self._plan, NEXT_STEP * shown])]
                self._last_s = now_s
        return best

    def _note(self, outcomes: list[Outcome]) -> set[int]:
        touched: set[int] = set()
        for outcome in outcomes:
            trial = self._trials.get(outcome.departure.cluster)
            if trial is None or outcome.arrived_s is None:
                continue
            touched.add(outcome.departure.cluster)
            _add(trial, outcome.departure.size * 8, outcome.departure.at_s, outcome.arrived_s)
        return touched


def _add(trial: _Trial, bits: int, sent_s: float, arrived_s: float) -> None:
    if not trial.came:
        trial.sent_s, trial.arrived_s = (sent_s, sent_s), (arrived_s, arrived_s)
    if sent_s >= trial.sent_s[1]:
        trial.last_size = bits
    if arrived_s <= trial.arrived_s[0]:
        trial.first_size = bits
    trial.sent_s = (min(trial.sent_s[0], sent_s), max(trial.sent_s[1], sent_s))
    trial.arrived_s = (min(trial.arrived_s[0], arrived_s), max(trial.arrived_s[1], arrived_s))
    trial.came += 1
    trial.sizes += bits


def _shown(trial: _Trial) -> float | None:
    if trial.came < max(4, MIN_SHARE * trial.sent):
        return None
    sent_for_s, came_in_s = trial.sent_s[1] - trial.sent_s[0], trial.arrived_s[1] - trial.arrived_s[0]
    if sent_for_s <= 0.002 or came_in_s <= 0.002:
        return None
    sent_bps = (trial.sizes - trial.last_size) / sent_for_s
    came_bps = (trial.sizes - trial.first_size) / came_in_s
    if came_bps > MAX_RATIO * sent_bps:
        return None
    # What comes slower than it was sent filled a queue: stay a little below what drained it.
    return 0.95 * came_bps if came_bps < 0.9 * sent_bps else min(sent_bps, came_bps)
