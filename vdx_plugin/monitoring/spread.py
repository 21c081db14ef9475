"""Median and 95th percentile of some numbers, and how many there were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """``p50`` and ``p95`` are None when ``n`` is 0. The unit is that of the numbers put in."""

    n: int = 0
    p50: float | None = None
    p95: float | None = None


NOTHING = Spread()


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0..1) of the numbers lie, on a straight line between neighbours.

    The same as PERCENTILE.INC of a spreadsheet, so that a practice can check us. ``ordered`` ascends and is not empty.
    """
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def spread(values: Iterable[float | None]) -> Spread:
    """Return the spread of the values that are there; None means that nothing was measured."""
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return NOTHING
    return Spread(len(ordered), percentile(ordered, 0.5), percentile(ordered, 0.95))
