"""Clinic systems and their adapters, and the directory of partners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from vdx_plugin.domain.context import ClinicContext, Organisation
from vdx_plugin.domain.parties import Partner
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.ports.clock import Clock


class Capability(StrEnum):
    """What an adapter can do; read before anything is offered."""

    CONTEXT = "context"
    """Tells which patient is open."""
    DIRECTORY = "directory"
    """Knows patients and can complete an incomplete context."""
    APPOINTMENTS = "appointments"
    CONFIRM = "confirm"
    """Can be asked whether a context still holds."""
    WRITE_BACK = "write_back"
    START_ACTION = "start_action"
    """Can carry the click on Start video from inside the record."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    can: frozenset[Capability]

    def __contains__(self, capability: Capability) -> bool:
        return capability in self.can


class ContextChange(StrEnum):
    OPENED = "opened"
    CLOSED = "closed"
    USER_LEFT = "user_left"


class AdapterSink(Protocol):
    """What an adapter calls when something happens in the clinic system. Safe to call from the asyncio thread."""

    def opened(self, context: ClinicContext) -> None: ...

    def closed(self, reason: ContextChange = ContextChange.CLOSED) -> None: ...

    def start_wanted(self, context: ClinicContext) -> None:
        """The user clicked Start video inside the record."""
        ...

    def appointments_changed(self) -> None: ...

    def patient_merged(self, retired: Identifier, survivor: Identifier) -> None: ...

    def notice(self, code: str, **facts: str | int) -> None:
        """Tell the user something: a problem code with its sentence in ``texts``."""
        ...


class ClinicSystem(Protocol):
    """The whole contract of an adapter. The host isolates every call and holds it to a time limit."""

    name: str
    capabilities: Capabilities

    async def start(self, sink: AdapterSink) -> None: ...

    async def stop(self) -> None: ...

    async def current(self) -> ClinicContext | None:
        """Return the context open now, None if no record is open or the system does not tell."""
        ...

    async def confirm(self, context: ClinicContext) -> bool:
        """Ask the record once more whether ``context`` still holds."""
        ...

    async def complete(self, context: ClinicContext) -> ClinicContext:
        """Fill in what is known about the patient (name, birth date); return it unchanged if nothing is."""
        ...

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]: ...

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Write the consultation into the patient's record. Repeating it with the same ``summary.key`` is harmless.

        Raises Refused, Conflict, Unavailable, OutcomeUnknown, Unsupported.
        """
        ...


@dataclass(frozen=True, slots=True)
class AdapterStatus:
    """How an adapter fares. ``state``: loaded, running, disabled, failed, paused. ``reason`` is a problem code."""

    name: str
    state: str
    reason: str = ""
    detail: str = ""
    capabilities: Capabilities = Capabilities(frozenset())
    faults: int = 0


class ClinicSystems(Protocol):
    """All loaded adapters seen as one, which is what the core talks to. Implemented by ``host``."""

    async def start(self, sink: AdapterSink) -> None: ...

    async def stop(self) -> None: ...

    def statuses(self) -> Sequence[AdapterStatus]: ...

    async def enable(self, name: str) -> None:
        """Start an adapter that is disabled, paused or failed; its faults are forgotten."""
        ...

    def can(self, source: str, capability: Capability) -> bool:
        """True when the running adapter of that name has the capability."""
        ...

    async def confirm(self, context: ClinicContext) -> bool: ...

    async def complete(self, context: ClinicContext) -> ClinicContext: ...

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]: ...

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt: ...


class PartnerDirectory(Protocol):
    """Partners that can be invited."""

    def all(self) -> Sequence[Partner]: ...

    def search(self, text: str, limit: int = 20) -> Sequence[Partner]:
        """Find by name, role or place, as typed; best first."""
        ...


@dataclass(frozen=True, slots=True)
class AdapterSetup:
    """What the host hands an adapter's factory: its own settings, a place for files, the clock, the practice."""

    settings: dict[str, str] = field(default_factory=dict)
    data_dir: str = ""
    """A folder of its own, existing; empty when there is none (the adapter then writes no file)."""
    clock: Clock | None = None
    organisation: Organisation | None = None
    """The practice this workplace belongs to, for contexts that do not name one."""
