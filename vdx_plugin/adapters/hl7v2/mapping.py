"""The messages we send, built and checked with hl7apy: acknowledgements, the note as MDM^T02, and what became of the
appointment as SIU^S14 or S26.

The one module that knows hl7apy. Its strict level refuses what the tables of HL7 v2.5.1 do not allow, so a message
that leaves here is well-formed; it is set part by part, which lets hl7apy do the escaping.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message, Segment
from hl7apy.exceptions import HL7apyException

from vdx_plugin.adapters.hl7v2.directory import Booking
from vdx_plugin.adapters.hl7v2.news import LOCAL, VIDEO
from vdx_plugin.adapters.hl7v2.reading import Header
from vdx_plugin.api.v1 import CPR, ClinicContext, EndReason, Identifier, Patient, Refused, Summary, danish

VERSION = "2.5.1"
CHARACTER_SET = "UNICODE UTF-8"
APPLICATION = "VDX-PLUGIN"

_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"})

_STATUS = {
    EndReason.HELD: ("S14", "Complete"),
    EndReason.TO_PHONE: ("S14", "Complete"),
    EndReason.NO_SHOW: ("S26", "Noshow"),
}
"""Trigger event, and SCH-25 by table 0278."""

_CONDITIONS = {
    100: "Segment sequence error",
    101: "Required field missing",
    102: "Data type error",
    103: "Table value not found",
    200: "Unsupported message type",
    201: "Unsupported event code",
    202: "Unsupported processing id",
    203: "Unsupported version id",
    204: "Unknown key identifier",
    205: "Duplicate key identifier",
    206: "Application record locked",
    207: "Application internal error",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message is not accepted: a condition of table 0357 and where, such as ``PID-7``."""

    condition: int
    place: str = ""

    @property
    def acknowledgement(self) -> str:
        """AR when the message is not for us at all (2xx but the last ones), AE when it is wrong in itself."""
        return "AR" if self.condition in (200, 201, 202, 203) else "AE"


@dataclass(frozen=True, slots=True)
class Addressing:
    """MSH-3 to MSH-6 of what we send, and MSH-11."""

    facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    processing_id: str = "P"


def acknowledgement(header: Header | None, fault: Fault | None, now: datetime, own_id: str) -> str:
    """Build the ACK for a message; ``header`` is None when not even that could be read.

    Text, segments ended by CR.
    """
    # Tolerant, because the sender's own values go back to it, and those may be longer than the tables allow.
    level = VALIDATION_LEVEL.TOLERANT
    message = _new("ACK", now, own_id, header.processing_id if header else "P", level)
    if header is not None:
        _set(message.msh.msh_5, "hd_1", header.sending_application)
        _set(message.msh.msh_6, "hd_1", header.sending_facility)
    message.msh.msh_9.msg_1 = "ACK"
    _set(message.msh.msh_9, "msg_2", header.trigger if header else "")
    message.msh.msh_9.msg_3 = "ACK"
    message.msa.msa_1 = fault.acknowledgement if fault else "AA"
    # MSA-2 is required, and a message without a readable MSH-10 has nothing to put there.
    message.msa.msa_2 = header.control_id if header and header.control_id else "?"
    if fault:
        _add_error(message, fault)
    return str(message.to_er7()).rstrip("\r") + "\r"


def _add_error(message: Any, fault: Fault) -> None:
    segment = _segment("ERR", VALIDATION_LEVEL.TOLERANT)
    name, _, field = fault.place.partition("-")
    if name.isalnum() and len(name) == 3:
        segment.err_2.erl_1 = name
        segment.err_2.erl_2 = "1"
        if field.isdigit():
            segment.err_2.erl_3 = field
    segment.err_3.cwe_1 = str(fault.condition)
    segment.err_3.cwe_2 = _CONDITIONS.get(fault.condition, "")
    segment.err_3.cwe_3 = "HL70357"
    segment.err_4 = "E"
    message.add(segment)


def note(context: ClinicContext, summary: Summary, addressing: Addressing, now: datetime) -> str:
    """Build MDM^T02, a new document with its text, for the patient of ``context``.

    MSH-10 and TXA-12 come from ``summary.key`` alone, so a repeat is known as one. The note is OBX-5, one
    repetition for each line; the fee is a second OBX and a proposal only. Raises Refused(``writeback.refused``) when
    what is to be written does not fit HL7.
    """
    with _translated():
        message = _new("MDM_T02", now, control_id_of(summary), addressing.processing_id)
        header = message.msh
        _address(header, addressing)
        header.msh_9.msg_1, header.msh_9.msg_2, header.msh_9.msg_3 = "MDM", "T02", "MDM_T02"
        message.evn.evn_1 = "T02"
        message.evn.evn_2.ts_1 = _time(now)
        message.add(_patient(context.patient))
        message.pv1.pv1_2 = "O"
        if context.encounter_id:
            message.pv1.pv1_19.cx_1 = context.encounter_id
        message.add(_document(context, summary))
        for observation in _observations(summary):
            message.add_group("MDM_T02_OBXNTE_SUPPGRP").add(observation)
        return _text(message)


def status(
    booking: Booking, context: ClinicContext, summary: Summary, addressing: Addressing, now: datetime
) -> str | None:
    """Build the SIU that says what became of the appointment: S14 with status Complete, or S26, nobody came.

    None where the doctor decides what it is now: called off, or ended by a fault. SCH-1 and SCH-2 are those the
    sender gave, and MSH-10 comes from ``summary.key`` alone. Raises Refused as ``note`` does.
    """
    outcome = _STATUS.get(summary.outcome)
    if outcome is None:
        return None
    trigger, code = outcome
    with _translated():
        message = _new("SIU_S12", now, status_control_id_of(summary), addressing.processing_id)
        _address(message.msh, addressing)
        message.msh.msh_9.msg_1, message.msh.msh_9.msg_2, message.msh.msh_9.msg_3 = "SIU", trigger, "SIU_S12"
        message.add(_schedule(booking, context, summary, code))
        message.add_group("SIU_S12_PATIENT").add(_patient(context.patient))
        resources = _segment("RGS")
        resources.rgs_1 = "1"
        message.add_group("SIU_S12_RESOURCES").add(resources)
        return _text(message)


def _schedule(booking: Booking, context: ClinicContext, summary: Summary, code: str) -> Any:
    segment = _segment("SCH")
    _set(segment.sch_1, "ei_1", booking.placer)
    _set(segment.sch_2, "ei_1", booking.filler)
    segment.sch_6.ce_1 = code
    segment.sch_7.ce_1 = VIDEO
    segment.sch_11.tq_4.ts_1 = _time(summary.started_at or booking.appointment.start)
    segment.sch_11.tq_5.ts_1 = _time(summary.ended_at)
    for name in ("sch_16", "sch_20"):
        _person(segment.add_field(name), context)
    segment.sch_25.ce_1 = code
    segment.sch_25.ce_3 = "HL70278"
    return segment


def status_control_id_of(summary: Summary) -> str:
    """Return MSH-10 of the appointment's status: the same for each attempt, and another than the note's."""
    return f"S{summary.key.hex[-19:]}"


def control_id_of(summary: Summary) -> str:
    """Return MSH-10 of the note: the same for each attempt, at most twenty characters (HL7 v2.5.1, 2.14.9.10)."""
    return summary.key.hex[-20:]


def _patient(patient: Patient) -> Any:
    segment = _segment("PID")
    segment.pid_1 = "1"
    for identifier in patient.identifiers:
        field = segment.add_field("pid_3")
        _set(field, "cx_1", identifier.value)
        _assigner(field, identifier)
        if patient.local_id == identifier.value:
            field.cx_5 = "PI"
    if patient.local_id and all(patient.local_id != identifier.value for identifier in patient.identifiers):
        field = segment.add_field("pid_3")
        _set(field, "cx_1", patient.local_id)
        field.cx_5 = "PI"
    if patient.name:
        name = segment.add_field("pid_5")
        _set(name.xpn_1, "fn_1", patient.name.family)
        _set(name, "xpn_2", patient.name.given)
    if patient.birth_date:
        segment.pid_7.ts_1 = patient.birth_date.strftime("%Y%m%d")
    return segment


def _assigner(field: Any, identifier: Identifier) -> None:
    if identifier.system.startswith("urn:oid:"):
        if identifier.system == CPR:
            field.cx_4.hd_1 = "CPR"
        field.cx_4.hd_2 = identifier.system.removeprefix("urn:oid:")
        field.cx_4.hd_3 = "ISO"
    elif identifier.system.startswith(LOCAL):
        _set(field.cx_4, "hd_1", identifier.system.removeprefix(LOCAL))


def _document(context: ClinicContext, summary: Summary) -> Any:
    segment = _segment("TXA")
    segment.txa_1 = "1"
    segment.txa_2 = "CN"
    segment.txa_3 = "TX"
    segment.txa_4.ts_1 = _time(summary.started_at or summary.ended_at)
    _person(segment.add_field("txa_9"), context)
    segment.txa_12.ei_1 = str(summary.key)
    segment.txa_12.ei_2 = APPLICATION
    segment.txa_17 = "DO"
    segment.txa_19 = "AV"
    return segment


def _person(field: Any, context: ClinicContext) -> None:
    _set(field, "xcn_1", context.user.id)
    if context.user.name:
        _set(field.xcn_2, "fn_1", context.user.name.family)
        _set(field, "xcn_3", context.user.name.given)


def _address(header: Any, addressing: Addressing) -> None:
    _set(header.msh_4, "hd_1", addressing.facility)
    _set(header.msh_5, "hd_1", addressing.receiving_application)
    _set(header.msh_6, "hd_1", addressing.receiving_facility)


def _observations(summary: Summary) -> Iterator[Any]:
    # LOINC 11488-4 is the consultation note; the fee has no code outside this house.
    yield _observation(1, ("11488-4", "Consult note", "LN"), summary.note.splitlines(), summary)
    if summary.fee.fee is not None:
        # Many records show OBX-5 alone, so the line says itself what it is.
        lines = [f"Foreslået ydelse: {summary.fee.fee.code} {summary.fee.fee.label}"]
        yield _observation(2, ("YDELSE", "Foreslået ydelse", "99VDX"), lines, summary)


def _observation(number: int, code: tuple[str, str, str], lines: list[str], summary: Summary) -> Any:
    segment = _segment("OBX")
    segment.obx_1 = str(number)
    segment.obx_2 = "TX"
    segment.obx_3.ce_1, segment.obx_3.ce_2, segment.obx_3.ce_3 = code
    for line in lines or [""]:
        # OBX-5 has no type of its own, so hl7apy parses what it is given and leaves the escaping to us.
        segment.add_field("obx_5").value = line.translate(_ESCAPES)
    segment.obx_11 = "F"
    segment.obx_14.ts_1 = _time(summary.ended_at)
    return segment


def _new(
    structure: str,
    now: datetime,
    control_id: str,
    processing_id: str,
    level: int = VALIDATION_LEVEL.STRICT,
) -> Any:
    message = Message(structure, version=VERSION, validation_level=level)
    header = message.msh
    header.msh_3.hd_1 = APPLICATION
    header.msh_7.ts_1 = _time(now)
    header.msh_10 = control_id
    header.msh_11.pt_1 = processing_id if processing_id in ("P", "T", "D") else "P"
    header.msh_18 = CHARACTER_SET
    return message


def _segment(name: str, level: int = VALIDATION_LEVEL.STRICT) -> Any:
    return Segment(name, version=VERSION, validation_level=level)


def _set(element: Any, part: str, value: str) -> None:
    """Set a part unless it is empty: hl7apy writes an empty part out as a delimiter."""
    if value:
        setattr(element, part, value)


def _text(message: Any) -> str:
    message.validate()
    return str(message.to_er7()).rstrip("\r") + "\r"


def _time(moment: datetime) -> str:
    return danish(moment).strftime("%Y%m%d%H%M%S%z")


@contextmanager
def _translated() -> Iterator[None]:
    """What hl7apy refuses, the record would refuse too."""
    try:
        yield
    except (HL7apyException, ValueError) as error:
        raise Refused("writeback.refused", type(error).__name__) from error
