"""The records of the message hub: partners and how they behave, messages on their way, letters received."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

JSON_MIME = "application/fhir+json"
XML_MIME = "application/fhir+xml"


class PartnerKind(StrEnum):
    """What sort of party this is."""

    HOSPITAL = "hospital"
    MUNICIPALITY = "municipality"
    NURSING_HOME = "nursing_home"
    OTHER = "other"


class PartnerFormat(StrEnum):
    """What the partner's system reads. CONVERTED: the network turns letters into XDIS91 and back."""

    NATIVE = "native"
    CONVERTED = "converted"


class Behaviour(StrEnum):
    """How a partner's system answers. A message that fails the checks is a fatal-error whatever the behaviour.

    CONTRADICTORY says ok and then fatal-error. EARLY acknowledges before handing in returns. DOWN takes nothing in.
    UNDELIVERABLE: the mailbox takes the message and the network cannot pass it on. COUNT counts and does nothing else.
    """

    OK = "ok"
    SLOW = "slow"
    SILENT = "silent"
    REJECT = "reject"
    DUPLICATE = "duplicate"
    TRANSIENT = "transient"
    CONTRADICTORY = "contradictory"
    EARLY = "early"
    DOWN = "down"
    UNDELIVERABLE = "undeliverable"
    COUNT = "count"


@dataclass(frozen=True)
class Conduct:
    """A behaviour with its particulars.

    ``issue`` is what REJECT gives as its reason, ``delay_s`` how long SLOW takes (None: as the sandbox is set up),
    ``times`` how often TRANSIENT fails before it succeeds. DOWN lasts until ``until`` (None: until changed) and answers
    503, or cuts the line where ``cuts`` is set. ``receipts`` false: an old system that sends no positive receipts.
    """

    behaviour: Behaviour = Behaviour.OK
    issue: str = "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE"
    delay_s: float | None = None
    times: int = 1
    until: datetime | None = None
    cuts: bool = False
    receipts: bool = True


@dataclass(frozen=True)
class Partner:
    """A party that receives messages. ``answers_in`` is the form its own messages take.

    ``homes`` are nursing homes without a location number of their own: their letters come to this unit.
    """

    gln: str
    sor: str
    name: str
    kind: PartnerKind
    conduct: Conduct = Conduct()
    answers_in: str = JSON_MIME
    format: PartnerFormat = PartnerFormat.NATIVE
    homes: tuple[str, ...] = ()
    phone: str = ""

    @property
    def behaviour(self) -> Behaviour:
        """Return how the partner's system answers."""
        return self.conduct.behaviour


@dataclass(frozen=True)
class PartnerTimes:
    """How long partners take: to acknowledge, when they are slow, and at most to wait for an early answer's reading."""

    acknowledge_s: float = 1.0
    slow_s: float = 20.0
    early_s: float = 5.0


@dataclass(frozen=True)
class Parcel:
    """One message in its transport envelope. ``document_name`` is the statistical name, ``MCM:FDIS91#telemedicine``."""

    sender_gln: str
    receiver_gln: str
    envelope_id: str
    mime: str
    body: bytes = field(repr=False)
    document_name: str = ""


@dataclass(frozen=True)
class MailboxEntry:
    """A parcel that waits for its receiver to fetch and confirm it."""

    receipt: str
    parcel: Parcel
    arrived_at: datetime


@dataclass(frozen=True)
class Finding:
    """A broken rule: a short stable code, where, and in Danish what is wrong, without the content.

    ``is_error`` false: a receiver accepts the message all the same, as MedCom asks for warnings.
    """

    rule: str
    place: str
    text: str
    error_code: str = "MSG_Datatype_Wrong"
    is_error: bool = True


@dataclass(frozen=True)
class Answer:
    """What the partner's system said about a message: ok, fatal-error or transient-error."""

    code: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Letter:
    """A message as the partner keeps it: shown once, however often it came. ``other_gln`` is the other side's.

    ``old_source`` is the letter in XDIS91 where the partner's system reads that; it then has no thread but its own.
    """

    header_id: str
    thread_id: str
    other_gln: str
    arrived_at: datetime
    bundle: Mapping[str, Any] = field(repr=False)
    source: str = field(repr=False)
    mime: str = JSON_MIME
    findings: tuple[Finding, ...] = ()
    outgoing: bool = False
    old_source: str = field(default="", repr=False)

    @property
    def is_right(self) -> bool:
        """Say whether the receiving system takes the letter: remarks on its form are no hindrance."""
        return not any(finding.is_error for finding in self.findings)


@dataclass(frozen=True)
class Arrival:
    """One time that a message came: its envelope, and what was wrong with this sending of it."""

    at: datetime
    envelope_id: str
    bundle_id: str
    document_name: str
    mime: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Said:
    """One acknowledgement that was put into the sender's mailbox; ``receipt_source`` is the old system's own."""

    at: datetime
    code: str
    findings: tuple[Finding, ...]
    source: str = field(repr=False)
    receipt_source: str = field(default="", repr=False)


@dataclass(frozen=True)
class Count:
    """How many messages came, how many different ones (by MessageHeader.id) and in how many threads."""

    received_total: int = 0
    distinct: int = 0
    threads: int = 0


@dataclass(frozen=True)
class PartnerSummary:
    """A partner with its figures, for the start page and the list of partners."""

    partner: Partner
    count: Count
    unanswered: int
    unreadable: int
    last_at: datetime | None
