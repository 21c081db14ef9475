"""FHIR R4 resources as our values, and a summary as FHIR resources. Pure.

Source: HL7 FHIR R4 (Patient, Practitioner, Encounter, Appointment, DocumentReference); DK Core for systems of numbers.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from vdx_plugin.api.v1 import CPR, EndReason, Identifier, Patient, PersonName, Summary, Unreadable

Resource = Mapping[str, Any]
KEY_SYSTEM = "urn:ietf:rfc:3986"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
VIRTUAL = {"system": ACT_CODE, "code": "VR", "display": "virtual"}
TITLE = "Videokonsultation"
_NOT_HELD = frozenset({EndReason.CANCELLED, EndReason.NO_SHOW})
SETTLED = frozenset({"fulfilled", "cancelled", "noshow", "entered-in-error"})
"""States of an appointment that somebody has decided on."""
VOID = frozenset({"cancelled", "entered-in-error"})
"""States of an encounter that cannot hold a consultation."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient as read: who, whether the record is in use, and the record that it became, if it was merged."""

    patient: Patient
    is_active: bool
    survivor: str | None = None


def subject(found: Resource, base: str) -> Subject:
    """Read a Patient of the server ``base``. Raises Unreadable(``smart.unreadable``) for one without a name."""
    name = _name(found.get("name"))
    if name is None:
        raise Unreadable("smart.unreadable", "no name", place="Patient")
    local = str(found["id"])
    # A record without any number of a known system is still that record of that server.
    identifiers = tuple(_identifiers(found.get("identifier"))) or (Identifier(f"{base}/Patient", local),)
    patient = Patient(
        identifiers,
        name,
        _day(found.get("birthDate")),
        local_id=f"{base}/Patient/{local}",
        email=_contact(found.get("telecom"), ("email",)),
        mobile=_contact(found.get("telecom"), ("phone", "sms")),
    )
    return Subject(patient, found.get("active") is not False, _survivor(found.get("link"), base))


def _identifiers(given: object) -> Iterable[Identifier]:
    for one in _dicts(given):
        system, value = one.get("system"), one.get("value")
        if one.get("use") == "old" or not (isinstance(system, str) and system and isinstance(value, str)):
            # Ten digits without a system are no proof of anything.
            continue
        identifier = Identifier(system, value.replace("-", "").strip() if system == CPR else value.strip())
        if identifier.is_well_formed:
            yield identifier


def _name(given: object) -> PersonName | None:
    names = [
        one for one in _dicts(given) if isinstance(one.get("family"), str) and one.get("use") not in ("old", "maiden")
    ]
    if not names:
        return None
    chosen = min(names, key=lambda one: {"official": 0, "usual": 1}.get(str(one.get("use")), 2))
    first = chosen.get("given")
    words = " ".join(word for word in first if isinstance(word, str)) if isinstance(first, list) else ""
    family = str(chosen["family"]).strip()
    if not family or "\ufffd" in family + words:
        raise Unreadable("smart.unreadable", "a damaged name", place="Patient")
    return PersonName(family, words.strip())


def _day(given: object) -> date | None:
    """Return a whole date; FHIR allows a year or month alone, which is not enough to know somebody by."""
    try:
        return date.fromisoformat(given) if isinstance(given, str) and len(given) == 10 else None
    except ValueError:
        return None


def _contact(given: object, systems: tuple[str, ...]) -> str | None:
    found = [one for one in _dicts(given) if one.get("system") in systems and one.get("use") != "old"]
    found.sort(key=lambda one: one.get("use") != "mobile")
    value = found[0].get("value") if found else None
    return value if isinstance(value, str) and value else None


def _survivor(given: object, base: str) -> str | None:
    for link in _dicts(given):
        other = link.get("other")
        reference = other.get("reference") if isinstance(other, dict) else None
        if link.get("type") == "replaced-by" and isinstance(reference, str):
            return reference.removeprefix(f"{base}/").removeprefix("Patient/")
    return None


def _dicts(given: object) -> list[Mapping[str, Any]]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def practitioner_name(found: Resource) -> PersonName | None:
    """Return the name of a Practitioner, None where there is none."""
    return _name(found.get("name"))


def is_about(found: Resource, patient_id: str, base: str) -> bool:
    """True when a resource names that patient as subject, or as one who takes part."""
    named = [found.get("subject"), *(one.get("actor") for one in _dicts(found.get("participant")))]
    wanted = (f"Patient/{patient_id}", f"{base}/Patient/{patient_id}")
    return any(isinstance(one, dict) and one.get("reference") in wanted for one in named)


# --- writing back -----------------------------------------------------------------------------------------------------


def key_of(key: UUID) -> dict[str, str]:
    """Return the identifier by which a repeat finds what stands there."""
    return {"system": KEY_SYSTEM, "value": f"urn:uuid:{key}"}


def key_token(key: UUID) -> str:
    """The same as a search value."""
    return f"{KEY_SYSTEM}|urn:uuid:{key}"


def has_key(found: Resource, key: UUID) -> bool:
    return key_of(key)["value"] in [one.get("value") for one in _dicts(found.get("identifier"))]


def is_held(summary: Summary) -> bool:
    """True when there is an encounter to write: the patient was seen or heard."""
    return summary.outcome not in _NOT_HELD


def encounter(summary: Summary, patient_id: str) -> dict[str, Any]:
    """Return a new encounter of class VR."""
    return {
        "resourceType": "Encounter",
        "identifier": [key_of(summary.key)],
        "status": "finished",
        "class": VIRTUAL,
        "type": [{"text": TITLE}],
        "subject": {"reference": f"Patient/{patient_id}"},
        "period": _period(summary),
    }


def encounter_after(found: Resource, summary: Summary) -> dict[str, Any]:
    """Return the record's own encounter with what the consultation adds; all else stays as it was."""
    own = {
        "identifier": [*_dicts(found.get("identifier")), key_of(summary.key)],
        "status": "finished",
        "class": VIRTUAL,
        "period": {**_period(summary), **(found.get("period") or {}), "end": _instant(summary.ended_at)},
    }
    return {**found, **own}


def appointment_status(summary: Summary) -> str:
    """Return the appointment's status after the consultation, empty to leave it as it is."""
    if summary.outcome is EndReason.CANCELLED:
        return ""
    return "noshow" if summary.outcome is EndReason.NO_SHOW else "fulfilled"


def document(summary: Summary, patient_id: str, author: str, encounter_id: str | None) -> dict[str, Any]:
    """Return the note as a DocumentReference of plain text."""
    text = summary.note.encode()
    made: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "identifier": [key_of(summary.key)],
        "status": "current",
        "docStatus": "final",
        "type": {"text": TITLE},
        "subject": {"reference": f"Patient/{patient_id}"},
        "date": _instant(summary.ended_at),
        "content": [{"attachment": _attachment(text, summary)}],
    }
    if author:
        made["author"] = [{"reference": author}]
    if encounter_id:
        made["context"] = {"encounter": [{"reference": f"Encounter/{encounter_id}"}], "period": _period(summary)}
    return made


def _attachment(text: bytes, summary: Summary) -> dict[str, Any]:
    return {
        "contentType": "text/plain; charset=utf-8",
        "language": "da",
        "data": base64.b64encode(text).decode("ascii"),
        "size": len(text),
        # FHIR asks for SHA-1 here; it guards against damage, not against forgery.
        "hash": base64.b64encode(hashlib.sha1(text, usedforsecurity=False).digest()).decode("ascii"),
        "title": TITLE,
        "creation": _instant(summary.ended_at),
    }


def _period(summary: Summary) -> dict[str, str]:
    return {"start": _instant(summary.started_at or summary.ended_at), "end": _instant(summary.ended_at)}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
