"""The plan from its window to the desk: for whom it was made goes along, so that it is not carried out for another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from PySide6.QtCore import QObject

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.plan import Plan
from vdx_plugin.service.view import DeskView, Severity
from vdx_plugin.ui.commands import Commands
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.plan_window import PlanWindow
from vdx_plugin.ui.windows import present


class PlanControl(QObject):
    """``started`` is called when the user starts a plan, before the desk is."""

    def __init__(
        self,
        commands: Commands,
        notices: OwnNotices,
        now: Callable[[], datetime],
        started: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._commands, self._notices, self._now, self._started = commands, notices, now, started
        self._window: PlanWindow | None = None
        self._open: ClinicContext | None = None

    def join(self, window: PlanWindow) -> None:
        """Serve a new window."""
        self._window = window
        window.search_wanted.connect(lambda text: self._commands.search(window, text, window.show_found))
        window.start_wanted.connect(self._on_start)
        window.later_wanted.connect(self._on_later)

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

    def _on_start(self, plan: Plan) -> None:
        if self._window is not None:
            self._started()
            self._commands.start(plan, self._window.context)
            self._window.close()

    def _on_later(self, plan: Plan, count: int, every: timedelta) -> None:
        if self._window is not None:
            self._commands.plan_for_later(plan, self._window.context, count, every)
            self._window.close()
