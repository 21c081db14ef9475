"""Find a partner: role chips and a field that searches as one types."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import Partner, PartyRole
from vdx_plugin.texts import _
from vdx_plugin.ui import icons
from vdx_plugin.ui.controls import chip, label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.theme import TARGET, Theme
from vdx_plugin.ui.wording import role

TYPING_PAUSE_MS = 150
_CHIPS = (PartyRole.HOSPITAL, PartyRole.MUNICIPALITY, PartyRole.NURSING_HOME, PartyRole.INTERPRETER)
_ASKED = {
    PartyRole.HOSPITAL: "sygehus",
    PartyRole.MUNICIPALITY: "kommune",
    PartyRole.NURSING_HOME: "plejehjem",
    PartyRole.INTERPRETER: "tolk",
}
"""What a chip asks the directory, which is in Danish whatever language the windows speak."""


class PartnerSearch(QWidget):
    """Emits ``search_wanted(text)`` and ``partner_chosen(partner)``."""

    search_wanted = Signal(str)
    partner_chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._role: PartyRole | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        chips = FlowLayout(theme.px(8), is_centred=False)
        self.chips = {each: self._chip(each) for each in _CHIPS}
        for each in self.chips.values():
            chips.addWidget(each)
        self.field = QLineEdit()
        self.field.setPlaceholderText(_("Søg på navn, sted eller rolle"))
        self.field.setAccessibleName(_("Søg efter en part"))
        self.field.setClearButtonEnabled(True)
        self.field.setMinimumHeight(theme.px(TARGET))
        self.field.textEdited.connect(lambda _text: self._pause.start())
        self.field.returnPressed.connect(self._on_return)
        self.field.installEventFilter(self)
        self.found = QListWidget()
        self.found.setAccessibleName(_("Fundne parter"))
        self.found.setMaximumHeight(theme.px(144))
        self.found.itemActivated.connect(self._on_item)
        self.found.itemClicked.connect(self._on_item)
        self._none = label(_("Ingen fundet. Prøv et andet ord, eller spørg om de er tilmeldt VDX."), "quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(8))
        column.addLayout(chips)
        for part in (self.field, self.found, self._none):
            column.addWidget(part)
        self.found.hide()
        self._none.hide()

    def _chip(self, value: PartyRole) -> QPushButton:
        pressed = chip(self._theme, role(value), value.value)
        pressed.clicked.connect(lambda checked: self._on_chip(value if checked else None))
        return pressed

    def show_found(self, partners: Sequence[Partner]) -> None:
        """Show what the directory found; with a chip pressed, only its role, unless nothing would be left."""
        fitting = [each for each in partners if self._role in (None, each.role)]
        self.found.clear()
        for partner in fitting:
            words = f"{partner.name}  ·  {role(partner.role)}"
            symbol = icons.icon(partner.role.value, self._theme.color("text"), self._theme.px(18))
            item = QListWidgetItem(symbol, words)
            item.setData(Qt.ItemDataRole.UserRole, partner)
            self.found.addItem(item)
        self.found.setVisible(bool(fitting))
        self._none.setVisible(not fitting and bool(self._text()))

    def reset(self) -> None:
        """Empty the search after a partner was taken."""
        self.field.clear()
        self._on_chip(None)

    def _text(self) -> str:
        typed = self.field.text().strip()
        return typed or (_ASKED[self._role] if self._role else "")

    def _ask(self) -> None:
        if self._text():
            self.search_wanted.emit(self._text())
        else:
            self.show_found(())

    def _on_chip(self, value: PartyRole | None) -> None:
        self._role = value
        for each, pressed in self.chips.items():
            pressed.setChecked(each is value)
        self._ask()

    def _on_return(self) -> None:
        if self.found.count():
            self._on_item(self.found.item(max(0, self.found.currentRow())))

    def _on_item(self, item: QListWidgetItem) -> None:
        self.partner_chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Arrow down goes from the field into what was found, as in every search.
        pressed = watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Down and self.found.count():
            self.found.setCurrentRow(0)
            self.found.setFocus()
            return True
        return super().eventFilter(watched, event)
