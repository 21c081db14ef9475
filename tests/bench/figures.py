"""What was measured: values by figure, their spread, the table and the JSON. Pure."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Spread:
    """Of ``n`` values, percentiles between neighbours by linear interpolation."""

    n: int
    median: float
    p10: float
    p90: float
    p95: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of at least one value."""
    if not values:
        raise ValueError("nothing was measured")
    if len(values) == 1:
        only = values[0]
        return Spread(1, only, only, only, only, only, only)
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    return Spread(len(values), statistics.median(values), cuts[1], cuts[17], cuts[18], min(values), max(values))


@dataclass
class Figure:
    """One line of the table. ``unit`` is ms, %, MB, fps or px."""

    part: str
    name: str
    unit: str
    values: list[float] = field(default_factory=list)


class Figures:
    """All figures, in the order in which they were first measured."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Figure] = {}
        self.notes: list[str] = []

    def add(self, part: str, name: str, unit: str, value: float | None) -> None:
        """Add one value; None (did not happen) is left out."""
        if value is not None:
            self._all.setdefault((part, name), Figure(part, name, unit)).values.append(value)

    def note(self, text: str) -> None:
        """Add a line below the table, once."""
        if text not in self.notes:
            self.notes.append(text)

    def all(self) -> list[Figure]:
        """Return the figures."""
        return list(self._all.values())

    def table(self) -> str:
        """Return the figures as text, one part after the other."""
        width = max((len(figure.name) for figure in self.all()), default=0)
        lines: list[str] = []
        for part in dict.fromkeys(figure.part for figure in self.all()):
            title = f"\n{part}"
            lines += [
                title,
                f"{'':{width + 2}} {'unit':>4} {'n':>4} " + _columns("median", "p10", "p90", "p95", "min", "max"),
            ]
            lines += [_line(figure, width) for figure in self.all() if figure.part == part]
        lines += ["", *self.notes]
        return "\n".join(lines)

    def as_json(self, **facts: object) -> str:
        """Return the figures with every single value, and ``facts`` about the run."""
        rows = [
            {"part": f.part, "name": f.name, "unit": f.unit, "values": [round(value, 3) for value in f.values]}
            for f in self.all()
        ]
        return json.dumps({**facts, "figures": rows, "notes": self.notes}, indent=1, ensure_ascii=False)


def _line(figure: Figure, width: int) -> str:
    found = spread(figure.values)
    shown = [_number(value) for value in (found.median, found.p10, found.p90, found.p95, found.least, found.most)]
    return f"  {figure.name:{width}} {figure.unit:>4} {found.n:>4} " + _columns(*shown)


def _columns(*words: str) -> str:
    return " ".join(f"{word:>8}" for word in words)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}"
