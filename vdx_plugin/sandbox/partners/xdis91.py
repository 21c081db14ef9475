"""XDIS91, the letter form before FHIR (MedCom, OIOXML 2006), and what becomes of a CareCommunication in it and back.

Written from MedCom's mapping tables for the network's conversion (January 2026), as the sandbox's old system needs it:

FHIR to XDIS91: category and topic become one subject, joined by a comma and cut at 70 characters; texts go into Text01,
each with author and role, the newest first; the author's phone becomes the sender's; a link becomes a Reference with
URL, its title the description; MessageHeader.id and Bundle.id become the identifiers of letter and envelope. The thread
(Communication.identifier) and the history (Provenance) are lost: that a letter answers another is only told in words.

XDIS91 to FHIR: a new thread every time, category ``other``, the subject as topic or "Ukendt emne", the sender's phone
or "0000 0000", new ids for text and links.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree

from vdx_plugin.sandbox.partners.bundle import (
    CORE,
    CPR_SYSTEM,
    GLN_SYSTEM,
    Message,
    Resource,
    extension,
    human_name,
    identifier,
    items,
    payload_identifier,
    text,
)
from vdx_plugin.sandbox.partners.letter_view import CATEGORY_NAMES, newest_first, title_of, written_at

NAMESPACE = "http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/2006/07/01/"
_ZONE = ZoneInfo("Europe/Copenhagen")
LONGEST_SUBJECT = 70
UNKNOWN_SUBJECT = "Ukendt emne"
UNKNOWN_PHONE = "0000 0000"
_REMARKS = {"reply-message": "Svar på tidligere meddelelse.", "forward-message": "Videresendt meddelelse."}


class UnreadableLetter(ValueError):
    """The bytes are no XDIS91 letter."""


@dataclass(frozen=True)
class OldParty:
    """Sender or receiver: location number, name, phone."""

    gln: str
    name: str
    phone: str = ""


@dataclass(frozen=True)
class OldReference:
    """A link, or with ``url`` empty an object that travels in a letter of its own (XBIN01)."""

    description: str
    url: str = field(default="", repr=False)
    object_id: str = ""


@dataclass(frozen=True)
class OldLetter:
    """A letter as an old system has it."""

    envelope_id: str
    letter_id: str
    sent_at: datetime
    sender: OldParty
    receiver: OldParty
    patient_number: str = field(repr=False)
    family: str = field(repr=False)
    given: str = field(repr=False)
    subject: str = field(repr=False)
    words: str = field(repr=False)
    references: tuple[OldReference, ...] = field(default=(), repr=False)


def converted(message: Message, now: datetime) -> OldLetter:
    """Return what the receiver on the old form gets of a CareCommunication."""
    communication, patient = message.first("Communication"), message.first("Patient")
    payloads = newest_first(items(communication, "payload"))
    name = next((one for one in items(patient, "name") if one.get("use") == "official"), {})
    phones = (text(_own(payload, "contact"), "valueContactPoint", "value") for payload in payloads)
    return OldLetter(
        envelope_id=message.bundle_id,
        letter_id=message.header_id,
        sent_at=next(filter(None, map(written_at, payloads)), now),
        sender=_party(message.sender, next(filter(None, phones), "")),
        receiver=_party(message.receiver, ""),
        patient_number=identifier(patient, CPR_SYSTEM) or text(patient, "identifier", "value"),
        family=text(name, "family"),
        given=" ".join(human_name(patient).split()[: -1 if name.get("family") else None]),
        subject=subject_of(communication),
        words="\n\n".join(_texts(message, payloads)),
        references=tuple(_reference(payload) for payload in payloads if "contentAttachment" in payload),
    )


def subject_of(communication: Resource) -> str:
    """Join category and topic by a comma, and cut."""
    category = text(communication, "category", "coding", "code")
    parts = (CATEGORY_NAMES.get(category, category), text(communication, "topic", "text"))
    return ", ".join(part for part in parts if part)[:LONGEST_SUBJECT]


def written(letter: OldLetter) -> bytes:
    """Return the letter as XML."""
    root = etree.Element(f"{{{NAMESPACE}}}Emessage", nsmap={None: NAMESPACE})
    envelope = _sub(root, "Envelope")
    _time(_sub(envelope, "Sent"), letter.sent_at)
    _sub(envelope, "Identifier", letter.envelope_id)
    _sub(envelope, "AcknowledgementCode", "pluspositivkvitt")
    body = _sub(root, "ClinicalEmail")
    _write_letter(_sub(body, "Letter"), letter)
    _write_party(_sub(body, "Sender"), letter.sender)
    _write_party(_sub(body, "Receiver"), letter.receiver)
    _write_patient(_sub(body, "Patient"), letter)
    about = _sub(body, "AdditionalInformation")
    _sub(about, "Priority", "rutine")
    _sub(about, "Subject", letter.subject)
    _write_words(_sub(_sub(body, "ClinicalInformation"), "Text01"), letter.words)
    for reference in letter.references:
        _write_reference(_sub(body, "Reference"), reference)
    xml: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml


def read(xml: bytes) -> OldLetter:
    """Read a letter. Raises UnreadableLetter."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(xml, parser)
        sent = f"{_found(root, 'Envelope/Sent/Date')}T{_found(root, 'Envelope/Sent/Time')}"
        at = datetime.fromisoformat(sent).replace(tzinfo=_ZONE)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableLetter("no letter") from error
    body = "ClinicalEmail/"
    return OldLetter(
        envelope_id=_found(root, "Envelope/Identifier"),
        letter_id=_found(root, body + "Letter/Identifier"),
        sent_at=at,
        sender=_read_party(root, body + "Sender"),
        receiver=_read_party(root, body + "Receiver"),
        patient_number=_found(root, body + "Patient/CivilRegistrationNumber"),
        family=_found(root, body + "Patient/PersonSurnameName"),
        given=_found(root, body + "Patient/PersonGivenName"),
        subject=_found(root, body + "AdditionalInformation/Subject"),
        words=_read_words(root.find(_path(body + "ClinicalInformation/Text01"))),
        references=tuple(_read_reference(one) for one in root.findall(_path(body + "Reference"))),
    )


def _texts(message: Message, payloads: Iterable[Resource]) -> Iterator[str]:
    activity = text(message.own_provenance, "activity", "coding", "code")
    if activity in _REMARKS:
        yield _REMARKS[activity]
    for payload in payloads:
        if "contentString" in payload:
            yield f"{text(payload, 'contentString')}\n{_signature(message, payload)}"


def _signature(message: Message, payload: Resource) -> str:
    role = message.follow(_own(payload, "practitioner").get("valueReference"))
    name = human_name(message.follow(role.get("practitioner")))
    title = title_of(role)
    return ", ".join(part for part in (name, title) if part)


def _reference(payload: Resource) -> OldReference:
    attachment = payload.get("contentAttachment")
    url = text(attachment, "url")
    # Ids have no hyphens in the old forms.
    object_id = "" if url else payload_identifier(payload).removeprefix("urn:uuid:").replace("-", "")
    return OldReference(text(attachment, "title") if url else "BIN", url, object_id)


def _own(payload: Resource, name: str) -> Resource:
    return extension(payload, f"{CORE}medcom-core-{name}-extension")


def _party(organisation: Resource, phone: str) -> OldParty:
    return OldParty(identifier(organisation, GLN_SYSTEM), text(organisation, "name"), phone)


def _sub(parent: etree._Element, name: str, value: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = value
    return child


def _time(parent: etree._Element, at: datetime) -> None:
    local = at.astimezone(_ZONE)
    _sub(parent, "Date", f"{local:%Y-%m-%d}")
    _sub(parent, "Time", f"{local:%H:%M}")


def _write_letter(parent: etree._Element, letter: OldLetter) -> None:
    _sub(parent, "Identifier", letter.letter_id)
    _sub(parent, "VersionCode", "XD9134L")
    _sub(parent, "StatisticalCode", "XDIS91")
    _time(_sub(parent, "Authorisation"), letter.sent_at)
    _sub(parent, "TypeCode", "XDIS91")
    _sub(parent, "StatusCode", "nytbrev")


def _write_party(parent: etree._Element, party: OldParty) -> None:
    _sub(parent, "EANIdentifier", party.gln)
    _sub(parent, "Identifier", party.gln)
    _sub(parent, "IdentifierCode", "lokationsnummer")
    _sub(parent, "OrganisationName", party.name)
    if party.phone:
        _sub(parent, "TelephoneSubscriberIdentifier", party.phone)


def _write_patient(parent: etree._Element, letter: OldLetter) -> None:
    _sub(parent, "CivilRegistrationNumber", letter.patient_number)
    _sub(parent, "PersonSurnameName", letter.family)
    _sub(parent, "PersonGivenName", letter.given)
    _sub(parent, "EpisodeOfCareStatusCode", "inaktiv")


def _write_words(parent: etree._Element, words: str) -> None:
    first, *others = words.split("\n")
    parent.text = first
    for line in others:
        _sub(parent, "Break").tail = line


def _write_reference(parent: etree._Element, reference: OldReference) -> None:
    _sub(parent, "RefDescription", reference.description)
    if reference.url:
        _sub(parent, "URL", reference.url)
    else:
        _sub(_sub(parent, "BIN"), "ObjectIdentifier", reference.object_id)


def _path(steps: str) -> str:
    return "/".join(f"{{{NAMESPACE}}}{step}" for step in steps.split("/"))


def _found(element: etree._Element, steps: str) -> str:
    return (element.findtext(_path(steps)) or "").strip()


def _read_party(root: etree._Element, steps: str) -> OldParty:
    phone = _found(root, f"{steps}/TelephoneSubscriberIdentifier")
    return OldParty(_found(root, f"{steps}/EANIdentifier"), _found(root, f"{steps}/OrganisationName"), phone)


def _read_words(element: etree._Element | None) -> str:
    if element is None:
        return ""
    return (element.text or "") + "".join(f"\n{line.tail or ''}" for line in element)


def _read_reference(element: etree._Element) -> OldReference:
    url, object_id = _found(element, "URL"), _found(element, "BIN/ObjectIdentifier")
    return OldReference(_found(element, "RefDescription"), url, object_id)
