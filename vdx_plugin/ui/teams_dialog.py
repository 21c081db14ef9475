"""The usual teams: chosen from a list, one of them to change."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.domain.teams import Team
from vdx_plugin.service.partners import PartnersView
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.team_form import TeamCheck, TeamForm
from vdx_plugin.ui.theme import Theme


class TeamsDialog(QDialog):
    """What the user wants is told by ``form``; ``undo_wanted`` takes back the last change of the directory."""

    undo_wanted = Signal()

    def __init__(
        self, theme: Theme, new_key: Callable[[], str], check: TeamCheck, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._new_key = theme, new_key
        self._view: PartnersView | None = None
        self.setWindowTitle(_("Faste hold"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Faste hold"))
        self.list.setWordWrap(True)
        self.list.currentItemChanged.connect(self._on_item)
        self.form = TeamForm(theme, check)
        self._empty = label(_("Et fast hold samler dem, I plejer at mødes med, så de inviteres med ét klik."), "quiet")
        self.new = button(theme, _("&Nyt hold"))
        self.new.clicked.connect(self._on_new)
        self.undo = button(theme, _("F&ortryd seneste ændring"), "plain")
        self.undo.clicked.connect(self.undo_wanted)
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.reject)
        self._lay_out()

    def _lay_out(self) -> None:
        px = self._theme.px
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.form.setProperty("kind", "scrolled")
        area.setWidget(self.form)
        self._area = area
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(16))
        column.setSpacing(px(12))
        column.addWidget(label(_("Faste hold"), "title"))
        column.addWidget(self._empty)
        halves = QHBoxLayout()
        halves.setSpacing(px(16))
        halves.addWidget(self.list, 2)
        halves.addWidget(area, 3)
        column.addLayout(halves, 1)
        low = QHBoxLayout()
        low.setSpacing(px(8))
        low.addWidget(self.new)
        low.addWidget(self.undo)
        low.addStretch(1)
        low.addWidget(self.close_button)
        column.addLayout(low)
        self.setMinimumSize(px(680), px(520))
        area.hide()

    def show_view(self, view: PartnersView, chosen_id: str = "") -> None:
        """Show the teams as they are kept now, and the chosen one, or the first."""
        self._view = view
        self.list.blockSignals(True)
        self.list.clear()
        for team in view.teams:
            item = QListWidgetItem(f"{team.name}\n{team.for_whom}" if team.for_whom else team.name)
            item.setData(Qt.ItemDataRole.UserRole, team)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.undo.setEnabled(view.can_undo)
        row = next((n for n, team in enumerate(view.teams) if team.id == chosen_id), 0)
        self._area.setVisible(bool(view.teams))
        if view.teams:
            self.list.setCurrentRow(row)
            self._on_item(self.list.item(row))

    def _on_item(self, item: QListWidgetItem | None) -> None:
        if item is not None and self._view is not None:
            self._area.show()
            self.form.show_team(item.data(Qt.ItemDataRole.UserRole), self._view.everybody)

    def _on_new(self) -> None:
        self.list.setCurrentRow(-1)
        self._area.show()
        self.form.show_team(Team(f"t-{self._new_key()}", "", ()), (), is_new=True)
        self.form.name.setFocus()
