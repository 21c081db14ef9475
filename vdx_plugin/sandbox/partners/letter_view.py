"""A letter as its reader sees it: texts in the order they were written, links, sender, patient, what was wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from vdx_plugin.sandbox.partners.bundle import (
    CORE,
    CPR_SYSTEM,
    Message,
    Resource,
    extension,
    human_name,
    identifier,
    items,
    text,
)

CATEGORY_NAMES = {
    "alcohol-and-drug-treatment": "Rusmiddelbehandling",
    "assistive-devices": "Hjælpemidler",
    "carecoordination": "Forløbskoordinering",
    "decease": "Dødsfald",
    "discharge": "Udskrivelse",
    "examination-results": "Undersøgelsessvar",
    "healthcare": "Sundhedspleje",
    "home-care-assessment": "Visitation",
    "medicine": "Medicin",
    "nursing": "Sygepleje",
    "outpatient": "Ambulant",
    "psychiatry-social-disability": "Psykiatri, social og handicap",
    "regarding-referral": "Vedr. henvisning",
    "telemedicine": "Telemedicin",
    "training": "Træning",
    "acute-ambulant": "Akut ambulant",
    "extended-care-responsibility": "Udvidet behandlingsansvar",
    "other": "Andet",
}
TITLE_NAMES = {
    "speciallaegeipraksis": "Speciallæge i praksis",
    "laege": "Læge",
    "laegesekretaer": "Lægesekretær",
    "sygeplejerske": "Sygeplejerske",
}
ACTIVITY_NAMES = {"new-message": "Ny", "reply-message": "Svar", "forward-message": "Videresendt"}


@dataclass(frozen=True)
class LetterPart:
    """One text of the thread with its signature."""

    words: str
    written_at: datetime | None
    author: str
    phone: str
    title: str = ""


@dataclass(frozen=True)
class LetterAttachment:
    """A link or a file. ``url`` is empty unless it is an http address; ``kind`` says what a file is."""

    title: str
    url: str
    kind: str


@dataclass(frozen=True)
class LetterView:
    """Everything a reader needs on one page. ``first_line`` is that of the newest text."""

    topic: str
    category: str
    activity: str
    sender: str
    patient: str
    patient_number: str
    parts: tuple[LetterPart, ...]
    attachments: tuple[LetterAttachment, ...]
    recipient: str = ""

    @property
    def first_line(self) -> str:
        """Return the line a list shows of the letter."""
        return next((line for part in self.parts for line in part.words.splitlines() if line.strip()), "")


def newest_at(bundle: Mapping[str, object]) -> datetime | None:
    """Return when the newest text of a letter was written: the time by which receivers sort a thread."""
    payloads = items(Message(bundle).first("Communication"), "payload")
    return max((at for at in map(written_at, payloads) if at is not None), default=None)


def newest_first(payloads: Iterable[Resource]) -> list[Resource]:
    """Return payloads by the time they were written; what has no usable time comes last.

    Times have whole seconds: of two texts of one second the one that stands later is the newer, as replies append.
    """

    def time(payload: Resource) -> float:
        at = written_at(payload)
        return float("-inf") if at is None else at.timestamp()

    return sorted(payloads, key=time)[::-1]


def view(bundle: Mapping[str, object]) -> LetterView:
    """Return the letter as read; newest text first, whatever order the payloads came in."""
    message = Message(bundle)
    communication = message.first("Communication")
    payloads = newest_first(items(communication, "payload"))
    parts = [_part(message, payload) for payload in payloads if "contentString" in payload]
    category = text(communication, "category", "coding", "code")
    patient = message.first("Patient")
    return LetterView(
        topic=text(communication, "topic", "text") or CATEGORY_NAMES.get(category, "Uden emne"),
        category=CATEGORY_NAMES.get(category, category),
        activity=ACTIVITY_NAMES.get(text(message.own_provenance, "activity", "coding", "code"), "Ukendt"),
        sender=text(message.sender, "name") or "Ukendt afsender",
        patient=human_name(patient) or "Ukendt patient",
        patient_number=identifier(patient, CPR_SYSTEM) or text(patient, "identifier", "value"),
        parts=tuple(parts),
        attachments=tuple(_attachment(payload) for payload in payloads if "contentAttachment" in payload),
        recipient=_recipient(message, communication),
    )


def _recipient(message: Message, communication: Resource) -> str:
    """Return the team or person that the letter names within the receiving organisation."""
    named = message.follow(next(iter(items(communication, "recipient")), {}))
    return text(named, "name") if named.get("resourceType") == "CareTeam" else _person(message, named)


def _person(message: Message, role: Resource) -> str:
    return human_name(message.follow(role.get("practitioner")))


def _part(message: Message, payload: Resource) -> LetterPart:
    role = message.follow(extension(payload, CORE + "medcom-core-practitioner-extension").get("valueReference"))
    phone = extension(payload, CORE + "medcom-core-contact-extension")
    return LetterPart(
        words=text(payload, "contentString"),
        written_at=written_at(payload),
        author=_person(message, role) or "Ukendt forfatter",
        phone=text(phone, "valueContactPoint", "value"),
        title=title_of(role),
    )


def _attachment(payload: Resource) -> LetterAttachment:
    attachment = payload.get("contentAttachment")
    url = text(attachment, "url")
    return LetterAttachment(
        title=text(attachment, "title") or "Uden titel",
        # Only web links become clickable: a letter may come from anywhere.
        url=url if url.startswith(("https://", "http://")) else "",
        kind=text(attachment, "contentType"),
    )


def title_of(role: Resource) -> str:
    """Return what an author is, in the words or the code of the message."""
    code = text(role, "code", "coding", "code")
    return text(role, "code", "text") or text(role, "code", "coding", "display") or TITLE_NAMES.get(code, code)


def written_at(payload: Resource) -> datetime | None:
    """Return when a payload was written, which is what receivers sort by; None where nothing usable says so."""
    return _moment(text(extension(payload, CORE + "medcom-core-datetime-extension"), "valueDateTime"))


def _moment(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
