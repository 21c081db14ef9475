"""A consultation's content as JSON and back, field by field, with the number of its form.

Written out by hand on purpose: what lies on disk must not change because somebody renames a field. A later form adds
fields with a default here; a form newer than this program is refused instead of read by halves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from vdx_plugin.domain.context import ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.parties import Channel, Interpreting, LetterFormat, Partner, Party, PartyRole, Purpose, Unit
from vdx_plugin.domain.patients import Identifier, Patient, PersonName
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.room import ProvisionStatus, Room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Unreadable

FORM = 5
"""2 added the wish to move a meeting, and whom it is organised for; 3 the purpose, what an interpreter is ordered for,
and a partner's format, mobile number and categories; 4 who receives for a partner without a location number; 5 who is
not expected any longer."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """The part of a consultation that says who it is about and where it takes place."""

    context: ClinicContext
    plan: Plan
    room: Room | None
    moving_to: tuple[datetime, datetime] | None = None


def encode(content: Content) -> bytes:
    """Return ``content`` as JSON in UTF-8."""
    document = {
        "form": FORM,
        "context": _context(content.context),
        "plan": _plan(content.plan),
        "room": _room(content.room) if content.room else None,
        "moving_to": [_time(moment) for moment in content.moving_to] if content.moving_to else None,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def decode(data: bytes) -> Content:
    """Read what ``encode`` wrote. Raises Unreadable(``store.newer``) or Unreadable(``store.unreadable``)."""
    try:
        document = json.loads(data)
        if document["form"] > FORM:
            raise Unreadable("store.newer", f"form {document['form']}", place="consultation")
        room = document["room"]
        return Content(
            _read_context(document["context"]),
            _read_plan(document["plan"]),
            _read_room(room) if room else None,
            _read_span(document.get("moving_to")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Only the kind of error: its text and its cause would carry what stood there.
        raise Unreadable("store.unreadable", type(error).__name__, place="consultation") from None


# --- context ----------------------------------------------------------------------------------------------------------


def _context(context: ClinicContext) -> Json:
    return {
        "source": context.source,
        "patient": _patient(context.patient),
        "user": _user(context.user),
        "organisation": _organisation(context.organisation),
        "opened_at": _time(context.opened_at),
        "expires_at": _time(context.expires_at),
        "appointment_id": context.appointment_id,
        "encounter_id": context.encounter_id,
        "version": context.version,
    }


def _read_context(data: Mapping[str, Any]) -> ClinicContext:
    return ClinicContext(
        source=data["source"],
        patient=_read_patient(data["patient"]),
        user=_read_user(data["user"]),
        organisation=_read_organisation(data["organisation"]),
        opened_at=datetime.fromisoformat(data["opened_at"]),
        expires_at=_read_time(data["expires_at"]),
        appointment_id=data["appointment_id"],
        encounter_id=data["encounter_id"],
        version=data["version"],
    )


def _patient(patient: Patient) -> Json:
    return {
        "identifiers": [[identifier.system, identifier.value] for identifier in patient.identifiers],
        "name": _name(patient.name),
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        "local_id": patient.local_id,
        "email": patient.email,
        "mobile": patient.mobile,
    }


def _read_patient(data: Mapping[str, Any]) -> Patient:
    return Patient(
        identifiers=tuple(Identifier(system, value) for system, value in data["identifiers"]),
        name=_read_name(data["name"]),
        birth_date=date.fromisoformat(data["birth_date"]) if data["birth_date"] else None,
        local_id=data["local_id"],
        email=data["email"],
        mobile=data["mobile"],
    )


def _user(user: ClinicUser) -> Json:
    return {
        "id": user.id,
        "initials": user.initials,
        "name": _name(user.name),
        "role": user.role,
        "email": user.email,
    }


def _read_user(data: Mapping[str, Any]) -> ClinicUser:
    return ClinicUser(data["id"], data["initials"], _read_name(data["name"]), data["role"], data["email"])


def _organisation(organisation: Organisation) -> Json:
    return {
        "name": organisation.name,
        "sor": organisation.sor,
        "gln": organisation.gln,
        "provider_number": organisation.provider_number,
        "phone": organisation.phone,
    }


def _read_organisation(data: Mapping[str, Any]) -> Organisation:
    return Organisation(data["name"], data["sor"], data["gln"], data["provider_number"], data["phone"])


def _name(name: PersonName | None) -> Json | None:
    return {"family": name.family, "given": name.given} if name else None


def _read_name(data: Mapping[str, Any] | None) -> PersonName | None:
    return PersonName(data["family"], data["given"]) if data else None


# --- plan -------------------------------------------------------------------------------------------------------------


def _plan(plan: Plan) -> Json:
    return {
        "start": _time(plan.start),
        "end": _time(plan.end),
        "parties": [_party(party) for party in plan.parties],
        "planned_ahead": plan.planned_ahead,
        "organised_by": plan.organised_by,
        "purpose": plan.purpose.value,
        "withdrawn": [_party(party) for party in plan.withdrawn],
    }


def _read_plan(data: Mapping[str, Any]) -> Plan:
    return Plan(
        start=datetime.fromisoformat(data["start"]),
        end=datetime.fromisoformat(data["end"]),
        parties=tuple(_read_party(party) for party in data["parties"]),
        planned_ahead=data["planned_ahead"],
        organised_by=data.get("organised_by", ""),
        purpose=Purpose(data.get("purpose", Purpose.CONSULTATION)),
        withdrawn=tuple(_read_party(party) for party in data.get("withdrawn", ())),
    )


def _party(party: Party) -> Json:
    return {
        "key": party.key,
        "role": party.role.value,
        "channel": party.channel.value,
        "partner": _partner(party.partner) if party.partner else None,
        "address": party.address,
        "language": party.language,
        "interpreting": _interpreting(party.interpreting) if party.interpreting else None,
    }


def _read_party(data: Mapping[str, Any]) -> Party:
    return Party(
        key=data["key"],
        role=PartyRole(data["role"]),
        channel=Channel(data["channel"]),
        partner=_read_partner(data["partner"]) if data["partner"] else None,
        address=data["address"],
        language=data["language"],
        interpreting=_read_interpreting(data.get("interpreting")),
    )


def _interpreting(wanted: Interpreting) -> Json:
    return {"sex": wanted.sex, "requisition": wanted.requisition, "place": wanted.place}


def _read_interpreting(data: Mapping[str, Any] | None) -> Interpreting | None:
    return Interpreting(data["sex"], data["requisition"], data["place"]) if data else None


def _partner(partner: Partner) -> Json:
    return {
        "id": partner.id,
        "name": partner.name,
        "role": partner.role.value,
        "channel": partner.channel.value,
        "sor": partner.sor,
        "gln": partner.gln,
        "email": partner.email,
        "phone": partner.phone,
        "category": partner.category,
        "wants_pin": partner.wants_pin,
        "format": partner.format.value,
        "mobile": partner.mobile,
        "categories": [[purpose.value, category] for purpose, category in partner.categories],
        "parent": partner.parent,
        "served_by": _unit(partner.served_by) if partner.served_by else None,
    }


def _unit(unit: Unit) -> Json:
    return {"name": unit.name, "sor": unit.sor, "gln": unit.gln}


def _read_unit(data: Mapping[str, Any] | None) -> Unit | None:
    return Unit(data["name"], data["sor"], data["gln"]) if data else None


def _read_partner(data: Mapping[str, Any]) -> Partner:
    return Partner(
        id=data["id"],
        name=data["name"],
        role=PartyRole(data["role"]),
        channel=Channel(data["channel"]),
        sor=data["sor"],
        gln=data["gln"],
        email=data["email"],
        phone=data["phone"],
        category=data["category"],
        wants_pin=data["wants_pin"],
        format=LetterFormat(data.get("format", LetterFormat.NATIVE)),
        mobile=data.get("mobile"),
        categories=tuple((Purpose(purpose), category) for purpose, category in data.get("categories", ())),
        parent=data.get("parent"),
        served_by=_read_unit(data.get("served_by")),
    )


# --- room -------------------------------------------------------------------------------------------------------------


def _room(room: Room) -> Json:
    return {
        "meeting_id": str(room.meeting_id),
        "alias": room.alias,
        "host_pin": _revealed(room.host_pin),
        "guest_pin": _revealed(room.guest_pin),
        "status": room.status.value,
        "portal_link": _revealed(room.portal_link),
        "short_link": _revealed(room.short_link),
        "end": _time(room.end),
    }


def _read_room(data: Mapping[str, Any]) -> Room:
    return Room(
        meeting_id=UUID(data["meeting_id"]),
        alias=data["alias"],
        host_pin=_read_secret(data["host_pin"]),
        guest_pin=_read_secret(data["guest_pin"]),
        status=ProvisionStatus(data["status"]),
        portal_link=_read_secret(data["portal_link"]),
        short_link=_read_secret(data["short_link"]),
        end=_read_time(data["end"]),
    )


def _revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None


def _read_secret(text: str | None) -> Secret | None:
    return Secret(text) if text is not None else None


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _read_span(texts: list[str] | None) -> tuple[datetime, datetime] | None:
    if not texts:
        return None
    start, end = texts
    return datetime.fromisoformat(start), datetime.fromisoformat(end)


def _read_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
