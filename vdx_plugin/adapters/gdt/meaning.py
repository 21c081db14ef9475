"""What a patient's file says: who is meant, and whether video was asked for. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from vdx_plugin.adapters.gdt.lines import Record
from vdx_plugin.api.v1 import CPR, Identifier, Patient, PersonName, Unreadable, Unsupported

LOCAL = "urn:vdx-plugin:gdt:"
"""Prefix of the system of a record's own number; the record's short name follows."""
DATA, REQUEST, SHOW = "6301", "6302", "6311"
_BIRTH_DATE = re.compile(r"(\d{2})(\d{2})(\d{4})")


@dataclass(frozen=True, slots=True)
class Numbers:
    """What field 3000 is: the record's own number, or a CPR number."""

    record_id: str
    is_cpr: bool

    def identifier(self, value: str) -> Identifier:
        """Return the number with its system. Raises Unreadable when it cannot be of its kind."""
        found = Identifier(CPR, value.replace("-", "")) if self.is_cpr else Identifier(self.system, value)
        if not found.is_well_formed:
            raise Unreadable("gdt.unreadable", "no number, or one that cannot be of its kind", place="3000")
        return found

    @property
    def system(self) -> str:
        return CPR if self.is_cpr else f"{LOCAL}{self.record_id}"


@dataclass(frozen=True, slots=True)
class Call:
    """A file understood. ``wants_start`` is a request for an examination (6302): the key for video was pressed."""

    patient: Patient
    wants_start: bool


def call_of(record: Record, numbers: Numbers) -> Call:
    """Return what a file asks for. Raises Unsupported(``gdt.unsupported``), Unreadable(``gdt.unreadable``)."""
    if record.kind not in (DATA, REQUEST, SHOW):
        raise Unsupported("gdt.unsupported", "kind")
    number = record.text("3000")
    family, given = record.text("3101"), record.text("3102")
    patient = Patient(
        identifiers=(numbers.identifier(number),),
        name=PersonName(family, given) if family or given else None,
        birth_date=_birth_date(record.text("3103")),
        local_id=number,
    )
    return Call(patient, record.kind == REQUEST)


def _birth_date(text: str) -> date | None:
    """Read ``ddmmyyyy``; None when it is empty or all noughts, which is how records say that they do not know."""
    if not text.strip("0"):
        return None
    found = _BIRTH_DATE.fullmatch(text)
    try:
        if found:
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    raise Unreadable("gdt.unreadable", "not a date", place="3103")
