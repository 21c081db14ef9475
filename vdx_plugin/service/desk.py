"""The doctor's desk: the one door through which a window, a command or a clinic system uses the plug-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.booked import RoomTemplate
from vdx_plugin.domain.consultation import Consultation, Event, Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.measures import StartPath
from vdx_plugin.domain.parties import Partner
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.domain.plan import Plan
from vdx_plugin.errors import NotFound, Refused, VdxError
from vdx_plugin.ports import (
    AppointmentFiles,
    ContextChange,
    Health,
    IncomingLetter,
    InterpreterCard,
    MessageTexts,
    Veto,
    VideoPicture,
)
from vdx_plugin.service import ending, recovery
from vdx_plugin.service.agenda import Agenda, check_time
from vdx_plugin.service.conduct import Conduct
from vdx_plugin.service.correspondence import Correspondence
from vdx_plugin.service.correspondence_view import CorrespondenceView
from vdx_plugin.service.diagnosis import examine
from vdx_plugin.service.open_record import OpenRecord, label, merged
from vdx_plugin.service.outside import DeskSettings, Outside
from vdx_plugin.service.partners import Partners
from vdx_plugin.service.places import InCalendar, Place
from vdx_plugin.service.scheduled import can_begin
from vdx_plugin.service.session import Session
from vdx_plugin.service.unfinished import Unfinished
from vdx_plugin.service.view import AgendaEntry, AgendaView, DeskView, problem_of

_log = log.get("service")


class Desk(Conduct):
    """State and commands. Runs on the asyncio thread; listeners are called there and must return at once.

    It is the ``ContextSink`` of all clinic systems. Commands raise nothing that belongs to the user: problems are
    shown as steps, notices or the consultation's ``problem``. ``Refused`` is raised for a command that does not
    fit the moment.
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
        self.partners = Partners(outside.partners, outside.addresses, outside.team_memory)
        self.correspondence = Correspondence(outside, self.telling, self._place, self._show_correspondence)

    # --- looking ------------------------------------------------------------------------------------------------

    @property
    def view(self) -> DeskView:
        """The state now."""
        return self._screen.view

    def on_view(self, listener: Callable[[DeskView], None]) -> Callable[[], None]:
        """Call ``listener`` with every new state; return a function that stops it."""
        return self._screen.on_view(listener)

    def on_remote_picture(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of the other side, on whatever thread it was decoded."""
        self._screen.on_remote_picture(listener)

    def on_self_picture(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of our own camera."""
        self._screen.on_self_picture(listener)

    def _publish(self) -> None:
        super()._publish()
        self._agenda.follow()

    def _show_agenda(self, agenda: AgendaView) -> None:
        self._screen.change(agenda=agenda)

    def _show_correspondence(self, correspondence: CorrespondenceView) -> None:
        self._screen.change(correspondence=correspondence)

    def _on_told(self, consultation_id: UUID) -> None:
        super()._on_told(consultation_id)
        self._tasks.spawn(self.correspondence.refresh(), "show-correspondence")

    def _on_letter(self, _letter: IncomingLetter) -> None:
        """An answer came that nobody knows the meeting of."""
        self._tasks.spawn(self.correspondence.refresh(), "show-correspondence")

    async def _refresh(self, consultation_id: UUID) -> None:
        await super()._refresh(consultation_id)
        await self.correspondence.refresh()

    async def dismiss_notice(self, notice_id: int) -> None:
        self._screen.dismiss({notice_id})

    # --- life of the desk ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what a crash left, start delivery and the clinic systems.

        A store that cannot be read is told, and does not keep the desk from hearing the record.
        """
        try:
            await self._unfinished.take_stock()
        except VdxError as error:
            _log.error("what a crash left could not be read: %s", error)
            self.notice(error.code, **error.facts)
        self._outside.delivery.start(self._on_news, self._on_letter)
        self._tasks.spawn(self._look_for_vdx(), "look-for-vdx")
        await self._outside.systems.start(self)
        await self._record.load_appointments()
        await self._agenda.start()
        await self.correspondence.refresh()
        self._publish()

    async def _look_for_vdx(self) -> None:
        self._screen.change(vdx_reachable=await self._outside.booking.is_reachable())

    async def close(self) -> None:
        """Stop everything. A running consultation stays in the store and is found again."""
        await self._stop_starting()
        if self._session:
            await ending.leave_call(self._session, for_all=False)
        await self.telling.close()
        await self._agenda.close()
        await self._unfinished.close()
        await self._outside.systems.stop()
        await self._outside.delivery.close()
        # Last what was heard until now: no news may be lost, and none may begin after this.
        await self._tasks.finish({"keep-news"})
        await self._tasks.close()

    # --- ContextSink --------------------------------------------------------------------------------------------

    @property
    def in_call(self) -> bool:
        """Whether a consultation is under way; its patient stays, whatever the record shows. On any thread."""
        session = self._session
        return session is not None and session.consultation.is_under_way

    def opened(self, context: ClinicContext) -> None:
        """A patient was opened in the record."""
        self._tasks.spawn(self._open(context, self._record.turn()), "context-opened")

    def start_wanted(self, context: ClinicContext) -> None:
        """Start video was clicked inside the record."""
        self._tasks.spawn(self._open_and_start(context, self._record.turn()), "start-wanted")

    def closed(self, reason: ContextChange = ContextChange.CLOSED) -> None:
        """No patient is open any longer; a running consultation goes on."""
        _log.info("context closed (%s)", reason)
        self._record.close()

    def appointments_changed(self) -> None:
        self._tasks.spawn(self._record.load_appointments(), "load-appointments")

    def patient_merged(self, retired: Identifier, survivor: Identifier) -> None:
        """Two records became one: the open context and an ended consultation's follow the survivor."""
        self._record.merge(retired, survivor)
        if self._session:
            context = merged(self._session.consultation.context, retired, survivor)
            self._session.consultation = replace(self._session.consultation, context=context)
            self._tasks.spawn(self._outside.consultations.save(self._session.consultation), "keep-merged")
        self._publish()

    async def _open(self, context: ClinicContext, number: int) -> None:
        await self._record.open(context, number)
        if self.view.record_shows_other and self._session:
            self.notice("context.changed_during_call", patient=label(self._session.consultation.context))
        await self._record.load_appointments()
        # A click may follow. The first call of the day would otherwise wait for what media has to load.
        self._tasks.spawn(self._outside.engine.prepare(), "prepare-media")

    async def _open_and_start(self, context: ClinicContext, number: int) -> None:
        await self._open(context, number)
        if self._record.is_open(context):
            await self.start_video(path=StartPath.RECORD_BUTTON)
        else:
            self.notice("context.open_in_record", patient=label(context))

    async def enable_adapter(self, name: str) -> None:
        """Start an adapter that failed, was paused or was switched off."""
        await self._outside.systems.enable(name)
        await self._record.load_appointments()
        self._publish()

    async def disable_adapter(self, name: str) -> None:
        """Stop an adapter and keep it stopped. Raises Unavailable(``store.*``)."""
        await self._outside.systems.disable(name)
        self._publish()

    async def prefer_adapter(self, name: str, *, up: bool) -> None:
        """Let an adapter count one place more, or less. Raises Unavailable(``store.*``)."""
        await self._outside.systems.prefer(name, up=up)
        self._publish()

    async def configure_adapter(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        """Keep an adapter's settings and start it anew. Raises Refused with the field at fault, Unavailable."""
        await self._outside.systems.configure(name, values, secrets)
        await self._record.load_appointments()
        self._publish()

    async def try_adapter(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> Health:
        """Say whether these settings reach the system; nothing is kept. Raises Refused with the field at fault."""
        return await self._outside.systems.try_settings(name, values, secrets)

    async def look_at_adapters(self) -> None:
        """Ask every adapter how it is, for the view."""
        await self._outside.systems.look()
        self._publish()

    async def adapters_report(self) -> str:
        """Return a text for support about every adapter, without anything about a patient."""
        return await self._outside.systems.diagnostics()

    async def open_appointment(self, appointment_id: str) -> None:
        """Say how to come to an appointment: which patient is open is for the record to decide, never for a list."""
        chosen = next((item for item in self.view.appointments if item.id == appointment_id), None)
        context = self.view.context
        if chosen and (context is None or context.patient.local_id != chosen.patient_ref):
            self.notice("context.open_in_record", patient=chosen.patient_label)

    async def examine(self) -> None:
        """Answer "Can I reach VDX?" step by step in the view."""
        if not self.view.diagnosis.is_running:
            await examine(self._outside.examiner, self._screen)

    # --- planning and starting ------------------------------------------------------------------------------------

    def search_partners(self, text: str) -> Sequence[Partner]:
        """Find partners for the plan as the user types."""
        return self._outside.partners.search(text)

    async def propose_plan(self) -> Plan:
        """Return the plan that one click would carry out. Raises Refused(``context.*``)."""
        return await self._record.propose()

    def new_party_key(self) -> str:
        """Return an opaque key for a party added by hand."""
        return self._outside.new_id().hex[:12]

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

    # --- handing over -------------------------------------------------------------------------------------------------

    @property
    def can_text(self) -> bool:
        """Whether text messages can be sent from here."""
        return self._settings.can_text

    @property
    def message_texts(self) -> MessageTexts:
        """The texts of messages to patients and interpreters."""
        return self._outside.message_texts

    async def interpreter_card(self, consultation_id: UUID, party_key: str) -> InterpreterCard:
        """Return what goes into an agency's portal. Raises NotFound(``agenda.gone``), Refused(``room.not_ready``)."""
        consultation = self._known(consultation_id)
        party = next((one for one in consultation.plan.parties if one.key == party_key), None)
        if party is None:
            raise NotFound("agenda.gone")
        return self._outside.exports.interpreter_card(consultation, party, self._outside.clock.now())

    async def export_appointment(self, consultation_id: UUID) -> AppointmentFiles:
        """Return a consultation as files. Raises NotFound(``agenda.gone``)."""
        return self._outside.exports.appointment(self._known(consultation_id), self._outside.clock.now())

    def _known(self, consultation_id: UUID) -> Consultation:
        place = self._place(consultation_id)
        if place is None:
            raise NotFound("agenda.gone")
        return place.consultation

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
        elif self.view.context is not None and not self._record.is_open(consultation.context):
            self.notice("context.open_in_record", patient=label(consultation.context))
        else:
            await self._begin_unless_vetoed(consultation_id, self.view.context or consultation.context)

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
