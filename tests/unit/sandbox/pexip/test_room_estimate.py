"""The rate of one hop, against lines made of arithmetic: a bottleneck with a queue, loss, jitter."""

from __future__ import annotations

import random

import pytest

from vdx_plugin.sandbox.pexip.estimate import Passed, SendEstimate, SentLog
from vdx_plugin.sandbox.pexip.transport_cc import Feedback

START_BPS = 1_200_000
PACKET = 1200


class Line:
    """Sends at the estimate over a line of ``bps`` for virtual time; notes rate and queue."""

    def __init__(self, bps: float, *, loss: float = 0.0, jitter_s: float = 0.0, seed: int = 1) -> None:
        self.bps, self._loss, self._jitter_s = bps, loss, jitter_s
        self._dice = random.Random(seed)
        self.estimate = SendEstimate()
        self._free_at = 0.0
        self.now = 0.0
        self.rates: list[float] = []
        self.queues: list[float] = []

    def run(self, seconds: float) -> None:
        pending: list[Passed] = []
        report_at = self.now + 0.05
        end = self.now + seconds
        while self.now < end:
            rate = self.estimate.limit_bps or START_BPS
            self.now += PACKET * 8 / min(rate, START_BPS * 2)
            self._free_at = max(self.now, self._free_at) + PACKET * 8 / self.bps
            queue_s = self._free_at - self.now
            lost = self._dice.random() < self._loss
            came = None if lost else self._free_at + 0.03 + self._dice.random() * self._jitter_s
            pending.append(Passed(self.now, came, PACKET))
            self.rates.append(rate)
            self.queues.append(queue_s)
            if self.now >= report_at:
                report_at += 0.05
                told = [p for p in pending if p.came_at is None or p.came_at <= self.now]
                pending = [p for p in pending if p.came_at is not None and p.came_at > self.now]
                self.estimate.take(told, at=self.now)


def test_without_a_limit_there_is_no_estimate() -> None:
    """A wide line is not slowed down by us: the source's own control decides."""
    line = Line(20_000_000)
    line.run(20)
    assert line.estimate.limit_bps is None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_behind_a_narrow_line_the_queue_stays_short(seed: int) -> None:
    """300 kbit/s: the rate settles below it, and after the first seconds the queue is rarely long."""
    line = Line(300_000, jitter_s=0.005, seed=seed)
    line.run(4)
    del line.queues[:], line.rates[:]
    line.run(30)
    queues = sorted(line.queues)
    assert queues[int(len(queues) * 0.95)] < 0.2
    assert sum(line.rates) / len(line.rates) > 0.6 * 300_000


def test_loss_alone_is_borne_up_to_a_tenth() -> None:
    """Wi-Fi loses packets without being full."""
    line = Line(20_000_000, loss=0.05)
    line.run(20)
    assert (line.estimate.limit_bps or START_BPS) > 0.8 * START_BPS


def test_heavy_loss_brings_the_rate_down() -> None:
    """It is a line that is full; but loss that stays however little is sent does not end the picture."""
    line = Line(20_000_000, loss=0.25)
    line.run(20)
    assert line.estimate.limit_bps is not None
    assert START_BPS / 10 < line.estimate.limit_bps < START_BPS / 2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_jitter_is_not_taken_for_a_queue(seed: int) -> None:
    """Packets that come 0 to 60 ms late by chance and overtake each other say nothing about the rate."""
    line = Line(20_000_000, jitter_s=0.06, seed=seed)
    line.run(20)
    assert (line.estimate.limit_bps or START_BPS) > 0.8 * START_BPS


def test_a_line_that_widens_is_used_again() -> None:
    """Somebody else's download has ended."""
    line = Line(300_000)
    line.run(10)
    line.bps = 5_000_000
    line.run(15)
    assert (line.estimate.limit_bps or START_BPS) > 1_000_000


def test_a_source_that_was_brought_down_to_sound_alone_may_send_pictures_again() -> None:
    """Else a busy moment costs the picture for the rest of the call: sound never fills the line that would prove it."""
    line = Line(5_000_000)
    line.run(1)
    line.estimate._limit, at = 60_000.0, line.now
    for number in range(1000):
        sent_at = at + number * 0.02
        line.estimate.take([Passed(sent_at, sent_at + 0.03, 130)], at=sent_at + 0.05)
    assert (line.estimate.limit_bps or START_BPS) >= 290_000


def test_a_viewer_who_comes_back_after_ten_seconds_gets_the_whole_rate_at_once() -> None:
    """All that was sent meanwhile is told as lost; whoever shows their picture would be told to send sound alone."""
    line = Line(20_000_000)
    line.run(2)
    away = [Passed(line.now + number * 0.02, None, PACKET) for number in range(500)]
    line.now += 10
    line.estimate.take(away[:400], at=line.now)
    line.estimate.take(away[400:], at=line.now + 0.05)
    assert line.estimate.limit_bps is None
    for number in range(20):
        sent_at = line.now + number * 0.05
        lost = [Passed(sent_at + each * 0.001, None, PACKET) for each in range(4)]
        line.estimate.take([*lost, Passed(sent_at, sent_at + 0.03, PACKET)], at=sent_at + 0.05)
    assert line.estimate.limit_bps is not None


def test_the_viewers_own_estimate_bounds_ours() -> None:
    """A client that speaks only REMB is heard too; zero says nothing."""
    estimate = SendEstimate()
    estimate.note_remb(400_000)
    assert estimate.limit_bps == 400_000
    estimate.note_remb(0)
    assert estimate.limit_bps is None


def test_what_is_sent_is_found_once_and_forgotten_in_time() -> None:
    """A packet reported twice counts once, and a peer that never reports costs no memory."""
    log = SentLog()
    first = log.stamp(100, at=1.0)
    feedback = Feedback(((first, None), (first, 5.0), (first, 6.0), (999, 1.0)))
    assert log.match(feedback) == [Passed(1.0, None, 100), Passed(1.0, 5.0, 100)]
    numbers = [log.stamp(1, at=2.0) for _ in range(5000)]
    assert len(log.match(Feedback(tuple((number, 3.0) for number in numbers)))) == 4096
