"""How fast one hop can be sent to, from its transport feedback, loss and REMB. Pure: all times are arguments.

Delay first: whether the packets' travelling time grows is a line fitted to the last groups of packets, compared
with a threshold that follows it (Carlucci et al., "Analysis and Design of the Google Congestion Control", 2016). It
counts where even the fastest packets of late wait, which jitter alone does not make them do; the rate then goes below
what arrives, the further the longer they wait. Then loss: more than an eighth takes half of it off the rate. An
estimate is None as long as nothing has shown a limit.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from vdx_plugin.sandbox.pexip.transport_cc import Feedback

NO_LIMIT_BPS = 2_500_000
LOWEST_BPS = 60_000
_LOG_PACKETS = 4096
_GROUP_S = 0.005
_RATE_WINDOW_S = 0.5
_LOSS_WINDOW_S = 2.0
_LOSS_BORNE = 0.125
_LOWEST_FOR_LOSS_BPS = 200_000
_BACK_OFF, _BACK_OFF_MOST = 0.85, 0.4
_GROWTH = 0.08
_GROWTH_SOON = 0.3
_UNFILLED_BPS = 300_000
"""Up to here the estimate rises though less arrives: a source told to send sound alone could never show more."""
_AWAY_S = 1.0
"""A viewer that tells nothing for so long was away: what was lost then says nothing about how much its line takes."""
_QUEUE_WINDOW_S = 0.25
_QUEUE_LEAST_S = 0.02
_QUEUE_MOST_S = 0.1
_FORGET_FASTEST = 0.00001


@dataclass(frozen=True)
class Passed:
    """One of our packets as the feedback tells it: when it went, when it came (None: lost), its size in bytes."""

    sent_at: float
    came_at: float | None
    size: int


class SentLog:
    """Numbers what is sent and finds it again when feedback comes."""

    def __init__(self) -> None:
        self._next = 0
        self._sent: OrderedDict[int, tuple[float, int]] = OrderedDict()

    def stamp(self, size: int, *, at: float) -> int:
        """Return the transport sequence number for a packet of ``size`` bytes sent now."""
        number = self._next
        self._next = (self._next + 1) & 0xFFFF
        self._sent.pop(number, None)
        self._sent[number] = (at, size)
        if len(self._sent) > _LOG_PACKETS:
            self._sent.popitem(last=False)
        return number

    def forget(self, number: int) -> None:
        """Listen no more to what is said of a packet: it is sent once more under its old number."""
        self._sent.pop(number, None)

    def match(self, feedback: Feedback) -> list[Passed]:
        """Return what the feedback says of packets not yet told of as arrived."""
        found: list[Passed] = []
        for number, came_at in feedback.arrivals:
            sent = self._sent.get(number)
            if sent is None:
                continue
            if came_at is not None:
                del self._sent[number]
            found.append(Passed(sent[0], came_at, sent[1]))
        return found


class Trend:
    """Whether travelling time grows: +1 it does, -1 it shrinks, 0 neither."""

    def __init__(self) -> None:
        self._groups: deque[tuple[float, float]] = deque(maxlen=20)
        self._group: tuple[float, float] | None = None
        self._before: tuple[float, float] | None = None
        self._first_came = 0.0
        self._delay_ms = self._smooth_ms = 0.0
        self._threshold = 12.5
        self._count = 0
        self._over_since: float | None = None
        self._last = 0.0
        self.state = 0

    def add(self, sent_at: float, came_at: float) -> None:
        """Take a packet, in the order of sending."""
        if self._group is None:
            self._group = (sent_at, came_at)
            self._group_began, self._first_came = sent_at, came_at
        elif sent_at - self._group_began <= _GROUP_S:
            self._group = (sent_at, max(came_at, self._group[1]))
        else:
            self._close_group(self._group)
            self._group, self._group_began = (sent_at, came_at), sent_at

    def _close_group(self, group: tuple[float, float]) -> None:
        before, self._before = self._before, group
        if before is None:
            return
        self._delay_ms += ((group[1] - before[1]) - (group[0] - before[0])) * 1000
        self._smooth_ms = 0.9 * self._smooth_ms + 0.1 * self._delay_ms
        self._groups.append(((group[1] - self._first_came) * 1000, self._smooth_ms))
        self._count += 1
        if len(self._groups) == self._groups.maxlen:
            self._judge(_slope(self._groups) * min(self._count, 60) * 4.0, group[1], before[1])

    def _judge(self, trend: float, at: float, before_at: float) -> None:
        if trend > self._threshold:
            self._over_since = at if self._over_since is None else self._over_since
            if at - self._over_since >= 0.01 and trend >= self._last:
                self.state = 1
        else:
            self._over_since = None
            self.state = -1 if trend < -self._threshold else 0
        self._last = trend
        if abs(trend) - self._threshold <= 15:
            gain = 0.0087 if abs(trend) > self._threshold else 0.039
            step_ms = min(100.0, max(0.0, (at - before_at) * 1000))
            self._threshold += gain * (abs(trend) - self._threshold) * step_ms
            self._threshold = min(600.0, max(6.0, self._threshold))


class SendEstimate:
    """The rate one viewer's line takes. ``limit_bps`` is None while no limit has shown."""

    def __init__(self) -> None:
        self._remb_bps: int | None = None
        self._told_at = self._back_at = float("-inf")
        self.round_trip_s = 0.0
        self._begin()

    def _begin(self) -> None:
        self._trend = Trend()
        self._arrived: deque[tuple[float, int]] = deque()
        self._judged: deque[tuple[float, bool]] = deque()
        self._limit: float | None = None
        self._cut_at = float("-inf")
        self._loss_cut_at = float("-inf")
        self._grown_at: float | None = None
        self._fastest_s: float | None = None
        self._travelled: deque[tuple[float, float]] = deque()

    @property
    def limit_bps(self) -> int | None:
        """The estimate, bounded by the viewer's own; None when neither says anything."""
        known = [int(bound) for bound in (self._limit, self._remb_bps) if bound is not None]
        return max(LOWEST_BPS, min(known)) if known else None

    def note_remb(self, bps: int) -> None:
        """Take the viewer's own estimate, which bounds ours (draft-alvestrand-rmcat-remb-03)."""
        self._remb_bps = bps or None

    def take(self, passed: Iterable[Passed], *, at: float) -> None:
        """Take what feedback tells, at our time ``at``."""
        if at - self._told_at > _AWAY_S:
            self._begin()
            self._back_at = at
        self._told_at = at
        for packet in passed:
            if packet.came_at is None and packet.sent_at < self._back_at:
                continue
            self._judged.append((at, packet.came_at is None))
            if packet.came_at is not None:
                self.round_trip_s = at - packet.sent_at
                self._arrived.append((at, packet.size))
                self._note_travel(packet.came_at - packet.sent_at, at)
                self._trend.add(packet.sent_at, packet.came_at)
        self._drop_old(at)
        queue_s = self._queue_s()
        if queue_s > (_QUEUE_LEAST_S if self._trend.state > 0 else _QUEUE_MOST_S):
            self._back_off(queue_s, at)
        elif self._loss() > _LOSS_BORNE:
            self._cut_for_loss(at)
        elif self._trend.state >= 0:
            self._grow(at)

    def _note_travel(self, travelled_s: float, at: float) -> None:
        if self._fastest_s is None or travelled_s < self._fastest_s:
            self._fastest_s = travelled_s
        # The way may have become longer for good, and clocks drift: what was fastest is forgotten slowly.
        self._fastest_s += _FORGET_FASTEST
        self._travelled.append((at, travelled_s))

    def _queue_s(self) -> float:
        """Return how long even the fastest packet of late had to wait."""
        if self._fastest_s is None or not self._travelled:
            return 0.0
        return min(travelled_s for _, travelled_s in self._travelled) - self._fastest_s

    def _drop_old(self, at: float) -> None:
        while self._travelled and at - self._travelled[0][0] > _QUEUE_WINDOW_S:
            self._travelled.popleft()
        while self._arrived and at - self._arrived[0][0] > _RATE_WINDOW_S:
            self._arrived.popleft()
        while self._judged and at - self._judged[0][0] > _LOSS_WINDOW_S:
            self._judged.popleft()

    def _arriving_bps(self) -> float:
        return sum(size for _, size in self._arrived) * 8 / _RATE_WINDOW_S

    def _loss(self) -> float:
        return sum(lost for _, lost in self._judged) / len(self._judged) if len(self._judged) >= 20 else 0.0

    def _back_off(self, queue_s: float, at: float) -> None:
        """Go below what arrives, so that the queue runs out in about a second."""
        if at - self._cut_at < 0.2:
            return
        self._cut_at = self._grown_at = at
        arriving = self._arriving_bps()
        if arriving > 0:
            bound = self._limit if self._limit is not None else float("inf")
            share = max(_BACK_OFF_MOST, _BACK_OFF - queue_s)
            self._limit = max(LOWEST_BPS, min(bound, share * arriving))

    def _cut_for_loss(self, at: float) -> None:
        if at - self._loss_cut_at < 0.5:
            return
        self._loss_cut_at = self._grown_at = at
        base = self._limit if self._limit is not None else self._arriving_bps()
        # Loss that stays however little is sent is not of our making.
        self._limit = min(base, max(_LOWEST_FOR_LOSS_BPS, base * (1 - 0.5 * self._loss())))

    def _grow(self, at: float) -> None:
        since, self._grown_at = self._grown_at, at
        if self._limit is None or since is None or at <= since:
            return
        rate = _GROWTH_SOON if at - max(self._cut_at, self._loss_cut_at) > 3.0 else _GROWTH
        grown = self._limit * (1 + rate) ** min(1.0, at - since)
        # A line that is not filled says nothing about what more it takes.
        self._limit = max(self._limit, min(grown, max(_UNFILLED_BPS, 1.5 * self._arriving_bps() + 30_000)))
        if self._limit >= NO_LIMIT_BPS:
            self._limit = None


def _slope(points: Iterable[tuple[float, float]]) -> float:
    xs, ys = zip(*points, strict=True)
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle_x) ** 2 for x in xs)
    if spread == 0:
        return 0.0
    return float(sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread)
