"""The calendar: one day at a time, live while it is open, with a search over what is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from PySide6.QtCore import QDate, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from vdx_plugin.domain.danish_time import danish_day
from vdx_plugin.service.view import AgendaEntry, AgendaView
from vdx_plugin.texts import _
from vdx_plugin.ui.agenda_list import AgendaList
from vdx_plugin.ui.agenda_wording import day_title
from vdx_plugin.ui.controls import DayField, StateLine, button, label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.theme import TARGET, Theme
from vdx_plugin.ui.wording import Word, clock, trouble

TYPING_PAUSE_MS = 150
_SILENT = ("vdx.unreachable", "vdx.server_error", "vdx.outcome_unknown")


class CalendarWindow(QWidget):
    """Emits ``day_wanted(day, everyone)``, ``search_wanted(text)``, ``hidden``, and what ``list`` hands on."""

    day_wanted = Signal(object, bool)
    search_wanted = Signal(str)
    templates_wanted = Signal()
    diagnosis_wanted = Signal()
    hidden = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._today: date | None = None
        self._agenda = AgendaView()
        self._found: Sequence[AgendaEntry] | None = None
        self.day: date | None = None
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Kalender"))
        self._title = label("", "title")
        self._state = StateLine(theme)
        self.list = AgendaList(theme)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._on_search)
        self._make_controls()
        self._lay_out()
        QShortcut(QKeySequence("Escape"), self, self.close)
        QShortcut(QKeySequence("Alt+Left"), self, self.back.click)
        QShortcut(QKeySequence("Alt+Right"), self, self.on.click)
        QShortcut(QKeySequence.StandardKey.Find, self, self.search.setFocus)

    def _make_controls(self) -> None:
        theme = self._theme
        self.back = button(theme, _("&Forrige dag"))
        self.back.clicked.connect(lambda: self._turn(-1))
        self.today = button(theme, _("I &dag"))
        self.today.clicked.connect(self._on_today)
        self.on = button(theme, _("&Næste dag"))
        self.on.clicked.connect(lambda: self._turn(1))
        self.pick = DayField(theme, _("Gå til dag"))
        self.pick.userDateChanged.connect(lambda chosen: self.show_day(date(*chosen.getDate())))
        self.everyone = QCheckBox(_("&Kollegers møder med"))
        self.everyone.toggled.connect(lambda _on: self._ask())
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Søg på patient, emne eller kollega"))
        self.search.setAccessibleName(_("Søg i kalenderen"))
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumHeight(theme.px(TARGET))
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.templates = button(theme, _("&Mødeskabeloner"), "plain")
        self.templates.clicked.connect(self.templates_wanted)
        self.diagnosis = button(theme, _("Kan jeg nå &VDX?"), "plain")
        self.diagnosis.clicked.connect(self.diagnosis_wanted)
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.close)

    def _lay_out(self) -> None:
        px = self._theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(16))
        column.setSpacing(px(12))
        column.addWidget(self._title)
        steps = FlowLayout(px(8), is_centred=False)
        for part in (self.back, self.today, self.on, self.pick, self.everyone):
            steps.addWidget(part)
        column.addLayout(steps)
        column.addWidget(self.search)
        column.addWidget(self._state)
        column.addWidget(self.list, 1)
        low = QHBoxLayout()
        low.setSpacing(px(4))
        low.addWidget(self.templates)
        low.addWidget(self.diagnosis)
        low.addStretch(1)
        low.addWidget(self.close_button)
        column.addLayout(low)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def show_day(self, day: date) -> None:
        """Turn to a day; what is known of it comes with the next view."""
        self.day = day
        self.search.clear()
        self._found = None
        self.list.turn()
        self.pick.blockSignals(True)
        self.pick.setDate(QDate(day.year, day.month, day.day))
        self.pick.blockSignals(False)
        self._refresh()
        self._ask()

    def show_agenda(self, agenda: AgendaView, now: datetime) -> None:
        """Show the newest state of the day."""
        self._agenda, self._today = agenda, danish_day(now)
        self._refresh()

    def show_found(self, entries: Sequence[AgendaEntry]) -> None:
        """Show what a search found, if it is still wanted."""
        if self.search.text().strip():
            self._found = entries
            self.list.turn()
            self._refresh()

    def _refresh(self) -> None:
        if self.day is None:
            return
        self._title.setText(day_title(self.day, self._today or self.day))
        if self._found is not None:
            self.list.show_entries(self._found, _("Ingen møder fundet. Søg på et andet ord."), with_days=True)
            self._state.show_word(Word(_("{count} fundet").format(count=len(self._found)), "info"))
            return
        agenda = self._agenda
        is_here = agenda.day == self.day
        known = is_here and (agenda.asked_at is not None or agenda.problem is not None)
        empty = _("Ingen videomøder den dag.") if known else _("Henter dagens møder …")
        self.list.show_entries(agenda.entries if is_here else (), empty)
        self._state.show_word(self._freshness(agenda if is_here else AgendaView()))

    def _freshness(self, agenda: AgendaView) -> Word:
        if agenda.problem is not None:
            silent = agenda.problem.code in _SILENT
            last = _("VDX svarer ikke. Her står det sidst kendte. Programmet spørger igen.")
            return Word(last if silent else trouble(agenda.problem), "warning", "danger")
        if agenda.asked_at is None:
            return Word(_("Spørger VDX …"), "running")
        return Word(_("Fra VDX kl. {time}").format(time=clock(agenda.asked_at)), "check")

    # --- what the user does -----------------------------------------------------------------------------------------

    def _turn(self, days: int) -> None:
        if self.day is not None:
            self.show_day(self.day + timedelta(days=days))

    def _on_today(self) -> None:
        if self._today is not None:
            self.show_day(self._today)

    def _ask(self) -> None:
        if self.day is not None:
            self.day_wanted.emit(self.day, self.everyone.isChecked())

    def _on_search(self) -> None:
        words = self.search.text().strip()
        if words:
            self.search_wanted.emit(words)
        else:
            self._found = None
            self.list.turn()
            self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self.hidden.emit()
