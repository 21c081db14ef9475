"""What a partner wrote back, read out of a CareCommunication that has passed ``checks``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.message import Json, Message, extension, gln_of, rows, text_at, when


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``text`` is shown as it is and never read as yes or no."""

    message_id: str
    thread_id: str
    sender_gln: str
    sender_name: str
    text: str
    at: datetime

    def __repr__(self) -> str:
        return f"Reply({self.message_id!r})"


def read(message: Message, own_gln: str) -> Reply:
    """Read the newest text by the payloads' own times (rule 23): letters may arrive late or in another order.

    Raises Unreadable(``invite.unreadable``) when there is no text with a time that somebody else wrote.
    """
    found = [(_time(row), text_at(row, "contentString")) for row in _foreign_texts(message, own_gln)]
    timed = [(at, text) for at, text in found if at is not None]
    if not timed:
        raise Unreadable("invite.unreadable", "an answer without a text", place="Communication.payload")
    newest = max(at for at, _ in timed)
    text = "\n\n".join(text for at, text in timed if at == newest)
    sender = message.sender
    return Reply(message.id, message.thread_id, gln_of(sender), text_at(sender, "name"), text, newest)


def _foreign_texts(message: Message, own_gln: str) -> list[Json]:
    payloads = rows(message.first("Communication"), "payload")
    return [row for row in payloads if "contentString" in row and _assigner_gln(message, row) != own_gln]


def _assigner_gln(message: Message, payload: Json) -> str:
    stamp = extension(payload, codes.IDENTIFIER_EXTENSION)
    reference = text_at(stamp, "valueIdentifier", "assigner", "reference")
    return gln_of(message.resolve(reference) or {})


def _time(payload: Json) -> datetime | None:
    return when(text_at(extension(payload, codes.DATETIME_EXTENSION), "valueDateTime"))
