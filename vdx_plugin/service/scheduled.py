"""The consultations of the calendar, and what is done to one of them: book, tell, move, let lapse.

Each step is written down before it is tried and is harmless to try twice, so that whatever the program died in can be
taken up from the store: a booking under its own uuid, a move by the wish kept with the consultation. Nobody is told
before the room is booked and safe, nor of a new time before VDX has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from vdx_plugin.domain.booked import MeetingEdit
from vdx_plugin.domain.consultation import Consultation, EndReason, Event, Stage
from vdx_plugin.domain.patients import Patient
from vdx_plugin.domain.room import MeetingDraft, Room, fault_of
from vdx_plugin.errors import NotFound, Unavailable, VdxError
from vdx_plugin.ports import OutboxDraft
from vdx_plugin.service.drafting import Drafting, Span
from vdx_plugin.service.kept import by_hand, read, write_news
from vdx_plugin.service.moving import move_at_vdx, refuse_unsafe, whole
from vdx_plugin.service.outside import DeskSettings, Outside

EARLIEST_START = timedelta(minutes=30)
"""So long before its time a scheduled consultation may be begun."""
GRACE = timedelta(hours=1)
"""So long after its time it may still be begun; then it lapses."""


class Scheduled:
    """``items`` are those that wait for their time, by id. All methods run on the asyncio thread."""

    def __init__(self, outside: Outside, settings: DeskSettings) -> None:
        self._outside = outside
        self._settings = settings
        self.items: dict[UUID, Consultation] = {}

    # --- looking ----------------------------------------------------------------------------------------------------

    def near(self, patient: Patient) -> Consultation | None:
        """Return the consultation of that patient whose time is now, the nearest of several."""
        now = self._outside.clock.now()
        theirs = [one for one in self.items.values() if can_begin(one, now)]
        theirs = [one for one in theirs if one.context.patient.is_same_person(patient)]
        return min(theirs, key=lambda one: abs(one.plan.start - now), default=None)

    def draft(self, consultation: Consultation) -> MeetingDraft:
        """Return what VDX is asked for."""
        plan = consultation.plan
        return MeetingDraft(
            consultation.meeting_id,
            plan.start,
            plan.end,
            label=str(consultation.id),
            project_code=self._settings.project_code,
            organised_by=plan.organised_by or None,
            own_pins=True,
        )

    # --- booking ----------------------------------------------------------------------------------------------------

    async def begin(self, consultation: Consultation) -> None:
        """Write down that it is going to be booked. Raises Unavailable(``store.*``)."""
        await self.keep(consultation.after(Event.BOOKING_STARTED))

    async def book(self, consultation_id: UUID) -> None:
        """Book what was begun, or take up where it stands, and tell everybody. Raises as ``MeetingBook.book``."""
        consultation = self.items[consultation_id]
        if consultation.stage is Stage.BOOKING:
            await self._outside.meetings.book(self.draft(consultation))
        await self.tell(consultation_id)

    async def tell(self, consultation_id: UUID) -> None:
        """Read the room of a booked meeting back, and invite everybody to it."""
        consultation = self.items[consultation_id]
        if consultation.stage is Stage.BOOKING:
            room = await self._outside.meetings.room(consultation.meeting_id)
            refuse_unsafe(room)
            consultation = await self.keep(replace(consultation, room=room).after(Event.ROOM_READY))
        drafts = await self._letters(consultation, None)
        await self.keep(consultation.after(Event.SCHEDULED), drafts)

    async def give_up(self, consultation_id: UUID, problem: str) -> None:
        """Take a booking that VDX refused out of the calendar; a room that cannot be made safe is given back."""
        consultation = self.items.pop(consultation_id).after(Event.CANCEL_WANTED)
        await self._outside.consultations.save(consultation)
        if problem.startswith("room."):
            await self._outside.meetings.cancel(consultation.meeting_id, self._outside.clock.now())
        await self._outside.consultations.save(consultation.after(Event.CANCEL_DONE))

    # --- moving -----------------------------------------------------------------------------------------------------

    async def wish(self, consultation_id: UUID, start: datetime, end: datetime) -> None:
        """Write down that it is going to be moved. Raises Unavailable(``store.*``)."""
        consultation = replace(self.items[consultation_id], moving_to=(whole(start), whole(end)))
        await self.keep(consultation.after(Event.SCHEDULED))

    async def move(self, consultation_id: UUID) -> bool:
        """Move to the time that was wished for, and tell everybody; False where VDX kept the old one.

        Raises Unavailable when it is not known what came of it: the wish stays, to be tried again. Raises other
        errors when VDX said no: the wish is given up.
        """
        consultation = self.items[consultation_id]
        if consultation.moving_to is None:
            return True
        try:
            moved = await move_at_vdx(consultation, self._outside, self.draft)
        except Unavailable:
            raise
        except VdxError:
            await self.keep(replace(consultation, moving_to=None).after(Event.SCHEDULED))
            raise
        now, old = moved.consultation.plan, consultation.plan
        is_same = (whole(now.start), whole(now.end)) == (whole(old.start), whole(old.end))
        drafts = [] if is_same else await self._letters(moved.consultation, (old.start, old.end))
        await self.keep(moved.consultation.after(Event.SCHEDULED), drafts)
        return moved.is_done

    # --- beginning and lapsing --------------------------------------------------------------------------------------

    async def lapse(self) -> list[Consultation]:
        """Close what nobody began in its time, and return those that were to be moved and never were.

        One that is to be moved waits for the later of its two times. Raises Unavailable(``store.*``).
        """
        now, unmoved = self._outside.clock.now(), []
        for one in [each for each in self.items.values() if each.stage is Stage.SCHEDULED]:
            if over_at(one) + GRACE < now:
                closed = replace(one, ended_at=now, end_reason=EndReason.NO_SHOW).after(Event.LAPSED)
                await self._outside.consultations.save(closed)
                del self.items[one.id]
                unmoved += [one] if one.moving_to is not None else []
        return unmoved

    def overdue(self) -> list[Consultation]:
        """Return those that are still to be moved although their old time is past: nobody knows the new one."""
        return [one for one in self.items.values() if is_overdue(one, self._outside.clock.now())]

    # --- telling ----------------------------------------------------------------------------------------------------

    async def _letters(self, consultation: Consultation, old: Span | None) -> list[OutboxDraft]:
        """Build one message for each party that gets one, and write down who gets none."""
        kept = await read(consultation, self._outside)
        drafting = Drafting(self._outside, consultation, kept.rows, kept.letters)
        parties = consultation.plan.parties
        said = drafting.invite(parties) if old is None else drafting.move(parties, old)
        await write_news(self._outside, [*said.failed, *by_hand(consultation, said.by_hand, self._outside)])
        return said.drafts

    async def keep(self, consultation: Consultation, drafts: Sequence[OutboxDraft] = ()) -> Consultation:
        """Write a consultation of the calendar down with its new messages. Raises Unavailable(``store.*``)."""
        await self._outside.consultations.save(consultation, drafts)
        self.items[consultation.id] = consultation
        if drafts:
            self._outside.delivery.wake()
        return consultation


def over_at(consultation: Consultation) -> datetime:
    """Return when its time is past, that which it is to be moved to included."""
    wished = consultation.moving_to or (consultation.plan.start, consultation.plan.end)
    return max(consultation.plan.end, wished[1])


def is_overdue(consultation: Consultation, now: datetime) -> bool:
    """True for one that is still to be moved although its old time is past."""
    return consultation.moving_to is not None and consultation.plan.end <= now


def can_begin(consultation: Consultation, now: datetime) -> bool:
    """True while the doctor may begin a scheduled consultation: from shortly before its time until an hour after."""
    plan, is_settled = consultation.plan, consultation.moving_to is None
    in_time = plan.start - EARLIEST_START <= now <= plan.end + GRACE
    return consultation.stage is Stage.SCHEDULED and is_settled and in_time


async def awaited_room(consultation: Consultation, outside: Outside, project_code: str) -> Room:
    """Wait until the room of a scheduled consultation can be dialled; one begun early is asked for at once.

    Raises NotFound(``room.gone``) when VDX has taken the room down, and as ``RoomBooking.book``.
    """
    plan, meeting_id = consultation.plan, consultation.meeting_id
    room = await outside.booking.lookup(meeting_id)
    if room is None or room.is_taken_down:
        raise NotFound("room.gone")
    if fault_of(room) is None:
        return room
    now = whole(outside.clock.now())
    # VDX makes a room only shortly before the start, so the start has to come to us. The answer tells what it has:
    # an earlier attempt may have moved it, and a booking is taken up only under its own time.
    edit = MeetingEdit(start=now) if plan.start > now else MeetingEdit()
    meeting = (await outside.meetings.edit(meeting_id, edit)).meeting
    draft = MeetingDraft(meeting_id, meeting.start, meeting.end, label=str(consultation.id), project_code=project_code)
    return await outside.booking.book(draft, lambda _status: None)
