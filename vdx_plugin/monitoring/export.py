"""What may leave the practices: aggregates in which no cell rests on fewer than five visits. Pure, but for the file.

A cell is held back when it, or what it leaves of its whole, counts one to four: of 20 attempts, 18 on video tells of
two that were not. Outcomes and line classes add up to a whole that is shown, so when the cells held back together
would still come to fewer than five, or are only one, the next smallest goes with them. Groups overlap (a visit with a
hospital and an interpreter is in both), so they give no sum to work backwards from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from vdx_plugin.domain.measures import PartyMeasure, UseMeasure
from vdx_plugin.monitoring.aggregation import Aggregate, Figures, Period, aggregate
from vdx_plugin.monitoring.figure import Unit
from vdx_plugin.monitoring.table_file import Row, figure_rows, write_rows
from vdx_plugin.monitoring.timeline import first_and_last_day

FEWEST = 5

_OUTCOMES = ("video", "phone", "failed", "nobody_came", "broken_off")
_LINES = ("line_good", "line_fair", "line_poor", "line_unmeasured")
_INTERPRETERS = ("interpreter_came", "interpreter_by_phone", "interpreter_absent")
_ADDS_UP = (("attempts", _OUTCOMES), ("meetings", _LINES), ("interpreter_ordered", _INTERPRETERS))
_REST_TELLS = (
    ("meetings", "attempts", "meetings"),
    ("meetings", "meetings", "video"),
    ("fallbacks", "fallbacks", "phone"),
    ("no_shows", "expected_parties", "no_shows"),
    ("interpreter_late", "interpreter_came", "interpreter_late"),
)
"""(held back, whole, part): the first goes when the whole less the part counts one to four."""

_GIVES_AWAY = {
    "success_share": {"video"},
    "video_share": {"video", "phone", "failed"},
    "contact_share": {"video", "phone", "failed"},
    "no_show_share": {"no_shows"},
    "interpreter_absent_share": {"interpreter_absent"},
    "minutes_per_meeting": {"meetings"},
    **{line: {"meetings"} for line in _LINES},
}
"""Figures from which a count that is held back could be worked out, beside the others."""


def write_export(uses: Iterable[UseMeasure], parties: Iterable[PartyMeasure], out_dir: Path, period: Period) -> Path:
    """Write ``vdx-export-<first day>-<last day>.csv`` into ``out_dir`` (made if missing) and return its path."""
    out_dir.mkdir(parents=True, exist_ok=True)
    first, last = first_and_last_day(period)
    path = out_dir / f"vdx-export-{first:%Y%m%d}-{last:%Y%m%d}.csv"
    write_rows(export_rows(aggregate(uses, parties, period)), path)
    return path


def export_rows(figures: Aggregate) -> list[Row]:
    """Return the rows that may leave: all practices together, groups as they are, small cells emptied and marked."""
    return [row for group in figures.groups for row in _safe_rows(group, figures.period)]


def _safe_rows(figures: Figures, period: Period) -> list[Row]:
    rows = list(figure_rows(figures, period, "export"))
    hidden = _hidden_counts({row.figure: int(row.value or 0) for row in rows if row.unit == Unit.COUNT})
    return [_without_n(row, held_back=row.figure in hidden or _tells_more(row, hidden)) for row in rows]


def _hidden_counts(counts: Mapping[str, int]) -> set[str]:
    hidden = {key for key, count in counts.items() if _tells(count)}
    hidden |= {key for key, whole, part in _REST_TELLS if _tells(counts[whole] - counts[part])}
    for whole, parts in _ADDS_UP:
        hidden |= _hidden_parts(counts[whole], {part: counts[part] for part in parts})
    return hidden


def _tells(count: int) -> bool:
    return 0 < count < FEWEST


def _hidden_parts(whole: int, parts: Mapping[str, int]) -> set[str]:
    """Return the parts of a sum that must be held back so that none of fewer than five can be worked out."""
    hidden = {part for part, count in parts.items() if _tells(count) or (count and _tells(whole - count))}
    smallest_first = sorted((part for part in parts if part not in hidden and parts[part]), key=parts.__getitem__)
    while hidden and smallest_first and _tells(sum(parts[part] for part in hidden)):
        hidden.add(smallest_first.pop(0))
    return hidden


def _tells_more(row: Row, hidden: set[str]) -> bool:
    """True for a figure that rests on few visits, or from which a small or hidden count could be worked out."""
    if row.n is not None and _tells(row.n):
        return True
    if row.unit == Unit.SHARE and row.value is not None and row.n:
        part = round(row.value * row.n)
        if _tells(part) or _tells(row.n - part):
            return True
    return not hidden.isdisjoint(_GIVES_AWAY.get(row.figure, ()))


def _without_n(row: Row, *, held_back: bool) -> Row:
    # The number a figure rests on is often a count that is itself held back elsewhere.
    return replace(row, value=None if held_back else row.value, n=None, held_back=held_back)
