"""Drawings for the report, as SVG text that goes straight into the page.

Every drawing stands beside a table with the same numbers, so it is hidden from screen readers and need not say it
all. No window system is touched: figures are made without pyplot and written by the SVG backend. Same data, same
text: no date and no random ids get in.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK = "#16212b"
QUIET = "#4f5d6a"
LINE = "#d9dfe5"
ACCENT = "#0a5c88"
WARNING = "#5f3c00"
PAPER = "#ffffff"

_ROW_IN = 0.42
_WIDTH_IN = 7.2
_STYLE = {
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",  # text stays text: it can be searched, scales with the page and takes its font
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": INK,
    "hatch.color": PAPER,
    "hatch.linewidth": 1.2,
}


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a stacked plot: a name for the legend and one number for each row."""

    name: str
    values: Sequence[float]
    colour: str
    hatch: str = ""
    """Told apart without colour, in print and by the colour-blind."""


@dataclass(frozen=True, slots=True)
class Range:
    """A row from the median to the 95th percentile, with a goal for the latter where there is one."""

    name: str
    p50: float
    p95: float
    goal: float | None = None


def shares(rows: Sequence[str], series: Sequence[Series], *, key: str) -> str:
    """Draw a bar to 100 % for each row, split by series, with its count at the end. Rows without any are left out."""
    sums = [sum(each.values[index] for each in series) for index in range(len(rows))]
    kept = [index for index, total in enumerate(sums) if total]
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": key}):
        drawing, axes = _canvas(len(kept) * _ROW_IN + 0.75)
        left = [0.0] * len(kept)
        for each in series:
            widths = [100 * each.values[index] / sums[index] for index in kept]
            axes.barh(
                range(len(kept)),
                widths,
                left=left,
                height=0.62,
                color=each.colour,
                hatch=each.hatch,
                edgecolor=PAPER,
                linewidth=0.8,
                label=each.name,
            )
            for row, (start, width) in enumerate(zip(left, widths, strict=True)):
                _inside(axes, row, start, width, round(each.values[kept[row]]), each)
            left = [start + width for start, width in zip(left, widths, strict=True)]
        for row, index in enumerate(kept):
            axes.text(101.5, row, f"n = {sums[index]:.0f}", va="center", color=QUIET)
        axes.set_yticks(range(len(kept)), [rows[index] for index in kept])
        axes.set_xlim(0, 112)
        axes.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
        axes.invert_yaxis()
        _plain(axes, grid="x")
        _legend(axes, len(series))
        return _svg(drawing)


def columns(labels: Sequence[str], series: Sequence[Series], *, key: str) -> str:
    """Draw a stacked column for each label, oldest first."""
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": key}):
        drawing, axes = _canvas(2.9)
        below = [0.0] * len(labels)
        for each in series:
            axes.bar(
                range(len(labels)),
                each.values,
                bottom=below,
                width=0.72,
                color=each.colour,
                hatch=each.hatch,
                edgecolor=PAPER,
                linewidth=0.8,
                label=each.name,
            )
            below = [low + value for low, value in zip(below, each.values, strict=True)]
        every = max(1, -(-len(labels) // 14))
        axes.set_xticks(range(0, len(labels), every), list(labels)[::every])
        axes.set_xlim(-0.6, max(len(labels), 6) - 0.4)
        axes.set_ylim(0, max(*below, 4) * 1.08)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        _plain(axes, grid="y")
        _legend(axes, len(series))
        return _svg(drawing)


def ranges(rows: Sequence[Range], *, unit: str, goal_name: str, key: str) -> str:
    """Draw a line from the median (filled) to the 95th percentile (ring) for each row, with the goal as a tick."""
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": key}):
        drawing, axes = _canvas(len(rows) * 0.5 + 0.65)
        for row, each in enumerate(rows):
            axes.plot([each.p50, each.p95], [row, row], color=ACCENT, linewidth=3, solid_capstyle="round")
            axes.plot(each.p50, row, "o", color=ACCENT, markersize=9)
            axes.plot(
                each.p95, row, "o", markerfacecolor=PAPER, markeredgecolor=ACCENT, markeredgewidth=2, markersize=9
            )
            if each.goal is not None:
                axes.plot([each.goal] * 2, [row - 0.36, row + 0.36], color=WARNING, linewidth=2)
                axes.text(each.goal, row - 0.42, goal_name, ha="center", va="bottom", color=WARNING, fontsize=8.5)
        furthest = max(max(each.p95, each.goal or 0) for each in rows)
        axes.set_xlim(0, furthest * 1.08)
        axes.set_ylim(len(rows) - 0.5, -0.75)
        axes.set_yticks(range(len(rows)), [each.name for each in rows])
        axes.set_xlabel(unit, loc="right")
        _plain(axes, grid="x")
        return _svg(drawing)


def bars(rows: Sequence[tuple[str, float, str]], *, key: str) -> str:
    """Draw a plain bar for each (name, number, what to write at its end)."""
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": key}):
        drawing, axes = _canvas(len(rows) * _ROW_IN + 0.3)
        longest = max(number for _, number, _ in rows)
        axes.barh(range(len(rows)), [number for _, number, _ in rows], height=0.6, color=ACCENT)
        for row, (_, number, note) in enumerate(rows):
            axes.text(number + longest * 0.015, row, note, va="center", color=INK)
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
        axes.set_ylim(len(rows) - 0.45, -0.55)
        axes.set_xlim(0, longest * 1.3)
        axes.set_xticks([])
        _plain(axes, grid=None)
        return _svg(drawing)


def _canvas(height_in: float) -> tuple[Figure, Axes]:
    drawing = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
    return drawing, drawing.add_subplot()


def _inside(axes: Axes, row: int, start: float, width: float, count: int, series: Series) -> None:
    # Narrower than this the number would run over its neighbours; the table has it.
    if width < 6:
        return
    colour, box = _upon(series.colour), None
    if series.hatch:
        colour, box = INK, {"facecolor": PAPER, "edgecolor": "none", "boxstyle": "round,pad=0.2"}
    axes.text(start + width / 2, row, str(count), ha="center", va="center", color=colour, fontsize=9, bbox=box)


def _upon(colour: str) -> str:
    """Return ink or paper, whichever is easier to read on the colour (relative luminance as in WCAG 2.1)."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return PAPER if luminance < 0.18 else INK


def _plain(axes: Axes, *, grid: Literal["x", "y"] | None) -> None:
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color=LINE, linewidth=0.8)


def _legend(axes: Axes, entries: int) -> None:
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=entries, frameon=False, handlelength=1.0, handleheight=1.0,
        columnspacing=1.2, borderaxespad=0.2, fontsize=9,
    )  # fmt: skip


def _svg(drawing: Figure) -> str:
    buffer = io.StringIO()
    drawing.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    for pattern, instead in _FOR_THE_PAGE:
        text = pattern.sub(instead, text, count=0)
    return text


_FOR_THE_PAGE = (
    # Who made it and its style sheet, which would hold for the whole page.
    (re.compile(r"<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL), ""),
    # Groups are called axes_1 in every drawing, and an id may stand only once on a page.
    (re.compile(r' id="[a-zA-Z0-9.]+_[0-9]+"'), ""),
    # A fixed size in points would neither shrink on a narrow page nor grow with the text.
    (re.compile(r'(<svg[^>]*?) width="[^"]*"'), r'\1 aria-hidden="true" focusable="false"'),
    (re.compile(r'(<svg[^>]*?) height="[^"]*"'), r"\1"),
)
