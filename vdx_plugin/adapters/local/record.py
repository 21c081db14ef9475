"""What the record system has told, and for how long it is known. In memory alone.

A feed in the shape of Sentinel tells of every record that is opened, and of most of them nothing comes. So a record is
forgotten a while after it was opened, unless a call is under way, and a change of user forgets at once.
"""

from __future__ import annotations

import asyncio

from vdx_plugin.adapters.local.calls import Nonces
from vdx_plugin.adapters.local.tickets import TicketBook
from vdx_plugin.api.v1 import AdapterSink, ClinicContext, Clock, ContextChange, Unavailable


class OpenRecord:
    """The record on the screen, its user, and the questions whether it is still there."""

    def __init__(self, sink: AdapterSink, clock: Clock, forget_after_s: float) -> None:
        self.user = ""
        self.context: ClinicContext | None = None
        self.tickets = TicketBook()
        self.nonces = Nonces()
        self.questions: dict[str, asyncio.Future[bool]] = {}
        self._sink: AdapterSink | None = sink
        self._clock = clock
        self._forget_after_s = forget_after_s
        self._timer: asyncio.TimerHandle | None = None

    @property
    def sink(self) -> AdapterSink:
        """The host. Raises Unavailable(``ticket.no_program``) while stopping."""
        if self._sink is None:
            raise Unavailable("ticket.no_program", "stopping")
        return self._sink

    def opened(self, context: ClinicContext) -> None:
        """Another record is on the screen."""
        self._remember(context)
        self.sink.opened(context)

    def start_wanted(self, context: ClinicContext) -> None:
        """Start video was clicked in the record, which opens it as well."""
        self._remember(context)
        self.sink.start_wanted(context)

    def closed(self, reason: ContextChange) -> None:
        """No record is on the screen; where the user has left, nothing of him is good any longer."""
        self._forget()
        if reason is ContextChange.USER_LEFT:
            self.user = ""
            self.tickets.forget_all()
        self.sink.closed(reason)

    def asked(self, context: ClinicContext) -> asyncio.Future[bool] | None:
        """Return where the answer to "is it still open" will be, None when it is known to be not."""
        if self.context is None or self.context.version != context.version:
            return None
        return self.questions.setdefault(context.version, asyncio.get_running_loop().create_future())

    def stop(self) -> None:
        """Forget everything and say nothing any more."""
        self._forget()
        self.tickets.forget_all()
        self._sink = None

    def user_is(self, user: str) -> None:
        """Who works in the record now. Another than before closes what the last one had, and says so."""
        if self.user and self.user != user:
            # The last user's tickets stay, to be refused as foreign; his patient does not.
            self._forget()
            self.sink.closed(ContextChange.USER_LEFT)
        self.user = user

    def _remember(self, context: ClinicContext) -> None:
        self._forget()
        self.user_is(context.user.id)
        self.context = context
        self._timer = asyncio.get_running_loop().call_later(self._forget_after_s, self._grow_old)

    def _forget(self) -> None:
        self.context = None
        if self._timer is not None:
            self._timer.cancel()
        for question in self.questions.values():
            if not question.done():
                question.set_result(False)

    def _grow_old(self) -> None:
        self.tickets.sweep(self._clock.now())
        if self.sink.in_call:
            self._timer = asyncio.get_running_loop().call_later(self._forget_after_s, self._grow_old)
        else:
            self.closed(ContextChange.CLOSED)
