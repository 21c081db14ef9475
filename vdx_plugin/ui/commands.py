"""Facts from the windows turned into calls of the desk. What goes wrong comes back as a problem to show."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from PySide6.QtWidgets import QWidget

from vdx_plugin.domain.booked import RoomTemplate
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import AnswerMark, Partner, Party
from vdx_plugin.domain.plan import Plan
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import CallFigures, MediaChoice
from vdx_plugin.service.view import AgendaEntry, WaitingGuest
from vdx_plugin.ui.bridge import Operations
from vdx_plugin.ui.desk_port import DeskPort


class Commands:
    """One method for each thing a user can want. Each returns at once.

    Commands must be carried through even when the window they came from has closed, so their parent is a widget that
    is never shown; only the search belongs to its window. ``failed`` is called on Qt's thread with what went wrong.
    """

    def __init__(self, desk: DeskPort, operations: Operations, failed: Callable[[VdxError], None]) -> None:
        self._desk, self._operations, self._failed = desk, operations, failed
        self._anchor = QWidget()
        self._search = 0
        self._agenda_search = 0

    def run(self, work: Coroutine[Any, Any, Any], *, success: Callable[[Any], None] | None = None) -> None:
        """Carry out ``work``; ``success`` gets its result."""
        self._operations.run(self._anchor, work, success=success or _nothing, failure=self._failed)

    def start(self, plan: Plan | None = None, context: ClinicContext | None = None) -> None:
        self.run(self._desk.start_video(plan, context=context))

    def plan_for_later(self, plan: Plan, context: ClinicContext | None, count: int, every: timedelta) -> None:
        self.run(self._desk.plan_for_later(plan, context=context, count=count, every=every))

    def propose(self, success: Callable[[Plan], None]) -> None:
        self.run(self._desk.propose_plan(), success=success)

    def search(self, window: QWidget, text: str, success: Callable[[Sequence[Partner]], None]) -> None:
        """Search for a window; an earlier search that has not ended is given up."""
        self._operations.cancel(self._search)
        work = self._found(text)
        self._search = self._operations.run(window, work, success=success, failure=self._failed)

    async def _found(self, text: str) -> Sequence[Partner]:
        return self._desk.search_partners(text)

    def load_partners(self, success: Callable[[Sequence[Partner]], None]) -> None:
        """Get the directory's first partners, for the symbols of the day's list."""
        self.run(self._found(""), success=success)

    def cancel(self) -> None:
        self.run(self._desk.cancel())

    def retry(self) -> None:
        self.run(self._desk.retry())

    def admit(self, guest: WaitingGuest, party_key: str | None) -> None:
        self.run(self._desk.admit(guest.participant_id, party_key))

    def put_out(self, participant_id: str) -> None:
        self.run(self._desk.put_out(participant_id))

    def set_lock(self, on: bool) -> None:
        self.run(self._desk.set_lock(on=on))

    def set_microphone(self, on: bool) -> None:
        self.run(self._desk.set_microphone(on=on))

    def set_camera(self, on: bool) -> None:
        self.run(self._desk.set_camera(on=on))

    def send_chat(self, text: str) -> None:
        self.run(self._desk.send_chat(text))

    def hang_up(self) -> None:
        self.run(self._desk.hang_up())

    def end_for_all(self) -> None:
        self.run(self._desk.end_for_all())

    def to_phone(self) -> None:
        self.run(self._desk.to_phone())

    def write_back(self, note: str, fee_code: str) -> None:
        self.run(self._desk.write_back(note, fee_code or None))

    def decline_note(self) -> None:
        self.run(self._desk.decline_note())

    def resume(self, consultation_id: UUID) -> None:
        self.run(self._desk.resume(consultation_id))

    def drop(self, consultation_id: UUID) -> None:
        self.run(self._desk.drop(consultation_id))

    # --- the parties ------------------------------------------------------------------------------------------------

    def invite(self, consultation_id: UUID, party: Party) -> None:
        self.run(self._desk.telling.invite(consultation_id, party))

    def exchange(self, consultation_id: UUID, party_key: str, party: Party) -> None:
        self.run(self._desk.telling.exchange(consultation_id, party_key, party))

    def uninvite(self, consultation_id: UUID, party_key: str) -> None:
        self.run(self._desk.telling.uninvite(consultation_id, party_key))

    def remind(self, consultation_id: UUID, party_key: str | None = None) -> None:
        self.run(self._desk.telling.remind(consultation_id, party_key))

    def tell_delay(self, consultation_id: UUID, minutes: int) -> None:
        self.run(self._desk.telling.tell_delay(consultation_id, minutes))

    def send_anew(self, consultation_id: UUID, party: Party) -> None:
        self.run(self._desk.telling.send_anew(consultation_id, party))

    def resend(self, consultation_id: UUID, party_key: str) -> None:
        self.run(self._desk.telling.resend(consultation_id, party_key))

    def told_by_phone(self, consultation_id: UUID, party_key: str) -> None:
        self.run(self._desk.telling.told_by_phone(consultation_id, party_key))

    def mark_answer(self, consultation_id: UUID, message_id: str, mark: AnswerMark) -> None:
        self.run(self._desk.telling.mark(consultation_id, message_id, mark))

    def undo(self, consultation_id: UUID) -> None:
        self.run(self._desk.telling.undo(consultation_id))

    def dismiss_notice(self, notice_id: int) -> None:
        self.run(self._desk.dismiss_notice(notice_id))

    def choose_media(self, choice: MediaChoice) -> None:
        self.run(self._desk.set_media_choice(choice))

    def check_workplace(self) -> None:
        self.run(self._desk.check_workplace())

    def load_figures(self, window: QWidget, success: Callable[[CallFigures | None], None]) -> None:
        """Get what is measured of the running call for a window."""
        self._operations.run(window, self._desk.call_figures(), success=success, failure=self._failed)

    def devices_changed(self) -> None:
        self.run(self._desk.devices_changed())

    def open_appointment(self, appointment_id: str) -> None:
        self.run(self._desk.open_appointment(appointment_id))

    # --- the calendar -----------------------------------------------------------------------------------------------

    def show_agenda(self, day: date, everyone: bool) -> None:
        self.run(self._desk.show_agenda(day, everyone=everyone))

    def hide_agenda(self) -> None:
        self.run(self._desk.hide_agenda())

    def search_agenda(self, window: QWidget, text: str, success: Callable[[Sequence[AgendaEntry]], None]) -> None:
        """Search for a window; an earlier search that has not ended is given up."""
        self._operations.cancel(self._agenda_search)
        work = self._desk.search_agenda(text)
        self._agenda_search = self._operations.run(window, work, success=success, failure=self._failed)

    def load_templates(self, window: QWidget, success: Callable[[Sequence[RoomTemplate]], None]) -> None:
        """Get the recipes for rooms for a window."""
        self._operations.run(window, self._desk.templates(), success=success, failure=self._failed)

    def move(self, consultation_id: UUID, start: datetime, end: datetime) -> None:
        self.run(self._desk.move(consultation_id, start, end))

    def prolong(self, consultation_id: UUID, end: datetime) -> None:
        self.run(self._desk.prolong(consultation_id, end))

    def retry_scheduled(self, consultation_id: UUID) -> None:
        self.run(self._desk.retry_scheduled(consultation_id))

    def cancel_scheduled(self, consultation_id: UUID) -> None:
        self.run(self._desk.cancel_scheduled(consultation_id))

    def start_scheduled(self, consultation_id: UUID) -> None:
        self.run(self._desk.start_scheduled(consultation_id))

    def examine(self) -> None:
        self.run(self._desk.examine())


def _nothing(_: object) -> None:
    pass
