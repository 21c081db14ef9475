"""The way out to the telephone: every number at hand, and one button that keeps it one and the same visit."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import PartyRole, PartyStatus
from vdx_plugin.ports import DialOut
from vdx_plugin.service.view import ConsultationView
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.theme import TARGET, Theme
from vdx_plugin.ui.wording import party_name


def phone_of(status: PartyStatus, view: ConsultationView) -> str:
    """Return the number of a party, empty if none is known."""
    if status.party.role is PartyRole.PATIENT:
        return view.context.patient.mobile or ""
    return (status.party.partner.phone or "") if status.party.partner else ""


def spaced(number: str) -> str:
    """Return a Danish number in pairs, as it is read aloud; any other form unchanged."""
    return " ".join(number[i : i + 2] for i in range(0, 8, 2)) if len(number) == 8 and number.isdigit() else number


def call_of(words: str, name: str) -> DialOut | None:
    """Return whom the room is to call, None for what is neither a number nor an address.

    A number goes out as sound alone. ``name`` is what the others see; the number itself they do not.
    """
    plain = words.strip().removeprefix("sip:")
    digits = plain.replace(" ", "").replace("-", "")
    if digits.removeprefix("+").isdigit() and 3 <= len(digits) <= 16:
        return DialOut(digits, "sip", sound_only=True, display_name=name or _("Telefon"))
    user, _at, host = plain.partition("@")
    if user and "." in host and " " not in plain:
        return DialOut(plain, "sip", display_name=name or _("Ringet op"))
    return None


class PhonePanel(QWidget):
    """Emits ``ring_wanted(number)``, ``phone_wanted``, and ``dial_wanted(DialOut)`` to fetch somebody into the call."""

    ring_wanted = Signal(str)
    dial_wanted = Signal(object)
    phone_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[tuple[str, str], ...] | None = None
        self._known: list[tuple[str, str]] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(theme.px(8))
        self.go_on = button(theme, _("Afslut video, fortsæt på telefon"), "", "phone")
        self.go_on.clicked.connect(self.phone_wanted)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(theme.px(8))
        outer.addWidget(label(_("Telefon"), "heading"))
        outer.addLayout(self._rows)
        outer.addLayout(self._dialling())
        outer.addWidget(
            label(_("Videoen lukkes for alle. Det bliver ved med at være den samme konsultation."), "small")
        )
        outer.addWidget(self.go_on)

    def _dialling(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(self._theme.px(4))
        self.field = QLineEdit()
        self.number = QComboBox()
        self.number.setEditable(True)
        self.number.setLineEdit(self.field)
        self.number.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.number.setAccessibleName(_("Nummer eller SIP-adresse, der skal ringes op i samtalen"))
        self.number.setMinimumHeight(self._theme.px(TARGET))
        self.number.setMinimumContentsLength(8)
        self.number.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.field.setAccessibleName(self.number.accessibleName())
        self.field.setPlaceholderText(_("Nummer eller SIP-adresse"))
        self.field.setMaxLength(200)
        self.field.returnPressed.connect(self._on_dial)
        self.number.editTextChanged.connect(self._show_dial)
        self.dial = button(self._theme, _("Ring op i samtalen"), "", "phone")
        self.dial.clicked.connect(self._on_dial)
        column.addWidget(label(_("Få en til med i samtalen"), "strong"))
        column.addWidget(self.number)
        column.addWidget(self.dial)
        self._show_dial()
        return column

    @property
    def wanted(self) -> DialOut | None:
        """Whom **Ring op i samtalen** would call now; None for nobody."""
        words, row = self.number.currentText(), self.number.currentIndex()
        if row >= 0 and words == self.number.itemText(row):
            name, number = self._known[row]
            return call_of(number, name)
        return call_of(words, "")

    def _show_dial(self) -> None:
        self.dial.setEnabled(self.wanted is not None)

    def _on_dial(self) -> None:
        call = self.wanted
        if call is not None:
            # Emptied at once, so that a second press does not call a second time.
            self.number.setCurrentIndex(-1)
            self.number.clearEditText()
            self.dial_wanted.emit(call)

    def _offer(self, numbers: Sequence[tuple[str, str]]) -> None:
        """Offer the parties' numbers; what is being written stays."""
        words = self.number.currentText()
        self._known = [each for each in numbers if call_of(each[1], each[0]) is not None]
        self.number.clear()
        self.number.addItems([f"{name}, {spaced(number)}" for name, number in self._known])
        self.number.setCurrentIndex(-1)
        self.number.setEditText(words)

    def show_consultation(self, view: ConsultationView) -> None:
        """Show the parties' numbers."""
        numbers = tuple((party_name(each.party, view.context), phone_of(each, view)) for each in view.parties)
        if numbers == self._shown:
            return
        self._shown = numbers
        self._offer(numbers)
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
