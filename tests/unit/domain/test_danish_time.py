"""Danish wall-clock time on ordinary days and on the two on which the clock is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from vdx_plugin.domain.danish_time import danish, danish_day, day_limits, instant_of


@pytest.mark.parametrize(
    ("day", "clock", "instant"),
    [
        (date(2026, 10, 24), time(9, 0), datetime(2026, 10, 24, 7, 0, tzinfo=UTC)),
        (date(2026, 10, 25), time(9, 0), datetime(2026, 10, 25, 8, 0, tzinfo=UTC)),
        (date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (date(2027, 3, 27), time(9, 0), datetime(2027, 3, 27, 8, 0, tzinfo=UTC)),
        (date(2027, 3, 28), time(9, 0), datetime(2027, 3, 28, 7, 0, tzinfo=UTC)),
        (date(2027, 3, 28), time(2, 30), None),
    ],
)
def test_a_time_on_the_wall_is_one_instant_or_none(day: date, clock: time, instant: datetime | None) -> None:
    """Of the hour that October has twice the first counts; the hour that March lacks cannot be booked."""
    assert instant_of(day, clock) == instant
    if instant is not None:
        assert (danish(instant).date(), danish(instant).time()) == (day, clock)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 24), 24), (date(2026, 10, 25), 25), (date(2027, 3, 28), 23)]
)
def test_a_day_of_changed_clocks_is_shorter_or_longer(day: date, hours: int) -> None:
    """A calendar that counts 24 hours loses a meeting late that evening."""
    begins, ends = day_limits(day)
    assert ends - begins == timedelta(hours=hours)
    assert danish_day(begins) == day
    assert danish_day(ends - timedelta(seconds=1)) == day


def test_the_zone_of_the_machine_does_not_matter() -> None:
    """A server in another zone must not move the day."""
    late = datetime(2026, 7, 1, 18, 30, tzinfo=timezone(timedelta(hours=-4)))
    assert danish_day(late) == date(2026, 7, 2)


def test_a_time_without_a_zone_is_a_mistake_of_ours() -> None:
    """It would silently take the machine's zone."""
    with pytest.raises(ValueError, match="zone"):
        danish(datetime.combine(date(2026, 7, 1), time(12, 0)))
    with pytest.raises(ValueError, match="zone"):
        instant_of(date(2026, 7, 1), time(12, 0, tzinfo=UTC))
