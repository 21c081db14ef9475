"""Invitations and other messages: building them, keeping them until they have left, carrying them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Channel, InvitationState, LetterFormat, Party
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
    format: LetterFormat = LetterFormat.NATIVE
    """What the receiver's system reads; it decides how long an acknowledgement may take."""
    starts_at: datetime | None = None
    """When the meeting begins that this is about: shortly before it a letter may be too slow."""
    expires_at: datetime | None = None
    """When it is too late to send it: an invitation to a meeting that is over helps nobody. None for never."""
    not_before: datetime | None = None
    """Until then it is held back, so that it can still be taken back; None for at once."""
    checked_by: str = ""
    """Which rules have passed which payload; empty for none. Whoever knows other rules, or finds another payload,
    checks again."""

    def __repr__(self) -> str:
        return f"OutboxDraft({self.key!r}, {self.kind}, {self.channel}, {len(self.payload)} bytes)"


class OutboxState(StrEnum):
    """How far a message has come. Sent, awaiting acknowledgement, acknowledged, in error and waiting for retry are
    MedCom's own states of a sender (technical use cases, "Meddelelsestilstande"); the others are ours.

    Which state may follow which is a table in ``invitations.reliable``.
    """

    QUEUED = "queued"
    """Decided, and not tried yet."""
    SENDING = "sending"
    """Handed to a transport; after a crash nobody knows whether it arrived."""
    WAITING_FOR_RETRY = "waiting_for_retry"
    """Tried, and to be tried again at its time."""
    SENT = "sent"
    """It has left, and nobody will acknowledge it: mail, text messages, our own acknowledgements."""
    AWAITING_ACK = "awaiting_ack"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    IN_ERROR = "in_error"
    """The receiver's system or the network said no; sending the same again is pointless."""
    FAILED = "failed"
    """We gave up, or could not send it at all."""
    UNKNOWN = "unknown"
    """It may or may not have arrived, and nobody will find out by waiting."""
    EXPIRED = "expired"
    """Its time went by before it could be sent."""
    WITHDRAWN = "withdrawn"
    """Taken back before it was sent, or no longer needed."""
    BY_HAND = "by_hand"
    """A person has dealt with it: told by phone, or over another channel."""


TO_BE_SENT = frozenset({OutboxState.QUEUED, OutboxState.SENDING, OutboxState.WAITING_FOR_RETRY})
"""Not out yet: whoever waits for a message to leave waits for these, and the next of its thread waits too."""
STRANDED = frozenset({OutboxState.IN_ERROR, OutboxState.FAILED, OutboxState.UNKNOWN, OutboxState.EXPIRED})
"""Dead letters: nothing more happens by itself, and a person must decide."""
NEVER_ARRIVED = frozenset(
    {OutboxState.WITHDRAWN, OutboxState.IN_ERROR, OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.BY_HAND}
)
"""The receiver has no letter of ours, so there is none to take back."""
SHOWN_AS: Mapping[OutboxState, InvitationState] = {
    OutboxState.QUEUED: InvitationState.QUEUED,
    OutboxState.SENDING: InvitationState.QUEUED,
    OutboxState.WAITING_FOR_RETRY: InvitationState.QUEUED,
    OutboxState.SENT: InvitationState.SENT,
    OutboxState.AWAITING_ACK: InvitationState.SENT,
    OutboxState.ACKNOWLEDGED: InvitationState.DELIVERED,
    OutboxState.ANSWERED: InvitationState.ANSWERED,
    OutboxState.IN_ERROR: InvitationState.REJECTED,
    OutboxState.FAILED: InvitationState.FAILED,
    OutboxState.UNKNOWN: InvitationState.UNKNOWN,
    OutboxState.EXPIRED: InvitationState.FAILED,
    OutboxState.WITHDRAWN: InvitationState.WITHDRAWN,
    OutboxState.BY_HAND: InvitationState.TOLD_BY_PHONE,
}
"""What the user sees of an invitation in a state."""
MOST_SENDS = 4
"""MedCom: a letter is sent again three times at the most (Governance for FHIR Messaging, MR5)."""


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
    sends: int = 0
    """How often it was handed over, or may have been."""
    queued_at: datetime | None = None
    """Since when it is to be sent: its creation, or the moment a person asked for it again."""
    was: OutboxState | None = None
    """For claimed rows: the state it was claimed in."""
    earlier: tuple[OutboxState, ...] = ()
    """For claimed rows: the states of the messages before it in its thread, oldest first."""
    is_overtaken: bool = False
    """For claimed rows: a later message of its thread, which repeats what it says, has been sent."""

    @property
    def is_in_mailbox(self) -> bool:
        """True once the network has said so; it says nothing of the receiver's system, and less of people."""
        return self.receipt.startswith(IN_MAILBOX)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a claimed row. ``handed_over`` says that it was sent, or may have been."""

    key: str
    state: OutboxState
    problem: str = ""
    receipt: str = ""
    next_attempt_at: datetime | None = None
    handed_over: bool = False


class Outbox(Protocol):
    """Messages on their way. One implementation, contract-tested on each engine."""

    async def claim(self, now: datetime, *, limit: int = 10) -> list[OutboxRow]:
        """Take due rows and mark them SENDING, so that no other worker or host takes them.

        Due are QUEUED, WAITING_FOR_RETRY and AWAITING_ACK rows whose time has come, but never one behind a row of its
        thread that is still to be sent. Each claim counts: the rows returned have it in ``attempts``. Where the clock
        was set back, waiting times begin anew instead of lasting until it has caught up.
        """
        ...

    async def settle(self, outcomes: Sequence[Settlement], now: datetime) -> set[str]:
        """Write down in one transaction what became of claimed rows; return the keys that were written.

        A row that is no longer SENDING is left alone: its acknowledgement was faster than the transport's own word.
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
        """Write the row's new state. SENT and AWAITING_ACK set ``sent_at``, which is kept from then on, whatever comes
        after, and undo no acknowledgement; an empty ``receipt`` leaves the one already there; ``problem`` and
        ``next_attempt_at`` are replaced as given."""
        ...

    async def note_receipt(self, key: str, receipt: str) -> bool:
        """Keep the network's word that it lies in the receiver's mailbox, whatever state the row is in; False when
        that is known already. From then on no other receipt takes its place."""
        ...

    async def stranded(self, limit: int = 50) -> list[OutboxRow]:
        """Return the dead letters nobody has dealt with, newest first.

        These are the STRANDED rows with no later message to the same party of the same consultation. Our
        acknowledgements are not among them: the partner repeats what was not acknowledged.
        """
        ...

    async def queue_again(self, key: str, now: datetime) -> bool:
        """Let a person send it once more, as the same letter; False where that cannot be.

        It cannot when it has arrived, is on its way, has expired, is erased, or is a MedCom letter sent MOST_SENDS
        times.
        """
        ...

    async def close_by_hand(self, key: str, now: datetime) -> bool:
        """A person has told the receiver by phone or over another channel; False when it had arrived after all."""
        ...

    async def withdraw(self, key: str, now: datetime) -> bool:
        """Take back a row that no worker has touched yet; False if it may already be on its way."""
        ...

    async def by_message(self, message_id: str) -> OutboxRow | None:
        """Find the row an acknowledgement speaks of."""
        ...

    async def by_thread(self, thread_id: str) -> OutboxRow | None:
        """Find the row of the thread that a reply answers: the newest that has left, before one that still waits."""
        ...

    async def of_consultation(self, consultation_id: UUID) -> list[OutboxRow]: ...

    async def sent_since(self, channel: Channel, since: datetime) -> list[OutboxRow]:
        """Return what went over a channel since then, and of which no more is known than that; oldest first."""
        ...

    async def add(self, drafts: Sequence[OutboxDraft], now: datetime) -> None:
        """Write drafts on their own (acknowledgements); invitations go in with ``ConsultationStore.save``."""
        ...

    async def recover(self, now: datetime) -> list[OutboxRow]:
        """Take up rows left in SENDING: by this host before it was started, or by one that has died.

        MedCom rows are to be tried again (same message id, so harmless), those of other channels become UNKNOWN, for a
        person to decide. Return them in their new state. Whether a host lives is told by ``still_here``.
        """
        ...

    async def still_here(self, now: datetime) -> None:
        """Say that this host lives, so that nobody else takes up what it is sending; at least every LEASE / 3."""
        ...


class Composer(Protocol):
    """Builds messages. Pure: ids and times come in."""

    def prepare(self) -> None:
        """Load what the first message would have to wait for. Safe to repeat; takes a tenth of a second of a thread."""
        ...

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
        second one within the same minute has the first one's, so that a double click sends nothing twice. It
        ends in ``:kind:minutes:minute``.
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
