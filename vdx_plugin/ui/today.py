"""Today's consultations: time, patient, party symbols and a state in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import label, symbol_label
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import appointment_state, clock, role


class AppointmentRow(QPushButton):
    """One appointment; pressing it opens it."""

    def __init__(self, theme: Theme, item: Appointment, roles: Sequence[PartyRole]) -> None:
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
        column.addWidget(label(item.patient_label or item.reason))
        below = QHBoxLayout()
        below.setSpacing(theme.px(4))
        column.addLayout(below)
        for each in roles:
            symbol = symbol_label(theme, each.value, "quiet", 16)
            symbol.setToolTip(role(each))
            below.addWidget(symbol)
        below.addSpacing(theme.px(4))
        below.addWidget(label(appointment_state(item.status), "small"), 1)
        names = ", ".join(role(each) for each in roles)
        self.setAccessibleName(f"{clock(item.start)}, {item.patient_label}, {names}, {appointment_state(item.status)}")
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
    """The list. Emits ``appointment_chosen(id)``."""

    appointment_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: object = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_appointments(self, items: Sequence[Appointment], roles: Mapping[str, PartyRole]) -> None:
        """Show the day; ``roles`` tells the role of an organisation by its location number."""
        wanted = (tuple(items), dict(roles))
        if wanted == self._shown:
            return
        self._shown = wanted
        while old := self._column.takeAt(0):
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for item in items:
            self._column.addWidget(self._row(item, roles))
        if not items:
            self._column.addWidget(label(_("Ingen videokonsultationer i dag."), "quiet"))

    def _row(self, item: Appointment, roles: Mapping[str, PartyRole]) -> AppointmentRow:
        others = [roles.get(gln, PartyRole.OTHER) for gln in item.partner_glns]
        row = AppointmentRow(self._theme, item, [PartyRole.PATIENT, *others])
        row.clicked.connect(lambda: self.appointment_chosen.emit(item.id))
        return row
