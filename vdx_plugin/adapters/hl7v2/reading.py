"""A message as typed parts: segments, fields, components, with our own checks of dates, times and order.

Conditions are those of HL7 table 0357 and travel in the error's ``facts["condition"]``, for the ERR segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import NoReturn

from vdx_plugin.api.v1 import COPENHAGEN, Unreadable

SEQUENCE, MISSING, DATA_TYPE, TABLE_VALUE = 100, 101, 102, 103
UNKNOWN_TYPE, UNKNOWN_EVENT, PROCESSING_ID, VERSION = 200, 201, 202, 203
DUPLICATE, LOCKED, INTERNAL = 205, 206, 207

MAX_SEGMENTS = 20_000
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{2,6}(?:\.\d{1,4})?)?(?:[+-]\d{4})?")
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:\.\d{1,4})?([+-])?(\d{2})?(\d{2})?")
_ESCAPE = {"F": 0, "S": 1, "R": 2, "E": 3, "T": 4}


@dataclass(frozen=True, slots=True)
class Separators:
    """MSH-1 and MSH-2: field, component, repetition, escape, subcomponent."""

    text: str

    @property
    def field(self) -> str:
        return self.text[0]

    @property
    def component(self) -> str:
        return self.text[1]

    @property
    def repetition(self) -> str:
        return self.text[2]

    @property
    def escape(self) -> str:
        return self.text[3]

    @property
    def subcomponent(self) -> str:
        return self.text[4]

    def unescape(self, text: str) -> str:
        """Return ``text`` with escape sequences resolved; ``.br`` is a line end, highlighting is dropped."""
        if self.escape not in text:
            return text
        pattern = re.escape(self.escape)
        return re.sub(f"{pattern}([^{pattern}]*){pattern}", self._resolve, text)

    def _resolve(self, found: re.Match[str]) -> str:
        code = found.group(1)
        if code in _ESCAPE:
            return self.text[_ESCAPE[code]]
        return "\n" if code in (".br", ".sp") else ""


@dataclass(frozen=True, slots=True)
class Field:
    """One repetition of a field, still escaped."""

    raw: str
    separators: Separators

    def part(self, component: int = 1, sub: int = 1) -> str:
        """Return a component's part, counted from one, unescaped and stripped; empty when it is not there.

        The two quotes by which HL7 says "delete this" count as empty.
        """
        text = _piece(_piece(self.raw, self.separators.component, component), self.separators.subcomponent, sub)
        return "" if text == '""' else self.separators.unescape(text).strip()

    def __repr__(self) -> str:
        return "Field(…)"


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. ``fields[0]`` is its name; in MSH the separator counts as the first field."""

    name: str
    fields: tuple[str, ...]
    separators: Separators

    def field(self, number: int) -> Field:
        """Return the first repetition of a field."""
        return Field(_piece(self._raw(number), self.separators.repetition, 1), self.separators)

    def repetitions(self, number: int) -> Iterator[Field]:
        """Give each repetition that holds something."""
        for raw in self._raw(number).split(self.separators.repetition):
            if raw:
                yield Field(raw, self.separators)

    def text(self, number: int, component: int = 1, sub: int = 1) -> str:
        """Return a part of the first repetition of a field."""
        return self.field(number).part(component, sub)

    def _raw(self, number: int) -> str:
        return self.fields[number] if number < len(self.fields) else ""

    def __repr__(self) -> str:
        return f"Segment({self.name})"


@dataclass(frozen=True, slots=True)
class Header:
    """What is needed of MSH to answer, also when the rest is unreadable."""

    sending_application: str
    sending_facility: str
    kind: str
    trigger: str
    control_id: str
    processing_id: str
    version: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message that keeps the grammar of HL7; what stands in the fields is for ``news`` to judge."""

    header: Header
    segments: tuple[Segment, ...]

    def first(self, name: str) -> Segment | None:
        """Return the first segment of that name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[Segment]:
        return (segment for segment in self.segments if segment.name == name)

    def need(self, name: str) -> Segment:
        """Return the first segment of that name. Raises Unreadable."""
        found = self.first(name)
        if found is None:
            raise unreadable(SEQUENCE, "a segment is missing", name)
        return found


def unreadable(condition: int, detail: str, place: str) -> Unreadable:
    """Make the error for one finding; ``place`` is a field such as ``PID-7``."""
    return Unreadable("hl7.unreadable", detail, place=place, condition=condition)


def read_header(text: str) -> Header:
    """Read MSH alone, so that there is somebody to answer. Raises Unreadable."""
    header = _split(text.split("\r", 1)[0], _separators(text), 1)
    return Header(
        sending_application=header.text(3),
        sending_facility=header.text(4),
        kind=header.text(9, 1),
        trigger=header.text(9, 2),
        control_id=header.text(10),
        processing_id=header.text(11),
        version=header.text(12),
    )


def read(text: str) -> Message:
    """Split ``text`` (segments ended by CR) and check its grammar and order. Raises Unreadable."""
    header = read_header(text)
    separators = _separators(text)
    lines = [line for line in text.split("\r") if line]
    if len(lines) > MAX_SEGMENTS:
        raise unreadable(SEQUENCE, "too many segments", "message")
    if not header.control_id:
        raise unreadable(MISSING, "no control id", "MSH-10")
    segments = tuple(_split(line, separators, number) for number, line in enumerate(lines, start=1))
    _check_order(segments)
    return Message(header, segments)


def _separators(text: str) -> Separators:
    if not text.startswith("MSH") or len(text) < 8:
        raise unreadable(SEQUENCE, "no header", "MSH")
    found = text[3:8]
    if len(set(found)) < 5 or any(letter.isalnum() or letter.isspace() for letter in found):
        raise unreadable(DATA_TYPE, "separators that cannot be told apart", "MSH-2")
    return Separators(found)


def _split(line: str, separators: Separators, number: int) -> Segment:
    pieces = line.split(separators.field)
    if not _NAME.fullmatch(pieces[0]):
        raise unreadable(SEQUENCE, "not a segment name", f"segment {number}")
    if pieces[0] == "MSH":
        pieces.insert(1, separators.field)
    return Segment(pieces[0], tuple(pieces), separators)


def _check_order(segments: tuple[Segment, ...]) -> None:
    names = [segment.name for segment in segments]
    if names.count("MSH") != 1:
        raise unreadable(SEQUENCE, "a second header", "MSH")
    before = names[: names.index("PID")] if "PID" in names else []
    if any(name.startswith("Z") for name in before):
        # Local segments speak about what stands before them; ahead of PID they would belong to nobody.
        raise unreadable(SEQUENCE, "a local segment before the patient", "PID")


def read_date(text: str, place: str) -> date | None:
    """Read a DT or the date of a TS, ``YYYYMMDD…``; None when empty. Raises Unreadable."""
    if not text:
        return None
    found = _DATE.fullmatch(text)
    try:
        return date(*(int(part) for part in found.groups())) if found else _bad(place)
    except ValueError:
        _bad(place)


def read_time(text: str, place: str) -> datetime:
    """Read a TS with at least minutes; without a zone it is Danish time. Raises Unreadable."""
    found = _TIME.fullmatch(text)
    if found is None:
        _bad(place)
    year, month, day, hour, minute, second, sign, hours, minutes = found.groups()
    try:
        zone = _offset(sign, hours, minutes) if sign else COPENHAGEN
        return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=zone)
    except (ValueError, TypeError):
        _bad(place)


def _offset(sign: str, hours: str, minutes: str) -> timezone:
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(ahead if sign == "+" else -ahead)


def _bad(place: str) -> NoReturn:
    raise unreadable(DATA_TYPE, "not a date or time", place)


def _piece(text: str, separator: str, number: int) -> str:
    pieces = text.split(separator)
    return pieces[number - 1] if number <= len(pieces) else ""
