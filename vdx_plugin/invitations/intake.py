"""What becomes of one message that came in: an acknowledgement, an answer in a thread of ours, a letter without one.

Every letter is checked and acknowledged once, and again with the same content when it comes again; an acknowledgement
never is. Letters are kept before they are told and told before they are acknowledged, so a crash in between repeats a
step and loses none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.matching import WRITTEN_AFTER, candidates
from vdx_plugin.domain.parties import Channel
from vdx_plugin.invitations import acknowledgement, codes, replies
from vdx_plugin.invitations.acknowledgement import Acknowledgement, Issue, Refusal
from vdx_plugin.invitations.checks import mark
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import Message, gln_of, read_message, text_at, write
from vdx_plugin.invitations.message_check import MessageCheck
from vdx_plugin.invitations.resources import Party
from vdx_plugin.invitations.transport import Carrier, Incoming
from vdx_plugin.ports import (
    Clock,
    ConsultationStore,
    IncomingLetter,
    LetterBook,
    MessageKind,
    Outbox,
    OutboxDraft,
    OutboxRow,
    OutboxState,
)

_log = log.get("invitations.intake")

NOBODY = UUID(int=0)
"""Consultation of an acknowledgement of what belongs to none of ours, or to none yet."""

_NOT_OURS = Refusal(Issue.NOT_RECEIVED_HERE, "Systemet modtager kun svar på egne videoinvitationer.")
_BUNDLE_SEEN = Refusal(Issue.INVALID, "Bundle.id er brugt før, til en anden MessageHeader.id.")
_OTHER_RECEIVER = Refusal(Issue.NOT_FOR_US, "Beskeden er ikke til denne modtager.")


@dataclass(frozen=True, slots=True)
class Books:
    """What is asked and written: our messages, partners' letters, and the consultations both belong to."""

    outbox: Outbox
    letters: LetterBook
    consultations: ConsultationStore


@dataclass(frozen=True, slots=True)
class Heard:
    """What is handed to delivery: it alone changes the state of our own letters."""

    acknowledged: Callable[[Acknowledgement], Awaitable[None]]
    replied: Callable[[OutboxRow, IncomingLetter], Awaitable[None]]
    unmatched: Callable[[IncomingLetter], None]
    queued: Callable[[], None]
    """An acknowledgement of ours has been put into the outbox."""


class Intake:
    """Deals with messages one after the other. ``own`` is the practice, ``mime`` the form it writes in."""

    def __init__(
        self,
        books: Books,
        carrier: Carrier,
        own: Party,
        clock: Clock,
        new_id: Callable[[], UUID],
        heard: Heard,
        mime: str = codes.FHIR_JSON,
        *,
        check: MessageCheck | None = None,
    ) -> None:
        self._books = books
        self._carrier = carrier
        self._own = own
        self._clock = clock
        self._new_id = new_id
        self._heard = heard
        self._mime = mime
        self._check = check or MessageCheck()

    async def take_in(self, incoming: Incoming) -> None:
        """Deal with one message durably.

        Raises Unreadable when it can be neither read nor answered, Refused when an answer to it would be invalid, and
        what carrier, checks and store raise.
        """
        message = await asyncio.to_thread(read_message, incoming.body, incoming.mime)
        findings = await self._check.of_incoming(message)
        if message.event == codes.ACK_EVENT:
            # An acknowledgement with faults still says what became of the letter, and is never answered.
            _tell(findings)
            await self._heard.acknowledged(acknowledgement.read(message))
            return
        answered = await self._books.outbox.by_message(acknowledgement.id_for(message.id))
        if answered is not None:
            await self._repeat(answered)
            return
        _tell(findings)
        await self._take_letter(message, incoming, findings)

    async def _take_letter(self, message: Message, incoming: Incoming, findings: list[Finding]) -> None:
        now = self._clock.now()
        refusal = self._refusal(message, findings) or await self._reuse(message)
        if refusal is None:
            row = await self._books.outbox.by_thread(message.thread_id)
            letter = replies.read(message, self._own.gln, incoming, now)
            if row is None:
                refusal = await self._without_thread(message, letter, now)
            else:
                refusal = await self._in_thread(message, letter, row, now)
        if refusal is not None:
            await self._carrier.send(await self._ack(message, None, refusal, now))

    def _refusal(self, message: Message, findings: list[Finding]) -> Refusal | None:
        if findings:
            rules = "; ".join(f"{finding.rule} ({finding.place}): {finding.text}" for finding in findings[:5])
            return Refusal(Issue.INVALID, rules)
        return None if gln_of(message.receiver) == self._own.gln else _OTHER_RECEIVER

    async def _reuse(self, message: Message) -> Refusal | None:
        """Another message in a Bundle that was answered already is an error (MedCom, paper 043, table of duplicates).

        The same message in it is a repeat of one that we were stopped at.
        """
        answered = await self._books.outbox.by_thread(_answer_to(message))
        return _BUNDLE_SEEN if answered is not None and answered.draft.key != _ack_key(message) else None

    async def _in_thread(
        self, message: Message, letter: IncomingLetter, row: OutboxRow, now: datetime
    ) -> Refusal | None:
        """An answer to a letter of ours; refused when it is from somebody else, or about somebody else."""
        if row.draft.receiver != letter.sender_gln:
            return _NOT_OURS
        sent = read_message(row.draft.payload, row.draft.mime)
        if set(replies.patient_ids(sent)).isdisjoint(letter.patient_ids):
            _log.warning("an answer in a known thread is about another patient and is turned down")
            return _NOT_OURS
        ack = await self._ack(message, row, None, now)
        if not await self._books.letters.keep(letter.matched(row.draft.consultation_id, row.draft.party_key)):
            # Seen, but not acknowledged: we were stopped in between, so it is taken up again.
            _log.info("an answer is taken up again")
        await self._heard.replied(row, await self._newest(row, letter))
        await self._acknowledge(ack, now)
        return None

    async def _newest(self, row: OutboxRow, letter: IncomingLetter) -> IncomingLetter:
        """The party's newest letter by its own time: one that was late must not hide what was written after it."""
        known = await self._books.letters.of_consultation(row.draft.consultation_id)
        return next((one for one in reversed(known) if one.party_key == row.draft.party_key), letter)

    async def _without_thread(self, message: Message, letter: IncomingLetter, now: datetime) -> Refusal | None:
        """A letter in a thread of its own, as partners on the old format write. Kept for a person to match.

        It must be from somebody invited about the patient of a consultation of ours; any other is none of ours.
        """
        if not candidates(letter, await self._books.consultations.lately(now - WRITTEN_AFTER)):
            return _NOT_OURS
        ack = await self._ack(message, None, None, now)
        await self._books.letters.keep(letter)
        self._heard.unmatched(letter)
        await self._acknowledge(ack, now)
        return None

    async def _acknowledge(self, ack: OutboxDraft, now: datetime) -> None:
        await self._books.outbox.add([ack], now)
        self._heard.queued()

    async def _ack(
        self, message: Message, row: OutboxRow | None, refusal: Refusal | None, now: datetime
    ) -> OutboxDraft:
        ack = await asyncio.to_thread(acknowledgement.build, message, self._own, now, self._new_id, refusal)
        await self._check.before_sending(ack)
        payload = write(ack, self._mime)
        return OutboxDraft(
            key=_ack_key(message),
            consultation_id=row.draft.consultation_id if row else NOBODY,
            party_key=row.draft.party_key if row else "",
            kind=MessageKind.ACKNOWLEDGEMENT,
            channel=Channel.MEDCOM,
            receiver=gln_of(message.sender),
            message_id=ack.id,
            thread_id=_answer_to(message),
            mime=self._mime,
            payload=payload,
            checked_by=mark(payload),
        )

    async def _repeat(self, answered: OutboxRow) -> None:
        """The same message again: it is not shown again, and gets the same answer again (MR8)."""
        _log.info("a message came again and is acknowledged as before")
        if answered.state not in (OutboxState.QUEUED, OutboxState.SENDING) and answered.draft.payload:
            now = self._clock.now()
            await self._books.outbox.mark(answered.draft.key, OutboxState.QUEUED, now, next_attempt_at=now)
            self._heard.queued()


def _ack_key(message: Message) -> str:
    return f"{MessageKind.ACKNOWLEDGEMENT}:{message.id}"


def _answer_to(message: Message) -> str:
    """Name the thread of an acknowledgement: by the Bundle it answers, so that one used again is found.

    Not the partner's thread: the newest row of that must stay our letter.
    """
    return f"{MessageKind.ACKNOWLEDGEMENT}:{text_at(message.bundle, 'id').lower()}"


def _tell(findings: list[Finding]) -> None:
    if findings:
        _log.warning("an incoming message breaks %s", ", ".join(sorted({finding.rule for finding in findings})))
