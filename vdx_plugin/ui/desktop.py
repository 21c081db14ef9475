"""The controller: joins windows, bridge and commands. It decides which window is open and who gets the focus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from vdx_plugin import texts
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import Partner, PartyRole
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import MediaChoice, VideoPicture
from vdx_plugin.runtime import Runtime
from vdx_plugin.service.view import ConsultationView, DeskView, Severity
from vdx_plugin.ui.about import AboutDialog
from vdx_plugin.ui.adapters_control import AdaptersControl
from vdx_plugin.ui.attention import calls_for
from vdx_plugin.ui.bridge import Bridge
from vdx_plugin.ui.calendar_control import CalendarControl
from vdx_plugin.ui.call_window import is_in_call
from vdx_plugin.ui.choices import keep_choices, read_choices
from vdx_plugin.ui.commands import Commands
from vdx_plugin.ui.cures import Cures
from vdx_plugin.ui.desk_port import DeskPort
from vdx_plugin.ui.device_names import DeviceSource, SystemDevices
from vdx_plugin.ui.device_setup import DeviceSetup
from vdx_plugin.ui.device_trial import DeviceTrial, SystemTrial
from vdx_plugin.ui.hand_over_commands import HandOverCommands
from vdx_plugin.ui.hand_over_control import HandOverControl
from vdx_plugin.ui.hang_up_dialog import HangUpDialog
from vdx_plugin.ui.menu import Choices, DockMenu
from vdx_plugin.ui.messages_control import MessagesControl
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.partner_commands import PartnerCommands
from vdx_plugin.ui.partners_control import PartnersControl
from vdx_plugin.ui.party_control import PartyControl
from vdx_plugin.ui.person_control import PersonControl
from vdx_plugin.ui.placement import Placement
from vdx_plugin.ui.plan_control import PlanControl
from vdx_plugin.ui.quit_dialog import QuitDialog
from vdx_plugin.ui.running import can_start, can_write, current, present_names
from vdx_plugin.ui.screen_capture import CaptureSource, SystemCapture
from vdx_plugin.ui.share_control import ShareControl
from vdx_plugin.ui.windows import Windows, dress, present, theme_of

TICK_MS = 1000


def utc_now() -> datetime:
    """Return the present as an aware time."""
    return datetime.now(UTC)


class Desktop(QObject):
    """Shows the newest view in every window and turns what the user does into commands.

    Made and used on Qt's thread. ``open`` shows the strip and subscribes; ``close`` takes everything down.
    """

    def __init__(
        self,
        app: QApplication,
        desk: DeskPort,
        runtime: Runtime,
        settings_path: Path,
        *,
        now: Callable[[], datetime] = utc_now,
        devices: Callable[[], DeviceSource] = SystemDevices,
        trial: Callable[[], DeviceTrial] = SystemTrial,
        capture: Callable[[], CaptureSource] = SystemCapture,
    ) -> None:
        super().__init__()
        self._app, self._desk, self._now = app, desk, now
        self._places = Placement(settings_path)
        self.choices = read_choices(self._places)
        self.devices = DeviceSetup(self._places, devices, trial, self)
        self.bridge = Bridge(desk, runtime, self)
        self.commands = Commands(desk, self.bridge.operations, self._on_failed)
        self._view: DeskView | None = None
        self.notices = OwnNotices(now, self)
        self.notices.changed.connect(self._show)
        self._partner_commands = PartnerCommands(desk.partners, self.bridge.operations, self._on_failed)
        self.plan = PlanControl(self.commands, self._partner_commands, self.notices, now, self._on_user_start, self)
        self.hand_over = HandOverControl(
            HandOverCommands(desk, self.bridge.operations, self._on_failed), self.notices, self
        )
        self.calendar = CalendarControl(self.commands, self.notices, now, desk.check_time, self._on_user_start, self)
        self.partners = PartnersControl(
            self._partner_commands,
            self.notices,
            desk.new_party_key,
            lambda window, text: self.commands.search(window, text, window.form.search.show_found),
            lambda: self.commands.load_partners(self._on_partners),
            self,
        )
        self.messages = MessagesControl(desk.correspondence, self.commands, self.notices, self)
        self.plan.edit_wanted.connect(self.partners.open_partners)
        self.parties = PartyControl(
            self.commands, self.notices, desk.new_party_key, self.calendar.act, self.hand_over.open_card, self
        )
        self.adapters = AdaptersControl(desk, self.bridge.operations, self.commands, self.notices, self)
        self.people = PersonControl(desk.room, self.commands, self.notices, self)
        self.sharing = ShareControl(desk.room, self.commands, self.notices, self, source=capture)
        self._roles: dict[str, PartyRole] = {}
        self._is_user_start = False
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._show)
        self.devices.chosen.connect(self.commands.choose_media)
        self.devices.check_wanted.connect(self.commands.check_workplace)
        self.cures = Cures(self.commands, self.devices, self._on_devices, self)
        self.bridge.views.arrived.connect(self._on_view)
        self.bridge.remote_pictures.arrived.connect(self._on_remote)
        self.bridge.self_pictures.arrived.connect(self._on_self)
        self.bridge.slides.arrived.connect(self._on_slide)
        self._build()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_scheme)

    # --- life -------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Show the strip without taking the focus from the record, and subscribe to the desk."""
        present(self.windows.dock, is_active=False)
        self.windows.tray.show()
        self.bridge.open()
        if self.devices.choice != MediaChoice():
            self.commands.choose_media(self.devices.choice)
        self.commands.load_partners(self._on_partners)

    def close(self) -> None:
        """Take down windows and subscriptions; the desk and the runtime live on."""
        self._tick.stop()
        # A confirmation still wants to be taken away some seconds later, and there is no window left to show that in.
        self.notices.changed.disconnect(self._show)
        QGuiApplication.styleHints().colorSchemeChanged.disconnect(self._on_scheme)
        # While the desk can still be told that nobody looks any longer.
        self.windows.calendar.hide()
        self.sharing.share.stop()
        self.bridge.close()
        self.devices.close()
        self.windows.close()

    def _build(self) -> None:
        texts.set_language(self.choices.language)
        theme = theme_of(self.choices)
        dress(self._app, theme)
        desk = self._desk
        faults, message_texts = desk.partners.faults, desk.message_texts
        self.windows = Windows(theme, self._places, desk.new_party_key, desk.check_time, faults, message_texts)
        self.windows.plan.can_text = desk.can_text
        self.windows.set_on_top(on=self.choices.is_on_top)
        self._join_dock()
        self._join_call()
        self._join_rest()
        self.plan.join(self.windows.plan)
        self.calendar.join(self.windows)
        self.adapters.join(self.windows)
        self.partners.join(self.windows)
        self.messages.join(self.windows)
        self.hand_over.join(self.windows)
        self.parties.join(self.windows)
        self.people.join(self.windows)
        self.sharing.join(self.windows)
        self.cures.join(self.windows)

    def _rebuild(self) -> None:
        old = self.windows
        was_visible = old.dock.isVisible()
        old.close()
        self.devices.close()
        self._build()
        self._show()
        if was_visible:
            present(self.windows.dock, is_active=False)
        self.windows.tray.show()

    def _join_dock(self) -> None:
        dock, commands = self.windows.dock, self.commands
        dock.start_wanted.connect(self._on_start)
        dock.plan_wanted.connect(self.plan.propose)
        dock.calendar_wanted.connect(self.calendar.open_calendar)
        dock.answers_wanted.connect(self._on_answers)
        dock.diagnosis_wanted.connect(self.calendar.open_diagnosis)
        dock.consultation_wanted.connect(self._show_consultation)
        dock.appointment_chosen.connect(commands.open_appointment)
        dock.notice_dismissed.connect(self._on_dismiss)
        dock.resume_wanted.connect(commands.resume)
        dock.drop_wanted.connect(commands.drop)
        dock.devices_wanted.connect(self._on_devices)
        dock.menu_wanted.connect(self._on_menu)
        dock.messages_wanted.connect(self.messages.open_messages)
        dock.close_wanted.connect(self._on_dock_close)

    def _join_call(self) -> None:
        window, commands = self.windows.call, self.commands
        window.starting.cancel_wanted.connect(commands.cancel)
        window.starting.end_wanted.connect(commands.end_for_all)
        window.starting.retry_wanted.connect(commands.retry)
        window.starting.phone_wanted.connect(commands.to_phone)
        window.admit_wanted.connect(commands.admit)
        window.starting.parties.put_out_wanted.connect(commands.put_out)
        window.starting.parties.admit_wanted.connect(commands.admit)
        window.notice_dismissed.connect(self._on_dismiss)
        window.close_wanted.connect(self._on_call_close)
        window.figures_wanted.connect(self._on_figures)
        page = window.call
        page.bar.microphone_wanted.connect(commands.set_microphone)
        page.bar.camera_wanted.connect(commands.set_camera)
        page.bar.lock_wanted.connect(commands.set_lock)
        page.bar.small_wanted.connect(self._on_small)
        page.bar.hang_up_wanted.connect(self._on_hang_up)
        page.bar.mute_guests_wanted.connect(lambda on: commands.run(self._desk.room.mute_guests(muted=on)))
        page.bar.layout_wanted.connect(lambda name: commands.run(self._desk.room.set_layout(name)))
        page.phone.dial_wanted.connect(lambda call: commands.run(self._desk.room.dial(call)))
        page.chat.message_written.connect(commands.send_chat)
        page.phone.phone_wanted.connect(commands.to_phone)
        page.phone.ring_wanted.connect(_ring)
        page.parties.put_out_wanted.connect(commands.put_out)
        window.after.write_wanted.connect(commands.write_back)
        window.after.decline_wanted.connect(commands.decline_note)
        window.after.copy_wanted.connect(self._on_copy_note)

    def _join_rest(self) -> None:
        windows, commands = self.windows, self.commands
        windows.small.microphone_wanted.connect(commands.set_microphone)
        windows.small.hang_up_wanted.connect(self._on_hang_up)
        windows.small.large_wanted.connect(self._on_large)
        windows.small.admit_wanted.connect(lambda guest: commands.admit(guest, guest.party_key))
        figures = windows.figures
        figures.figures_wanted.connect(lambda: commands.load_figures(figures, figures.show_figures))
        figures.copy_wanted.connect(self._on_copy_figures)
        windows.tray.open_wanted.connect(lambda: present(self.windows.dock, is_active=True))
        windows.tray.start_wanted.connect(self._on_start)
        windows.tray.quit_wanted.connect(self._on_quit)

    # --- what the desk tells ------------------------------------------------------------------------------------------

    def _on_view(self, view: DeskView) -> None:
        before, self._view = self._view, view
        running = current(view)
        earlier = current(before)
        self.plan.show(view)
        self.parties.show(view)
        self.sharing.show(running.call if running is not None else None)
        self._show()
        if running is None:
            self._on_over(earlier, view)
        elif earlier is None or earlier.id != running.id:
            # Not on the button that ended the last call: a key pressed too early must press nothing.
            self.windows.call.setFocus()
            present(self.windows.call, is_active=self._is_user_start)
            self._is_user_start = False
            self.devices.listen()
        elif running.stage is Stage.ENDED and self.windows.small.isVisible():
            self._on_large()
        if calls_for(earlier, running):
            self._call_attention()

    def _show(self) -> None:
        if self._view is None:
            return
        now = self._now()
        view = replace(self._view, notices=(*self._view.notices, *self.notices.all))
        windows = self.windows
        windows.dock.show_view(view, now, self._roles)
        self.adapters.show(view.adapters)
        self.devices.show_checks(view.checks)
        self.calendar.show(view)
        self.messages.show(view)
        running = current(view)
        windows.tray.show_ready(can_start=can_start(view))
        if running is not None:
            windows.call.show_view(view, now, can_write=can_write(view))
            windows.small.show_consultation(running)
        if (running is not None) != self._tick.isActive():
            (self._tick.start if running is not None else self._tick.stop)()

    def _on_over(self, earlier: ConsultationView | None, view: DeskView) -> None:
        self.windows.keep_places()
        self.windows.small.hide()
        self.windows.call.hide()
        # No picture of a patient stays behind for the next one's window.
        self.windows.call.call.forget()
        self.windows.small.forget()
        if earlier is not None and view.consultation is not None and view.consultation.written_back:
            self.notices.confirm("writeback.done")

    def _call_attention(self) -> None:
        window = self.windows.small if self.windows.small.isVisible() else self.windows.call
        if not window.isActiveWindow():
            # On the window itself and no button of it: a key meant for the record must press nothing here.
            window.setFocus()
            present(window, is_active=True)
        QApplication.alert(window)

    def _on_remote(self, picture: VideoPicture) -> None:
        if self.windows.small.isVisible():
            self.windows.small.show_remote(picture)
        elif self.windows.call.isVisible():
            self.windows.call.call.show_remote(picture)

    def _on_self(self, picture: VideoPicture) -> None:
        if self.windows.call.isVisible():
            self.windows.call.call.show_own(picture)

    def _on_slide(self, picture: VideoPicture) -> None:
        if self.windows.small.isVisible():
            self.windows.small.show_slide(picture)
        elif self.windows.call.isVisible():
            self.windows.call.call.show_slide(picture)

    def _on_partners(self, partners: Sequence[Partner]) -> None:
        self._roles = {each.gln: each.role for each in partners if each.gln}
        self._show()

    def _on_failed(self, error: VdxError) -> None:
        self.notices.tell(error.code, Severity.DANGER, **error.facts)

    def _on_dismiss(self, number: int) -> None:
        if number < 0:
            self.notices.forget(number)
        else:
            self.commands.dismiss_notice(number)

    # --- what the user does -------------------------------------------------------------------------------------------

    def _on_start(self) -> None:
        self._is_user_start = True
        self.commands.start()

    def _on_user_start(self) -> None:
        self._is_user_start = True

    def _on_answers(self) -> None:
        running = current(self._view)
        if running is not None and any(each.has_unread_answer for each in running.parties):
            self._show_consultation()
        elif self._view is not None:
            self.calendar.open_answers(self._view)

    def _show_consultation(self) -> None:
        self.windows.small.hide()
        present(self.windows.call, is_active=True)

    def _on_small(self) -> None:
        self.windows.keep_places()
        self.windows.call.hide()
        present(self.windows.small, is_active=True)

    def _on_large(self) -> None:
        self.windows.keep_places()
        self._show_consultation()

    def _on_hang_up(self) -> None:
        running = current(self._view)
        names = present_names(running) if running else []
        if not names:
            self.commands.hang_up()
            return
        dialog = HangUpDialog(self.windows.theme, names, self._front())
        dialog.end_wanted.connect(self.commands.end_for_all)
        dialog.leave_wanted.connect(self.commands.hang_up)
        dialog.open()

    def _front(self) -> QWidget:
        return self.windows.small if self.windows.small.isVisible() else self.windows.call

    def _on_call_close(self) -> None:
        running = current(self._view)
        if running is not None and is_in_call(running) and running.stage is not Stage.ENDED:
            self._on_hang_up()
        else:
            self.windows.keep_places()
            self.windows.call.hide()

    def _on_copy_note(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.notices.confirm("note.copied")

    def _on_figures(self) -> None:
        present(self.windows.figures, is_active=True)

    def _on_copy_figures(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.notices.confirm("report.copied")

    # --- menu, devices, end -------------------------------------------------------------------------------------------

    def _on_menu(self) -> None:
        is_busy = current(self._view) is not None
        menu = DockMenu(self.choices, is_busy=is_busy, waiting=self._waiting(), parent=self.windows.dock)
        menu.calendar_picked.connect(self.calendar.open_calendar)
        menu.diagnosis_picked.connect(self.calendar.open_diagnosis)
        menu.messages_picked.connect(self.messages.open_messages)
        menu.partners_picked.connect(self.partners.open_partners)
        menu.teams_picked.connect(self.partners.open_teams)
        menu.devices_picked.connect(self._on_devices)
        menu.figures_picked.connect(self._on_figures)
        menu.adapters_picked.connect(self.adapters.open_page)
        menu.texts_picked.connect(self.hand_over.open_texts)
        menu.about_picked.connect(lambda: AboutDialog(self.windows.theme, self.windows.dock).open())
        menu.quit_picked.connect(self._on_quit)
        menu.choices_made.connect(self.choose)
        menu.aboutToHide.connect(menu.deleteLater)
        button = self.windows.dock.menu
        menu.popup(button.mapToGlobal(button.rect().topLeft()))

    def _waiting(self) -> int:
        return self._view.correspondence.count if self._view else 0

    def choose(self, choices: Choices) -> None:
        """Take the user's choices for this workplace; a new language, size or colour builds the windows anew."""
        before, self.choices = self.choices, choices
        keep_choices(self._places, choices)
        if replace(before, is_on_top=choices.is_on_top) != choices:
            # Not from within the menu that is being destroyed with its window.
            QTimer.singleShot(0, self, self._rebuild)
        elif before.is_on_top != choices.is_on_top:
            self.windows.set_on_top(on=choices.is_on_top)

    def _on_scheme(self) -> None:
        is_busy = current(self._view) is not None
        if self.choices.colours == "system" and not is_busy:
            self._rebuild()

    def _on_devices(self) -> None:
        self.devices.open(self.windows.theme)

    def _on_dock_close(self) -> None:
        if self.windows.tray.is_there:
            self.windows.keep_places()
            self.windows.dock.hide()
        else:
            self._on_quit()

    def _on_quit(self) -> None:
        running = current(self._view)
        if running is None or running.stage is Stage.ENDED:
            self._end()
            return
        dialog = QuitDialog(self.windows.theme, self.windows.dock)
        dialog.quit_wanted.connect(self._end)
        dialog.open()

    def _end(self) -> None:
        # Not quit(): it first asks each window to close, and gives up because ours leave that to others.
        self._app.exit(0)


def _ring(number: str) -> None:
    QDesktopServices.openUrl(QUrl(f"tel:{number}"))
