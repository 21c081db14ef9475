"""The way out to the telephone: every number at hand, and one button that keeps it one and the same visit."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import PartyRole, PartyStatus
from vdx_plugin.service.view import ConsultationView
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.dial_form import DialForm, spaced
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import party_name


def phone_of(status: PartyStatus, view: ConsultationView) -> str:
    """Return the number of a party, empty if none is known."""
    if status.party.role is PartyRole.PATIENT:
        return view.context.patient.mobile or ""
    return (status.party.partner.phone or "") if status.party.partner else ""


class PhonePanel(QWidget):
    """Emits ``ring_wanted(number)``, ``phone_wanted``, and ``dial_wanted(DialOut)`` to fetch somebody into the call."""

    ring_wanted = Signal(str)
    dial_wanted = Signal(object)
    phone_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[tuple[str, str], ...] | None = None
        self.form = DialForm(theme)
        self.form.dial_wanted.connect(self.dial_wanted)
        self.go_on = button(theme, _("Afslut video, fortsæt på telefon"), "", "phone")
        self.go_on.clicked.connect(self.phone_wanted)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(theme.px(8))
        outer.addWidget(label(_("Telefon"), "heading"))
        outer.addWidget(self._scrolled(), 1)
        outer.addWidget(
            label(_("Videoen lukkes for alle. Det bliver ved med at være den samme konsultation."), "small")
        )
        outer.addWidget(self.go_on)

    def _scrolled(self) -> QScrollArea:
        """The way out below stays in sight, however many there are to call."""
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, self._theme.px(4), 0)
        column.setSpacing(self._theme.px(8))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(self._theme.px(8))
        column.addLayout(self._rows)
        column.addWidget(self.form)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setMinimumHeight(self._theme.px(240))
        area.setWidget(inside)
        self.form.ways.opened.connect(lambda: area.ensureWidgetVisible(self.form.ways))
        return area

    def show_consultation(self, view: ConsultationView) -> None:
        """Show the parties' numbers."""
        numbers = tuple((party_name(each.party, view.context), phone_of(each, view)) for each in view.parties)
        if numbers == self._shown:
            return
        self._shown = numbers
        self.form.offer(numbers)
        while item := self._rows.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for name, number in numbers:
            self._rows.addWidget(self._row(name, number))

    def _row(self, name: str, number: str) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout()
        column.setSpacing(0)
        row.addLayout(column, 1)
        column.addWidget(label(name))
        column.addWidget(label(spaced(number) or _("Nummer kendes ikke. Se i journalen."), "small"))
        if number:
            ring = button(self._theme, _("Ring op"), name=_("Ring op til {name}").format(name=name))
            ring.clicked.connect(lambda: self.ring_wanted.emit(number))
            row.addWidget(ring)
        return line
