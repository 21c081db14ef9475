"""What to tell a sender that understands no other feedback: the rate its packets may come at. Pure.

Source: draft-alvestrand-rmcat-remb-03. The time each packet left stands in it (abs-send-time, 6.18 fixed point seconds,
24 bits), so delay can be watched at this end as well. A browser takes a high word of the first two seconds for its
rate; so the first is high, and a queue that grows brings it down.
"""

from __future__ import annotations

from vdx_plugin.media.rate.delay import DelayWatch
from vdx_plugin.media.rate.growth import Growth
from vdx_plugin.media.rate.sent import Departure, Outcome
from vdx_plugin.media.rate.throughput import Throughput

FIRST_BPS = 1_500_000.0
MOST_BPS = 3_000_000.0
BATCH_S = 0.05
EVERY_S = 1.0
LESS = 0.97
RTT_S = 0.1

_WRAP = 1 << 24
_UNIT_S = 1 / (1 << 18)


class Remb:
    """``take`` each packet that tells when it left; it returns the rate to tell now, or None."""

    def __init__(self) -> None:
        self._growth = Growth(FIRST_BPS, MOST_BPS)
        self._delay = DelayWatch()
        self._throughput = Throughput()
        self._batch: list[Outcome] = []
        self._stamp: int | None = None
        self._told_bps = 0.0
        self._told_s = float("-inf")
        self._judged_s = float("-inf")

    def take(self, stamp: int, size: int, arrived_s: float) -> int | None:
        """Take a packet's abs-send-time, its size as the line carries it, and its arrival."""
        self._batch.append(Outcome(Departure(0, size, self._sent_s(stamp)), arrived_s))
        if arrived_s - self._judged_s < BATCH_S:
            return None
        self._judged_s = arrived_s
        self._judge(arrived_s)
        bps = self._growth.bps
        if bps >= LESS * self._told_bps and arrived_s - self._told_s < EVERY_S:
            return None
        self._told_bps, self._told_s = bps, arrived_s
        return int(bps)

    def _judge(self, now_s: float) -> None:
        batch, self._batch = sorted(self._batch, key=lambda outcome: outcome.departure.at_s), []
        self._throughput.take(batch)
        use = self._delay.take(batch)
        self._growth.follow(use, now_s, self._throughput, queue_s=self._delay.queue_s, rtt_s=RTT_S)

    def _sent_s(self, stamp: int) -> float:
        if self._stamp is None:
            self._stamp = stamp
        self._stamp += ((stamp - self._stamp + _WRAP // 2) % _WRAP) - _WRAP // 2
        return self._stamp * _UNIT_S
