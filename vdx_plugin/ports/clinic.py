"""Clinic systems and their adapters, and the directory of partners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.context import ClinicContext, Organisation
from vdx_plugin.domain.parties import Partner
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.secret import Secret
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.errors import Misconfigured
from vdx_plugin.ports.capability import Capabilities, Capability
from vdx_plugin.ports.clock import Clock
from vdx_plugin.ports.manifest import Manifest
from vdx_plugin.ports.plugins import Action
from vdx_plugin.ports.record_mail import RecordIncoming, RecordLetter


class ContextChange(StrEnum):
    """Why a record is no longer open."""

    OPENED = "opened"
    CLOSED = "closed"
    USER_LEFT = "user_left"


class HealthState(StrEnum):
    """How a connection fares, as it sees itself."""

    GOOD = "good"
    DEGRADED = "degraded"
    """Works, with something missing or slow."""
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Health:
    """An adapter's answer to "how are you". ``reason`` is a problem code with its sentence, empty when all is good."""

    state: HealthState
    reason: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    since: datetime | None = None


class ContextSink(Protocol):
    """What the core hears of clinic systems."""

    @property
    def in_call(self) -> bool:
        """Whether a consultation is under way: a change of patient is then shown and never followed."""
        ...

    def opened(self, context: ClinicContext) -> None:
        """A patient is open in the record; replaces what was told before."""
        ...

    def closed(self, reason: ContextChange = ContextChange.CLOSED) -> None:
        """No patient is open in the record any longer."""
        ...

    def start_wanted(self, context: ClinicContext) -> None:
        """The user clicked Start video inside the record; opens the patient as well."""
        ...

    def appointments_changed(self) -> None:
        """The host should ask for the appointments again."""
        ...

    def patient_merged(self, retired: Identifier, survivor: Identifier) -> None:
        """Two records became one, and ``survivor`` is the number that lives on."""
        ...

    def notice(self, code: str, **facts: str | int) -> None:
        """Tell the user something: a problem code with its sentence."""
        ...


class AdapterSink(ContextSink, Protocol):
    """What an adapter calls when something happens in the clinic system. May be called from any thread.

    An event without its capability, or under another adapter's name, is not passed on and counts as a fault.
    """

    def invoked(self, action_id: str, context: ClinicContext) -> None:
        """An injected action was clicked. ``start-video`` is the same as ``start_wanted``."""
        ...


class ClinicSystem(Protocol):
    """The whole contract of an adapter. The host isolates every call and holds it to a time limit.

    An error of ``vdx_plugin.errors`` is an honest answer; anything else counts as a fault, and three faults in a row
    pause the adapter. ``api.v1.Adapter`` answers every call for a system that can do nothing: begin from that.
    """

    name: str
    capabilities: Capabilities

    async def start(self, sink: AdapterSink) -> None:
        """Connect to the record and tell ``sink`` from now on. 5 s. Raises Unavailable when it cannot."""
        ...

    async def stop(self) -> None:
        """Leave nothing behind: no task, socket, file or entry in the record. 3 s. ``start`` may come again."""
        ...

    async def current(self) -> ClinicContext | None:
        """Return the context open now, None if no record is open or the system does not tell. 3 s."""
        ...

    async def confirm(self, context: ClinicContext) -> bool:
        """Ask the record once more whether ``context`` still holds. 3 s. Only with CONFIRM."""
        ...

    async def complete(self, context: ClinicContext) -> ClinicContext:
        """Fill in what is known about the patient; return it unchanged if nothing is. 3 s. Only with DIRECTORY."""
        ...

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        """Return the appointments that touch the time between. 3 s. Only with APPOINTMENTS."""
        ...

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Write the consultation into the patient's record. Repeating it with the same ``summary.key`` is harmless.

        30 s. Only with WRITE_BACK. Raises Refused, Conflict (somebody changed the record meanwhile), SignInNeeded,
        Unavailable, OutcomeUnknown (sent, no answer), Unsupported.
        """
        ...

    async def written(self, context: ClinicContext, key: UUID) -> WriteBackReceipt | None:
        """Say whether the note of that key stands in the patient's record. 3 s. Only with READ_BACK."""
        ...

    async def send_letter(self, letter: RecordLetter) -> str:
        """Send a MedCom message by the record's own mail and return a receipt. A repeat of ``message_id`` is harmless.

        30 s. Only with LETTERS. Raises Refused (it will never be sent), SignInNeeded, Unavailable, OutcomeUnknown,
        Unsupported.
        """
        ...

    async def letters(self) -> Sequence[RecordIncoming]:
        """Return the messages that came for us and are not settled, oldest first. 3 s. Only with LETTERS."""
        ...

    async def settle_letter(self, receipt: str) -> None:
        """The message has been dealt with and need not come again. Repeating it is harmless. 3 s. Only with LETTERS."""
        ...

    async def inject(self, actions: Sequence[Action]) -> None:
        """Show exactly these actions in the record from now on; none means: take all of ours away. 5 s.

        Only with ACTIONS. Called after every ``start``, and with none before ``stop``.
        """
        ...

    async def health(self) -> Health:
        """Say how the connection fares, from what is known or by one quick question. 3 s."""
        ...

    async def try_settings(self) -> Health:
        """Say whether these settings reach the system. Called on an adapter that was made and not started. 5 s."""
        ...

    async def diagnostics(self) -> Mapping[str, str]:
        """Return facts for support: versions, counts, states; never anything about a patient. 5 s."""
        ...


_NOTHING = Capabilities(frozenset())


@dataclass(frozen=True, slots=True)
class AdapterStatus:
    """How an adapter fares. ``state``: loaded, running, disabled, failed, paused. ``reason`` is a problem code.

    ``facts`` fill its sentence. ``settings`` are its settings now without secrets; ``secrets_set`` names those that
    lie in the keyring.
    """

    name: str
    state: str
    reason: str = ""
    detail: str = ""
    capabilities: Capabilities = _NOTHING
    faults: int = 0
    manifest: Manifest | None = None
    version: str = ""
    health: Health | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets_set: frozenset[str] = frozenset()


class ClinicSystems(Protocol):
    """All loaded adapters seen as one, which is what the core talks to. Implemented by ``host``."""

    async def start(self, sink: ContextSink) -> None: ...

    async def stop(self) -> None: ...

    def statuses(self) -> Sequence[AdapterStatus]: ...

    async def enable(self, name: str) -> None:
        """Start an adapter that is disabled, paused or failed; its faults are forgotten."""
        ...

    async def disable(self, name: str) -> None:
        """Stop an adapter and keep it stopped."""
        ...

    async def prefer(self, name: str, *, up: bool) -> None:
        """Let an adapter count one place more, or less, when two show different patients."""
        ...

    async def configure(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        """Keep an adapter's settings and start it anew. Raises Refused with the field at fault."""
        ...

    async def try_settings(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> Health:
        """Say whether these settings reach the system; nothing is kept. Raises Refused with the field at fault."""
        ...

    async def look(self) -> None:
        """Ask every adapter how it is; ``statuses`` then tells."""
        ...

    async def diagnostics(self) -> str:
        """Return a text for support about every adapter, without anything about a patient."""
        ...

    def can(self, source: str, capability: Capability) -> bool:
        """True when the running adapter of that name has the capability."""
        ...

    async def confirm(self, context: ClinicContext) -> bool: ...

    async def complete(self, context: ClinicContext) -> ClinicContext: ...

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]: ...

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt: ...

    async def send_letter(self, letter: RecordLetter) -> str:
        """Send by the first record system that carries letters. Raises Unavailable where none is running."""
        ...

    async def letters(self) -> Sequence[RecordIncoming]: ...

    async def settle_letter(self, receipt: str) -> None: ...


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
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    """The settings of kind secret that are set, from the keyring."""

    def need_clock(self) -> Clock:
        """Return the clock. Raises Misconfigured(``settings.clock``) where none was given."""
        if self.clock is None:
            raise Misconfigured("settings.clock", setting="clock")
        return self.clock
