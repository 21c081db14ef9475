"""The parties of the plan, one below the other."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import Channel, Party
from vdx_plugin.ports import Reach
from vdx_plugin.ui.plan_rows import PlanRow
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import party_name


class PlanList(QWidget):
    """Hands on what its rows emit; ``reach_wanted(partner)`` asks whether one added here can receive."""

    party_changed = Signal(object)
    removed = Signal(str)
    edit_wanted = Signal(str)
    reach_wanted = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: dict[str, PlanRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(4))

    def add(self, party: Party, context: ClinicContext, *, can_text: bool) -> None:
        """Show a further party of the plan for the patient of ``context``."""
        patient = context.patient
        known = [one for one in (patient.email, patient.mobile) if one]
        row = PlanRow(self._theme, party, party_name(party, context), known, can_text=can_text)
        row.party_changed.connect(self.party_changed)
        row.removed.connect(self.removed)
        row.edit_wanted.connect(self.edit_wanted)
        self.rows[party.key] = row
        self._column.addWidget(row)
        if party.partner is not None and party.channel is Channel.MEDCOM:
            self.reach_wanted.emit(party.partner)

    def take(self, key: str) -> None:
        """Show a party no longer."""
        row = self.rows.pop(key)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def clear(self) -> None:
        for key in list(self.rows):
            self.take(key)

    def show_reach(self, partner_id: str, told: Reach) -> None:
        """Show what the register says of a partner, if it still takes part."""
        for row in self.rows.values():
            if row.party.partner is not None and row.party.partner.id == partner_id:
                row.show_reach(told)
