"""Finding adapters: names and manifests first, then imports, each alone in a thread with a time limit."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

import pluggy

from vdx_plugin import hookspecs, log
from vdx_plugin.errors import Misconfigured, VdxError
from vdx_plugin.hookspecs import AdapterFactory
from vdx_plugin.host.child import ProcessAdapter
from vdx_plugin.host.manifests import manifest_of, version_of
from vdx_plugin.ports import AdapterSetup, AdapterStatus, Capabilities, ClinicSystem, Manifest, Runner

_log = log.get("host")
T = TypeVar("T")

IMPORT_LIMIT_S = 5.0
ONLY = "VDX_ADAPTERS"
_CALLS = (
    "start",
    "stop",
    "current",
    "confirm",
    "complete",
    "appointments",
    "write_back",
    "written",
    "inject",
    "health",
    "try_settings",
    "diagnostics",
)


@dataclass(frozen=True, slots=True)
class Found:
    """One package that was loaded: what it says of itself, its adapter if it brings one, and its hooks by name."""

    name: str
    manifest: Manifest
    version: str
    factory: AdapterFactory | None
    hooks: Mapping[str, pluggy.HookImpl] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading came to: packages in the order they were found, and a status for everything that is not one."""

    found: tuple[Found, ...]
    rejected: tuple[AdapterStatus, ...]


class _Now:
    """The clock for adapters that are made only to be looked at."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Invalid(Exception):
    """The package or adapter does not fit the contract. Holds a word for support, nothing from a record."""


def registered_entry_points() -> list[EntryPoint]:
    """Return the entry points of the group, ours first, then by name: so that a guest cannot take a built-in's name.

    ``VDX_ADAPTERS`` in the environment names the only ones to be known; empty means none.
    """
    points = sorted(entry_points(group=hookspecs.GROUP), key=lambda point: (not is_own(point), point.name))
    only = os.environ.get(ONLY)
    return points if only is None else [point for point in points if point.name in only.replace(",", " ").split()]


def is_own(point: EntryPoint) -> bool:
    """True for an adapter that comes with the plug-in."""
    return point.value.startswith("vdx_plugin.")


def load(points: Iterable[EntryPoint], *, disabled: Collection[str] = (), limit_s: float = IMPORT_LIMIT_S) -> Loaded:
    """Read every manifest, and import the packages that are not disabled and fit this program.

    Blocks for at most ``limit_s``, however many packages hang, so call it off the loop. Raises nothing: a package
    without a manifest, written for another contract, that raises, hangs, names an unknown hook or takes a name already
    taken is told of in ``rejected``.
    """
    rejected: list[AdapterStatus] = []
    waiting: list[tuple[AdapterStatus, Future[Found]]] = []
    for point in points:
        status = _look_at(point, disabled)
        if status.state != "loaded":
            rejected.append(status)
        elif any(status.name == other.name for other, _future in waiting):
            rejected.append(_failed(status, "adapter.duplicate", f"also in {_package(point)}"))
        else:
            waiting.append((status, _taken_in(point, status)))
    return _gathered(waiting, rejected, time.monotonic() + limit_s)


def look(points: Iterable[EntryPoint], *, disabled: Collection[str] = ()) -> list[AdapterStatus]:
    """Return what the manifests say, with nothing imported."""
    return [_look_at(point, disabled) for point in points]


def _look_at(point: EntryPoint, disabled: Collection[str]) -> AdapterStatus:
    status = AdapterStatus(point.name, "loaded", version=version_of(point))
    try:
        status = replace(status, manifest=manifest_of(point))
    except Misconfigured as error:
        if point.name not in disabled:
            return _failed(status, error.code, error.detail, error.facts)
    return replace(status, state="disabled") if point.name in disabled else status


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value


def _taken_in(point: EntryPoint, status: AdapterStatus) -> Future[Found]:
    manifest = status.manifest
    if manifest is None:
        raise ValueError("a package is taken in by its manifest")
    if manifest.runner is Runner.PROCESS:
        made_there = partial(ProcessAdapter, point.module, manifest)
        return in_thread(f"import-{point.name}", Found, manifest.name, manifest, status.version, made_there)
    return in_thread(f"import-{point.name}", _import_and_register, point, manifest, status.version)


def _gathered(
    waiting: list[tuple[AdapterStatus, Future[Found]]], rejected: list[AdapterStatus], deadline: float
) -> Loaded:
    found: list[Found] = []
    for status, future in waiting:
        try:
            found.append(future.result(max(0.0, deadline - time.monotonic())))
        except TimeoutError:
            rejected.append(_failed(status, "adapter.import_failed", "import did not end in time"))
        except Invalid as error:
            rejected.append(_failed(status, "adapter.invalid", str(error)))
        except BaseException as error:  # noqa: BLE001 - adapter call: a guest may raise anything, SystemExit too
            rejected.append(_failed(status, "adapter.import_failed", type(error).__name__))
    return Loaded(tuple(found), tuple(rejected))


def make(found: Found, setup: AdapterSetup, *, limit_s: float = IMPORT_LIMIT_S) -> ClinicSystem:
    """Make the adapter and check that it fits the contract and its manifest. Blocks for at most ``limit_s``.

    Raises Invalid, TimeoutError, or whatever the factory raises.
    """
    if found.factory is None:
        raise Invalid("it brings no adapter")
    adapter = in_thread(f"make-{found.name}", found.factory, setup).result(limit_s)
    if getattr(adapter, "name", None) != found.name:
        raise Invalid("its name is not the one registered")
    if not isinstance(getattr(adapter, "capabilities", None), Capabilities):
        raise Invalid("capabilities missing")
    undeclared = adapter.capabilities.can - found.manifest.capabilities
    if undeclared:
        raise Invalid(f"capability {sorted(undeclared)[0]} is not in its manifest")
    missing = [call for call in _CALLS if not callable(getattr(adapter, call, None))]
    if missing:
        raise Invalid(f"{missing[0]} missing")
    return adapter


def installed(*, disabled: Collection[str] = (), points: Iterable[EntryPoint] | None = None) -> list[AdapterStatus]:
    """Return what is installed on this machine, without starting anything: for a list on a command line."""
    loaded = load(registered_entry_points() if points is None else points, disabled=disabled)
    statuses = [*loaded.rejected, *(_made(found) for found in loaded.found)]
    return sorted(statuses, key=lambda status: status.name)


def _made(found: Found) -> AdapterStatus:
    status = AdapterStatus(found.name, "loaded", manifest=found.manifest, version=found.version)
    if found.factory is None:
        return status
    try:
        adapter = make(found, AdapterSetup(found.manifest.filled({}), clock=_Now()))
    except BaseException as error:  # noqa: BLE001 - adapter call: a guest may raise anything
        return _failed(status, reason_of(error), detail_of(error))
    return replace(status, capabilities=adapter.capabilities)


def reason_of(error: BaseException) -> str:
    """Return the problem code for what came out while an adapter was made."""
    if isinstance(error, VdxError):
        return error.code
    return "adapter.invalid" if isinstance(error, Invalid) else "adapter.import_failed"


def detail_of(error: BaseException) -> str:
    """Return a word for support; a foreign error may quote the record, so of that only its kind."""
    return str(error) if isinstance(error, Invalid) else f"{type(error).__name__} when it was made"


def _failed(
    status: AdapterStatus, reason: str, detail: str, facts: Mapping[str, str | int] | None = None
) -> AdapterStatus:
    _log.warning("adapter %s not loaded: %s (%s)", status.name, reason, detail)
    return replace(status, state="failed", reason=reason, detail=detail, facts=facts or {})


def _import_and_register(point: EntryPoint, manifest: Manifest, version: str) -> Found:
    module = point.load()
    # One manager for each package: nothing that one of them registers or breaks is seen by another.
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs.Hooks)
    try:
        manager.register(module, point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise Invalid("a hook that does not exist, or with wrong arguments") from error
    hooks = {
        caller.name: implementation
        for caller in manager.get_hookcallers(module) or ()
        for implementation in caller.get_hookimpls()
    }
    if not hooks:
        raise Invalid("it implements no hook")
    factory = _registered(hooks.pop("vdx_adapters", None), manifest.name)
    return Found(manifest.name, manifest, version, factory, hooks)


def _registered(implementation: pluggy.HookImpl | None, name: str) -> AdapterFactory | None:
    if implementation is None:
        return None
    factories: list[AdapterFactory] = []

    def register(given: str, factory: AdapterFactory) -> None:
        if given != name:
            raise Invalid("it registers another name than its manifest's")
        if not callable(factory):
            raise Invalid("register wants a name and a factory")
        factories.append(factory)

    implementation.function(register)
    if len(factories) != 1:
        raise Invalid("it registers no adapter" if not factories else "it registers more than one adapter")
    return factories[0]


def in_thread(name: str, work: Callable[..., T], *arguments: object) -> Future[T]:
    """Run ``work`` in a daemon thread of its own, which a hanging guest may keep without holding up our end."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work(*arguments))
        except BaseException as error:  # noqa: BLE001 - adapter call: handed to the caller as it is
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
