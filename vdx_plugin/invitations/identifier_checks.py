"""Whether a number can be what its system says: location number, SOR id, personal and replacement number, uuid.

Source: dk-core 3.4.0, invariants gln-length, gln-modulus-10, min-digits-sor, cpr, x-ecpr, d-ecpr, CVR-length and
CVR-modulus-11; MedCom messaging, invariants medcom-uuidv4 and uuidv5. The CPR number has no modulus-11 test: numbers
without a valid check digit have been issued since 2007, and all of MedCom's test persons have such numbers.
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
_GLN_FORM = re.compile(r"[0-9]{13}")
_CVR_FORM = re.compile(r"[0-9]{8}")
_PROVIDER_FORM = re.compile(r"[0-9]{6}")
_GLN_SYSTEM = "www.gs1.org/gln"
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


def is_cvr(value: str) -> bool:
    """True for 8 digits whose weighted sum is divisible by 11."""
    if not _CVR_FORM.fullmatch(value):
        return False
    return sum(int(digit) * weight for digit, weight in zip(value, (2, 7, 6, 5, 4, 3, 2, 1), strict=True)) % 11 == 0


def is_provider_number(value: str) -> bool:
    """True for a Danish provider number (ydernummer): six digits, of which the first may be zero."""
    return _PROVIDER_FORM.fullmatch(value) is not None


def _organization_numbers(message: Message) -> Iterator[tuple[str, str, str]]:
    """Place, system and value of each identifier of each organisation."""
    for number, organization in enumerate(message.all("Organization")):
        for position, one in enumerate(rows(organization, "identifier")):
            place = f"Organization[{number}].identifier[{position}]"
            yield place, text_at(one, "system"), text_at(one, "value")


def location_number_length(message: Message) -> Iterator[Finding]:
    """gln-length: thirteen digits."""
    for place, system, value in _organization_numbers(message):
        if system.endswith(_GLN_SYSTEM) and not _GLN_FORM.fullmatch(value):
            yield Finding("gln-length", place, "lokationsnummeret skal have 13 cifre")


def location_number_check_digit(message: Message) -> Iterator[Finding]:
    """gln-modulus-10: the last digit checks the others."""
    for place, system, value in _organization_numbers(message):
        if system.endswith(_GLN_SYSTEM) and not is_gln(value):
            yield Finding("gln-modulus-10", place, "lokationsnummerets kontrolciffer er forkert")


def sor_numbers(message: Message) -> Iterator[Finding]:
    """min-digits-sor: at least eleven digits."""
    for place, system, value in _organization_numbers(message):
        if system == codes.SOR and not is_sor(value):
            yield Finding("min-digits-sor", place, "SOR-id skal være mindst 11 cifre")


def kombit_numbers(message: Message) -> Iterator[Finding]:
    """The KOMBIT organisation's number is a ``urn:uuid:`` in lower case."""
    for place, system, value in _organization_numbers(message):
        if system == codes.KOMBIT and not is_urn_uuid(value):
            yield Finding("uuid", place, "KOMBIT-id skal være et urn:uuid med små bogstaver")


def business_numbers(message: Message) -> Iterator[Finding]:
    """CVR-length and CVR-modulus-11, wherever a business number is written."""
    for place, system, value in _organization_numbers(message):
        if system in (codes.CVR, codes.CVR_OID) and not is_cvr(value):
            yield Finding("CVR-modulus-11", place, "CVR-nummeret skal have 8 cifre og rigtigt kontrolciffer")


def provider_numbers(message: Message) -> Iterator[Finding]:
    """A provider number that is not six digits leads nowhere."""
    for place, system, value in _organization_numbers(message):
        if system == codes.PROVIDER_NUMBER and not is_provider_number(value):
            yield Finding("provider-number", place, "ydernummeret skal have 6 cifre")


def patient_has_a_number(message: Message) -> Iterator[Finding]:
    """Core patient: a CPR number or a replacement number of either kind."""
    for person in message.all("Patient"):
        if not any(is_personal_system(text_at(one, "system")) for one in rows(person, "identifier")):
            yield Finding("patient-number", "Patient.identifier", "patienten skal have CPR- eller erstatningsnummer")


def _personal(message: Message, key: str, is_meant: Callable[[str], bool]) -> Iterator[Finding]:
    for person in message.all("Patient"):
        for position, one in enumerate(rows(person, "identifier")):
            system = text_at(one, "system")
            if is_meant(system) and not is_personal(system, text_at(one, "value")):
                yield Finding(key, f"Patient.identifier[{position}]", "nummeret passer ikke til sin type")


def cpr_numbers(message: Message) -> Iterator[Finding]:
    """cpr: a day that exists in some year, then four digits; no check digit."""
    yield from _personal(message, "cpr", lambda system: system == CPR)


def national_replacement_numbers(message: Message) -> Iterator[Finding]:
    """x-ecpr: a day, two digits, 1 or 7, two letters, a digit."""
    yield from _personal(message, "x-ecpr", lambda system: system == X_ECPR)


def regional_replacement_numbers(message: Message) -> Iterator[Finding]:
    """d-ecpr: a day, two digits, 0, 5 or 6, two letters, a digit."""
    yield from _personal(message, "d-ecpr", lambda system: system.startswith(_D_SYSTEM))


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


ORGANIZATIONS: tuple[Callable[[Message], Iterator[Finding]], ...] = (
    location_number_length,
    location_number_check_digit,
    sor_numbers,
    kombit_numbers,
    business_numbers,
)
OWED: tuple[Callable[[Message], Iterator[Finding]], ...] = (provider_numbers,)
RULES: tuple[Callable[[Message], Iterator[Finding]], ...] = (
    *ORGANIZATIONS,
    patient_has_a_number,
    cpr_numbers,
    national_replacement_numbers,
    regional_replacement_numbers,
    thread_and_payload_numbers,
    episode_numbers,
)
