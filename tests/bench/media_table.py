"""The table of a media bench: for each condition and direction ours beside Chromium's, medians and spread."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.bench.media_run import Call, Way


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of a direction."""

    title: str
    value: Callable[[Way], float | None]
    form: str = "{:.0f}"


COLUMNS = (
    Column("unreal sound %", lambda way: way.unreal_percent, "{:.1f}"),
    Column("STOI", lambda way: way.stoi, "{:.3f}"),
    Column("sound ms", lambda way: way.sound_ms),
    Column("buffer ms", lambda way: way.buffer_ms),
    Column("freezes", lambda way: way.freezes),
    Column("frozen s", lambda way: way.frozen_s, "{:.1f}"),
    Column("fps", lambda way: way.fps, "{:.1f}"),
    Column("width", lambda way: way.width),
    Column("kbit/s", lambda way: way.kbps),
    Column("ramp s", lambda way: way.ramp_s, "{:.1f}"),
    Column("queue p95 ms", lambda way: way.queue_p95_ms),
    Column("picture ms", lambda way: way.picture_ms),
    Column("lip ms", lambda way: way.lip_ms),
    Column("first ms", lambda way: way.first_picture_ms),
)


def table(calls: Sequence[Call]) -> str:
    """Return the table as Markdown."""
    parts = []
    for number, title in ((0, "Receiving: the same Chromium sends"), (1, "Sending: a Chromium receives")):
        parts += [f"## {title}", "", _head(), *_rows(calls, number), ""]
    return "\n".join([*parts, "## Processor, cores", "", *_costs(calls)])


def _head() -> str:
    titles = ["condition", "end", "calls", *(column.title for column in COLUMNS)]
    return "| " + " | ".join(titles) + " |\n|" + "---|" * len(titles)


def _rows(calls: Sequence[Call], number: int) -> list[str]:
    rows = []
    for condition in dict.fromkeys(call.condition for call in calls):
        for ends in dict.fromkeys(call.ends for call in calls):
            ways = [call.ways[number] for call in calls if (call.condition, call.ends) == (condition, ends)]
            if ways:
                cells = [_cell([column.value(way) for way in ways], column.form) for column in COLUMNS]
                rows.append("| " + " | ".join([condition, ends.split(" - ")[1], str(len(ways)), *cells]) + " |")
    return rows


def _cell(values: Iterable[float | None], form: str) -> str:
    """Return the median, with the least and the most of several."""
    found = [value for value in values if value is not None]
    if not found:
        return "-"
    middle = form.format(statistics.median(found))
    return middle if len(found) == 1 else f"{middle} ({form.format(min(found))}..{form.format(max(found))})"


def _costs(calls: Sequence[Call]) -> list[str]:
    rows = ["| condition | ours | Chromium beside it |", "|---|---|---|"]
    for condition in dict.fromkeys(call.condition for call in calls):
        found = [call.cores for call in calls if call.condition == condition and call.ends.endswith("ours")]
        if found:
            near, far = ([pair[side] for pair in found] for side in (1, 0))
            rows.append(f"| {condition} | {_cell(near, '{:.2f}')} | {_cell(far, '{:.2f}')} |")
    return rows
