"""The question before the program is ended while a consultation runs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.theme import Theme


class QuitDialog(QDialog):
    """Emits ``quit_wanted``; **Bliv** and Escape do nothing."""

    quit_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Afslut programmet"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        self.leave = button(theme, _("&Afslut programmet"), "danger")
        self.stay = button(theme, _("&Bliv"))
        self.leave.clicked.connect(self._on_leave)
        self.stay.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(24))
        column.setSpacing(px(8))
        column.addWidget(label(_("Der er en samtale i gang"), "title"))
        column.addWidget(label(_("Du forlader samtalen. Den kan tages op igen, når programmet startes næste gang.")))
        column.addSpacing(px(8))
        column.addWidget(self.leave)
        column.addWidget(self.stay)
        self.setMinimumWidth(px(400))
        self.stay.setFocus()

    def _on_leave(self) -> None:
        self.accept()
        self.quit_wanted.emit()
