"""The door through which an adapter tells the core anything: one for each adapter, checked and shut when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from vdx_plugin import log
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.host.desktop import Desktop
from vdx_plugin.host.guard import Guard
from vdx_plugin.host.tracing import Trace
from vdx_plugin.ports import START_VIDEO, Capability, ContextChange, ContextSink

_log = log.get("host")
Tell = Callable[..., None]
"""``tell(hook, **arguments)``: calls a hook in every plug-in."""


@dataclass(slots=True)
class Hall:
    """What all inlets share: the desktop, the core behind it, the plug-ins that watch."""

    desktop: Desktop
    sink: ContextSink
    tell: Tell
    trace: Trace = field(default_factory=Trace)
    told: set[tuple[str, str]] = field(default_factory=set)
    """Conflicts that the user has been told of and that still last."""

    def show(self, before: ClinicContext | None) -> None:
        """Show the core the record that counts now, unless it is the one from before."""
        now = self.desktop.shown
        if now is None or now == before:
            return
        self.sink.opened(now)
        self.observe(before, now)

    def observe(self, before: ClinicContext | None, now: ClinicContext) -> None:
        """Let plug-ins know of an opening or a change of patient."""
        if before is None:
            self.tell("vdx_context_opened", context=now)
        elif not before.patient.is_same_person(now.patient):
            self.tell("vdx_context_changed", old=before, new=now)

    def tell_conflicts(self) -> None:
        """Tell the user of each conflict once while it lasts."""
        lasting = {(conflict.shown, conflict.hidden) for conflict in self.desktop.conflicts()}
        for shown, hidden in sorted(lasting - self.told):
            self.sink.notice("adapter.conflict", name=shown, other=hidden)
        self.told = lasting


class Inlet:
    """The ``AdapterSink`` of one adapter.

    Passes events on while the adapter runs and is not paused. A context under another adapter's name, or an event
    that its capabilities do not cover, is a fault. May be used from any thread; the core hears on the loop's own.
    """

    def __init__(self, name: str, guard: Guard, hall: Hall, can: Callable[[Capability], bool]) -> None:
        self._name = name
        self._guard = guard
        self._hall = hall
        self._can = can
        self._loop = asyncio.get_running_loop()
        self._shut = False

    @property
    def in_call(self) -> bool:
        return self._hall.sink.in_call

    def shut(self) -> None:
        """Hear nothing from now on; a record this adapter had open is closed."""
        if not self._shut:
            self.close_record()
        self._shut = True

    def close_record(self) -> None:
        """Close the record this adapter had open, if any: nobody would tell us of a change any longer."""
        self._close_own(ContextChange.CLOSED)

    # --- what the adapter tells ---------------------------------------------------------------------------------------

    def opened(self, context: ClinicContext) -> None:
        self._pass_on("opened", Capability.CONTEXT, lambda: self._open(context))

    def start_wanted(self, context: ClinicContext) -> None:
        self._pass_on("start_wanted", Capability.START_ACTION, lambda: self._want_start(context))

    def invoked(self, action_id: str, context: ClinicContext) -> None:
        self._pass_on("invoked", Capability.ACTIONS, lambda: self._invoke(action_id, context))

    def closed(self, reason: ContextChange = ContextChange.CLOSED) -> None:
        self._pass_on("closed", None, lambda: self._close_own(reason))

    def appointments_changed(self) -> None:
        self._pass_on("appointments_changed", Capability.APPOINTMENTS, self._hall.sink.appointments_changed)

    def patient_merged(self, retired: Identifier, survivor: Identifier) -> None:
        self._pass_on("patient_merged", Capability.MERGE, lambda: self._merge(retired, survivor))

    def notice(self, code: str, **facts: str | int) -> None:
        self._pass_on("notice", None, lambda: self._hall.sink.notice(code, **facts))

    # --- what comes of it, on the loop ----------------------------------------------------------------------------

    def _is_own(self, context: ClinicContext) -> bool:
        if context.source != self._name:
            self._guard.fault("adapter.invalid", "a context under another adapter's name")
        elif not context.patient.identifiers:
            self._guard.fault("adapter.invalid", "a context without any number of the patient")
        else:
            return True
        return False

    def _open(self, context: ClinicContext) -> None:
        if self._is_own(context):
            before = self._hall.desktop.shown
            if self._hall.desktop.open(self._name, context):
                self._hall.show(before)
            self._hall.tell_conflicts()

    def _want_start(self, context: ClinicContext) -> None:
        if not self._is_own(context):
            return
        hall, before = self._hall, self._hall.desktop.shown
        is_allowed = hall.desktop.allows_start(self._name, context)
        is_shown = hall.desktop.open(self._name, context)
        if is_allowed:
            hall.sink.start_wanted(context)
            if is_shown:
                hall.observe(before, context)
        else:
            # Said at every click, since each is an attempt that comes to nothing.
            hall.told.discard((hall.desktop.owner, self._name))
        hall.tell_conflicts()

    def _invoke(self, action_id: str, context: ClinicContext) -> None:
        if action_id == START_VIDEO:
            self._want_start(context)
        elif self._is_own(context):
            self._hall.tell("vdx_action_invoked", action_id=action_id, context=context)

    def _merge(self, retired: Identifier, survivor: Identifier) -> None:
        self._hall.sink.patient_merged(retired, survivor)
        self._hall.tell("vdx_patient_merged", retired=retired, survivor=survivor)

    def _close_own(self, reason: ContextChange) -> None:
        hall, before = self._hall, self._hall.desktop.shown
        if hall.desktop.close(self._name) and before is not None:
            if reason is ContextChange.USER_LEFT:
                hall.desktop.clear()
            if hall.desktop.shown is None:
                hall.sink.closed(reason)
                hall.tell("vdx_context_closed", context=before, reason=reason)
            else:
                hall.show(before)
        hall.tell_conflicts()

    def _pass_on(self, what: str, needed: Capability | None, event: Callable[[], None]) -> None:
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if here:
            self._hear(what, needed, event)
        else:
            self._loop.call_soon_threadsafe(self._hear, what, needed, event)

    def _hear(self, what: str, needed: Capability | None, event: Callable[[], None]) -> None:
        if self._shut or self._guard.paused:
            _log.info("adapter %s: event not heard, it is stopped or paused", self._name)
            return
        if needed is not None and not self._can(needed):
            self._guard.fault("adapter.invalid", f"{what} without the capability {needed}")
            return
        self._hall.trace.line(self._name, what, {}, "heard")
        event()
