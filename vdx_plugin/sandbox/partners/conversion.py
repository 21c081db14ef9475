"""The network's converter between an old system and the FHIR world: its answers, and its receipts.

An old system's letter becomes a CareCommunication that knows no thread; its receipts (XCTL) become acknowledgements:
XCTL03 (positive) is ok, XCTL02 (negative) is fatal-error or transient-error, and XCTL01, the network's own word that it
could not deliver, becomes nothing at all. A message with a file travels as two letters: both must be receipted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lxml import etree

from vdx_plugin.sandbox.partners import resources as fhir
from vdx_plugin.sandbox.partners.bundle import CORE, CPR_SYSTEM, Message, Resource, items, payload_identifier
from vdx_plugin.sandbox.partners.resources import CARE, TERMS, Json, NewId
from vdx_plugin.sandbox.partners.values import Answer, Partner
from vdx_plugin.sandbox.partners.xdis91 import (
    LONGEST_SUBJECT,
    UNKNOWN_PHONE,
    UNKNOWN_SUBJECT,
    OldLetter,
    OldReference,
)

_RECEIPTS_NAMESPACE = "http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/2005/08/07/"


class ReceiptKind(StrEnum):
    """The three receipts of the old forms."""

    NEGATIVE_VANS = "XCTL01"
    NEGATIVE = "XCTL02"
    POSITIVE = "XCTL03"


_ELEMENTS = {
    ReceiptKind.NEGATIVE_VANS: ("NegativeVANSReceipt", "XC0130Q"),
    ReceiptKind.NEGATIVE: ("NegativeReceipt", "XC0230Q"),
    ReceiptKind.POSITIVE: ("PositiveReceipt", "XC0330Q"),
}


@dataclass(frozen=True)
class OldReceipt:
    """What the old side says about one letter. ``answer`` is what a negative one means."""

    kind: ReceiptKind
    letter_id: str
    answer: Answer | None = None


def receipts_of(answer: Answer, message: Message, *, sends_positive: bool) -> tuple[OldReceipt, ...]:
    """Return the receipts with which an old system says ``answer``; many send no positive ones though asked."""
    letters = letters_of(message)
    if answer.code == "ok":
        return tuple(OldReceipt(ReceiptKind.POSITIVE, letter) for letter in letters if sends_positive)
    return (OldReceipt(ReceiptKind.NEGATIVE, letters[0], answer),)


def letters_of(message: Message) -> tuple[str, ...]:
    """Return the ids of the letters a message travels as: XDIS91, and XBIN01 if it holds a file."""
    payloads = items(message.first("Communication"), "payload")
    has_file = any("data" in (payload.get("contentAttachment") or {}) for payload in payloads)
    return (message.header_id, f"{message.header_id}-bin") if has_file else (message.header_id,)


def answer_of(receipts: Iterable[OldReceipt], message: Message) -> Answer | None:
    """Return the acknowledgement that the receipts become; None: the sender hears nothing (yet)."""
    there = tuple(receipts)
    negative = next((one for one in there if one.kind is ReceiptKind.NEGATIVE), None)
    if negative is not None:
        return negative.answer or Answer("fatal-error")
    said = {one.letter_id for one in there if one.kind is ReceiptKind.POSITIVE}
    return Answer("ok") if said >= set(letters_of(message)) else None


def receipt_source(receipt: OldReceipt, letter: OldLetter, now: datetime, new_id: NewId) -> str:
    """Return a receipt as XML."""
    name, version = _ELEMENTS[receipt.kind]
    root = etree.Element(f"{{{_RECEIPTS_NAMESPACE}}}Emessage", nsmap={None: _RECEIPTS_NAMESPACE})
    rows: list[tuple[str, str]] = [
        ("Envelope/Sent/Date", f"{now:%Y-%m-%d}"),
        ("Envelope/Sent/Time", f"{now:%H:%M}"),
        ("Envelope/Identifier", new_id()),
        ("Envelope/AcknowledgementCode", "minuspositivkvitt"),
        (f"{name}/Letter/Identifier", new_id()),
        (f"{name}/Letter/VersionCode", version),
        (f"{name}/Letter/StatisticalCode", receipt.kind.value),
        (f"{name}/Sender/EANIdentifier", letter.receiver.gln),
        (f"{name}/Receiver/EANIdentifier", letter.sender.gln),
        (f"{name}/OriginalEmessage/OriginalEnvelopeIdentifier", letter.envelope_id),
        (f"{name}/OriginalEmessage/OriginalLetter/OriginalLetterIdentifier", receipt.letter_id),
        (f"{name}/OriginalEmessage/OriginalLetter/OriginalVersionCode", "XD9134L"),
    ]
    for finding in receipt.answer.findings if receipt.answer else ():
        rows.append((f"{name}/Refuse/RefuseCode", finding.error_code))
        rows.append((f"{name}/Refuse/RefuseText", finding.text))
    for path, value in rows:
        _put(root, path, value)
    xml: str = etree.tostring(root, encoding="unicode")
    return xml


def answer_letter(
    letter: OldLetter, words: str, author: str, partner: Partner, now: datetime, new_id: NewId
) -> OldLetter:
    """Return a person's answer in the old system: a new letter the other way, its subject the old one's."""
    return replace(
        letter,
        envelope_id=new_id(),
        letter_id=new_id(),
        sent_at=now,
        sender=replace(letter.receiver, gln=partner.gln, name=partner.name, phone=partner.phone),
        receiver=replace(letter.sender, phone=""),
        subject=f"Sv: {letter.subject}"[:LONGEST_SUBJECT] if letter.subject else "",
        words=f"{words}\n{author}",
        references=(),
    )


def to_fhir(letter: OldLetter, partner: Partner, receiver: Resource, author: str, now: datetime, new_id: NewId) -> Json:
    """Return the CareCommunication that the network makes of an old system's letter to ``receiver``."""
    header_id, communication_id, patient_id = new_id(), new_id(), new_id()
    at = now.isoformat(timespec="seconds")
    own, other = fhir.organisation(partner.gln, partner.sor, partner.name, new_id()), dict(receiver)
    practitioner, role = fhir.author(author, "Ukendt", new_id(), new_id())
    phone = letter.sender.phone or UNKNOWN_PHONE
    text = fhir.text_payload(letter.words, f"urn:uuid:{new_id()}", at, role, own, phone)
    payloads = [text, *(_link(reference, at, own, new_id) for reference in letter.references if reference.url)]
    communication = _communication(letter, communication_id, patient_id, payloads, new_id)
    header = fhir.header(header_id, "care-communication-message", CARE + "messageHeader", own, other)
    header["focus"] = [{"reference": f"Communication/{communication_id}"}]
    header["definition"] = fhir.CARE_DEFINITION
    sources = [{"role": "source", "what": {"identifier": {"value": payload_identifier(one)}}} for one in payloads]
    history = fhir.provenance(new_id(), header_id, "new-message", at, own, sources, CARE + "provenance")
    parts = [header, communication, _patient(letter, patient_id), role, practitioner, own, other, history]
    return fhir.message_bundle(new_id(), CARE + "message", at, "carecommunication", parts)


def _communication(letter: OldLetter, own_id: str, patient_id: str, payloads: Sequence[Json], new_id: NewId) -> Json:
    topic = letter.subject or UNKNOWN_SUBJECT
    rows = [("Id (id)", own_id), ("Emne (topic)", topic), ("Meddelelsestekst (contentString)", letter.words)]
    category = {"system": TERMS + "medcom-careCommunication-categoryCodes", "code": "other"}
    return {
        "resourceType": "Communication",
        "id": own_id,
        "meta": {"profile": [CARE + "communication"]},
        "text": fhir.narrative("Korrespondancemeddelelse (Communication)", rows),
        "identifier": [{"value": f"urn:uuid:{new_id()}"}],
        "status": "unknown",
        "category": [{"coding": [category]}],
        "subject": {"reference": f"Patient/{patient_id}"},
        "topic": {"text": topic},
        "payload": list(payloads),
    }


def _patient(letter: OldLetter, own_id: str) -> Json:
    name = f"{letter.given} {letter.family}".strip()
    rows = [("Id (id)", own_id), ("CPR-nummer (cpr)", letter.patient_number), ("Navn (name)", name)]
    official: Json = {"use": "official", "family": letter.family}
    if letter.given:
        official["given"] = letter.given.split()
    return {
        "resourceType": "Patient",
        "id": own_id,
        "meta": {"profile": [CORE + "medcom-core-patient"]},
        "text": fhir.narrative("Patient (Patient)", rows),
        "identifier": [{"system": CPR_SYSTEM, "value": letter.patient_number}],
        "name": [official],
    }


def _link(reference: OldReference, at: str, own: Json, new_id: NewId) -> Json:
    full = fhir.text_payload("", f"urn:uuid:{new_id()}", at, {"id": ""}, own, "")
    attachment = {"url": reference.url, "title": reference.description, "creation": at}
    return {"extension": full["extension"][:2], "contentAttachment": attachment}


def _put(parent: etree._Element, path: str, value: str) -> None:
    """Write a value at a path, making the elements on the way that are not there; the last is always new."""
    *way, last = (f"{{{_RECEIPTS_NAMESPACE}}}{step}" for step in path.split("/"))
    for step in way:
        found = parent.find(step)
        parent = found if found is not None else etree.SubElement(parent, step)
    etree.SubElement(parent, last).text = value
