"""What is handed over by a person: the interpreter's card, a meeting as a file, and the texts of messages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from vdx_plugin.domain.danish_time import danish
from vdx_plugin.ports import AppointmentFiles, InterpreterCard, TextName
from vdx_plugin.service.view import AgendaEntry
from vdx_plugin.texts import _
from vdx_plugin.ui.hand_over_commands import HandOverCommands
from vdx_plugin.ui.interpreter_card import InterpreterCardDialog
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.windows import Windows, present


class HandOverControl(QObject):
    """Serves the windows it has joined last."""

    def __init__(self, commands: HandOverCommands, notices: OwnNotices, parent: QObject) -> None:
        super().__init__(parent)
        self._commands, self._notices = commands, notices
        self._windows: Windows | None = None

    def join(self, windows: Windows) -> None:
        """Serve new windows."""
        self._windows = windows
        windows.texts.keep_wanted.connect(self._on_keep)
        windows.calendar.list.file_wanted.connect(self._on_file)

    def open_texts(self) -> None:
        """Open the texts of messages."""
        if self._windows is not None:
            present(self._windows.texts, is_active=True)

    def open_card(self, consultation_id: UUID, party_key: str, above: QWidget, start: datetime) -> None:
        """Show what goes into the agency's portal."""

        def show(card: InterpreterCard) -> None:
            if self._windows is None:
                return
            dialog = InterpreterCardDialog(self._windows.theme, card, above)
            dialog.copy_wanted.connect(self._on_copy)
            dialog.save_wanted.connect(lambda ical: self._save(dialog, ical, start, "ics"))
            dialog.open()

        self._commands.load_card(above, consultation_id, party_key, show)

    def _on_file(self, entry: AgendaEntry, ending: str) -> None:
        if self._windows is None or entry.consultation_id is None:
            return
        above = self._windows.calendar

        def save(files: AppointmentFiles) -> None:
            self._save(above, files.ical if ending == "ics" else files.fhir, entry.start, ending)

        self._commands.load_files(above, entry.consultation_id, save)

    def _save(self, above: QWidget, text: str, start: datetime, ending: str) -> None:
        # No patient in a name that stays behind in the list of recent files.
        name = f"videosamtale-{danish(start):%Y-%m-%d-%H%M}.{ending}"
        kinds = _("Kalenderfil (*.ics)") if ending == "ics" else _("FHIR Appointment (*.json)")
        chosen, _kind = QFileDialog.getSaveFileName(above, _("Gem"), str(Path.home() / name), kinds)
        if chosen:
            self._commands.write_file(Path(chosen), text, lambda: self._notices.confirm("file.saved"))

    def _on_copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._notices.confirm("text.copied")

    def _on_keep(self, language: str, name: TextName, text: str) -> None:
        if self._windows is not None:
            page = self._windows.texts
            self._commands.keep_text(language, name, text, page.show_kept)
