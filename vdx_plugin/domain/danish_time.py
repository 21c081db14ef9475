"""Danish wall-clock time: the zone, and what the two nights do on which the clock is changed. Pure.

Everything people see is in this zone, whatever zone the machine is set to: the doctor, the letter and the partner
must read the same figures.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def danish(moment: datetime) -> datetime:
    """Return an aware time by the clock on a Danish wall. Raises ValueError for a time without a zone."""
    if moment.utcoffset() is None:
        raise ValueError("a time needs a zone")
    return moment.astimezone(COPENHAGEN)


def danish_day(moment: datetime) -> date:
    """Return the date in Denmark."""
    return danish(moment).date()


def day_limits(day: date) -> tuple[datetime, datetime]:
    """Return when a Danish day begins and when the next one does, in UTC: 23, 24 or 25 hours apart."""
    begins = datetime.combine(day, time(), COPENHAGEN)
    ends = datetime.combine(day + timedelta(days=1), time(), COPENHAGEN)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def instant_of(day: date, clock: time) -> datetime | None:
    """Return the instant, in UTC, at which a Danish clock shows ``clock`` on ``day``.

    None for a time that the night in March does not have; of one that the night in October has twice, the first.
    """
    if clock.tzinfo is not None:
        raise ValueError("a wall clock shows no zone")
    instant = datetime.combine(day, clock, COPENHAGEN).astimezone(UTC)
    return instant if danish(instant).replace(tzinfo=None) == datetime.combine(day, clock) else None
