"""The windows, each on its own: what a value shows, and what a press tells."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shiboken6
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.unit.ui.conftest import shown
from tests.unit.ui.fake_desk import FakeDevices
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import Channel, PartyRole, Presence
from vdx_plugin.ports import (
    AdapterStatus,
    Capabilities,
    Capability,
    LineQuality,
    MediaChoice,
    RoomParticipant,
    VideoPicture,
)
from vdx_plugin.service.view import CallView, DeskView, StepKind
from vdx_plugin.ui import scenes
from vdx_plugin.ui.adapter_scenes import adapters
from vdx_plugin.ui.adapters_page import AdaptersPage
from vdx_plugin.ui.after import AfterPage
from vdx_plugin.ui.call_window import CallWindow
from vdx_plugin.ui.device_names import DeviceNames
from vdx_plugin.ui.device_trial import level, tone
from vdx_plugin.ui.devices import TEST_CARD, DevicesPage
from vdx_plugin.ui.dial_form import spaced
from vdx_plugin.ui.dock import Dock
from vdx_plugin.ui.hang_up_dialog import HangUpDialog
from vdx_plugin.ui.party_panel import PartyPanel
from vdx_plugin.ui.plan_fields import looks_like_address
from vdx_plugin.ui.plan_window import PlanWindow
from vdx_plugin.ui.running import can_write
from vdx_plugin.ui.self_view import SelfView, nearest, place
from vdx_plugin.ui.small_window import SmallWindow
from vdx_plugin.ui.starting import StartingPage
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.video_frames import image
from vdx_plugin.ui.video_view import VideoView, fitted


def texts_of(window: QWidget) -> str:
    """All that can be read in the labels of a window."""
    return "\n".join(each.text() for each in window.findChildren(QLabel) if each.isVisible())


def dock(qtbot: QtBot, theme: Theme, view: DeskView) -> Dock:
    window = Dock(theme)
    window.show_view(view, scenes.NOW, {})
    shown(qtbot, window)
    return window


# --- dock -----------------------------------------------------------------------------------------------------------


def test_without_a_patient_the_dock_says_how_to_open_one(qtbot: QtBot, theme: Theme) -> None:
    """An empty window must not be a riddle."""
    window = dock(qtbot, theme, scenes.idle())
    assert "Åbn en patient i journalen" in texts_of(window)
    assert not window.start.isEnabled()


def test_a_patient_without_name_or_birth_date_cannot_be_started(qtbot: QtBot, theme: Theme) -> None:
    """The doctor must see who it is."""
    context = scenes.context()
    unknown = replace(context, patient=replace(context.patient, birth_date=None))
    window = dock(qtbot, theme, scenes.idle(unknown))
    assert not window.start.isEnabled()
    assert "fødselsdato" in texts_of(window)


def test_the_full_number_stands_nowhere_in_the_dock(qtbot: QtBot, theme: Theme) -> None:
    """Masked means masked, also in tool tips and names for screen readers."""
    window = dock(qtbot, theme, scenes.idle(scenes.context()))
    told = [text for each in window.findChildren(QWidget) for text in (each.toolTip(), each.accessibleName())]
    assert "9996" not in texts_of(window) + "".join(told)


def test_while_a_consultation_runs_the_dock_leads_to_it(qtbot: QtBot, theme: Theme) -> None:
    """A second start would be refused; the way back to the first is what is needed."""
    window = dock(qtbot, theme, replace(scenes.idle(scenes.context()), consultation=scenes.in_call()))
    assert window.start.isHidden()
    with qtbot.waitSignal(window.consultation_wanted):
        window.go.click()


def test_an_interrupted_consultation_can_be_taken_up_or_dropped(qtbot: QtBot, theme: Theme) -> None:
    """After a crash the doctor decides."""
    window = dock(qtbot, theme, scenes.troubled())
    with qtbot.waitSignal(window.resume_wanted) as resumed:
        window.bands.acted.emit(f"recover:{scenes.CONSULTATION_ID}", "resume")
    with qtbot.waitSignal(window.drop_wanted) as dropped:
        window.bands.acted.emit(f"recover:{scenes.CONSULTATION_ID}", "drop")
    assert resumed.args == dropped.args == [scenes.CONSULTATION_ID]


def test_a_notice_that_comes_does_not_move_the_start_button(qtbot: QtBot, theme: Theme, qapp: QApplication) -> None:
    """Nothing jumps under the mouse on its way to a button."""
    window = dock(qtbot, theme, scenes.idle(scenes.context()))
    before = window.start.geometry()
    window.show_view(replace(scenes.idle(scenes.context()), notices=scenes.troubled().notices), scenes.NOW, {})
    qapp.processEvents()
    assert window.start.geometry() == before
    assert "VDX svarer ikke" in texts_of(window)


def test_closing_the_dock_asks_first(qtbot: QtBot, theme: Theme) -> None:
    """A call may be running."""
    window = dock(qtbot, theme, scenes.idle())
    with qtbot.waitSignal(window.close_wanted):
        window.close()
    assert window.isVisible()


# --- plan -----------------------------------------------------------------------------------------------------------


def plan_window(qtbot: QtBot, theme: Theme) -> PlanWindow:
    window = PlanWindow(theme, lambda: "k-new")
    window.show_plan(scenes.plan(scenes.HOSPITAL), scenes.context(), scenes.NOW)
    shown(qtbot, window)
    return window


def test_a_found_partner_is_added_once_with_its_own_channel(qtbot: QtBot, theme: Theme) -> None:
    """Pressing twice must not invite twice."""
    window = plan_window(qtbot, theme)
    window.show_found([scenes.AGENCY])
    for _press in range(2):
        window.search.partner_chosen.emit(scenes.AGENCY)
    assert window.plan is not None
    added = [party for party in window.plan.parties if party.partner == scenes.AGENCY]
    assert [(party.key, party.channel) for party in added] == [("k-new", Channel.EMAIL)]


def test_a_party_can_be_removed(qtbot: QtBot, theme: Theme) -> None:
    """The proposed team is a proposal."""
    window = plan_window(qtbot, theme)
    window.rows["k-hospital-geriatrics"].removed.emit("k-hospital-geriatrics")
    assert window.plan is not None
    assert [party.role for party in window.plan.parties] == [PartyRole.PATIENT]


def test_a_plan_without_anybody_cannot_start(qtbot: QtBot, theme: Theme) -> None:
    """A room for nobody helps nobody."""
    window = plan_window(qtbot, theme)
    for key in list(window.rows):
        window.rows[key].removed.emit(key)
    assert not window.go.isEnabled()
    assert window.add_patient.isVisible()
    window.add_patient.click()
    assert window.go.isEnabled()


def test_the_patients_address_changes_the_channel_as_it_is_typed(qtbot: QtBot, theme: Theme) -> None:
    """The preview tells what will be sent before it is."""
    window = plan_window(qtbot, theme)
    field = window.rows["k-patient"].fields.address
    qtbot.keyClicks(field, "inger@mail.example")
    assert window.plan is not None
    patient = window.plan.parties[0]
    assert (patient.channel, patient.address) == (Channel.EMAIL, "inger@mail.example")
    assert "inger@mail.example" in texts_of(window)
    field.clear()
    qtbot.keyClicks(field, "inger")
    assert window.plan.parties[0].channel is Channel.LINK


@pytest.mark.parametrize("text", ["", "inger", "@mail.example", "inger@", "inger@mail", "in ger@mail.example"])
def test_half_an_address_is_no_address(text: str) -> None:
    """While it is being typed nothing may be sent to what stands there."""
    assert not looks_like_address(text)


def test_the_interpreters_language_goes_into_the_plan(qtbot: QtBot, theme: Theme) -> None:
    """The agency sends the right interpreter only when it knows the language."""
    window = plan_window(qtbot, theme)
    window.search.partner_chosen.emit(scenes.AGENCY)
    language = window.rows["k-new"].fields.language
    language.setCurrentIndex(language.findData("ar"))
    assert window.plan is not None
    assert window.plan.parties[-1].language == "ar"


def test_typing_asks_the_directory_after_a_pause(qtbot: QtBot, theme: Theme) -> None:
    """One question for a word, not one for each letter."""
    window = plan_window(qtbot, theme)
    asked: list[str] = []
    window.search_wanted.connect(asked.append)
    qtbot.keyClicks(window.search.field, "kommune")
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == ["kommune"]


def test_a_role_chip_asks_for_its_role_and_shows_no_other(qtbot: QtBot, theme: Theme) -> None:
    """The nursing home's name holds the word Kommune too."""
    window = plan_window(qtbot, theme)
    with qtbot.waitSignal(window.search_wanted) as asked:
        window.search.chips[PartyRole.MUNICIPALITY].click()
    assert asked.args == ["kommune"]
    window.show_found([scenes.HOME_CARE, scenes.NURSING_HOME])
    assert [window.search.found.item(i).text() for i in range(window.search.found.count())] == [
        "Hjemmesygeplejen, Eksempel Kommune  ·  Kommune"
    ]


def test_a_partner_is_found_and_added_by_keyboard_alone(qtbot: QtBot, theme: Theme) -> None:
    """Arrow down into what was found, Enter takes it."""
    window = plan_window(qtbot, theme)
    window.show_found([scenes.HOME_CARE, scenes.AGENCY])
    window.search.field.setFocus()
    qtbot.keyClick(window.search.field, Qt.Key.Key_Down)
    qtbot.keyClick(window.search.found, Qt.Key.Key_Down)
    qtbot.keyClick(window.search.found, Qt.Key.Key_Return)
    assert window.plan is not None
    assert window.plan.parties[-1].partner == scenes.AGENCY


# --- starting -------------------------------------------------------------------------------------------------------


def test_a_failed_step_tells_what_to_do_and_offers_it(qtbot: QtBot, theme: Theme) -> None:
    """What happened, what it means, what to do; the code small behind it."""
    page = StartingPage(theme)
    page.show_consultation(scenes.starting(StepKind.ROOM, done=0), scenes.NOW)
    shown(qtbot, page)
    assert "VDX svarer ikke. Der er ikke booket et rum." in texts_of(page)
    assert "vdx.unreachable" in texts_of(page)
    assert page.retry.isVisible()
    assert page.phone.isVisible()


def test_while_it_goes_well_only_cancel_is_offered(qtbot: QtBot, theme: Theme) -> None:
    """Nothing to decide, nothing to press, except stop."""
    page = StartingPage(theme)
    page.show_consultation(scenes.starting(done=2), scenes.NOW)
    shown(qtbot, page)
    assert page.retry.isHidden()
    assert page.cancel.isEnabled()
    assert "Klar  0:03" in texts_of(page)
    assert "I gang  0:06" in texts_of(page)


# --- call -----------------------------------------------------------------------------------------------------------


def call_window(qtbot: QtBot, theme: Theme, view: DeskView) -> CallWindow:
    window = CallWindow(theme)
    window.resize(1120, 720)
    window.show_view(view, scenes.NOW, can_write=True)
    shown(qtbot, window)
    return window


def with_call(consultation: object, **changes: object) -> DeskView:
    return replace(scenes.idle(scenes.context()), consultation=consultation, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("consultation", "page"),
    [
        (scenes.starting(), "starting"),
        (scenes.in_call(), "call"),
        (scenes.ended(), "after"),
        (replace(scenes.in_call(), stage=Stage.INVITED, call=CallView(locked=True)), "starting"),
        (replace(scenes.in_call(guests=scenes.waiting()), stage=Stage.INVITED), "call"),
        (replace(scenes.in_call(), stage=Stage.CANCELLING), "starting"),
    ],
)
def test_the_page_follows_the_stage(qtbot: QtBot, theme: Theme, consultation: object, page: str) -> None:
    """One window from the click to the note."""
    window = call_window(qtbot, theme, with_call(consultation))
    assert window.pages.currentWidget() is getattr(window, page)


def test_another_patient_in_the_record_is_told_across_the_window(qtbot: QtBot, theme: Theme) -> None:
    """The session stays with the patient it was started for, and says so."""
    window = call_window(qtbot, theme, with_call(scenes.in_call(), record_shows_other=True))
    assert "Samtalen gælder fortsat Inger Eksempelsen (f. 1948)." in texts_of(window)


def test_a_stranger_is_marked_and_not_let_in_by_a_key(qtbot: QtBot, theme: Theme) -> None:
    """A link that has wandered must not open the door because somebody pressed Ctrl+L."""
    stranger = scenes.waiting()[1]
    window = call_window(qtbot, theme, with_call(scenes.in_call(guests=(stranger,))))
    admitted: list[object] = []
    window.admit_wanted.connect(lambda guest, key: admitted.append((guest.participant_id, key)))
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert admitted == []
    assert "Ukendt – ikke ventet" in texts_of(window)
    assert "Kalder sig »iPhone«" in texts_of(window)
    window.call.parties.waiting["r-9"].admit.click()
    assert admitted == [("r-9", None)]


def test_a_stranger_can_be_let_in_as_one_who_is_missing(qtbot: QtBot, theme: Theme) -> None:
    """The patient's link may have lost its tag on the way."""
    window = call_window(qtbot, theme, with_call(scenes.in_call(guests=scenes.waiting()[1:])))
    admitted: list[object] = []
    window.admit_wanted.connect(lambda guest, key: admitted.append((guest.participant_id, key)))
    menu = window.call.parties.waiting["r-9"].menu()
    names = [action.text() for action in menu.actions()]
    assert "Inger Eksempelsen" not in names
    menu.actions()[names.index("Eksempel Tolkebureau")].trigger()
    assert admitted == [("r-9", "k-interpreter-agency")]


def test_the_first_expected_guest_is_let_in_by_a_key(qtbot: QtBot, theme: Theme) -> None:
    """One hand on the keyboard is enough, and a stranger before them in the line does not matter."""
    known, stranger = scenes.waiting()
    window = call_window(qtbot, theme, with_call(scenes.in_call(guests=(stranger, known))))
    with qtbot.waitSignal(window.admit_wanted) as admitted:
        qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert admitted.args == [known, "k-hospital-geriatrics"]


def test_in_a_narrow_window_the_picture_keeps_most_of_the_room(qtbot: QtBot, theme: Theme, qapp: QApplication) -> None:
    """Half a screen beside the record is where this window usually lies."""
    window = call_window(qtbot, theme, with_call(scenes.in_call()))
    wide = window.call.stage.own.width()
    window.resize(640, 720)
    qapp.processEvents()
    assert window.width() == 640
    assert window.call.stage.width() > 2 * window.call.parties.width() * 0.8
    assert window.call.stage.own.width() < wide


def test_a_list_under_the_mouse_keeps_its_rows_until_the_mouse_has_left(qtbot: QtBot, theme: Theme) -> None:
    """Letting the wrong one in because the list jumped is the worst slip of all."""
    panel = PartyPanel(theme)
    panel.show_consultation(scenes.in_call(guests=scenes.waiting()), scenes.NOW)
    shown(qtbot, panel)
    rows = list(panel.waiting.values())
    panel.enterEvent(None)  # type: ignore[arg-type]
    panel.show_consultation(scenes.in_call(guests=scenes.waiting()[1:]), scenes.NOW)
    assert list(panel.waiting.values()) == rows
    assert not rows[0].admit.isEnabled()
    assert rows[1].admit.isEnabled()
    panel.leaveEvent(None)  # type: ignore[arg-type]
    assert list(panel.waiting) == ["r-9"]


def test_rows_the_mouse_is_just_leaving_live_until_qt_has_told_them(qtbot: QtBot, theme: Theme) -> None:
    """Qt still sends the old rows that the mouse is gone; destroying them under it ends the program."""
    panel = PartyPanel(theme)
    qtbot.addWidget(panel)
    panel.show_consultation(scenes.in_call(guests=scenes.waiting()), scenes.NOW)
    rows = panel.widget()
    panel.enterEvent(None)  # type: ignore[arg-type]
    panel.show_consultation(scenes.in_call(), scenes.NOW)
    panel.leaveEvent(None)  # type: ignore[arg-type]
    assert panel.widget() is not rows
    assert shiboken6.isValid(rows)


def test_a_note_can_be_written_when_any_connection_takes_notes() -> None:
    """The one that opened the patient need not be the one that files them."""
    opens = AdapterStatus("local", "running", capabilities=Capabilities(frozenset({Capability.CONTEXT})))
    files = AdapterStatus("hl7v2", "running", capabilities=Capabilities(frozenset({Capability.WRITE_BACK})))
    view = replace(scenes.idle(), adapters=(opens, files))
    assert can_write(view)
    assert not can_write(replace(view, adapters=(opens, replace(files, state="paused"))))


def test_a_lost_call_offers_to_try_again_and_is_ended_not_called_off(qtbot: QtBot, theme: Theme) -> None:
    """Calling off would tell the ward that a conference it has just been in does not take place."""
    lost = replace(scenes.in_call(), call=None, steps=scenes.steps(StepKind.VIDEO, done=3))
    window = call_window(qtbot, theme, with_call(lost))
    assert window.pages.currentWidget() is window.starting
    assert window.starting.retry.isVisibleTo(window)
    with qtbot.waitSignal(window.starting.end_wanted), qtbot.assertNotEmitted(window.starting.cancel_wanted):
        window.starting.cancel.click()


def test_muting_moves_no_other_control(qtbot: QtBot, theme: Theme, qapp: QApplication) -> None:
    """The next press must hit what the eye has chosen."""
    window = call_window(qtbot, theme, with_call(scenes.in_call()))
    bar = window.call.bar
    before = [control.geometry() for control in (bar.microphone, bar.camera, bar.lock, bar.hang_up)]
    off = replace(scenes.call(), microphone_on=False, camera_on=False, locked=False)
    window.show_view(with_call(scenes.in_call(off)), scenes.NOW, can_write=True)
    qapp.processEvents()
    assert [control.geometry() for control in (bar.microphone, bar.camera, bar.lock, bar.hang_up)] == before
    assert bar.microphone.text() == "Mikrofon fra"
    assert bar.microphone.accessibleDescription() == "Tænd mikrofonen"


@pytest.mark.parametrize(
    ("key", "signal", "value"),
    [(Qt.Key.Key_D, "microphone_wanted", False), (Qt.Key.Key_E, "camera_wanted", False)],
)
def test_microphone_and_camera_have_their_keys(
    qtbot: QtBot, theme: Theme, key: Qt.Key, signal: str, value: object
) -> None:
    """Also after the words on the control have changed, which makes Qt forget a shortcut."""
    window = call_window(qtbot, theme, with_call(scenes.in_call(replace(scenes.call(), microphone_on=False))))
    window.show_view(with_call(scenes.in_call()), scenes.NOW, can_write=True)
    with qtbot.waitSignal(getattr(window.call.bar, signal)) as wanted:
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    assert wanted.args == [value]


def test_a_lost_line_offers_the_telephone(qtbot: QtBot, theme: Theme) -> None:
    """The numbers are at hand before they are asked for."""
    window = call_window(qtbot, theme, with_call(scenes.in_call(scenes.call(LineQuality.LOST))))
    assert "Ingen forbindelse: prøver igen" in texts_of(window)
    window.bands.acted.emit("lost", "phone")
    assert window.call.phone.isVisible()
    assert "35 00 00 10" in texts_of(window)


def test_unread_messages_are_counted_until_the_chat_is_opened(qtbot: QtBot, theme: Theme) -> None:
    """Somebody who writes instead of speaking often cannot be heard."""
    window = call_window(qtbot, theme, with_call(scenes.in_call()))
    chat = window.call.bar.chat
    assert chat.text() == "Chat (2)"
    chat.click()
    assert chat.text() == "Chat"
    assert window.call.chat.field.hasFocus()


def test_a_message_is_sent_once_and_never_empty(qtbot: QtBot, theme: Theme) -> None:
    """Enter on an empty field sends nothing."""
    window = call_window(qtbot, theme, with_call(scenes.in_call()))
    window.call.bar.chat.click()
    written: list[str] = []
    window.call.chat.message_written.connect(written.append)
    qtbot.keyClicks(window.call.chat.field, "  Kan I høre mig? ")
    for _press in range(2):
        qtbot.keyClick(window.call.chat.field, Qt.Key.Key_Return)
    assert written == ["Kan I høre mig?"]


def test_what_a_stranger_writes_is_never_read_as_markup(qtbot: QtBot, theme: Theme) -> None:
    """A name such as <img src=...> must not fetch anything."""
    guest = replace(scenes.waiting()[1], name_given="<b>Læge</b>")
    window = call_window(qtbot, theme, with_call(scenes.in_call(guests=(guest,))))
    labels = [each for each in window.findChildren(QLabel) if "<b>" in each.text()]
    assert labels
    assert all(each.textFormat() is Qt.TextFormat.PlainText for each in labels)


def test_the_harmless_answer_has_the_focus_when_hanging_up(qtbot: QtBot, theme: Theme) -> None:
    """A stray Enter must not throw everybody out."""
    dialog = HangUpDialog(theme, ["Inger Eksempelsen"])
    shown(qtbot, dialog)
    assert dialog.stay.hasFocus()
    assert "Inger Eksempelsen" in texts_of(dialog)


def test_the_small_window_is_as_small_as_promised(qtbot: QtBot, theme: Theme) -> None:
    """360 x 240 beside the record, with the patient's name in it and not in its title."""
    window = SmallWindow(theme)
    window.show_consultation(scenes.in_call(guests=scenes.waiting()))
    window.resize(10, 10)
    shown(qtbot, window)
    assert window.size() == QSize(360, 240)
    assert "Inger Eksempelsen" in texts_of(window)
    with qtbot.waitSignal(window.admit_wanted):
        window.admit.click()


def test_a_stranger_is_looked_at_in_the_large_window(qtbot: QtBot, theme: Theme) -> None:
    """360 pixels are too few to decide about an unknown."""
    window = SmallWindow(theme)
    window.show_consultation(scenes.in_call(guests=scenes.waiting()[1:]))
    shown(qtbot, window)
    with qtbot.waitSignal(window.large_wanted):
        window.admit.click()


def test_closing_the_small_window_ends_no_call(qtbot: QtBot, theme: Theme) -> None:
    """The cross means away with this window, not away with the patient."""
    window = SmallWindow(theme)
    window.show_consultation(scenes.in_call())
    shown(qtbot, window)
    with qtbot.waitSignal(window.large_wanted):
        window.close()


# --- pictures -------------------------------------------------------------------------------------------------------


def grey(width: int, height: int, luma: int, *, padding: int = 0) -> VideoPicture:
    stride, half = width + padding, width // 2 + padding
    planes = (bytes([luma]) * stride * height, bytes([128]) * half * (height // 2), bytes([128]) * half * (height // 2))
    return VideoPicture(width, height, planes, (stride, half, half))


@pytest.mark.parametrize("padding", [0, 12])
def test_a_picture_is_painted_whatever_its_line_length(qapp: QApplication, padding: int) -> None:
    """Decoders pad their lines; taking the padding for picture slants everything."""
    painted = image(grey(64, 36, 235, padding=padding))
    assert painted.size() == QSize(64, 36)
    assert all(painted.pixelColor(x, y).lightness() > 240 for x in (0, 31, 63) for y in (0, 17, 35))


def test_a_picture_cut_short_is_refused(qapp: QApplication) -> None:
    """Reading beyond a plane would show another call's memory."""
    whole = grey(64, 36, 235)
    cut = replace(whole, planes=(whole.planes[0][:100], *whole.planes[1:]))
    with pytest.raises(ValueError, match="shorter"):
        image(cut)


@pytest.mark.parametrize(
    ("size", "room", "expected"),
    [
        (QSize(1280, 720), QRect(0, 0, 640, 640), QRect(0, 140, 640, 360)),
        (QSize(480, 640), QRect(0, 0, 640, 640), QRect(80, 0, 480, 640)),
    ],
)
def test_the_picture_keeps_its_shape(size: QSize, room: QRect, expected: QRect) -> None:
    """A telephone held upright shows a person, not a barrel."""
    assert fitted(size, room) == expected


def test_our_own_picture_is_mirrored(qtbot: QtBot, theme: Theme) -> None:
    """As in a mirror, or one always leans the wrong way."""
    luma = b"".join(bytes([235] * 32 + [16] * 32) for _line in range(36))
    picture = VideoPicture(64, 36, (luma, bytes([128]) * 576, bytes([128]) * 576), (64, 32, 32))
    view = VideoView(theme, is_mirrored=True)
    view.resize(640, 360)
    shown(qtbot, view)
    view.show_picture(picture)
    painted = view.grab().toImage()
    assert painted.pixelColor(100, 180).lightness() < 50
    assert painted.pixelColor(540, 180).lightness() > 200


def test_our_own_picture_moves_by_arrow_keys_and_stays_inside(qtbot: QtBot, theme: Theme) -> None:
    """It may lie over the very thing the doctor wants to see."""
    room = QWidget()
    room.resize(800, 600)
    own = SelfView(theme, room)
    own.settle()
    shown(qtbot, room)
    assert own.geometry().bottomRight() == QPoint(787, 587)
    qtbot.keyClick(own, Qt.Key.Key_Up)
    qtbot.keyClick(own, Qt.Key.Key_Left)
    assert own.corner == "top-left"
    assert own.geometry().topLeft() == QPoint(12, 12)


def test_a_dragged_picture_settles_in_the_nearest_corner() -> None:
    """Half over the edge it would be no use."""
    room = QRect(0, 0, 800, 600)
    assert nearest(QPoint(100, 500), room) == "bottom-left"
    assert place("bottom-left", QSize(200, 100), room, 10) == QPoint(10, 490)


# --- after ----------------------------------------------------------------------------------------------------------


def after_page(qtbot: QtBot, theme: Theme) -> AfterPage:
    page = AfterPage(theme)
    page.show_consultation(scenes.ended(), can_write=True)
    shown(qtbot, page)
    return page


def test_the_proposed_fee_is_chosen_with_its_reason(qtbot: QtBot, theme: Theme) -> None:
    """The doctor decides, but sees why."""
    page = after_page(qtbot, theme)
    assert page.fee_code == "0126"
    assert "Mindst tre deltog" in texts_of(page)


def test_the_note_as_edited_and_the_fee_as_chosen_are_written(qtbot: QtBot, theme: Theme) -> None:
    """Nothing is written that the doctor has not seen."""
    page = after_page(qtbot, theme)
    page.note.setPlainText("Kontrol om 14 dage.")
    page.fees.buttons()[3].click()
    with qtbot.waitSignal(page.write_wanted) as wanted:
        page.write.click()
    assert wanted.args == ["Kontrol om 14 dage.", ""]


def test_a_new_state_does_not_overwrite_what_was_edited(qtbot: QtBot, theme: Theme) -> None:
    """A failed attempt to write brings a new state, and the note must be there still."""
    page = after_page(qtbot, theme)
    page.note.setPlainText("Rettet.")
    page.fees.buttons()[0].click()
    page.show_consultation(scenes.ended("writeback.unavailable"), can_write=True)
    assert page.note.toPlainText() == "Rettet."
    assert page.fee_code == "0125"
    assert "Journalsystemet svarer ikke" in texts_of(page)


def test_a_failure_names_the_party_it_befell(qtbot: QtBot, theme: Theme) -> None:
    """Whom to ring is the whole point."""
    page = AfterPage(theme)
    page.show_consultation(scenes.ended(failures=("invite.gave_up",)), can_write=True)
    shown(qtbot, page)
    assert "Plejehjemmet Solgården" in texts_of(page.bands)


def test_where_the_record_cannot_be_written_the_text_is_copied(qtbot: QtBot, theme: Theme) -> None:
    """Every system has a clipboard."""
    page = AfterPage(theme)
    page.show_consultation(scenes.ended(), can_write=False)
    shown(qtbot, page)
    assert page.write.isHidden()
    assert "Kopier teksten" in texts_of(page)
    with qtbot.waitSignal(page.copy_wanted):
        page.copy.click()


def test_nothing_is_written_twice_while_it_is_being_written(qtbot: QtBot, theme: Theme) -> None:
    """An impatient second press."""
    page = after_page(qtbot, theme)
    page.show_consultation(replace(scenes.ended(), is_busy=True), can_write=True)
    assert not page.write.isEnabled()


# --- settings -------------------------------------------------------------------------------------------------------


def test_a_chosen_device_that_is_absent_stays_chosen(qtbot: QtBot, theme: Theme) -> None:
    """The headset lies in the drawer today; tomorrow it is back."""
    devices = FakeDevices()
    page = DevicesPage(theme, devices, devices, MediaChoice(microphone="Plantronics"))
    shown(qtbot, page)
    assert page.microphone.currentText() == "Plantronics (ikke tilsluttet)"
    assert page.microphone.currentData() == "Plantronics"


def test_a_device_that_is_plugged_in_appears(qtbot: QtBot, theme: Theme) -> None:
    """Without closing the window."""
    devices = FakeDevices()
    page = DevicesPage(theme, devices, devices, MediaChoice())
    shown(qtbot, page)
    devices.found = DeviceNames(("Logitech Brio", "Nyt kamera"), ("Jabra",), ("Jabra",))
    page.show_devices()
    assert page.camera.findData("Nyt kamera") > 0


def test_choosing_the_test_card_is_a_choice_of_camera(qtbot: QtBot, theme: Theme) -> None:
    """For a machine without a camera."""
    devices = FakeDevices()
    page = DevicesPage(theme, devices, devices, MediaChoice(camera="Logitech Brio"))
    shown(qtbot, page)
    with qtbot.waitSignal(page.choice_made) as made:
        page.camera.setCurrentIndex(page.camera.findData(TEST_CARD))
    assert made.args == [MediaChoice(use_test_card=True)]


def test_closing_the_page_frees_the_devices(qtbot: QtBot, theme: Theme) -> None:
    """Or the call would find the camera taken."""
    devices = FakeDevices()
    page = DevicesPage(theme, devices, devices, MediaChoice())
    shown(qtbot, page)
    page.try_now.click()
    assert devices.is_trying
    devices.on_level(57)
    assert page.meter.value() == 57
    page.close()
    assert not devices.is_trying


def test_loudness_runs_from_silence_to_full_scale() -> None:
    """The meter must move for a voice and rest in silence."""
    assert level(b"") == 0
    assert level(bytes(960)) == 0
    full = b"".join(value.to_bytes(2, "little", signed=True) for value in (32767, -32767) * 240)
    assert level(full) == 100
    assert 40 < level(tone()) < 90


def test_an_adapter_that_failed_says_why_and_can_be_enabled(qtbot: QtBot, theme: Theme) -> None:
    """The others run on."""
    page = AdaptersPage(theme)
    page.show_adapters(adapters(scenes.NOW))
    shown(qtbot, page)
    assert "Forbindelsen hl7v2 fejlede tre gange" in texts_of(page)
    with qtbot.waitSignal(page.enable_wanted) as wanted:
        next(each for each in page.findChildren(QWidget) if each.accessibleName() == "Slå hl7v2 til").click()  # type: ignore[attr-defined]
    assert wanted.args == ["hl7v2"]


def test_a_number_is_read_in_pairs() -> None:
    """As it is said aloud."""
    assert spaced("35000050") == "35 00 00 50"
    assert spaced("+46 8 123") == "+46 8 123"


def test_nobody_present_is_not_counted_as_a_stranger(qtbot: QtBot, theme: Theme) -> None:
    """The doctor, the expected, and those outside are all accounted for."""
    parties = tuple(replace(each, presence=Presence.IN_CALL) for each in scenes.in_call().parties)
    window = call_window(qtbot, theme, with_call(replace(scenes.in_call(), parties=parties)))
    assert "ikke ventet" not in texts_of(window)


def test_several_who_wait_by_one_link_have_one_band_and_a_row_each(qtbot: QtBot, theme: Theme) -> None:
    """Four bands took half of the picture."""
    guests = tuple(replace(scenes.waiting()[0], participant_id=f"r-{number}") for number in range(3, 7))
    window = call_window(qtbot, theme, with_call(scenes.in_call(guests=guests)))
    assert window.bands.keys() == ("waiting:r-3",)
    assert len(window.call.parties.waiting) == 4
    window.show_view(with_call(scenes.in_call(guests=guests[1:])), scenes.NOW, can_write=True)
    assert window.bands.keys() == ("waiting:r-4",)


def test_whoever_comes_along_by_a_partys_link_is_told_from_a_stranger(qtbot: QtBot, theme: Theme) -> None:
    """The doctor let both in by the patient's name; a red mark on the second would take that back."""
    call = scenes.call()
    daughter = RoomParticipant("r-5", "Patient 2", False, False, False, True, "k-patient")
    phone = RoomParticipant("r-6", "iPhone", False, False, False, True, "k-nobody")
    view = replace(scenes.in_call(), call=replace(call, participants=(*call.participants, daughter, phone)))
    words = texts_of(call_window(qtbot, theme, with_call(view)))
    assert words.count("Kom med linket til") == 1
    assert words.count("ikke ventet") == 1
