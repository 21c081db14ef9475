"""Another time at VDX, so that no link to the old time lives on.

A room that VDX has not made yet moves with its meeting: until shortly before the new time nobody can dial it. One that
is made stays up, whatever becomes of the meeting's start (facts on VDX, 3.6), and its links would let guests in at the
old time. Such a meeting is booked anew, the old room is closed, and only then is anybody told of the new link.

The new booking's id follows from the old one and the time, so that whatever the program died in, it is the same
booking that is taken up. It is called off with its consultation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid5

from vdx_plugin import log
from vdx_plugin.domain.booked import EditOutcome, MeetingEdit, MeetingField
from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.room import MeetingDraft, ProvisionStatus, Room, RoomFault, fault_of
from vdx_plugin.errors import NotFound, Refused
from vdx_plugin.service.outside import Outside

_log = log.get("service.moving")

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Moved:
    """The consultation at the time and in the room VDX has now; ``is_done`` is False where it kept the old time."""

    consultation: Consultation
    is_done: bool


def booking_after(meeting_id: UUID, start: datetime) -> UUID:
    """Return the id of the booking that takes the place of ``meeting_id`` when it is moved to ``start``."""
    return uuid5(meeting_id, f"{whole(start):%Y%m%dT%H%M%SZ}")


async def move_at_vdx(
    consultation: Consultation, outside: Outside, draft: Callable[[Consultation], MeetingDraft]
) -> Moved:
    """Do what ``moving_to`` wishes. May be repeated. Raises as ``MeetingBook``; nobody may be told then."""
    if consultation.moving_to is None:
        raise ValueError("nothing is to be moved")
    start = whole(consultation.moving_to[0])
    if start != whole(consultation.plan.start) and await _is_made(consultation, outside):
        return await _booked_anew(consultation, outside, draft)
    outcome = await _edited(consultation, outside)
    meeting, plan = outcome.meeting, consultation.plan
    at = replace(plan, start=meeting.start.astimezone(UTC), end=meeting.end.astimezone(UTC))
    return Moved(replace(consultation, plan=at, moving_to=None), is_done=not outcome.kept)


async def _is_made(consultation: Consultation, outside: Outside) -> bool:
    """True unless VDX still waits with the room; also for one that an earlier attempt has closed."""
    try:
        room = await outside.meetings.room(consultation.meeting_id)
    except NotFound:
        return True
    return room.status is not ProvisionStatus.AWAITS_PROVISION


async def _booked_anew(
    consultation: Consultation, outside: Outside, draft: Callable[[Consultation], MeetingDraft]
) -> Moved:
    start, end = (whole(moment) for moment in consultation.moving_to or ())
    plan = replace(consultation.plan, start=start, end=end)
    meeting_id = booking_after(consultation.meeting_id, start)
    fresh = replace(consultation, meeting_id=meeting_id, plan=plan, moving_to=None, room=None)
    await outside.meetings.book(draft(fresh))
    room = await outside.meetings.room(meeting_id)
    try:
        refuse_unsafe(room)
    except Refused:
        await outside.meetings.cancel(meeting_id, outside.clock.now())
        raise
    _log.info("meeting %s is booked anew as %s, and its old room closed", consultation.meeting_id, meeting_id)
    await outside.meetings.cancel(consultation.meeting_id, outside.clock.now())
    return Moved(replace(fresh, room=room), is_done=True)


async def _edited(consultation: Consultation, outside: Outside) -> EditOutcome:
    """Ask for the new time. Where VDX takes only the end, the meeting must not become longer: it is put back."""
    meetings, meeting_id, old = outside.meetings, consultation.meeting_id, consultation.plan
    wished, end = consultation.moving_to or (old.start, old.end)
    start = wished if whole(wished) != whole(old.start) else None
    outcome = await meetings.edit(meeting_id, MeetingEdit(start=start, end=end))
    if MeetingField.START not in outcome.kept or whole(outcome.meeting.end) == whole(old.end):
        return outcome
    back = await meetings.edit(meeting_id, MeetingEdit(end=old.end))
    return replace(back, kept=outcome.kept)


async def give_back(consultation: Consultation, outside: Outside) -> None:
    """Close the room, and the one that a move had begun to book. Raises as ``MeetingBook``."""
    now = outside.clock.now()
    if consultation.moving_to is not None:
        await outside.meetings.cancel(booking_after(consultation.meeting_id, consultation.moving_to[0]), now)
    if consultation.is_for_later:
        await outside.meetings.cancel(consultation.meeting_id, now)
    else:
        await outside.booking.close(consultation.meeting_id, now)


def refuse_unsafe(room: Room) -> None:
    """Raise Refused(``room.*``) for a room that nobody may be invited to; one not made yet is fine."""
    fault = fault_of(room)
    if fault not in (None, RoomFault.NOT_READY):
        raise Refused(str(fault))


def whole(moment: datetime) -> datetime:
    """VDX keeps no fractions of a second."""
    return moment.astimezone(UTC).replace(microsecond=0)
