"""A finished consultation in GNU Health: an evaluation (or a note), an attachment, and the appointment's state.

Each part is looked for before it is made, by the consultation's key, so that a repeat after a crash or a lost answer
finds what is there. The appointment is written last and under Tryton's optimistic lock: who settled it meanwhile wins,
and we say so.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from vdx_plugin.adapters.gnuhealth import mapping
from vdx_plugin.adapters.gnuhealth.tryton import TrytonSession
from vdx_plugin.api.v1 import Conflict, Summary

Domain = list[tuple[str, str, Any]]
EVALUATION = "gnuhealth.patient.evaluation"
_SETTLED = frozenset({"done", "no_show", "user_cancelled", "center_cancelled"})


async def write(
    session: TrytonSession, summary: Summary, patient_id: int, appointment_id: int | None, healthprof: int | None
) -> str:
    """Write ``summary`` and return the id of its entry, such as ``gnuhealth.patient.evaluation,7``.

    Raises Conflict(``writeback.conflict``) when the appointment has been settled otherwise, before anything is
    written, or between our look and our write.
    """
    stamp = await _appointment_stamp(session, summary, appointment_id)
    entry = await _evaluation(session, summary, patient_id, appointment_id, healthprof)
    await _attachment(session, summary, entry)
    if appointment_id is not None and stamp is not None:
        await session.call(
            "model.gnuhealth.appointment.write",
            [appointment_id],
            {"state": mapping.appointment_state(summary)},
            changes=True,
            _timestamp={f"gnuhealth.appointment,{appointment_id}": stamp},
        )
    return entry


async def _appointment_stamp(session: TrytonSession, summary: Summary, appointment_id: int | None) -> str | None:
    """Return the version under which the appointment may be settled; None when there is nothing to settle."""
    wanted = mapping.appointment_state(summary)
    if appointment_id is None or not wanted:
        return None
    fields = ["state", "_timestamp"]
    (found,) = await session.call("model.gnuhealth.appointment.read", [appointment_id], fields)
    if found["state"] == wanted:
        return None
    if found["state"] in _SETTLED:
        raise Conflict("writeback.conflict", "the appointment is settled otherwise")
    return str(found["_timestamp"])


async def find(session: TrytonSession, patient_id: int, key: UUID) -> str | None:
    """Return the id of the entry of that key in the patient's record, None if there is none."""
    evaluation = await _first(session, EVALUATION, _marked(patient_id, key))
    if evaluation is not None:
        return f"{EVALUATION},{evaluation}"
    note = await _first(session, "ir.note", _noted(patient_id, key))
    return f"ir.note,{note}" if note is not None else None


def _marked(patient_id: int, key: UUID) -> Domain:
    return [("patient", "=", patient_id), ("information_source", "=", mapping.marker(key))]


def _noted(patient_id: int, key: UUID) -> Domain:
    return [("resource", "=", f"gnuhealth.patient,{patient_id}"), ("message", "like", f"%{mapping.marker(key)}%")]


async def _evaluation(
    session: TrytonSession, summary: Summary, patient_id: int, appointment_id: int | None, healthprof: int | None
) -> str:
    if not mapping.is_held(summary):
        return await _note(session, summary, patient_id)
    found = await _first(session, EVALUATION, _marked(patient_id, summary.key))
    if found is None:
        values = mapping.evaluation(summary, patient_id, appointment_id, healthprof)
        (found,) = await session.call(f"model.{EVALUATION}.create", [values], changes=True)
    return f"{EVALUATION},{found}"


async def _note(session: TrytonSession, summary: Summary, patient_id: int) -> str:
    """A consultation that was not held is no evaluation; what the doctor wrote becomes a note on the patient."""
    found = await _first(session, "ir.note", _noted(patient_id, summary.key))
    if found is None:
        message = f"{summary.note}\n\n({mapping.marker(summary.key)})"
        values = {"resource": f"gnuhealth.patient,{patient_id}", "message": message}
        (found,) = await session.call("model.ir.note.create", [values], changes=True)
    return f"ir.note,{found}"


async def _attachment(session: TrytonSession, summary: Summary, entry: str) -> None:
    if not mapping.is_held(summary):
        return
    name = f"vdx-{summary.key}.json"
    if await _first(session, "ir.attachment", [("resource", "=", entry), ("name", "=", name)]) is None:
        values = {"resource": entry, "name": name, "type": "data", "data": mapping.receipt_file(summary)}
        await session.call("model.ir.attachment.create", [values], changes=True)


async def _first(session: TrytonSession, model: str, domain: Domain) -> int | None:
    found = await session.call(f"model.{model}.search", domain, 0, 1, None)
    return int(found[0]) if found else None
