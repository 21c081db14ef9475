"""One party of the plan: who, what it will receive, and the one field it may need."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import SENT_BY_US, Channel, Party, PartyRole
from vdx_plugin.domain.teams import is_reachable
from vdx_plugin.ports import Reach
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import ChoiceField, StateLine, button, label, symbol_label
from vdx_plugin.ui.theme import TARGET, Theme
from vdx_plugin.ui.wording import LANGUAGES, Word, language, preview, reach, role


def looks_like_address(text: str) -> bool:
    """True for what may be an e-mail address; the mail server has the last word."""
    local, at, domain = text.rpartition("@")
    return bool(local and at) and "." in domain.strip(".") and not any(c.isspace() for c in text)


def with_address(party: Party, text: str) -> Party:
    """Return the patient's party by e-mail, or by a link to be passed on when there is no address."""
    if looks_like_address(text):
        return replace(party, channel=Channel.EMAIL, address=text)
    return replace(party, channel=Channel.LINK, address=None)


class PlanRow(QWidget):
    """Emits ``party_changed(party)``, ``removed(key)`` and ``edit_wanted(partner_id)``."""

    party_changed = Signal(object)
    removed = Signal(str)
    edit_wanted = Signal(str)

    def __init__(self, theme: Theme, party: Party, name: str) -> None:
        super().__init__()
        self._theme, self.party = theme, party
        px = theme.px
        row = QHBoxLayout(self)
        row.setContentsMargins(0, px(4), 0, px(4))
        row.setSpacing(px(12))
        row.addWidget(symbol_label(theme, party.role.value, "accent", 24), 0, Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout()
        self._column.setSpacing(px(4))
        row.addLayout(self._column, 1)
        self._column.addWidget(label(name, "strong"))
        self._column.addWidget(label(role(party.role), "small"))
        self._preview = label(preview(party), "quiet")
        self._column.addWidget(self._preview)
        if party.role is PartyRole.PATIENT:
            self._add_address()
        if party.role is PartyRole.INTERPRETER:
            self._add_language()
        self._add_trouble()
        if party.partner is not None:
            self.edit = button(theme, _("Ret"), "plain", name=_("Ret {name} i kartoteket").format(name=name))
            self.edit.clicked.connect(lambda: self.edit_wanted.emit(party.partner.id if party.partner else ""))
            row.addWidget(self.edit, 0, Qt.AlignmentFlag.AlignTop)
        remove = button(theme, _("Fjern"), "plain", "cross", name=_("Fjern {name}").format(name=name))
        remove.clicked.connect(lambda: self.removed.emit(self.party.key))
        row.addWidget(remove, 0, Qt.AlignmentFlag.AlignTop)

    def _add_address(self) -> None:
        self.address = QLineEdit(self.party.address or "")
        self.address.setPlaceholderText(_("E-mail, hvis patienten skal have linket sendt"))
        self.address.setAccessibleName(_("Patientens e-mail"))
        self.address.setMinimumHeight(self._theme.px(TARGET))
        self.address.textEdited.connect(self._on_address)
        self._column.addWidget(self.address)

    def _add_language(self) -> None:
        self.language = ChoiceField(self._theme, _("Tolkens sprog"))
        self.language.addItem(_("Vælg sprog, så den rigtige tolk kommer"), None)
        known = sorted(LANGUAGES, key=language)
        chosen = self.party.language
        for code in known if chosen in (None, *known) else [chosen, *known]:
            self.language.addItem(language(str(code)), code)
        self.language.setCurrentIndex(max(0, self.language.findData(chosen)))
        self.language.currentIndexChanged.connect(self._on_language)
        self._column.addWidget(self.language)

    def _add_trouble(self) -> None:
        """A line for what keeps the party from being reached, with the way that always works."""
        self.trouble = StateLine(self._theme)
        self.trouble.hide()
        self.phone_instead = button(self._theme, _("Ring i stedet"), "", "phone")
        self.phone_instead.clicked.connect(self._on_phone)
        self.phone_instead.hide()
        self._column.addWidget(self.trouble)
        self._column.addWidget(self.phone_instead, 0, Qt.AlignmentFlag.AlignLeft)
        partner = self.party.partner
        if partner is not None and self.party.channel in SENT_BY_US and not is_reachable(partner):
            self._say(Word(_("Kartoteket har ingen adresse at sende til for dem."), "warning", "danger"))

    def show_reach(self, told: Reach) -> None:
        """Show what the register says, where that is something to act on."""
        if told.problem and self.party.channel is Channel.MEDCOM:
            self._say(reach(told))

    def _say(self, word: Word) -> None:
        self.trouble.show_word(word)
        self.trouble.show()
        self.phone_instead.setVisible(word.tone == "danger")

    def _on_phone(self) -> None:
        self.trouble.hide()
        self.phone_instead.hide()
        self._change(replace(self.party, channel=Channel.PHONE))

    def _on_address(self, text: str) -> None:
        self._change(with_address(self.party, text.strip()))

    def _on_language(self, _index: int) -> None:
        self._change(replace(self.party, language=self.language.currentData()))

    def _change(self, party: Party) -> None:
        self.party = party
        self._preview.setText(preview(party))
        self.party_changed.emit(party)
