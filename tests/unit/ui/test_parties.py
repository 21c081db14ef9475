"""The list of who is expected: what each row says and offers, and what comes of a click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from vdx_plugin.domain.parties import AnswerMark, Channel, InvitationState, PartyStatus, Presence, Purpose
from vdx_plugin.domain.ways import ways
from vdx_plugin.service.view import AgendaEntry, ConsultationView
from vdx_plugin.ui import party_scenes, scenes
from vdx_plugin.ui.agenda_row import AgendaRow
from vdx_plugin.ui.answer_box import AnswerBox
from vdx_plugin.ui.dock import Dock, unread_answers
from vdx_plugin.ui.party_menu import Doable, party_menu
from vdx_plugin.ui.party_panel import PartyPanel
from vdx_plugin.ui.party_wishes import Act, Wish
from vdx_plugin.ui.plan_window import PlanWindow
from vdx_plugin.ui.theme import LIGHT, Theme
from vdx_plugin.ui.wording import next_step, party_state

THEME = Theme(LIGHT)
WARD, CARE = "k-hospital-geriatrics", "k-municipality-homecare"


def panel(qtbot: QtBot, view: ConsultationView) -> tuple[PartyPanel, list[Wish]]:
    """The panel of a consultation, and what is wished of it."""
    shown, wishes = PartyPanel(THEME), []
    shown.wished.connect(wishes.append)
    qtbot.addWidget(shown)
    shown.show_consultation(view, scenes.NOW)
    shown.show()
    return shown, wishes


def entry() -> AgendaEntry:
    (found,) = party_scenes.booked().entries
    return found


def words(widget: object) -> str:
    return "\n".join(each.text() for each in widget.findChildren(QLabel) if each.isVisible())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("mark", "button"), [(AnswerMark.COMES, "Kommer"), (AnswerMark.DECLINES, "Kommer ikke"), (AnswerMark.NOTED, "Set")]
)
def test_an_answer_is_read_by_one_click_and_never_by_the_program(qtbot: QtBot, mark: AnswerMark, button: str) -> None:
    """The text is shown as it came; what it means is the doctor's to say."""
    shown, wishes = panel(qtbot, party_scenes.invited(party_scenes.mixed()))
    row = shown.parties[CARE]
    assert "Vi kan først kl. 10.15. Er det i orden?" in words(row)
    (box,) = row.findChildren(AnswerBox)
    assert box.buttons[mark].text() == button
    box.buttons[mark].click()
    assert wishes == [Wish(Act.MARK, CARE, message_id="a-2", mark=mark)]


def test_a_mark_can_be_taken_back(qtbot: QtBot) -> None:
    """A click on the wrong button must not stay."""
    shown, wishes = panel(qtbot, party_scenes.invited(party_scenes.mixed()))
    (box,) = shown.parties[WARD].findChildren(AnswerBox)
    box.buttons[AnswerMark.UNREAD].click()
    assert wishes == [Wish(Act.MARK, WARD, message_id="a-1", mark=AnswerMark.UNREAD)]


def test_the_history_opens_with_what_each_voice_means(qtbot: QtBot) -> None:
    """A mailbox, a system and a person are three things."""
    shown, _wishes = panel(qtbot, party_scenes.invited(party_scenes.mixed()))
    row = shown.parties[WARD]
    assert "Ligger i deres postkasse" not in words(row)
    row.story.click()
    seen = words(row)
    assert seen.index("Ligger i deres postkasse") < seen.index("Modtaget i deres system") < seen.index("Har svaret")
    assert "10 min forsinket" in seen
    assert "Postkasse: nettet har lagt den hos dem" in seen


def test_what_is_about_to_be_sent_can_be_taken_back(qtbot: QtBot) -> None:
    """For some seconds, in words that say what it is."""
    view = party_scenes.invited(party_scenes.mixed(), is_undoable=True)
    shown, wishes = panel(qtbot, view)
    assert "10 min forsinket: 4 beskeder sendes om et øjeblik." in words(shown.commands)
    shown.commands.undo.click()
    assert wishes == [Wish(Act.UNDO)]
    shown.show_consultation(replace(view, undoable=None), scenes.NOW)
    assert not shown.commands.undo.isVisible()


@pytest.mark.parametrize(
    ("press", "wish"),
    [
        ("invite", Wish(Act.INVITE)),
        ("delay", Wish(Act.DELAY, minutes=10)),
        ("remind", Wish(Act.REMIND_ALL)),
    ],
)
def test_what_is_said_to_all_is_one_click(qtbot: QtBot, press: str, wish: Wish) -> None:
    """In the call and in the calendar alike."""
    shown, wishes = panel(qtbot, party_scenes.invited(party_scenes.mixed()))
    getattr(shown.commands, press).click()
    row, told = AgendaRow(THEME, entry()), []
    qtbot.addWidget(row)
    row.wished.connect(lambda _entry, each: told.append(each))
    getattr(row.commands, press).click()
    assert wishes == told == [wish]


def test_nothing_is_offered_before_everybody_is_invited(qtbot: QtBot) -> None:
    """A link to a room that is not locked helps nobody."""
    shown, _wishes = panel(qtbot, scenes.starting(done=1))
    assert not shown.commands.invite.isVisible()
    assert not any(row.more.isVisible() or row.resend.isVisible() for row in shown.parties.values())


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (lambda s: replace(s, is_expected=False), "Får afbud"),
        (lambda s: replace(s, is_expected=False, invitation=InvitationState.WITHDRAWN), "Har fået afbud"),
        (lambda s: replace(s, is_expected=False, invitation=InvitationState.FAILED), "Afbuddet kom ikke frem"),
        (lambda s: replace(s, invitation=InvitationState.IN_MAILBOX), "Ligger i deres postkasse"),
        (lambda s: replace(s, invitation=InvitationState.DELIVERED), "Modtaget i deres system"),
        (lambda s: replace(s, invitation=InvitationState.TOLD_BY_PHONE), "Har fået besked på telefon"),
        (lambda s: replace(s, invitation=InvitationState.DELIVERED, presence=Presence.WAITING), "Venter udenfor"),
    ],
)
def test_each_state_has_its_words(status: Callable[[PartyStatus], PartyStatus], text: str) -> None:
    """Not colour alone, and none of them promises more than is known."""
    ward = PartyStatus(party_scenes.five().parties[1], InvitationState.DELIVERED)
    word = party_state(status(ward))
    assert word.text == text
    assert word.symbol


def test_who_does_not_know_the_new_time_is_to_be_told_by_the_user() -> None:
    """Nothing is sent to it from here."""
    patient = party_scenes.broken()[0]
    assert next_step(patient, "Inger") == "Inger får ikke besked herfra. Ring, eller giv linket og tiden videre."


def test_the_menu_offers_the_other_ways_that_the_directory_knows(qtbot: QtBot) -> None:
    """A ward with no e-mail is not offered one, and nobody gets a letter that may not."""
    shown, wishes = panel(qtbot, party_scenes.invited(party_scenes.broken()))
    status = party_scenes.broken()[1]
    menu = party_menu(shown, status, scenes.context(), Doable.BOOKED, wishes.append, has_link=True)
    (others,) = [each.menu() for each in menu.actions() if each.menu() is not None]
    assert [each.text() for each in others.actions()] == ["Telefon: jeg ringer selv", "Link: jeg giver det selv videre"]
    others.actions()[0].trigger()
    assert wishes[0].act is Act.SEND_ANEW
    assert wishes[0].party is not None
    assert wishes[0].party.channel is Channel.PHONE
    agency = party_scenes.broken()[4].party
    assert Channel.MEDCOM not in [one.channel for one in ways(replace(agency, partner=scenes.HOSPITAL))]


def test_the_dock_says_quietly_that_answers_wait(qtbot: QtBot) -> None:
    """A line to press, and no window that comes to the front."""
    view = replace(scenes.idle(scenes.context()), agenda=party_scenes.booked())
    dock, pressed = Dock(THEME), []
    qtbot.addWidget(dock)
    dock.answers_wanted.connect(lambda: pressed.append(True))
    dock.show_view(view, scenes.NOW, {})
    dock.show()
    assert unread_answers(view) == 1
    assert dock.answers.text() == "1 nyt svar"
    dock.answers.click()
    assert pressed == [True]
    dock.show_view(scenes.idle(scenes.context()), scenes.NOW, {})
    assert not dock.answers.isVisible()


def test_the_purpose_is_one_of_several_chips(qtbot: QtBot) -> None:
    """It decides how a partner's letter is filed."""
    window = PlanWindow(THEME, lambda: "k-new")
    qtbot.addWidget(window)
    window.show_plan(party_scenes.five(), scenes.context(), scenes.NOW)
    window.purpose.chips[Purpose.NETWORK].click()
    assert window.plan is not None
    assert window.plan.purpose is Purpose.NETWORK
    assert [each for each, chip in window.purpose.chips.items() if chip.isChecked()] == [Purpose.NETWORK]


def test_a_partner_without_any_channel_is_said_at_once_with_telephone_or_link(qtbot: QtBot) -> None:
    """Before anything is sent, and not hours later."""
    window = PlanWindow(THEME, lambda: "k-new")
    qtbot.addWidget(window)
    window.show_plan(party_scenes.five(is_unreachable=True), scenes.context(), scenes.NOW)
    window.show()
    row = window.rows["k-no-way"]
    assert "ingen adresse" in row.trouble.text
    row.link_instead.click()
    assert window.plan is not None
    assert window.plan.parties[3].channel is Channel.LINK
    assert not row.trouble.isVisible()
