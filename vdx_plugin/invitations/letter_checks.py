"""Rules about the letter itself: patient, category, payloads, authors. Each function is one rule or a close group.

Source: CareCommunication 5.0.2, its invariants medcom-careCommunication-2 to -13 by number; Core 3.0.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vdx_plugin.invitations import codes
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.frame_checks import Rule
from vdx_plugin.invitations.message import Json, Message, dig, extension, rows, text_at, when

_A_DIGIT = re.compile(r"[-0-9]")
_SIGNED = (
    (codes.DATETIME_EXTENSION, "tid"),
    (codes.IDENTIFIER_EXTENSION, "id"),
    (codes.PRACTITIONER_EXTENSION, "forfatter"),
    (codes.CONTACT_EXTENSION, "telefon"),
)


def one_patient(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-2: a letter is about one patient."""
    if len(message.all("Patient")) != 1:
        yield Finding("medcom-careCommunication-2", "Patient", "beskeden skal handle om netop én patient")


def patient_name(message: Message) -> Iterator[Finding]:
    """Core patient: one official name with a family name."""
    for patient in message.all("Patient"):
        official = [name for name in rows(patient, "name") if name.get("use") == "official"]
        if len(official) != 1 or not (official[0].get("family") or official[0].get("_family")):
            yield Finding("patient-name", "Patient.name", "patienten skal have ét officielt navn med efternavn")


def letter(message: Message) -> Iterator[Finding]:
    """Fixed values of Communication: status, category from the closed list, the patient, a text in the topic."""
    one = message.first("Communication")
    if one.get("status") != "unknown":
        yield Finding("status", "Communication.status", "skal være unknown")
    categories = [coding for category in rows(one, "category") for coding in rows(category, "coding")]
    known = [coding for coding in categories if _is_category(coding)]
    if len(rows(one, "category")) != 1 or len(categories) != 1 or len(known) != 1:
        yield Finding("category", "Communication.category", "skal være én kategori fra MedComs liste")
    subject = message.resolve(dig(one, "subject"))
    if subject is None or subject.get("resourceType") != "Patient":
        yield Finding("subject", "Communication.subject", "skal pege på patienten")
    if "topic" in one and not text_at(one, "topic", "text"):
        yield Finding("topic", "Communication.topic", "emnet skal have en tekst")


def _is_category(coding: Json) -> bool:
    return coding.get("system") == codes.CATEGORY_CODES and coding.get("code") in codes.CATEGORIES


def priority(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-5: priority only with a referral."""
    one = message.first("Communication")
    if "priority" not in one:
        return
    if _category(one) != "regarding-referral" or one["priority"] not in ("routine", "asap"):
        yield Finding("medcom-careCommunication-5", "Communication.priority", "prioritet hører kun til henvisninger")


def topic(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-6: the category ``other`` must say what it is about."""
    one = message.first("Communication")
    if _category(one) == "other" and "topic" not in one:
        yield Finding("medcom-careCommunication-6", "Communication.topic", "kategorien Andet kræver et emne")


def _category(one: Json) -> str:
    return text_at(one, "category", 0, "coding", 0, "code")


def payloads(message: Message) -> Iterator[Finding]:
    """Payload slices: at least one text; four extensions on a text, two on an attachment."""
    rows_ = rows(message.first("Communication"), "payload")
    if not any("contentString" in row for row in rows_):
        yield Finding("payload-string", "Communication.payload", "der skal være mindst én tekst")
    for position, row in enumerate(rows_):
        place = f"Communication.payload[{position}]"
        if "contentString" in row:
            yield from _extensions(row, place, _SIGNED)
        elif "contentAttachment" in row:
            yield from _extensions(row, place, _SIGNED[:2])
            yield from _attachment(row["contentAttachment"], place)
        else:
            yield Finding("payload", place, "skal være en tekst eller en vedhæftning")


def _extensions(row: Json, place: str, wanted: tuple[tuple[str, str], ...]) -> Iterator[Finding]:
    for url, word in wanted:
        if len([one for one in rows(row, "extension") if one.get("url") == url]) != 1:
            yield Finding("payload-extension", place, f"mangler {word}")
    stamp = extension(row, codes.DATETIME_EXTENSION)
    if stamp is not None and when(text_at(stamp, "valueDateTime")) is None:
        yield Finding("payload-time", place, "tiden skal have tidszone")


def _attachment(attachment: Json, place: str) -> Iterator[Finding]:
    if not text_at(attachment, "title"):
        yield Finding("attachment-title", place, "vedhæftningen skal have en titel")
    kind = attachment.get("contentType")
    if kind is not None and kind not in codes.ATTACHMENT_TYPES:
        yield Finding("attachment-type", place, "filtypen er ikke tilladt")


def author_roles(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-7: an author's role is a code or a text, not both and not neither."""
    for role in _authors(message):
        coded = [coding for code in rows(role, "code") for coding in rows(code, "coding") if coding.get("code")]
        written = [code for code in rows(role, "code") if code.get("text")]
        if bool(coded) == bool(written):
            yield Finding(
                "medcom-careCommunication-7", "PractitionerRole.code", "rollen skal være enten kode eller tekst"
            )


def practitioner_names(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-4: there is somebody with a name."""
    if not any(rows(person, "name") for person in message.all("Practitioner")):
        yield Finding("medcom-careCommunication-4", "Practitioner.name", "sundhedspersonens navn mangler")


def author_names(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-8: whoever wrote has a name."""
    for role in _authors(message):
        person = message.resolve(dig(role, "practitioner"))
        if person is None or not rows(person, "name"):
            yield Finding("medcom-careCommunication-8", "Practitioner.name", "forfatteren skal have et navn")


def role_practitioners(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-13: a role is somebody's."""
    roles = message.all("PractitionerRole")
    if roles and not any(text_at(role, "practitioner", "reference") for role in roles):
        yield Finding("medcom-careCommunication-13", "PractitionerRole.practitioner", "mangler")


def _authors(message: Message) -> Iterator[Json]:
    """Every author that a payload names; one that is not in the bundle is a Finding of ``author_references``."""
    for row in rows(message.first("Communication"), "payload"):
        author = extension(row, codes.PRACTITIONER_EXTENSION)
        role = message.resolve(dig(author, "valueReference")) if author is not None else None
        if role is not None:
            yield role


def author_references(message: Message) -> Iterator[Finding]:
    """An author is a PractitionerRole that travels along."""
    for position, row in enumerate(rows(message.first("Communication"), "payload")):
        author = extension(row, codes.PRACTITIONER_EXTENSION)
        role = message.resolve(dig(author, "valueReference")) if author is not None else None
        if author is not None and (role is None or role.get("resourceType") != "PractitionerRole"):
            yield Finding("author", f"Communication.payload[{position}]", "forfatteren er ikke med i beskeden")


def encounter(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-9: an encounter says which episode of care it belongs to."""
    one = message.first("Communication")
    if "encounter" not in one:
        return
    found = message.resolve(dig(one, "encounter"))
    if not any(dig(episode, "identifier") for episode in rows(found, "episodeOfCare")):
        yield Finding("medcom-careCommunication-9", "Encounter.episodeOfCare", "kontakten skal have et forløbs-id")


def encounter_is_the_letters(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-15, as in 5.0.4: a contact travels along exactly when the letter refers to it."""
    is_there = bool(message.all("Encounter"))
    if is_there != ("encounter" in message.first("Communication")):
        yield Finding("medcom-careCommunication-15", "Communication.encounter", "skal pege på beskedens kontakt")


def contact_numbers(message: Message) -> Iterator[Finding]:
    """medcom-core-contact: a digit or a hyphen somewhere, which is all that it asks."""
    for position, row in enumerate(rows(message.first("Communication"), "payload")):
        contact = extension(row, codes.CONTACT_EXTENSION)
        if contact is not None and not _A_DIGIT.search(text_at(contact, "valueContactPoint", "value")):
            place = f"Communication.payload[{position}]"
            yield Finding("medcom-core-contact", place, "telefonnummeret skal være et nummer")


def specific_sender(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-11: the only extension on the letter is a sender who belongs to the sender."""
    one = message.first("Communication")
    if not rows(one, "extension"):
        return
    sender = extension(one, codes.SENDER_EXTENSION)
    if not _belongs(message, dig(sender, "valueReference"), text_at(message.header, "sender", "reference")):
        yield Finding(
            "medcom-careCommunication-11", "Communication.extension", "kun en afsender i egen organisation er tilladt"
        )


def specific_recipient(message: Message) -> Iterator[Finding]:
    """medcom-careCommunication-12: a named recipient belongs to the receiver."""
    for recipient in rows(message.first("Communication"), "recipient"):
        receiver = text_at(message.header, "destination", 0, "receiver", "reference")
        if not _belongs(message, recipient, receiver):
            yield Finding(
                "medcom-careCommunication-12", "Communication.recipient", "skal høre til den modtagende organisation"
            )


def _belongs(message: Message, member: object, organization: str) -> bool:
    found = message.resolve(member)
    if found is None:
        return False
    homes = [text_at(found, "organization", "reference")]
    homes += [text_at(row, "reference") for row in rows(found, "managingOrganization")]
    return organization in homes


RULES: tuple[Rule, ...] = (
    one_patient,
    patient_name,
    letter,
    priority,
    topic,
    payloads,
    author_references,
    author_roles,
    practitioner_names,
    author_names,
    contact_numbers,
    role_practitioners,
    encounter,
    encounter_is_the_letters,
    specific_sender,
    specific_recipient,
)
