"""What was last heard of meetings, kept in order so that a calendar can be drawn before VDX has answered.

Ten thousand meetings are listed and searched without a visible pause (``python -m tests.bench.booking``).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from vdx_plugin.domain.booked import BookedMeeting

_Key = tuple[float, UUID]
_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


class MeetingShelf:
    """Meetings by id and by start. Holds nothing about patients: no meeting does."""

    def __init__(self) -> None:
        self._meetings: dict[UUID, BookedMeeting] = {}
        self._texts: dict[UUID, str] = {}
        self._order: list[_Key] = []

    def __len__(self) -> int:
        return len(self._meetings)

    def put(self, meeting: BookedMeeting) -> None:
        """Keep a meeting, replacing what was known of it."""
        self.drop(meeting.meeting_id)
        self._meetings[meeting.meeting_id] = meeting
        self._texts[meeting.meeting_id] = "\n".join((meeting.subject, meeting.organised_by, *meeting.labels)).casefold()
        insort(self._order, _key(meeting))

    def drop(self, meeting_id: UUID) -> None:
        """Forget a meeting; an unknown one is fine."""
        old = self._meetings.pop(meeting_id, None)
        if old is not None:
            del self._texts[meeting_id]
            del self._order[bisect_left(self._order, _key(old))]

    def heard(self, start: datetime, end: datetime, meetings: Iterable[BookedMeeting]) -> None:
        """Replace everything that begins in the window by ``meetings``: what is not among them is gone."""
        for old in self.between(start, end):
            self.drop(old.meeting_id)
        for meeting in meetings:
            self.put(meeting)

    def between(self, start: datetime, end: datetime) -> list[BookedMeeting]:
        """Return the meetings that begin in the window, both ends included, oldest first."""
        first = bisect_left(self._order, (start.timestamp(), _FIRST))
        last = bisect_right(self._order, (end.timestamp(), _LAST))
        return [self._meetings[meeting_id] for _at, meeting_id in self._order[first:last]]

    def search(self, wanted: str, *, limit: int = 50) -> list[BookedMeeting]:
        """Return the newest ``limit`` meetings in which every word of ``wanted`` stands, newest first."""
        words = wanted.casefold().split()
        found: list[BookedMeeting] = []
        for _at, meeting_id in reversed(self._order):
            text = self._texts[meeting_id]
            if all(word in text for word in words):
                found.append(self._meetings[meeting_id])
                if len(found) == limit:
                    break
        return found


def _key(meeting: BookedMeeting) -> _Key:
    return meeting.start.timestamp(), meeting.meeting_id
