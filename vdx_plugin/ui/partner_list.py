"""The partners by name: a search as one types, one role or all."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import Partner, PartyRole
from vdx_plugin.domain.teams import is_reachable
from vdx_plugin.service.partners import PartnersView
from vdx_plugin.texts import _
from vdx_plugin.ui import icons
from vdx_plugin.ui.controls import ChoiceField, label
from vdx_plugin.ui.form_field import line_edit
from vdx_plugin.ui.partner_search import TYPING_PAUSE_MS
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import role

_ROLES = tuple(each for each in PartyRole if each is not PartyRole.PATIENT)


class PartnerList(QWidget):
    """Emits ``look_wanted()`` when ``text`` or ``role`` has changed, and ``partner_chosen(partner)``."""

    look_wanted = Signal()
    partner_chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        # Drawn once: with a list of a hundred, drawing is what takes the time.
        self._symbols: dict[PartyRole, QIcon] = {each: self._symbol(each) for each in _ROLES}
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.look_wanted)
        self.field = line_edit(theme, _("Søg efter en partner"))
        self.field.setPlaceholderText(_("Søg på navn, sted eller rolle"))
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(lambda _text: self._pause.start())
        self.field.installEventFilter(self)
        self.roles = ChoiceField(theme, _("Vis kun en rolle"))
        self.roles.addItem(_("Alle roller"), None)
        for each in _ROLES:
            self.roles.addItem(role(each), each)
        self.roles.currentIndexChanged.connect(lambda _index: self.look_wanted.emit())
        self.list = QListWidget()
        self.list.setAccessibleName(_("Partnere"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setIconSize(QSize(theme.px(18), theme.px(18)))
        self.list.currentItemChanged.connect(self._on_item)
        self._count = label("", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(8))
        for part in (self.field, self.roles):
            column.addWidget(part)
        column.addWidget(self.list, 1)
        column.addWidget(self._count)

    @property
    def text(self) -> str:
        return self.field.text().strip()

    @property
    def role(self) -> PartyRole | None:
        # Qt gives the word back as plain text.
        chosen = self.roles.currentData()
        return PartyRole(chosen) if chosen else None

    def show_view(self, view: PartnersView, chosen_id: str) -> None:
        """Show what was found; the chosen partner stays chosen where it is among them."""
        self.list.blockSignals(True)
        self.list.clear()
        for partner in view.found.partners:
            self.list.addItem(self._item(partner))
            if partner.id == chosen_id:
                self.list.setCurrentRow(self.list.count() - 1)
        self.list.blockSignals(False)
        self._count.setText(self._words(len(view.found.partners), view.found.total))

    def _words(self, shown: int, total: int) -> str:
        if total == 0:
            return _("Ingen fundet. Prøv et andet ord, eller opret en ny.") if self.text else _("Kartoteket er tomt.")
        if shown < total:
            return _("Viser {shown} af {total}. Skriv mere for at finde den rette.").format(shown=shown, total=total)
        return _("{count} partnere").format(count=total) if total != 1 else _("1 partner")

    def _symbol(self, value: PartyRole) -> QIcon:
        ink, size = self._theme.color("accent"), self._theme.px(18)
        return icons.icon(value.value, ink, size, selected=self._theme.color("on_accent"))

    def _item(self, partner: Partner) -> QListWidgetItem:
        words = partner.name
        if not is_reachable(partner):
            words = "\n".join((words, _("Kun link eller telefon")))
        item = QListWidgetItem(self._symbols[partner.role], words)
        item.setData(Qt.ItemDataRole.UserRole, partner)
        item.setToolTip(partner.name)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{partner.name}, {role(partner.role)}")
        return item

    def _on_item(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.partner_chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Arrow down goes from the field into what was found, as in every search.
        pressed = watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Down and self.list.count():
            self.list.setCurrentRow(max(0, self.list.currentRow()))
            self.list.setFocus()
            return True
        return super().eventFilter(watched, event)
