"""What the desk shows: the newest view, its notices, the pictures, and whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.ports import AdapterStatus, Clock, VideoPicture
from vdx_plugin.service import notices
from vdx_plugin.service.view import ConsultationView, DeskView, StepState

_OVER = (Stage.CLOSED, Stage.CANCELLED)


class Screen:
    """The newest view wins. Listeners return at once; they are called on the asyncio thread, for pictures on any."""

    def __init__(self, environment: str, clock: Clock) -> None:
        self._clock = clock
        self.view = DeskView(environment)
        self._listeners: list[Callable[[DeskView], None]] = []
        self._remote: list[Callable[[VideoPicture], None]] = []
        self._self: list[Callable[[VideoPicture], None]] = []
        self._slides: list[Callable[[VideoPicture], None]] = []
        self._notices = 0

    def on_view(self, listener: Callable[[DeskView], None]) -> Callable[[], None]:
        """Call ``listener`` with every new state; return a function that stops it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_remote_picture(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of the other side, on whatever thread it was decoded."""
        self._remote.append(listener)

    def on_self_picture(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of our own camera."""
        self._self.append(listener)

    def on_slide(self, listener: Callable[[VideoPicture], None]) -> None:
        """Call ``listener`` with each picture of what somebody else shows."""
        self._slides.append(listener)

    def change_quietly(self, **changes: Any) -> None:
        """Replace fields of the view; they are shown with the next change."""
        self.view = replace(self.view, **changes)

    def change(self, **changes: Any) -> None:
        """Replace fields of the view and show it."""
        self.change_quietly(**changes)
        for listener in tuple(self._listeners):
            listener(self.view)

    def show_consultation(self, view: ConsultationView | None, adapters: tuple[AdapterStatus, ...]) -> None:
        """Show a consultation beside the open record, and whether the two are about one person."""
        if view and view.steps[0].state is StepState.DONE:
            self.change_quietly(vdx_reachable=True)
        elif view and view.steps[0].problem:
            self.change_quietly(vdx_reachable=view.steps[0].problem.code != "vdx.unreachable")
        is_running = view is not None and view.stage not in _OVER
        other = is_running and view is not None and self._shows_other(view.context)
        if not other:
            self.forget("context.changed_during_call")
        if not is_running:
            self.forget("consultation.running")
        self.change(consultation=view, record_shows_other=other, adapters=adapters)

    def _shows_other(self, bound: ClinicContext) -> bool:
        shown = self.view.context
        return shown is not None and not shown.patient.is_same_person(bound.patient)

    def notice(self, code: str, **facts: str | int) -> None:
        """Show something; the very same is shown once."""
        self._notices += 1
        now = self._clock.now()
        self.change(notices=notices.with_notice(self.view.notices, self._notices, code, facts, now))

    def forget(self, *codes: str) -> None:
        """Take notices away that are out of date; shown with the next change."""
        self.change_quietly(notices=notices.without(self.view.notices, codes))

    def forget_met(self) -> None:
        """Take away what asked for nothing but a patient to be opened."""
        self.forget(*notices.MET_BY_AN_OPEN_PATIENT)

    def dismiss(self, numbers: Collection[int]) -> None:
        """Take notices away by their numbers."""
        self.change(notices=tuple(one for one in self.view.notices if one.id not in numbers))

    def remote_picture(self, picture: VideoPicture) -> None:
        for listener in self._remote:
            listener(picture)

    def self_picture(self, picture: VideoPicture) -> None:
        for listener in self._self:
            listener(picture)

    def slide(self, picture: VideoPicture) -> None:
        for listener in self._slides:
            listener(picture)
