"""The records of the message hub: partners, messages on their way, letters received."""

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


class Behaviour(StrEnum):
    """How a partner's system answers. A message that fails the checks is a fatal-error whatever the behaviour."""

    OK = "ok"
    SLOW = "slow"
    SILENT = "silent"
    REJECT = "reject"
    DUPLICATE = "duplicate"
    TRANSIENT = "transient"


@dataclass(frozen=True)
class Partner:
    """A party that receives messages. ``answers_in`` is the form its own messages take."""

    gln: str
    sor: str
    name: str
    kind: PartnerKind
    behaviour: Behaviour = Behaviour.OK
    answers_in: str = JSON_MIME


@dataclass(frozen=True)
class PartnerTimes:
    """How long partners take: to acknowledge, and when they are slow."""

    acknowledge_s: float = 1.0
    slow_s: float = 20.0


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
    """A message as the partner keeps it: shown once, however often it came. ``other_gln`` is the other side's."""

    header_id: str
    thread_id: str
    other_gln: str
    arrived_at: datetime
    bundle: Mapping[str, Any] = field(repr=False)
    source: str = field(repr=False)
    mime: str = JSON_MIME
    findings: tuple[Finding, ...] = ()
    outgoing: bool = False


@dataclass(frozen=True)
class Count:
    """How many messages came, how many different ones (by MessageHeader.id) and in how many threads."""

    received_total: int = 0
    distinct: int = 0
    threads: int = 0
