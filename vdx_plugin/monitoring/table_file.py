"""The figures as a table for spreadsheets and statistics programs: one row a figure, never a column a figure.

Semicolons between fields, because a Danish spreadsheet splits on them; a byte order mark, because it otherwise takes
the text for Windows-1252; a point in decimals whatever the machine's language, because programs read it too. Columns
and figures are described in ``docs/data-dictionary.md``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from vdx_plugin.monitoring.aggregation import Aggregate, Figures, Period
from vdx_plugin.monitoring.catalogue import catalogue


@dataclass(frozen=True, slots=True)
class Row:
    """One value. ``value`` is None where nothing was measured, and where ``held_back`` says so for too few visits."""

    period_start: str
    period_end: str
    scope: str
    """``practices`` for the practices' own table, ``export`` for what may leave them."""
    group: str
    practice: str
    figure: str
    detail: str
    value: float | None
    unit: str
    n: int | None
    held_back: bool = False


def rows_of(aggregate: Aggregate) -> Iterator[Row]:
    """Yield every figure of every group, then failures, then practices."""
    for figures in aggregate.groups:
        yield from figure_rows(figures, aggregate.period, "practices")
        for failure in figures.failures:
            detail = f"{failure.step}/{failure.reason}"
            yield _row(aggregate.period, "practices", figures.group, "failures", failure.count, detail=detail)
    for own in aggregate.practices:
        for key in ("attempts", "meetings", "video", "fallbacks", "minutes"):
            value = {"video": own.succeeded}.get(key, getattr(own, key, None))
            unit = "min" if key == "minutes" else "count"
            yield _row(aggregate.period, "practices", "all", key, value, practice=own.practice, unit=unit)


def figure_rows(figures: Figures, period: Period, scope: str) -> Iterator[Row]:
    """Yield the rows of one group in the order of the catalogue."""
    for figure in catalogue():
        value, n = figure.value(figures), figure.n(figures)
        yield _row(period, scope, figures.group, figure.key, value, unit=figure.unit, n=n)


def write_rows(rows: Iterable[Row], path: Path) -> None:
    """Write the table, replacing an older one."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(field.name for field in fields(Row))
        writer.writerows([_cell(value) for value in astuple(row)] for row in rows)


def _row(
    period: Period,
    scope: str,
    group: str,
    figure: str,
    value: float | None,
    *,
    detail: str = "",
    practice: str = "",
    unit: str = "count",
    n: int | None = None,
) -> Row:
    start, end = period.start.isoformat(), period.end.isoformat()
    return Row(start, end, scope, group, practice, figure, detail, value, unit, n)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        # Four decimals are more than any figure carries; whole numbers show none.
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)
