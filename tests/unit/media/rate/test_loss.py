"""Loss that follows the rate is a full line; loss that does not is the line's own."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from vdx_plugin.media.rate.loss import LossWatch, whole_picture_bps
from vdx_plugin.media.rate.sent import Departure, Outcome

SIZE = 1000


def watched(own_loss: float, limit_bps: float, seed: int = 1) -> LossWatch:
    """Return what is made of a rate that goes up and down between 0.5 and 1.4 Mbit/s for ten seconds."""
    watch, rng, now_s = LossWatch(), random.Random(seed), 0.0
    while now_s < 10.0:
        rate_bps = 500_000 + 900_000 * abs((now_s % 5) / 2.5 - 1)
        now_s += SIZE * 8 / rate_bps
        lost = rng.random() < max(0.0, 1 - limit_bps / rate_bps) or rng.random() < own_loss
        watch.take([Outcome(Departure(0, SIZE, now_s), None if lost else now_s)])
    return watch


@pytest.mark.parametrize("own_loss", [0.0, 0.03])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_line_that_drops_what_is_too_much_is_given_no_more_than_it_takes(own_loss: float, seed: int) -> None:
    """Whatever it loses besides."""
    assert 800_000 <= watched(own_loss, 1_000_000, seed).limit_bps <= 1_150_000


@pytest.mark.parametrize("own_loss", [0.0, 0.02, 0.05, 0.1])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_line_that_loses_by_chance_is_limited_by_what_pictures_bear_alone(own_loss: float, seed: int) -> None:
    """Sending less loses no less there."""
    watch = watched(own_loss, 1e9, seed)
    assert abs(watch.share - own_loss) < 0.05
    assert watch.limit_bps == whole_picture_bps(watch.share)


def test_the_more_is_lost_the_fewer_packets_a_picture_has() -> None:
    """Without steps, so that a share that wavers changes little."""
    limits = [whole_picture_bps(percent / 100) for percent in range(3, 60)]
    assert limits == sorted(limits, reverse=True)
    assert all(later > 0.7 * sooner for sooner, later in pairwise(limits))
