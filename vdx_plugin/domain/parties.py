"""Who takes part besides the doctor, and how far each has come.

Two things are told apart: what became of the invitation (a system received it, a person answered) and where the
party is now (expected, waiting, in the call). Neither is ever guessed from the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PartyRole(StrEnum):
    """What a party is to the patient."""

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
    SMS = "sms"
    LINK = "link"
    PHONE = "phone"


SENT_BY_US = frozenset({Channel.MEDCOM, Channel.EMAIL, Channel.SMS})
"""Channels over which the outbox carries the invitation; over the others a person passes it on."""


class Purpose(StrEnum):
    """What a consultation is held for; with the partner it decides category and topic of the letter."""

    CONSULTATION = "consultation"
    DISCHARGE = "discharge"
    """Conference about a patient who is being discharged from hospital."""
    NETWORK = "network"
    """Meeting of those who care for one patient."""
    EXTENDED_CARE = "extended_care"
    """The 72-hour scheme: the hospital keeps the responsibility after discharge."""
    HOME_NURSING = "home_nursing"


class LetterFormat(StrEnum):
    """What the partner's system reads. CONVERTED: VANS turns the letter into XDIS91, which loses the thread id."""

    NATIVE = "native"
    CONVERTED = "converted"


class AnswerMark(StrEnum):
    """How the user has read a partner's answer. Nothing but the user's click ever sets it."""

    UNREAD = "unread"
    COMES = "comes"
    DECLINES = "declines"
    NOTED = "noted"
    """Read, and neither of the two."""


class InvitationState(StrEnum):
    """What is known about one invitation. DELIVERED is a system's word, ANSWERED a person's."""

    PLANNED = "planned"
    QUEUED = "queued"
    SENT = "sent"
    UNKNOWN = "unknown"
    """Handed over and no answer came: it may or may not have arrived."""
    IN_MAILBOX = "in_mailbox"
    """The network says that it lies in the receiver's mailbox; no system of theirs has read it yet."""
    DELIVERED = "delivered"
    TOLD_BY_PHONE = "told_by_phone"
    """The user rang them: settled by a person, whatever becomes of the message."""
    ANSWERED = "answered"
    REJECTED = "rejected"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class Told(StrEnum):
    """What else a party was told. It stands in the history and changes nothing of how the invitation stands."""

    MOVED = "moved"
    """The other time was written to it."""
    REMINDED = "reminded"
    DELAYED = "delayed"
    CANCELLING = "cancelling"
    """It is being told that it is off; once that has arrived the invitation is WITHDRAWN."""


class Presence(StrEnum):
    EXPECTED = "expected"
    WAITING = "waiting"
    IN_CALL = "in_call"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Unit:
    """A level of an organisation that letters are addressed to: it has SOR id and location number."""

    name: str
    sor: str
    gln: str


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
    format: LetterFormat = LetterFormat.NATIVE
    mobile: str | None = None
    """Number for Channel.SMS."""
    categories: tuple[tuple[Purpose, str], ...] = ()
    """MedCom category for single purposes, as agreed locally; ``category`` holds for the others."""
    parent: str | None = None
    """SOR id of the level above."""
    served_by: Unit | None = None
    """The nearest level above with a location number, for a partner that has none: it receives for the partner."""

    @property
    def receiver(self) -> Unit | None:
        """The unit that letters to the partner are addressed to; None where there is no such level."""
        if self.gln and self.sor:
            return Unit(self.name, self.sor, self.gln)
        return self.served_by

    def category_for(self, purpose: Purpose) -> str:
        """Return the category that a letter for ``purpose`` bears."""
        return dict(self.categories).get(purpose, self.category)


@dataclass(frozen=True, slots=True)
class Interpreting:
    """What an interpreter is ordered for. Nothing here tells who the patient is."""

    sex: str = ""
    """``female`` or ``male`` when one is asked for, else empty."""
    requisition: str = ""
    """Number of the order in the agency's portal; kept for the record, sent to nobody else."""
    place: str = ""
    """Where the patient sits during the call, in words."""


@dataclass(frozen=True, slots=True)
class Party:
    """One expected participant. ``key`` is opaque, goes into the link as call tag, and names no person."""

    key: str
    role: PartyRole
    channel: Channel
    partner: Partner | None = None
    address: str | None = None
    """E-mail address for Channel.EMAIL, phone number for Channel.SMS; never logged."""
    language: str | None = None
    """Interpreter's language, or the language the patient is written to in, ISO 639."""
    interpreting: Interpreting | None = None

    def __repr__(self) -> str:
        return f"Party({self.key!r}, {self.role}, {self.channel})"


@dataclass(frozen=True, slots=True)
class PartyEvent:
    """One line of a party's history: when, what, the code of a problem, and by how many minutes it was put off."""

    at: datetime
    what: InvitationState | Presence | Told
    problem: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a partner wrote back, shown as it is and never read as yes or no. ``message_id`` names it for a mark."""

    message_id: str
    text: str
    written_at: datetime
    mark: AnswerMark = AnswerMark.UNREAD

    def __repr__(self) -> str:
        return f"Answer({self.message_id!r}, {self.mark})"


@dataclass(frozen=True, slots=True)
class PartyStatus:
    """How far one party has come, with its history, oldest first."""

    party: Party
    invitation: InvitationState = InvitationState.PLANNED
    presence: Presence = Presence.EXPECTED
    history: tuple[PartyEvent, ...] = ()
    answers: tuple[Answer, ...] = ()
    """What the partner wrote back, the newest written last."""
    participant_id: str | None = None
    """The room's participant that is taken to be this party."""
    is_expected: bool = True
    """False for one that was taken off the plan: it is shown until it knows, and is a stranger if it comes."""

    @property
    def has_unread_answer(self) -> bool:
        """True while the user has not said how the newest answer is to be read."""
        return bool(self.answers) and self.answers[-1].mark is AnswerMark.UNREAD
