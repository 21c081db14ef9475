"""What was last heard of meetings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from vdx_plugin.booking.shelf import MeetingShelf
from vdx_plugin.domain.booked import BookedMeeting

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def meeting(number: int, *, hours: float = 0, subject: str = "Samtale", label: str = "") -> BookedMeeting:
    start = NOON + hours * HOUR
    return BookedMeeting(UUID(int=number), subject, start, start + HOUR, "læge@klinik.example", (label,))


def shelf(*meetings: BookedMeeting) -> MeetingShelf:
    filled = MeetingShelf()
    for one in meetings:
        filled.put(one)
    return filled


def numbers(found: list[BookedMeeting]) -> list[int]:
    return [one.meeting_id.int for one in found]


def test_a_window_has_both_its_ends_and_is_in_order() -> None:
    """As VDX counts."""
    filled = shelf(meeting(3, hours=2), meeting(1), meeting((1 << 128) - 1, hours=1), meeting(4, hours=3))
    assert numbers(filled.between(NOON, NOON + 2 * HOUR)) == [1, (1 << 128) - 1, 3]


def test_a_meeting_that_moved_stands_once() -> None:
    """Else the calendar would show both times."""
    filled = shelf(meeting(1))
    filled.put(meeting(1, hours=5))
    assert filled.between(NOON, NOON + HOUR) == []
    assert len(filled) == 1


def test_what_is_no_longer_heard_of_is_gone() -> None:
    """A colleague called it off."""
    filled = shelf(meeting(1), meeting(2), meeting(3, hours=9))
    filled.heard(NOON, NOON + HOUR, [meeting(2)])
    assert numbers(filled.between(NOON - HOUR, NOON + 10 * HOUR)) == [2, 3]


def test_a_search_finds_every_word_anywhere_newest_first() -> None:
    """Subject, organiser and label, in any letters."""
    filled = shelf(
        meeting(1, subject="Kontrol"), meeting(2, hours=1, label="sag-7"), meeting(3, hours=2, subject="Ny KONTROL")
    )
    assert numbers(filled.search("kontrol LÆGE@klinik")) == [3, 1]
    assert numbers(filled.search("sag-7")) == [2]
    assert numbers(filled.search("kontrol", limit=1)) == [3]
    assert filled.search("findes ikke") == []


def test_a_renamed_meeting_is_found_by_its_new_name_only() -> None:
    """The text for searching is made anew."""
    filled = shelf(meeting(1))
    filled.put(replace(meeting(1), subject="Andet"))
    assert filled.search("samtale") == []
    assert numbers(filled.search("andet")) == [1]


def test_dropping_the_unknown_is_fine() -> None:
    """A cancel may be repeated."""
    shelf().drop(UUID(int=9))
