"""GNU Health's records as our values, and a summary as GNU Health's values. Pure.

Source: GNU Health 5.0 ``health/health.py`` (models ``gnuhealth.patient``, ``gnuhealth.appointment``,
``gnuhealth.patient.evaluation``) and Tryton's ``party.party``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from vdx_plugin.api.v1 import (
    CPR,
    D_ECPR,
    X_ECPR,
    Appointment,
    EndReason,
    Identifier,
    Patient,
    PersonName,
    Summary,
    Unreadable,
)

PUID = "urn:gnuhealth:puid"
"""System of a person's number at the centre, where it is not known to be a Danish one."""
PATIENT_FIELDS = ["party", "puid", "active"]
PARTY_FIELDS = ["name", "lastname", "dob", "email", "mobile", "active", "replaced_by", "deceased"]
APPOINTMENT_FIELDS = ["name", "patient", "patient.rec_name", "appointment_date", "appointment_type", "state"]
USUAL_LENGTH = timedelta(minutes=20)
"""GNU Health's appointments have a start and no end."""

_OFF = frozenset({"user_cancelled", "center_cancelled", "no_show", "done"})
_STATE_AFTER = {EndReason.NO_SHOW: "no_show"}
_NOT_HELD = frozenset({EndReason.CANCELLED, EndReason.NO_SHOW})


def patient(record: Mapping[str, Any], party: Mapping[str, Any], number_system: str = "") -> Patient:
    """Return a patient. ``number_system`` says what the centre keeps as PUID; empty means: as it looks.

    Raises Unreadable(``gnuhealth.unreadable``) for a record without number or family name.
    """
    number = str(record.get("puid") or "").replace("-", "").strip()
    family = str(party.get("lastname") or "").strip()
    if not number or not family:
        raise Unreadable("gnuhealth.unreadable", "a field is missing", place="gnuhealth.patient")
    born = party.get("dob")
    return Patient(
        identifiers=(Identifier(number_system or _system_of(number), number),),
        name=PersonName(family, str(party.get("name") or "").strip()),
        birth_date=born if isinstance(born, date) else None,
        local_id=str(record["id"]),
        email=party.get("email") or None,
        mobile=party.get("mobile") or None,
    )


def _system_of(number: str) -> str:
    """Ten digits are no proof of a personal number, so only a possible day and month make it one."""
    for system in (CPR, X_ECPR, D_ECPR):
        if Identifier(system, number).is_well_formed and _has_birthday(number):
            return system
    return PUID


def _has_birthday(number: str) -> bool:
    # Replacement and test numbers have up to 60 added to the day.
    day, month = int(number[:2]), int(number[2:4])
    return 1 <= (day - 60 if day > 60 else day) <= 31 and 1 <= month <= 12


def appointment(record: Mapping[str, Any]) -> Appointment | None:
    """Return a planned appointment; None for one without time or patient, or that is over or off."""
    start, whom = record.get("appointment_date"), record.get("patient")
    if not isinstance(start, datetime) or not whom or record.get("state") in _OFF:
        return None
    named = record.get("patient.") or {}
    return Appointment(
        id=str(record["id"]),
        patient_ref=str(whom),
        start=start,
        end=start + USUAL_LENGTH,
        is_video=record.get("appointment_type") == "telemedicine",
        patient_label=str(named.get("rec_name") or ""),
    )


def marker(key: UUID) -> str:
    """What stands in the entry's *Source*, by which a repeat finds the entry of the same consultation."""
    return f"vdx-plugin {key}"


def evaluation(summary: Summary, patient_id: int, appointment_id: int | None, healthprof: int | None) -> dict[str, Any]:
    """Return the values of the evaluation. One that never began gets the end as its start: both must be there."""
    return {
        "patient": patient_id,
        "appointment": appointment_id,
        "healthprof": healthprof,
        "evaluation_start": _whole(summary.started_at or summary.ended_at),
        "evaluation_endtime": _whole(summary.ended_at),
        "evaluation_type": "telemedicine",
        "information_source": marker(summary.key),
        "notes": summary.note,
    }


def _whole(moment: datetime) -> datetime:
    # DateTime fields keep whole seconds, and refuse others.
    return moment.replace(microsecond=0)


def appointment_state(summary: Summary) -> str:
    """Return the appointment's state after the consultation, empty to leave it as it is."""
    if summary.outcome is EndReason.CANCELLED:
        return ""
    return _STATE_AFTER.get(summary.outcome, "done")


def is_held(summary: Summary) -> bool:
    """True when there is an evaluation to write: the patient was seen or heard."""
    return summary.outcome not in _NOT_HELD


def receipt_file(summary: Summary) -> bytes:
    """Return the consultation's facts for the attachment: who by role, when, the fee proposed; no name, link or PIN."""
    facts = {
        "session": str(summary.key),
        "started_at": summary.started_at.isoformat() if summary.started_at else None,
        "ended_at": summary.ended_at.isoformat(),
        "outcome": summary.outcome.value,
        "planned_ahead": summary.planned_ahead,
        "participants": [{"role": one.role.value, "seconds": round(one.present_s)} for one in summary.attendance],
        "fee_proposed": summary.fee.fee.code if summary.fee.fee else None,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False).encode()
