"""The one question before what cannot be undone: ending the call for everybody."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.theme import Theme


class HangUpDialog(QDialog):
    """Emits ``end_wanted`` or ``leave_wanted``; **Bliv** and Escape do nothing."""

    end_wanted = Signal()
    leave_wanted = Signal()

    def __init__(self, theme: Theme, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Læg på"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        self.end = button(theme, _("&Afslut for alle"), "danger", "hang-up")
        self.leave = button(theme, _("&Forlad kun selv"), "", "left")
        self.stay = button(theme, _("&Bliv i samtalen"))
        self.end.clicked.connect(self._on_end)
        self.leave.clicked.connect(self._on_leave)
        self.stay.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(24))
        column.setSpacing(px(8))
        column.addWidget(label(_("Afslut samtalen for alle?"), "title"))
        others = ", ".join(names)
        column.addWidget(label(_("I samtalen nu: {names}.").format(names=others)))
        column.addWidget(label(_("Rummet lukkes, og linkene virker ikke mere. Det kan ikke fortrydes."), "quiet"))
        column.addSpacing(px(8))
        for part in (self.end, self.leave, self.stay):
            column.addWidget(part)
        self.setMinimumWidth(px(400))
        # The harmless answer has the focus, so that a stray Enter or Space ends nothing.
        self.stay.setFocus()

    def _on_end(self) -> None:
        self.accept()
        self.end_wanted.emit()

    def _on_leave(self) -> None:
        self.accept()
        self.leave_wanted.emit()
