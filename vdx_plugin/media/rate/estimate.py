"""What may be sent: one target out of delay, loss, trials, the receiver's word and the limits agreed. Pure.

Times are seconds of any steady clock, rates bits a second as the line carries them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from vdx_plugin.media.rate.delay import DelayWatch, Use
from vdx_plugin.media.rate.feedback import Feedback
from vdx_plugin.media.rate.growth import FLOOR_BPS, Growth
from vdx_plugin.media.rate.loss import LossWatch
from vdx_plugin.media.rate.probing import Probe, Prober
from vdx_plugin.media.rate.sent import SentRecord
from vdx_plugin.media.rate.throughput import Throughput

START_BPS = 300_000.0
CEILING_BPS = 3_000_000.0
SILENCE_S = 0.5
CALM_S = 1.0
USUAL_RTT_S = 0.1
NOTICE_S = 0.02
"""Until the packet after a lost one comes, which shows that it is missing."""
REPORT_LOSS_HIGH, REPORT_LOSS_LOW = 0.10, 0.02
REPORT_GROWTH = 1.08


class Estimate:
    """One transport's sending. ``target_bps`` holds for everything that is sent over it together."""

    def __init__(self, *, start_bps: float = START_BPS, most_bps: float = CEILING_BPS) -> None:
        self._most_bps = most_bps
        self._growth = Growth(start_bps, most_bps)
        self._sent = SentRecord()
        self._delay = DelayWatch()
        self._loss = LossWatch()
        self._throughput = Throughput()
        self._prober = Prober(start_bps)
        self._remb_bps = math.inf
        self._reported_loss = 0.0
        self._worried_s = float("-inf")
        self.rtt_s: float | None = None

    def limit(self, most_bps: float) -> None:
        """Never send more than this, whatever the line takes: the peer's own word."""
        self._most_bps = min(most_bps, CEILING_BPS)
        self._growth.limit(self._most_bps)

    # --- what is told -----------------------------------------------------------------------------------------------

    @property
    def target_bps(self) -> float:
        """What may be sent now."""
        return max(FLOOR_BPS, min(self._growth.bps, self._remb_bps, self._loss.limit_bps, self._most_bps))

    @property
    def loss(self) -> float:
        """The share lost of late, as feedback tells it or else the receiver's reports."""
        return self._loss.share if self._has_feedback else self._reported_loss

    @property
    def queue_s(self) -> float:
        """How long packets wait at the narrow place."""
        return self._delay.queue_s

    @property
    def repair_s(self) -> float:
        """How long it takes until what was lost has been asked for, sent again and has come."""
        return (USUAL_RTT_S if self.rtt_s is None else self.rtt_s) + self._sent.spread_s + NOTICE_S

    def probe(self, now_s: float) -> Probe | None:
        """Return the trial to begin now, None for none."""
        calm = self._delay.use is Use.NORMAL and now_s - self._worried_s > CALM_S
        limit_bps = min(self._most_bps, self._remb_bps, self._loss.limit_bps)
        return self._prober.wanted(now_s, target_bps=self.target_bps, limit_bps=limit_bps, calm=calm)

    # --- what happens -----------------------------------------------------------------------------------------------

    def depart(self, size: int, now_s: float, *, cluster: int = 0, on_lost: Callable[[], None] | None = None) -> int:
        """A packet leaves; return its transport-wide number. ``on_lost`` is called once it is known to be lost."""
        if cluster:
            self._prober.sent(cluster)
        return self._sent.depart(size, now_s, cluster=cluster, on_lost=on_lost)

    def take_feedback(self, feedback: Feedback, now_s: float) -> None:
        """Take what the receiver tells of packets."""
        outcomes = self._sent.take(feedback, now_s)
        if not outcomes:
            return
        self._throughput.take(outcomes)
        self._loss.take(outcomes)
        use = self._delay.take(outcomes)
        if use is Use.OVER:
            self._worried_s = now_s
        rtt_s = USUAL_RTT_S if self.rtt_s is None else self.rtt_s
        self._growth.follow(use, now_s, self._throughput, queue_s=self.queue_s, rtt_s=rtt_s)
        shown_bps = self._prober.take(outcomes, now_s)
        if shown_bps is not None and use is not Use.OVER:
            self._growth.lift(shown_bps)
        for outcome in outcomes:
            if outcome.arrived_s is None and outcome.departure.on_lost is not None:
                outcome.departure.on_lost()

    def begin_again(self) -> None:
        """The line was gone and is back: that packets were lost meanwhile says nothing of what it takes."""
        self._sent.forget()
        self._delay, self._loss, self._throughput = DelayWatch(), LossWatch(), Throughput()
        bps = max(START_BPS, self._growth.bps)
        self._growth, self._prober = Growth(bps, self._most_bps), Prober(bps)
        self._worried_s = float("-inf")

    def take_remb(self, bps: float) -> None:
        """Take the receiver's own estimate: an upper bound, and all there is where it tells nothing else."""
        self._remb_bps = max(FLOOR_BPS, bps)
        if not self._has_feedback:
            self._growth.lift(self._remb_bps)

    def take_report(self, lost: float, rtt_s: float | None, now_s: float) -> None:
        """Take a receiver report. Only where no feedback comes does its loss bear on the rate."""
        self._reported_loss = 0.7 * self._reported_loss + 0.3 * lost
        self.rtt_s = self.rtt_s if rtt_s is None else rtt_s
        if self._has_feedback:
            return
        if lost > REPORT_LOSS_HIGH:
            self._growth.shrink(1 - 0.5 * lost, now_s, pause_s=1.0)
        elif lost < REPORT_LOSS_LOW:
            self._growth.lift(REPORT_GROWTH * self._growth.bps)

    def tick(self, now_s: float) -> None:
        """Time passes; to be called some times a second. A line that has gone silent is not filled further."""
        waiting_s, heard_s = self._sent.in_flight_s, self._sent.heard_s
        if heard_s is None or waiting_s is None:
            return
        silent_s = now_s - max(heard_s, waiting_s)
        if silent_s > SILENCE_S + (self.rtt_s or USUAL_RTT_S):
            self._worried_s = now_s
            self._growth.shrink(0.6, now_s, pause_s=SILENCE_S)

    @property
    def _has_feedback(self) -> bool:
        return self._sent.heard_s is not None
