"""What a sender is told that understands only its receiver's estimate."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable

import pytest

from vdx_plugin.media.rate.remb import FIRST_BPS, MOST_BPS, Remb


def told(line: Callable[[float, int], float], *, bps: float, seconds: float = 10.0, clock_s: float = 0.0) -> list[int]:
    """Return what is told of packets sent at a steady rate that arrive when ``line`` says."""
    remb, found, now_s = Remb(), [], 0.0
    while now_s < seconds:
        now_s += 1200 * 8 / bps
        stamp = int((clock_s + now_s) * (1 << 18)) & 0xFFFFFF
        bps_told = remb.take(stamp, 1200, line(now_s, 1200))
        if bps_told is not None:
            found.append(bps_told)
    return found


def test_the_first_word_is_high_and_a_clean_line_keeps_it_so() -> None:
    """A browser takes what it hears in its first two seconds for its rate."""
    found = told(lambda at_s, _: at_s + 0.03, bps=2_000_000)
    assert found[0] >= 0.97 * FIRST_BPS
    assert found[-1] == MOST_BPS
    assert 8 <= len(found) <= 12


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_jitter_is_seldom_taken_for_a_queue(seed: int) -> None:
    """The estimate that came with aiortc fell to a half of it, and stayed there for half a minute."""
    rng = random.Random(seed)
    found = told(lambda at_s, _: at_s + 0.03 + rng.uniform(0, 0.06), bps=1_500_000, seconds=20.0)
    assert min(found) > 1_000_000
    assert statistics.median(found) > 1_300_000


def test_a_queue_that_grows_is_told_at_once() -> None:
    """A line of 800 kbit/s under 1.5 Mbit/s of pictures; what is told is what drains it."""
    free_s = 0.0

    def narrow(at_s: float, size: int) -> float:
        nonlocal free_s
        free_s = max(at_s, free_s) + size * 8 / 800_000
        return free_s + 0.03

    found = told(narrow, bps=1_500_000, seconds=2.0)
    assert min(found) < 800_000


def test_the_time_stamp_wraps_each_minute() -> None:
    """It has six bits of seconds."""
    assert min(told(lambda at_s, _: at_s, bps=2_000_000, clock_s=60.0)[1:]) > FIRST_BPS
