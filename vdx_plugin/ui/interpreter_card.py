"""What goes into an interpreter agency's portal: a text to paste, a calendar file, and what goes elsewhere."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from vdx_plugin.ports import InterpreterCard
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label, rule
from vdx_plugin.ui.theme import Theme


class InterpreterCardDialog(QDialog):
    """Emits ``copy_wanted(text)`` and ``save_wanted(ical)``; stays open, since both are often wanted."""

    copy_wanted = Signal(str)
    save_wanted = Signal(str)

    def __init__(self, theme: Theme, card: InterpreterCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._card = card
        self.setWindowTitle(_("Til tolkebureauet"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        self.text = _read_only(card.text, _("Teksten til bureauet"))
        self.copy = button(theme, _("&Kopiér teksten"), "primary", "link")
        self.copy.clicked.connect(lambda: self.copy_wanted.emit(card.text))
        self.save = button(theme, _("&Gem kalenderfil …"), "", "plan")
        self.save.clicked.connect(lambda: self.save_wanted.emit(card.ical))
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(16))
        column.setSpacing(px(8))
        column.addWidget(label(_("Til tolkebureauet"), "title"))
        column.addWidget(label(_("Sæt teksten ind i bureauets portal. Den siger intet om patienten."), "quiet"))
        column.addWidget(self.text, 2)
        self._add_actions(column, theme)
        if card.requisition:
            column.addWidget(rule())
            words = _("Rekvisition {number}: følger med notatet i journalen og sendes ikke til nogen.")
            column.addWidget(label(words.format(number=card.requisition)))
        if card.fee_notice:
            self._add_fee(column, theme)
        low = QHBoxLayout()
        low.addStretch(1)
        low.addWidget(self.close_button)
        column.addLayout(low)
        self.setMinimumWidth(px(520))

    def _add_actions(self, column: QVBoxLayout, theme: Theme) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        row.addWidget(self.copy)
        row.addWidget(self.save)
        row.addStretch(1)
        column.addLayout(row)

    def _add_fee(self, column: QVBoxLayout, theme: Theme) -> None:
        self.fee = _read_only(self._card.fee_notice, _("Teksten til patienten om gebyret"))
        self.copy_fee = button(theme, _("Kopiér til &patienten"), "", "link")
        self.copy_fee.clicked.connect(lambda: self.copy_wanted.emit(self._card.fee_notice))
        column.addWidget(rule())
        column.addWidget(label(_("Til patienten, før tolken kommer"), "strong"))
        column.addWidget(label(_("Står også i invitationen, når den sendes på e-mail eller sms."), "small"))
        column.addWidget(self.fee, 1)
        column.addWidget(self.copy_fee, 0, Qt.AlignmentFlag.AlignLeft)


def _read_only(text: str, name: str) -> QPlainTextEdit:
    field = QPlainTextEdit(text)
    field.setReadOnly(True)
    field.setTabChangesFocus(True)
    field.setAccessibleName(name)
    return field
