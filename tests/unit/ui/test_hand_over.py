"""The texts of messages, the interpreter's card, files of a meeting, and who is written to how."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.unit.ui.fake_desk import FakeDesk
from vdx_plugin.domain.parties import Channel, Interpreting, Party, PartyRole, PartyStatus
from vdx_plugin.invitations.text_book import TextBook
from vdx_plugin.invitations.text_files import LANGUAGES
from vdx_plugin.ports import TextForm, TextKind, TextName, TextReader
from vdx_plugin.runtime import Runtime
from vdx_plugin.ui import agenda_scenes, scenes, text_scenes
from vdx_plugin.ui.agenda_row import AgendaRow
from vdx_plugin.ui.desktop import Desktop
from vdx_plugin.ui.interpreter_card import InterpreterCardDialog
from vdx_plugin.ui.languages import MESSAGE_LANGUAGES
from vdx_plugin.ui.menu import Choices, DockMenu
from vdx_plugin.ui.message_texts_page import MessageTextsPage
from vdx_plugin.ui.party_row import PartyRow, Setting
from vdx_plugin.ui.party_wishes import Act, Wish
from vdx_plugin.ui.plan_fields import InterpreterFields, PatientFields
from vdx_plugin.ui.theme import Theme

SMS = TextName(TextReader.PATIENT, TextKind.INVITATION, TextForm.SMS)
BODY = replace(SMS, form=TextForm.BODY)


def page(qtbot: QtBot, theme: Theme) -> MessageTextsPage:
    made = MessageTextsPage(theme, TextBook())
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_languages_offered_in_the_plan_are_those_with_texts() -> None:
    """Two lists in two rooms that do not know each other."""
    assert MESSAGE_LANGUAGES == LANGUAGES


def test_every_text_of_every_language_can_be_chosen_and_seen(qtbot: QtBot, theme: Theme) -> None:
    """And interpreters are offered only the languages there are."""
    window, book = page(qtbot, theme), TextBook()
    for language in book.languages():
        for name in book.names(language.code):
            window.choice.choose(language.code, name)
            assert (window.choice.language.code, window.choice.name) == (language.code, name)
            assert window.edit.toPlainText() == book.text(language.code, name)
            assert "Eksempel" in window.preview.text or name.form is TextForm.SUBJECT or name.kind is TextKind.FEE
            assert not window.keep.isEnabled()


def test_the_preview_follows_what_is_typed(qtbot: QtBot, theme: Theme) -> None:
    """The clinic sees what the patient will, and how many text messages it costs."""
    window = page(qtbot, theme)
    window.choice.choose("da", SMS)
    window.edit.setPlainText("Kom {time}\n{link}")
    assert window.preview.text.startswith("Kom onsdag 14. oktober kl. 13.00")
    assert "sms" in window.preview.cost_words
    window.choice.choose("ar", SMS)
    assert "fylder dobbelt" in window.preview.cost_words
    assert window.edit.document().defaultTextOption().textDirection() is Qt.LayoutDirection.RightToLeft


@pytest.mark.parametrize(("typed", "words"), [("Kom {time}", "{link} mangler"), ("{time}\n{link}\n{cpr}", "{cpr}")])
def test_a_text_at_fault_says_why_beside_the_field_and_cannot_be_saved(
    qtbot: QtBot, theme: Theme, typed: str, words: str
) -> None:
    """A message without its link would be sent to hundreds before anybody noticed."""
    window = page(qtbot, theme)
    window.choice.choose("da", SMS)
    window.edit.setPlainText(typed)
    assert words in window._faults.text()
    assert not window.keep.isEnabled()
    assert not window.preview.isEnabled()


def test_what_was_typed_stays_while_another_text_is_looked_at(qtbot: QtBot, theme: Theme) -> None:
    """Comparing with the reminder must not cost the work on the invitation."""
    window = page(qtbot, theme)
    window.choice.choose("da", SMS)
    window.edit.setPlainText("Kom {time}\n{link}")
    window.choice.choose("da", BODY)
    window.choice.choose("da", SMS)
    assert window.edit.toPlainText() == "Kom {time}\n{link}"
    window.undo.click()
    assert window.edit.toPlainText() == TextBook().text("da", SMS)
    window.edit.undo()
    assert window.edit.toPlainText() == "Kom {time}\n{link}"


def test_a_place_is_put_in_where_the_cursor_stands_and_the_link_alone(qtbot: QtBot, theme: Theme) -> None:
    """Nobody has to know how a place is written."""
    window = page(qtbot, theme)
    window.choice.choose("da", SMS)
    window.edit.setPlainText("Kom ")
    window.edit.moveCursor(window.edit.textCursor().MoveOperation.End)
    window._insert("time")
    window._insert("link")
    assert window.edit.toPlainText() == "Kom {time}\n{link}"


# --- joined to the desk ---------------------------------------------------------------------------------------------


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk(replace(scenes.idle(scenes.context()), consultation=scenes.in_call(), agenda=agenda_scenes.day()))


@pytest.fixture
def desktop(qtbot: QtBot, qapp: object, runtime: Runtime, desk: FakeDesk, tmp_path: Path) -> Desktop:
    made = Desktop(qapp, desk, runtime, tmp_path / "w.ini", now=lambda: scenes.NOW, **desk.stand_ins)  # type: ignore[arg-type]
    made.open()
    qtbot.waitUntil(lambda: made.windows.call.isVisible())
    yield made  # type: ignore[misc]
    made.close()


def test_a_saved_text_is_in_use_at_once(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """From the menu to the next message."""
    menu = DockMenu(Choices(), is_busy=True)
    qtbot.addWidget(menu)
    menu.texts_picked.connect(desktop.hand_over.open_texts)
    next(action for action in menu.actions() if action.text() == "Beskedtekster …").trigger()
    window = desktop.windows.texts
    assert window.isVisible()
    window.choice.choose("da", SMS)
    window.edit.setPlainText("Kom {time}\n{link}")
    window.keep.click()
    qtbot.waitUntil(lambda: desk.message_texts.text("da", SMS) == "Kom {time}\n{link}")
    qtbot.waitUntil(lambda: not window.keep.isEnabled())
    assert "egen tekst" in window._state.text()


def test_the_card_is_opened_from_the_party_and_copied(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """During the call too, when another interpreter must be found."""
    desktop.windows.call.call.parties.wished.emit(Wish(Act.CARD, f"k-{scenes.AGENCY.id}"))
    qtbot.waitUntil(lambda: bool(desktop.windows.call.findChildren(InterpreterCardDialog)))
    dialog = desktop.windows.call.findChildren(InterpreterCardDialog)[0]
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == text_scenes.CARD.text
    assert desk.named("interpreter_card") == [(scenes.CONSULTATION_ID, f"k-{scenes.AGENCY.id}")]
    dialog.reject()


@pytest.mark.parametrize(("ending", "content"), [("ics", b"BEGIN:VCALENDAR\r\n"), ("json", b'{"resourceType"')])
def test_a_meeting_is_saved_as_a_file_named_without_the_patient(
    qtbot: QtBot, desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, content: bytes
) -> None:
    """The list of recent files is seen by whoever sits there next."""
    proposed: list[str] = []
    chosen = tmp_path / f"x.{ending}"

    def ask(_above: object, _title: str, name: str, _kinds: str) -> tuple[str, str]:
        proposed.append(name)
        return str(chosen), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    entry = desktop.windows.calendar.list, agenda_scenes.day().entries[1]
    desktop.windows.calendar.show()
    entry[0].file_wanted.emit(entry[1], ending)
    qtbot.waitUntil(chosen.exists)
    qtbot.waitUntil(lambda: bool(chosen.read_bytes()))
    assert chosen.read_bytes().startswith(content)
    assert Path(proposed[0]).name.startswith("videosamtale-")
    desktop.windows.calendar.hide()


def test_the_calendar_offers_both_files_of_a_meeting(qtbot: QtBot, theme: Theme) -> None:
    """Only for meetings of our own: others' patients are not known here."""
    entry = agenda_scenes.entry(9, scenes.HOSPITAL, scenes.AGENCY)
    row = AgendaRow(theme, entry)
    qtbot.addWidget(row)
    words = [action.text() for action in row.export_menu().actions()]
    assert words == ["Gem som kalenderfil …", "Eksportér til journalen (FHIR) …"]
    row.show()
    row.show_entry(replace(entry, consultation_id=None, context=None, parties=()))
    assert not row.export.isVisible()


def test_only_an_interpreter_has_a_card(qtbot: QtBot, theme: Theme) -> None:
    """In the menu of the party."""
    running = scenes.in_call()
    for status in (PartyStatus(status.party) for status in running.parties):
        row = PartyRow(theme, status, Setting(running.context, has_link=True))
        qtbot.addWidget(row)
        words = [action.text() for action in row.menu().actions()]
        assert ("Kort til tolkebureauet …" in words) is (status.party.role is PartyRole.INTERPRETER)


# --- the plan -------------------------------------------------------------------------------------------------------

PATIENT = Party("k", PartyRole.PATIENT, Channel.LINK)


def test_a_mobile_number_makes_it_a_text_message(qtbot: QtBot, theme: Theme) -> None:
    """Eight digits are enough; what is half typed sends nothing."""
    heard: list[Party] = []
    fields = PatientFields(theme, PATIENT, can_text=True)
    qtbot.addWidget(fields)
    fields.changed.connect(heard.append)
    qtbot.keyClicks(fields.address, "20123456")
    assert {party.channel for party in heard[:-1]} == {Channel.LINK}
    assert (heard[-1].channel, heard[-1].address) == (Channel.SMS, "+4520123456")


def test_where_no_text_messages_are_sent_a_number_is_only_a_number(qtbot: QtBot, theme: Theme) -> None:
    """Otherwise the invitation would fail when it is too late."""
    heard: list[Party] = []
    fields = PatientFields(theme, PATIENT, ["20123456"], can_text=False)
    qtbot.addWidget(fields)
    fields.changed.connect(heard.append)
    qtbot.keyClicks(fields.address, "20123456")
    assert {party.channel for party in heard} == {Channel.LINK}
    assert fields.offers == []


def test_what_the_record_knows_is_one_click_away(qtbot: QtBot, theme: Theme) -> None:
    """Nothing is typed that the record knows; the way in use is not offered again."""
    heard: list[Party] = []
    party = replace(PATIENT, channel=Channel.EMAIL, address="inger@mail.example")
    fields = PatientFields(theme, party, ["inger@mail.example", "20 12 34 56"], can_text=True)
    qtbot.addWidget(fields)
    fields.changed.connect(heard.append)
    assert len(fields.offers) == 1
    fields.offers[0].click()
    assert (heard[-1].channel, heard[-1].address) == (Channel.SMS, "+4520123456")
    assert fields.offers[0].text() == "E-mail til inger@mail.example"


def test_the_patients_language_goes_into_the_plan(qtbot: QtBot, theme: Theme) -> None:
    """Messages are then written in it."""
    heard: list[Party] = []
    fields = PatientFields(theme, PATIENT)
    qtbot.addWidget(fields)
    fields.changed.connect(heard.append)
    fields.tongue.setCurrentIndex(fields.tongue.findData("uk"))
    assert heard[-1].language == "uk"


def test_the_order_of_an_interpreter_goes_into_the_plan(qtbot: QtBot, theme: Theme) -> None:
    """Sex, place and requisition beside the language; nothing filled in is nothing ordered."""
    heard: list[Party] = []
    fields = InterpreterFields(theme, Party("k", PartyRole.INTERPRETER, Channel.EMAIL, scenes.AGENCY))
    qtbot.addWidget(fields)
    fields.changed.connect(heard.append)
    fields.language.setCurrentIndex(fields.language.findData("ar"))
    assert heard[-1].interpreting is None
    fields.sex.setCurrentIndex(fields.sex.findData("female"))
    qtbot.keyClicks(fields.place, "hjemme")
    qtbot.keyClicks(fields.requisition, "REQ-1")
    assert heard[-1].interpreting == Interpreting("female", "REQ-1", "hjemme")
    assert heard[-1].language == "ar"
