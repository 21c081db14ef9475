"""What VDX has said of each day, and which of its meetings are consultations of ours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from vdx_plugin.domain.booked import BookedMeeting
from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.danish_time import day_limits
from vdx_plugin.service.agenda_entries import Heard
from vdx_plugin.service.outside import Outside

AT_MOST_EVERY = timedelta(seconds=15)
"""Each day that is asked about costs VDX five requests."""


class Hearing:
    """``consultations`` are those recognised by their meeting's label, by meeting id; None for somebody else's."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._days: dict[date, Heard] = {}
        self.consultations: dict[UUID, Consultation | None] = {}

    def of(self, day: date) -> Heard | None:
        """Return what was last heard of a day."""
        return self._days.get(day)

    def forget(self, day: date) -> None:
        """What was heard of a day is out of date."""
        self._days.pop(day, None)

    async def ask(self, day: date, now: datetime) -> None:
        """Ask VDX about a day, unless it was asked just now. Raises as ``MeetingBook``, Unavailable(``store.*``)."""
        before = self._days.get(day)
        if before is not None and now - before.at < AT_MOST_EVERY:
            return
        meetings, (start, end) = self._outside.meetings, day_limits(day)
        mine = await meetings.own(start, end, everyone=False)
        found = {one.meeting_id: one for one in meetings.known(start, end) if one.start < end}
        statuses = await meetings.statuses(start, end)
        await self._recognise(found.values())
        self._days[day] = Heard(now, found, frozenset(one.meeting_id for one in mine), statuses)

    async def _recognise(self, meetings: Iterable[BookedMeeting]) -> None:
        """Find our own among the meetings, so that those begun or over have a patient's name as well."""
        for meeting in meetings:
            kept = self.consultations.get(meeting.meeting_id)
            if kept is None or not kept.is_finished:
                self.consultations[meeting.meeting_id] = await self._labelled(meeting)

    async def _labelled(self, meeting: BookedMeeting) -> Consultation | None:
        for label in meeting.labels:
            try:
                consultation_id = UUID(label)
            except ValueError:
                continue
            # Also for the meeting it was booked as before it was booked anew: that one is over, and no second entry.
            found = await self._outside.consultations.get(consultation_id)
            if found is not None:
                return found
        return None
