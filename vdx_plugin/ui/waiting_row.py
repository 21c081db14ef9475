"""One line of the panel for somebody who waits outside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout

from vdx_plugin.service.view import WaitingGuest
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label, symbol_label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import waited


class WaitingRow(QFrame):
    """Somebody outside the locked room. Emits ``admitted(guest, party_key)`` and ``turned_away(guest)``.

    ``expected_as`` names the party whose link was used, empty for a stranger, who may be let in as one of
    ``missing`` (party key and name): a link that lost its tag on the way is still the patient's.
    """

    admitted = Signal(object, object)
    turned_away = Signal(object)

    def __init__(
        self, theme: Theme, guest: WaitingGuest, expected_as: str, missing: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__()
        self.guest = guest
        self._theme = theme
        self._missing = missing
        self.setProperty("kind", "band")
        self.setProperty("tone", "warning" if expected_as else "danger")
        given = guest.name_given or _("Intet navn")
        px = theme.px
        row = QHBoxLayout(self)
        row.setContentsMargins(px(12), px(8), px(8), px(8))
        row.setSpacing(px(8))
        ink = "on_warning_soft" if expected_as else "on_danger_soft"
        symbol = symbol_label(theme, "clock" if expected_as else "stranger", ink, 20)
        row.addWidget(symbol, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(px(4))
        row.addLayout(column, 1)
        column.addWidget(label(expected_as or _("Ukendt – ikke ventet"), "strong"))
        column.addWidget(label(_("Kalder sig »{name}«").format(name=given)))
        self._since = label("", "small")
        column.addWidget(self._since)
        buttons = FlowLayout(px(8), is_centred=False)
        column.addLayout(buttons)
        who = expected_as or given
        self.admit = button(theme, _("Luk ind"), "admit", "check", name=_("Luk {name} ind").format(name=who))
        self.admit.setToolTip(_("Luk den første ind: Ctrl+L"))
        self.admit.clicked.connect(lambda: self.admitted.emit(self.guest, self.guest.party_key))
        self.refuse = button(theme, _("Afvis"), "band", name=_("Afvis {name}").format(name=who))
        self.refuse.clicked.connect(lambda: self.turned_away.emit(self.guest))
        as_whom = _("Luk {name} ind som en af de ventede").format(name=who)
        self.admit_as = button(theme, _("Luk ind som …"), "band", name=as_whom)
        self.admit_as.clicked.connect(self._on_admit_as)
        self.admit_as.setVisible(bool(missing) and not expected_as)
        for part in (self.admit, self.admit_as, self.refuse):
            buttons.addWidget(part)

    def _on_admit_as(self) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.admit_as.mapToGlobal(self.admit_as.rect().bottomLeft()))

    def menu(self) -> QMenu:
        """Return the expected parties that a stranger may turn out to be."""
        menu = QMenu(self)
        for key, name in self._missing:
            menu.addAction(name, partial(self.admitted.emit, self.guest, key))
        return menu

    def show_time(self, now: datetime) -> None:
        self._since.setText(waited(self.guest.since, now))

    def set_gone(self) -> None:
        """Say that nobody waits here any longer; the row keeps its place until the mouse has left the list."""
        self.admit.setEnabled(False)
        self.admit_as.setEnabled(False)
        self.refuse.setEnabled(False)
        self._since.setText(_("Venter ikke længere"))
