"""What waits for a person: messages that did not get through, and answers that nobody knows the meeting of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.service.correspondence_view import NOTHING_WAITS, CorrespondenceView, DeadLetter, StrayLetter
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import StateLine, button, label
from vdx_plugin.ui.message_cards import DeadLetterCard, MessageCard, StrayLetterCard
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import Word

Make = Callable[[DeadLetter | StrayLetter], MessageCard]


class _Section(QWidget):
    """A heading with a count, and cards. While the mouse is over them none moves: what is gone says so."""

    def __init__(self, theme: Theme, title: str, empty: str) -> None:
        super().__init__()
        self._title = title
        self._heading = label(title, "heading")
        self._empty = StateLine(theme)
        self._empty.show_word(Word(empty, "check", "accent"))
        self.cards: dict[str, MessageCard] = {}
        self.is_held = False
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(theme.px(8))
        self.column.addWidget(self._heading)
        self.column.addWidget(self._empty)

    def show_cards(self, wanted: Mapping[str, DeadLetter | StrayLetter], make: Make) -> None:
        """Show a card for each, in this order; a card whose letter has not changed stays as it is."""
        self._heading.setText(f"{self._title} ({len(wanted)})" if wanted else self._title)
        self._empty.setVisible(not wanted and not self.is_held)
        for key, card in list(self.cards.items()):
            if self.is_held and key not in wanted:
                card.set_done()
            elif wanted.get(key) != card.value:
                self._take(key)
        for place, (key, value) in enumerate(wanted.items()):
            if key not in self.cards:
                self.cards[key] = make(value)
                # Below what is there while the mouse is near, else in its place under heading and empty line.
                self.column.insertWidget(self.column.count() if self.is_held else place + 2, self.cards[key])

    def _take(self, key: str) -> None:
        card = self.cards.pop(key)
        self.column.removeWidget(card)
        card.hide()
        card.deleteLater()


class MessagesWindow(QWidget):
    """Emits what the user wants, with the letter it is about."""

    resend_wanted = Signal(str)
    channel_wanted = Signal(str, object)
    link_wanted = Signal(object)
    phoned = Signal(str)
    matched = Signal(str, object)
    aside_wanted = Signal(str)
    back_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view = NOTHING_WAITS
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Beskeder"))
        self.dead = _Section(theme, _("Kom ikke frem"), _("Alle beskeder er kommet frem eller klaret."))
        self.stray = _Section(theme, _("Svar uden møde"), _("Alle svar står ved deres møde."))
        self.back = button(theme, _("Fortryd: vis svaret igen"), "plain", "retry")
        self.back.clicked.connect(lambda: self.back_wanted.emit(self._view.dealt_with))
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.close)
        self._lay_out()
        QShortcut(QKeySequence("Escape"), self, self.close)
        self.show_view(NOTHING_WAITS)

    def _lay_out(self) -> None:
        px = self._theme.px
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        inner = QVBoxLayout(inside)
        inner.setContentsMargins(0, 0, px(8), 0)
        inner.setSpacing(px(24))
        inner.addWidget(self.dead)
        inner.addWidget(self.stray)
        inner.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(16))
        column.setSpacing(px(12))
        column.addWidget(label(_("Beskeder"), "title"))
        column.addWidget(label(_("Det, der venter på, at I gør noget. Alt andet klarer programmet selv."), "quiet"))
        column.addWidget(self._area, 1)
        low = QHBoxLayout()
        low.addWidget(self.back)
        low.addStretch(1)
        low.addWidget(self.close_button)
        column.addLayout(low)

    def show_view(self, view: CorrespondenceView) -> None:
        """Show what waits now."""
        self._view = view
        self.dead.show_cards({one.key: one for one in view.dead}, self._card)
        self.stray.show_cards({one.message_id: one for one in view.stray}, self._card)
        self.back.setVisible(bool(view.dealt_with))

    def _card(self, one: DeadLetter | StrayLetter) -> MessageCard:
        return self._dead(one) if isinstance(one, DeadLetter) else self._stray(one)

    def _dead(self, one: DeadLetter) -> DeadLetterCard:
        card = DeadLetterCard(self._theme, one)
        card.resend_wanted.connect(lambda: self.resend_wanted.emit(one.key))
        card.channel_wanted.connect(lambda channel: self.channel_wanted.emit(one.key, channel))
        card.link_wanted.connect(lambda: self.link_wanted.emit(one))
        card.phoned.connect(lambda: self.phoned.emit(one.key))
        return card

    def _stray(self, one: StrayLetter) -> StrayLetterCard:
        card = StrayLetterCard(self._theme, one)
        card.matched.connect(lambda whereto: self.matched.emit(one.message_id, whereto))
        card.aside_wanted.connect(lambda: self.aside_wanted.emit(one.message_id))
        return card

    def enterEvent(self, _event: QEvent) -> None:
        self.dead.is_held = self.stray.is_held = True

    def leaveEvent(self, _event: QEvent) -> None:
        self.dead.is_held = self.stray.is_held = False
        self.show_view(self._view)
