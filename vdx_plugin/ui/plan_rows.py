"""One party of the plan: who, what it will receive, and the one field it may need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import SENT_BY_US, Channel, Party, PartyRole
from vdx_plugin.domain.teams import is_reachable
from vdx_plugin.domain.ways import ways
from vdx_plugin.ports import Reach
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import ChoiceField, StateLine, button, label, symbol_label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.party_wording import way
from vdx_plugin.ui.plan_fields import InterpreterFields, PatientFields
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import Word, preview, reach, role


class PlanRow(QWidget):
    """Emits ``party_changed(party)``, ``removed(key)`` and ``edit_wanted(partner_id)``.

    ``known`` are the patient's addresses in the record, ``can_text`` says whether text messages can be sent.
    """

    party_changed = Signal(object)
    removed = Signal(str)
    edit_wanted = Signal(str)

    def __init__(
        self, theme: Theme, party: Party, name: str, known: Sequence[str] = (), *, can_text: bool = False
    ) -> None:
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
        if party.partner is not None:
            self._add_ways(name)
        if party.role is PartyRole.PATIENT:
            self._add_fields(PatientFields(theme, party, known, can_text=can_text))
        if party.role is PartyRole.INTERPRETER:
            self._add_fields(InterpreterFields(theme, party))
        self._add_trouble()
        if party.partner is not None:
            self.edit = button(theme, _("Ret"), "plain", name=_("Ret {name} i kartoteket").format(name=name))
            self.edit.clicked.connect(lambda: self.edit_wanted.emit(party.partner.id if party.partner else ""))
            row.addWidget(self.edit, 0, Qt.AlignmentFlag.AlignTop)
        remove = button(theme, _("Fjern"), "plain", "cross", name=_("Fjern {name}").format(name=name))
        remove.clicked.connect(lambda: self.removed.emit(self.party.key))
        row.addWidget(remove, 0, Qt.AlignmentFlag.AlignTop)

    def _add_ways(self, name: str) -> None:
        """Let the partner be invited any way that the directory knows, the one it is now chosen."""
        self.way = ChoiceField(self._theme, _("Hvordan {name} inviteres").format(name=name))
        for party in ways(self.party):
            self.way.addItem(way(party), (party.channel, party.address))
        self.way.activated.connect(lambda index: self._go_by(*self.way.itemData(index)))
        self._column.addWidget(self.way)

    def _go_by(self, channel: Channel, address: str | None = None) -> None:
        for part in (self.trouble, self.phone_instead, self.link_instead):
            part.hide()
        self.way.setCurrentIndex(max(0, self.way.findData((channel, address))))
        self._change(replace(self.party, channel=channel, address=address))

    def _add_fields(self, fields: PatientFields | InterpreterFields) -> None:
        self.fields = fields
        fields.changed.connect(self._on_fields)
        self._column.addWidget(fields)

    def _add_trouble(self) -> None:
        """A line for what keeps the party from being reached, with the way that always works."""
        self.trouble = StateLine(self._theme)
        self.trouble.hide()
        self.phone_instead = button(self._theme, _("Ring i stedet"), "", "phone")
        self.phone_instead.clicked.connect(lambda: self._go_by(Channel.PHONE))
        self.link_instead = button(self._theme, _("Giv selv linket videre"), "", "link")
        self.link_instead.clicked.connect(lambda: self._go_by(Channel.LINK))
        self._column.addWidget(self.trouble)
        instead = FlowLayout(self._theme.px(8), is_centred=False)
        for part in (self.phone_instead, self.link_instead):
            part.hide()
            instead.addWidget(part)
        self._column.addLayout(instead)
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
        for part in (self.phone_instead, self.link_instead):
            part.setVisible(word.tone == "danger")

    def _on_fields(self, party: Party) -> None:
        if party.partner is not None:
            # The fields say who is ordered; over which channel is said above them.
            party = replace(party, channel=self.party.channel, address=self.party.address)
        self._change(party)

    def _change(self, party: Party) -> None:
        self.party = party
        self._preview.setText(preview(party))
        self.party_changed.emit(party)
