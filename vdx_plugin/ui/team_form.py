"""One usual team: its name, whom it is for, what it meets about, and who is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import Partner, Purpose
from vdx_plugin.domain.teams import Team
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import ChoiceField, button, label, symbol_label
from vdx_plugin.ui.form_field import FormField, line_edit
from vdx_plugin.ui.languages import LANGUAGES, language
from vdx_plugin.ui.partner_search import PartnerSearch
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.time_form import LENGTHS_MIN
from vdx_plugin.ui.wording import purpose

TeamCheck = Callable[[Team], Mapping[str, str]]


class TeamForm(QWidget):
    """Emits ``saved(team)`` and ``remove_wanted(team_id)``; ``search`` asks the directory."""

    saved = Signal(object)
    remove_wanted = Signal(str)

    def __init__(self, theme: Theme, check: TeamCheck) -> None:
        super().__init__()
        self._theme, self._check = theme, check
        self._team = Team("", "", ())
        self._members: list[Partner] = []
        self.name = line_edit(theme, _("Holdets navn"))
        self.for_whom = line_edit(theme, _("For hvem"))
        self.purpose = ChoiceField(theme, _("Formål"))
        for each in Purpose:
            self.purpose.addItem(purpose(each), each)
        self.length = ChoiceField(theme, _("Varighed"))
        for minutes in LENGTHS_MIN:
            self.length.addItem(_("{minutes} min").format(minutes=minutes), minutes)
        self.language = ChoiceField(theme, _("Tolkens sprog"))
        self.language.addItem(_("Ingen tolk"), None)
        for code in sorted(LANGUAGES, key=language):
            self.language.addItem(language(code), code)
        self.search = PartnerSearch(theme)
        self.search.partner_chosen.connect(self._on_partner)
        self.save = button(theme, _("&Gem holdet"), "primary", "check")
        self.save.clicked.connect(self._on_save)
        self.remove = button(theme, _("&Fjern holdet"), "plain", "cross")
        self.remove.clicked.connect(lambda: self.remove_wanted.emit(self._team.id))
        self._lay_out()

    def _lay_out(self) -> None:
        px = self._theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, px(8), 0)
        column.setSpacing(px(8))
        self.fields = {
            "name": FormField(self._theme, _("Holdets navn"), self.name),
            "for_whom": FormField(
                self._theme, _("For hvem"), self.for_whom, _("En patientgruppe eller et plejehjem, ikke en patient.")
            ),
        }
        for field in self.fields.values():
            column.addWidget(field)
        row = QHBoxLayout()
        row.setSpacing(px(8))
        self.fields["minutes"] = FormField(self._theme, _("Varighed"), self.length)
        for part in (FormField(self._theme, _("Formål"), self.purpose), self.fields["minutes"]):
            row.addWidget(part, 1)
        column.addLayout(row)
        column.addWidget(FormField(self._theme, _("Tolkens sprog"), self.language))
        column.addWidget(label(_("Hvem er på holdet"), "strong"))
        self._list = QVBoxLayout()
        self._list.setSpacing(px(4))
        column.addLayout(self._list)
        self._fault = label("", "small")
        self._fault.setProperty("tone", "danger")
        column.addWidget(self._fault)
        column.addWidget(self.search)
        low = QHBoxLayout()
        low.addWidget(self.remove)
        low.addStretch(1)
        low.addWidget(self.save)
        column.addLayout(low)
        column.addStretch(1)

    def show_team(self, team: Team, members: Sequence[Partner], *, is_new: bool = False) -> None:
        """Show a team; ``members`` are its partners who are known."""
        self._team = team
        known = {partner.id: partner for partner in members}
        self._members = [known[one] for one in team.partner_ids if one in known]
        self.name.setText(team.name)
        self.for_whom.setText(team.for_whom)
        self.purpose.setCurrentIndex(list(Purpose).index(team.purpose))
        minutes = int(team.length.total_seconds() // 60)
        if self.length.findData(minutes) < 0:
            self.length.addItem(_("{minutes} min").format(minutes=minutes), minutes)
        self.length.setCurrentIndex(self.length.findData(minutes))
        self.language.setCurrentIndex(max(0, self.language.findData(team.language)))
        self.remove.setVisible(not is_new)
        self.search.reset()
        self._show_faults({})
        self._show_members()

    def team(self) -> Team:
        """Return what stands in the fields."""
        return replace(
            self._team,
            name=" ".join(self.name.text().split()),
            for_whom=" ".join(self.for_whom.text().split()),
            partner_ids=tuple(partner.id for partner in self._members),
            purpose=Purpose(self.purpose.currentData()),
            length=timedelta(minutes=int(self.length.currentData())),
            language=self.language.currentData(),
        )

    def _show_members(self) -> None:
        while (item := self._list.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for partner in self._members:
            self._list.addWidget(self._member(partner))
        if not self._members:
            self._list.addWidget(label(_("Ingen endnu. Find dem herunder."), "quiet"))

    def _member(self, partner: Partner) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self._theme.px(8))
        row.addWidget(symbol_label(self._theme, partner.role.value, "accent"))
        row.addWidget(label(partner.name), 1)
        name = _("Tag {name} af holdet").format(name=partner.name)
        away = button(self._theme, _("Fjern"), "plain", "cross", name=name)
        away.clicked.connect(lambda: self._on_away(partner))
        row.addWidget(away, 0, Qt.AlignmentFlag.AlignTop)
        return holder

    def _on_partner(self, partner: Partner) -> None:
        if all(partner.id != one.id for one in self._members):
            self._members.append(partner)
            self._show_members()
        self.search.reset()

    def _on_away(self, partner: Partner) -> None:
        self._members.remove(partner)
        self._show_members()

    def _on_save(self) -> None:
        faults = self._check(self.team())
        self._show_faults(faults)
        if not faults:
            self.saved.emit(self.team())

    def _show_faults(self, faults: Mapping[str, str]) -> None:
        for name, field in self.fields.items():
            field.say(faults.get(name, ""))
        self._fault.setText(faults.get("partners", ""))
        self._fault.setVisible("partners" in faults)
