"""What the windows ask of the desk (``service``). Every coroutine runs on the asyncio thread; errors are ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.booked import RoomTemplate
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import Partner
from vdx_plugin.domain.plan import Plan
from vdx_plugin.ports import (
    AppointmentFiles,
    CallFigures,
    Health,
    InterpreterCard,
    MediaChoice,
    MessageTexts,
    VideoPicture,
)
from vdx_plugin.service.view import AgendaEntry, DeskView
from vdx_plugin.ui.correspondence_port import CorrespondencePort
from vdx_plugin.ui.partners_port import PartnersPort
from vdx_plugin.ui.room_port import RoomPort
from vdx_plugin.ui.telling_port import TellingPort

Unsubscribe = Callable[[], None]


class DeskPort(Protocol):
    """The desk as the user interface sees it."""

    @property
    def telling(self) -> TellingPort:
        """What can be done with the parties of a consultation."""
        ...

    @property
    def view(self) -> DeskView:
        """The newest state; a frozen value, so it may be read from any thread."""
        ...

    def on_view(self, listener: Callable[[DeskView], None]) -> Unsubscribe:
        """Call ``listener`` with each new state, on the asyncio thread, until unsubscribed. Called on that thread."""
        ...

    def on_remote_picture(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of the other side, on any thread."""
        ...

    def on_self_picture(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of our own camera, on any thread."""
        ...

    def on_slide(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of what somebody else shows, on any thread."""
        ...

    @property
    def room(self) -> RoomPort:
        """What can be done in the room beyond its door."""
        ...

    def new_party_key(self) -> str:
        """Return an opaque key for a party added by hand. May be called on any thread."""
        ...

    @property
    def partners(self) -> PartnersPort:
        """The directory of partners."""
        ...

    @property
    def correspondence(self) -> CorrespondencePort:
        """What did not get through, and answers without a meeting."""
        ...

    def search_partners(self, text: str) -> Sequence[Partner]:
        """Find partners by name, role or place, as typed. Called on the asyncio thread."""
        ...

    async def propose_plan(self) -> Plan: ...

    async def start_video(self, plan: Plan | None = None, *, context: ClinicContext | None = None) -> None:
        """``context`` is the patient that ``plan`` was made for."""
        ...

    def check_time(self, start: datetime, end: datetime, organised_by: str = "") -> Mapping[str, str]:
        """Return a sentence for each field of a later booking that is at fault. May be called on any thread."""
        ...

    async def plan_for_later(
        self,
        plan: Plan,
        *,
        context: ClinicContext | None = None,
        count: int = 1,
        every: timedelta = timedelta(days=7),
    ) -> None: ...

    async def show_agenda(self, day: date, *, everyone: bool = False) -> None: ...

    async def hide_agenda(self) -> None: ...

    async def search_agenda(self, text: str) -> Sequence[AgendaEntry]: ...

    async def templates(self) -> Sequence[RoomTemplate]: ...

    async def move(self, consultation_id: UUID, start: datetime, end: datetime) -> None: ...

    async def prolong(self, consultation_id: UUID, end: datetime) -> None: ...

    async def retry_scheduled(self, consultation_id: UUID) -> None: ...

    async def cancel_scheduled(self, consultation_id: UUID) -> None: ...

    async def start_scheduled(self, consultation_id: UUID) -> None: ...

    @property
    def can_text(self) -> bool:
        """Whether text messages can be sent from here. On any thread."""
        ...

    @property
    def message_texts(self) -> MessageTexts:
        """The texts of messages; read and checked on any thread."""
        ...

    async def interpreter_card(self, consultation_id: UUID, party_key: str) -> InterpreterCard: ...

    async def export_appointment(self, consultation_id: UUID) -> AppointmentFiles: ...

    async def examine(self) -> None: ...

    async def cancel(self) -> None: ...

    async def retry(self) -> None: ...

    async def admit(self, participant_id: str, party_key: str | None) -> None: ...

    async def put_out(self, participant_id: str) -> None: ...

    async def set_lock(self, *, on: bool) -> None: ...

    async def set_microphone(self, *, on: bool) -> None: ...

    async def set_camera(self, *, on: bool) -> None: ...

    async def send_chat(self, text: str) -> None: ...

    async def hang_up(self) -> None: ...

    async def end_for_all(self) -> None: ...

    async def to_phone(self) -> None: ...

    async def write_back(self, note: str, fee_code: str | None) -> None: ...

    async def decline_note(self) -> None: ...

    async def resume(self, consultation_id: UUID) -> None: ...

    async def drop(self, consultation_id: UUID) -> None: ...

    async def dismiss_notice(self, notice_id: int) -> None: ...

    async def set_media_choice(self, choice: MediaChoice) -> None: ...

    async def devices_changed(self) -> None: ...

    async def check_workplace(self) -> None: ...

    async def call_figures(self) -> CallFigures | None: ...

    async def open_appointment(self, appointment_id: str) -> None: ...

    async def enable_adapter(self, name: str) -> None: ...

    async def disable_adapter(self, name: str) -> None: ...

    async def prefer_adapter(self, name: str, *, up: bool) -> None: ...

    async def configure_adapter(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> None: ...

    async def try_adapter(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> Health: ...

    async def look_at_adapters(self) -> None: ...

    async def adapters_report(self) -> str: ...
