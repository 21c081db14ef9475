"""The usual team in one click: the patient's own is chosen already."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vdx_plugin.domain.teams import Team
from vdx_plugin.service.partners import TeamChoice
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import ChoiceField, button, label
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import purpose


class TeamPicker(QWidget):
    """Emits ``team_chosen(team)``. Hidden where there are no teams; ``choice`` is what is shown."""

    team_chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = TeamChoice()
        self.field = ChoiceField(theme, _("Fast hold"))
        # Not by the wheel: turning it above the field must scroll the page, not choose another team.
        self.field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.add = button(theme, _("Tilføj &holdet"), "", "check")
        self.add.clicked.connect(self._on_add)
        self._facts = label("", "small")
        self.field.currentIndexChanged.connect(self._on_index)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        column.addWidget(label(_("Fast hold"), "strong"))
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        row.addWidget(self.field, 1)
        row.addWidget(self.add)
        column.addLayout(row)
        column.addWidget(self._facts)
        self.hide()

    def show_choice(self, choice: TeamChoice) -> None:
        """Show the teams; the patient's usual one stands first."""
        self.choice = choice
        self.field.clear()
        for team in choice.teams:
            name = _("{team} (brugt sidst)").format(team=team.name) if team.id == choice.usual else team.name
            self.field.addItem(name, team)
        self.setVisible(bool(choice.teams))

    def _on_index(self, _index: int) -> None:
        team = self.field.currentData()
        self._facts.setText(self._words(team) if isinstance(team, Team) else "")

    def _words(self, team: Team) -> str:
        known = {partner.id: partner.name for partner in self.choice.partners}
        names = ", ".join(known[one] for one in team.partner_ids if one in known)
        minutes = _("{minutes} min").format(minutes=int(team.length.total_seconds() // 60))
        return "  ·  ".join(part for part in (purpose(team.purpose), minutes, names) if part)

    def _on_add(self) -> None:
        team = self.field.currentData()
        if isinstance(team, Team):
            self.team_chosen.emit(team)
