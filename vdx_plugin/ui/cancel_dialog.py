"""The question before a meeting is called off, which cannot be undone: everybody is told at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import SENT_BY_US
from vdx_plugin.service.view import AgendaEntry
from vdx_plugin.texts import _
from vdx_plugin.ui.agenda_wording import entry_title, when
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import party_name


class CancelDialog(QDialog):
    """Emits ``cancel_wanted``; **Behold** and Escape do nothing."""

    cancel_wanted = Signal()

    def __init__(self, theme: Theme, entry: AgendaEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Aflys mødet"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        self.cancel = button(theme, _("&Aflys, og giv besked"), "danger")
        self.stay = button(theme, _("&Behold mødet"))
        self.cancel.clicked.connect(self._on_cancel)
        self.stay.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(24))
        column.setSpacing(px(8))
        column.addWidget(label(_("Aflys mødet?"), "title"))
        column.addWidget(label(entry_title(entry), "strong"))
        column.addWidget(label(when(entry.start, entry.end), "quiet"))
        for words in _consequences(entry):
            column.addWidget(label(words))
        column.addSpacing(px(8))
        column.addWidget(self.cancel)
        column.addWidget(self.stay)
        self.setMinimumWidth(px(400))
        # The harmless answer has the focus, so that a stray Enter or Space cancels nothing.
        self.stay.setFocus()

    def _on_cancel(self) -> None:
        self.accept()
        self.cancel_wanted.emit()


def _consequences(entry: AgendaEntry) -> list[str]:
    """Say who is told, and whom the doctor must tell."""
    context = entry.context
    if context is None:
        return []
    expected = [each.party for each in entry.parties if each.is_expected]
    sent = [party for party in expected if party.channel in SENT_BY_US]
    by_hand = [party for party in expected if party.channel not in SENT_BY_US]
    lines = []
    if sent:
        names = ", ".join(party_name(party, context) for party in sent)
        lines.append(_("Får besked: {names}.").format(names=names))
    if by_hand:
        names = ", ".join(party_name(party, context) for party in by_hand)
        lines.append(_("Får ikke besked herfra, så ring selv: {names}.").format(names=names))
    return [*lines, _("Rummet gives tilbage, og linkene virker ikke mere.")]
