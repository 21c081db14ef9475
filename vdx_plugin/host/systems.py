"""All adapters seen as one clinic system."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import EntryPoint
from pathlib import Path

from vdx_plugin import log
from vdx_plugin.domain.context import ClinicContext, Organisation
from vdx_plugin.domain.patients import Patient
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.errors import Unsupported, VdxError
from vdx_plugin.host.guard import Guard, Limits
from vdx_plugin.host.inlet import Inlet, OpenRecord
from vdx_plugin.host.loading import Found, detail_of, is_own, load, make, reason_of, registered_entry_points
from vdx_plugin.ports import AdapterSetup, AdapterStatus, Capability, ClinicSystem, Clock, ContextSink

_log = log.get("host")


@dataclass(slots=True)
class _Running:
    """One adapter that could be made. ``inlet`` is there while it is started."""

    adapter: ClinicSystem
    guard: Guard
    inlet: Inlet | None = None

    @property
    def is_up(self) -> bool:
        return self.inlet is not None and not self.guard.paused


@dataclass(slots=True)
class _State:
    found: dict[str, Found] = field(default_factory=dict)
    running: dict[str, _Running] = field(default_factory=dict)
    other: list[AdapterStatus] = field(default_factory=list)


class AdapterHost:
    """``ports.ClinicSystems`` over every installed adapter.

    ``settings`` holds each adapter's own settings by its name. Each adapter gets the folder
    ``<data_dir>/adapters/<name>``. ``points`` replaces the entry points of the environment (for tests). All calls
    belong on one loop.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        settings: Mapping[str, Mapping[str, str]] | None = None,
        data_dir: Path | None = None,
        organisation: Organisation | None = None,
        disabled: Collection[str] = (),
        points: Iterable[EntryPoint] | None = None,
        limits: Limits | None = None,
        import_limit_s: float = 5.0,
    ) -> None:
        self._clock = clock
        self._settings = settings or {}
        self._data_dir = data_dir
        self._organisation = organisation
        self._disabled = set(disabled)
        self._points = None if points is None else list(points)
        self._limits = limits or Limits()
        self._import_limit_s = import_limit_s
        self._record = OpenRecord()
        self._state = _State()
        self._sink: ContextSink | None = None

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self, sink: ContextSink) -> None:
        """Load and start every adapter that is not disabled, side by side. Raises nothing on their account."""
        self._sink = sink
        self._state = _State({}, {}, [])
        points = self._all_points()
        # Ours first, then every guest by itself: one that hangs while it is read holds up nobody else.
        await self._take_in([point for point in points if is_own(point)])
        await asyncio.gather(*(self._take_in([point]) for point in points if not is_own(point)))

    async def _take_in(self, points: list[EntryPoint]) -> None:
        loaded = await asyncio.to_thread(load, points, disabled=self._disabled, limit_s=self._import_limit_s)
        for status in loaded.rejected:
            self._reject(status)
        fresh = []
        for found in loaded.found:
            if found.name in self._state.found:
                self._reject(AdapterStatus(found.name, "failed", "adapter.duplicate", "a second package of that name"))
            else:
                self._state.found[found.name] = found
                fresh.append(found)
        await asyncio.gather(*(self._bring_up(found) for found in fresh))

    def _reject(self, status: AdapterStatus) -> None:
        self._state.other.append(status)
        if status.reason:
            self._tell(status.reason, status.name)

    async def stop(self) -> None:
        """Stop every adapter, side by side, each within its time."""
        await asyncio.gather(*(self._bring_down(running) for running in self._state.running.values()))
        self._state.running.clear()
        self._sink = None

    async def disable(self, name: str) -> None:
        """Stop one adapter and keep it stopped."""
        self._disabled.add(name)
        running = self._state.running.pop(name, None)
        if running is not None:
            await self._bring_down(running)
        self._set_aside(AdapterStatus(name, "disabled"))

    async def enable(self, name: str) -> None:
        """Start an adapter that is disabled, paused or failed; its faults are forgotten. Unknown names do nothing."""
        self._disabled.discard(name)
        running = self._state.running.pop(name, None)
        if running is not None:
            await self._bring_down(running)
        if name not in self._state.found:
            await self._look_again(name)
        found = self._state.found.get(name)
        if found is not None and self._sink is not None:
            self._state.other = [status for status in self._state.other if status.name != name]
            await self._bring_up(found)

    async def _look_again(self, name: str) -> None:
        others = {point.name for point in self._all_points()} - {name}
        loaded = await asyncio.to_thread(load, self._all_points(), disabled=others, limit_s=self._import_limit_s)
        self._state.found |= {found.name: found for found in loaded.found if found.name not in self._state.found}
        for status in loaded.rejected:
            if status.name == name:
                self._set_aside(status)

    def _all_points(self) -> list[EntryPoint]:
        return registered_entry_points() if self._points is None else self._points

    async def _bring_up(self, found: Found) -> None:
        running = await self._make(found)
        if running is None or self._sink is None:
            return
        running.inlet = Inlet(found.name, running.guard, self._sink, self._record)
        self._state.running[found.name] = running
        try:
            await running.guard.call("start", self._limits.start_s, running.adapter.start(running.inlet))
        except VdxError as error:
            detail = running.guard.detail or error.detail
            await self._bring_down(running)
            self._state.running.pop(found.name, None)
            self._fail(found.name, error.code, detail)

    async def _make(self, found: Found) -> _Running | None:
        setup = await asyncio.to_thread(self._setup_for, found.name)
        try:
            adapter = await asyncio.to_thread(make, found, setup, limit_s=self._import_limit_s)
        except asyncio.CancelledError:
            raise
        except VdxError as error:
            self._fail(found.name, error.code, error.detail)
            return None
        except BaseException as error:  # noqa: BLE001 - adapter call: a factory may raise anything
            self._fail(found.name, reason_of(error), detail_of(error))
            return None
        return _Running(adapter, Guard(found.name, lambda: self._paused(found.name)))

    def _paused(self, name: str) -> None:
        running = self._state.running.get(name)
        if running is not None and running.inlet is not None:
            running.inlet.close_record()
        self._tell("adapter.paused", name)

    def _setup_for(self, name: str) -> AdapterSetup:
        folder = ""
        if self._data_dir is not None:
            own = self._data_dir / "adapters" / name
            own.mkdir(parents=True, exist_ok=True)
            folder = str(own)
        values = self._state.found[name].manifest.filled(self._settings.get(name, {}))
        return AdapterSetup(values, folder, self._clock, self._organisation)

    async def _bring_down(self, running: _Running) -> None:
        if running.inlet is None:
            return
        running.inlet.shut()
        running.inlet = None
        try:
            await running.guard.call("stop", self._limits.stop_s, running.adapter.stop())
        except VdxError as error:
            _log.warning("adapter %s did not stop cleanly: %s", running.adapter.name, error.code)
        await running.guard.close(self._limits.stop_s)

    def _fail(self, name: str, reason: str, detail: str) -> None:
        _log.warning("adapter %s is out: %s (%s)", name, reason, detail)
        self._set_aside(AdapterStatus(name, "failed", reason, detail))
        self._tell(reason, name)

    def _set_aside(self, status: AdapterStatus) -> None:
        self._state.other = [other for other in self._state.other if other.name != status.name] + [status]

    def _tell(self, code: str, name: str) -> None:
        if self._sink is not None:
            self._sink.notice(code, name=name)

    # --- seen as one ----------------------------------------------------------------------------------------------

    def statuses(self) -> list[AdapterStatus]:
        """Return how every adapter fares, by name; two that took the same name both stand here."""
        alive = [_status(running) for running in self._state.running.values()]
        return sorted((*alive, *self._state.other), key=lambda status: status.name)

    def can(self, source: str, capability: Capability) -> bool:
        """True when the adapter of that name runs and has the capability."""
        running = self._state.running.get(source)
        return running is not None and running.is_up and capability in running.adapter.capabilities

    async def confirm(self, context: ClinicContext) -> bool:
        """Ask the adapter the context came from. False when it cannot be asked or does not answer."""
        owner = self._having(Capability.CONFIRM, only=context.source)
        if not owner:
            return False
        try:
            return await owner[0].guard.call("confirm", self._limits.ask_s, owner[0].adapter.confirm(context)) is True
        except VdxError:
            return False

    async def complete(self, context: ClinicContext) -> ClinicContext:
        """Ask the adapters that know patients, the owner first, until name and birth date are there.

        Only what is missing is taken over, and only from an answer about the same person.
        """
        for running in self._having(Capability.DIRECTORY, first=context.source):
            if context.patient.is_complete:
                break
            try:
                answer = await running.guard.call("complete", self._limits.ask_s, running.adapter.complete(context))
            except VdxError:
                continue
            context = _filled(context, answer, running)
        return context

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        """Return the appointments of every adapter that answers; of two with the same id the first is kept."""
        merged: dict[str, Appointment] = {}
        asked = self._having(Capability.APPOINTMENTS)
        for found in await asyncio.gather(*(self._appointments_of(running, start, end) for running in asked)):
            for appointment in found:
                merged.setdefault(appointment.id, appointment)
        return sorted(merged.values(), key=lambda appointment: appointment.start)

    async def _appointments_of(self, running: _Running, start: datetime, end: datetime) -> list[Appointment]:
        work = running.adapter.appointments(start, end)
        try:
            return list(await running.guard.call("appointments", self._limits.ask_s, work))
        except VdxError:
            return []

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Hand the summary to the owner if it can write, else to another adapter that can.

        Raises Unsupported(``writeback.unsupported``) when none can, OutcomeUnknown when the adapter failed midway,
        else what the adapter raises. Never tries a second adapter after a first: that could write the note twice.
        """
        writers = self._having(Capability.WRITE_BACK, first=context.source)
        if not writers:
            raise Unsupported("writeback.unsupported")
        writer = writers[0]
        work = writer.adapter.write_back(context, summary)
        return await writer.guard.write(self._limits.write_back_s, work)

    def _having(self, capability: Capability, *, only: str = "", first: str = "") -> list[_Running]:
        able = [
            running
            for name, running in self._state.running.items()
            if self.can(name, capability) and only in ("", name)
        ]
        return sorted(able, key=lambda running: (running.adapter.name != first, running.adapter.name))


def _filled(context: ClinicContext, answer: ClinicContext, running: _Running) -> ClinicContext:
    if not _is_about(context.patient, answer.patient):
        running.guard.fault("adapter.invalid", "completed with another patient")
        return context
    return replace(
        context,
        patient=context.patient.filled_from(answer.patient),
        appointment_id=context.appointment_id or answer.appointment_id,
    )


def _is_about(asked: Patient, answered: Patient) -> bool:
    births = {patient.birth_date for patient in (asked, answered) if patient.birth_date is not None}
    return asked.is_same_person(answered) and len(births) < 2


def _status(running: _Running) -> AdapterStatus:
    guard = running.guard
    state = "paused" if guard.paused else "running"
    reason = guard.reason if guard.paused else ""
    name = running.adapter.name
    return AdapterStatus(name, state, reason, guard.detail, running.adapter.capabilities, guard.faults)
