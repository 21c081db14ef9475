"""The directory of partners: the list on the left, one of them on the right, and the way in for a whole table."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import Channel, Partner, PartyRole
from vdx_plugin.service.partners import PartnersView
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, card, label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.partner_form import Check, PartnerForm
from vdx_plugin.ui.partner_list import PartnerList
from vdx_plugin.ui.theme import Theme


class PartnersWindow(QWidget):
    """Emits what the user wants; ``list`` and ``form`` tell the rest. ``new_key`` gives ids for partners added here."""

    import_wanted = Signal()
    teams_wanted = Signal()
    undo_wanted = Signal()

    def __init__(self, theme: Theme, new_key: Callable[[], str], check: Check, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._new_key = theme, new_key
        self.view: PartnersView | None = None
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Partnere"))
        self.list = PartnerList(theme)
        self.list.partner_chosen.connect(self._on_chosen)
        self.form = PartnerForm(theme, check)
        self.new = button(theme, _("&Ny partner"))
        self.new.clicked.connect(self._on_new)
        self.bring = button(theme, _("&Importér …"))
        self.bring.setToolTip(_("Læs en tabel (CSV) ind, og se først, hvad den ændrer"))
        self.bring.clicked.connect(self.import_wanted)
        self.teams = button(theme, _("Faste &hold …"))
        self.teams.clicked.connect(self.teams_wanted)
        self.undo = button(theme, _("F&ortryd seneste ændring"), "plain")
        self.undo.clicked.connect(self.undo_wanted)
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.close)
        self._lay_out()
        QShortcut(QKeySequence("Escape"), self, self.close)
        QShortcut(QKeySequence.StandardKey.Find, self, self.list.field.setFocus)
        QShortcut(QKeySequence.StandardKey.Save, self, self.form.save.click)

    def _lay_out(self) -> None:
        px = self._theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(16))
        column.setSpacing(px(12))
        column.addWidget(label(_("Partnere"), "title"))
        column.addWidget(label(_("Dem, I inviterer: sygehus, kommune, plejehjem, tolk og andre."), "quiet"))
        halves = QHBoxLayout()
        halves.setSpacing(px(16))
        halves.addWidget(self.list, 6)
        frame, inside = card(self._theme)
        inside.addWidget(self.form)
        halves.addWidget(frame, 7)
        column.addLayout(halves, 1)
        low = QHBoxLayout()
        low.setSpacing(px(8))
        steps = FlowLayout(px(8), is_centred=False)
        for part in (self.new, self.bring, self.teams, self.undo):
            steps.addWidget(part)
        low.addLayout(steps, 1)
        low.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(low)

    def show_view(self, view: PartnersView) -> None:
        """Show what was found. The form is left alone: somebody may be typing in it."""
        self.view = view
        chosen = self.form.partner.id if self.form.partner else ""
        self.list.show_view(view, chosen)
        self.undo.setEnabled(view.can_undo)

    def show_partner(self, partner: Partner) -> None:
        """Show one partner in the form."""
        fixed = self.view is not None and partner.id in self.view.fixed
        self.form.show_partner(partner, fixed=fixed)

    def refresh_form(self) -> None:
        """Show the chosen partner as it is kept now; nobody if it is gone."""
        found = self.view.found.partners if self.view else ()
        chosen = self.form.partner
        kept = next((one for one in found if chosen is not None and one.id == chosen.id), None)
        if kept is None:
            self.form.clear()
        else:
            self.show_partner(kept)

    def _on_chosen(self, partner: Partner) -> None:
        self.show_partner(partner)

    def _on_new(self) -> None:
        role = self.list.role or PartyRole.HOSPITAL
        way = Channel.EMAIL if role is PartyRole.INTERPRETER else Channel.MEDCOM
        self.list.list.setCurrentRow(-1)
        self.form.show_partner(Partner(f"p-{self._new_key()}", "", role, way), is_new=True)
        self.form.fields.text("name").setFocus()
