"""The doctor's desk: the one door through which a window, a command or a clinic system uses the plug-in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.consultation import Consultation, Event, Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.measures import StartPath
from vdx_plugin.domain.parties import InvitationState, Partner
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.domain.plan import Appointment, Plan, default_plan
from vdx_plugin.domain.room import ProvisionStatus
from vdx_plugin.errors import Refused, VdxError
from vdx_plugin.ports import (
    Capability,
    ContextChange,
    InvitationNews,
    MediaChoice,
    MessageKind,
    OutboxState,
    VideoPicture,
)
from vdx_plugin.runtime import Tasks
from vdx_plugin.service import ending, notices, recovery
from vdx_plugin.service.closing import summarise
from vdx_plugin.service.outside import DeskSettings, Outside
from vdx_plugin.service.session import Session
from vdx_plugin.service.story import Story, visit_of
from vdx_plugin.service.view import (
    DeskView,
    Problem,
    Recoverable,
    StepState,
)

_log = log.get("service")

PARTY_KEYS_AHEAD = 10
TRY_AGAIN_AFTER_S = 30.0
TRY_AGAIN_AT_LEAST_EVERY_S = 600.0
_ARRIVED = (OutboxState.ACKNOWLEDGED, OutboxState.ANSWERED, OutboxState.WITHDRAWN)
_TAKEN_DOWN = (
    ProvisionStatus.STARTING_TO_DEPROVISION,
    ProvisionStatus.DEPROVISION_OK,
    ProvisionStatus.DEPROVISION_PROBLEMS,
)


class Desk:
    """State and commands. Runs on the asyncio thread; listeners are called there and must return at once.

    It is the ``AdapterSink`` of all clinic systems. Commands raise nothing that belongs to the user: problems are
    shown as steps, notices or the consultation's ``problem``. ``Refused`` is raised for a command that does not
    fit the moment.
    """

    def __init__(self, outside: Outside, settings: DeskSettings) -> None:
        self._outside = outside
        self._settings = settings
        self._tasks = Tasks()
        self._view = DeskView(settings.environment)
        self._listeners: list[Callable[[DeskView], None]] = []
        self._remote: list[Callable[[VideoPicture], None]] = []
        self._self: list[Callable[[VideoPicture], None]] = []
        self._session: Session | None = None
        self._start: asyncio.Task[None] | None = None
        self._media = MediaChoice()
        self._notices = 0
        self._opened = 0
        self._proposed: tuple[frozenset[str], ClinicContext] | None = None
        self._is_starting = False
        # What ends a consultation is done one at a time: a second press finds what the first has left.
        self._ending = asyncio.Lock()
        self._unfinished: dict[UUID, Consultation] = {}

    # --- looking ------------------------------------------------------------------------------------------------

    @property
    def view(self) -> DeskView:
        """The state now."""
        return self._view

    def on_view(self, listener: Callable[[DeskView], None]) -> Callable[[], None]:
        """Call ``listener`` with every new state; return a function that stops it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_remote_picture(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of the other side, on whatever thread it was decoded."""
        self._remote.append(listener)

    def on_self_picture(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of our own camera."""
        self._self.append(listener)

    def _change_quietly(self, **changes: Any) -> None:
        self._view = replace(self._view, **changes)

    def _change(self, **changes: Any) -> None:
        self._change_quietly(**changes)
        for listener in tuple(self._listeners):
            listener(self._view)

    def _publish(self) -> None:
        session = self._session
        view = session.view() if session else None
        if view and view.steps[0].state is StepState.DONE:
            self._change_quietly(vdx_reachable=True)
        elif view and view.steps[0].problem:
            self._change_quietly(vdx_reachable=view.steps[0].problem.code != "vdx.unreachable")
        shown, bound = self._view.context, view.context if view else None
        other = bool(
            view
            and view.stage not in (Stage.CLOSED, Stage.CANCELLED)
            and shown
            and bound
            and not shown.patient.is_same_person(bound.patient)
        )
        if not other:
            self._forget("context.changed_during_call")
        if view is None or view.stage in (Stage.CLOSED, Stage.CANCELLED):
            self._forget("consultation.running")
        self._change(consultation=view, record_shows_other=other, adapters=tuple(self._outside.systems.statuses()))

    def _remote_picture(self, picture: VideoPicture) -> None:
        for listener in self._remote:
            listener(picture)

    def _self_picture(self, picture: VideoPicture) -> None:
        for listener in self._self:
            listener(picture)

    # --- life of the desk ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what a crash left, start delivery and the clinic systems.

        A store that cannot be read is told, and does not keep the desk from hearing the record.
        """
        try:
            await self._take_stock()
        except VdxError as error:
            _log.error("what a crash left could not be read: %s", error)
            self.notice(error.code, **error.facts)
        self._outside.delivery.start(self._on_news)
        self._tasks.spawn(self._look_for_vdx(), "look-for-vdx")
        await self._outside.systems.start(self)
        await self._load_appointments()
        self._publish()

    async def _look_for_vdx(self) -> None:
        self._change(vdx_reachable=await self._outside.booking.is_reachable())

    async def close(self) -> None:
        """Stop everything. A running consultation stays in the store and is found again."""
        await self._stop_starting()
        if self._session:
            await ending.leave_call(self._session, for_all=False)
        await self._outside.systems.stop()
        await self._outside.delivery.close()
        # Last what was heard until now: no news may be lost, and none may begin after this.
        await self._tasks.finish({"keep-news"})
        await self._tasks.close()

    async def _take_stock(self) -> None:
        now = self._outside.clock.now()
        for row in await self._outside.outbox.recover(now):
            if row.state is OutboxState.UNKNOWN:
                await self._outside.consultations.set_answer(
                    InvitationNews(
                        row.draft.consultation_id, row.draft.party_key, InvitationState.UNKNOWN, now, "invite.unknown"
                    )
                )
        for consultation in await self._outside.consultations.unfinished():
            if consultation.stage is Stage.PLANNED:
                await self._outside.consultations.save(consultation.after(Event.CANCEL_WANTED).after(Event.CANCEL_DONE))
            elif consultation.stage is Stage.CANCELLING:
                session = self._new_session(consultation, StartPath.DOCK)
                self._tasks.spawn(self._finish_cancelling(session), "finish-cancelling")
            else:
                self._unfinished[consultation.id] = consultation
        self._show_unfinished()

    def _show_unfinished(self) -> None:
        self._change(
            recoverable=tuple(
                Recoverable(item.id, item.stage, item.created_at, _label(item.context))
                for item in self._unfinished.values()
            )
        )

    async def _finish_cancelling(self, session: Session, *, wait_s: float = 0.0) -> None:
        """Try until everybody is told and the room is closed, ever more seldom."""
        while not session.consultation.is_finished:
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s or TRY_AGAIN_AFTER_S, TRY_AGAIN_AT_LEAST_EVERY_S)
            try:
                await ending.cancel(session, self._outside, _describe)
            except VdxError as error:
                _log.warning("a consultation could not be called off: %s", error)
        self._change(notices=notices.without(self._view.notices, {"room.not_closed"}))

    def _finish_in_the_background(self, session: Session) -> None:
        self.notice("room.not_closed")
        self._tasks.spawn(self._finish_cancelling(session, wait_s=TRY_AGAIN_AFTER_S), "finish-cancelling")

    # --- AdapterSink --------------------------------------------------------------------------------------------

    def opened(self, context: ClinicContext) -> None:
        """A patient was opened in the record."""
        self._opened += 1
        self._tasks.spawn(self._open(context, self._opened), "context-opened")

    def start_wanted(self, context: ClinicContext) -> None:
        """Start video was clicked inside the record."""
        self._opened += 1
        self._tasks.spawn(self._open_and_start(context, self._opened), "start-wanted")

    def closed(self, reason: ContextChange = ContextChange.CLOSED) -> None:
        """No patient is open any longer; a running consultation goes on."""
        _log.info("context closed (%s)", reason)
        self._opened += 1
        self._change(context=None)
        self._publish()

    def appointments_changed(self) -> None:
        self._tasks.spawn(self._load_appointments(), "load-appointments")

    def patient_merged(self, retired: Identifier, survivor: Identifier) -> None:
        """Two records became one: the open context and an ended consultation's follow the survivor."""
        context = self._view.context
        if context:
            self._change(context=_merged(context, retired, survivor))
        if self._session:
            merged = _merged(self._session.consultation.context, retired, survivor)
            self._session.consultation = replace(self._session.consultation, context=merged)
        self._publish()

    def notice(self, code: str, **facts: str | int) -> None:
        """Show something; the very same is shown once."""
        self._notices += 1
        now = self._outside.clock.now()
        self._change(notices=notices.with_notice(self._view.notices, self._notices, code, facts, now))

    def _forget(self, *codes: str) -> None:
        self._change_quietly(notices=notices.without(self._view.notices, codes))

    async def dismiss_notice(self, notice_id: int) -> None:
        self._change(notices=tuple(n for n in self._view.notices if n.id != notice_id))

    async def _open(self, context: ClinicContext, number: int) -> None:
        """Show the patient, at first with what the record said. A newer opening or closing makes ``number`` old."""
        self._show_context(context, number)
        if not context.patient.is_complete:
            context = await self._outside.systems.complete(context)
            self._show_context(context, number)
        if self._view.record_shows_other and self._session:
            self.notice("context.changed_during_call", patient=_label(self._session.consultation.context))
        await self._load_appointments()

    async def _open_and_start(self, context: ClinicContext, number: int) -> None:
        await self._open(context, number)
        if self._is_open(context):
            await self.start_video(path=StartPath.RECORD_BUTTON)
        else:
            self.notice("context.open_in_record", patient=_label(context))

    def _show_context(self, context: ClinicContext, number: int) -> None:
        if number == self._opened:
            self._change_quietly(context=context)
            self._forget(*notices.MET_BY_AN_OPEN_PATIENT)
            self._publish()

    def _is_open(self, context: ClinicContext) -> bool:
        shown = self._view.context
        return shown is not None and shown.patient.is_same_person(context.patient)

    async def _load_appointments(self) -> None:
        now = self._outside.clock.now()
        day = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        found = await self._outside.systems.appointments(day, day + timedelta(days=1))
        self._change(appointments=tuple(sorted(found, key=lambda item: item.start)))

    async def enable_adapter(self, name: str) -> None:
        """Start an adapter that failed, was paused or was switched off."""
        await self._outside.systems.enable(name)
        await self._load_appointments()
        self._publish()

    async def open_appointment(self, appointment_id: str) -> None:
        """Say how to come to an appointment: which patient is open is for the record to decide, never for a list."""
        chosen = next((item for item in self._view.appointments if item.id == appointment_id), None)
        context = self._view.context
        if chosen and (context is None or context.patient.local_id != chosen.patient_ref):
            self.notice("context.open_in_record", patient=chosen.patient_label)

    # --- planning and starting ------------------------------------------------------------------------------------

    def search_partners(self, text: str) -> Sequence[Partner]:
        """Find partners for the plan as the user types."""
        return self._outside.partners.search(text)

    async def propose_plan(self) -> Plan:
        """Return the plan that one click would carry out. Raises Refused(``context.*``)."""
        context = self._usable_context()
        keys = [self._outside.new_id().hex[:12] for _number in range(PARTY_KEYS_AHEAD)]
        self._proposed = frozenset(keys), context
        return default_plan(
            context, self._appointment_of(context), self._outside.partners.all(), self._outside.clock.now(), keys
        )

    def _is_for_another(self, plan: Plan) -> bool:
        """True when the plan was proposed while another patient was open: it holds that one's address."""
        if self._proposed is None:
            return False
        keys, context = self._proposed
        return any(party.key in keys for party in plan.parties) and not self._is_open(context)

    def new_party_key(self) -> str:
        """Return an opaque key for a party added by hand."""
        return self._outside.new_id().hex[:12]

    def _usable_context(self) -> ClinicContext:
        context = self._view.context
        if context is None:
            raise Refused("context.none")
        if not context.patient.is_complete:
            raise Refused("context.incomplete")
        return context

    def _appointment_of(self, context: ClinicContext) -> Appointment | None:
        own = [
            item
            for item in self._view.appointments
            if item.id == context.appointment_id or item.patient_ref == context.patient.local_id
        ]
        now = self._outside.clock.now()
        return min(own, key=lambda item: abs(item.start - now), default=None)

    async def start_video(self, plan: Plan | None = None, *, path: StartPath = StartPath.DOCK) -> None:
        """Start a consultation with the open patient: the default plan, or the one given."""
        if self._is_starting:
            return
        if self._is_taken:
            self.notice("consultation.running")
            return
        clicked = self._outside.clock.now()
        self._is_starting = True
        try:
            context = await self._confirmed_context()
            plan = plan or await self.propose_plan()
        except Refused as refusal:
            self.notice(refusal.code)
            return
        finally:
            self._is_starting = False
        if not self._is_open(context):
            self.notice("context.open_in_record", patient=_label(context))
            return
        if self._is_for_another(plan):
            self.notice("plan.patient_changed")
            return
        consultation = Consultation(
            self._outside.new_id(), self._outside.new_id(), Stage.PLANNED, context, plan, clicked
        )
        self._session = self._new_session(consultation, path)
        self._publish()
        await self._audit("start", consultation)
        self._run()

    @property
    def _is_taken(self) -> bool:
        return self._session is not None and not self._session.consultation.is_finished

    async def _confirmed_context(self) -> ClinicContext:
        context = self._usable_context()
        if not context.is_stale(self._outside.clock.now()):
            return context
        systems = self._outside.systems
        if systems.can(context.source, Capability.CONFIRM) and await systems.confirm(context):
            return context
        raise Refused("context.stale")

    def _new_session(self, consultation: Consultation, path: StartPath) -> Session:
        story = Story(visit_of(consultation.id), self._outside.clock.now(), path)
        session = Session(
            self._outside,
            self._settings,
            consultation,
            story,
            publish=self._publish,
            on_remote_picture=self._remote_picture,
            on_self_picture=self._self_picture,
        )
        session.media = self._media
        return session

    def _run(self) -> None:
        session = self._running()
        # Beside the booking, which waits for VDX anyway.
        self._tasks.spawn(self._outside.engine.prepare(), "prepare-media")
        self._start = self._tasks.spawn(session.run(), "start-consultation")

    async def retry(self) -> None:
        """Go on with the step that failed; not while the consultation is being ended, nor after."""
        session = self._running()
        if self._start is not None and not await self._has_failed(session, self._start):
            return
        if session.consultation.is_under_way and not self._ending.locked():
            self._run()

    async def _has_failed(self, session: Session, start: asyncio.Task[None]) -> bool:
        """Say whether a start is over, so that it may be tried again.

        A failure is shown before its measures are written: a click in between waits, so that it is not lost.
        """
        if start.done():
            return True
        if session.problem is None:
            return False
        await asyncio.wait({start})
        return self._start is start and session.problem is not None

    async def cancel(self) -> None:
        """Stop starting, or call the consultation off: everybody is told, then the room is closed."""
        session = self._running()
        async with self._ending:
            if not session.consultation.allows(Event.CANCEL_WANTED):
                return
            await self._stop_starting()
            if await self._busy(session, ending.cancel(session, self._outside, _describe)):
                await self._audit("cancel", session.consultation)
            if session.consultation.stage is Stage.CANCELLING:
                self._session = None
                self._finish_in_the_background(session)
                self._publish()

    async def _stop_starting(self) -> None:
        if self._start and not self._start.done():
            self._start.cancel()
            await asyncio.gather(self._start, return_exceptions=True)

    def _running(self) -> Session:
        if self._session is None:
            raise Refused("call.not_found")
        return self._session

    async def _busy(self, session: Session, work: Coroutine[Any, Any, None]) -> bool:
        """Run one command of a consultation; what goes wrong is shown as its problem until a command succeeds."""
        session.commands_running += 1
        self._publish()
        try:
            await work
        except VdxError as error:
            _log.warning("command failed: %s", error)
            session.complain(_describe(error))
            return False
        else:
            session.withdraw_complaint()
            return True
        finally:
            session.commands_running -= 1
            self._publish()

    # --- in the call ------------------------------------------------------------------------------------------------

    async def admit(self, participant_id: str, party_key: str | None = None) -> None:
        """Let a waiting guest in; ``party_key`` says who it is when the link did not."""
        session = self._running()
        if await self._busy(session, session.admit(participant_id, party_key)):
            await self._audit("admit", session.consultation)

    async def put_out(self, participant_id: str) -> None:
        """Disconnect one participant or turn a waiting one away."""
        session = self._running()
        await self._busy(session, session.running_call().put_out(participant_id))

    async def set_lock(self, *, on: bool) -> None:
        session = self._running()
        call = session.running_call()
        if await self._busy(session, call.lock() if on else call.unlock()):
            await self._audit("lock" if on else "unlock", session.consultation)

    async def set_microphone(self, *, on: bool) -> None:
        session = self._running()
        if await self._busy(session, session.running_call().set_microphone(on=on)):
            session.change_call(microphone_on=on)

    async def set_camera(self, *, on: bool) -> None:
        session = self._running()
        if await self._busy(session, session.running_call().set_camera(on=on)):
            session.change_call(camera_on=on)

    async def send_chat(self, text: str) -> None:
        """Send a line to everybody in the room; once sent, the call tells of it as of the others'."""
        session = self._running()
        await self._busy(session, session.running_call().send_chat(text))

    async def set_media_choice(self, choice: MediaChoice) -> None:
        """Choose devices; they are used from the next time media starts."""
        self._media = choice
        if self._session:
            self._session.media = choice

    # --- ending -----------------------------------------------------------------------------------------------------

    async def hang_up(self) -> None:
        """Leave; the others may go on talking until the room's time is up."""
        await self._end(for_all=False)

    async def end_for_all(self) -> None:
        """Put everybody out and close the room."""
        await self._end(for_all=True)

    async def to_phone(self) -> None:
        """Go on by telephone: still one visit, and the fact is recorded."""
        await self._end(for_all=True, by_phone=True)

    async def _end(self, *, for_all: bool, by_phone: bool = False) -> None:
        session = self._running()
        async with self._ending:
            if not session.consultation.is_under_way:
                return
            await self._stop_starting()
            session.story.went_to_phone = by_phone or session.story.went_to_phone
            if await self._busy(session, ending.finish(session, self._outside, for_all=for_all)):
                await self._audit("end", session.consultation)

    async def write_back(self, note: str, fee_code: str | None = None) -> None:
        """Write the note, as edited, into the record of the patient the consultation is bound to."""
        session = self._running()
        async with self._ending:
            if not session.consultation.allows(Event.NOTE_WRITTEN):
                return
            if await self._busy(session, ending.write_back(session, self._outside, note, fee_code)):
                await self._audit("write_back", session.consultation)

    async def decline_note(self) -> None:
        """Close the consultation; what was written stays written."""
        async with self._ending:
            session = self._session
            if session is None:
                return
            await self._busy(session, ending.decline_note(session))
            if session.consultation.is_finished:
                self._session = None
            self._publish()

    # --- invitations ------------------------------------------------------------------------------------------------

    def _on_news(self, news: InvitationNews) -> None:
        self._tasks.spawn(self._outside.consultations.set_answer(news), "keep-news")
        if self._session and self._session.consultation.id == news.consultation_id:
            self._session.hear(news)

    async def resend(self, party_key: str) -> None:
        """Send a party's invitation again unless it has arrived; the receiver tells repeats by the message id."""
        session = self._running()
        now = self._outside.clock.now()
        for row in await self._outside.outbox.of_consultation(session.consultation.id):
            mine = row.draft.party_key == party_key and row.draft.kind is MessageKind.INVITATION
            if mine and row.state not in _ARRIVED:
                await self._outside.outbox.mark(row.draft.key, OutboxState.QUEUED, now, next_attempt_at=now)
                self._on_news(InvitationNews(session.consultation.id, party_key, InvitationState.QUEUED, now))
        self._outside.delivery.wake()

    async def mark_by_phone(self, party_key: str) -> None:
        """The user told the party by telephone: the invitation is settled."""
        session = self._running()
        now = self._outside.clock.now()
        self._on_news(InvitationNews(session.consultation.id, party_key, InvitationState.ANSWERED, now))

    # --- recovery ---------------------------------------------------------------------------------------------------

    async def resume(self, consultation_id: UUID) -> None:
        """Take up a consultation that a crash interrupted: its note if it was over, else its call.

        Raises Unavailable(``store.*``); the consultation is then still among those found.
        """
        if self._is_taken or self._is_starting:
            self.notice("consultation.running")
            return
        consultation = self._take_found(consultation_id)
        if consultation is None:
            return
        session = self._session = self._new_session(consultation, StartPath.DOCK)
        try:
            await recovery.catch_up(session, self._outside)
        except VdxError:
            self._session = None
            self._put_back(consultation)
            raise
        if consultation.stage is Stage.ENDED and consultation.ended_at:
            session.summary = summarise(consultation, session.story, session.parties, consultation.ended_at)
            self._publish()
            return
        if consultation.stage is Stage.READY and await self._room_is_gone(consultation):
            # VDX does not make a room twice for one booking, so the new booking gets a new id.
            fresh = replace(consultation.after(Event.ROOM_LOST), meeting_id=self._outside.new_id(), room=None)
            session.consultation = fresh
        self._run()

    def _take_found(self, consultation_id: UUID) -> Consultation | None:
        consultation = self._unfinished.pop(consultation_id, None)
        self._show_unfinished()
        return consultation

    def _put_back(self, consultation: Consultation) -> None:
        self._unfinished[consultation.id] = consultation
        self._show_unfinished()
        self._publish()

    async def _room_is_gone(self, consultation: Consultation) -> bool:
        try:
            room = await self._outside.booking.lookup(consultation.meeting_id)
        except VdxError:
            return False
        return room is None or room.status in _TAKEN_DOWN

    async def drop(self, consultation_id: UUID) -> None:
        """Call off a consultation that a crash interrupted, or close it if it was over.

        Raises Unavailable(``store.*``); the consultation is then still among those found.
        """
        consultation = self._take_found(consultation_id)
        if consultation is None:
            return
        session = self._new_session(consultation, StartPath.DOCK)
        try:
            await recovery.catch_up(session, self._outside)
            if consultation.stage is Stage.ENDED:
                await ending.decline_note(session)
            else:
                await ending.cancel(session, self._outside, _describe)
        except VdxError:
            self._put_back(session.consultation)
            raise
        await self._audit("drop", session.consultation)
        if not session.consultation.is_finished:
            self._finish_in_the_background(session)

    async def _audit(self, action: str, consultation: Consultation) -> None:
        try:
            user = consultation.context.user.id
            await self._outside.audit.write(self._outside.clock.now(), user, action, consultation.id)
        except VdxError as error:
            _log.warning("audit not written: %s", error)


def _describe(error: VdxError) -> Problem:
    return Problem(error.code, error.facts)


def _label(context: ClinicContext) -> str:
    """Name and year of birth, for the screen only."""
    patient = context.patient
    name = patient.name.full if patient.name else "?"
    return f"{name} (f. {patient.birth_date.year})" if patient.birth_date else name


def _merged(context: ClinicContext, retired: Identifier, survivor: Identifier) -> ClinicContext:
    if retired not in context.patient.identifiers:
        return context
    identifiers = tuple(survivor if item == retired else item for item in context.patient.identifiers)
    return replace(context, patient=replace(context.patient, identifiers=tuple(dict.fromkeys(identifiers))))
