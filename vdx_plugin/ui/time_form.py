"""Day, time and length of a meeting by the Danish clock, checked while one types, with the fault under its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta

from PySide6.QtCore import QDate, QTime, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from vdx_plugin.domain.danish_time import danish, instant_of
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import ChoiceField, ClockField, DayField, label, set_style
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.theme import Theme

LENGTHS_MIN = (10, 15, 20, 30, 45, 60, 90, 120)
Check = Callable[[datetime, datetime, str], Mapping[str, str]]
"""(start, end, colleague's address) to a sentence for each field at fault, by VDX's name of it."""


def no_complaints(_start: datetime, _end: datetime, _organised_by: str) -> Mapping[str, str]:
    """Find nothing at fault."""
    return {}


class TimeForm(QWidget):
    """Emits ``changed``. ``organised_by`` is checked along, for whoever shows that field."""

    changed = Signal()

    def __init__(self, theme: Theme, check: Check = no_complaints) -> None:
        super().__init__()
        self._check = check
        self.organised_by = ""
        self.complaints: Mapping[str, str] = {}
        self.day = DayField(theme, _("Dag"))
        self.clock = ClockField(theme, _("Klokken"))
        self.length = ChoiceField(theme, _("Varighed"))
        self.length.setMinimumContentsLength(8)
        for minutes in LENGTHS_MIN:
            self.length.addItem(_("{minutes} min").format(minutes=minutes), minutes)
        self._notes = {name: label("", "small") for name in ("day", "clock", "length")}
        row = FlowLayout(theme.px(16), is_centred=False)
        for words, name, field in (
            (_("Dag"), "day", self.day),
            (_("Klokken"), "clock", self.clock),
            (_("Varighed"), "length", self.length),
        ):
            row.addWidget(_column(theme, words, field, name))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        column.addLayout(row)
        for note in self._notes.values():
            note.hide()
            column.addWidget(note)
        self.day.dateChanged.connect(self.refresh)
        self.clock.timeChanged.connect(self.refresh)
        self.length.currentIndexChanged.connect(self.refresh)

    def set_span(self, start: datetime, end: datetime) -> None:
        """Show a meeting's time; a length that is not in the list is added to it."""
        local = danish(start)
        minutes = max(1, round((end - start).total_seconds() / 60))
        if self.length.findData(minutes) < 0:
            self.length.addItem(_("{minutes} min").format(minutes=minutes), minutes)
        self.length.setCurrentIndex(self.length.findData(minutes))
        self.day.setDate(QDate(local.year, local.month, local.day))
        self.clock.setTime(QTime(local.hour, local.minute))
        self.refresh()

    def set_length(self, length: timedelta) -> None:
        """Keep the start and show another length."""
        found = self.span()
        if found is not None:
            self.set_span(found[0], found[0] + length)

    def set_first_day(self, day: date) -> None:
        """Offer no day before this one."""
        self.day.setMinimumDate(QDate(day.year, day.month, day.day))

    def span(self) -> tuple[datetime, datetime] | None:
        """Return start and end; None for a time that the night in March does not have."""
        start = instant_of(self._day(), self._clock())
        return (start, start + timedelta(minutes=int(self.length.currentData()))) if start else None

    @property
    def is_good(self) -> bool:
        """True when nothing is at fault."""
        return not self.complaints and self.span() is not None

    def refresh(self) -> None:
        """Check again, also because time has passed."""
        found = self.span()
        missing = _("Den nat springer uret fra 2 til 3. Vælg en anden tid.")
        self.complaints = self._check(*found, self.organised_by) if found else {"startTime": missing}
        self._say("clock", self.complaints.get("startTime", ""))
        self._say("length", self.complaints.get("endTime", ""))
        twice = found is not None and _is_twice(found[0])
        hint = _("Den nat er klokken dette to gange. Den første gælder (sommertid).") if twice else ""
        self._say("day", hint, is_fault=False)
        self.changed.emit()

    def _say(self, name: str, words: str, *, is_fault: bool = True) -> None:
        note = self._notes[name]
        set_style(note, tone="danger" if is_fault else "")
        note.setText(words)
        note.setVisible(bool(words))

    def _day(self) -> date:
        chosen = self.day.date()
        return date(chosen.year(), chosen.month(), chosen.day())

    def _clock(self) -> time:
        chosen = self.clock.time()
        return time(chosen.hour(), chosen.minute())


def _is_twice(start: datetime) -> bool:
    local = danish(start)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _column(theme: Theme, words: str, field: QWidget, name: str) -> QWidget:
    holder = QWidget()
    holder.setObjectName(name)
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.px(4))
    title: QLabel = label(words, "small", wrap=False)
    title.setBuddy(field)
    column.addWidget(title)
    column.addWidget(field)
    return holder
