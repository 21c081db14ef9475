"""The whole desktop against a desk by hand: two clicks from the open patient to the ringing room, and back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.unit.ui.fake_desk import FakeDesk
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import AnswerMark
from vdx_plugin.errors import Unavailable
from vdx_plugin.ports import LineQuality, MediaChoice
from vdx_plugin.runtime import Runtime
from vdx_plugin.service.view import ConsultationView, StepKind
from vdx_plugin.ui import scenes
from vdx_plugin.ui.choices import keep_media, read_media
from vdx_plugin.ui.desk_port import DeskPort
from vdx_plugin.ui.hang_up_dialog import HangUpDialog
from vdx_plugin.ui.main import Desktop
from vdx_plugin.ui.menu import Choices, DockMenu
from vdx_plugin.ui.party_wishes import Act, Wish
from vdx_plugin.ui.placement import Placement
from vdx_plugin.ui.quit_dialog import QuitDialog

NUMBER, WARD = scenes.CONSULTATION_ID, "k-hospital-geriatrics"


def texts_of(window: QWidget) -> str:
    return "\n".join(each.text() for each in window.findChildren(QLabel) if each.isVisible())


def in_the_call(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime, view: ConsultationView | None = None
) -> None:
    """Bring the desktop into a call and wait until it shows."""
    shown = desktop.windows.call
    desk.play(runtime, consultation=view or scenes.in_call())
    qtbot.waitUntil(lambda: shown.isVisible() and shown.pages.currentWidget() is shown.call)


def test_the_fake_desk_fills_the_port(desk: FakeDesk) -> None:
    """What the windows are tested against must be what they are written against; mypy checks the types."""
    port: DeskPort = desk
    assert port.view.context is not None


def test_two_clicks_lead_from_the_open_patient_to_the_ringing_room(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """The promise of the whole program: the first click starts, the second lets the patient in."""
    clicks = 0
    desktop.windows.dock.start.click()
    clicks += 1
    call = desktop.windows.call
    qtbot.waitUntil(lambda: call.isVisible() and call.pages.currentWidget() is call.starting)
    assert desk.named("start_video") == [(None,)]
    guest = replace(scenes.waiting()[0], party_key="k-patient", name_given="Inger")
    desk.play(runtime, consultation=scenes.in_call(guests=(guest,)))
    qtbot.waitUntil(lambda: "r-3" in call.call.parties.waiting)
    call.call.parties.waiting["r-3"].admit.click()
    clicks += 1
    qtbot.waitUntil(lambda: desk.named("admit") == [("r-3", "k-patient")])
    assert clicks <= 2


def test_two_clicks_start_with_the_proposed_team(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """Planlæg, then the one button: nothing typed that the record knows."""
    desktop.windows.dock.plan.click()
    plan = desktop.windows.plan
    qtbot.waitUntil(plan.isVisible)
    plan.go.click()
    qtbot.waitUntil(lambda: desk.named("start_video") == [(desk.plan,)])
    assert not plan.isVisible()


def test_a_plan_is_closed_when_the_record_turns_to_another_patient(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """Started then, it would send one patient's link to another patient's address."""
    desktop.windows.dock.plan.click()
    qtbot.waitUntil(desktop.windows.plan.isVisible)
    desk.play(runtime, context=scenes.context("Bodil Andensen", number="6102607777"))
    qtbot.waitUntil(lambda: not desktop.windows.plan.isVisible())
    assert "Journalen skiftede patient" in texts_of(desktop.windows.dock)
    assert desk.named("start_video") == []


def test_searching_goes_through_the_desk(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """As one types."""
    desktop.windows.dock.plan.click()
    qtbot.waitUntil(desktop.windows.plan.isVisible)
    search = desktop.windows.plan.search
    qtbot.keyClicks(search.field, "tolke")
    qtbot.waitUntil(lambda: search.found.count() == 1)


def test_a_failure_is_shown_and_nothing_is_lost(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """A button that does nothing is the worst answer."""
    desk.failure = Unavailable("store.locked")
    desktop.windows.dock.start.click()
    qtbot.waitUntil(lambda: "Et andet vindue bruger programmets data" in texts_of(desktop.windows.dock))
    desktop.windows.dock.notice_dismissed.emit(-1)
    assert "Et andet vindue" not in texts_of(desktop.windows.dock)


def test_a_notice_of_the_desks_is_dismissed_by_the_desk(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """It alone knows its notices."""
    desktop.windows.dock.notice_dismissed.emit(7)
    qtbot.waitUntil(lambda: desk.named("dismiss_notice") == [(7,)])


def test_the_controls_of_the_call_reach_the_desk(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """And its answer comes back to the control."""
    in_the_call(qtbot, desktop, desk, runtime)
    bar = desktop.windows.call.call.bar
    bar.microphone.click()
    qtbot.waitUntil(lambda: bar.microphone.text() == "Mikrofon fra")
    bar.camera.click()
    qtbot.waitUntil(lambda: bar.camera.text() == "Kamera fra")
    bar.lock.click()
    desktop.windows.call.call.chat.message_written.emit("Hej")
    qtbot.waitUntil(lambda: desk.named("send_chat") == [("Hej",)])
    assert desk.named("set_microphone") == [(False,)]
    assert desk.named("set_lock") == [(False,)]


def test_hanging_up_with_others_in_the_room_asks_first(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """Ending for all cannot be undone."""
    in_the_call(qtbot, desktop, desk, runtime)
    desktop.windows.call.call.bar.hang_up.click()
    dialog = desktop.windows.call.findChild(HangUpDialog)
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    assert desk.named("end_for_all") == desk.named("hang_up") == []
    dialog.end.click()
    qtbot.waitUntil(lambda: desk.named("end_for_all") == [()])


def test_hanging_up_alone_asks_nothing(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime) -> None:
    """There is nobody to throw out."""
    nobody = replace(scenes.call(), participants=())
    alone = replace(scenes.in_call(nobody), parties=scenes.starting().parties)
    in_the_call(qtbot, desktop, desk, runtime, alone)
    desktop.windows.call.call.bar.hang_up.click()
    qtbot.waitUntil(lambda: desk.named("hang_up") == [()])


def test_closing_the_window_of_the_call_asks_too(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """The cross in the corner is pressed by mistake."""
    in_the_call(qtbot, desktop, desk, runtime)
    desktop.windows.call.close()
    assert desktop.windows.call.isVisible()
    assert desktop.windows.call.findChild(HangUpDialog) is not None
    assert desk.named("hang_up") == []


def test_closing_the_window_carries_a_running_command_through(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """A note half written because the window went away would be neither there nor not there."""
    desk.play(runtime, consultation=scenes.ended())
    call = desktop.windows.call
    qtbot.waitUntil(lambda: call.isVisible() and call.pages.currentWidget() is call.after)
    desk.hold = asyncio.Event()
    call.after.write.click()
    qtbot.waitUntil(lambda: len(desk.named("write_back")) == 1)
    call.close()
    assert not call.isVisible()
    runtime.call(desk.hold.set)
    qtbot.waitUntil(lambda: desktop.bridge.operations.is_idle)
    assert not desk.was_cancelled
    assert desk.named("write_back")[0][1] == "0126"


def test_no_fee_is_told_the_desk_as_none(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime) -> None:
    """An empty text is no code."""
    desk.play(runtime, consultation=scenes.ended())
    qtbot.waitUntil(desktop.windows.call.isVisible)
    desktop.windows.call.after.write_wanted.emit("Notat", "")
    qtbot.waitUntil(lambda: desk.named("write_back") == [("Notat", None)])


def test_a_written_note_closes_the_window_and_says_so(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """Act, show: the doctor is back at the record and knows it is done."""
    desk.play(runtime, consultation=scenes.ended())
    qtbot.waitUntil(desktop.windows.call.isVisible)
    desk.play(runtime, consultation=replace(scenes.ended(), stage=Stage.CLOSED, written_back=True))
    qtbot.waitUntil(lambda: not desktop.windows.call.isVisible())
    assert "Notatet er skrevet i journalen." in texts_of(desktop.windows.dock)
    assert desktop.windows.dock.start.isVisible()


def test_pictures_reach_the_window_and_are_forgotten_with_the_call(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """No picture of one patient stays behind for the next."""
    in_the_call(qtbot, desktop, desk, runtime)
    stage = desktop.windows.call.call.stage
    desk.remote[0](scenes.picture())
    desk.own[0](scenes.picture(320, 180))
    qtbot.waitUntil(lambda: stage.has_picture and stage.own.has_picture)
    desk.play(runtime, consultation=None)
    qtbot.waitUntil(lambda: not desktop.windows.call.isVisible())
    assert not stage.has_picture
    assert not stage.own.has_picture


def test_the_small_window_takes_the_pictures_over(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """And gives them back."""
    in_the_call(qtbot, desktop, desk, runtime)
    windows = desktop.windows
    windows.call.call.bar.small.click()
    assert windows.small.isVisible()
    assert not windows.call.isVisible()
    desk.remote[0](scenes.picture())
    qtbot.waitUntil(lambda: windows.small.has_picture)
    windows.small.large.click()
    assert windows.call.isVisible()
    assert not windows.small.isVisible()


def test_the_note_comes_in_the_large_window(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime) -> None:
    """A sheet does not fit 360 x 240."""
    in_the_call(qtbot, desktop, desk, runtime)
    desktop.windows.call.call.bar.small.click()
    desk.play(runtime, consultation=scenes.ended())
    qtbot.waitUntil(desktop.windows.call.isVisible)
    assert not desktop.windows.small.isVisible()


def test_a_window_that_nobody_asked_for_takes_no_focus(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """Started from the record: the doctor may still be typing there."""
    record = QWidget()
    qtbot.addWidget(record)
    record.show()
    record.activateWindow()
    qtbot.waitUntil(record.isActiveWindow)
    desk.play(runtime, consultation=scenes.starting())
    qtbot.waitUntil(desktop.windows.call.isVisible)
    assert desktop.windows.call.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)


def test_somebody_waiting_brings_the_window_forward_with_no_button_in_focus(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """A space meant for the record must let nobody in."""
    in_the_call(qtbot, desktop, desk, runtime)
    record = QWidget()
    qtbot.addWidget(record)
    record.show()
    record.activateWindow()
    qtbot.waitUntil(record.isActiveWindow)
    desk.play(runtime, consultation=scenes.in_call(guests=scenes.waiting()))
    qtbot.waitUntil(desktop.windows.call.isActiveWindow)
    qtbot.keyClick(desktop.windows.call, Qt.Key.Key_Space)
    assert desk.named("admit") == []
    assert desk.named("set_microphone") == []
    assert QApplication.focusWidget() is None or QApplication.focusWidget() is desktop.windows.call


def test_a_link_is_copied_only_when_asked_for(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime) -> None:
    """It carries the guest's PIN, so it is nowhere to be read."""
    in_the_call(qtbot, desktop, desk, runtime)
    assert "example.invalid" not in texts_of(desktop.windows.call)
    desktop.windows.call.call.parties.wished.emit(Wish(Act.COPY, "k-patient"))
    assert QGuiApplication.clipboard().text() == "https://example.invalid/guest"
    assert "Linket til Inger Eksempelsen er kopieret" in texts_of(desktop.windows.call)


@pytest.mark.parametrize(
    ("wish", "name", "arguments"),
    [
        (Wish(Act.RESEND, WARD), "resend", (NUMBER, WARD)),
        (Wish(Act.TOLD, WARD), "told_by_phone", (NUMBER, WARD)),
        (Wish(Act.PUT_OUT, WARD), "put_out", ("r-3",)),
        (Wish(Act.REMIND, WARD), "remind", (NUMBER, WARD)),
        (Wish(Act.REMIND_ALL), "remind", (NUMBER, None)),
        (Wish(Act.UNINVITE, WARD), "uninvite", (NUMBER, WARD)),
        (Wish(Act.DELAY, minutes=10), "tell_delay", (NUMBER, 10)),
        (Wish(Act.MARK, WARD, message_id="a-1", mark=AnswerMark.COMES), "mark", (NUMBER, "a-1", AnswerMark.COMES)),
        (Wish(Act.UNDO), "undo", (NUMBER,)),
    ],
)
def test_what_is_done_with_a_party_reaches_the_desk(
    qtbot: QtBot,
    desktop: Desktop,
    desk: FakeDesk,
    runtime: Runtime,
    wish: Wish,
    name: str,
    arguments: tuple[object, ...],
) -> None:
    """Each for its own party."""
    in_the_call(qtbot, desktop, desk, runtime)
    desktop.windows.call.call.parties.wished.emit(wish)
    qtbot.waitUntil(lambda: desk.named(name) == [arguments])


def test_a_start_that_fails_is_tried_again_or_goes_on_by_telephone(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """VDX being down must not end the visit."""
    desk.play(runtime, consultation=scenes.starting(StepKind.ROOM, done=0))
    page = desktop.windows.call.starting
    qtbot.waitUntil(page.retry.isVisible)
    page.retry.click()
    page.phone.click()
    page.cancel.click()
    qtbot.waitUntil(lambda: {call[0] for call in desk.calls} >= {"retry", "to_phone", "cancel"})


def test_chosen_devices_are_told_the_desk_at_every_start(
    qtbot: QtBot, qapp: QApplication, desk: FakeDesk, runtime: Runtime, tmp_path: Path
) -> None:
    """Chosen once on this workplace, before the first call of the day."""
    choice = MediaChoice(camera="Logitech Brio")
    keep_media(Placement(tmp_path / "window.ini"), choice)
    desktop = Desktop(qapp, desk, runtime, tmp_path / "window.ini", now=lambda: scenes.NOW, **desk.stand_ins)
    desktop.open()
    qtbot.waitUntil(lambda: desk.named("set_media_choice") == [(choice,)])
    desktop.close()


def test_choosing_a_device_keeps_it_and_tells_the_desk(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, tmp_path: Path
) -> None:
    """Both at once, or the next call would use the old one."""
    desktop.windows.dock.check_devices.click()
    page = next(each for each in QApplication.topLevelWidgets() if each.windowTitle().startswith("Kamera"))
    page.camera.setCurrentIndex(page.camera.findData("Logitech Brio"))  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: desk.named("set_media_choice") == [(MediaChoice(camera="Logitech Brio"),)])
    assert read_media(Placement(tmp_path / "window.ini")).camera == "Logitech Brio"


def test_another_text_size_builds_the_windows_anew(qtbot: QtBot, desktop: Desktop) -> None:
    """And the strip is there again with the same patient."""
    old = desktop.windows
    desktop.choose(Choices(scale=2.0, colours="dark"))
    qtbot.waitUntil(lambda: desktop.windows is not old)
    assert desktop.windows.theme.scale == 2.0
    assert desktop.windows.theme.palette.name == "dark"
    assert desktop.windows.dock.isVisible()
    assert "Inger Eksempelsen" in texts_of(desktop.windows.dock)


def test_language_and_size_wait_for_the_end_of_a_consultation(qtbot: QtBot, theme: object) -> None:
    """The note being written is in the window that would be rebuilt."""
    menu = DockMenu(Choices(), is_busy=True)
    qtbot.addWidget(menu)
    waiting = {action.text(): action.isEnabled() for action in menu.actions()}
    assert not waiting["Sprog"]
    assert not waiting["Tekststørrelse"]
    assert waiting["Altid øverst"]


def test_staying_on_top_keeps_the_strip_visible(desktop: Desktop) -> None:
    """Changing the flag hides a window, as Qt has it."""
    desktop.choose(Choices(is_on_top=True))
    assert desktop.windows.dock.isVisible()
    assert desktop.windows.dock.windowFlags() & Qt.WindowType.WindowStaysOnTopHint


def test_quitting_during_a_call_asks_first(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime) -> None:
    """The patient would sit there alone."""
    in_the_call(qtbot, desktop, desk, runtime)
    desktop.windows.dock.close()
    dialog = desktop.windows.dock.findChild(QuitDialog)
    assert dialog is not None
    dialog.stay.click()


def test_quitting_ends_the_program_though_no_window_lets_itself_be_closed(
    qtbot: QtBot, qapp: QApplication, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """Qt's own quit asks the windows first and stays when one says no: the program went on without its windows."""
    in_the_call(qtbot, desktop, desk, runtime)
    desktop.windows.dock.close()
    dialog = desktop.windows.dock.findChild(QuitDialog)
    assert dialog is not None
    QTimer.singleShot(0, dialog.leave.click)
    given_up = QTimer()
    given_up.timeout.connect(lambda: qapp.exit(1))
    given_up.start(3000)
    assert qapp.exec() == 0
    given_up.stop()


def test_the_clock_of_the_call_goes_on_while_nothing_happens(
    qtbot: QtBot, qapp: QApplication, desk: FakeDesk, runtime: Runtime, tmp_path: Path
) -> None:
    """Time is shown by the window itself, between the desk's states."""
    clock = [scenes.NOW]
    desktop = Desktop(qapp, desk, runtime, tmp_path / "window.ini", now=lambda: clock[0], **desk.stand_ins)
    desktop.open()
    in_the_call(qtbot, desktop, desk, runtime)
    assert "·  3:00" in texts_of(desktop.windows.call)
    clock[0] = scenes.NOW.replace(second=50)
    qtbot.waitUntil(lambda: "·  3:30" in texts_of(desktop.windows.call))
    desktop.close()


def test_a_lost_line_is_told_in_both_windows(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime) -> None:
    """Whichever of them is open."""
    in_the_call(qtbot, desktop, desk, runtime, scenes.in_call(scenes.call(LineQuality.LOST)))
    assert "Forbindelsen er væk" in texts_of(desktop.windows.call)
    desktop.windows.call.call.bar.small.click()
    assert "Ingen forbindelse" in texts_of(desktop.windows.small)


def test_after_closing_the_desk_has_no_listener_left(
    qtbot: QtBot, qapp: QApplication, desk: FakeDesk, runtime: Runtime, tmp_path: Path
) -> None:
    """The desk outlives the windows and must not call into what is gone."""
    desktop = Desktop(qapp, desk, runtime, tmp_path / "window.ini", now=lambda: scenes.NOW, **desk.stand_ins)
    desktop.open()
    qtbot.waitUntil(lambda: len(desk.listeners) == 1)
    desktop.close()
    assert desk.listeners == []
    desk.remote[0](scenes.picture(64, 36))
    qapp.processEvents()


def test_a_confirmation_that_runs_out_after_the_end_touches_no_window(
    qtbot: QtBot, qapp: QApplication, desk: FakeDesk, runtime: Runtime, tmp_path: Path
) -> None:
    """It is taken away some seconds later, when the windows it stood in are gone."""
    desktop = Desktop(qapp, desk, runtime, tmp_path / "window.ini", now=lambda: scenes.NOW, **desk.stand_ins)
    desktop.open()
    qtbot.waitUntil(lambda: desktop._view is not None)
    desktop.notices.confirm("note.copied")
    (notice,) = desktop.notices.all
    dock = desktop.windows.dock
    desktop.close()
    qapp.sendPostedEvents(dock, QEvent.Type.DeferredDelete.value)
    assert not shiboken6.isValid(dock)
    shown: list[object] = []
    desktop.windows.dock.show_view = lambda *arguments: shown.append(arguments)  # type: ignore[method-assign]
    desktop.notices.forget(notice.id)
    assert shown == []
