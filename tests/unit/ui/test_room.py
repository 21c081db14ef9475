"""Sharing a screen, slides, the telephone into the call, and what a host does with the room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.unit.ui.fake_desk import FakeDesk
from vdx_plugin.ports import DialOut, RoomParticipant, RoomRules, Slides, SlidesChanged
from vdx_plugin.runtime import Runtime
from vdx_plugin.service.view import CallView
from vdx_plugin.ui import scenes
from vdx_plugin.ui.desktop import Desktop
from vdx_plugin.ui.dial_form import call_of
from vdx_plugin.ui.person_dialogs import MakeHostDialog, SendElsewhereDialog
from vdx_plugin.ui.room_menu import add_for_person

OURS, THEIRS = SlidesChanged(Slides.OURS), SlidesChanged(Slides.THEIRS, "Sygehuset")


@pytest.fixture
def desktop(qtbot: QtBot, qapp: QApplication, desk: FakeDesk, runtime: Runtime, tmp_path: Path) -> Iterator[Desktop]:
    """A desktop with a running call."""
    desktop = Desktop(qapp, desk, runtime, tmp_path / "window.ini", now=lambda: scenes.NOW, **desk.stand_ins)
    desktop.open()
    desk.play(runtime, consultation=scenes.in_call())
    qtbot.waitUntil(desktop.windows.call.isVisible)
    yield desktop
    desktop.close()


def play(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime, call: CallView) -> None:
    view = scenes.in_call(call)
    desk.play(runtime, consultation=view)
    qtbot.waitUntil(lambda: desktop.windows.call._view == view)


def choose_window(desktop: Desktop, desk: FakeDesk) -> None:
    desktop.windows.call.call.bar.share.click()
    dialog = desktop.sharing.dialog
    assert dialog is not None
    dialog.list.setCurrentRow(1)
    assert not dialog.share.isEnabled()
    desk.capture.take()
    assert dialog.share.isEnabled()


def test_a_window_is_seen_before_anybody_else_sees_it(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """A wrong click must not show the record to a patient."""
    choose_window(desktop, desk)
    assert desk.room.screens == []
    assert desktop.sharing.dialog is not None
    desktop.sharing.dialog.share.click()
    qtbot.waitUntil(lambda: desk.named("present") == [()])
    desk.capture.take()
    assert (desk.room.screens[0].width, desk.room.screens[0].height) == (64, 36)
    assert desk.room.screens[0].pixels[:3] == bytes((0xC0, 0x40, 0x20))


def test_escape_from_the_choice_captures_nothing_any_more(desktop: Desktop, desk: FakeDesk) -> None:
    """The preview alone was running."""
    choose_window(desktop, desk)
    assert desktop.sharing.dialog is not None
    desktop.sharing.dialog.reject()
    assert desk.capture.captured is None
    assert desk.named("present") == []


def shared(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime) -> None:
    choose_window(desktop, desk)
    assert desktop.sharing.dialog is not None
    desktop.sharing.dialog.share.click()
    qtbot.waitUntil(lambda: bool(desk.named("present")))
    play(qtbot, desktop, desk, runtime, replace(scenes.call(), slides=OURS))


def test_while_sharing_a_band_says_so_and_stops_it(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """It is forgotten otherwise, and the next patient's record is seen."""
    shared(qtbot, desktop, desk, runtime)
    assert "sharing" in desktop.windows.call.bands.keys()  # noqa: SIM118  # no dict
    assert desktop.windows.call.call.bar.share.text() == "Stop deling"
    desktop.windows.call.stop_share_wanted.emit()
    assert desk.capture.captured is None
    qtbot.waitUntil(lambda: desk.named("stop_presenting") == [()])


@pytest.mark.parametrize("slides", [THEIRS, SlidesChanged(Slides.NONE)])
def test_what_the_room_ends_is_captured_no_longer(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime, slides: SlidesChanged
) -> None:
    """Somebody else took the floor, or the room took it away."""
    shared(qtbot, desktop, desk, runtime)
    play(qtbot, desktop, desk, runtime, replace(scenes.call(), slides=slides))
    assert desk.capture.captured is None


def test_a_room_that_does_not_allow_it_captures_nothing(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """The problem is told by the desk."""
    desk.room.is_allowed = False
    choose_window(desktop, desk)
    assert desktop.sharing.dialog is not None
    desktop.sharing.dialog.share.click()
    qtbot.waitUntil(lambda: desk.capture.captured is None)


def test_a_shared_window_that_is_closed_ends_the_sharing_and_is_told(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """The others would otherwise look at its last picture for ever."""
    shared(qtbot, desktop, desk, runtime)
    desk.capture.lose()
    qtbot.waitUntil(lambda: desk.named("stop_presenting") == [()])
    assert "share.lost" in [each.problem.code for each in desktop.notices.all]


def test_the_end_of_the_call_ends_the_capture(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime) -> None:
    """Nothing may run on when nobody sees it."""
    shared(qtbot, desktop, desk, runtime)
    desk.play(runtime, consultation=None)
    qtbot.waitUntil(lambda: desk.capture.captured is None)


def test_slides_are_large_and_people_small_until_swapped(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """Numbers on a slide must be readable, and a face be seen when it matters."""
    play(qtbot, desktop, desk, runtime, replace(scenes.call(), slides=THEIRS))
    stage = desktop.windows.call.call.stage
    stage.show_people(scenes.picture(64, 48))
    assert stage.inset.isVisible()
    assert not stage.has_picture
    stage.show_slide(scenes.picture(96, 54))
    assert stage.has_picture
    qtbot.keyClick(stage.inset, Qt.Key.Key_Space)
    assert not stage.has_picture
    stage.show_people(scenes.picture(64, 48))
    assert stage.has_picture
    play(qtbot, desktop, desk, runtime, scenes.call())
    assert not stage.inset.isVisible()


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("35 00 00 10", DialOut("35000010", "sip", sound_only=True, display_name="Telefon")),
        ("+45 35-000010", DialOut("+4535000010", "sip", sound_only=True, display_name="Telefon")),
        ("sip:moede@sygehus.example", DialOut("moede@sygehus.example", "sip", display_name="Ringet op")),
        ("", None),
        ("tolken", None),
        ("12", None),
        ("@sygehus.example", None),
        ("en anden@sygehus.example", None),
    ],
)
def test_only_a_number_or_an_address_is_called(words: str, call: DialOut | None) -> None:
    """A typing error must not ring at somebody's."""
    assert call_of(words, "") == call


def test_a_known_party_is_called_by_name_and_once(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """The others see the name, not the number; a second press calls nobody."""
    phone = desktop.windows.call.call.phone.form
    phone.number.setCurrentIndex(1)
    phone.dial.click()
    assert not phone.dial.isEnabled()
    phone.dial.click()
    qtbot.waitUntil(lambda: bool(desk.named("dial")))
    [(call,)] = desk.named("dial")
    assert (call.destination, call.display_name) == ("35000010", scenes.HOSPITAL.name)


def action(menu: QMenu, words: str) -> QAction:
    return next(each for each in menu.actions() if each.text() == words)


def test_all_guests_are_muted_and_unmuted_again_by_one_click(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """A dog barks somewhere, and there is a way back."""
    bar = desktop.windows.call.call.bar
    action(bar.menu(), "Slå alle gæsters mikrofon fra").trigger()
    qtbot.waitUntil(lambda: desk.named("mute_guests") == [(True,)])
    play(qtbot, desktop, desk, runtime, replace(scenes.call(), rules=RoomRules(guests_muted=True)))
    action(bar.menu(), "Slå alle gæsters mikrofon til igen").trigger()
    qtbot.waitUntil(lambda: desk.named("mute_guests") == [(True,), (False,)])


def test_layouts_are_offered_where_there_are_any_and_only_to_a_host(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """A choice that is refused is no choice."""
    bar = desktop.windows.call.call.bar
    assert len(bar.menu().actions()) == 1
    play(qtbot, desktop, desk, runtime, replace(scenes.call(), layouts=("1:0", "2:21")))
    layouts = bar.menu().actions()[1].menu()
    assert isinstance(layouts, QMenu)
    assert [each.text() for each in layouts.actions()] == ["Kun den, der taler", "Opstilling 2:21"]
    layouts.actions()[0].trigger()
    qtbot.waitUntil(lambda: desk.named("set_layout") == [("1:0",)])
    guest = replace(scenes.call(), layouts=("1:0",), rules=RoomRules(is_host=False))
    play(qtbot, desktop, desk, runtime, guest)
    assert not bar.menu().actions()[0].isEnabled()
    assert "guest" in desktop.windows.call.bands.keys()  # noqa: SIM118  # no dict


PERSON = RoomParticipant("p", "Anna", is_host=False, is_waiting=False, is_self=False, has_media=True)


def words_of(menu: QMenu) -> list[str]:
    """Return what a menu offers, that of its menus too."""
    found: list[str] = []
    for each in menu.actions():
        inner = each.menu()
        found += words_of(inner) if isinstance(inner, QMenu) else [each.text()] if each.text() else []
    return found


def offered(person: RoomParticipant) -> list[str]:
    menu = QMenu()
    add_for_person(menu, person, "Anna", lambda wish: None)
    return words_of(menu)


def test_what_has_been_done_with_somebody_can_be_undone_in_the_same_place(qtbot: QtBot) -> None:
    """Each row turns into its opposite."""
    rare = ["Gør til vært …", "Flyt til et andet rum …"]
    assert offered(PERSON) == ["Slå mikrofonen fra for alle", "Vis stort for alle", *rare]
    changed = offered(replace(PERSON, is_muted=True, is_spotlit=True, is_host=True))
    assert changed[:3] == ["Slå mikrofonen til igen", "Vis ikke længere stort for alle", "Gør til gæst igen"]


def test_a_telephone_is_neither_made_host_nor_sent_elsewhere(qtbot: QtBot) -> None:
    """It can do nothing with either."""
    assert offered(replace(PERSON, is_called_up=True)) == ["Slå mikrofonen fra for alle", "Vis stort for alle"]


def test_what_is_seldom_wanted_is_not_in_the_first_menu(qtbot: QtBot) -> None:
    """A doctor who looks for the microphone must not come across it."""
    menu = QMenu()
    add_for_person(menu, PERSON, "Anna", lambda wish: None)
    assert [each.text() for each in menu.actions() if each.text()][-1] == "Flere"


def panel_menu(desktop: Desktop, key: str) -> QMenu:
    return desktop.windows.call.call.parties.parties[key].menu()


def more(menu: QMenu, words: str) -> QAction:
    inner = action(menu, "Flere").menu()
    assert isinstance(inner, QMenu)
    return action(inner, words)


def test_the_microphone_of_a_party_is_muted_and_its_picture_shown_large(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk
) -> None:
    """By the menu of the party, at once."""
    menu = panel_menu(desktop, "k-patient")
    action(menu, "Slå mikrofonen fra for alle").trigger()
    action(menu, "Vis stort for alle").trigger()
    qtbot.waitUntil(lambda: desk.named("mute") == [("r-2", True)] and desk.named("spotlight") == [("r-2", True)])


def test_somebody_is_made_host_only_after_a_question(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """A host can end the consultation and take the doctor out."""
    more(panel_menu(desktop, "k-patient"), "Gør til vært …").trigger()
    dialog = desktop.people.dialog
    assert isinstance(dialog, MakeHostDialog)
    assert dialog.stay.hasFocus() or dialog.focusWidget() is dialog.stay
    dialog.reject()
    more(panel_menu(desktop, "k-patient"), "Gør til vært …").trigger()
    dialog = desktop.people.dialog
    assert isinstance(dialog, MakeHostDialog)
    assert desk.named("set_host") == []
    dialog.go.click()
    qtbot.waitUntil(lambda: desk.named("set_host") == [("r-2", True)])
    qtbot.waitUntil(lambda: "person.made_host" in [each.problem.code for each in desktop.notices.all])


def test_a_host_beside_us_is_shown_as_one_and_made_guest_again_by_one_click(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """The way back is where the state is seen, and asks nothing."""
    patient = desktop.windows.call.call.parties.parties["k-patient"]
    assert not patient.host.isVisible()
    own, other = scenes.call().participants
    play(qtbot, desktop, desk, runtime, replace(scenes.call(), participants=(own, replace(other, is_host=True))))
    patient = desktop.windows.call.call.parties.parties["k-patient"]
    assert patient.host.isVisible()
    patient.host.give_up.click()
    qtbot.waitUntil(lambda: desk.named("set_host") == [("r-2", False)])


def test_what_the_room_refuses_is_not_told_as_done(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """The desk shows the reason; a confirmation beside it would be a lie."""
    desk.room.is_allowed = False
    more(panel_menu(desktop, "k-patient"), "Gør til vært …").trigger()
    assert isinstance(desktop.people.dialog, MakeHostDialog)
    desktop.people.dialog.go.click()
    qtbot.waitUntil(lambda: desk.named("set_host") == [("r-2", True)])
    assert desktop.notices.all == ()


def test_somebody_is_sent_to_the_room_of_a_link_with_its_pin(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """What the doctor has is the invitation; nothing need be copied out of it."""
    more(panel_menu(desktop, "k-patient"), "Flyt til et andet rum …").trigger()
    dialog = desktop.people.dialog
    assert isinstance(dialog, SendElsewhereDialog)
    assert not dialog.go.isEnabled()
    dialog.room.setText("https://video.example/guest/?conference=1234%40rooms.example&pin=4321&name=Patient")
    assert not dialog.pin.isEnabled()
    dialog.go.click()
    qtbot.waitUntil(lambda: desk.named("send_elsewhere") == [("r-2", "1234@rooms.example", "4321")])


def test_a_room_by_its_number_takes_the_pin_beside_it(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """As it is read out by telephone; no pin where the room has none."""
    for pin in ("4321", ""):
        more(panel_menu(desktop, "k-patient"), "Flyt til et andet rum …").trigger()
        dialog = desktop.people.dialog
        assert isinstance(dialog, SendElsewhereDialog)
        dialog.room.setText("1234")
        dialog.pin.setText(pin)
        dialog.go.click()
    qtbot.waitUntil(lambda: desk.named("send_elsewhere") == [("r-2", "1234", "4321"), ("r-2", "1234", "")])


def test_a_host_nobody_expected_is_in_the_list_and_our_own_earlier_self_is_not(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """Whoever is made host must not vanish from the list that makes them guest again."""
    own, other = scenes.call().participants
    stranger = RoomParticipant("r-9", "Vagtlægen", True, False, False, True)
    earlier = replace(own, id="r-0", is_self=False)
    view = replace(scenes.call(), participants=(own, other, earlier, stranger))
    play(qtbot, desktop, desk, runtime, view)
    rows = desktop.windows.call.call.parties.strangers
    assert list(rows) == ["r-9"]
    assert rows["r-9"].host.isVisible()
    assert "Gør til gæst igen" in words_of(rows["r-9"].menu())


@pytest.mark.parametrize(
    ("words", "destination"),
    [
        ("192.0.2.10##4711", "192.0.2.10##4711"),
        ("192.0.2.10", "192.0.2.10"),
        ("4711", "4711"),
        ("lokale@sygehus.example", "lokale@sygehus.example"),
        ("h323:lokale@sygehus.example", "lokale@sygehus.example"),
        ("mødelokalet på anden sal", None),
        ("", None),
    ],
)
def test_an_older_room_system_is_called_by_what_such_systems_are_called_by(words: str, destination: str | None) -> None:
    """With a picture, other than a telephone of the same digits."""
    expected = DialOut(destination, "h323", display_name="Videoanlæg") if destination else None
    assert call_of(words, "", is_h323=True) == expected


def test_an_older_room_system_is_called_only_while_its_choice_is_in_sight(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk
) -> None:
    """Folded away it would go on deciding how the next one is called."""
    form = desktop.windows.call.call.phone.form
    assert not form.ways.h323.isVisible()
    form.ways.more.click()
    form.ways.h323.setChecked(True)
    form.field.setText("192.0.2.10##4711")
    assert "Anlæggets adresse" in form.field.accessibleName()
    form.dial.click()
    qtbot.waitUntil(lambda: bool(desk.named("dial")))
    [(call,)] = desk.named("dial")
    assert (call.protocol, call.destination, call.sound_only) == ("h323", "192.0.2.10##4711", False)
    assert not form.ways.is_h323
    assert not form.ways.more.isChecked()
