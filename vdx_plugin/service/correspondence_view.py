"""What waits for a person: messages that did not get through, and answers that nobody knows the meeting of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vdx_plugin.domain.parties import Channel
from vdx_plugin.domain.secret import Secret
from vdx_plugin.ports import MessageKind, OutboxState


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that did not get through. ``problem`` is the code of a sentence, empty if none is known.

    ``others`` are channels over which the party can be reached besides; with LINK among them, ``link`` is to be copied.
    """

    key: str
    kind: MessageKind
    channel: Channel
    state: OutboxState
    at: datetime
    problem: str = ""
    party: str = ""
    patient: str = ""
    starts_at: datetime | None = None
    phone: str = ""
    can_resend: bool = True
    others: tuple[Channel, ...] = ()
    link: Secret | None = None

    def __repr__(self) -> str:
        return f"DeadLetter({self.key!r}, {self.state})"


@dataclass(frozen=True, slots=True)
class Whereto:
    """A meeting that an answer may belong to. ``names_day`` and ``names_time``: the answer has them of it."""

    consultation_id: UUID
    party_key: str
    party: str
    patient: str
    start: datetime
    names_day: bool = False
    names_time: bool = False

    def __repr__(self) -> str:
        return f"Whereto({self.consultation_id}, {self.party_key!r})"


@dataclass(frozen=True, slots=True)
class StrayLetter:
    """An answer without a known meeting, as it came, with the meetings it may belong to, likeliest first."""

    message_id: str
    sender: str
    patient: str
    written_at: datetime
    subject: str
    text: str
    choices: tuple[Whereto, ...] = ()

    def __repr__(self) -> str:
        return f"StrayLetter({self.message_id!r})"


@dataclass(frozen=True, slots=True)
class CorrespondenceView:
    """``dealt_with`` is the letter brought to a party or put aside last, while that can be taken back."""

    dead: tuple[DeadLetter, ...] = ()
    stray: tuple[StrayLetter, ...] = ()
    dealt_with: str = ""

    @property
    def count(self) -> int:
        """How many things wait."""
        return len(self.dead) + len(self.stray)


NOTHING_WAITS = CorrespondenceView()
