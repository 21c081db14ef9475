"""Finding adapters: names first, then imports, each alone in a thread with a time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

import pluggy

from vdx_plugin import hookspecs, log
from vdx_plugin.hookspecs import AdapterFactory
from vdx_plugin.ports import AdapterSetup, AdapterStatus, Capabilities, ClinicSystem

_log = log.get("host")
T = TypeVar("T")

IMPORT_LIMIT_S = 5.0
_CALLS = ("start", "stop", "current", "confirm", "complete", "appointments", "write_back")


@dataclass(frozen=True, slots=True)
class Found:
    """One adapter that can be made; ``package`` is the entry point it came from."""

    name: str
    package: str
    factory: AdapterFactory


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading came to: adapters in the order they were found, and a status for everything that is not one."""

    found: tuple[Found, ...]
    rejected: tuple[AdapterStatus, ...]


class _Now:
    """The clock for adapters that are made only to be looked at."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Invalid(Exception):
    """The package or adapter does not fit the contract. Holds a word for support, nothing from a record."""


def registered_entry_points() -> list[EntryPoint]:
    """Return the entry points of the group, ours first, then by name: so that a guest cannot take a built-in's name."""
    return sorted(entry_points(group=hookspecs.GROUP), key=lambda point: (not is_own(point), point.name))


def is_own(point: EntryPoint) -> bool:
    """True for an adapter that comes with the plug-in."""
    return point.value.startswith("vdx_plugin.")


def load(points: Iterable[EntryPoint], *, disabled: Collection[str] = (), limit_s: float = IMPORT_LIMIT_S) -> Loaded:
    """Import the packages that are not disabled and gather the adapters they register.

    Blocks for at most ``limit_s``, however many packages hang, so call it off the loop. Raises nothing: a package
    that raises, hangs, names an unknown hook or takes a name already taken is told of in ``rejected``.
    """
    rejected: list[AdapterStatus] = []
    waiting: list[tuple[EntryPoint, Future[list[Found]]]] = []
    for point in points:
        if point.name in disabled:
            rejected.append(AdapterStatus(point.name, "disabled"))
        else:
            waiting.append((point, in_thread(f"import-{point.name}", _import_and_register, point)))
    deadline = time.monotonic() + limit_s
    found: list[Found] = []
    for point, future in waiting:
        try:
            found += future.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            rejected.append(_failed(point.name, "adapter.import_failed", "import did not end in time"))
        except Invalid as error:
            rejected.append(_failed(point.name, "adapter.invalid", str(error)))
        except BaseException as error:  # noqa: BLE001 - adapter call: a guest may raise anything, SystemExit too
            rejected.append(_failed(point.name, "adapter.import_failed", type(error).__name__))
    return _without_duplicates(found, rejected, disabled)


def _without_duplicates(found: list[Found], rejected: list[AdapterStatus], disabled: Collection[str]) -> Loaded:
    kept: dict[str, Found] = {}
    for adapter in found:
        if adapter.name in kept:
            rejected.append(_failed(adapter.name, "adapter.duplicate", f"also in {adapter.package}"))
        elif adapter.name in disabled:
            rejected.append(AdapterStatus(adapter.name, "disabled"))
        else:
            kept[adapter.name] = adapter
    return Loaded(tuple(kept.values()), tuple(rejected))


def make(found: Found, setup: AdapterSetup, *, limit_s: float = IMPORT_LIMIT_S) -> ClinicSystem:
    """Make the adapter and check that it fits the contract. Blocks for at most ``limit_s``.

    Raises Invalid, TimeoutError, or whatever the factory raises.
    """
    adapter = in_thread(f"make-{found.name}", found.factory, setup).result(limit_s)
    if getattr(adapter, "name", None) != found.name:
        raise Invalid("its name is not the one registered")
    if not isinstance(getattr(adapter, "capabilities", None), Capabilities):
        raise Invalid("capabilities missing")
    missing = [call for call in _CALLS if not callable(getattr(adapter, call, None))]
    if missing:
        raise Invalid(f"{missing[0]} missing")
    return adapter


def installed(*, disabled: Collection[str] = (), points: Iterable[EntryPoint] | None = None) -> list[AdapterStatus]:
    """Return what is installed on this machine, without starting anything: for a list on a command line."""
    loaded = load(registered_entry_points() if points is None else points, disabled=disabled)
    statuses = list(loaded.rejected)
    for found in loaded.found:
        try:
            adapter = make(found, AdapterSetup(clock=_Now()))
        except BaseException as error:  # noqa: BLE001 - adapter call: a guest may raise anything
            statuses.append(_failed(found.name, reason_of(error), type(error).__name__))
        else:
            statuses.append(AdapterStatus(found.name, "loaded", capabilities=adapter.capabilities))
    return sorted(statuses, key=lambda status: status.name)


def reason_of(error: BaseException) -> str:
    """Return the problem code for what came out while an adapter was made."""
    return "adapter.invalid" if isinstance(error, Invalid) else "adapter.import_failed"


def _failed(name: str, reason: str, detail: str) -> AdapterStatus:
    _log.warning("adapter %s not loaded: %s (%s)", name, reason, detail)
    return AdapterStatus(name, "failed", reason, detail)


def _import_and_register(point: EntryPoint) -> list[Found]:
    module = point.load()
    # One manager for each package: nothing that one of them registers or breaks is seen by another.
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs.Hooks)
    try:
        manager.register(module, point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise Invalid("a hook that does not exist, or with wrong arguments") from error
    found: list[Found] = []

    def register(name: str, factory: AdapterFactory) -> None:
        if not (isinstance(name, str) and name and callable(factory)):
            raise Invalid("register wants a name and a factory")
        found.append(Found(name, point.name, factory))

    for implementation in manager.hook.vdx_adapters.get_hookimpls():
        implementation.function(register)
    if not found:
        raise Invalid("it registers no adapter")
    return found


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
