"""Who takes part, when, and what each will receive: one page, one button."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.danish_time import danish_day
from vdx_plugin.domain.parties import Partner, Party, PartyRole, Purpose
from vdx_plugin.domain.plan import Plan, partner_party, patient_party
from vdx_plugin.domain.teams import Team, with_team
from vdx_plugin.service.partners import TeamChoice
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, card, label, rule
from vdx_plugin.ui.partner_search import PartnerSearch
from vdx_plugin.ui.plan_list import PlanList
from vdx_plugin.ui.plan_rows import PlanRow
from vdx_plugin.ui.purpose_chips import PurposeChips
from vdx_plugin.ui.team_picker import TeamPicker
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.time_form import Check, no_complaints
from vdx_plugin.ui.when_card import WhenCard
from vdx_plugin.ui.wording import patient_facts, patient_name


class PlanWindow(QWidget):
    """Emits ``start_wanted(plan)``, ``later_wanted(plan, count, every)`` and ``search_wanted(text)``.

    ``reach_wanted(partner)`` asks whether one added here can receive; ``edit_wanted(partner_id)`` wants it mended.
    ``new_key`` gives opaque keys for parties added here; ``check`` says what is at fault with a later time.
    ``context`` is the patient the plan is made for, ``team_id`` the team that was taken.
    """

    start_wanted = Signal(object)
    later_wanted = Signal(object, int, object)
    search_wanted = Signal(str)
    reach_wanted = Signal(object)
    edit_wanted = Signal(str)

    def __init__(
        self, theme: Theme, new_key: Callable[[], str], check: Check = no_complaints, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._new_key = theme, new_key
        self.context: ClinicContext | None = None
        self.plan: Plan | None = None
        self.can_text = False
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Planlæg videokonsultation"))
        self._name = label("", "title")
        self._facts = label("", "quiet")
        self.list = PlanList(theme)
        self.list.party_changed.connect(self._on_changed)
        self.list.removed.connect(self._on_removed)
        self.list.edit_wanted.connect(self.edit_wanted)
        self.list.reach_wanted.connect(self.reach_wanted)
        self.add_patient = button(theme, _("Tilføj patienten"), "", "patient")
        self.add_patient.clicked.connect(self._on_add_patient)
        self.team_id = ""
        self.team = TeamPicker(theme)
        self.team.team_chosen.connect(self._on_team)
        self.purpose = PurposeChips(theme)
        self.purpose.purpose_chosen.connect(self._on_purpose)
        self.search = PartnerSearch(theme)
        self.search.search_wanted.connect(self.search_wanted)
        self.search.partner_chosen.connect(self._on_partner)
        self.go = button(theme, _("&Start nu, og inviter"), "primary", "video")
        self.go.clicked.connect(self._on_go)
        self.close_button = button(theme, _("&Fortryd"))
        self.close_button.clicked.connect(self.close)
        self.when = WhenCard(theme, check)
        self.when.changed.connect(self._refresh)
        self._empty = label(_("Ingen deltager endnu. Tilføj mindst én."), "quiet")
        self._lay_out()
        QShortcut(QKeySequence("Ctrl+Return"), self, self._on_go)
        QShortcut(QKeySequence("Escape"), self, self.close)

    def _lay_out(self) -> None:
        px = self._theme.px
        page = QWidget()
        page.setProperty("kind", "scrolled")
        inner = QVBoxLayout(page)
        inner.setContentsMargins(px(24), px(24), px(24), px(16))
        inner.setSpacing(px(12))
        inner.addWidget(self._name)
        inner.addWidget(self._facts)
        inner.addWidget(self.purpose)
        frame, inside = card(self._theme)
        inside.addWidget(label(_("Hvem deltager"), "heading"))
        inside.addWidget(self.team)
        inside.addWidget(self.list)
        inside.addWidget(self._empty)
        inside.addWidget(self.add_patient, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addWidget(rule())
        inside.addWidget(label(_("Tilføj en part"), "strong"))
        inside.addWidget(self.search)
        inner.addWidget(frame)
        inner.addWidget(self.when)
        inner.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        low = QHBoxLayout()
        low.setContentsMargins(px(24), px(12), px(24), px(16))
        low.addWidget(self.close_button)
        low.addStretch(1)
        low.addWidget(self.go)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(area, 1)
        outer.addWidget(rule())
        outer.addLayout(low)

    def show_plan(self, plan: Plan, context: ClinicContext, now: datetime) -> None:
        """Begin with a proposed plan for the patient of ``context``."""
        self.plan, self.context, self.team_id = plan, context, ""
        self.team.show_choice(TeamChoice())
        self._name.setText(patient_name(context.patient))
        self._facts.setText(patient_facts(context.patient, danish_day(now)))
        self.when.begin(now)
        self.purpose.show_purpose(plan.purpose)
        self.list.clear()
        for party in plan.parties:
            self._add_row(party)
        self._refresh()

    def show_found(self, partners: Sequence[Partner]) -> None:
        """Show what the directory found."""
        self.search.show_found(partners)

    @property
    def rows(self) -> Mapping[str, PlanRow]:
        return self.list.rows

    def _add_row(self, party: Party) -> None:
        if self.context is None:
            raise ValueError("a plan must be shown first")
        self.list.add(party, self.context, can_text=self.can_text)

    def _refresh(self) -> None:
        parties = self.plan.parties if self.plan else ()
        self._empty.setVisible(not parties)
        self.add_patient.setVisible(not any(each.role is PartyRole.PATIENT for each in parties))
        self.go.setEnabled(bool(parties) and self.when.is_good)
        self.go.setText(_("&Book, og inviter") if self.when.is_later else _("&Start nu, og inviter"))

    def _on_partner(self, partner: Partner) -> None:
        if self.plan is None or any(each.partner == partner for each in self.plan.parties):
            return
        party = partner_party(partner, self._new_key())
        self.plan = self.plan.with_party(party)
        self._add_row(party)
        self.search.reset()
        self._refresh()

    def _on_team(self, team: Team) -> None:
        if self.plan is None:
            return
        self.plan, members = with_team(self.plan, team, self.team.choice.partners, self._new_key)
        self.team_id = team.id
        self.purpose.show_purpose(self.plan.purpose)
        for party in members:
            self._add_row(party)
        self.when.form.set_length(team.length)
        self._refresh()

    def _on_purpose(self, purpose: Purpose) -> None:
        if self.plan is not None:
            self.plan = replace(self.plan, purpose=purpose)

    def _on_add_patient(self) -> None:
        if self.plan is None or self.context is None:
            return
        party = patient_party(self.context, self._new_key(), can_text=self.can_text)
        self.plan = self.plan.with_party(party)
        self._add_row(party)
        self._refresh()

    def _on_changed(self, party: Party) -> None:
        if self.plan is None:
            return
        parties = tuple(party if each.key == party.key else each for each in self.plan.parties)
        self.plan = replace(self.plan, parties=parties)

    def _on_removed(self, key: str) -> None:
        if self.plan is not None:
            self.plan = self.plan.without(key)
            self.list.take(key)
            self._refresh()

    def _on_go(self) -> None:
        if self.plan is None or not self.plan.parties:
            return
        if not self.when.is_later:
            self.start_wanted.emit(self.plan)
            return
        # Time has passed since the fields were filled in.
        self.when.form.refresh()
        span = self.when.form.span()
        if span is not None and self.when.is_good:
            start, end = span
            plan = replace(self.plan, start=start, end=end, planned_ahead=True, organised_by=self.when.organised_by)
            self.later_wanted.emit(plan, *self.when.series)
