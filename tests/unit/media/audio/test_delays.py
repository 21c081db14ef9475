"""How long to wait for late packets."""

from __future__ import annotations

import random

import pytest

from vdx_plugin.media.audio.delays import FORGET, WINDOW_S, FastestLately, Histogram


def test_a_steady_line_needs_hardly_any_wait_and_a_shaky_one_nearly_its_range() -> None:
    """One per cent of lost sound is worth 20 ms, so of 60 ms of even jitter nearly all is waited for."""
    steady, shaky, chance = Histogram(0.03), Histogram(0.03), random.Random(1)
    for _ in range(1000):
        steady.note(0.002)
        shaky.note(0.06 * chance.random())
    assert steady.cheapest_s() <= 0.01
    assert 0.05 <= shaky.cheapest_s() <= 0.06


def test_a_rare_spike_is_not_waited_for() -> None:
    """One packet in two hundred that is 300 ms late would cost everybody 300 ms for half a per cent."""
    histogram = Histogram(0.03)
    for number in range(1000):
        histogram.note(0.3 if number % 200 == 0 else 0.004)
    assert histogram.cheapest_s() <= 0.01


def test_what_never_came_is_no_reason_to_wait() -> None:
    """No wait brings it."""
    histogram = Histogram(0.03)
    for number in range(1000):
        histogram.note(None if number % 5 == 0 else 0.004)
    assert histogram.cheapest_s() <= 0.01
    assert histogram.quantile_s(0.75) <= 0.01


def test_old_jitter_is_forgotten() -> None:
    """The Wi-Fi was bad a minute ago."""
    histogram = Histogram(0.03)
    for _ in range(500):
        histogram.note(0.1)
    assert histogram.cheapest_s() >= 0.1
    for _ in range(1500):
        histogram.note(0.004)
    assert FORGET**1500 < 0.005
    assert histogram.cheapest_s() <= 0.01


def test_a_line_that_became_slower_is_counted_from_its_new_speed() -> None:
    """Packets that are all 80 ms later are not late."""
    histogram = Histogram(0.03)
    histogram.move_origin(10.0)
    for _ in range(500):
        histogram.note(0.004)
    for _ in range(100):
        histogram.note(0.084)
    assert histogram.cheapest_s() >= 0.08
    histogram.move_origin(10.08)
    assert histogram.cheapest_s() <= 0.01


def test_the_fastest_is_the_fastest_of_late() -> None:
    """A clock that runs away, or a longer way, shows within the window."""
    fastest = FastestLately()
    assert fastest.note(0.0, 5.0) == 5.0
    assert fastest.note(1.0, 6.0) == 5.0
    assert fastest.note(1.5, 4.5) == 4.5
    assert fastest.note(2.1 + WINDOW_S, 5.5) == 5.5


@pytest.mark.parametrize("delay_s", [-5.0, 0.0, 1e9])
def test_any_delay_has_its_bin(delay_s: float) -> None:
    """Clocks may be set back, and packets may be a year late."""
    histogram = Histogram(0.03)
    histogram.note(delay_s)
    assert 0 < histogram.cheapest_s() < 1
