"""By how much the doctor is late: a length by one click, or any other by its number."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.party_commands import DELAYS_MIN
from vdx_plugin.ui.theme import TARGET, Theme

MOST_MIN = 240


class DelayDialog(QDialog):
    """Emits ``delay_chosen(minutes)``. ``told`` and ``by_hand`` are the names of who hears of it, and who does not."""

    delay_chosen = Signal(int)

    def __init__(self, theme: Theme, told: str, by_hand: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Forsinket"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(24))
        column.setSpacing(px(8))
        column.addWidget(label(_("Hvor meget er du forsinket?"), "title"))
        if told:
            column.addWidget(label(_("Får besked: {names}.").format(names=told)))
        if by_hand:
            words = _("Får ikke besked herfra, så ring selv: {names}.").format(names=by_hand)
            column.addWidget(label(words))
        column.addWidget(label(_("Den, der venter i rummet, får det også i chatten."), "quiet"))
        quick = QHBoxLayout()
        quick.setSpacing(px(8))
        for minutes in DELAYS_MIN:
            pressed = button(theme, _("{minutes} min").format(minutes=minutes))
            pressed.clicked.connect(lambda _on=False, minutes=minutes: self._choose(minutes))
            quick.addWidget(pressed)
        column.addLayout(quick)
        other = QHBoxLayout()
        other.setSpacing(px(8))
        self.minutes = QSpinBox()
        self.minutes.setRange(1, MOST_MIN)
        self.minutes.setValue(20)
        self.minutes.setSuffix(_(" min"))
        self.minutes.setAccessibleName(_("Andet antal minutter"))
        self.minutes.setMinimumHeight(px(TARGET))
        self.minutes.setMinimumWidth(px(96))
        self.minutes.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.go = button(theme, _("&Giv besked"), "primary")
        self.go.clicked.connect(lambda: self._choose(self.minutes.value()))
        other.addWidget(label(_("Andet:"), wrap=False))
        other.addWidget(self.minutes)
        other.addStretch(1)
        other.addWidget(self.go)
        column.addLayout(other)
        column.addSpacing(px(4))
        stay = button(theme, _("F&ortryd"))
        stay.clicked.connect(self.reject)
        column.addStretch(1)
        column.addWidget(stay, 0, Qt.AlignmentFlag.AlignLeft)
        self.setMinimumWidth(px(400))

    def _choose(self, minutes: int) -> None:
        self.accept()
        self.delay_chosen.emit(minutes)
