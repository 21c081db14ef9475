"""Dead letters and stray answers: what is shown, and what each button asks of the desk."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.unit.ui.conftest import shown
from tests.unit.ui.fake_desk import FakeDesk
from vdx_plugin.domain.parties import Channel
from vdx_plugin.runtime import Runtime
from vdx_plugin.service.correspondence_view import NOTHING_WAITS, CorrespondenceView
from vdx_plugin.ui import partner_scenes, scenes
from vdx_plugin.ui.main import Desktop
from vdx_plugin.ui.menu import DockMenu
from vdx_plugin.ui.message_cards import DeadLetterCard, StrayLetterCard
from vdx_plugin.ui.messages_window import MessagesWindow
from vdx_plugin.ui.theme import Theme

VIEW = partner_scenes.correspondence()


def texts_of(window: QWidget) -> str:
    return "\n".join(each.text() for each in window.findChildren(QLabel) if each.isVisible())


@pytest.fixture
def window(qtbot: QtBot, theme: Theme) -> MessagesWindow:
    window = MessagesWindow(theme)
    window.show_view(VIEW)
    shown(qtbot, window)
    # The offscreen mouse lies where the window opens.
    window.leaveEvent(QEvent(QEvent.Type.Leave))
    return window


def dead(window: MessagesWindow, key: str) -> DeadLetterCard:
    card = window.dead.cards[key]
    assert isinstance(card, DeadLetterCard)
    return card


def stray(window: MessagesWindow, message_id: str) -> StrayLetterCard:
    card = window.stray.cards[message_id]
    assert isinstance(card, StrayLetterCard)
    return card


def test_a_dead_letter_says_what_happened_what_it_means_and_what_to_do(window: MessagesWindow) -> None:
    """Never a code alone, and never a message that says nothing of whom it was for."""
    words = texts_of(dead(window, "d1"))
    for part in ("Ældremedicinsk Afsnit", "Inger Eksempelsen (f. 1948)", "Afvist af deres system", "Ring til dem"):
        assert part in words
    assert "35 00 00 10" in words
    assert not hasattr(dead(window, "d1"), "resend")


def test_an_answer_is_shown_as_it_came(window: MessagesWindow) -> None:
    """And is read as neither yes nor no."""
    assert "Vi deltager med sygeplejerske" in texts_of(stray(window, "s1"))
    assert len(stray(window, "s1").choices) == 2
    assert "Intet møde her passer" in texts_of(stray(window, "s2"))


def test_markup_in_an_answer_stays_text(qtbot: QtBot, theme: Theme) -> None:
    """What a stranger wrote must never be read as markup."""
    window = MessagesWindow(theme)
    window.show_view(CorrespondenceView(stray=(replace(VIEW.stray[0], text="<h1>Ja</h1>"),)))
    shown(qtbot, window)
    assert "<h1>Ja</h1>" in texts_of(window)


def test_nothing_waiting_says_so(qtbot: QtBot, theme: Theme) -> None:
    """An empty window must not look broken."""
    window = MessagesWindow(theme)
    shown(qtbot, window)
    assert "Alle beskeder er kommet frem eller klaret." in texts_of(window)
    assert not window.back.isVisible()


def test_what_was_dealt_with_goes_and_the_rest_stays(window: MessagesWindow) -> None:
    """The card that is looked at is not built anew."""
    kept = dead(window, "d2")
    window.show_view(replace(VIEW, dead=VIEW.dead[1:]))
    assert list(window.dead.cards) == ["d2"]
    assert dead(window, "d2") is kept


def test_news_of_a_dead_letter_are_shown(window: MessagesWindow) -> None:
    """It was sent again and came back once more."""
    window.show_view(replace(VIEW, dead=(replace(VIEW.dead[0], can_resend=True), VIEW.dead[1])))
    assert dead(window, "d1").resend.isEnabled()
    assert list(window.dead.cards) == ["d2", "d1"]


def test_under_the_mouse_no_card_moves(window: MessagesWindow) -> None:
    """What is gone says so in its place until the mouse has left."""
    spot = QPointF(1, 1)
    window.enterEvent(QEnterEvent(spot, spot, spot))
    window.show_view(replace(VIEW, dead=VIEW.dead[1:]))
    assert "Klaret" in texts_of(dead(window, "d1"))
    assert not any(each.isVisible() for each in dead(window, "d1").findChildren(QPushButton))
    window.leaveEvent(QEvent(QEvent.Type.Leave))
    assert list(window.dead.cards) == ["d2"]


# --- in the desktop -------------------------------------------------------------------------------------------------


@pytest.fixture
def open_messages(desktop: Desktop, desk: FakeDesk, runtime: Runtime, qtbot: QtBot) -> MessagesWindow:
    """The window, opened from the strip's band, full."""
    desk.play(runtime, correspondence=VIEW)
    qtbot.waitUntil(lambda: desktop.windows.messages.dead.cards != {})
    desktop.windows.dock.bands.acted.emit("messages:", "open")
    assert desktop.windows.messages.isVisible()
    qtbot.waitUntil(lambda: desk.named("refresh_messages") == [()])
    return desktop.windows.messages


def test_each_button_asks_for_what_it_says(open_messages: MessagesWindow, desk: FakeDesk, qtbot: QtBot) -> None:
    """Send again, another channel, told by phone, belongs to, put aside, undo."""
    dead(open_messages, "d2").resend.click()
    dead(open_messages, "d1").ways[Channel.EMAIL].click()
    dead(open_messages, "d1").told.click()
    stray(open_messages, "s1").choices[1].click()
    stray(open_messages, "s2").aside.click()
    open_messages.back.click()
    qtbot.waitUntil(lambda: desk.named("take_back") == [("s3",)])
    assert desk.named("resend_dead") == [("d2",)]
    assert desk.named("other_channel") == [("d1", Channel.EMAIL)]
    assert desk.named("by_phone") == [("d1",)]
    assert desk.named("match") == [("s1", scenes.CONSULTATION_ID, "k-h")]
    assert desk.named("put_aside") == [("s2",)]


def test_the_link_is_copied_and_not_shown(open_messages: MessagesWindow, desktop: Desktop) -> None:
    """It carries the guest PIN."""
    dead(open_messages, "d1").ways[Channel.LINK].click()
    assert QGuiApplication.clipboard().text() == "https://gaest.example/"
    assert "gaest.example" not in texts_of(open_messages)
    assert [notice.problem.code for notice in desktop.notices.all] == ["link.copied"]


def test_strip_and_menu_count_what_waits(desktop: Desktop, desk: FakeDesk, runtime: Runtime, qtbot: QtBot) -> None:
    """Live: it comes with the letter and goes with the last one."""
    desk.play(runtime, correspondence=VIEW)
    qtbot.waitUntil(lambda: "2 beskeder kom ikke frem." in texts_of(desktop.windows.dock))
    desktop.windows.dock.menu.click()
    menu = desktop.windows.dock.findChildren(DockMenu)[0]
    assert "Beskeder (4) …" in [action.text() for action in menu.actions()]
    menu.close()
    desk.play(runtime, correspondence=NOTHING_WAITS)
    qtbot.waitUntil(lambda: "beskeder kom ikke frem" not in texts_of(desktop.windows.dock))
