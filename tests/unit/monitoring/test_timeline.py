"""Weeks and months of use, in Danish time."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.unit.monitoring.measured import MARCH, held, use
from vdx_plugin.monitoring.aggregation import Outcome, Period
from vdx_plugin.monitoring.timeline import timeline


def test_a_quiet_week_is_shown_as_such() -> None:
    """A week without a call is news: the pilot was often forgotten in busy weeks."""
    uses = [held(1), use(2), held(3, created_at=datetime(2026, 3, 18, 9, tzinfo=UTC)), held(4, is_test=True)]
    line = timeline(uses, MARCH)
    assert line.by_week
    counts = {stretch.first: stretch.attempts for stretch in line.stretches}
    mondays = [date(2026, 2, 23), date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16), date(2026, 3, 23)]
    assert counts == dict(zip(mondays, [0, 2, 0, 1, 0], strict=True)) | {date(2026, 3, 30): 0}
    assert line.stretches[1].outcomes == {Outcome.VIDEO: 1, Outcome.NOBODY_CAME: 1}


def test_a_year_is_shown_by_month() -> None:
    """Fifty-two bars tell less than twelve."""
    year = Period(datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC))
    line = timeline([], year)
    assert not line.by_week
    assert [stretch.first for stretch in line.stretches] == [date(2026, month, 1) for month in range(1, 13)]


def test_an_evening_call_on_sunday_belongs_to_its_danish_week() -> None:
    """23:30 UTC on a Sunday is Monday morning in Denmark."""
    line = timeline([held(1, created_at=datetime(2026, 3, 8, 23, 30, tzinfo=UTC))], MARCH)
    assert [stretch.first for stretch in line.stretches if stretch.attempts] == [date(2026, 3, 9)]
