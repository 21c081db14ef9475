"""MedCom CareCommunication 5.0: a new letter, an answer in its thread, and the same letter sent once more.

Pure: identities and times come in, so the same arguments always make the same bytes. ``new_id`` is called in a fixed
order. Each partner has a thread of its own; an answer repeats every earlier payload and Provenance of the thread
(rules medcom-carecommunication-3 to -7, "governance for CareCommunication").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from vdx_plugin.domain.patients import Patient
from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations import codes, resources
from vdx_plugin.invitations.message import Message, dig, extension, gln_of, reference_to, rows, text_at
from vdx_plugin.invitations.narrative import clean
from vdx_plugin.invitations.resources import Author, Party, Resource
from vdx_plugin.invitations.spoken_time import instant
from vdx_plugin.invitations.threads import sor_of

NewId = Callable[[], UUID]

_BASE = f"{codes.MEDCOM}/carecommunication/".replace("http:", "https:")
_CARRIED = ("Patient", "PractitionerRole", "Practitioner", "Organization", "CareTeam", "Encounter", "Provenance")


@dataclass(frozen=True, slots=True)
class Link:
    """An address in a letter, also sent as an attachment that an older system turns into a reference."""

    url: Secret
    title: str


@dataclass(frozen=True, slots=True)
class Content:
    """What one letter says. ``link`` goes along as an attachment payload.

    In an answer ``topic`` replaces the thread's, so that a letter about another time has no old time in its subject.
    """

    text: str
    link: Link | None = None
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a thread is about: one patient, a category the receiver routes by, a topic.

    ``team`` is the part of the receiver that is meant, where that part cannot be addressed itself.
    """

    patient: Patient
    category: str
    topic: str
    team: str = ""


def organisation_party(new_id: NewId, name: str, sor: str, gln: str) -> Party:
    """Give an organisation its resource id for a new thread."""
    return Party(str(new_id()), name, sor, gln)


def new_letter(
    sender: Party, receiver: Party, author: Author, subject: Subject, content: Content, at: datetime, new_id: NewId
) -> Message:
    """Build the first letter of a new thread."""
    bundle_id, message_id, letter_id, thread_id = (str(new_id()) for _ in range(4))
    person = resources.patient(str(new_id()), subject.patient)
    role = _author_resources(author, new_id)
    payloads = _payloads(content, author, reference_to(role[0]), sender.reference, at, new_id)
    team = [resources.care_team(str(new_id()), subject.team, receiver)] if subject.team else []
    letter = {
        "identifier": [{"value": f"urn:uuid:{thread_id}"}],
        "status": "unknown",
        "category": [{"coding": [{"system": codes.CATEGORY_CODES, "code": subject.category}]}],
        "subject": {"reference": reference_to(person)},
        "topic": {"text": clean(subject.topic)},
        **({"recipient": [{"reference": reference_to(one)} for one in team]} if team else {}),
        "payload": payloads,
    }
    provenance = resources.provenance(
        str(new_id()), message_id, at, "new-message", sender.reference, payload_ids=_payload_ids(payloads)
    )
    contents = [
        _header(message_id, sender, receiver, letter_id),
        _letter(letter_id, letter),
        person,
        *role,
        *team,
        resources.organization(sender),
        resources.organization(receiver),
        provenance,
    ]
    return _bundle(bundle_id, at, [_entry(_BASE, resource) for resource in contents])


def answer(previous: Message, own_gln: str, author: Author, content: Content, at: datetime, new_id: NewId) -> Message:
    """Build the next letter of a thread: an answer to the partner's newest letter, or to our own (S2.A4).

    ``previous`` has passed ``checks``. Attachments of earlier letters keep everything but their base64 content.
    """
    bundle_id, message_id, letter_id = (str(new_id()) for _ in range(3))
    is_own = gln_of(previous.sender) == own_gln
    ends = (previous.sender, previous.receiver) if is_own else (previous.receiver, previous.sender)
    sender, receiver = (_party(end) for end in ends)
    role, is_new_role = _author_in(previous, author, new_id)
    payloads = _payloads(content, author, reference_to(role[0]), sender.reference, at, new_id)
    provenance = resources.provenance(
        str(new_id()),
        message_id,
        at,
        "reply-message",
        sender.reference,
        answers={"reference": f"MessageHeader/{previous.id}"},
        payload_ids=_payload_ids(payloads),
    )
    base = _base_of(previous)
    letter = _continued(previous, payloads, content.topic, is_own=is_own)
    fresh = [_header(message_id, sender, receiver, letter_id), _letter(letter_id, letter)]
    fresh += [*(role if is_new_role else []), provenance]
    carried = [_carried(entry) for entry in rows(previous.bundle, "entry") if _is_carried(entry)]
    return _bundle(bundle_id, at, [*(_entry(base, resource) for resource in fresh), *carried])


def resent(message: Message, at: datetime, new_id: NewId) -> Message:
    """The same message for another try: new Bundle.id and times, same MessageHeader.id (FHIR Messaging, MR7)."""
    bundle = deepcopy(dict(message.bundle))
    bundle["id"], bundle["timestamp"] = str(new_id()), instant(at)
    for entry in bundle["entry"]:
        resource = entry["resource"]
        targets = [text_at(target, "reference") for target in rows(resource, "target")]
        if resource["resourceType"] == "Provenance" and f"MessageHeader/{message.id}" in targets:
            entry["resource"] = resources.with_narrative(
                {**resource, "occurredDateTime": instant(at), "recorded": instant(at)}
            )
    return Message(bundle)


def link_of(message: Message) -> str:
    """Return the newest link that a thread carries as an attachment; empty when it has none."""
    urls = [text_at(row, "contentAttachment", "url") for row in rows(message.first("Communication"), "payload")]
    return next((url for url in reversed(urls) if url), "")


def _header(message_id: str, sender: Party, receiver: Party, letter_id: str) -> Resource:
    return resources.header(
        message_id,
        sender,
        receiver,
        profile=codes.CARE_HEADER,
        event=codes.CARE_EVENT,
        focus=f"Communication/{letter_id}",
        definition=f"{codes.CARE_DEFINITION}|{codes.CARE_VERSION}",
    )


def _letter(letter_id: str, values: Mapping[str, Any]) -> Resource:
    return resources.resource("Communication", letter_id, codes.CARE_LETTER, **values)


def _continued(previous: Message, payloads: Sequence[Resource], topic: str, *, is_own: bool) -> Resource:
    letter = deepcopy(dict(previous.first("Communication")))
    for name in ("resourceType", "id", "meta", "text"):
        letter.pop(name, None)
    if not is_own:
        _swap_specific_ends(letter)
    if topic:
        letter["topic"] = {"text": clean(topic)}
    letter["payload"] = [*(_without_data(payload) for payload in rows(letter, "payload")), *payloads]
    return letter


def _swap_specific_ends(letter: Resource) -> None:
    """Whom the partner wrote as, we write to, and the other way round (rule 7)."""
    sender = extension(letter, codes.SENDER_EXTENSION)
    recipient = dig(letter, "recipient", 0)
    letter.pop("extension", None)
    letter.pop("recipient", None)
    if sender is not None:
        letter["recipient"] = [sender["valueReference"]]
    if recipient is not None:
        letter["extension"] = [{"url": codes.SENDER_EXTENSION, "valueReference": recipient}]


def _without_data(payload: Mapping[str, Any]) -> Resource:
    attachment = dig(payload, "contentAttachment")
    if attachment is None:
        return dict(payload)
    return {**payload, "contentAttachment": {name: value for name, value in attachment.items() if name != "data"}}


def _payloads(
    content: Content, author: Author, author_reference: str, assigner: str, at: datetime, new_id: NewId
) -> list[Resource]:
    """The text with its four extensions and, where there is a link, the link as an attachment with its two."""
    signed = [
        {"url": codes.PRACTITIONER_EXTENSION, "valueReference": {"reference": author_reference}},
        {"url": codes.CONTACT_EXTENSION, "valueContactPoint": {"system": "phone", "value": clean(author.phone)}},
    ]
    text = {"extension": [*_stamp(at, assigner, new_id), *signed], "contentString": clean(content.text)}
    if content.link is None:
        return [text]
    attachment = {"url": content.link.url.reveal(), "title": clean(content.link.title), "creation": instant(at)}
    return [text, {"extension": _stamp(at, assigner, new_id), "contentAttachment": attachment}]


def _stamp(at: datetime, assigner: str, new_id: NewId) -> list[Resource]:
    identifier = {"value": f"urn:uuid:{new_id()}", "assigner": {"reference": assigner}}
    return [
        {"url": codes.DATETIME_EXTENSION, "valueDateTime": instant(at)},
        {"url": codes.IDENTIFIER_EXTENSION, "valueIdentifier": identifier},
    ]


def _payload_ids(payloads: Sequence[Resource]) -> list[str]:
    stamps = (extension(payload, codes.IDENTIFIER_EXTENSION) for payload in payloads)
    return [text_at(stamp, "valueIdentifier", "value") for stamp in stamps]


def _author_resources(author: Author, new_id: NewId) -> list[Resource]:
    """The author's PractitionerRole, then the Practitioner."""
    role_id, person_id = str(new_id()), str(new_id())
    role = resources.practitioner_role(role_id, person_id, author.role)
    return [role, resources.practitioner(person_id, author.name)]


def _author_in(previous: Message, author: Author, new_id: NewId) -> tuple[list[Resource], bool]:
    """Find the author among those who wrote earlier in the thread, or make new resources."""
    made = _author_resources(author, new_id)
    for role in previous.all("PractitionerRole"):
        person = previous.resolve(dig(role, "practitioner"))
        if person is not None and dig(role, "code") == made[0]["code"] and dig(person, "name") == made[1]["name"]:
            return [dict(role), dict(person)], False
    return made, True


def _party(organization: Mapping[str, Any]) -> Party:
    name = text_at(organization, "name")
    return Party(text_at(organization, "id"), name, sor_of(organization), gln_of(organization))


def _is_carried(entry: Mapping[str, Any]) -> bool:
    return dig(entry, "resource", "resourceType") in _CARRIED


def _carried(entry: Mapping[str, Any]) -> Resource:
    """An earlier resource as it was, with a narrative that lives up to our duties whoever wrote the first one."""
    copy = deepcopy(dict(entry))
    return {**copy, "resource": resources.with_narrative(copy["resource"])}


def _base_of(message: Message) -> str:
    """Address that relative references of the thread are resolved against: one base for old entries and new."""
    address = text_at(message.bundle, "entry", 0, "fullUrl")
    tail = reference_to(message.header)
    return address.removesuffix(tail) if address.endswith(tail) else _BASE


def _entry(base: str, resource: Resource) -> Resource:
    return {"fullUrl": f"{base}{reference_to(resource)}", "resource": resource}


def _bundle(bundle_id: str, at: datetime, entries: Sequence[Resource]) -> Message:
    return Message(
        {
            "resourceType": "Bundle",
            "id": bundle_id,
            "meta": {"profile": [codes.CARE_COMMUNICATION]},
            "type": "message",
            "timestamp": instant(at),
            "entry": list(entries),
        }
    )
