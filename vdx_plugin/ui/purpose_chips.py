"""What a consultation is held for: chips, of which one is always chosen. It decides how a letter is filed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from vdx_plugin.domain.parties import Purpose
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import chip, label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import purpose


class PurposeChips(QWidget):
    """Emits ``purpose_chosen(purpose)``."""

    purpose_chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        column.addWidget(label(_("Hvad det handler om"), "strong"))
        row = FlowLayout(theme.px(8), is_centred=False)
        self.chips = {each: chip(theme, purpose(each)) for each in Purpose}
        for each, pressed in self.chips.items():
            pressed.clicked.connect(lambda _on=False, each=each: self._on_pressed(each))
            row.addWidget(pressed)
        column.addLayout(row)

    def show_purpose(self, value: Purpose) -> None:
        """Show which one is chosen."""
        for each, pressed in self.chips.items():
            pressed.setChecked(each is value)

    def _on_pressed(self, value: Purpose) -> None:
        # Not a button group: it would let the Tab key reach the first chip only.
        self.show_purpose(value)
        self.purpose_chosen.emit(value)
