"""Says that somebody beside us leads the room, with the way back at hand."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.theme import Theme


class HostLine(QWidget):
    """Hidden until shown. Emits ``given_up`` when the user takes the role back."""

    given_up = Signal()

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        column.addWidget(label(_("Er vært: kan lukke ind, tage ud og afslutte for alle."), "small"))
        words = _("Gør til gæst igen")
        self.give_up = button(theme, words, "plain", "patient", name=f"{words}: {name}")
        self.give_up.clicked.connect(self.given_up)
        column.addWidget(self.give_up, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()
