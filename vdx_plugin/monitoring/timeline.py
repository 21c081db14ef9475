"""How use goes over time: one row a week, or a month when the period is long. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from vdx_plugin.domain.danish_time import danish_day
from vdx_plugin.domain.measures import UseMeasure
from vdx_plugin.monitoring.aggregation import Outcome, Period, outcome_of

_WEEKS_AT_MOST = 27
_DAY = timedelta(days=1)


def first_and_last_day(period: Period) -> tuple[date, date]:
    """Return the first and the last day of the period in Danish time, both within it."""
    just_before_end = period.end - timedelta(microseconds=1)
    return danish_day(period.start), danish_day(just_before_end)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A week or month that starts on ``first``, in Danish time, and what its attempts came to."""

    first: date
    outcomes: Mapping[Outcome, int]

    @property
    def attempts(self) -> int:
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Timeline:
    by_week: bool
    stretches: tuple[Stretch, ...]


def timeline(uses: Iterable[UseMeasure], period: Period) -> Timeline:
    """Return every week (from Monday) or month that the period touches, empty ones too, oldest first."""
    first, last = first_and_last_day(period)
    by_week = (last - first).days <= _WEEKS_AT_MOST * 7
    counts: dict[date, Counter[Outcome]] = {start: Counter() for start in _starts(first, last, by_week=by_week)}
    for use in uses:
        if use.created_at in period and not use.is_test:
            day = danish_day(use.created_at)
            counts[_start_of(day, by_week=by_week)][outcome_of(use)] += 1
    return Timeline(by_week, tuple(Stretch(start, outcomes) for start, outcomes in counts.items()))


def _start_of(day: date, *, by_week: bool) -> date:
    return day - day.weekday() * _DAY if by_week else day.replace(day=1)


def _starts(first: date, last: date, *, by_week: bool) -> Iterable[date]:
    start = _start_of(first, by_week=by_week)
    while start <= last:
        yield start
        start = _start_of(start + (7 if by_week else 31) * _DAY, by_week=by_week)
