"""What only an outgoing message must live up to: the narrative duties, and what a certifier looks for.

A missing narrative is no validation error, so a partner's message is not refused for it (General Governance FHIR
Standards, section 5: every resource SHALL have one that holds every marked element).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from vdx_plugin.invitations import codes
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.frame_checks import Rule
from vdx_plugin.invitations.identifier_checks import is_uuid
from vdx_plugin.invitations.message import Json, Message, dig, extension, rows, text_at, walk
from vdx_plugin.invitations.narrative import clean, holds_extension, rows_of

_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")
_FILE_ENDING = re.compile(r"\.[A-Za-z]{2,5}$")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{400,}")
_FORBIDDEN = ("<script", "<object", "<iframe")
ATTACHMENT_LIMIT = 10
SUBJECT_LIMIT = 70
"""Characters of category and topic together after conversion to XDIS91."""


def narrative_status(message: Message) -> Iterator[Finding]:
    """``extensions`` where some of the text comes from extensions, else ``generated``; never ``empty``."""
    for resource in message.resources:
        wanted = "extensions" if holds_extension(resource) else "generated"
        if text_at(resource, "text", "status") != wanted:
            yield Finding("narrative-status", f"{resource.get('resourceType')}.text", f"skal være {wanted}")


def has_narrative(message: Message) -> Iterator[Finding]:
    """Every resource has a text."""
    for resource in message.resources:
        place = f"{resource.get('resourceType')}.text"
        if not text_at(resource, "text", "div"):
            yield Finding("narrative", place, "mangler")


def narrative_tells_all(message: Message) -> Iterator[Finding]:
    """Every marked element stands in the text as a reader would see it: its value, and its Danish and English terms."""
    for resource in message.resources:
        place, seen = f"{resource.get('resourceType')}.text", _visible(text_at(resource, "text", "div"))
        for label, value in rows_of(resource):
            if not _stands_in(value, seen):
                yield Finding("narrative-element", place, f"mangler {label}")
            if label not in seen:
                yield Finding("narrative-terms", place, f"mangler betegnelsen {label}")


def narrative_is_plain(message: Message) -> Iterator[Finding]:
    """No script and no base64."""
    for resource in message.resources:
        div = text_at(resource, "text", "div")
        if any(word in div.lower() for word in _FORBIDDEN) or _BASE64.search(div):
            yield Finding(
                "narrative-plain", f"{resource.get('resourceType')}.text", "må ikke holde program eller filer"
            )


def _visible(div: str) -> str:
    return _SPACE.sub(" ", unescape(_TAG.sub(" ", div)))


def _stands_in(value: str, seen: str) -> bool:
    # ``Telemedicin (telemedicine)`` and ``source: urn:uuid:…`` are our wording; the value itself is the last word.
    if value in seen:
        return True
    wanted = _SPACE.sub(" ", clean(value)).strip()
    return wanted in seen or wanted.rpartition(" ")[2].strip("()") in seen


def location_system(message: Message) -> Iterator[Finding]:
    """CareCommunication 5.x fixes the location number's system with https (dk-core 3.4.0)."""
    for organization in message.all("Organization"):
        if not any(text_at(one, "system") == codes.GLN for one in rows(organization, "identifier")):
            yield Finding("gln-system", "Organization.identifier", "lokationsnummerets system skal være med https")


def ids(message: Message) -> Iterator[Finding]:
    """Bundle.id and MessageHeader.id are uuids."""
    for place, value in (("Bundle.id", text_at(message.bundle, "id")), ("MessageHeader.id", message.id)):
        if not is_uuid(value):
            yield Finding("uuid", place, "skal være en uuid")


def texts(message: Message) -> Iterator[Finding]:
    """No empty value and no character that XML cannot hold, anywhere."""
    if not _is_fit(message.bundle):
        # Places are worked out only when there is something to place.
        for place, value in walk(message.bundle):
            if isinstance(value, str) and not _is_fit(value):
                yield Finding("text", place, "tom eller med tegn, der ikke kan sendes")


def _is_fit(bundle: object) -> bool:
    left = [bundle]
    while left:
        value = left.pop()
        if isinstance(value, str):
            if not value or value.isspace() or clean(value) != value:
                return False
        elif isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return True


def attachment_count(message: Message) -> Iterator[Finding]:
    """At most ten attachments while letters are converted (Governance for Network Layer)."""
    attached = [row for row in rows(message.first("Communication"), "payload") if "contentAttachment" in row]
    if len(attached) > ATTACHMENT_LIMIT:
        yield Finding("attachment-count", "Communication.payload", "højst ti vedhæftninger")


def subject_length(message: Message) -> Iterator[Finding]:
    """Category and topic share a line once the letter is converted."""
    letter = message.first("Communication")
    code = text_at(letter, "category", 0, "coding", 0, "code")
    subject = f"{codes.CATEGORIES.get(code, code)}, {text_at(letter, 'topic', 'text')}"
    if len(subject) > SUBJECT_LIMIT:
        yield Finding("subject-length", "Communication.topic", "kategori og emne må fylde 70 tegn tilsammen")


def _own_payloads(message: Message) -> Iterator[tuple[int, Json]]:
    """Payloads that the sender wrote. What a partner wrote earlier in the thread is repeated as it came."""
    sender = text_at(message.header, "sender", "reference")
    for position, row in enumerate(rows(message.first("Communication"), "payload")):
        stamp = extension(row, codes.IDENTIFIER_EXTENSION)
        if text_at(stamp, "valueIdentifier", "assigner", "reference") in (sender, ""):
            yield position, row


def attachment_titles(message: Message) -> Iterator[Finding]:
    """A title is words, not a file's name."""
    for position, row in _own_payloads(message):
        if _FILE_ENDING.search(text_at(row, "contentAttachment", "title")):
            yield Finding("attachment-title", f"Communication.payload[{position}]", "titlen må ikke vise en filendelse")


def phones(message: Message) -> Iterator[Finding]:
    """medcom-core-contact accepts almost anything, so what we send is held to at least eight digits."""
    for position, row in _own_payloads(message):
        contact = extension(row, codes.CONTACT_EXTENSION)
        if contact is not None and len(re.sub(r"\D", "", text_at(contact, "valueContactPoint", "value"))) < 8:
            yield Finding("phone", f"Communication.payload[{position}]", "telefonnummeret er for kort")


def payload_history(message: Message) -> Iterator[Finding]:
    """Every payload is somebody's: one Provenance entity names it."""
    named = {
        text_at(entity, "what", "identifier", "value")
        for history in message.all("Provenance")
        for entity in rows(history, "entity")
    }
    for position, row in _own_payloads(message):
        stamp = extension(row, codes.IDENTIFIER_EXTENSION)
        if text_at(dig(stamp, "valueIdentifier"), "value") not in named:
            yield Finding("provenance-payload", f"Communication.payload[{position}]", "historikken nævner ikke teksten")


ALWAYS: tuple[Rule, ...] = (
    has_narrative,
    narrative_status,
    narrative_tells_all,
    narrative_is_plain,
    location_system,
    ids,
    texts,
)
CARE: tuple[Rule, ...] = (attachment_count, subject_length, attachment_titles, phones, payload_history)
