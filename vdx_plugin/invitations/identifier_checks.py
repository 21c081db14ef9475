"""Whether a number can be what its system says: location number, SOR id, personal and replacement number, uuid.

Source: dk-core 3.4.0, invariants gln-length, gln-modulus-10, min-digits-sor, cpr, x-ecpr, d-ecpr; MedCom messaging,
invariants medcom-uuidv4 and uuidv5. The CPR number has no modulus-11 test: numbers without a valid check digit have
been issued since 2007, and all of MedCom's test persons have such numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from vdx_plugin.domain.patients import CPR, X_ECPR
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import Json, Message, dig, rows, text_at

_URN_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UUID5 = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])(?:0[13578]|1[02])|(?:0[1-9]|[12][0-9]|30)(?:0[469]|11)|(?:0[1-9]|[12][0-9])02"
_CPR_FORM = re.compile(rf"(?:{_DAY})\d{{6}}", re.ASCII)
_X_FORM = re.compile(rf"(?:{_DAY})\d\d[17][A-Z]{{2}}\d", re.ASCII)
_D_FORM = re.compile(rf"(?:{_DAY})\d\d[056][A-Z]{{2}}\d", re.ASCII)
_SOR_FORM = re.compile(r"[0-9]{11,}")
_D_SYSTEM = "urn:oid:1.2.208.176.1.6.1.3"


def is_gln(value: str) -> bool:
    """True for 13 digits whose last is the check digit (GS1, weights 1 and 3 from the left)."""
    if len(value) != 13 or not (value.isascii() and value.isdigit()):
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(value[:12]))
    return (10 - total % 10) % 10 == int(value[12])


def is_sor(value: str) -> bool:
    """True for digits only, at least eleven."""
    return _SOR_FORM.fullmatch(value) is not None


def is_urn_uuid(value: str) -> bool:
    """True for ``urn:uuid:`` and a uuid in lower case."""
    return _URN_UUID.fullmatch(value) is not None


def is_uuid(value: str) -> bool:
    """True for a bare uuid in lower case."""
    return _UUID.fullmatch(value) is not None


def is_personal(system: str, value: str) -> bool:
    """True unless the system is a Danish personal number and the value cannot be one."""
    if system == CPR:
        return _CPR_FORM.fullmatch(value) is not None
    if system == X_ECPR:
        return _X_FORM.fullmatch(value) is not None
    if system == _D_SYSTEM or system.startswith(f"{_D_SYSTEM}."):
        return _D_FORM.fullmatch(value) is not None
    return True


def is_personal_system(system: str) -> bool:
    """True for the systems that MedCom takes as a patient's number."""
    return system in (CPR, X_ECPR, _D_SYSTEM) or system.startswith(f"{_D_SYSTEM}.")


def location_numbers(message: Message) -> Iterator[Finding]:
    """gln-length, gln-modulus-10 and min-digits-sor, on every organisation."""
    for organization in message.all("Organization"):
        for identifier in rows(organization, "identifier"):
            system, value = text_at(identifier, "system"), text_at(identifier, "value")
            if system.endswith("www.gs1.org/gln") and not is_gln(value):
                yield Finding(
                    "gln", "Organization.identifier", "lokationsnummeret skal have 13 cifre og rigtigt kontrolciffer"
                )
            if system == codes.SOR and not is_sor(value):
                yield Finding("sor", "Organization.identifier", "SOR-id skal være mindst 11 cifre")


def personal_numbers(message: Message) -> Iterator[Finding]:
    """cpr, x-ecpr and d-ecpr: the form of each, and that there is one at all."""
    for person in message.all("Patient"):
        identifiers = rows(person, "identifier")
        if not any(is_personal_system(text_at(one, "system")) for one in identifiers):
            yield Finding("patient-number", "Patient.identifier", "patienten skal have CPR- eller erstatningsnummer")
        for one in identifiers:
            if not is_personal(text_at(one, "system"), text_at(one, "value")):
                yield Finding("patient-number", "Patient.identifier", "nummeret passer ikke til sin type")


def thread_and_payload_numbers(message: Message) -> Iterator[Finding]:
    """medcom-uuidv4: the thread's identifier and each payload's are ``urn:uuid:`` in lower case."""
    letter = message.first("Communication")
    thread = rows(letter, "identifier")
    if len(thread) != 1 or not is_urn_uuid(text_at(letter, "identifier", 0, "value")):
        yield Finding("medcom-uuidv4", "Communication.identifier", "tråden skal have ét urn:uuid med små bogstaver")
    for place, payload in enumerate(rows(letter, "payload")):
        for stamp in _with_url(payload, codes.IDENTIFIER_EXTENSION):
            if not is_urn_uuid(text_at(stamp, "valueIdentifier", "value")):
                yield Finding("medcom-uuidv4", f"Communication.payload[{place}]", "teksten skal have et urn:uuid")


def episode_numbers(message: Message) -> Iterator[Finding]:
    """uuidv5: an episode from the national patient register has a uuid of version 5."""
    for encounter in message.all("Encounter"):
        for episode in rows(encounter, "episodeOfCare"):
            identifier = dig(episode, "identifier")
            if text_at(identifier, "system") == codes.LPR3 and not _UUID5.fullmatch(text_at(identifier, "value")):
                yield Finding("uuidv5", "Encounter.episodeOfCare", "forløbets id skal være en uuid version 5")


def _with_url(element: Json, url: str) -> list[Json]:
    return [row for row in rows(element, "extension") if row.get("url") == url]


RULES: tuple[Callable[[Message], Iterator[Finding]], ...] = (
    location_numbers,
    personal_numbers,
    thread_and_payload_numbers,
    episode_numbers,
)
