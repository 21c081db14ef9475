"""The calendar and the diagnosis from their windows to the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from vdx_plugin.domain.booked import RoomTemplate
from vdx_plugin.domain.danish_time import danish_day
from vdx_plugin.service.view import AgendaEntry, DeskView, EntryAction
from vdx_plugin.ui.cancel_dialog import CancelDialog
from vdx_plugin.ui.commands import Commands
from vdx_plugin.ui.move_dialog import MoveDialog
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.templates_dialog import TemplatesDialog
from vdx_plugin.ui.time_form import Check
from vdx_plugin.ui.windows import Windows, present
from vdx_plugin.ui.wording import party_name


class CalendarControl(QObject):
    """``started`` is called when the user starts a meeting from the calendar, before the desk is."""

    def __init__(
        self,
        commands: Commands,
        notices: OwnNotices,
        now: Callable[[], datetime],
        check: Check,
        started: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._commands, self._notices, self._now = commands, notices, now
        self._check, self._started = check, started
        self._windows: Windows | None = None

    def join(self, windows: Windows) -> None:
        """Serve new windows."""
        self._windows = windows
        calendar, diagnosis, commands = windows.calendar, windows.diagnosis, self._commands
        calendar.day_wanted.connect(commands.show_agenda)
        calendar.hidden.connect(commands.hide_agenda)
        calendar.search_wanted.connect(lambda text: commands.search_agenda(calendar, text, calendar.show_found))
        calendar.templates_wanted.connect(lambda: commands.load_templates(calendar, self._on_templates))
        calendar.diagnosis_wanted.connect(self.open_diagnosis)
        calendar.list.acted.connect(self.act)
        calendar.list.prolonged.connect(self._on_prolonged)
        calendar.list.link_wanted.connect(self._on_link)
        diagnosis.examine_wanted.connect(commands.examine)
        diagnosis.copy_wanted.connect(self._on_copy)

    def show(self, view: DeskView) -> None:
        """Show the newest state."""
        if self._windows is not None:
            self._windows.calendar.show_agenda(view.agenda, self._now())
            self._windows.diagnosis.show_diagnosis(view.diagnosis)

    def open_calendar(self) -> None:
        """Open the calendar on today, or bring it to the front as it is."""
        if self._windows is None:
            return
        calendar = self._windows.calendar
        if not calendar.isVisible():
            calendar.show_day(danish_day(self._now()))
        present(calendar, is_active=True)

    def open_answers(self, view: DeskView) -> None:
        """Open the calendar on the first day with an answer that waits to be read."""
        if self._windows is not None and view.agenda.answered:
            self._windows.calendar.show_day(danish_day(view.agenda.answered[0].start))
            present(self._windows.calendar, is_active=True)

    def open_diagnosis(self) -> None:
        """Open the diagnosis and begin at once: nobody opens it to look at nothing."""
        if self._windows is not None:
            present(self._windows.diagnosis, is_active=True)
            self._commands.examine()

    def act(self, entry: AgendaEntry, action: EntryAction) -> None:
        """Do what is to be done with a whole meeting, after a question where it cannot be undone."""
        number = entry.consultation_id
        if number is None or self._windows is None:
            return
        match action:
            case EntryAction.START:
                self._started()
                self._commands.start_scheduled(number)
            case EntryAction.RETRY:
                self._commands.retry_scheduled(number)
            case EntryAction.MOVE:
                move = MoveDialog(self._windows.theme, entry, self._check, self._windows.calendar)
                move.move_wanted.connect(lambda start, end: self._commands.move(number, start, end))
                move.open()
            case EntryAction.CANCEL:
                cancel = CancelDialog(self._windows.theme, entry, self._windows.calendar)
                cancel.cancel_wanted.connect(lambda: self._commands.cancel_scheduled(number))
                cancel.open()

    def _on_prolonged(self, entry: AgendaEntry, longer: timedelta) -> None:
        if entry.consultation_id is not None:
            self._commands.prolong(entry.consultation_id, entry.end + longer)

    def _on_link(self, entry: AgendaEntry, key: str) -> None:
        status = next((each for each in entry.parties if each.party.key == key), None)
        if status is not None and entry.context is not None and key in entry.links:
            QGuiApplication.clipboard().setText(entry.links[key].reveal())
            self._notices.confirm("link.copied", party=party_name(status.party, entry.context))

    def _on_templates(self, templates: Sequence[RoomTemplate]) -> None:
        if self._windows is not None:
            TemplatesDialog(self._windows.theme, templates, self._windows.calendar).open()

    def _on_copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._notices.confirm("report.copied")
