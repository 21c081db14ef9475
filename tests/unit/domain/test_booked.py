"""Outcomes of changes, and series across the change of summer time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from vdx_plugin.domain.booked import BookedMeeting, MeetingEdit, MeetingField, occurrences, outcome_of

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
START = datetime(2026, 10, 19, 7, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
MEETING = BookedMeeting(uuid4(), "Samtale", START, START + HALF_HOUR, "Laege@klinik.example")
WEEK = timedelta(days=7)


def test_a_change_that_was_taken_is_complete() -> None:
    """The same instant in another zone, and the same address in other letters, are the same."""
    wished = MeetingEdit(start=START + WEEK, organised_by="LAEGE@klinik.example")
    after = replace(MEETING, start=(START + WEEK).astimezone(COPENHAGEN))
    assert outcome_of(MEETING, wished, after).is_complete


def test_what_was_kept_and_what_moved_unasked_are_told_apart() -> None:
    """One needs a new booking, the other a word to the colleague."""
    after = replace(MEETING, organised_by="anden@klinik.example")
    outcome = outcome_of(MEETING, MeetingEdit(start=START + WEEK), after)
    assert outcome.kept == {MeetingField.START}
    assert outcome.moved == {MeetingField.ORGANISER}
    assert not outcome.is_complete


def walls(first: datetime, count: int, every: timedelta = WEEK) -> list[str]:
    return [
        f"{start.astimezone(COPENHAGEN):%d %H:%M}"
        for start, _end in occurrences(first, HALF_HOUR, count, every, COPENHAGEN)
    ]


def test_nine_o_clock_stays_nine_o_clock_over_the_change_of_summer_time() -> None:
    """A series added up in UTC would be an hour late from the last Sunday of October on."""
    assert walls(START, 3) == ["19 09:00", "26 09:00", "02 09:00"]
    times = occurrences(START, HALF_HOUR, 2, WEEK, COPENHAGEN)
    assert times[1][0] - times[0][0] == WEEK + timedelta(hours=1)
    assert all(end - start == HALF_HOUR for start, end in times)


def test_a_time_that_a_night_in_march_lacks_is_an_hour_later() -> None:
    """02:30 does not exist on 28 March 2027."""
    assert walls(datetime(2027, 3, 27, 1, 30, tzinfo=UTC), 3, timedelta(days=1)) == ["27 02:30", "28 03:30", "29 02:30"]


def test_of_a_time_that_comes_twice_the_first_is_taken() -> None:
    """02:30 comes twice on 25 October 2026."""
    times = occurrences(datetime(2026, 10, 24, 0, 30, tzinfo=UTC), HALF_HOUR, 2, timedelta(days=1), COPENHAGEN)
    assert times[1][0] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "every", "first"),
    [
        (0, WEEK, START),
        (2, timedelta(hours=5), START),
        (2, timedelta(days=1.5), START),
        (2, WEEK, START.replace(tzinfo=None)),
    ],
)
def test_what_is_no_series_is_our_own_mistake(count: int, every: timedelta, first: datetime) -> None:
    """The form offers whole days and at least one appointment."""
    with pytest.raises(ValueError, match="series"):
        occurrences(first, HALF_HOUR, count, every, COPENHAGEN)


def test_a_meeting_does_not_print_its_subject_or_people() -> None:
    """Nothing of it belongs in a log."""
    assert "Samtale" not in repr(MEETING)
    assert "klinik" not in repr(MEETING)
