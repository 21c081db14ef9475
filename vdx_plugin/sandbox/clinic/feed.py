"""The clinic's HL7 v2 messages, with the dates moved to today, and what its own screens take from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
_FOLDER = files("vdx_plugin.sandbox.clinic") / "messages"
_WRITTEN_ON = "20261123"
"""The day the messages were written for."""
_WHEN = re.compile(rf"{_WRITTEN_ON}(\d{{6}})\+0100")
DIRECTORY = [f"adt_a04_{number}" for number in range(1, 7)]
APPOINTMENTS = [f"siu_s12_{number}" for number in range(1, 6)]
CHANGES = ["adt_a08_2", "adt_a40_6"]


@dataclass(frozen=True)
class Person:
    """A patient on the clinic's list. ``system`` is the urn of the number's system, empty for none."""

    local_id: str
    name: str
    birth_date: date
    number: str
    system: str

    def __repr__(self) -> str:
        return f"Person({self.local_id})"


@dataclass(frozen=True)
class Slot:
    """An appointment on the clinic's list."""

    id: str
    local_id: str
    start: datetime
    text: str
    is_video: bool


def message(name: str, today: date) -> str:
    """Return a message with its times moved to ``today``."""
    text = (_FOLDER / f"{name}.hl7").read_bytes().decode("utf-8")

    def moved(found: re.Match[str]) -> str:
        clock = found.group(1)
        local = datetime(
            today.year, today.month, today.day, int(clock[:2]), int(clock[2:4]), int(clock[4:]), tzinfo=COPENHAGEN
        )
        return local.strftime("%Y%m%d%H%M%S%z")

    return _WHEN.sub(moved, text)


def from_now(text: str, start: datetime, length: timedelta) -> str:
    """Return an appointment message with its time set to ``start``."""
    begin, end = (moment.astimezone(COPENHAGEN).strftime("%Y%m%d%H%M%S%z") for moment in (start, start + length))
    return re.sub(r"\|\^\^(\d+)\^[\d+]+\^[\d+]+", rf"|^^\1^{begin}^{end}", text)


def person(text: str) -> Person:
    """Read the patient of a message the clinic itself wrote."""
    pid = next(line for line in text.split("\r") if line.startswith("PID")).split("|")
    family, given, *more = [*pid[5].split("^"), "", ""]
    local, number, system = "", "", ""
    for repetition in pid[3].split("~"):
        parts = repetition.split("^")
        if parts[4] == "PI":
            local = parts[0]
        else:
            number, system = parts[0], f"urn:oid:{parts[3].split('&')[1]}"
    name = " ".join(part for part in (given, *more, family) if part)
    return Person(local, name, datetime.strptime(pid[7], "%Y%m%d").date(), number, system)  # noqa: DTZ007 - a birth date has no zone


def as_fhir(person: Person) -> dict[str, Any]:
    """Return a person as a FHIR R4 Patient."""
    given, _, family = person.name.rpartition(" ")
    identifiers = [{"system": person.system, "value": person.number}] if person.system else []
    return {
        "resourceType": "Patient",
        "id": person.local_id,
        "identifier": identifiers,
        "name": [{"use": "official", "family": family, "given": [given]}],
        "birthDate": person.birth_date.isoformat(),
    }


def slot(text: str) -> Slot:
    """Read the appointment of a message the clinic itself wrote."""
    sch = next(line for line in text.split("\r") if line.startswith("SCH")).split("|")
    code, words, *_rest = sch[7].split("^")
    start = datetime.strptime(sch[11].split("^")[3], "%Y%m%d%H%M%S%z")
    return Slot(sch[2].split("^")[0], person(text).local_id, start, words, code == "VIDEO")
