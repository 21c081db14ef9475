"""The page of connections and the form made from a manifest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.unit.ui.fake_desk import FakeDesk
from tests.unit.ui.test_windows import shown, texts_of
from vdx_plugin.ports import Capability, Health, HealthState
from vdx_plugin.runtime import Runtime
from vdx_plugin.ui import scenes
from vdx_plugin.ui.adapter_form import AdapterForm
from vdx_plugin.ui.adapter_scenes import adapters
from vdx_plugin.ui.adapters_page import AdaptersPage, ability
from vdx_plugin.ui.main import Desktop
from vdx_plugin.ui.theme import LIGHT, Theme


@pytest.fixture
def page(qtbot: QtBot) -> AdaptersPage:
    made = AdaptersPage(Theme(LIGHT))
    made.show_adapters(adapters(scenes.NOW))
    shown(qtbot, made)
    return made


@pytest.fixture
def form(qtbot: QtBot) -> AdapterForm:
    made = AdapterForm(Theme(LIGHT), adapters(scenes.NOW)[0])
    shown(qtbot, made)
    return made


def press(window: QWidget, name: str) -> None:
    """Press the button that a screen reader calls by that name."""
    buttons = [each for each in window.findChildren(QPushButton) if name in (each.accessibleName(), each.text())]
    buttons[0].click()


def test_each_connection_says_how_it_fares_and_what_it_can_and_cannot_do(page: AdaptersPage) -> None:
    """By the title its vendor gave it, with the reason in words and the code small behind."""
    told = texts_of(page)
    assert "Har forbindelse" in told
    assert "Kan ikke: opslag af patient" in told
    assert "Journalsystemet og Mappe med filer viser hver sin patient. Journalsystemet gælder." in told
    assert "adapter.conflict" in told
    assert "Eksempel Journal ApS" in told


def test_a_connection_is_switched_moved_and_set_up_by_its_name(page: AdaptersPage, qtbot: QtBot) -> None:
    """The title is for people; the name is what the desk knows."""
    with qtbot.waitSignal(page.disable_wanted) as off:
        press(page, "Slå Journalsystemet fra")
    with qtbot.waitSignal(page.prefer_wanted) as moved:
        press(page, "Lad Mappe med filer gælde mere")
    with qtbot.waitSignal(page.settings_wanted) as opened:
        press(page, "Indstillinger for Journalsystemet")
    assert (off.args, moved.args, opened.args) == (["dummy"], ["gdt", True], ["dummy"])


def test_the_uppermost_cannot_go_up_nor_the_last_down(page: AdaptersPage) -> None:
    """A button that does nothing is a question."""
    buttons = {each.accessibleName(): each for each in page.findChildren(QPushButton)}
    assert not buttons["Lad Journalsystemet gælde mere"].isEnabled()
    assert not buttons["Lad SMART gælde mindre"].isEnabled()
    assert buttons["Lad Journalsystemet gælde mindre"].isEnabled()


def test_opening_the_page_asks_every_connection_how_it_is(qtbot: QtBot) -> None:
    """What was true this morning helps nobody."""
    made = AdaptersPage(Theme(LIGHT))
    with qtbot.waitSignal(made.look_wanted):
        shown(qtbot, made)


def test_every_capability_has_its_words() -> None:
    """One added to the contract is shown too."""
    assert len({ability(each) for each in Capability}) == len(Capability)


def test_a_field_that_is_wrong_says_so_beside_it_and_nothing_is_saved(form: AdapterForm, qtbot: QtBot) -> None:
    """Before anything leaves the form."""
    address = form.fields["server"].input
    assert isinstance(address, QLineEdit)
    address.setText("journal")
    with qtbot.assertNotEmitted(form.save_wanted):
        form.save_button.click()
    assert "Skriv en adresse, der begynder med" in texts_of(form)


def test_values_and_secrets_leave_the_form_apart(form: AdapterForm, qtbot: QtBot) -> None:
    """So that no secret can end in a file; one that was not typed stays as it is."""
    token = form.fields["token"].input
    assert isinstance(token, QLineEdit)
    assert token.text() == ""
    assert token.echoMode() is QLineEdit.EchoMode.Password
    with qtbot.waitSignal(form.save_wanted) as saved:
        form.save_button.click()
    assert saved.args[1] == {}
    token.setText("hunter2")
    with qtbot.waitSignal(form.try_wanted) as tried:
        form.try_button.click()
    values, secrets = tried.args
    assert secrets == {"token": "hunter2"}
    assert "hunter2" not in values.values()
    assert values["mode"] == "P"
    assert values["write"] == "no"


def test_the_answer_of_trying_stands_in_the_form(form: AdapterForm) -> None:
    """With its reason, and the button can be pressed again."""
    form.try_button.click()
    assert not form.try_button.isEnabled()
    form.show_health(Health(HealthState.BAD, "writeback.unavailable"))
    assert "Har ikke forbindelse" in texts_of(form)
    assert form.try_button.isEnabled()
    form.show_health(Health(HealthState.GOOD))
    assert "Det virker" in texts_of(form)


def test_a_refusal_stands_beside_its_field_or_below(form: AdapterForm) -> None:
    """The host checks once more and may know better."""
    form.show_refusal("setting.range", "wait")
    form.show_refusal("settings.keyring", None)
    told = texts_of(form)
    assert "Tallet er uden for" in told
    assert "Ikke gemt" in told


def test_a_connection_without_settings_has_no_form_to_open(qtbot: QtBot) -> None:
    """A form without fields is a riddle."""
    page = AdaptersPage(Theme(LIGHT))
    bare = replace(adapters(scenes.NOW)[0], manifest=None)
    page.show_adapters((bare,))
    assert not any("Indstillinger" in each.text() for each in page.findChildren(QPushButton))


def test_the_page_reaches_the_desk_from_the_menu_to_the_saved_form(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """Everything on it is carried out, and the report is in the clipboard."""
    desk.play(runtime, adapters=adapters(scenes.NOW))
    page = desktop.windows.adapters
    desktop.adapters.open_page()
    qtbot.waitUntil(lambda: bool(desk.named("look_at_adapters")))
    qtbot.waitUntil(lambda: "Eksempel Journal ApS" in texts_of(page))
    press(page, "Slå Journalsystemet fra")
    press(page, "Lad Mappe med filer gælde mere")
    page.report_button.click()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == "local: running")
    press(page, "Indstillinger for Journalsystemet")
    form = desktop.adapters.form
    assert form is not None
    form.try_button.click()
    qtbot.waitUntil(lambda: "Det virker" in texts_of(form))
    form.save_button.click()
    qtbot.waitUntil(lambda: bool(desk.named("configure_adapter")))
    assert desk.named("disable_adapter") == [("dummy",)]
    assert desk.named("prefer_adapter") == [("gdt", True)]
