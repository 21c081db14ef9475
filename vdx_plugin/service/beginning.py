"""How a consultation comes to run: from the open patient, the calendar or what a crash left; and how it goes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from vdx_plugin.domain.booked import RoomTemplate
from vdx_plugin.domain.consultation import Consultation, Event, Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.measures import StartPath
from vdx_plugin.domain.plan import Plan
from vdx_plugin.errors import Refused, VdxError
from vdx_plugin.ports import Veto
from vdx_plugin.service import ending, recovery
from vdx_plugin.service.agenda import Agenda, check_time
from vdx_plugin.service.conduct import Conduct
from vdx_plugin.service.open_record import OpenRecord, label
from vdx_plugin.service.outside import DeskSettings, Outside
from vdx_plugin.service.places import InCalendar, Place
from vdx_plugin.service.scheduled import can_begin
from vdx_plugin.service.session import Session
from vdx_plugin.service.unfinished import Unfinished
from vdx_plugin.service.view import AgendaEntry, AgendaView, problem_of


class Beginning(Conduct):
    """The one that runs, with the open record, the calendar and the unfinished ones that it may come from.

    Commands raise nothing that belongs to the user but where they say so: what keeps a start back is a notice.
    """

    def __init__(self, outside: Outside, settings: DeskSettings) -> None:
        super().__init__(outside, settings)
        self._record = OpenRecord(outside, self._screen, self._publish, can_text=settings.can_text)
        self._agenda = Agenda(
            outside,
            settings,
            publish=self._show_agenda,
            notice=self.notice,
            running=self._underway,
            undoable=self.telling.undoable,
        )
        self._unfinished = Unfinished(outside, self._screen, self._new_session, self._agenda.takes)
        self._is_starting = False

    def _publish(self) -> None:
        super()._publish()
        self._agenda.follow()

    def _show_agenda(self, agenda: AgendaView) -> None:
        self._screen.change(agenda=agenda)

    # --- planning and starting ------------------------------------------------------------------------------------

    async def propose_plan(self) -> Plan:
        """Return the plan that one click would carry out. Raises Refused(``context.*``)."""
        return await self._record.propose()

    async def start_video(
        self, plan: Plan | None = None, *, context: ClinicContext | None = None, path: StartPath = StartPath.DOCK
    ) -> None:
        """Start a consultation with the open patient: the one booked for now, else the default plan, or the one given.

        ``context`` is the patient a given plan was made for; a plan made for another than is open is not carried out.
        """
        if self._is_starting:
            return
        if self._is_taken:
            self.notice("consultation.running")
            return
        clicked = self._outside.clock.now()
        self._is_starting = True
        try:
            patient = await self._confirmed(plan, context)
            await self._vote_on_launch(patient)
            scheduled = self._agenda.scheduled.near(patient.patient) if plan is None else None
            plan = plan or await self._record.propose()
            if scheduled is None:
                await self._vote_on_booking(patient, plan)
        except Refused as refusal:
            self.notice(refusal.code, **refusal.facts)
            return
        finally:
            self._is_starting = False
        if scheduled is not None:
            await self._begin(scheduled.id, patient, path)
            return
        new_id = self._outside.new_id
        await self._launch(Consultation(new_id(), new_id(), Stage.PLANNED, patient, plan, clicked), path)

    async def _confirmed(self, plan: Plan | None, made_for: ClinicContext | None) -> ClinicContext:
        """Return the open patient, for whom the plan must have been made. Raises Refused."""
        context = await self._record.confirmed()
        if not self._record.is_open(context):
            raise Refused("context.open_in_record", patient=label(context))
        is_for_another = made_for is not None and not self._record.is_open(made_for)
        if is_for_another or (plan is not None and self._record.is_for_another(plan)):
            raise Refused("plan.patient_changed")
        return context

    async def _vote_on_launch(self, context: ClinicContext) -> None:
        """Let plug-ins keep a consultation from starting. Raises Refused with the veto's code."""
        _heed(await self._outside.plugins.check_launch(context, self._outside.clock.now()))

    async def _vote_on_booking(self, context: ClinicContext, plan: Plan) -> None:
        """Let plug-ins keep a room from being booked. Raises Refused with the veto's code."""
        _heed(await self._outside.plugins.before_booking(context, plan))

    async def _launch(self, consultation: Consultation, path: StartPath) -> None:
        self._session = self._new_session(consultation, path)
        self._publish()
        await self._audit("start", consultation)
        self._run()

    async def cancel(self) -> None:
        """Stop starting, or call the consultation off: everybody is told, then the room is closed.

        One that was booked ahead and not entered yet goes back into the calendar instead.
        """
        session = self._running()
        async with self._ending:
            if not session.consultation.allows(Event.CANCEL_WANTED):
                return
            await self._stop_starting()
            if session.consultation.stage is Stage.SCHEDULED:
                await self._step_back(session)
                return
            if await self._busy(session, ending.cancel(session, self._outside, problem_of)):
                await self._audit("cancel", session.consultation)
            self._unfinished.tell_of_untold(session)
            if session.consultation.stage is Stage.CANCELLING:
                self._session = None
                self._unfinished.finish_later(session)
                self._publish()

    # --- the calendar -----------------------------------------------------------------------------------------------

    def check_time(self, start: datetime, end: datetime, organised_by: str = "") -> Mapping[str, str]:
        """Return a sentence for each field of a later booking that is at fault, by VDX's name of it. On any thread."""
        return check_time(self._outside, start, end, organised_by)

    async def show_agenda(self, day: date, *, everyone: bool = False) -> None:
        """Keep the calendar of a Danish day up to date in the view until ``hide_agenda``."""
        await self._agenda.show(day, everyone=everyone)

    async def hide_agenda(self) -> None:
        await self._agenda.hide()

    async def search_agenda(self, text: str) -> Sequence[AgendaEntry]:
        """Find meetings by patient, subject or organiser among those known here."""
        return await self._agenda.search(text)

    async def templates(self) -> Sequence[RoomTemplate]:
        """Return the organisation's recipes for rooms. Raises what VDX raises."""
        return await self._agenda.templates()

    async def plan_for_later(
        self,
        plan: Plan,
        *,
        context: ClinicContext | None = None,
        count: int = 1,
        every: timedelta = timedelta(days=7),
    ) -> None:
        """Book ``plan`` for the open patient, or a series of ``count``, and tell everybody once each room is safe."""
        try:
            patient = await self._confirmed(plan, context)
            await self._vote_on_booking(patient, plan)
        except Refused as refusal:
            self.notice(refusal.code, **refusal.facts)
            return
        if count == 1:
            await self._agenda.plan(patient, plan)
        else:
            await self._agenda.plan_series(patient, plan, count, every)

    async def move(self, consultation_id: UUID, start: datetime, end: datetime) -> None:
        """Give a scheduled consultation, or the one that runs, another time and tell everybody."""
        if self._session is not None and self._session.consultation.id == consultation_id:
            await self._put_off(self._session, start, end)
        else:
            await self._agenda.move(consultation_id, start, end)

    async def _put_off(self, session: Session, start: datetime, end: datetime) -> None:
        async with self._ending:
            if session.consultation.stage not in (Stage.INVITED, Stage.IN_CALL):
                return
            await self._stop_starting()
            if not await self._busy(session, ending.put_off(session, start, end)):
                return
            self._session = None
            self._agenda.put_back(session.consultation)
            self._publish()
        await self._audit("put_off", session.consultation)
        await self._agenda.retry(session.consultation.id)

    async def prolong(self, consultation_id: UUID, end: datetime) -> None:
        """Give a scheduled consultation another end and tell everybody, or the one that runs, which needs no letter."""
        session = self._session
        if session is not None and session.consultation.id == consultation_id:
            await self._busy(session, session.prolong(end))
            self._agenda.saw(session.consultation)
        else:
            await self._agenda.prolong(consultation_id, end)

    async def retry_scheduled(self, consultation_id: UUID) -> None:
        """Take up a booking or a move whose outcome is not known."""
        await self._agenda.retry(consultation_id)

    async def cancel_scheduled(self, consultation_id: UUID) -> None:
        """Tell everybody that a scheduled consultation is off, then give its room back. Raises Unavailable(store.*)."""
        if self._session is not None and self._session.consultation.id == consultation_id:
            await self.cancel()
            return
        consultation = self._agenda.release(consultation_id)
        if consultation is not None:
            done = await self._unfinished.call_off(consultation)
            self._agenda.saw(done)
            await self._audit("cancel", done)

    async def start_scheduled(self, consultation_id: UUID) -> None:
        """Begin a scheduled consultation, near its time, unless the record shows somebody else."""
        consultation = self._agenda.scheduled.items.get(consultation_id)
        if self._is_taken or self._is_starting:
            self.notice("consultation.running")
        elif consultation is None or not can_begin(consultation, self._outside.clock.now()):
            self.notice("agenda.not_now")
        elif self._screen.view.context is not None and not self._record.is_open(consultation.context):
            self.notice("context.open_in_record", patient=label(consultation.context))
        else:
            await self._begin_unless_vetoed(consultation_id, self._screen.view.context or consultation.context)

    async def _begin_unless_vetoed(self, consultation_id: UUID, context: ClinicContext) -> None:
        try:
            await self._vote_on_launch(context)
        except Refused as refusal:
            self.notice(refusal.code, **refusal.facts)
        else:
            await self._begin(consultation_id, context, StartPath.CALENDAR)

    async def _begin(self, consultation_id: UUID, context: ClinicContext, path: StartPath) -> None:
        consultation = self._agenda.release(consultation_id)
        if consultation is None:
            return
        session = self._session = self._new_session(replace(consultation, context=context), path)
        try:
            await recovery.catch_up(session, self._outside)
        except VdxError as error:
            self._session = None
            self._agenda.put_back(consultation)
            self.notice(error.code, **error.facts)
            return
        self._publish()
        await self._audit("start", consultation)
        self._run()

    async def _step_back(self, session: Session) -> None:
        """Leave a scheduled consultation as it was: nobody has been told anything new."""
        await ending.leave_call(session, for_all=False)
        self._session = None
        self._agenda.put_back(session.consultation)
        self._publish()

    def _place(self, consultation_id: UUID) -> Place | None:
        if consultation_id in self._agenda.scheduled.items:
            return InCalendar(self._agenda, consultation_id)
        return super()._place(consultation_id)

    # --- recovery ---------------------------------------------------------------------------------------------------

    async def resume(self, consultation_id: UUID) -> None:
        """Take up a consultation that a crash interrupted: its note if it was over, else its call.

        Raises Unavailable(``store.*``); the consultation is then still among those found.
        """
        if self._is_taken or self._is_starting:
            self.notice("consultation.running")
            return
        consultation = self._unfinished.take(consultation_id)
        if consultation is None:
            return
        session = self._session = self._new_session(consultation)
        try:
            await recovery.catch_up(session, self._outside)
        except VdxError:
            self._session = None
            self._unfinished.put_back(consultation)
            self._publish()
            raise
        if consultation.stage is Stage.ENDED and consultation.ended_at:
            session.summary = await ending.summarised(session, self._outside, consultation.ended_at)
            self._publish()
            return
        if consultation.stage is Stage.READY and await recovery.room_is_gone(consultation, self._outside):
            # VDX does not make a room twice for one booking, so the new booking gets a new id.
            fresh = replace(consultation.after(Event.ROOM_LOST), meeting_id=self._outside.new_id(), room=None)
            session.consultation = fresh
        self._run()

    async def drop(self, consultation_id: UUID) -> None:
        """Call off a consultation that a crash interrupted, or close it if it was over.

        Raises Unavailable(``store.*``); the consultation is then still among those found.
        """
        consultation = self._unfinished.take(consultation_id)
        if consultation is not None:
            await self._audit("drop", await self._unfinished.call_off(consultation))


def _heed(veto: Veto | None) -> None:
    if veto is not None:
        refusal = Refused(veto.code)
        refusal.facts = dict(veto.facts)
        raise refusal
