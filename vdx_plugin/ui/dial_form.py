"""Calling somebody up into the call: a number, a SIP address, or, behind **Flere**, an older room system."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from vdx_plugin.ports import DialOut
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import ChoiceField, button, label, set_symbol
from vdx_plugin.ui.theme import TARGET, Theme

_H323 = re.compile(r"\d{3,16}|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\d{1,3}(?:\.\d{1,3}){3}(?:##\d{1,16})?")
"""A number, an address, or that of a machine with the number behind it, as room systems are called (H.323 Annex O)."""


def spaced(number: str) -> str:
    """Return a Danish number in pairs, as it is read aloud; any other form unchanged."""
    return " ".join(number[i : i + 2] for i in range(0, 8, 2)) if len(number) == 8 and number.isdigit() else number


def call_of(words: str, name: str, *, is_h323: bool = False) -> DialOut | None:
    """Return whom the room is to call, None for what is neither a number nor an address.

    A number goes out as sound alone, but for ``is_h323``, where it is that of a video system. ``name`` is what the
    others see; the number itself they do not.
    """
    plain = words.strip().removeprefix("sip:")
    if is_h323 or plain.startswith("h323:"):
        plain = plain.removeprefix("h323:")
        known = _H323.fullmatch(plain) is not None
        return DialOut(plain, "h323", display_name=name or _("Videoanlæg")) if known else None
    digits = plain.replace(" ", "").replace("-", "")
    if digits.removeprefix("+").isdigit() and 3 <= len(digits) <= 16:
        return DialOut(digits, "sip", sound_only=True, display_name=name or _("Telefon"))
    user, _at, host = plain.partition("@")
    if user and "." in host and " " not in plain:
        return DialOut(plain, "sip", display_name=name or _("Ringet op"))
    return None


class WaysToDial(QWidget):
    """What is seldom called, behind **Flere**: folded, the usual way holds again. Emits ``changed``, and ``opened``."""

    changed = Signal()
    opened = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        self.more = button(theme, _("Flere"), "plain", "chevron", name=_("Flere måder at ringe op på"))
        self.more.setCheckable(True)
        self.more.toggled.connect(self._on_more)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self._extra = QWidget()
        inside = QVBoxLayout(self._extra)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.px(4))
        self.usual = QRadioButton(_("Telefon eller SIP"))
        self.h323 = QRadioButton(_("Ældre videoanlæg (H.323)"))
        self.usual.setChecked(True)
        self.h323.toggled.connect(self.changed)
        for part in (self.usual, self.h323):
            part.setMinimumHeight(theme.px(TARGET))
            inside.addWidget(part)
        inside.addWidget(label(_("Mødelokaler kan have et ældre anlæg. Dets adresse er fx 192.0.2.10##4711."), "small"))
        self._extra.hide()
        column.addWidget(self._extra)

    @property
    def is_h323(self) -> bool:
        """Whether an older room system is to be called."""
        return self.h323.isChecked()

    def fold(self) -> None:
        """Go back to the usual way."""
        self.more.setChecked(False)

    def _on_more(self, is_open: bool) -> None:
        self._extra.setVisible(is_open)
        set_symbol(self._theme, self.more, "chevron-up" if is_open else "chevron")
        if is_open:
            # Once its parts have their places.
            QTimer.singleShot(0, self, self.opened.emit)
        else:
            # What cannot be seen must not decide how somebody is called.
            self.usual.setChecked(True)


class DialForm(QWidget):
    """Emits ``dial_wanted(DialOut)``. The names and numbers of ``offer`` are at hand in its field."""

    dial_wanted = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._known: list[tuple[str, str]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        self.field = QLineEdit()
        self.number = ChoiceField(theme, "")
        self.number.setEditable(True)
        self.number.setLineEdit(self.field)
        self.number.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.number.setMinimumContentsLength(8)
        self.field.setMaxLength(200)
        self.field.returnPressed.connect(self._on_dial)
        self.number.editTextChanged.connect(self._show_dial)
        self.dial = button(theme, _("Ring op i samtalen"), "", "phone")
        self.dial.clicked.connect(self._on_dial)
        self.ways = WaysToDial(theme)
        self.ways.changed.connect(self._show_dial)
        column.addWidget(label(_("Få en til med i samtalen"), "strong"))
        for part in (self.number, self.dial, self.ways):
            column.addWidget(part)
        self._show_dial()

    @property
    def wanted(self) -> DialOut | None:
        """Whom **Ring op i samtalen** would call now; None for nobody."""
        words, row, is_h323 = self.number.currentText(), self.number.currentIndex(), self.ways.is_h323
        if row >= 0 and words == self.number.itemText(row):
            name, number = self._known[row]
            return call_of(number, name, is_h323=is_h323)
        return call_of(words, "", is_h323=is_h323)

    def _show_dial(self) -> None:
        words = _("Anlæggets adresse eller nummer") if self.ways.is_h323 else _("Nummer eller SIP-adresse")
        self.field.setPlaceholderText(words)
        for part in (self.number, self.field):
            part.setAccessibleName(_("{what}, der skal ringes op i samtalen").format(what=words))
        self.dial.setEnabled(self.wanted is not None)

    def _on_dial(self) -> None:
        call = self.wanted
        if call is not None:
            # Emptied at once, so that a second press does not call a second time.
            self.number.setCurrentIndex(-1)
            self.number.clearEditText()
            self.ways.fold()
            self.dial_wanted.emit(call)

    def offer(self, numbers: Sequence[tuple[str, str]]) -> None:
        """Offer the parties' numbers; what is being written stays."""
        words = self.number.currentText()
        self._known = [each for each in numbers if call_of(each[1], each[0]) is not None]
        self.number.clear()
        self.number.addItems([f"{name}, {spaced(number)}" for name, number in self._known])
        self.number.setCurrentIndex(-1)
        self.number.setEditText(words)
