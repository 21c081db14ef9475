"""Messages to everybody in the room. They are not kept: what belongs in the record goes into the note."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.ports import ChatMessage
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.theme import TARGET, Theme
from vdx_plugin.ui.wording import clock

LONGEST = 1000


class ChatPanel(QWidget):
    """Emits ``message_written(text)``."""

    message_written = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown = 0
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setAccessibleName(_("Beskeder"))
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(8))
        self._empty = label(_("Beskeder ses af alle i samtalen og gemmes ikke."), "quiet")
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        self._area.setWidget(inside)
        self.field = QLineEdit()
        self.field.setMaxLength(LONGEST)
        self.field.setMinimumHeight(theme.px(TARGET))
        self.field.setPlaceholderText(_("Skriv til alle"))
        self.field.setAccessibleName(_("Besked til alle i samtalen"))
        self.field.returnPressed.connect(self._on_send)
        self.send = button(theme, _("&Send"))
        self.send.clicked.connect(self._on_send)
        low = QHBoxLayout()
        low.setSpacing(theme.px(8))
        low.addWidget(self.field, 1)
        low.addWidget(self.send)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(theme.px(8))
        outer.addWidget(label(_("Chat"), "heading"))
        outer.addWidget(self._area, 1)
        outer.addLayout(low)
        bar = self._area.verticalScrollBar()
        bar.rangeChanged.connect(lambda _low, high: bar.setValue(high))

    def show_messages(self, messages: Sequence[ChatMessage]) -> None:
        """Show all messages of the call; those shown already stay as they are."""
        if len(messages) < self._shown:
            self._forget()
        for message in messages[self._shown :]:
            self._column.insertWidget(self._column.count() - 1, self._line(message))
        self._shown = len(messages)
        self._empty.setVisible(not messages)

    def _forget(self) -> None:
        while self._column.count() > 2:
            item = self._column.takeAt(1)
            widget = item.widget() if item else None
            if widget is not None:
                widget.deleteLater()
        self._shown = 0

    def _line(self, message: ChatMessage) -> QWidget:
        line = QWidget()
        column = QVBoxLayout(line)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        sender = _("Dig") if message.is_own else message.sender
        column.addWidget(label(f"{sender}  ·  {clock(message.at)}", "small"))
        column.addWidget(label(message.text))
        return line

    def _on_send(self) -> None:
        text = self.field.text().strip()
        if text:
            self.field.clear()
            self.message_written.emit(text)
