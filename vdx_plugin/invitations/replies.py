"""What a partner wrote, read out of a CareCommunication that has passed ``checks``."""

from __future__ import annotations

from datetime import datetime

from vdx_plugin.domain.patients import Identifier
from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.identifier_checks import is_personal_system
from vdx_plugin.invitations.message import Json, Message, dig, extension, gln_of, rows, text_at, when
from vdx_plugin.invitations.transport import Incoming
from vdx_plugin.ports import IncomingLetter


def read(message: Message, own_gln: str, incoming: Incoming, received_at: datetime) -> IncomingLetter:
    """Return the letter with its newest text by the payloads' own times (rule 23): letters come late and out of order.

    Raises Unreadable(``invite.unreadable``) when there is no text with a time that somebody else wrote.
    """
    found = [(_time(row), text_at(row, "contentString")) for row in _foreign_texts(message, own_gln)]
    timed = [(at, text) for at, text in found if at is not None]
    if not timed:
        raise Unreadable("invite.unreadable", "an answer without a text", place="Communication.payload")
    newest = max(at for at, _ in timed)
    return IncomingLetter(
        message_id=message.id,
        thread_id=message.thread_id,
        sender_gln=gln_of(message.sender),
        sender_name=text_at(message.sender, "name"),
        written_at=newest,
        received_at=received_at,
        subject=subject_of(message),
        text="\n\n".join(text for at, text in timed if at == newest),
        mime=incoming.mime,
        payload=incoming.body,
        patient_label=_patient_label(message),
        patient_ids=patient_ids(message),
    )


def subject_of(message: Message) -> str:
    """Return category and topic as a mailbox would show them; the category ``other`` says nothing and is left out."""
    letter = message.first("Communication")
    category = text_at(letter, "category", 0, "coding", 0, "code")
    word = "" if category == "other" else codes.CATEGORIES.get(category, category)
    return ", ".join(part for part in (word, text_at(letter, "topic", "text")) if part)


def patient_ids(message: Message) -> tuple[str, ...]:
    """Return every national number that the message names its patient by."""
    identifiers = (one for patient in message.all("Patient") for one in rows(patient, "identifier"))
    return tuple(text_at(one, "value") for one in identifiers if is_personal_system(text_at(one, "system")))


def _patient_label(message: Message) -> str:
    patient = message.first("Patient")
    name = dig(patient, "name", 0)
    given = [part for part in dig(name, "given") or [] if isinstance(part, str)]
    number = dig(patient, "identifier", 0)
    masked = Identifier(text_at(number, "system"), text_at(number, "value")).masked
    return f"{' '.join([*given, text_at(name, 'family')]).strip()} ({masked})"


def _foreign_texts(message: Message, own_gln: str) -> list[Json]:
    payloads = rows(message.first("Communication"), "payload")
    return [row for row in payloads if "contentString" in row and _assigner_gln(message, row) != own_gln]


def _assigner_gln(message: Message, payload: Json) -> str:
    stamp = extension(payload, codes.IDENTIFIER_EXTENSION)
    reference = text_at(stamp, "valueIdentifier", "assigner", "reference")
    return gln_of(message.resolve(reference) or {})


def _time(payload: Json) -> datetime | None:
    return when(text_at(extension(payload, codes.DATETIME_EXTENSION), "valueDateTime"))
