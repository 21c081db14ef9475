"""The fields of one partner: what stands in them as a partner, and each fault beside its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QVBoxLayout, QWidget

from vdx_plugin.domain.categories import CATEGORIES
from vdx_plugin.domain.parties import Channel, LetterFormat, Partner, PartyRole, Purpose
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import ChoiceField, button, label
from vdx_plugin.ui.form_field import FormField, line_edit
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import channel, purpose, role

_TEXTS = ("name", "sor", "gln", "parent", "email", "phone", "mobile")
_MEDCOM = ("gln", "sor", "parent", "format", "category")
_OWN_PURPOSES = tuple(each for each in Purpose if each is not Purpose.CONSULTATION)


class PartnerFields(QWidget):
    """Emits ``changed`` when the user changes something. Qt gives words back as plain text, hence their types anew."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._partner: Partner | None = None
        self.fields: dict[str, FormField] = {}
        self.wants_pin = QCheckBox(_("Skriv gæste-PIN i beskeden"))
        self.wants_pin.toggled.connect(lambda _on: self.changed.emit())
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(12))
        self._add_who()
        self._add_contact()
        self._add_medcom()

    def _add_who(self) -> None:
        self._text("name", _("Navn"), _("Det navn, I selv bruger. Det står i planen og i beskederne."))
        roles = [(role(each), each) for each in PartyRole if each is not PartyRole.PATIENT]
        self._choice("role", _("Rolle"), roles)
        channels = [(channel(each), each) for each in Channel]
        self._choice("channel", _("Inviteres med"), channels, _("Den vej, invitationen tager, når intet andet vælges."))

    def _add_contact(self) -> None:
        self._text("phone", _("Telefon"), _("Ringes op, når en besked ikke kom frem."))
        self._text("email", _("E-mail"), _("Får tid og link, aldrig oplysninger om patienten."))
        self._text("mobile", _("Mobil til sms"), _("Får tid og link, aldrig oplysninger om patienten."))

    def _add_medcom(self) -> None:
        self._heading = label(_("MedCom"), "heading")
        self._column.addWidget(self._heading)
        above = _("Enheden ovenover, SOR-id")
        self._text("gln", _("Lokationsnummer"), _("13 cifre fra SOR. Tomt, hvis enheden ovenover modtager for dem."))
        self._text("sor", _("SOR-id"), _("Enhedens nummer i Sundhedsvæsenets Organisationsregister."))
        self._text("parent", above, _("Den, der modtager for et plejehjem eller afsnit uden lokationsnummer."))
        formats = ((_("Nyt (FHIR)"), LetterFormat.NATIVE), (_("Gammelt, omsættes på vejen"), LetterFormat.CONVERTED))
        self._choice(
            "format", _("Format"), formats, _("Svar i gammelt format mister deres tråd og står under Beskeder.")
        )
        categories = [(name, code) for code, name in CATEGORIES.items()]
        self._choice("category", _("Kategori"), categories, _("Modtagerens system fordeler beskeden efter den."))
        self.more = button(self._theme, _("Anden kategori efter mødets formål"), "plain", "more")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._show_relevant)
        self._column.addWidget(self.more)
        same = [(_("Som ovenfor"), ""), *categories]
        for each in _OWN_PURPOSES:
            self._choice(f"category_{each}", purpose(each), same)
        self._column.addWidget(self.wants_pin)

    def _text(self, name: str, words: str, explanation: str = "") -> None:
        editor = line_edit(self._theme, words)
        editor.textEdited.connect(lambda _text: self.changed.emit())
        self._add(name, words, editor, explanation)

    def _choice(self, name: str, words: str, options: Iterable[tuple[str, object]], explanation: str = "") -> None:
        editor = ChoiceField(self._theme, words)
        for title, value in options:
            editor.addItem(title, value)
        editor.activated.connect(self._on_choice)
        self._add(name, words, editor, explanation)

    def _add(self, name: str, words: str, editor: QWidget, explanation: str) -> None:
        self.fields[name] = FormField(self._theme, words, editor, explanation)
        self._column.addWidget(self.fields[name])

    def _on_choice(self, _index: int) -> None:
        self._show_relevant()
        self.changed.emit()

    def _show_relevant(self, _on: bool = False) -> None:
        is_medcom = Channel(self.choice("channel").currentData()) is Channel.MEDCOM
        for part in (self._heading, self.more, self.wants_pin, *(self.fields[name] for name in _MEDCOM)):
            part.setVisible(is_medcom)
        for each in _OWN_PURPOSES:
            self.fields[f"category_{each}"].setVisible(is_medcom and self.more.isChecked())

    def text(self, name: str) -> QLineEdit:
        """Return the field for a text."""
        editor = self.fields[name].editor
        if not isinstance(editor, QLineEdit):
            raise TypeError(name)
        return editor

    def choice(self, name: str) -> QComboBox:
        """Return the field to choose from."""
        editor = self.fields[name].editor
        if not isinstance(editor, QComboBox):
            raise TypeError(name)
        return editor

    def show_partner(self, partner: Partner) -> None:
        """Fill the fields."""
        self._partner = partner
        for name in _TEXTS:
            self.text(name).setText(getattr(partner, name) or "")
        for name in ("role", "channel", "format", "category"):
            self._choose(name, getattr(partner, name))
        own = dict(partner.categories)
        for each in _OWN_PURPOSES:
            self._choose(f"category_{each}", own.get(each, ""))
        self.wants_pin.setChecked(partner.wants_pin)
        self.more.setChecked(bool(own))
        self._show_relevant()

    def _choose(self, name: str, value: object) -> None:
        editor = self.choice(name)
        editor.setCurrentIndex(next((n for n in range(editor.count()) if editor.itemData(n) == value), 0))

    def partner(self) -> Partner:
        """Return what stands in the fields. Raises ValueError before ``show_partner``."""
        if self._partner is None:
            raise ValueError("no partner is shown")
        texts = {name: " ".join(self.text(name).text().split()) for name in _TEXTS}
        numbers = {name: texts[name].replace(" ", "") for name in ("sor", "gln", "parent")}
        own = ((each, self.choice(f"category_{each}").currentData()) for each in _OWN_PURPOSES)
        kept = tuple((each, code) for each, code in self._partner.categories if each is Purpose.CONSULTATION)
        return replace(
            self._partner,
            name=texts["name"],
            role=PartyRole(self.choice("role").currentData()),
            channel=Channel(self.choice("channel").currentData()),
            format=LetterFormat(self.choice("format").currentData()),
            category=self.choice("category").currentData(),
            categories=(*kept, *((each, code) for each, code in own if code)),
            wants_pin=self.wants_pin.isChecked(),
            served_by=None,
            sor=numbers["sor"] or None,
            gln=numbers["gln"] or None,
            parent=numbers["parent"] or None,
            email=texts["email"] or None,
            phone=texts["phone"] or None,
            mobile=texts["mobile"] or None,
        )

    def show_faults(self, faults: Mapping[str, str]) -> str:
        """Show each fault beside its field; return the first field at fault, empty if there is none."""
        for name, field in self.fields.items():
            field.say(faults.get(name, ""))
        return next((name for name in self.fields if name in faults), "")

    def set_fixed(self, *, fixed: bool) -> None:
        """Let the fields be read only."""
        for field in self.fields.values():
            field.editor.setEnabled(not fixed)
        self.wants_pin.setEnabled(not fixed)
