"""Meetings booked for later: what is known of one, what may be changed, and what really was.

VDX answers 200 to a change that it drops, so a change has an outcome of its own: which fields kept their old value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from vdx_plugin.domain.secret import Secret


class MeetingField(StrEnum):
    """A field of a meeting by the name VDX gives it."""

    SUBJECT = "subject"
    START = "startTime"
    END = "endTime"
    ORGANISER = "organizedByEmail"


@dataclass(frozen=True, slots=True)
class BookedMeeting:
    """A meeting as VDX knows it; the room is asked for on its own. Times are instants, to the second."""

    meeting_id: UUID
    subject: str
    start: datetime
    end: datetime
    organised_by: str = ""
    labels: tuple[str, ...] = ()
    short_link: Secret | None = None

    def __repr__(self) -> str:
        return f"BookedMeeting({self.meeting_id})"


@dataclass(frozen=True, slots=True)
class MeetingEdit:
    """What to change; None leaves a field as it is."""

    start: datetime | None = None
    end: datetime | None = None
    subject: str | None = None
    organised_by: str | None = None


@dataclass(frozen=True, slots=True)
class EditOutcome:
    """What became of a change, read back.

    ``kept`` are fields that were to change and did not; ``moved`` are fields that changed although nobody asked.
    """

    meeting: BookedMeeting
    kept: frozenset[MeetingField] = frozenset()
    moved: frozenset[MeetingField] = frozenset()

    @property
    def is_complete(self) -> bool:
        """True when everything asked for was done and nothing else."""
        return not self.kept and not self.moved


def outcome_of(before: BookedMeeting, edit: MeetingEdit, after: BookedMeeting) -> EditOutcome:
    """Compare what was, what was wished and what is. Times are the same when they are the same second."""
    kept, moved = set(), set()
    for field, old, wished, new in _rows(before, edit, after):
        if wished is not None and not _same(new, wished):
            kept.add(field)
        elif wished is None and not _same(new, old):
            moved.add(field)
    return EditOutcome(after, frozenset(kept), frozenset(moved))


Value = datetime | str
_Row = tuple[MeetingField, Value, Value | None, Value]


def _rows(before: BookedMeeting, edit: MeetingEdit, after: BookedMeeting) -> list[_Row]:
    return [
        (MeetingField.SUBJECT, before.subject, edit.subject, after.subject),
        (MeetingField.START, before.start, edit.start, after.start),
        (MeetingField.END, before.end, edit.end, after.end),
        (MeetingField.ORGANISER, before.organised_by, edit.organised_by, after.organised_by),
    ]


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime):
        return int(one.timestamp()) == int(other.timestamp())
    return str(one).casefold() == str(other).casefold()


class Cancelled(StrEnum):
    """How a meeting was called off."""

    DELETED = "deleted"
    """It had no room yet and is gone without trace."""
    ENDED = "ended"
    """Its room was made already, so its end was moved to now."""
    GONE = "gone"
    """It was not there, or on its way out."""


@dataclass(frozen=True, slots=True)
class SeriesItem:
    """One appointment of a series: booked, or the problem code that stopped it."""

    start: datetime
    meeting: BookedMeeting | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RoomTemplate:
    """A recipe for rooms of the own organisation. ``is_safe``: rooms made from it get both PINs."""

    id: int
    is_safe: bool
    is_default: bool = False
    is_pool: bool = False
    ready_before: timedelta = timedelta(0)
    max_participants: int | None = None


def occurrences(
    start: datetime, length: timedelta, count: int, every: timedelta, zone: ZoneInfo
) -> tuple[tuple[datetime, datetime], ...]:
    """Return ``count`` times (start, end) in UTC, ``every`` some whole days apart by the clock on the wall of ``zone``.

    Nine o'clock stays nine o'clock when summer time begins or ends. A time that a night in March does not have is an
    hour later that day; of one that a night in October has twice, the first is taken. Raises ValueError.
    """
    if count < 1 or every < timedelta(days=1) or every % timedelta(days=1) or start.utcoffset() is None:
        raise ValueError("a series has at least one appointment, whole days apart, at an aware time")
    wall = start.astimezone(zone).replace(tzinfo=None)
    starts = [(wall + index * every).replace(tzinfo=zone).astimezone(UTC) for index in range(count)]
    return tuple((one, one + length) for one in starts)
