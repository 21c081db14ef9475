"""One dead letter, one stray answer: what it is, and a button for each thing that can be done about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import Channel
from vdx_plugin.service.correspondence_view import DeadLetter, StrayLetter, Whereto
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import StateLine, button, label
from vdx_plugin.ui.dial_form import spaced
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.messages_wording import dead_facts, hint, meeting, other_way, state, stray_facts, what_to_do
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import Word


class MessageCard(QFrame):
    """A frame with a column, and a line that takes the place of its buttons once it has been dealt with."""

    def __init__(self, theme: Theme, value: DeadLetter | StrayLetter) -> None:
        super().__init__()
        self.theme, self.value = theme, value
        self.setProperty("kind", "card")
        self.column = QVBoxLayout(self)
        pad = theme.px(12)
        self.column.setContentsMargins(pad, pad, pad, pad)
        self.column.setSpacing(theme.px(4))
        self._holder = QWidget()
        self.buttons = FlowLayout(theme.px(8), is_centred=False)
        self._holder.setLayout(self.buttons)
        self._done = StateLine(theme)
        self._done.show_word(Word(_("Klaret"), "check", "accent"))
        self._done.hide()

    def finish(self) -> None:
        """Put the buttons below what was added so far."""
        self.column.addSpacing(self.theme.px(4))
        self.column.addWidget(self._holder)
        self.column.addWidget(self._done)

    def set_done(self) -> None:
        """It no longer waits; it stays in its place while the mouse is near."""
        self._holder.hide()
        self._done.show()


class DeadLetterCard(MessageCard):
    """Emits ``resend_wanted``, ``channel_wanted(channel)``, ``link_wanted`` and ``phoned``."""

    resend_wanted = Signal()
    channel_wanted = Signal(object)
    link_wanted = Signal()
    phoned = Signal()

    def __init__(self, theme: Theme, dead: DeadLetter) -> None:
        super().__init__(theme, dead)
        party = dead.party or _("Modtageren kendes ikke længere")
        self.column.addWidget(label(party, "strong"))
        self.column.addWidget(label(dead_facts(dead), "small"))
        about = meeting(dead.patient, dead.starts_at)
        if about:
            self.column.addWidget(label(about, "quiet"))
        line = StateLine(theme)
        line.show_word(state(dead.state))
        self.column.addWidget(line)
        self.column.addWidget(label(what_to_do(dead)))
        if dead.phone:
            self.column.addWidget(label(_("Telefon: {number}").format(number=spaced(dead.phone)), "quiet"))
        if dead.can_resend:
            self.resend = self._button(_("Send igen"), "retry", party)
            self.resend.clicked.connect(self.resend_wanted)
        self.ways = {each: self._way(each, party) for each in dead.others}
        self.told = self._button(_("Klaret på telefon"), "phone", party)
        self.told.clicked.connect(self.phoned)
        self.finish()

    def _way(self, channel: Channel, party: str) -> QPushButton:
        words, symbol = other_way(channel)
        way = self._button(words, symbol, party)
        if channel is Channel.LINK:
            way.clicked.connect(self.link_wanted)
        else:
            way.clicked.connect(lambda: self.channel_wanted.emit(channel))
        return way

    def _button(self, words: str, symbol: str, party: str) -> QPushButton:
        result = button(self.theme, words, "", symbol, name=f"{words}: {party}")
        self.buttons.addWidget(result)
        return result


class StrayLetterCard(MessageCard):
    """Emits ``matched(whereto)`` and ``aside_wanted``. The text is shown as it came."""

    matched = Signal(object)
    aside_wanted = Signal()

    def __init__(self, theme: Theme, stray: StrayLetter) -> None:
        super().__init__(theme, stray)
        self.column.addWidget(label(stray.sender, "strong"))
        self.column.addWidget(label(stray_facts(stray), "small"))
        if stray.subject:
            self.column.addWidget(label(stray.subject, "quiet"))
        text = label(stray.text)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.column.addWidget(text)
        self.column.addSpacing(theme.px(4))
        self.choices = [self._choice(one) for one in stray.choices]
        if not stray.choices:
            self.column.addWidget(label(_("Intet møde her passer på både afsender og patient."), "quiet"))
        words = _("Læg til side")
        self.aside = button(theme, words, "", "cross", name=f"{words}: {stray.sender}")
        self.aside.clicked.connect(self.aside_wanted)
        self.buttons.addWidget(self.aside)
        self.finish()

    def _choice(self, whereto: Whereto) -> QPushButton:
        words = _("Hører til")
        about = meeting(whereto.patient, whereto.start)
        choice = button(self.theme, words, "", "check", name=f"{words}: {about}. {hint(whereto)}")
        choice.clicked.connect(lambda: self.matched.emit(whereto))
        row = QHBoxLayout()
        row.setSpacing(self.theme.px(12))
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(label(about))
        texts.addWidget(label(hint(whereto), "small"))
        row.addLayout(texts, 1)
        row.addWidget(choice, 0, Qt.AlignmentFlag.AlignVCenter)
        self.column.addLayout(row)
        return choice

    def set_done(self) -> None:
        super().set_done()
        for choice in self.choices:
            choice.setEnabled(False)
