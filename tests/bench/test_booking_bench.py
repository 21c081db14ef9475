"""The bench of booking still measures what it says, counted and not timed."""

from __future__ import annotations

from tests.bench import booking
from tests.bench.figures import Figures


async def test_a_start_of_now_is_measured_warm_and_from_nothing() -> None:
    """Each start finds a ready room, or the figure would be that of a cold one."""
    figures = Figures()
    await booking.measure_start(figures, 2, 0)
    assert [(figure.part, len(figure.values)) for figure in figures.all()] == [(booking.part(0), 2)] * 2


def test_lists_are_measured() -> None:
    """With fewer meetings than in earnest."""
    figures = Figures()
    booking.measure_lists(figures, 1, meetings=50)
    assert {len(figure.values) for figure in figures.all()} == {1}
    assert len(figures.all()) == 5
