"""One workplace for one check: peer, host and the adapter between them, with nothing else installed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

from vdx_plugin.domain.secret import Secret
from vdx_plugin.hookspecs import GROUP, AdapterFactory
from vdx_plugin.host import AdapterHost
from vdx_plugin.host.guard import Limits
from vdx_plugin.host.life import secret_name
from vdx_plugin.host.loading import Found, registered_entry_points
from vdx_plugin.host.manifests import manifest_of
from vdx_plugin.host.running import Running
from vdx_plugin.ports import AdapterStatus, Capability, ClinicSystem, Manifest
from vdx_plugin.testing.peer import Peer, Place
from vdx_plugin.testing.stand_ins import PRACTICE, FakeVdx, VirtualClock

PATIENCE_S = 15.0
"""How long a check waits for something that takes a good adapter milliseconds; a busy machine is no fault."""
BRISK = Limits(start_s=PATIENCE_S, ask_s=4.0, write_back_s=8.0, stop_s=4.0)
"""Shorter than in use, as the checks wait for systems that hang; enough for a real system on a busy machine."""


def own_point(name: str) -> EntryPoint:
    """Return the entry point of an installed adapter. Raises LookupError."""
    for point in registered_entry_points():
        if point.name == name:
            return point
    raise LookupError(f"no adapter {name!r} is installed: pip install -e . first")


class VdxHost(AdapterHost):
    """A host that refuses discovery: it knows the entry points it is given and none that happen to be installed.

    ``factories`` make the adapter of a name in place of what its package registers.
    """

    def __init__(self, points: list[EntryPoint], clock: VirtualClock, folder: Path, **more: object) -> None:
        self.keyring: dict[str, str] = {}
        self.factories: dict[str, AdapterFactory] = {}
        super().__init__(
            points=points,
            clock=clock,
            data_dir=folder,
            organisation=PRACTICE,
            secrets=lambda name: Secret(self.keyring.get(name, "")),
            keep_secret=self.keyring.__setitem__,
            **more,  # type: ignore[arg-type]  # settings and limits, as AdapterHost names them
        )

    def point(self, name: str, module: str) -> None:
        """Let the host know an adapter, by the module its entry point would name. Only before ``start``."""
        self._points = [*(self._points or []), EntryPoint(name, module, GROUP)]

    async def _make(self, found: Found) -> Running | None:
        return await super()._make(replace(found, factory=self.factories.get(found.name, found.factory)))


class Workplace:
    """Peer, host and program of one check. ``adapter`` is the adapter as the host has made it."""

    def __init__(self, name: str, peer: Peer, place: Place, points: list[EntryPoint]) -> None:
        self.name, self.peer, self.place = name, peer, place
        self.clock = place.clock
        self.vdx = FakeVdx()
        settings = {name: dict(peer.settings)}
        self.host = VdxHost(points, place.clock, place.folder / "data", settings=settings, limits=BRISK)
        self.host.keyring |= {secret_name(name, key): value for key, value in peer.secrets.items()}

    @property
    def adapter(self) -> ClinicSystem:
        running = self.host.running(self.name)
        if running is None or running.adapter is None:
            raise AssertionError(f"{self.name} does not run: {self.status.reason} {self.status.detail}")
        return running.adapter

    @property
    def status(self) -> AdapterStatus:
        return next(status for status in self.host.statuses() if status.name == self.name)

    @property
    def manifest(self) -> Manifest:
        return manifest_of(own_point(self.name))

    def can(self, capability: Capability) -> bool:
        return self.host.can(self.name, capability)

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds that an event of the adapter brings about. Raises AssertionError."""
        if holds():
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds():
                    self.vdx.told.clear()
                    waiting = asyncio.ensure_future(self.vdx.told.wait())
                    # Most tell by an event; what is kept in the peer is looked at now and then.
                    await asyncio.wait({waiting}, timeout=0.02)
                    waiting.cancel()
        except TimeoutError:
            raise AssertionError(f"did not happen: {what}") from None

    async def settle(self) -> None:
        """Let what is under way come to its end, where nothing is expected to happen."""
        for _round in range(10):
            await asyncio.sleep(0.005)

    def files(self) -> Mapping[str, bytes]:
        """Return every file that adapter and host have written."""
        folder = self.place.folder / "data"
        return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@asynccontextmanager
async def at_work(
    name: str,
    peer: Peer,
    place: Place,
    *,
    factory: AdapterFactory | None = None,
    more: list[EntryPoint] | None = None,
) -> AsyncGenerator[Workplace, None]:
    """Start peer and host, and stop both."""
    await peer.start()
    work = Workplace(name, peer, place, [own_point(name), *(more or [])])
    if factory is not None:
        work.host.factories[name] = factory
    try:
        await work.host.start(work.vdx)
        if work.host.running(name) is not None:
            await peer.ready(work.adapter)
        yield work
    finally:
        await peer.stop()
        await work.host.stop()


class Overheard(logging.Handler):
    """Keeps what is logged, by anybody, at any level, before any filter of ours blots it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def text(self) -> str:
        formatter = logging.Formatter()
        return "\n".join(formatter.format(record) for record in self.records)
