"""What is told of the packets that came, and when."""

from __future__ import annotations

import random

from vdx_plugin.media.rate.arrivals import FASTEST_S, SLOWEST_S, Arrivals
from vdx_plugin.media.rate.feedback import TICK_S, pack
from vdx_plugin.media.rate.numbers import Unwrapper


def taken(*numbers: int, start_s: float = 10.0) -> Arrivals:
    """Return a record of these packets, a millisecond apart."""
    made = Arrivals(77)
    for place, number in enumerate(numbers):
        made.take(number & 0xFFFF, start_s + place / 1000, ssrc=5, size=1000)
    return made


def told(arrivals: Arrivals, now_s: float) -> dict[int, float | None]:
    """Return what the feedback of now says, by number."""
    return {number: at_s for each in arrivals.feedback(now_s) for number, at_s in each.arrivals}


def test_each_packet_is_told_once_with_its_arrival() -> None:
    """The sender counts what is told twice as a late arrival."""
    arrivals = taken(1, 2, 3)
    first = told(arrivals, 10.06)
    assert list(first) == [1, 2, 3]
    assert all(at_s is not None and abs(at_s - (10 + n / 1000 - 0.001)) <= TICK_S for n, at_s in first.items())
    arrivals.take(4, 10.07, ssrc=5, size=100)
    assert list(told(arrivals, 10.2)) == [4]


def test_a_missing_packet_is_told_as_missing_and_as_come_when_it_comes() -> None:
    """On a line that reorders, lost for a moment is not lost."""
    arrivals = taken(1, 3)
    assert told(arrivals, 10.06)[2] is None
    arrivals.take(2, 10.07, ssrc=5, size=100)
    assert told(arrivals, 10.2)[2] is not None


def test_feedback_comes_every_fifty_to_a_hundred_milliseconds() -> None:
    """Slower on a thin stream, so that it keeps to its share of the line."""
    arrivals = taken(1)
    assert arrivals.due_s == 10.0 + FASTEST_S
    assert arrivals.feedback(10.0) == []
    arrivals.feedback(10.1)
    arrivals.take(2, 10.1, ssrc=5, size=10)
    assert arrivals.due_s is not None
    assert FASTEST_S <= arrivals.due_s - 10.1 <= SLOWEST_S + 1e-9


def test_nothing_is_told_while_nothing_comes() -> None:
    """An empty message may not be sent."""
    arrivals = taken(1)
    arrivals.feedback(11.0)
    assert arrivals.feedback(12.0) == []
    assert arrivals.due_s is None


def test_numbers_run_over_and_a_new_beginning_is_no_loss() -> None:
    """Sixteen bits last a minute at a good rate; a sender that restarts jumps."""
    arrivals = taken(65534, 65535, 0, 1)
    assert list(told(arrivals, 10.1)) == [65534, 65535, 0, 1]
    arrivals.take(30_000, 10.2, ssrc=5, size=10)
    assert list(told(arrivals, 10.3)) == [30_000]


def test_a_packet_that_comes_long_after_its_neighbours_were_forgotten_is_told_alone() -> None:
    """The record is short; there is then nothing to tell about those beside it."""
    arrivals = taken(1, 3, 4)
    told(arrivals, 10.1)
    arrivals.take(5, 11.0, ssrc=5, size=10)
    told(arrivals, 11.1)
    arrivals.take(2, 11.2, ssrc=5, size=10)
    assert told(arrivals, 11.3)[2] is not None


def test_any_order_of_numbers_can_be_told() -> None:
    """A hostile sender chooses them; the record stays small and every message can be packed."""
    rng = random.Random(3)
    arrivals, at_s = Arrivals(1), 0.0
    for _ in range(5000):
        at_s += rng.choice([0.0, 0.001, 0.3, 9.0]) if rng.random() < 0.1 else 0.002
        arrivals.take(rng.choice([rng.randrange(0x10000), int(at_s * 500) & 0xFFFF]), at_s, ssrc=1, size=100)
        for feedback in arrivals.feedback(at_s):
            pack(feedback)
    assert len(arrivals._arrivals) < 2000


def test_unwrapping_takes_the_nearest_place() -> None:
    """Forwards over the edge and backwards for a late one."""
    unwrapper = Unwrapper()
    first = unwrapper.unwrap(65535)
    assert [unwrapper.unwrap(n) - first for n in (0, 65534, 5, 32773)] == [1, -1, 6, 6 - 32768]
