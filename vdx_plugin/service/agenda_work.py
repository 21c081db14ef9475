"""What is being done with each consultation of the calendar: one thing at a time, and what went wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.errors import Refused, Unavailable, VdxError
from vdx_plugin.ports import Clock
from vdx_plugin.service.scheduled import Scheduled, over_at
from vdx_plugin.service.view import Problem, problem_of

_log = log.get("service.agenda")

TRY_AGAIN_AFTER = timedelta(seconds=60)
Doing = Callable[[UUID], Awaitable[None]]


class AgendaWork:
    """``changed`` is called with the id before and after each piece of work, ``notice`` with what went wrong."""

    def __init__(
        self, scheduled: Scheduled, clock: Clock, *, changed: Callable[[UUID], None], notice: Callable[..., None]
    ) -> None:
        self._scheduled = scheduled
        self._clock = clock
        self._changed = changed
        self._notice = notice
        self._in_doubt: dict[UUID, datetime] = {}
        self.busy: set[UUID] = set()
        self.problems: dict[UUID, Problem] = {}

    @property
    def is_in_doubt(self) -> bool:
        """True while VDX has not answered about something."""
        return bool(self._in_doubt)

    def doubtful(self) -> list[UUID]:
        """Return what is to be tried again now: VDX did not answer a minute ago, and its time is still ahead."""
        now, due = self._clock.now(), []
        for number, tried_at in tuple(self._in_doubt.items()):
            one = self._scheduled.items.get(number)
            if one is None or over_at(one) <= now:
                del self._in_doubt[number]
            elif now - tried_at >= TRY_AGAIN_AFTER:
                due.append(number)
        return due

    def forget(self, consultation_id: UUID) -> None:
        """The consultation is no longer the calendar's own."""
        self.problems.pop(consultation_id, None)
        self._in_doubt.pop(consultation_id, None)

    async def carry_out(self, consultation_id: UUID, doing: Doing, *, is_quiet: bool = False) -> None:
        """Do one thing, unless another is being done. What goes wrong is kept and, unless ``is_quiet``, told."""
        if consultation_id in self.busy or consultation_id not in self._scheduled.items:
            return
        self.busy.add(consultation_id)
        self.forget(consultation_id)
        self._changed(consultation_id)
        try:
            await doing(consultation_id)
        except VdxError as error:
            await self._failed(consultation_id, error, is_quiet=is_quiet)
        finally:
            self.busy.discard(consultation_id)
            self._changed(consultation_id)

    async def attend(self, consultation_id: UUID, work: Callable[[], Awaitable[None]]) -> None:
        """Do one thing that VDX has no part in. What goes wrong is told and not tried again."""
        if consultation_id in self.busy or consultation_id not in self._scheduled.items:
            return
        self.busy.add(consultation_id)
        try:
            await work()
        except VdxError as error:
            _log.warning("the parties of a meeting could not be told: %s", error)
            self._notice(error.code, **error.facts)
        finally:
            self.busy.discard(consultation_id)
            self._changed(consultation_id)

    async def _failed(self, consultation_id: UUID, error: VdxError, *, is_quiet: bool) -> None:
        _log.warning("the calendar could not be changed: %s", error)
        self.problems[consultation_id] = problem_of(error)
        if not is_quiet:
            self._notice(error.code, **error.facts)
        if isinstance(error, Unavailable):
            self._in_doubt[consultation_id] = self._clock.now()
        one = self._scheduled.items[consultation_id]
        if isinstance(error, Refused) and one.stage in (Stage.BOOKING, Stage.READY):
            await self._scheduled.give_up(consultation_id, error.code)
