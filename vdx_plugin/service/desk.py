"""The doctor's desk: the one door through which a window, a command or a clinic system uses the plug-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.measures import StartPath
from vdx_plugin.domain.parties import Partner
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.errors import NotFound, VdxError
from vdx_plugin.ports import (
    AppointmentFiles,
    ContextChange,
    Health,
    IncomingLetter,
    InterpreterCard,
    MediaChoice,
    MessageTexts,
    VideoPicture,
)
from vdx_plugin.service import ending
from vdx_plugin.service.beginning import Beginning
from vdx_plugin.service.correspondence import Correspondence
from vdx_plugin.service.correspondence_view import CorrespondenceView
from vdx_plugin.service.diagnosis import examine
from vdx_plugin.service.open_record import label, merged
from vdx_plugin.service.outside import DeskSettings, Outside
from vdx_plugin.service.partners import Partners
from vdx_plugin.service.self_check import SelfCheck
from vdx_plugin.service.view import DeskView

_log = log.get("service")


class Desk(Beginning):
    """State and commands. Runs on the asyncio thread; listeners are called there and must return at once.

    It is the ``ContextSink`` of all clinic systems. Commands raise nothing that belongs to the user: problems are
    shown as steps, notices or the consultation's ``problem``. ``Refused`` is raised for a command that does not
    fit the moment.
    """

    def __init__(self, outside: Outside, settings: DeskSettings) -> None:
        super().__init__(outside, settings)
        self.partners = Partners(outside.partners, outside.addresses, outside.team_memory)
        self._checks = SelfCheck(outside, settings, self._screen, is_taken=lambda: self._is_taken)
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

    def on_slide(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of what somebody else shows."""
        self._screen.on_slide(listener)

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
        await self._checks.start()
        self._publish()

    async def _look_for_vdx(self) -> None:
        self._screen.change(vdx_reachable=await self._outside.booking.is_reachable())

    async def close(self) -> None:
        """Stop everything. A running consultation stays in the store and is found again."""
        await self._stop_starting()
        if self._session:
            await ending.leave_call(self._session, for_all=False)
        await self._checks.close()
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
        # A click may follow. The first call of the day would otherwise wait for what has to be loaded.
        self._tasks.spawn(self._outside.prepare(), "prepare")

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

    def search_partners(self, text: str) -> Sequence[Partner]:
        """Find partners for the plan as the user types."""
        return self._outside.partners.search(text)

    def new_party_key(self) -> str:
        """Return an opaque key for a party added by hand."""
        return self._outside.new_id().hex[:12]

    async def examine(self) -> None:
        """Answer "Can I reach VDX?" step by step in the view."""
        if not self.view.diagnosis.is_running:
            await examine(self._outside.examiner, self._screen)

    async def check_workplace(self) -> None:
        """Check camera, microphone, speaker and line, and show it."""
        self._checks.choice = self._media
        await self._checks.check()

    async def set_media_choice(self, choice: MediaChoice) -> None:
        """Choose devices; a running call uses them at once, and so does the next check."""
        self._checks.choice = choice
        await super().set_media_choice(choice)

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
