"""Invitations and other messages: building them, keeping them until they have left, carrying them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Channel, InvitationState, Party
from vdx_plugin.domain.room import Room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.ports.letters import IncomingLetter


class MessageKind(StrEnum):
    INVITATION = "invitation"
    CANCELLATION = "cancellation"
    NOTICE = "notice"
    """A reminder, or word that the doctor is late; it settles nothing and is never asked about."""
    ACKNOWLEDGEMENT = "acknowledgement"


class NoticeKind(StrEnum):
    REMINDER = "reminder"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class OutboxDraft:
    """One message to be written into the outbox before anything is sent.

    ``key`` makes it unique: a second draft with the same key is ignored. ``message_id`` is the letter id
    (MessageHeader.id or mail Message-ID): the receiver tells repeats by it. ``thread_id`` is the partner's thread.
    """

    key: str
    consultation_id: UUID
    party_key: str
    kind: MessageKind
    channel: Channel
    receiver: str
    """GLN, e-mail address or phone number."""
    message_id: str
    thread_id: str
    mime: str
    payload: bytes

    def __repr__(self) -> str:
        return f"OutboxDraft({self.key!r}, {self.kind}, {self.channel}, {len(self.payload)} bytes)"


class OutboxState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    """Handed to a transport; after a crash nobody knows whether it arrived."""
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


IN_MAILBOX = "mailbox:"
"""How a receipt begins that says that the message lies in the receiver's mailbox."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A draft with what became of it."""

    draft: OutboxDraft
    state: OutboxState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    problem: str = ""
    receipt: str = ""
    """The transport's receipt (mailbox level), kept apart from the acknowledgement (system level)."""

    @property
    def is_in_mailbox(self) -> bool:
        """True once the network has said so; it says nothing of the receiver's system, and less of people."""
        return self.receipt.startswith(IN_MAILBOX)


class Outbox(Protocol):
    """Messages on their way. One implementation, contract-tested on each engine."""

    async def claim(self, now: datetime, *, limit: int = 10) -> list[OutboxRow]:
        """Take due rows and mark them SENDING, so that no other worker takes them.

        Due are QUEUED rows whose ``next_attempt_at`` is None or has come, and SENT rows whose ``next_attempt_at``
        has come (no acknowledgement in time). Each claim counts: the rows returned have it in ``attempts``.
        """
        ...

    async def mark(
        self,
        key: str,
        state: OutboxState,
        now: datetime,
        *,
        problem: str = "",
        receipt: str = "",
        next_attempt_at: datetime | None = None,
    ) -> None:
        """Write the row's new state. SENT sets ``sent_at`` and keeps it from then on, whatever comes after; an empty
        ``receipt`` leaves the one already there; ``problem`` and ``next_attempt_at`` are replaced as given."""
        ...

    async def withdraw(self, key: str, now: datetime) -> bool:
        """Take back a row that no worker has touched yet; False if it may already be on its way."""
        ...

    async def by_message(self, message_id: str) -> OutboxRow | None:
        """Find the row an acknowledgement speaks of."""
        ...

    async def by_thread(self, thread_id: str) -> OutboxRow | None:
        """Find the newest row of the thread a reply belongs to."""
        ...

    async def of_consultation(self, consultation_id: UUID) -> list[OutboxRow]: ...

    async def add(self, drafts: Sequence[OutboxDraft], now: datetime) -> None:
        """Write drafts on their own (acknowledgements); invitations go in with ``ConsultationStore.save``."""
        ...

    async def recover(self, now: datetime) -> list[OutboxRow]:
        """After a start: rows left in SENDING. MedCom rows are queued again (same message id, so harmless);
        e-mail rows become UNKNOWN, for a person to decide. Return them in their new state."""
        ...

    async def remember_incoming(self, message_id: str, now: datetime) -> bool:
        """True the first time an incoming message id is seen, False for a repeat."""
        ...


class Composer(Protocol):
    """Builds messages. Pure: ids and times come in."""

    def invitation(
        self,
        consultation: Consultation,
        party: Party,
        room: Room,
        now: datetime,
        new_id: Callable[[], UUID],
    ) -> OutboxDraft:
        """Build the message that invites ``party``; the channels of ``SENT_BY_US``. Raises Misconfigured."""
        ...

    def cancellation(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        now: datetime,
        new_id: Callable[[], UUID],
        letters: Sequence[IncomingLetter] = (),
    ) -> OutboxDraft:
        """Build the message that tells ``party`` it is off, in the thread of ``earlier``.

        ``earlier`` is the newest message of the party's thread that is ours, of whatever kind, and ``letters`` are
        those of the consultation: where the partner's is newer, that one is answered.
        """
        ...

    def move(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        old: tuple[datetime, datetime],
        now: datetime,
        new_id: Callable[[], UUID],
        letters: Sequence[IncomingLetter] = (),
    ) -> OutboxDraft:
        """Build the message that tells ``party`` of another time, in the thread of ``earlier``; see ``cancellation``.

        ``old`` is the former start and end; ``consultation`` has the new ones.
        """
        ...

    def notice(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        kind: NoticeKind,
        now: datetime,
        new_id: Callable[[], UUID],
        *,
        minutes: int = 0,
        letters: Sequence[IncomingLetter] = (),
    ) -> OutboxDraft:
        """Build the message that reminds ``party``, or says that the doctor is ``minutes`` late.

        ``earlier`` and ``letters`` are as in ``cancellation``. Each notice has a key of its own; a
        second one within the same minute has the first one's, so that a double click sends nothing twice.
        """
        ...

    def guest_link(self, room: Room, party: Party) -> Secret:
        """Return the link for one party; it carries the guest PIN and never the host PIN."""
        ...


@dataclass(frozen=True, slots=True)
class InvitationNews:
    """Something became known about one invitation."""

    consultation_id: UUID
    party_key: str
    state: InvitationState
    at: datetime
    problem: str = ""
    answer: str = ""

    def __repr__(self) -> str:
        return f"InvitationNews({self.party_key!r}, {self.state})"


class Delivery(Protocol):
    """Carries the outbox out and brings acknowledgements and answers in, until closed."""

    def start(
        self,
        on_news: Callable[[InvitationNews], None],
        on_letter: Callable[[IncomingLetter], None] | None = None,
    ) -> None:
        """Begin. ``on_letter`` hears of letters that nobody knows the consultation of; they lie in the LetterBook."""
        ...

    def wake(self) -> None:
        """There is something new in the outbox: do not wait for the next look."""
        ...

    async def close(self) -> None: ...
