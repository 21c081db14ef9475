"""Who takes part besides the doctor, and how far each has come.

Two things are told apart: what became of the invitation (a system received it, a person answered) and where the
party is now (expected, waiting, in the call). Neither is ever guessed from the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PartyRole(StrEnum):
    PATIENT = "patient"
    HOSPITAL = "hospital"
    MUNICIPALITY = "municipality"
    NURSING_HOME = "nursing_home"
    INTERPRETER = "interpreter"
    OTHER = "other"


class Channel(StrEnum):
    """How an invitation travels. LINK means: shown and copied by the user, nothing is sent by us."""

    MEDCOM = "medcom"
    EMAIL = "email"
    LINK = "link"
    PHONE = "phone"


class InvitationState(StrEnum):
    """What is known about one invitation. DELIVERED is a system's word, ANSWERED a person's."""

    PLANNED = "planned"
    QUEUED = "queued"
    SENT = "sent"
    UNKNOWN = "unknown"
    """Handed over and no answer came: it may or may not have arrived."""
    DELIVERED = "delivered"
    ANSWERED = "answered"
    REJECTED = "rejected"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class Presence(StrEnum):
    EXPECTED = "expected"
    WAITING = "waiting"
    IN_CALL = "in_call"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation or agency in the directory. ``id`` is stable and opaque."""

    id: str
    name: str
    role: PartyRole
    channel: Channel
    sor: str | None = None
    gln: str | None = None
    email: str | None = None
    phone: str | None = None
    category: str = "telemedicine"
    """MedCom CareCommunication category that the partner routes by."""
    wants_pin: bool = True
    """Whether the text tells the guest PIN; the link itself always carries what is needed."""


@dataclass(frozen=True, slots=True)
class Party:
    """One expected participant. ``key`` is opaque, goes into the link as call tag, and names no person."""

    key: str
    role: PartyRole
    channel: Channel
    partner: Partner | None = None
    address: str | None = None
    """E-mail address for Channel.EMAIL; never logged."""
    language: str | None = None
    """Interpreter's language, ISO 639."""

    def __repr__(self) -> str:
        return f"Party({self.key!r}, {self.role}, {self.channel})"


@dataclass(frozen=True, slots=True)
class PartyEvent:
    """One line of a party's history: when, what (an InvitationState or Presence value), and the code of a problem."""

    at: datetime
    what: InvitationState | Presence
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PartyStatus:
    """How far one party has come, with its history, oldest first."""

    party: Party
    invitation: InvitationState = InvitationState.PLANNED
    presence: Presence = Presence.EXPECTED
    history: tuple[PartyEvent, ...] = ()
    answer: str = ""
    """What the partner wrote back, shown as it is and never read as yes or no."""
    participant_id: str | None = None
    """The room's participant that is taken to be this party."""
    extra: dict[str, str] = field(default_factory=dict)
