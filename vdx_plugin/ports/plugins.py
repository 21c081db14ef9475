"""What the core asks of, and tells to, every installed plug-in at once: votes, additions, observations.

The hooks themselves are specified in ``hookspecs``; ``PlugIns`` is how the core reaches them, implemented by ``host``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.fees import FeeCode
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.ports.manifest import Words

START_VIDEO = "start-video"
"""The action that every record system is offered; its click is a start."""


@dataclass(frozen=True, slots=True)
class Veto:
    """A plug-in's no. ``code`` is a problem code with its sentence; any veto wins."""

    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """Something a record system may show beside the patient. ``id`` comes back when it is clicked."""

    id: str
    label: Words


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody a plug-in adds to a plan: a partner by its location number, or anybody by e-mail."""

    role: PartyRole
    gln: str = ""
    email: str = ""


class CallState(StrEnum):
    """Where a consultation is, as far as an observer needs to know."""

    STARTING = "starting"
    RUNNING = "running"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what to which consultation when; nothing about the patient."""

    at: datetime
    user: str
    action: str
    session_id: UUID | None


class PlugIns(Protocol):
    """All plug-ins seen as one. What asks returns within its limit whatever a plug-in does; what tells returns at once.

    Nothing here raises on a plug-in's account.
    """

    async def check_launch(self, context: ClinicContext, now: datetime) -> Veto | None:
        """Ask whether a consultation may start with this patient; the first veto found."""
        ...

    async def before_booking(self, context: ClinicContext, plan: Plan) -> Veto | None:
        """Ask whether a room may be booked for this plan; the first veto found."""
        ...

    async def invitees(self, context: ClinicContext) -> Sequence[Invitee]:
        """Return who plug-ins add to the plan for this patient."""
        ...

    async def summary_lines(self, summary: Summary) -> Sequence[str]:
        """Return lines for the note's draft."""
        ...

    async def fee_code(self, summary: Summary, day: date) -> FeeCode | None:
        """Return another fee code to propose than ours, valid on ``day``; None to keep ours."""
        ...

    def room_booked(self, session_id: UUID, start: datetime, end: datetime) -> None: ...

    def call_state(self, session_id: UUID, state: CallState, at: datetime) -> None: ...

    def written_back(self, session_id: UUID, receipt: WriteBackReceipt) -> None: ...

    def audit(self, event: AuditEvent) -> None: ...


class NoPlugIns:
    """``PlugIns`` where none are installed: no veto, no addition, nobody listens."""

    async def check_launch(self, context: ClinicContext, now: datetime) -> Veto | None:
        return None

    async def before_booking(self, context: ClinicContext, plan: Plan) -> Veto | None:
        return None

    async def invitees(self, context: ClinicContext) -> Sequence[Invitee]:
        return ()

    async def summary_lines(self, summary: Summary) -> Sequence[str]:
        return ()

    async def fee_code(self, summary: Summary, day: date) -> FeeCode | None:
        return None

    def room_booked(self, session_id: UUID, start: datetime, end: datetime) -> None:
        pass

    def call_state(self, session_id: UUID, state: CallState, at: datetime) -> None:
        pass

    def written_back(self, session_id: UUID, receipt: WriteBackReceipt) -> None:
        pass

    def audit(self, event: AuditEvent) -> None:
        pass
