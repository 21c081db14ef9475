"""The result we write (6310, transfer of an examination's data), strict by GDT 2.1. Pure."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from vdx_plugin.adapters.gdt import lines
from vdx_plugin.adapters.gdt.meaning import Numbers
from vdx_plugin.api.v1 import ClinicContext, EndReason, Patient, Refused, Summary, danish

RESULT = "6310"
VERSION = "02.10"
LINE_LETTERS = 60
"""A text field of GDT 2.1 has at most 60 characters."""
_OUTCOMES = {
    EndReason.HELD: "Videokonsultation gennemført",
    EndReason.NO_SHOW: "Udeblevet fra videokonsultation",
    EndReason.TO_PHONE: "Videokonsultation fortsat i telefon",
    EndReason.TECHNICAL: "Videokonsultation afbrudt af en fejl",
    EndReason.CANCELLED: "Videokonsultation aflyst",
}
_PLAIN = str.maketrans({"–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "\t": " ", "•": "-"})
"""Signs that word processors make, and old character sets have not. A letter is never changed."""


@dataclass(frozen=True, slots=True)
class Address:
    """Who writes to whom: 8316 and 8315, the procedure (8402) and the file's character set."""

    own_id: str
    record_id: str
    procedure: str
    codec: str


def result(context: ClinicContext, summary: Summary, address: Address, numbers: Numbers) -> bytes:
    """Write the finished consultation. Raises Refused: ``writeback.refused`` for a patient without the record's own

    number, name or birth date, ``gdt.letters`` for letters that the character set has not.
    """
    fields = [*_head(address), *_patient(context.patient, numbers), *_examination(summary, address)]
    try:
        return lines.write(RESULT, fields, codec=address.codec)
    except UnicodeEncodeError as error:
        raise Refused("gdt.letters", "a letter the character set has not") from error
    except ValueError as error:
        raise Refused("writeback.refused", "does not fit GDT") from error


def key_of(payload: bytes) -> str:
    """Return the consultation's key (8410) in a file of ours, empty when there is none."""
    found = re.search(rb"\n\d{3}8410([0-9a-f]{32})\r\n", payload)
    return found[1].decode("ascii") if found else ""


def _head(address: Address) -> Iterator[tuple[str, str]]:
    yield "8315", address.record_id
    yield "8316", address.own_id
    code = next((code for code, codec in lines.CHARSETS.items() if codec == address.codec), "")
    if code:
        # Other sets have no code in GDT 2.1; both sides must then have agreed.
        yield lines.CHARSET, code
    yield "9218", VERSION


def _patient(patient: Patient, numbers: Numbers) -> Iterator[tuple[str, str]]:
    number = next((one.value for one in patient.identifiers if one.system == numbers.system), "")
    if not number or patient.name is None or patient.birth_date is None:
        raise Refused("writeback.refused", "no number of this record, name or birth date")
    yield "3000", number
    yield "3101", patient.name.family
    yield "3102", patient.name.given
    yield "3103", patient.birth_date.strftime("%d%m%Y")


def _examination(summary: Summary, address: Address) -> Iterator[tuple[str, str]]:
    began = danish(summary.started_at or summary.ended_at)
    yield "8402", address.procedure
    yield "8410", summary.key.hex
    yield "8432", began.strftime("%d%m%Y")
    yield "8439", began.strftime("%H%M%S")
    yield "6220", _OUTCOMES[summary.outcome]
    for line in _wrapped(summary.note, address.codec):
        yield "6228", line
    if summary.fee.fee is not None:
        text = f"Foreslået ydelse: {summary.fee.fee.code} {summary.fee.fee.label}"
        for line in _wrapped(text, address.codec):
            yield "6228", line


def _wrapped(text: str, codec: str) -> Iterator[str]:
    text = unicodedata.normalize("NFC", text)
    if codec != "utf-8":
        text = text.translate(_PLAIN)
    for line in text.splitlines():
        yield from textwrap.wrap(line, LINE_LETTERS, break_on_hyphens=False) or [""]
