"""A consultation as an appointment for the record: FHIR R4, and as a calendar file. Pure.

There is no Danish profile for a video appointment but that of the national telemedicine infrastructure (FUT,
``ehealth-videoappointment``), so its names are used: the identifier of the meeting at VDX, and the extensions for link,
address and guest PIN. Its extension for the host PIN is never written: whoever reads a record must not become host.
Invariants of R4: a participant has a type or an actor (app-1), start and end come together (app-2) and are there
unless it is off (app-3), a reason for cancellation only where it is off or nobody came (app-4).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from fhir.resources.R4B.appointment import Appointment

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import calendar_file
from vdx_plugin.invitations.message import dig, rows, text_at
from vdx_plugin.invitations.narrative import clean
from vdx_plugin.invitations.spoken_time import instant

FUT = "http://ehealth.sundhed.dk/fhir/StructureDefinition/ehealth-"
MEETING = "http://vdx.medcom.dk/meeting"
_UUID = "urn:ietf:rfc:3986"
_SERVICE = "http://ehealth.sundhed.dk/cs/appointment-servicetype"
_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0276"
_PART = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_WHY_OFF = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
_DOCTOR = "#doctor"
OFF = frozenset({"cancelled", "noshow", "entered-in-error"})
"""Statuses in which the link leads nowhere any more."""


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody expected besides the doctor. ``kind`` is FHIR's type of actor, or ``interpreter``."""

    kind: str
    name: str = ""
    system: str = ""
    number: str = ""

    def __repr__(self) -> str:
        return f"Attendee({self.kind})"


@dataclass(frozen=True, slots=True)
class AppointmentRecord:
    """What an appointment says. ``status`` is FHIR's word; ``reason`` why it is off, from HL7's list."""

    id: UUID
    meeting_id: UUID
    status: str
    start: datetime
    end: datetime
    doctor: str
    attendees: tuple[Attendee, ...] = ()
    link: Secret = field(default_factory=lambda: Secret(""))
    address: str = ""
    """What a video client dials."""
    guest_pin: Secret = field(default_factory=lambda: Secret(""))
    planned_ahead: bool = True
    max_participants: int | None = None
    reason: str = ""
    updated_at: datetime | None = None


# --- FHIR -----------------------------------------------------------------------------------------------------------


def write_fhir(record: AppointmentRecord) -> str:
    """Return the appointment as JSON, checked against FHIR's base structure."""
    table: dict[str, Any] = {
        "resourceType": "Appointment",
        "id": str(record.id),
        "meta": {"lastUpdated": instant(record.updated_at)} if record.updated_at else None,
        "contained": [{"resourceType": "Practitioner", "id": _DOCTOR[1:], "name": [{"text": clean(record.doctor)}]}],
        "extension": _extensions(record),
        "identifier": [
            {"system": MEETING, "value": str(record.meeting_id)},
            {"system": _UUID, "value": f"urn:uuid:{record.id}"},
        ],
        "status": record.status,
        "cancelationReason": _coded(_WHY_OFF, record.reason) if record.reason else None,
        "serviceType": [_coded(_SERVICE, "video")],
        "appointmentType": _coded(_TYPE, "ROUTINE" if record.planned_ahead else "WALKIN"),
        "start": instant(record.start),
        "end": instant(record.end),
        "participant": [
            {"actor": {"reference": _DOCTOR, "type": "Practitioner"}, "required": "required", "status": "accepted"},
            *(_participant(one) for one in record.attendees),
        ],
    }
    checked = Appointment.model_validate({name: value for name, value in table.items() if value is not None})
    return json.dumps(checked.model_dump(mode="json"), ensure_ascii=False, indent=1)


def _extensions(record: AppointmentRecord) -> list[dict[str, Any]]:
    is_on = record.status not in OFF
    values: list[tuple[str, str, object]] = [
        ("meeting-url", "valueUri", record.link.reveal() if is_on else ""),
        ("vmr-uri", "valueUri", record.address),
        ("guest-pin-code", "valueString", record.guest_pin.reveal() if is_on else ""),
        ("max-participants", "valueInteger", record.max_participants),
        ("responsible", "valueReference", {"reference": _DOCTOR}),
    ]
    return [{"url": f"{FUT}{name}", kind: value} for name, kind, value in values if value]


def _participant(one: Attendee) -> dict[str, Any]:
    status = {"required": "required", "status": "needs-action"}
    if one.kind == "interpreter":
        named = {"actor": {"display": clean(one.name)}} if one.name else {}
        return {"type": [_coded(_PART, "TRANS")], **named, **status}
    actor: dict[str, Any] = {"type": one.kind}
    if one.number:
        actor["identifier"] = {"system": one.system, "value": one.number}
    if one.name:
        actor["display"] = clean(one.name)
    return {"actor": actor, **status}


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def read_fhir(text: str) -> AppointmentRecord:
    """Read an appointment written like this, by us or by the record. Raises Unreadable."""
    try:
        table = Appointment.model_validate_json(text).model_dump(mode="json")
        return _record(table)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        # Its words would quote the content.
        raise Unreadable("invite.unreadable", type(error).__name__, place="Appointment") from None


def _record(table: Mapping[str, Any]) -> AppointmentRecord:
    extensions = {text_at(row, "url").removeprefix(FUT): row for row in rows(table, "extension")}
    meeting = next(text_at(row, "value") for row in rows(table, "identifier") if row.get("system") == MEETING)
    doctor, *others = rows(table, "participant")
    updated = text_at(table, "meta", "lastUpdated")
    return AppointmentRecord(
        id=UUID(table["id"]),
        meeting_id=UUID(meeting),
        status=table["status"],
        start=datetime.fromisoformat(table["start"]),
        end=datetime.fromisoformat(table["end"]),
        doctor=text_at(table, "contained", 0, "name", 0, "text") or text_at(doctor, "actor", "display"),
        attendees=tuple(_attendee(row) for row in others),
        link=Secret(text_at(extensions.get("meeting-url"), "valueUri")),
        address=text_at(extensions.get("vmr-uri"), "valueUri"),
        guest_pin=Secret(text_at(extensions.get("guest-pin-code"), "valueString")),
        planned_ahead=text_at(table, "appointmentType", "coding", 0, "code") != "WALKIN",
        max_participants=extensions.get("max-participants", {}).get("valueInteger"),
        reason=text_at(table, "cancelationReason", "coding", 0, "code"),
        updated_at=datetime.fromisoformat(updated) if updated else None,
    )


def _attendee(row: Mapping[str, Any]) -> Attendee:
    name = text_at(row, "actor", "display")
    if dig(row, "type"):
        return Attendee("interpreter", name)
    identifier = ("actor", "identifier")
    return Attendee(
        text_at(row, "actor", "type"), name, text_at(row, *identifier, "system"), text_at(row, *identifier, "value")
    )


# --- iCalendar ------------------------------------------------------------------------------------------------------


def write_ical(record: AppointmentRecord, title: str, sequence: int, written_at: datetime) -> str:
    """Return the appointment as a calendar file. It says nothing about the patient: calendars are shared and synced."""
    is_off = record.status in OFF
    entry = calendar_file.Entry(
        str(record.id),
        record.start,
        record.end,
        title,
        Secret("") if is_off else record.link,
        sequence,
        is_off,
        {
            "X-VDX-MEETING": str(record.meeting_id),
            "X-VDX-ADDRESS": record.address,
            "X-VDX-GUEST-PIN": "" if is_off else record.guest_pin.reveal(),
            "X-FHIR-STATUS": record.status,
        },
    )
    return calendar_file.write(entry, written_at)
