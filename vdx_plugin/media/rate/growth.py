"""How a rate follows the use of the line: less at once, more by and by. Pure.

The manner is Google congestion control's (draft-ietf-rmcat-gcc-02): down to a little below what came through when a
queue grows; up by a share a second while none does, and carefully near the rate at which one grew.
"""

from __future__ import annotations

from vdx_plugin.media.rate.delay import Use
from vdx_plugin.media.rate.throughput import Throughput

FLOOR_BPS = 60_000.0
BACK_OFF = 0.88
MORE_OFF = 0.35
FAST_GROWTH, GROWTH = 0.5, 0.16
"""Share a second: before the line has ever shown its end, and after."""
NEAR = 0.15
"""How close to the rate at which a queue grew one is near it."""
PACKET_BITS, NEAR_GROWTH = 9600, 0.05
"""Near it: a packet a round trip, but where that is much, no more than this share a second."""
THIN_BPS, THIN_GROWTH = 500_000.0, 0.03
"""On a thin line less still: what is too much stands in the queue until the trend shows, and sound waits there."""
RESPONSE_S = 0.1
FORGET_S = 15.0


class Growth:
    """``bps`` follows what ``follow`` is told."""

    def __init__(self, bps: float, most_bps: float) -> None:
        self.bps = min(bps, most_bps)
        self._most_bps = most_bps
        self._end_bps: float | None = None
        self._end_s = 0.0
        self._grown_s: float | None = None
        self._cut_s = float("-inf")

    def limit(self, most_bps: float) -> None:
        """Never more than this from now on."""
        self._most_bps = most_bps
        self.bps = min(self.bps, most_bps)

    def follow(self, use: Use, now_s: float, through: Throughput, *, queue_s: float, rtt_s: float) -> None:
        """Take how the line is used and what went through it."""
        if use is Use.OVER:
            self._cut(now_s, through, queue_s, rtt_s)
        elif use is Use.NORMAL:
            self._grow(now_s, through.came_bps, rtt_s)
        self._grown_s = now_s

    def shrink(self, share: float, now_s: float, *, pause_s: float) -> None:
        """Go down to this share of the rate, at most once in ``pause_s``."""
        if now_s - self._cut_s >= pause_s:
            self.bps, self._cut_s = max(FLOOR_BPS, share * self.bps), now_s

    def lift(self, bps: float) -> None:
        """A trial has shown that the line takes this much."""
        if bps <= self.bps:
            return
        self.bps = min(bps, self._most_bps)
        if self._end_bps is not None and bps > (1 + NEAR) * self._end_bps:
            self._end_bps = None

    def _cut(self, now_s: float, through: Throughput, queue_s: float, rtt_s: float) -> None:
        if now_s - self._cut_s < rtt_s + RESPONSE_S:
            return
        came_bps = through.draining_bps or self.bps
        # The longer the queue, the further below, so that it drains within about a second.
        to_bps = (BACK_OFF - min(MORE_OFF, 0.5 * queue_s)) * came_bps
        if (through.sent_bps or self.bps) < 0.6 * self.bps:
            # Most of it was not even sent, so what came says little of what the line takes.
            to_bps = max(to_bps, BACK_OFF * self.bps)
        elif came_bps < 1.2 * self.bps:
            self._end_bps = came_bps if self._end_bps is None else 0.5 * self._end_bps + 0.5 * came_bps
            self._end_s = now_s
        self.bps = max(FLOOR_BPS, min(self.bps, to_bps))
        self._cut_s = now_s

    def _grow(self, now_s: float, came_bps: float | None, rtt_s: float) -> None:
        passed_s = 0.0 if self._grown_s is None else min(0.3, max(0.0, now_s - self._grown_s))
        # What is not sent is not tried either.
        most = self.bps if came_bps is None else max(self.bps, 1.5 * came_bps + 20_000)
        self.bps = min(self._grown(now_s, passed_s, rtt_s), most, self._most_bps)

    def _grown(self, now_s: float, passed_s: float, rtt_s: float) -> float:
        if self._end_bps is not None and now_s - self._end_s > FORGET_S:
            self._end_bps = None
        if self._end_bps is None:
            return self.bps * (1 + FAST_GROWTH * passed_s)
        if self.bps > (1 + NEAR) * self._end_bps:
            # Beyond where the end was, so it is elsewhere now.
            self._end_bps = None
            return self.bps
        if self.bps > (1 - NEAR) * self._end_bps:
            share = NEAR_GROWTH if self.bps > THIN_BPS else THIN_GROWTH
            return self.bps + passed_s * min(PACKET_BITS / (rtt_s + RESPONSE_S), share * self.bps)
        return self.bps * (1 + GROWTH * passed_s)
