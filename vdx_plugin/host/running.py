"""One adapter that could be made, and how it fares."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from vdx_plugin.errors import Unsupported
from vdx_plugin.host.guard import Guard
from vdx_plugin.host.inlet import Inlet
from vdx_plugin.host.loading import Found
from vdx_plugin.host.tracing import Trace
from vdx_plugin.ports import AdapterStatus, Capabilities, Capability, ClinicSystem, Health

T = TypeVar("T")


@dataclass(slots=True)
class Running:
    """``adapter`` is None for a package that brings hooks only. ``inlet`` is there while it is started."""

    found: Found
    adapter: ClinicSystem | None
    guard: Guard
    trace: Trace
    inlet: Inlet | None = None
    health: Health | None = None
    secrets_set: frozenset[str] = frozenset()
    withdrawn: set[Capability] = field(default_factory=set)
    """What it said it could and then could not."""

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def is_up(self) -> bool:
        return (self.inlet is not None or self.adapter is None) and not self.guard.paused

    def can(self, capability: Capability) -> bool:
        """True when it runs and has the capability."""
        return self.is_up and capability in self.offered

    @property
    def offered(self) -> Capabilities:
        """Return what it offers now."""
        if self.adapter is None:
            return Capabilities(frozenset())
        return Capabilities(self.adapter.capabilities.can - self.withdrawn)

    async def call(self, what: str, limit_s: float, work: Coroutine[Any, Any, T], **shown: object) -> T:
        """Make one call, guarded and traced; ``shown`` are its arguments."""
        with self.trace.call(self.name, what, shown):
            return await self.guard.call(what, limit_s, work)

    async def call_able(
        self, capability: Capability, what: str, limit_s: float, work: Coroutine[Any, Any, T], **shown: object
    ) -> T:
        """Make one call that a capability covers. An adapter that then says it cannot has lied: it is withdrawn."""
        try:
            return await self.call(what, limit_s, work, **shown)
        except Unsupported:
            self.withdrawn.add(capability)
            self.guard.fault("adapter.lied", f"{what} unsupported in spite of {capability}")
            raise

    def status(self, facts: Mapping[str, object]) -> AdapterStatus:
        """Return how it fares; ``facts`` replace fields of the status."""
        guard = self.guard
        status = AdapterStatus(
            self.name,
            "paused" if guard.paused else "running",
            guard.reason if guard.paused else "",
            guard.detail,
            self.offered,
            guard.faults,
            self.found.manifest,
            self.found.version,
            self.health,
            secrets_set=self.secrets_set,
        )
        return replace(status, **facts)  # type: ignore[arg-type]  # fields by name
