"""A finished consultation in GNU Health: an evaluation (or a note), an attachment, and the appointment's state.

Each part is looked for before it is made, by the consultation's key, so that a repeat after a crash or a lost answer
finds what is there. The appointment is written last and under Tryton's optimistic lock: who settled it meanwhile wins,
and we say so.
"""

from __future__ import annotations

from typing import Any

from vdx_plugin.adapters.gnuhealth import mapping
from vdx_plugin.adapters.gnuhealth.tryton import TrytonSession
from vdx_plugin.domain.summary import Summary
from vdx_plugin.errors import Conflict

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


async def _evaluation(
    session: TrytonSession, summary: Summary, patient_id: int, appointment_id: int | None, healthprof: int | None
) -> str:
    if not mapping.is_held(summary):
        return await _note(session, summary, patient_id)
    model = "gnuhealth.patient.evaluation"
    mark = [("patient", "=", patient_id), ("information_source", "=", mapping.marker(summary))]
    found = await _first(session, model, mark)
    if found is None:
        values = mapping.evaluation(summary, patient_id, appointment_id, healthprof)
        (found,) = await session.call(f"model.{model}.create", [values], changes=True)
    return f"{model},{found}"


async def _note(session: TrytonSession, summary: Summary, patient_id: int) -> str:
    """A consultation that was not held is no evaluation; what the doctor wrote becomes a note on the patient."""
    resource = f"gnuhealth.patient,{patient_id}"
    mark = mapping.marker(summary)
    found = await _first(session, "ir.note", [("resource", "=", resource), ("message", "like", f"%{mark}%")])
    if found is None:
        values = {"resource": resource, "message": f"{summary.note}\n\n({mark})"}
        (found,) = await session.call("model.ir.note.create", [values], changes=True)
    return f"ir.note,{found}"


async def _attachment(session: TrytonSession, summary: Summary, entry: str) -> None:
    if not mapping.is_held(summary):
        return
    name = f"vdx-{summary.key}.json"
    if await _first(session, "ir.attachment", [("resource", "=", entry), ("name", "=", name)]) is None:
        values = {"resource": entry, "name": name, "type": "data", "data": mapping.receipt_file(summary)}
        await session.call("model.ir.attachment.create", [values], changes=True)


async def _first(session: TrytonSession, model: str, domain: list[tuple[str, str, Any]]) -> int | None:
    found = await session.call(f"model.{model}.search", domain, 0, 1, None)
    return int(found[0]) if found else None
