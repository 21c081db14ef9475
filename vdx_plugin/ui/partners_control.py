"""The directory from its windows to the desk and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from vdx_plugin.domain.teams import Team
from vdx_plugin.ports import ImportPreview
from vdx_plugin.service.partners import PartnersView
from vdx_plugin.service.view import Severity
from vdx_plugin.texts import _
from vdx_plugin.ui.import_dialog import ImportDialog
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.partner_commands import PartnerCommands
from vdx_plugin.ui.teams_dialog import TeamsDialog
from vdx_plugin.ui.windows import Windows, present

MOST_BYTES = 20_000_000


class PartnersControl(QObject):
    """``changed`` is called after each change, for what else shows partners."""

    def __init__(
        self,
        commands: PartnerCommands,
        notices: OwnNotices,
        new_key: Callable[[], str],
        search: Callable[[TeamsDialog, str], None],
        changed: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._commands, self._notices, self._new_key = commands, notices, new_key
        self._search, self._changed = search, changed
        self._windows: Windows | None = None
        self._teams: TeamsDialog | None = None

    def join(self, windows: Windows) -> None:
        """Serve new windows."""
        self._windows, self._teams = windows, None
        partners, port = windows.partners, self._commands.port
        partners.list.look_wanted.connect(self._look)
        partners.form.saved.connect(lambda one: self._commands.change(port.put(one), self._on_changed))
        partners.form.remove_wanted.connect(lambda one: self._commands.change(port.remove(one), self._on_changed))
        partners.form.try_wanted.connect(lambda one: self._commands.reach(partners, one, partners.form.show_reach))
        partners.undo_wanted.connect(self._undo)
        partners.import_wanted.connect(self._on_import)
        partners.teams_wanted.connect(self.open_teams)

    def open_partners(self, partner_id: str = "") -> None:
        """Open the directory, on one partner where an id is given."""
        if self._windows is None:
            return
        window = self._windows.partners
        window.list.field.clear()
        present(window, is_active=True)

        def shown(view: PartnersView) -> None:
            window.show_view(view)
            wanted = next((one for one in view.found.partners if one.id == partner_id), None)
            if wanted is not None:
                window.show_partner(wanted)
                window.show_view(view)

        self._commands.look(window, "", None, shown)

    def open_teams(self) -> None:
        """Open the usual teams."""
        if self._windows is None:
            return
        dialog = TeamsDialog(
            self._windows.theme, self._new_key, self._commands.port.team_faults, self._windows.partners
        )
        self._teams = dialog
        dialog.form.search.search_wanted.connect(lambda text: self._search(dialog, text))
        dialog.form.saved.connect(self._on_team)
        dialog.form.remove_wanted.connect(
            lambda team_id: self._commands.change(self._commands.port.remove_team(team_id), self._on_changed)
        )
        dialog.undo_wanted.connect(self._undo)
        dialog.finished.connect(self._on_teams_closed)
        dialog.open()
        self._commands.look(dialog, "", None, dialog.show_view)

    def import_file(self, path: Path) -> None:
        """Read a table and show what it would change."""
        if self._windows is None:
            return
        try:
            if path.stat().st_size > MOST_BYTES:
                self._notices.tell("partners.too_big", Severity.WARNING)
                return
            content = path.read_bytes()
        except OSError:
            self._notices.tell("partners.no_file", Severity.WARNING)
            return
        self._commands.preview(self._windows.partners, content, self._on_preview)

    def _look(self) -> None:
        if self._windows is not None:
            window = self._windows.partners
            self._commands.look(window, window.list.text, window.list.role, window.show_view)

    def _undo(self) -> None:
        self._commands.change(self._commands.port.undo(), self._on_changed)

    def _on_team(self, team: Team) -> None:
        self._commands.change(self._commands.port.put_team(team), lambda: self._on_changed(team.id))

    def _on_changed(self, team_id: str = "") -> None:
        self._changed()
        if self._windows is None:
            return
        window = self._windows.partners

        def shown(view: PartnersView) -> None:
            window.show_view(view)
            window.refresh_form()
            if self._teams is not None:
                self._teams.show_view(view, team_id)

        self._commands.look(window, window.list.text, window.list.role, shown)

    def _on_import(self) -> None:
        if self._windows is not None:
            chosen, _kind = QFileDialog.getOpenFileName(
                self._windows.partners, _("Vælg tabellen med partnere"), "", _("Tabel (*.csv *.txt)")
            )
            if chosen:
                self.import_file(Path(chosen))

    def _on_preview(self, preview: ImportPreview) -> None:
        if self._windows is not None:
            dialog = ImportDialog(self._windows.theme, preview, self._windows.partners)
            accept = self._commands.port.accept
            dialog.accept_wanted.connect(lambda: self._commands.change(accept(preview), self._on_changed))
            dialog.open()

    def _on_teams_closed(self, _result: int) -> None:
        self._teams = None
