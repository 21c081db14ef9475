"""Today's consultations: time, patient, party symbols and a state in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.service.view import AgendaEntry
from vdx_plugin.texts import _
from vdx_plugin.ui.agenda_wording import DayItem, day_items
from vdx_plugin.ui.controls import TONE_INK, label, symbol_label
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import clock, role


class DayRow(QPushButton):
    """One line; pressing it opens it."""

    def __init__(self, theme: Theme, item: DayItem) -> None:
        super().__init__()
        self.setProperty("kind", "row")
        self.setAutoDefault(False)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.item = item
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.px(8), theme.px(8), theme.px(8), theme.px(8))
        self._row.setSpacing(theme.px(12))
        self._row.addWidget(label(clock(item.start), "strong", wrap=False), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(theme.px(4))
        self._row.addLayout(column, 1)
        column.addWidget(label(item.label))
        below = QHBoxLayout()
        below.setSpacing(theme.px(4))
        column.addLayout(below)
        for each in item.roles:
            symbol = symbol_label(theme, each.value, "quiet", 16)
            symbol.setToolTip(role(each))
            below.addWidget(symbol)
        below.addSpacing(theme.px(4))
        if item.state.symbol:
            below.addWidget(symbol_label(theme, item.state.symbol, TONE_INK[item.state.tone], 16))
        below.addWidget(label(item.state.text, "small"), 1)
        names = ", ".join(role(each) for each in item.roles)
        self.setAccessibleName(f"{clock(item.start)}, {item.label}, {names}, {item.state.text}")
        self.setToolTip(item.reason)

    def sizeHint(self) -> QSize:
        return self._row.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self._row.minimumSize().height())

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(self._row.heightForWidth(width), self._row.minimumSize().height())


class Today(QWidget):
    """The list. Emits ``appointment_chosen(id)``, and ``calendar_wanted`` for what only the calendar knows."""

    appointment_chosen = Signal(str)
    calendar_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: object = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_day(
        self, appointments: Sequence[Appointment], entries: Sequence[AgendaEntry], roles: Mapping[str, PartyRole]
    ) -> None:
        """Show the day; ``roles`` tells the role of an organisation by its location number."""
        items = day_items(appointments, entries, roles)
        if items == self._shown:
            return
        self._shown = items
        while old := self._column.takeAt(0):
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for item in items:
            self._column.addWidget(self._row(item))
        if not items:
            self._column.addWidget(label(_("Ingen videokonsultationer i dag."), "quiet"))

    def _row(self, item: DayItem) -> DayRow:
        row = DayRow(self._theme, item)
        if item.appointment_id:
            row.clicked.connect(lambda: self.appointment_chosen.emit(item.appointment_id))
        else:
            row.clicked.connect(self.calendar_wanted)
        return row
