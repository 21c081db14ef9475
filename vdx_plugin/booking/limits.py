"""What VDX takes in each field, as plain checks that a form asks before anything is sent.

``check`` looks at a whole form and returns one ``Complaint`` for each field at fault, by the API's own field name, so
that the sentence stands beside the field. Pure. Sources: video-api-v2.yaml (create-meeting, update-meeting,
patch-meeting, schedulingTemplateRequest); limits that the description leaves out and the server answers with an error
500 are its database columns: call type 64, label 1024, link 200, address and e-mail 100 (facts, 7.A.12).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from vdx_plugin.texts import _

SUBJECT = 100
DESCRIPTION = 500
PROJECT_CODE = 100
EXTERNAL_ID = 200
ADDRESS = 100
EMAIL = 100
LABEL = 1024
CALL_TYPE = 64
INFORMATION = 100
LINK = 200
SHORT_ID = 12
PIN_LOW, PIN_HIGH = 1000, 999_999_999
INT32_HIGH = 2**31 - 1
YEAR_HIGH = 9999
ADDRESS_PATTERN = r"^[a-zA-Z0-9]+$"

LENGTHS: Mapping[str, int] = {
    "subject": SUBJECT,
    "description": DESCRIPTION,
    "projectCode": PROJECT_CODE,
    "externalId": EXTERNAL_ID,
    "uriWithoutDomain": ADDRESS,
    "organizedByEmail": EMAIL,
    "callType": CALL_TYPE,
}
"""Characters that fit into each text."""

_CPR = re.compile(r"(?<!\d)\d{6}[- ]?\d{4}(?!\d)")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One field at fault. ``rule`` is stable: required, length, range, order, past, pattern, same, twice, private."""

    field: str
    rule: str
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class MeetingForm:
    """What a form for a meeting holds; empty texts and None are "not filled in"."""

    subject: str = ""
    start: datetime | None = None
    end: datetime | None = None
    description: str = ""
    project_code: str = ""
    organised_by: str = ""
    external_id: str = ""
    own_address: str = ""
    call_type: str = ""
    labels: Sequence[str] = ()
    host_pin: int | None = field(default=None, repr=False)
    guest_pin: int | None = field(default=None, repr=False)
    max_participants: int | None = None
    information: Sequence[tuple[str, str]] = field(default=(), repr=False)


def check(form: MeetingForm, now: datetime) -> tuple[Complaint, ...]:
    """Return what VDX would refuse, fall over, or take although it is harmful (end before start, equal PINs)."""
    return (
        *_texts(form),
        *_times(form.start, form.end, now),
        *_pins(form.host_pin, form.guest_pin),
        *_numbers(form),
        *_lists(form),
    )


def _texts(form: MeetingForm) -> Iterator[Complaint]:
    if not form.subject.strip():
        yield Complaint("subject", "required")
    written = {
        "subject": form.subject,
        "description": form.description,
        "projectCode": form.project_code,
        "externalId": form.external_id,
        "uriWithoutDomain": form.own_address,
        "organizedByEmail": form.organised_by,
        "callType": form.call_type,
    }
    for name, text in written.items():
        yield from text_complaints(name, text)
    if form.own_address and not re.fullmatch(ADDRESS_PATTERN, form.own_address):
        yield Complaint("uriWithoutDomain", "pattern")
    if form.organised_by and not re.fullmatch(r"[^@\s]+@[^@\s]+", form.organised_by):
        yield Complaint("organizedByEmail", "pattern")


def text_complaints(name: str, text: str) -> Iterator[Complaint]:
    """Yield what is wrong with one text: its length, or something like a civil registration number in it.

    Subject and description are read by the whole organisation, the operator and its audit.
    """
    if units(text) > LENGTHS[name]:
        yield Complaint(name, "length", LENGTHS[name])
    if _CPR.search(text):
        yield Complaint(name, "private")


def units(text: str) -> int:
    """Count as the server does, whose strings are UTF-16: a smiley is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _times(start: datetime | None, end: datetime | None, now: datetime) -> Iterator[Complaint]:
    for name, value in (("startTime", start), ("endTime", end)):
        if value is None:
            yield Complaint(name, "required")
        elif value.utcoffset() is None:
            raise ValueError("times are aware")
        elif value.year >= YEAR_HIGH:
            # Its last hours are the year 10000 in another zone, which VDX refuses (code 25).
            yield Complaint(name, "range", YEAR_HIGH - 1)
    # VDX takes both of these without a word (facts, 7.A.8).
    if start is not None and end is not None and end <= start:
        yield Complaint("endTime", "order")
    elif end is not None and end <= now:
        yield Complaint("endTime", "past")


def _pins(host: int | None, guest: int | None) -> Iterator[Complaint]:
    for name, pin in (("hostPin", host), ("guestPin", guest)):
        if pin is not None and not PIN_LOW <= pin <= PIN_HIGH:
            yield Complaint(name, "range", PIN_HIGH if pin > PIN_HIGH else PIN_LOW)
    if host is not None and host == guest:
        yield Complaint("guestPin", "same")
    if (host is None) != (guest is None):
        yield Complaint("hostPin" if host is None else "guestPin", "required")


def _numbers(form: MeetingForm) -> Iterator[Complaint]:
    if form.max_participants is not None and not 0 <= form.max_participants <= INT32_HIGH:
        yield Complaint("maxParticipants", "range", 0 if form.max_participants < 0 else INT32_HIGH)


def _lists(form: MeetingForm) -> Iterator[Complaint]:
    if any(units(label) > LABEL for label in form.labels):
        yield Complaint("labels", "length", LABEL)
    if any(max(units(key), units(value)) > INFORMATION for key, value in form.information):
        yield Complaint("additionalInformation", "length", INFORMATION)
    if any(not key for key, _value in form.information):
        yield Complaint("additionalInformation", "required")
    if len({key for key, _value in form.information}) != len(form.information):
        yield Complaint("additionalInformation", "twice")


def sentence(complaint: Complaint) -> str:
    """Return the complaint in words for beside the field, without the field's name."""
    sentences = {
        "required": _("Skal udfyldes."),
        "length": _("Der er plads til højst {limit} tegn."),
        "range": _("Tallet er uden for grænsen {limit}."),
        "order": _("Slut skal ligge efter start."),
        "past": _("Tiden er allerede gået."),
        "pattern": _("Skrivemåden er ikke gyldig."),
        "same": _("De to koder skal være forskellige."),
        "twice": _("En nøgle står to gange."),
        "private": _("Ligner et CPR-nummer. Andre i VDX kan læse feltet."),
    }
    return sentences[complaint.rule].format(limit=complaint.limit)
