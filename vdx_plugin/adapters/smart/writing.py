"""A finished consultation in the record: Encounter of class VR, DocumentReference with the note, Appointment's status.

Each is looked for by the consultation's key before it is made, where searching was granted, and made under
If-None-Exist besides; what is changed is changed under If-Match. Nothing is tried that was not granted.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from vdx_plugin.adapters.smart import mapping
from vdx_plugin.adapters.smart.fhir import Record, Resource
from vdx_plugin.api.v1 import Conflict, Refused, Summary, Unsupported


@dataclass(frozen=True, slots=True)
class Target:
    """Whose record it goes into, who writes, and what the launch brought."""

    patient_id: str
    author: str
    encounter_id: str | None = None
    appointment_id: str | None = None


async def write(record: Record, target: Target, summary: Summary) -> str:
    """Write ``summary`` and return its entry, such as ``DocumentReference/7``.

    Raises Conflict(``writeback.conflict``) where somebody has decided otherwise, mostly before anything is written;
    Unsupported(``smart.no_right``) where the note may not be written.
    """
    if summary.note:
        record.need("DocumentReference", "c")
    appointment = await _open_appointment(record, target, summary)
    encounter = await _encounter(record, target, summary)
    entry = f"Encounter/{encounter}" if encounter else ""
    if summary.note:
        made = mapping.document(summary, target.patient_id, target.author, encounter)
        entry = f"DocumentReference/{await _once(record, made, target, summary.key)}"
    if appointment is not None:
        found, version = appointment
        await record.update({**found, "status": mapping.appointment_status(summary)}, version)
        entry = entry or f"Appointment/{target.appointment_id}"
    if not entry:
        raise Unsupported("smart.no_right", "nothing of it may be written")
    return entry


async def find(record: Record, target: Target, key: UUID) -> str | None:
    """Return the entry of that key in the patient's record, None if there is none. Raises Unsupported."""
    for kind in ("DocumentReference", "Encounter"):
        if record.allows(kind, "s"):
            local = await _find(record, kind, target, key)
            if local:
                return f"{kind}/{local}"
    if not record.allows("DocumentReference", "s"):
        raise Unsupported("smart.no_right", "DocumentReference.s")
    return None


async def _open_appointment(record: Record, target: Target, summary: Summary) -> tuple[Resource, str] | None:
    """Return the appointment that is to be settled, with its version; None where there is nothing to settle."""
    wanted = mapping.appointment_status(summary)
    may = record.allows("Appointment", "r") and record.allows("Appointment", "u")
    if target.appointment_id is None or not wanted or not may:
        return None
    found, version = await record.read("Appointment", target.appointment_id)
    _check_patient(found, target, record)
    if found.get("status") == wanted:
        return None
    if found.get("status") in mapping.SETTLED:
        raise Conflict("writeback.conflict", "the appointment is settled otherwise")
    return found, version


async def _encounter(record: Record, target: Target, summary: Summary) -> str | None:
    """Write the encounter, or leave the record's own as it is where it is closed; return its id."""
    if not mapping.is_held(summary):
        return None
    if target.encounter_id is None:
        if not record.allows("Encounter", "c"):
            return None
        return await _once(record, mapping.encounter(summary, target.patient_id), target, summary.key)
    if not record.allows("Encounter", "r"):
        return target.encounter_id
    found, version = await record.read("Encounter", target.encounter_id)
    _check_patient(found, target, record)
    if found.get("status") in mapping.VOID:
        raise Conflict("writeback.conflict", "the encounter was called off")
    is_done = mapping.has_key(found, summary.key) or found.get("status") == "finished"
    if not is_done and record.allows("Encounter", "u"):
        await record.update(mapping.encounter_after(found, summary), version)
    return target.encounter_id


async def _once(record: Record, resource: Resource, target: Target, key: UUID) -> str:
    """Return the id of the one resource of that key, made now or before."""
    kind = str(resource["resourceType"])
    known = await _find(record, kind, target, key) if record.allows(kind, "s") else None
    if known:
        return known
    made = await record.create(resource, f"identifier={mapping.key_token(key)}")
    if made is None:
        return await _find(record, kind, target, key) or ""
    _check_patient(made, target, record)
    return str(made.get("id") or "")


async def _find(record: Record, kind: str, target: Target, key: UUID) -> str | None:
    found = await record.search(kind, patient=target.patient_id, identifier=mapping.key_token(key))
    # A server that ignores a parameter answers with everything.
    ours = [one for one in found if mapping.has_key(one, key)]
    for one in ours:
        _check_patient(one, target, record)
    return str(ours[0]["id"]) if ours else None


def _check_patient(found: Resource, target: Target, record: Record) -> None:
    if not mapping.is_about(found, target.patient_id, record.base):
        raise Refused("smart.other_patient", str(found.get("resourceType")))
