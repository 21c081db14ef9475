"""What a message says, in our own words: patients seen, numbers merged, appointments made, moved and dropped.

Events read: ADT A01, A04, A05, A08, A28, A31 (a patient and what is known), A18, A30, A40, A47 (two numbers are one
patient), SIU S12, S13, S14 (an appointment as it now stands), S15, S17, S26 (it will not take place). ADT A03, A11 and
A13 are taken and say nothing to us: whoever leaves, or did not come after all, is a patient of the clinic still. HL7
v2.5.1, chapters 3, 10.

An ADT feed says who is registered, never whose record the doctor is looking at, so no context comes from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from vdx_plugin.adapters.hl7v2 import reading
from vdx_plugin.adapters.hl7v2.reading import Field, Message, Segment, unreadable
from vdx_plugin.api.v1 import CPR, D_ECPR, X_ECPR, Appointment, Identifier, Patient, PersonName, Unsupported

LOCAL = "urn:vdx-plugin:hl7v2:"
"""Prefix of the system of a number that only has the name of its assigner."""
VIDEO = "VIDEO"
GLN_ARC = "1.3.88."
"""A location number as an OID: ISO 6523 has given GS1 the code 88, and its numbers follow."""

_DANISH = {
    "1.2.208.176.1.2": CPR,
    "1.2.208.176.1.6.1.1": X_ECPR,
    "1.2.208.176.1.6.1.3": D_ECPR,
}
_OWN_NUMBERS = ("PI", "MR", "PT")
_PATIENT_EVENTS = ("A01", "A04", "A05", "A08", "A28", "A31")
_MERGES = ("A18", "A30", "A40", "A47")
_SAY_NOTHING = ("A03", "A11", "A13")
_STANDING = {"S12": "booked", "S13": "booked", "S14": "booked"}
_DROPPED = {"S15": "cancelled", "S17": "deleted", "S26": "no_show"}
_VERSION = re.compile(r"2\.[3-9](\.\d)?")
_GLN = re.compile(r"\d{13}")
_DEFAULT_LENGTH = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class PatientSeen:
    patient: Patient


@dataclass(frozen=True, slots=True)
class PatientsMerged:
    """``retired`` is one of the numbers that are no longer used; ``survivor`` is the patient who stays."""

    retired: tuple[Identifier, ...]
    survivor: Patient


@dataclass(frozen=True, slots=True)
class AppointmentStands:
    """``placer`` and ``filler`` are SCH-1 and SCH-2 as the sender wrote them; by them it knows the appointment."""

    appointment: Appointment
    patient: Patient
    placer: str = ""
    filler: str = ""


@dataclass(frozen=True, slots=True)
class AppointmentDropped:
    id: str
    status: str


News = PatientSeen | PatientsMerged | AppointmentStands | AppointmentDropped


def news_of(message: Message, *, processing_id: str, senders: frozenset[str] = frozenset()) -> tuple[News, ...]:
    """Return what ``message`` says; mostly one thing, several where one message merges several patients.

    ``senders`` are the values of MSH-3 we listen to, empty for all. ``processing_id`` is the one we accept in
    MSH-11: a test message must not reach a clinic at work, nor the other way about. Raises
    Unsupported(``hl7.unsupported``) for what we do not take, Unreadable for what breaks its standard; both carry the
    ``condition`` of table 0357.
    """
    header = message.header
    if not _VERSION.fullmatch(header.version):
        raise _unsupported(reading.VERSION, "MSH-12")
    if header.processing_id != processing_id:
        raise _unsupported(reading.PROCESSING_ID, "MSH-11")
    if senders and header.sending_application not in senders:
        raise _unsupported(reading.TABLE_VALUE, "MSH-3")
    if header.kind == "ADT":
        return _patient_news(message)
    if header.kind == "SIU":
        return (_appointment_news(message),)
    raise _unsupported(reading.UNKNOWN_TYPE, "MSH-9")


def _unsupported(condition: int, place: str) -> Unsupported:
    return Unsupported("hl7.unsupported", place, condition=condition)


def _patient_news(message: Message) -> tuple[News, ...]:
    trigger = message.header.trigger
    if trigger in _PATIENT_EVENTS:
        return (PatientSeen(_patient(message.need("PID"))),)
    if trigger in _MERGES:
        return tuple(_merges(message))
    if trigger in _SAY_NOTHING:
        return ()
    raise _unsupported(reading.UNKNOWN_EVENT, "MSH-9")


def _merges(message: Message) -> Iterator[News]:
    """A40 and its older kin repeat the pair of PID and MRG; each merge is of the PID before it."""
    message.need("PID")
    message.need("MRG")
    pid: Segment | None = None
    for segment in message.segments:
        if segment.name == "PID":
            if pid is not None:
                raise unreadable(reading.SEQUENCE, "a survivor without a retired number", "MRG")
            pid = segment
        elif segment.name == "MRG":
            if pid is None:
                raise unreadable(reading.SEQUENCE, "a retired number without a survivor", "PID")
            yield _merge(pid, segment)
            pid = None
    if pid is not None:
        raise unreadable(reading.SEQUENCE, "a survivor without a retired number", "MRG")


def _merge(pid: Segment, mrg: Segment) -> PatientsMerged:
    survivor = _patient(pid)
    retired = tuple(_identifiers(mrg, 1))
    if set(retired) & set(survivor.identifiers):
        raise unreadable(reading.TABLE_VALUE, "the retired number is the surviving one", "MRG-1")
    return PatientsMerged(retired, survivor)


def _patient(pid: Segment) -> Patient:
    identifiers = tuple(_identifiers(pid, 3))
    family, given = pid.text(5, 1), " ".join(filter(None, (pid.text(5, 2), pid.text(5, 3))))
    if not family and not given:
        raise unreadable(reading.MISSING, "no name", "PID-5")
    return Patient(
        identifiers=identifiers,
        name=PersonName(family, given),
        birth_date=reading.read_date(pid.text(7), "PID-7"),
        local_id=_own_number(pid),
        email=_email(pid),
        mobile=_mobile(pid),
    )


def _identifiers(segment: Segment, number: int) -> Iterator[Identifier]:
    place = f"{segment.name}-{number}"
    found = False
    for field in segment.repetitions(number):
        if not field.part(1):
            continue
        found = True
        yield _identifier(field, place)
    if not found:
        raise unreadable(reading.MISSING, "no identifier", place)


def _identifier(field: Field, place: str) -> Identifier:
    system = _system(field)
    value = field.part(1)
    identifier = Identifier(system, value.replace("-", "") if system in _DANISH.values() else value)
    if not identifier.is_well_formed:
        raise unreadable(reading.DATA_TYPE, "a number that cannot be of its kind", place)
    return identifier


def _system(field: Field) -> str:
    """CX.4 is the assigner: name, universal id, type of id. Ten digits alone are never taken for a CPR number."""
    name, universal = field.part(4, 1), field.part(4, 2)
    if universal in _DANISH:
        return _DANISH[universal]
    if universal:
        return f"urn:oid:{universal}"
    return CPR if name == "CPR" else f"{LOCAL}{name or field.part(5)}"


def _own_number(pid: Segment) -> str | None:
    for field in pid.repetitions(3):
        if field.part(5) in _OWN_NUMBERS:
            return field.part(1)
    return None


def _email(pid: Segment) -> str | None:
    for number in (13, 14):
        for field in pid.repetitions(number):
            if "@" in field.part(4):
                return field.part(4)
    return None


def _mobile(pid: Segment) -> str | None:
    for field in pid.repetitions(13):
        if field.part(3) == "CP":
            return field.part(12) or field.part(1) or None
    return None


def _appointment_news(message: Message) -> News:
    trigger = message.header.trigger
    schedule = message.need("SCH")
    appointment_id = schedule.text(2) or schedule.text(1)
    if not appointment_id:
        raise unreadable(reading.MISSING, "an appointment without a number", "SCH-2")
    if trigger in _DROPPED:
        return AppointmentDropped(appointment_id, _DROPPED[trigger])
    if trigger not in _STANDING:
        raise _unsupported(reading.UNKNOWN_EVENT, "MSH-9")
    patient = _patient(message.need("PID"))
    start, end = _times(message, schedule)
    reason = schedule.text(7, 1) or schedule.text(7, 2)
    appointment = Appointment(
        id=appointment_id,
        patient_ref=patient.local_id or "",
        start=start,
        end=end,
        reason=schedule.text(7, 2) or reason,
        is_video=reason.upper() == VIDEO,
        partner_glns=tuple(dict.fromkeys(_partner_glns(message))),
        status=_STANDING[trigger],
        patient_label=patient.name.full if patient.name else "",
    )
    return AppointmentStands(appointment, patient, schedule.text(1), schedule.text(2))


def _times(message: Message, schedule: Segment) -> tuple[datetime, datetime]:
    """The time stands in SCH-11 (to 2.4 and by custom later) or in TQ1-7 and TQ1-8 (from 2.5)."""
    timing = message.first("TQ1")
    if schedule.text(11, 4):
        begin, finish, place = schedule.text(11, 4), schedule.text(11, 5), "SCH-11"
    elif timing is not None:
        begin, finish, place = timing.text(7), timing.text(8), "TQ1-7"
    else:
        raise unreadable(reading.MISSING, "no time", "SCH-11")
    start = reading.read_time(begin, place)
    end = reading.read_time(finish, place) if finish else start + _length(schedule)
    if end <= start:
        raise unreadable(reading.TABLE_VALUE, "it ends before it begins", place)
    return start, end


def _length(schedule: Segment) -> timedelta:
    minutes = schedule.text(9)
    in_minutes = schedule.text(10).upper() in ("", "M", "MIN", "MINUTES")
    if re.fullmatch(r"\d{1,3}", minutes) and int(minutes) and in_minutes:
        return timedelta(minutes=int(minutes))
    return _DEFAULT_LENGTH


def _partner_glns(message: Message) -> Iterator[str]:
    """AIL-3.4 (PL.4, facility) carries a partner: name, its location number under 1.3.88, type ISO.

    A location of our own without such a number is none. A number with a wrong check digit is refused: one digit
    further may live another hospital.
    """
    for location in message.all("AIL"):
        universal = location.text(3, 4, 2)
        gln = universal.removeprefix(GLN_ARC)
        if not _GLN.fullmatch(gln):
            continue
        if not _has_check_digit(gln):
            raise unreadable(reading.TABLE_VALUE, "a location number with a wrong check digit", "AIL-3")
        yield gln


def _has_check_digit(gln: str) -> bool:
    """GS1 General Specifications, 7.9: weights 1 and 3 from the left for thirteen digits."""
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(gln[:12]))
    return (10 - weighted % 10) % 10 == int(gln[12])
