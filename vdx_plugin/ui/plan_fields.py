"""What a party of the plan may need told: where and in which language a patient is written to, what interpreter is
ordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from vdx_plugin import texts
from vdx_plugin.domain.parties import Channel, Interpreting, Party
from vdx_plugin.domain.phone_numbers import takes_text, text_number
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import ChoiceField, button, label
from vdx_plugin.ui.languages import LANGUAGES, MESSAGE_LANGUAGES, language
from vdx_plugin.ui.theme import TARGET, Theme


def looks_like_address(text: str) -> bool:
    """True for what may be an e-mail address; the mail server has the last word."""
    local, at, domain = text.rpartition("@")
    return bool(local and at) and "." in domain.strip(".") and not any(c.isspace() for c in text)


def with_address(party: Party, text: str, *, can_text: bool = False) -> Party:
    """Return the patient's party by e-mail or text message, or by a link to be passed on when neither fits."""
    if looks_like_address(text):
        return replace(party, channel=Channel.EMAIL, address=text)
    if can_text and takes_text(text):
        return replace(party, channel=Channel.SMS, address=text_number(text))
    return replace(party, channel=Channel.LINK, address=None)


def _small(name: str) -> str:
    """Danish writes the names of languages with a small letter within a sentence, English does not."""
    return name.lower() if texts.language() == "da" else name


class PatientFields(QWidget):
    """Emits ``changed(party)``. ``known`` are the patient's addresses and numbers in the record."""

    changed = Signal(object)

    def __init__(self, theme: Theme, party: Party, known: Sequence[str] = (), *, can_text: bool = False) -> None:
        super().__init__()
        self._theme, self._party, self._can_text = theme, party, can_text
        self._known = [one for one in known if looks_like_address(one) or (can_text and takes_text(one))]
        self.address = QLineEdit(party.address or "")
        self.address.setPlaceholderText(
            _("E-mail eller mobilnummer at sende til")
            if can_text
            else _("E-mail, hvis patienten skal have linket sendt")
        )
        self.address.setAccessibleName(_("Patientens e-mail eller mobilnummer") if can_text else _("Patientens e-mail"))
        self.address.setMinimumHeight(theme.px(TARGET))
        self.address.textEdited.connect(self._on_address)
        self.offers: list[QPushButton] = []
        self._others = QVBoxLayout()
        self.tongue = ChoiceField(theme, _("Patientens sprog i beskeder"))
        self.tongue.addItem(_("Beskeder på klinikkens sprog"), None)
        for code in MESSAGE_LANGUAGES:
            self.tongue.addItem(_("Beskeder på {language}").format(language=_small(language(code))), code)
        self.tongue.setCurrentIndex(max(0, self.tongue.findData(party.language)))
        self.tongue.currentIndexChanged.connect(self._on_tongue)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        column.addWidget(self.address)
        column.addLayout(self._others)
        column.addWidget(self.tongue)
        self._offer_others()

    def _offer_others(self) -> None:
        """Offer the ways that the record knows and that are not chosen, each in one click."""
        for old in self.offers:
            old.hide()
            old.deleteLater()
        self.offers = []
        for text in self._known:
            if with_address(self._party, text, can_text=self._can_text).address != self._party.address:
                words = _("E-mail til {address}") if looks_like_address(text) else _("Sms til {address}")
                offer = button(self._theme, words.format(address=text), "plain", "sent")
                offer.clicked.connect(lambda _on=False, text=text: self._on_offer(text))
                self._others.addWidget(offer, 0, Qt.AlignmentFlag.AlignLeft)
                self.offers.append(offer)

    def _on_offer(self, text: str) -> None:
        self.address.setText(text)
        self._on_address(text)

    def _on_address(self, text: str) -> None:
        self._change(with_address(self._party, text.strip(), can_text=self._can_text))
        self._offer_others()

    def _on_tongue(self, _index: int) -> None:
        self._change(replace(self._party, language=self.tongue.currentData()))

    def _change(self, party: Party) -> None:
        self._party = party
        self.changed.emit(party)


class InterpreterFields(QWidget):
    """Emits ``changed(party)``: the language, and what else the agency needs to send the right person."""

    changed = Signal(object)

    def __init__(self, theme: Theme, party: Party) -> None:
        super().__init__()
        self._party = party
        self.language = ChoiceField(theme, _("Tolkens sprog"))
        self.language.addItem(_("Vælg sprog"), None)
        known, chosen = sorted(LANGUAGES, key=language), party.language
        for code in known if chosen in (None, *known) else [chosen, *known]:
            self.language.addItem(language(str(code)), code)
        self.language.setCurrentIndex(max(0, self.language.findData(chosen)))
        self.language.currentIndexChanged.connect(self._on_changed)
        order = party.interpreting or Interpreting()
        self.sex = ChoiceField(theme, _("Kvinde eller mand"))
        for words, value in (
            (_("Kvinde eller mand"), ""),
            (_("Kvindelig tolk"), "female"),
            (_("Mandlig tolk"), "male"),
        ):
            self.sex.addItem(words, value)
        self.sex.setCurrentIndex(max(0, self.sex.findData(order.sex)))
        self.sex.currentIndexChanged.connect(self._on_changed)
        self.place = self._field(theme, order.place, _("Hvor patienten sidder"), _("Patientens sted"))
        self.requisition = self._field(
            theme, order.requisition, _("Rekvisition fra bureauets portal"), _("Rekvisition")
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.px(4))
        for number, part in enumerate((self.language, self.sex, self.place, self.requisition)):
            grid.addWidget(part, number // 2, number % 2)
            grid.setColumnStretch(number % 2, 1)
        note = label(_("Rekvisitionen følger med notatet i journalen og sendes ikke."), "small")
        grid.addWidget(note, 2, 0, 1, 2, Qt.AlignmentFlag.AlignTop)

    def _field(self, theme: Theme, text: str, name: str, hint: str) -> QLineEdit:
        field = QLineEdit(text)
        field.setAccessibleName(name)
        field.setPlaceholderText(hint)
        field.setMinimumHeight(theme.px(TARGET))
        field.textEdited.connect(self._on_changed)
        return field

    def _on_changed(self, _what: object = None) -> None:
        order = Interpreting(str(self.sex.currentData()), self.requisition.text().strip(), self.place.text().strip())
        interpreting = None if order == Interpreting() else order
        self._party = replace(self._party, language=self.language.currentData(), interpreting=interpreting)
        self.changed.emit(self._party)
