"""What is left when a consultation is over: who, when, how, and a draft for the record.

The patient and some 120,000 professionals can read the note on sundhed.dk, so it is plain and holds no address,
PIN or room number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.fees import FeeProposal
from vdx_plugin.domain.parties import PartyRole


@dataclass(frozen=True, slots=True)
class Attendance:
    """One expected party and how long it was in the call; 0.0 for one that never came."""

    role: PartyRole
    present_s: float
    label: str = ""
    """Name of the organisation, empty for the patient."""
    requisition: str = ""
    """Number of the interpreter's order; regions want it in the record."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The neutral record that every clinic system's adapter maps to its own form. ``key`` makes a repeat harmless."""

    key: UUID
    planned_ahead: bool
    started_at: datetime | None
    ended_at: datetime
    outcome: EndReason
    attendance: tuple[Attendance, ...]
    fee: FeeProposal
    note: str
    failures: tuple[str, ...] = ()
    """Problem codes of what did not succeed."""
    appointment_fhir: str = field(default="", repr=False)
    """The appointment as a FHIR R4 resource in JSON, for records that keep one; with the patient's name."""
    appointment_ical: str = field(default="", repr=False)
    """The same as a calendar file, without the patient."""


@dataclass(frozen=True, slots=True)
class WriteBackReceipt:
    """The clinic system's answer: its own id of the entry and when."""

    adapter: str
    remote_id: str
    at: datetime
