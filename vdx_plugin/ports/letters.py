"""Letters that partners wrote to us: kept, shown, brought to the consultation they speak of, marked by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.parties import AnswerMark


@dataclass(frozen=True, slots=True)
class IncomingLetter:
    """One letter as it came. ``text`` is shown as it is and never read as yes or no.

    ``consultation_id`` is None while nobody knows which consultation it speaks of: partners on the old format answer in
    a thread of their own. ``patient_label`` is what the user needs to match it, and is never logged.
    """

    message_id: str
    thread_id: str
    sender_gln: str
    sender_name: str
    written_at: datetime
    """Time of the newest payload, which answers are sorted by."""
    received_at: datetime
    subject: str
    text: str
    mime: str
    payload: bytes
    consultation_id: UUID | None = None
    party_key: str = ""
    patient_label: str = ""
    patient_ids: tuple[str, ...] = ()
    """Every national number the letter names the patient by; never shown or logged, only compared."""
    mark: AnswerMark = AnswerMark.UNREAD

    def matched(self, consultation_id: UUID, party_key: str) -> IncomingLetter:
        """Return the letter as one that belongs to a party of a consultation."""
        return replace(self, consultation_id=consultation_id, party_key=party_key)

    def __repr__(self) -> str:
        return f"IncomingLetter({self.message_id!r}, {len(self.payload)} bytes)"


class LetterBook(Protocol):
    """Keeps incoming letters, sealed, until they are erased with the consultation's messages."""

    async def keep(self, letter: IncomingLetter) -> bool:
        """Write a letter down; False for one that is there already."""
        ...

    async def of_consultation(self, consultation_id: UUID) -> Sequence[IncomingLetter]:
        """Return a consultation's letters, oldest written first."""
        ...

    async def unmatched(self) -> Sequence[IncomingLetter]:
        """Return the letters that belong to no consultation yet and are not put aside, oldest first."""
        ...

    async def match(self, message_id: str, consultation_id: UUID, party_key: str, now: datetime) -> None:
        """Bring a letter to the party that wrote it."""
        ...

    async def unmatch(self, message_id: str, now: datetime) -> None:
        """Take back that it was brought to a party or put aside: it is as it came, and waits again."""
        ...

    async def mark(self, message_id: str, mark: AnswerMark, now: datetime) -> None:
        """Write down how the user has read a letter; an unmatched one that is NOTED is thereby put aside."""
        ...
