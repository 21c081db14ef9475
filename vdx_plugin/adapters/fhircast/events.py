"""What a hub sends over the websocket, and what we answer. Pure. Source: FHIRcast 3.0.0, sections 2.3 to 2.6.

Names of events are compared without regard to case (2.3.1). Hubs of the second version still send ``heartbeat``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from vdx_plugin.api.v1 import Identifier, Patient, PersonName, Unreadable

MAX_FRAME_BYTES = 1_000_000
FHIRCAST_PATIENT = "urn:fhircast:patient-id"
"""System of a patient's id at the record's FHIR server, where the resource brings no identifier with a system."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The first frame: the subscription holds, with what the hub made of it, or was denied."""

    is_denied: bool
    events: tuple[str, ...] = ()
    lease_s: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One notification. ``name`` is in lower case; ``patient`` is None where the context names none."""

    id: str
    at: datetime
    name: str
    patient: Patient | None = None
    encounter_id: str | None = None
    version: str = ""

    def __repr__(self) -> str:
        return f"Event({self.name!r})"


def read_frame(text: str | bytes) -> Confirmation | Event:
    """Read one frame. Raises Unreadable(``fhircast.unreadable``) with the place and never the content."""
    if len(text) > MAX_FRAME_BYTES:
        raise _unreadable("frame", "too large")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise _unreadable("frame", "not JSON") from None
    if not isinstance(frame, dict):
        raise _unreadable("frame", "not an object")
    return _confirmation(frame) if "hub.mode" in frame else _event(frame)


def id_of(text: str | bytes) -> str:
    """Return the id of a frame that cannot be used, so that it can be answered; empty where it has none."""
    try:
        found = json.loads(text)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return found if isinstance(found, str) and len(found) <= 200 else ""


def answer(event_id: str, status: int) -> str:
    """Return the frame that answers an event (2.5.4)."""
    return json.dumps({"id": event_id, "status": status})


def _confirmation(frame: Mapping[str, Any]) -> Confirmation:
    if frame["hub.mode"] == "denied":
        return Confirmation(is_denied=True)
    names = tuple(name.strip().lower() for name in str(frame.get("hub.events", "")).split(",") if name.strip())
    lease = frame.get("hub.lease_seconds")
    return Confirmation(False, names, int(lease) if isinstance(lease, int | float) and lease > 0 else None)


def _event(frame: Mapping[str, Any]) -> Event:
    told = frame.get("event")
    event_id, name = frame.get("id"), told.get("hub.event") if isinstance(told, dict) else None
    if not isinstance(event_id, str) or not event_id:
        raise _unreadable("id", "missing")
    if not isinstance(told, dict) or not isinstance(name, str) or not name:
        raise _unreadable("event.hub.event", "missing")
    resources = _resources(told.get("context", []))
    encounter = resources.get("encounter")
    return Event(
        id=event_id,
        at=_time(frame.get("timestamp")),
        name=name.lower(),
        patient=_patient(resources["patient"]) if "patient" in resources else None,
        encounter_id=_text(encounter.get("id")) if encounter else None,
        version=_text(told.get("context.versionId")) or "",
    )


def patient_of(context: Any) -> Patient | None:
    """Return the patient that a context names, None where it names none. Raises Unreadable."""
    resources = _resources(context)
    return _patient(resources["patient"]) if "patient" in resources else None


def _resources(context: Any) -> dict[str, Mapping[str, Any]]:
    """Return the context's resources by their key, in lower case."""
    if not isinstance(context, list):
        raise _unreadable("event.context", "not a list")
    found: dict[str, Mapping[str, Any]] = {}
    for place, entry in enumerate(context):
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
            raise _unreadable(f"event.context[{place}].key", "missing")
        resource = entry.get("resource")
        if isinstance(resource, dict):
            found[entry["key"].lower()] = resource
    return found


def _patient(resource: Mapping[str, Any]) -> Patient:
    identifiers = tuple(_identifiers(resource.get("identifier")))
    own = _text(resource.get("id"))
    if not identifiers and not own:
        raise _unreadable("event.context.patient", "neither identifier nor id")
    return Patient(
        identifiers=identifiers or (Identifier(FHIRCAST_PATIENT, own or ""),),
        name=_name(resource.get("name")),
        birth_date=_date(resource.get("birthDate")),
        local_id=own,
    )


def _identifiers(rows: Any) -> Sequence[Identifier]:
    """Only an identifier with its system says who is meant."""
    if not isinstance(rows, list):
        return ()
    pairs = [(_text(row.get("system")), _text(row.get("value"))) for row in rows if isinstance(row, dict)]
    found = [Identifier(system, value) for system, value in pairs if system and value]
    return [one for one in found if one.is_well_formed]


def _name(rows: Any) -> PersonName | None:
    """The official name, else the first (FHIR R4, HumanName.use)."""
    names = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    names.sort(key=lambda row: row.get("use") != "official")
    for row in names:
        family, given = _text(row.get("family")), row.get("given")
        if family:
            parts = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
            return PersonName(family, " ".join(parts))
    return None


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _time(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise _unreadable("timestamp", "not a time with a zone")
    return found


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) and len(value) <= 500 else None


def _unreadable(place: str, why: str) -> Unreadable:
    return Unreadable("fhircast.unreadable", why, place=place)
