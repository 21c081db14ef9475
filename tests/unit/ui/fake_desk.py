"""A desk by hand: it plays the states it is told to and writes down what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from PySide6.QtGui import QImage

from tests.unit.service.fake_partners import FakeAddresses, FakeMemory, FakePartnerBook
from vdx_plugin.domain.booked import RoomTemplate
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import AnswerMark, Channel, Partner, Party
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import VdxError
from vdx_plugin.invitations.text_book import TextBook
from vdx_plugin.ports import (
    AppointmentFiles,
    CallFigures,
    DialOut,
    Health,
    HealthState,
    InterpreterCard,
    MediaChoice,
    ScreenPicture,
    VideoPicture,
)
from vdx_plugin.runtime import Runtime
from vdx_plugin.service.partners import Partners
from vdx_plugin.service.view import AgendaEntry, DeskView
from vdx_plugin.ui import agenda_scenes, device_scenes, scenes, text_scenes
from vdx_plugin.ui.device_names import DeviceNames
from vdx_plugin.ui.screen_capture import Shown


class FakeDevices:
    """Devices and their trial, without any device."""

    def __init__(self) -> None:
        self.found = DeviceNames(("Logitech Brio",), ("Jabra",), ("Jabra",))
        self.listener: Callable[[], None] = lambda: None
        self.trials: list[MediaChoice] = []
        self.is_trying = False
        self.on_level: Callable[[int], None] = lambda _level: None

    def names(self) -> DeviceNames:
        return self.found

    def on_change(self, listener: Callable[[], None]) -> None:
        self.listener = listener

    def start(self, choice: MediaChoice, on_picture: Callable[[QImage], None], on_level: Callable[[int], None]) -> None:
        self.trials.append(choice)
        self.is_trying, self.on_level = True, on_level

    def stop(self) -> None:
        self.is_trying = False

    def play_tone(self, choice: MediaChoice) -> None:
        self.trials.append(choice)

    def record(self, choice: MediaChoice, on_done: Callable[[], None]) -> None:
        self.trials.append(choice)
        on_done()


class FakeTelling:
    """What is done with parties; its calls stand among the desk's."""

    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk

    async def invite(self, consultation_id: UUID, party: Party) -> None:
        await self._desk.did("invite", consultation_id, party)

    async def exchange(self, consultation_id: UUID, party_key: str, party: Party) -> None:
        await self._desk.did("exchange", consultation_id, party_key, party)

    async def uninvite(self, consultation_id: UUID, party_key: str) -> None:
        await self._desk.did("uninvite", consultation_id, party_key)

    async def remind(self, consultation_id: UUID, party_key: str | None = None) -> None:
        await self._desk.did("remind", consultation_id, party_key)

    async def tell_delay(self, consultation_id: UUID, minutes: int) -> None:
        await self._desk.did("tell_delay", consultation_id, minutes)

    async def send_anew(self, consultation_id: UUID, party: Party) -> None:
        await self._desk.did("send_anew", consultation_id, party)

    async def resend(self, consultation_id: UUID, party_key: str) -> None:
        await self._desk.did("resend", consultation_id, party_key)

    async def told_by_phone(self, consultation_id: UUID, party_key: str) -> None:
        await self._desk.did("told_by_phone", consultation_id, party_key)

    async def mark(self, consultation_id: UUID, message_id: str, mark: AnswerMark) -> None:
        await self._desk.did("mark", consultation_id, message_id, mark)

    async def undo(self, consultation_id: UUID) -> None:
        await self._desk.did("undo", consultation_id)


class FakeRoom:
    """What is done in the room; its calls stand among the desk's."""

    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk
        self.is_allowed = True
        self.screens: list[ScreenPicture] = []

    async def mute(self, participant_id: str, *, muted: bool) -> None:
        await self._desk.did("mute", participant_id, muted)

    async def mute_guests(self, *, muted: bool) -> None:
        await self._desk.did("mute_guests", muted)

    async def spotlight(self, participant_id: str, *, on: bool) -> None:
        await self._desk.did("spotlight", participant_id, on)

    async def set_host(self, participant_id: str, *, host: bool) -> bool:
        await self._desk.did("set_host", participant_id, host)
        return self.is_allowed

    async def send_elsewhere(self, participant_id: str, alias: str, pin: Secret) -> bool:
        await self._desk.did("send_elsewhere", participant_id, alias, pin.reveal())
        return self.is_allowed

    async def set_layout(self, name: str) -> None:
        await self._desk.did("set_layout", name)

    async def dial(self, call: DialOut) -> None:
        await self._desk.did("dial", call)

    async def present(self) -> bool:
        await self._desk.did("present")
        return self.is_allowed

    def show_screen(self, picture: ScreenPicture) -> None:
        self.screens.append(picture)

    async def stop_presenting(self) -> None:
        await self._desk.did("stop_presenting")


class FakeCapture:
    """Screens and windows without a screen: ``take`` gives one picture of what is captured."""

    def __init__(self) -> None:
        self.shown = [Shown("HDMI-1 (1920 x 1080)", True, 0), Shown("Vejledning.pdf", False, 1)]
        self.captured: Shown | None = None
        self._on_image: Callable[[QImage], None] = lambda image: None
        self.lose: Callable[[], None] = lambda: None

    def choices(self) -> list[Shown]:
        return self.shown

    def start(self, what: Shown, on_image: Callable[[QImage], None], on_lost: Callable[[], None]) -> None:
        self.captured, self._on_image, self.lose = what, on_image, on_lost

    def stop(self) -> None:
        self.captured = None

    def take(self) -> None:
        if self.captured is not None:
            image = QImage(64, 36, QImage.Format.Format_RGB32)
            image.fill(0x2040C0)
            self._on_image(image)


class FakeCorrespondence:
    """Writes down what was asked about messages."""

    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk

    async def refresh(self) -> None:
        await self._desk.did("refresh_messages")

    async def resend(self, key: str) -> None:
        await self._desk.did("resend_dead", key)

    async def other_channel(self, key: str, channel: Channel) -> None:
        await self._desk.did("other_channel", key, channel)

    async def by_phone(self, key: str) -> None:
        await self._desk.did("by_phone", key)

    async def match(self, message_id: str, consultation_id: UUID, party_key: str) -> None:
        await self._desk.did("match", message_id, consultation_id, party_key)

    async def put_aside(self, message_id: str) -> None:
        await self._desk.did("put_aside", message_id)

    async def take_back(self, message_id: str) -> None:
        await self._desk.did("take_back", message_id)


class FakeDesk:
    """Fills ``DeskPort``. ``calls`` holds (name, arguments); ``after_start`` is the state Start video leads to."""

    def __init__(self, view: DeskView) -> None:
        self._view = view
        self.calls: list[tuple[Any, ...]] = []
        self.listeners: list[Callable[[DeskView], None]] = []
        self.remote: list[Callable[[VideoPicture], None]] = []
        self.own: list[Callable[[VideoPicture], None]] = []
        self.failure: VdxError | ValueError | None = None
        self.hold: asyncio.Event | None = None
        self.after_start = scenes.starting()
        self.plan = scenes.plan(scenes.HOSPITAL)
        self.devices = FakeDevices()
        self.was_cancelled = False
        self.made_for: list[ClinicContext | None] = []
        self.complaints: dict[str, str] = {}
        self.book = FakePartnerBook(scenes.PARTNERS, scenes.TEAMS)
        self.addresses, self.memory = FakeAddresses(), FakeMemory()
        self.partners = Partners(self.book, self.addresses, self.memory)
        self.telling = FakeTelling(self)
        self.correspondence = FakeCorrespondence(self)
        self.room = FakeRoom(self)
        self.capture = FakeCapture()
        self.slide: Callable[[VideoPicture], None] = lambda picture: None
        self.message_texts = TextBook()
        self.can_text = True

    @property
    def stand_ins(self) -> dict[str, Any]:
        """What the desktop takes in place of the machine's devices."""
        return {
            "devices": lambda: self.devices,
            "trial": lambda: self.devices,
            "capture": lambda: self.capture,
        }

    def named(self, name: str) -> list[tuple[Any, ...]]:
        """The calls of one name, without it."""
        return [call[1:] for call in self.calls if call[0] == name]

    def play(self, runtime: Runtime, **changes: Any) -> None:
        """Change the state as the desk would: on the asyncio thread."""
        runtime.call(lambda: self._change(**changes))

    def _change(self, **changes: Any) -> None:
        self._view = replace(self._view, **changes)
        for listener in tuple(self.listeners):
            listener(self._view)

    async def did(self, *call: Any) -> None:
        """Write a call down, and answer it as the test wishes."""
        await self._did(*call)

    # --- DeskPort -----------------------------------------------------------------------------------------------

    @property
    def view(self) -> DeskView:
        return self._view

    def on_view(self, listener: Callable[[DeskView], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def on_remote_picture(self, listener: Callable[[VideoPicture], None]) -> None:
        self.remote.append(listener)

    def on_self_picture(self, listener: Callable[[VideoPicture], None]) -> None:
        self.own.append(listener)

    def on_slide(self, listener: Callable[[VideoPicture], None]) -> None:
        self.slide = listener

    def new_party_key(self) -> str:
        return f"k-new-{len(self.calls)}"

    def search_partners(self, text: str) -> Sequence[Partner]:
        self.calls.append(("search_partners", text))
        return [each for each in scenes.PARTNERS if text.lower() in each.name.lower()]

    async def _did(self, *call: Any) -> None:
        self.calls.append(call)
        if self.hold is not None:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.was_cancelled = True
                raise
        if self.failure is not None:
            raise self.failure

    async def propose_plan(self) -> Plan:
        await self._did("propose_plan")
        return self.plan

    async def start_video(self, plan: Plan | None = None, *, context: ClinicContext | None = None) -> None:
        await self._did("start_video", plan)
        self.made_for.append(context)
        self._change(consultation=self.after_start)

    # --- the calendar -------------------------------------------------------------------------------------------

    def check_time(self, start: datetime, end: datetime, organised_by: str = "") -> Mapping[str, str]:
        return self.complaints

    async def plan_for_later(
        self,
        plan: Plan,
        *,
        context: ClinicContext | None = None,
        count: int = 1,
        every: timedelta = timedelta(days=7),
    ) -> None:
        await self._did("plan_for_later", plan, count, every)
        self.made_for.append(context)

    async def show_agenda(self, day: date, *, everyone: bool = False) -> None:
        await self._did("show_agenda", day, everyone)
        self._change(agenda=replace(self._view.agenda, day=day))

    async def hide_agenda(self) -> None:
        await self._did("hide_agenda")

    async def search_agenda(self, text: str) -> Sequence[AgendaEntry]:
        await self._did("search_agenda", text)
        return agenda_scenes.day().entries[:1]

    async def interpreter_card(self, consultation_id: UUID, party_key: str) -> InterpreterCard:
        await self._did("interpreter_card", consultation_id, party_key)
        return text_scenes.CARD

    async def export_appointment(self, consultation_id: UUID) -> AppointmentFiles:
        await self._did("export_appointment", consultation_id)
        return AppointmentFiles('{"resourceType": "Appointment"}', "BEGIN:VCALENDAR\r\n")

    async def templates(self) -> Sequence[RoomTemplate]:
        await self._did("templates")
        return agenda_scenes.templates()

    async def move(self, consultation_id: UUID, start: datetime, end: datetime) -> None:
        await self._did("move", consultation_id, start, end)

    async def prolong(self, consultation_id: UUID, end: datetime) -> None:
        await self._did("prolong", consultation_id, end)

    async def retry_scheduled(self, consultation_id: UUID) -> None:
        await self._did("retry_scheduled", consultation_id)

    async def cancel_scheduled(self, consultation_id: UUID) -> None:
        await self._did("cancel_scheduled", consultation_id)

    async def start_scheduled(self, consultation_id: UUID) -> None:
        await self._did("start_scheduled", consultation_id)

    async def examine(self) -> None:
        await self._did("examine")
        self._change(diagnosis=scenes.diagnosis())

    async def cancel(self) -> None:
        await self._did("cancel")

    async def retry(self) -> None:
        await self._did("retry")

    async def admit(self, participant_id: str, party_key: str | None) -> None:
        await self._did("admit", participant_id, party_key)

    async def put_out(self, participant_id: str) -> None:
        await self._did("put_out", participant_id)

    async def set_lock(self, *, on: bool) -> None:
        await self._did("set_lock", on)

    async def set_microphone(self, *, on: bool) -> None:
        await self._did("set_microphone", on)
        self._change_call(microphone_on=on)

    async def set_camera(self, *, on: bool) -> None:
        await self._did("set_camera", on)
        self._change_call(camera_on=on)

    def _change_call(self, **changes: Any) -> None:
        consultation = self._view.consultation
        if consultation is not None and consultation.call is not None:
            call = replace(consultation.call, **changes)
            self._change(consultation=replace(consultation, call=call))

    async def send_chat(self, text: str) -> None:
        await self._did("send_chat", text)

    async def hang_up(self) -> None:
        await self._did("hang_up")

    async def end_for_all(self) -> None:
        await self._did("end_for_all")

    async def to_phone(self) -> None:
        await self._did("to_phone")

    async def write_back(self, note: str, fee_code: str | None) -> None:
        await self._did("write_back", note, fee_code)

    async def decline_note(self) -> None:
        await self._did("decline_note")

    async def resume(self, consultation_id: UUID) -> None:
        await self._did("resume", consultation_id)

    async def drop(self, consultation_id: UUID) -> None:
        await self._did("drop", consultation_id)

    async def dismiss_notice(self, notice_id: int) -> None:
        await self._did("dismiss_notice", notice_id)

    async def set_media_choice(self, choice: MediaChoice) -> None:
        await self._did("set_media_choice", choice)

    async def check_workplace(self) -> None:
        await self._did("check_workplace")

    async def call_figures(self) -> CallFigures | None:
        return device_scenes.figures() if self._view.consultation else None

    async def devices_changed(self) -> None:
        await self._did("devices_changed")

    async def open_appointment(self, appointment_id: str) -> None:
        await self._did("open_appointment", appointment_id)

    async def disable_adapter(self, name: str) -> None:
        await self._did("disable_adapter", name)

    async def prefer_adapter(self, name: str, *, up: bool) -> None:
        await self._did("prefer_adapter", name, up)

    async def configure_adapter(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        await self._did("configure_adapter", name, dict(values), dict(secrets))

    async def try_adapter(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> Health:
        await self._did("try_adapter", name, dict(values), dict(secrets))
        return Health(HealthState.GOOD)

    async def look_at_adapters(self) -> None:
        await self._did("look_at_adapters")

    async def adapters_report(self) -> str:
        await self._did("adapters_report")
        return "local: running"

    async def enable_adapter(self, name: str) -> None:
        await self._did("enable_adapter", name)
