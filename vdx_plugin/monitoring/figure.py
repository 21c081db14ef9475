"""One figure: its key, unit, name and definition, how it is read off a group, and the kinds there are of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from vdx_plugin.monitoring.aggregation import Figures
from vdx_plugin.monitoring.spread import Spread
from vdx_plugin.texts import _


class Unit(StrEnum):
    COUNT = "count"
    SHARE = "share"
    """0..1 in files, per cent on the page."""
    MS = "ms"
    SECONDS = "s"
    MINUTES = "min"
    MOS = "mos"


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` is None where nothing was measured; ``n`` is the number of visits or parties it rests on."""

    key: str
    unit: Unit
    name: str
    """What is measured, the same for a median and its percentile."""
    label: str
    """The name, and which of its figures this is."""
    definition: str
    value: Callable[[Figures], float | None]
    n: Callable[[Figures], int]


def count(key: str, label: str, definition: str, value: Callable[[Figures], int]) -> Figure:
    """Make a figure that is a number of visits or parties, and rests on that many."""
    return Figure(key, Unit.COUNT, label, label, definition, value, value)


def share(
    key: str, label: str, definition: str, part: Callable[[Figures], int], whole: Callable[[Figures], int]
) -> Figure:
    """Make the figure ``part`` / ``whole``, None where the whole is 0."""

    def value(figures: Figures) -> float | None:
        return part(figures) / whole(figures) if whole(figures) else None

    return Figure(key, Unit.SHARE, label, label, definition, value, whole)


def plain(
    key: str,
    unit: Unit,
    label: str,
    definition: str,
    value: Callable[[Figures], float | None],
    n: Callable[[Figures], int],
) -> Figure:
    """Make a figure of any other kind."""
    return Figure(key, unit, label, label, definition, value, n)


def pair(key: str, unit: Unit, name: str, definition: str, read: Callable[[Figures], Spread]) -> tuple[Figure, Figure]:
    """Make the median and the 95th percentile of one spread."""

    def n(figures: Figures) -> int:
        return read(figures).n

    middle, slow = name + ", " + _("median"), name + ", " + _("95 % inden for")
    return (
        Figure(f"{key}_p50", unit, name, middle, definition, lambda f: read(f).p50, n),
        Figure(f"{key}_p95", unit, name, slow, definition, lambda f: read(f).p95, n),
    )
