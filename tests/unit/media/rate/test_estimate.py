"""What the sending half makes of a line: the model of ``tests.bench.rate_path``, in virtual time, always the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.line_model import BY_NAME, Condition
from tests.bench.rate_path import Rig
from vdx_plugin.media.rate.estimate import START_BPS, Estimate
from vdx_plugin.media.rate.growth import FLOOR_BPS

CLEAN = BY_NAME["clean"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_clean_line_is_found_to_take_one_and_a_half_megabits_within_two_seconds(seed: int) -> None:
    """Stock aiortc needs fifteen, in which the patient sees blocks."""
    reached_s = Rig(CLEAN, seed).run(2.0).reached_s(1_500_000)
    assert reached_s is not None
    assert reached_s < 1.0


@pytest.mark.parametrize(
    ("name", "least_bps"), [("5%", 1_500_000), ("10%", 900_000), ("10% bursty", 700_000), ("5% jitter", 1_400_000)]
)
def test_what_a_radio_loses_or_delays_by_chance_does_not_bring_the_rate_down(name: str, least_bps: int) -> None:
    """A browser holds about as much on the same lines; taking loss for a full line ends in a thumbnail."""
    seen = Rig(BY_NAME[name], 1).run(14.0)
    assert seen.rate_bps(6, 14) > least_bps
    assert seen.queue_p95_s(0) < 0.01


def test_heavy_loss_makes_pictures_of_fewer_packets() -> None:
    """At a fifth lost, a picture of ten packets never comes whole."""
    assert Rig(BY_NAME["20%"], 1).run(12.0).rate_bps(8, 12) < 900_000


@pytest.mark.parametrize("seed", [1, 2])
def test_behind_three_hundred_kilobits_the_queue_stays_short_and_the_sound_whole(seed: int) -> None:
    """What waits at the narrow place is heard as delay."""
    seen = Rig(BY_NAME["300 kbit/s"], seed).run(20.0)
    assert seen.queue_p95_s(3) < 0.05
    assert seen.sound_wait_s(0.5, 3) < 0.02
    assert seen.sound_wait_s(1.0, 0) < 0.25, "the far end's sound remembers it"
    assert {(rung.height, rung.fps) for at_s, rung in seen.pictures if at_s > 3} == {(360, 30)}
    assert seen.rate_bps(5, 20) > 200_000
    assert seen.sound_came > 0.97 * seen.sound_sent


def test_a_line_that_narrows_is_followed_at_once_and_one_that_widens_soon() -> None:
    """Somebody else in the house begins a download, and ends it."""
    rig = Rig(replace(CLEAN, rate_bps=2_000_000), 1)
    rig.at(6, lambda condition: replace(condition, rate_bps=500_000))
    rig.at(16, lambda condition: replace(condition, rate_bps=2_000_000))
    seen = rig.run(24.0)
    assert seen.rate_bps(3, 6) > 1_400_000
    assert max(queue_s for at_s, queue_s in seen.queues_s if 9 < at_s < 16) < 0.15
    assert 350_000 < seen.rate_bps(9, 16) < 510_000
    assert seen.rate_bps(21, 24) > 1_200_000


def test_a_narrow_place_without_a_queue_is_told_from_a_radio_that_loses() -> None:
    """There only loss speaks, and sending on beyond it would lose the same share for ever."""
    seen = Rig(Condition("policed", rate_bps=400_000, queue_s=0.02), 1).run(25.0)
    assert 250_000 < seen.rate_bps(10, 25) < 410_000
    assert seen.median_target_bps(10) < 480_000


def test_a_longer_way_is_no_queue() -> None:
    """A telephone that changes its mast is 80 ms further away from then on."""
    rig = Rig(CLEAN, 1)
    rig.at(5, lambda condition: replace(condition, delay_s=condition.delay_s + 0.080))
    assert rig.run(20.0).rate_bps(15, 20) > 1_000_000


def test_a_line_that_has_gone_silent_is_not_filled_further() -> None:
    """After an outage everything that was pushed into it would come first."""
    rig = Rig(CLEAN, 1)
    rig.at(4, lambda condition: replace(condition, loss=1.0))
    rig.at(8, lambda condition: replace(condition, loss=0.0))
    seen = rig.run(18.0)
    assert min(target for at_s, target in seen.targets if 6 < at_s < 8) < 500_000
    assert seen.rate_bps(16, 18) > 1_000_000


def test_the_receivers_word_and_what_was_agreed_are_never_exceeded() -> None:
    """The estimate says what the line takes, not what the other end can take."""
    estimate = Estimate()
    estimate.limit(800_000)
    estimate.take_remb(2_000_000)
    assert estimate.target_bps == 800_000
    estimate.take_remb(300_000)
    assert estimate.target_bps == 300_000
    estimate.take_remb(1)
    assert estimate.target_bps == FLOOR_BPS


def test_without_feedback_loss_in_reports_brings_the_rate_down_and_its_absence_up() -> None:
    """A peer may speak neither transport-cc nor REMB."""
    estimate = Estimate()
    for at_s in range(5):
        estimate.take_report(0.0, 0.05, float(at_s))
    grown_bps = estimate.target_bps
    assert grown_bps > 1.2 * START_BPS
    for at_s in range(5, 10):
        estimate.take_report(0.3, None, float(at_s))
    assert estimate.target_bps < 0.6 * grown_bps
    assert estimate.rtt_s == 0.05
    assert estimate.loss > 0.15
