"""Whether a queue grows at the line's narrow place, by how much later packets come than they might. Pure.

Two measures, because either alone errs. The trend of delay over groups of packets (Carlucci et al., 2016, "Analysis and
design of the Google congestion control") sees a queue as it begins, but takes a jittering radio for one. What stands of
the queue, the least delay of late above the least ever, hardly moves with jitter and sees what grew too slowly for a
trend. The first speaks only where the second does not deny it.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from vdx_plugin.media.rate.sent import Outcome

GROUP_S = 0.005
WINDOW_GROUPS = 20
SMOOTHING = 0.9
GAIN = 4.0
MAX_DELTAS = 60
THRESHOLD_MS = 12.5
THRESHOLD_MIN_MS, THRESHOLD_MAX_MS = 6.0, 600.0
RISE, FALL = 0.0087, 0.039
LATE_S = 0.12
"""The span over which the queue that stands is looked for."""
LATE_PACKETS = 8
BASE_S = 20.0
SLIGHT_S = 0.010
SLIGHT_SHARE = 0.3
SPREAD_S = 2.0
"""A queue no trend is believed below: so long, and so much of what delay has varied by of late."""
STANDING_S = 0.060
"""A queue that is too long however it came to be."""
STUCK_S = 3.0


class Use(StrEnum):
    """How the line is used."""

    UNDER = "under"
    NORMAL = "normal"
    OVER = "over"


class _Least:
    """The least of the last ``span_s`` seconds, kept by the second."""

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._rows: deque[tuple[float, float]] = deque()

    def add(self, at_s: float, value: float) -> None:
        while self._rows and self._rows[-1][1] >= value:
            self._rows.pop()
        self._rows.append((at_s, value))
        while at_s - self._rows[0][0] > self._span_s:
            self._rows.popleft()

    def clear(self) -> None:
        self._rows.clear()

    @property
    def value(self) -> float | None:
        return self._rows[0][1] if self._rows else None


class Trend:
    """The slope of smoothed delay over the last groups against a threshold that follows the line's own noise."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque(maxlen=WINDOW_GROUPS)
        self._smoothed_ms: float | None = None
        self._count = 0
        self._threshold_ms = THRESHOLD_MS
        self._updated_s: float | None = None
        self._slope = self._last_slope = 0.0
        self._over_since_s: float | None = None

    def add(self, at_s: float, delay_ms: float) -> Use:
        """Take one group's arrival and least delay; return what the trend says."""
        if self._smoothed_ms is None:
            self._smoothed_ms = delay_ms
        self._smoothed_ms = SMOOTHING * self._smoothed_ms + (1 - SMOOTHING) * delay_ms
        self._points.append((at_s * 1000, self._smoothed_ms))
        self._count = min(self._count + 1, MAX_DELTAS)
        self._last_slope, self._slope = self._slope, self._fitted()
        modified_ms = self._slope * self._count * GAIN
        use = self._judge(at_s, modified_ms)
        self._follow(at_s, modified_ms)
        return use

    def _fitted(self) -> float:
        count = len(self._points)
        if count < WINDOW_GROUPS:
            return 0.0
        mean_x = sum(x for x, _ in self._points) / count
        mean_y = sum(y for _, y in self._points) / count
        below = sum((x - mean_x) ** 2 for x, _ in self._points)
        return sum((x - mean_x) * (y - mean_y) for x, y in self._points) / below if below else 0.0

    def _judge(self, at_s: float, modified_ms: float) -> Use:
        if modified_ms <= self._threshold_ms:
            self._over_since_s = None
            return Use.UNDER if modified_ms < -self._threshold_ms else Use.NORMAL
        if self._over_since_s is None:
            self._over_since_s = at_s
        lasting = at_s - self._over_since_s > 0.010
        return Use.OVER if lasting and self._slope >= self._last_slope else Use.NORMAL

    def _follow(self, at_s: float, modified_ms: float) -> None:
        passed_ms = 0.0 if self._updated_s is None else min(100.0, max(0.0, at_s - self._updated_s) * 1000)
        self._updated_s = at_s
        excess_ms = abs(modified_ms) - self._threshold_ms
        if excess_ms > 15.0:
            # A sudden leap, a new route for instance, is no noise to grow used to.
            return
        gain = FALL if excess_ms < 0 else RISE
        changed_ms = self._threshold_ms + gain * excess_ms * passed_ms
        self._threshold_ms = min(THRESHOLD_MAX_MS, max(THRESHOLD_MIN_MS, changed_ms))


class DelayWatch:
    """Takes outcomes in the order of sending; ``use`` and ``queue_s`` are as of the last."""

    def __init__(self) -> None:
        self.use = Use.NORMAL
        self.queue_s = 0.0
        self._trend = Trend()
        self._least = _Least(BASE_S)
        self._most = _Least(SPREAD_S)
        self._late: deque[tuple[float, float]] = deque()
        self._group: tuple[float, float, float] | None = None
        self._stands_since_s: float | None = None

    def take(self, outcomes: list[Outcome]) -> Use:
        """Take what has come; return how the line is used."""
        said = Use.NORMAL
        for outcome in outcomes:
            if outcome.arrived_s is not None:
                said = self._add(outcome.departure.at_s, outcome.arrived_s, said)
        self.use = self._confirmed(said)
        return self.use

    def _add(self, sent_s: float, arrived_s: float, said: Use) -> Use:
        delay_s = arrived_s - sent_s
        self._least.add(arrived_s, delay_s)
        self._most.add(arrived_s, -delay_s)
        self._late.append((arrived_s, delay_s))
        while len(self._late) > LATE_PACKETS and arrived_s - self._late[0][0] > LATE_S:
            self._late.popleft()
        group = self._group
        if group is not None and sent_s - group[0] <= GROUP_S:
            self._group = (group[0], max(group[1], arrived_s), min(group[2], delay_s))
            return said
        self._group = (sent_s, arrived_s, delay_s)
        if group is None:
            return said
        use = self._trend.add(group[1], (group[2] - (self._least.value or 0.0)) * 1000)
        return use if said is not Use.OVER else said

    def _confirmed(self, said: Use) -> Use:
        if not self._late or len(self._late) < LATE_PACKETS:
            return Use.NORMAL
        before_s, at_s = self.queue_s, self._late[-1][0]
        self.queue_s = max(0.0, min(delay_s for _, delay_s in self._late) - (self._least.value or 0.0))
        if self.queue_s > STANDING_S:
            return self._standing(at_s, before_s)
        self._stands_since_s = None
        return Use.NORMAL if said is Use.OVER and self.queue_s < self._slight_s else said

    @property
    def _slight_s(self) -> float:
        varied_s = -(self._most.value or 0.0) - (self._least.value or 0.0)
        return max(SLIGHT_S, SLIGHT_SHARE * varied_s)

    def _standing(self, at_s: float, before_s: float) -> Use:
        """A queue that will not drain is none: the line has become longer, by a new route or another radio."""
        if self._stands_since_s is None or before_s - self.queue_s > 0.3 * STANDING_S:
            self._stands_since_s = at_s
        if at_s - self._stands_since_s > STUCK_S:
            self._least.clear()
            self._stands_since_s = None
            for late_s, delay_s in self._late:
                self._least.add(late_s, delay_s)
            return Use.NORMAL
        return Use.OVER if self.queue_s >= before_s - 0.005 else Use.UNDER
