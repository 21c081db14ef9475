"""What a partner wrote back, as it came, and how the user reads it: one click, and one to take that back."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from vdx_plugin.domain.parties import Answer, AnswerMark
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import StateLine, button, label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.party_wording import answer_mark, moment
from vdx_plugin.ui.theme import Theme


class AnswerBox(QFrame):
    """Emits ``marked(message_id, mark)``. Nothing here reads yes or no out of the text."""

    marked = Signal(str, object)

    def __init__(self, theme: Theme, answer: Answer, name: str, now: datetime | None, *, is_newest: bool) -> None:
        super().__init__()
        self._theme, self._answer, self._name = theme, answer, name
        px = theme.px
        self.setProperty("kind", "answer")
        column = QVBoxLayout(self)
        column.setContentsMargins(px(8), px(8), px(8), px(8))
        column.setSpacing(px(4))
        when = moment(answer.written_at, now)
        column.addWidget(label(_("Svar fra {name} · {time}").format(name=name, time=when), "small"))
        column.addWidget(label(answer.text))
        self.buttons: dict[AnswerMark, QPushButton] = {}
        if not is_newest or not answer.message_id:
            return
        if answer.mark is AnswerMark.UNREAD:
            row = FlowLayout(px(4), is_centred=False, outdent=px(8))
            for mark in (AnswerMark.COMES, AnswerMark.DECLINES, AnswerMark.NOTED):
                word = answer_mark(mark)
                row.addWidget(self._button(word.text, mark, word.symbol))
            column.addLayout(row)
            return
        marked = QHBoxLayout()
        state = StateLine(theme)
        state.show_word(answer_mark(answer.mark))
        marked.addWidget(state, 1, Qt.AlignmentFlag.AlignVCenter)
        marked.addWidget(self._button(_("Fortryd"), AnswerMark.UNREAD, "retry"))
        column.addLayout(marked)

    def _button(self, words: str, mark: AnswerMark, symbol: str) -> QPushButton:
        name = _("{mark}: svaret fra {name}").format(mark=words, name=self._name)
        pressed = button(self._theme, words, "plain", symbol, name=name)
        pressed.clicked.connect(lambda: self.marked.emit(self._answer.message_id, mark))
        self.buttons[mark] = pressed
        return pressed
