"""One party more, or one instead of another: found as one types, shown with what it will receive, and one click."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import Partner, Party
from vdx_plugin.domain.plan import partner_party
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.partner_search import PartnerSearch
from vdx_plugin.ui.plan_rows import PlanRow
from vdx_plugin.ui.theme import Theme


class PartnerDialog(QDialog):
    """Emits ``search_wanted(text)`` and ``party_chosen(party)``. ``instead_of`` names who is exchanged."""

    search_wanted = Signal(str)
    party_chosen = Signal(object)

    def __init__(
        self,
        theme: Theme,
        new_key: Callable[[], str],
        instead_of: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._new_key = theme, new_key
        self.row: PlanRow | None = None
        title = _("Erstat {name}").format(name=instead_of) if instead_of else _("Inviter en til")
        self.setWindowTitle(_("Erstat en part") if instead_of else title)
        px = theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(24))
        column.setSpacing(px(8))
        column.addWidget(label(title, "title"))
        tells = _("Den gamle part får afbud, og den nye får invitation. Begge dele kan fortrydes i nogle sekunder.")
        locked = _("Rummet forbliver låst. Parten ventes, og du lukker den ind.")
        column.addWidget(label(tells if instead_of else locked, "quiet"))
        self.search = PartnerSearch(theme)
        self.search.search_wanted.connect(self.search_wanted)
        self.search.partner_chosen.connect(self._on_partner)
        column.addWidget(self.search)
        self._chosen = QVBoxLayout()
        column.addLayout(self._chosen)
        column.addStretch(1)
        self.go = button(theme, _("&Erstat, og giv begge besked") if instead_of else _("&Inviter"), "primary")
        self.go.setEnabled(False)
        self.go.clicked.connect(self._on_go)
        stay = button(theme, _("F&ortryd"))
        stay.clicked.connect(self.reject)
        low = QHBoxLayout()
        low.addWidget(stay)
        low.addStretch(1)
        low.addWidget(self.go)
        column.addLayout(low)
        self.setMinimumWidth(px(440))
        self.finished.connect(lambda _result: self.deleteLater())

    def show_found(self, partners: Sequence[Partner]) -> None:
        """Show what the directory found."""
        self.search.show_found(partners)

    def _on_partner(self, partner: Partner) -> None:
        if self.row is not None:
            self._take_row()
        self.row = PlanRow(self._theme, partner_party(partner, self._new_key()), partner.name)
        self.row.removed.connect(lambda _key: self._take_row())
        self._chosen.addWidget(self.row)
        self.search.reset()
        self.go.setEnabled(True)
        self.go.setFocus()

    def _take_row(self) -> None:
        if self.row is not None:
            self.row.hide()
            self.row.deleteLater()
        self.row = None
        self.go.setEnabled(False)

    def _on_go(self) -> None:
        party: Party | None = self.row.party if self.row is not None else None
        if party is not None:
            self.accept()
            self.party_chosen.emit(party)
