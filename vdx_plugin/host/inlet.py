"""The door through which an adapter tells the core anything: one for each adapter, checked and shut when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vdx_plugin import log
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.host.guard import Guard
from vdx_plugin.ports import START_VIDEO, ContextChange, ContextSink

_log = log.get("host")


class OpenRecord:
    """Which adapter's record is open, so that one adapter cannot close what another has opened."""

    def __init__(self) -> None:
        self.source = ""


class Inlet:
    """The ``AdapterSink`` of one adapter.

    Passes events on while the adapter runs and is not paused. A context under another adapter's name is a fault. May
    be used from any thread; the core always hears on the loop's own.
    """

    def __init__(self, name: str, guard: Guard, sink: ContextSink, record: OpenRecord) -> None:
        self._name = name
        self._guard = guard
        self._sink = sink
        self._record = record
        self._loop = asyncio.get_running_loop()
        self._shut = False

    def shut(self) -> None:
        """Hear nothing from now on; a record this adapter had open is closed."""
        if not self._shut:
            self.close_record()
        self._shut = True

    def close_record(self) -> None:
        """Close the record this adapter had open, if any: nobody would tell us of a change any longer."""
        self._close_own(ContextChange.CLOSED)

    @property
    def in_call(self) -> bool:
        return self._sink.in_call

    def opened(self, context: ClinicContext) -> None:
        self._pass_on(lambda: self._open(context, self._sink.opened))

    def start_wanted(self, context: ClinicContext) -> None:
        self._pass_on(lambda: self._open(context, self._sink.start_wanted))

    def invoked(self, action_id: str, context: ClinicContext) -> None:
        if action_id == START_VIDEO:
            self.start_wanted(context)

    def closed(self, reason: ContextChange = ContextChange.CLOSED) -> None:
        self._pass_on(lambda: self._close_own(reason))

    def appointments_changed(self) -> None:
        self._pass_on(self._sink.appointments_changed)

    def patient_merged(self, retired: Identifier, survivor: Identifier) -> None:
        self._pass_on(lambda: self._sink.patient_merged(retired, survivor))

    def notice(self, code: str, **facts: str | int) -> None:
        self._pass_on(lambda: self._sink.notice(code, **facts))

    def _open(self, context: ClinicContext, tell: Callable[[ClinicContext], None]) -> None:
        if context.source != self._name:
            self._guard.fault("adapter.invalid", "a context under another adapter's name")
            return
        self._record.source = self._name
        tell(context)

    def _close_own(self, reason: ContextChange) -> None:
        if self._record.source == self._name:
            self._record.source = ""
            self._sink.closed(reason)

    def _pass_on(self, event: Callable[[], None]) -> None:
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if here:
            self._hear(event)
        else:
            self._loop.call_soon_threadsafe(self._hear, event)

    def _hear(self, event: Callable[[], None]) -> None:
        if self._shut or self._guard.paused:
            _log.info("adapter %s: event not heard, it is stopped or paused", self._name)
            return
        event()
