"""The plan from its window to the desk: for whom it was made goes along, so that it is not carried out for another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from PySide6.QtCore import QObject, Signal

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import Partner
from vdx_plugin.domain.plan import Plan
from vdx_plugin.service.view import DeskView, Severity
from vdx_plugin.ui.commands import Commands
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.partner_commands import PartnerCommands
from vdx_plugin.ui.plan_window import PlanWindow
from vdx_plugin.ui.windows import present


class PlanControl(QObject):
    """``started`` is called when the user starts a plan, before the desk is. Emits ``edit_wanted(partner_id)``."""

    edit_wanted = Signal(str)

    def __init__(
        self,
        commands: Commands,
        partners: PartnerCommands,
        notices: OwnNotices,
        now: Callable[[], datetime],
        started: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._commands, self._notices, self._now, self._started = commands, notices, now, started
        self._partners = partners
        self._window: PlanWindow | None = None
        self._open: ClinicContext | None = None

    def join(self, window: PlanWindow) -> None:
        """Serve a new window."""
        self._window = window
        window.search_wanted.connect(lambda text: self._commands.search(window, text, window.show_found))
        window.start_wanted.connect(self._on_start)
        window.later_wanted.connect(self._on_later)
        window.reach_wanted.connect(self._on_reach)
        window.edit_wanted.connect(self.edit_wanted)

    def propose(self) -> None:
        """Open the window with the proposed plan."""
        self._commands.propose(self._on_proposed)

    def show(self, view: DeskView) -> None:
        """Close a plan that was made for a patient who is no longer open: it must not start for another."""
        self._open = view.context
        window = self._window
        if window is None or window.context is None or not window.isVisible():
            return
        if view.context is None or not view.context.patient.is_same_person(window.context.patient):
            window.close()
            self._notices.tell("plan.patient_changed", Severity.WARNING)

    def _on_proposed(self, plan: Plan) -> None:
        if self._open is not None and self._window is not None:
            self._window.show_plan(plan, self._open, self._now())
            present(self._window, is_active=True)
            self._partners.team_choice(self._window, self._open, self._window.team.show_choice)

    def _on_reach(self, partner: Partner) -> None:
        if (window := self._window) is not None:
            self._partners.reach(window, partner, lambda told: window.list.show_reach(partner.id, told))

    def _remember_team(self, window: PlanWindow) -> None:
        if window.team_id and window.context is not None:
            self._partners.remember_team(window.context, window.team_id)

    def _on_start(self, plan: Plan) -> None:
        if self._window is not None:
            self._started()
            self._remember_team(self._window)
            self._commands.start(plan, self._window.context)
            self._window.close()

    def _on_later(self, plan: Plan, count: int, every: timedelta) -> None:
        if self._window is not None:
            self._remember_team(self._window)
            self._commands.plan_for_later(plan, self._window.context, count, every)
            self._window.close()
