"""The life of all adapters: found, loaded, made, started, stopped, each without harm to the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path

from vdx_plugin import log, texts
from vdx_plugin.domain.context import ClinicContext, Organisation
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import VdxError
from vdx_plugin.host.asking import Asking
from vdx_plugin.host.desktop import Desktop
from vdx_plugin.host.guard import Guard, Limits
from vdx_plugin.host.hooks import HookCaller
from vdx_plugin.host.inlet import Hall, Inlet
from vdx_plugin.host.kept import Keeping
from vdx_plugin.host.loading import Found, detail_of, is_own, load, make, reason_of, registered_entry_points
from vdx_plugin.host.running import Running
from vdx_plugin.host.tracing import Trace
from vdx_plugin.ports import (
    START_VIDEO,
    Action,
    AdapterSetup,
    AdapterStatus,
    Capability,
    ClinicSystem,
    Clock,
    ContextSink,
    Words,
)

_log = log.get("host")

START_ACTION = Action(START_VIDEO, Words("Start videokonsultation", "Start video consultation"))
Secrets = Callable[[str], Secret]


def no_secret(_name: str) -> Secret:
    """Stand for a keyring that holds nothing."""
    return Secret("")


def secret_name(adapter: str, setting: str) -> str:
    """Return the name under which an adapter's secret lies in the keyring."""
    return f"adapters.{adapter}.{setting}"


@dataclass(slots=True)
class _State:
    found: dict[str, Found] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    other: list[AdapterStatus] = field(default_factory=list)


class Life(Asking):
    """Every installed adapter; ``hooks`` calls the hooks of their packages.

    ``settings`` holds each adapter's own settings by its name; what was chosen in the program goes before them. Each
    adapter gets the folder ``<data_dir>/adapters/<name>``. ``secrets`` and ``keep_secret`` reach the keyring.
    ``points`` replaces the entry points of the environment (for tests). All calls belong on one loop.
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
        secrets: Secrets = no_secret,
        keep_secret: Callable[[str, str], object] | None = None,
        trace: Trace | None = None,
    ) -> None:
        self._trace = trace or Trace()
        self._limits = limits or Limits()
        self.hooks = HookCaller(self._trace)
        super().__init__(self._by_rank, self.hooks, self._limits)
        self._clock = clock
        self._settings = settings or {}
        self._data_dir = data_dir
        self._organisation = organisation
        self._default_disabled = set(disabled)
        self._points = None if points is None else list(points)
        self._import_limit_s = import_limit_s
        self._secrets, self._keep_secret = secrets, keep_secret
        self._keeping = Keeping(data_dir)
        self._state = _State()
        self._hall: Hall | None = None

    @property
    def _disabled(self) -> set[str]:
        return self._keeping.now.disabled(self._default_disabled)

    def _by_rank(self) -> list[Running]:
        return sorted(self._state.running.values(), key=lambda each: self._keeping.now.rank(each.name))

    def can(self, source: str, capability: Capability) -> bool:
        """True when the adapter of that name runs and has the capability."""
        running = self._state.running.get(source)
        return running is not None and running.can(capability)

    def running(self, name: str) -> Running | None:
        """Return the adapter of that name while it runs; for tests and tools."""
        return self._state.running.get(name)

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self, sink: ContextSink) -> None:
        """Load and start every adapter that is not disabled, side by side. Raises nothing on their account."""
        desktop = Desktop(lambda name: self._rank(name), self._holds)
        self._hall = Hall(desktop, sink, self.hooks.tell, self._trace)
        self._state = _State({}, {}, [])
        points = self._all_points()
        # Ours first, then every guest by itself: one that hangs while it is read holds up nobody else.
        await self._take_in([point for point in points if is_own(point)])
        await asyncio.gather(*(self._take_in([point]) for point in points if not is_own(point)))

    def _rank(self, name: str) -> int:
        names = sorted(self._state.found, key=self._keeping.now.rank)
        return names.index(name) if name in names else len(names)

    def _holds(self, context: ClinicContext) -> bool:
        """A record that was hidden may be shown later when it is fresh, or its system can be asked before a start."""
        return not context.is_stale(self._clock.now()) or self.can(context.source, Capability.CONFIRM)

    async def _take_in(self, points: list[EntryPoint]) -> None:
        loaded = await asyncio.to_thread(load, points, disabled=self._disabled, limit_s=self._import_limit_s)
        for status in loaded.rejected:
            _learn(status)
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
            self._tell(status.reason, status.name, status.facts)

    async def stop(self) -> None:
        """Stop every adapter, side by side, each within its time."""
        await asyncio.gather(*(self._bring_down(running) for running in self._state.running.values()))
        self._state.running.clear()
        self._hall = None

    async def _look_again(self, name: str) -> None:
        points = [point for point in self._all_points() if point.name == name]
        loaded = await asyncio.to_thread(load, points, limit_s=self._import_limit_s)
        self._state.found |= {found.name: found for found in loaded.found if found.name not in self._state.found}
        for status in loaded.rejected[:1]:
            if name not in self._state.found:
                self._set_aside(status)

    def _all_points(self) -> list[EntryPoint]:
        return registered_entry_points() if self._points is None else self._points

    async def _bring_up(self, found: Found) -> None:
        _learn(AdapterStatus(found.name, "loaded", manifest=found.manifest))
        running = await self._make(found)
        if running is None or self._hall is None:
            return
        self._state.running[found.name] = running
        self.hooks.add(found.name, found.hooks, running.guard)
        if running.adapter is not None:
            await self._start(running, running.adapter, self._hall)

    async def _start(self, running: Running, adapter: ClinicSystem, hall: Hall) -> None:
        inlet = running.inlet = Inlet(running.name, running.guard, hall, running.can)
        try:
            await running.call("start", self._limits.start_s, adapter.start(inlet))
            await self._greet(running, adapter, inlet)
        except VdxError as error:
            detail = running.guard.detail or error.detail
            await self._bring_down(running)
            self._state.running.pop(running.name, None)
            self._fail(running.name, error.code, detail, error.facts)

    async def _greet(self, running: Running, adapter: ClinicSystem, inlet: Inlet) -> None:
        """Put our entries into the record, and ask what is open there: it may have been before we came."""
        if running.can(Capability.ACTIONS):
            actions = (START_ACTION, *await self.hooks.actions())
            await running.call_able(Capability.ACTIONS, "inject", self._limits.start_s, adapter.inject(actions))
        if running.can(Capability.CONTEXT):
            context = await running.call("current", self._limits.ask_s, adapter.current())
            if context is not None:
                inlet.opened(context)

    async def _make(self, found: Found) -> Running | None:
        guard = Guard(found.name, lambda: self._paused(found.name))
        if found.factory is None:
            return Running(found, None, guard, self._trace)
        try:
            setup = await asyncio.to_thread(self._setup_for, found.name)
            adapter = await asyncio.to_thread(make, found, setup, limit_s=self._import_limit_s)
        except asyncio.CancelledError:
            raise
        except VdxError as error:
            self._fail(found.name, error.code, error.detail, error.facts)
            return None
        except BaseException as error:  # noqa: BLE001 - adapter call: a factory may raise anything
            self._fail(found.name, reason_of(error), detail_of(error))
            return None
        return Running(found, adapter, guard, self._trace, secrets_set=frozenset(setup.secrets))

    def _paused(self, name: str) -> None:
        running = self._state.running.get(name)
        if running is not None and running.inlet is not None:
            running.inlet.close_record()
        self._tell("adapter.paused", name)

    def _values(self, name: str) -> dict[str, str]:
        return {**self._settings.get(name, {}), **self._keeping.now.settings.get(name, {})}

    def _setup_for(
        self, name: str, values: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None
    ) -> AdapterSetup:
        """Blocks for the keyring and the disk. Raises Misconfigured."""
        folder = ""
        if self._data_dir is not None:
            own = self._data_dir / "adapters" / name
            own.mkdir(parents=True, exist_ok=True)
            folder = str(own)
        manifest = self._state.found[name].manifest
        kept = {key: self._secrets(secret_name(name, key)) for key in manifest.secret_names()}
        given = {key: Secret(value) for key, value in (secrets or {}).items() if value}
        return AdapterSetup(
            manifest.filled(self._values(name) if values is None else values),
            folder,
            self._clock,
            self._organisation,
            {key: value for key, value in {**kept, **given}.items() if value},
        )

    async def _bring_down(self, running: Running) -> None:
        self.hooks.remove(running.name)
        if running.inlet is None or running.adapter is None:
            return
        can_inject = running.can(Capability.ACTIONS)
        running.inlet.shut()
        running.inlet = None
        try:
            if can_inject:
                await running.call("inject", self._limits.stop_s, running.adapter.inject(()))
        except VdxError as error:
            _log.warning("adapter %s did not take its entries away: %s", running.name, error.code)
        try:
            await running.call("stop", self._limits.stop_s, running.adapter.stop())
        except VdxError as error:
            _log.warning("adapter %s did not stop cleanly: %s", running.name, error.code)
        await running.guard.close(self._limits.stop_s)

    def _fail(self, name: str, reason: str, detail: str, facts: Mapping[str, str | int] | None = None) -> None:
        _log.warning("adapter %s is out: %s (%s)", name, reason, detail)
        found = self._state.found.get(name)
        manifest, version = (found.manifest, found.version) if found else (None, "")
        status = AdapterStatus(name, "failed", reason, detail, manifest=manifest, version=version, facts=facts or {})
        self._set_aside(status)
        self._tell(reason, name, facts)

    def _set_aside(self, status: AdapterStatus) -> None:
        self._state.other = [other for other in self._state.other if other.name != status.name] + [status]

    def _tell(self, code: str, name: str, facts: Mapping[str, str | int] | None = None) -> None:
        if self._hall is not None:
            self._hall.sink.notice(code, **{"name": name, **(facts or {})})


def _learn(status: AdapterStatus) -> None:
    if status.manifest is not None:
        texts.learn({code: (words.da, words.en) for code, words in status.manifest.problems.items()})
