"""Taking in what partners send: acknowledgements of our letters, and answers, which we acknowledge in turn.

A message is taken out of the mailbox only after what it says has been written down, so a crash repeats it and never
loses it. What nobody can read stays in the mailbox, is told in the log once, and holds up nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.parties import Channel
from vdx_plugin.errors import Refused, Unreadable, VdxError
from vdx_plugin.invitations import acknowledgement, codes, replies
from vdx_plugin.invitations.acknowledgement import Acknowledgement, Issue, Refusal
from vdx_plugin.invitations.checks import Finding, check, check_outgoing
from vdx_plugin.invitations.identifier_checks import is_personal_system
from vdx_plugin.invitations.message import Message, gln_of, read_message, rows, text_at, write_json
from vdx_plugin.invitations.replies import Reply
from vdx_plugin.invitations.resources import Party
from vdx_plugin.invitations.transport import Carrier, Incoming, Mailbox
from vdx_plugin.ports import Clock, MessageKind, Outbox, OutboxDraft, OutboxRow, OutboxState

_log = log.get("invitations.mailbox")

_WAITED_S = 0.2

NOBODY = UUID(int=0)
"""Consultation of an acknowledgement that turns a message down which belongs to none of ours."""

_NOT_OURS = Refusal(Issue.NOT_RECEIVED_HERE, "Systemet modtager kun svar på egne videoinvitationer.")
_OTHER_RECEIVER = Refusal(Issue.NOT_FOR_US, "Beskeden er ikke til denne modtager.")


@dataclass(frozen=True, slots=True)
class Heard:
    """What the mailbox hands to delivery: it alone changes the state of our own letters."""

    acknowledged: Callable[[Acknowledgement], Awaitable[None]]
    replied: Callable[[OutboxRow, Reply], Awaitable[None]]
    queued: Callable[[], None]
    """An acknowledgement of ours has been put into the outbox."""


class MailboxReader:
    """Reads one mailbox for as long as ``run`` is running."""

    def __init__(
        self,
        mailbox: Mailbox,
        carrier: Carrier,
        outbox: Outbox,
        own: Party,
        clock: Clock,
        new_id: Callable[[], UUID],
        heard: Heard,
        *,
        pause_s: float = 5.0,
    ) -> None:
        self._mailbox = mailbox
        self._carrier = carrier
        self._outbox = outbox
        self._own = own
        self._clock = clock
        self._new_id = new_id
        self._heard = heard
        self._pause_s = pause_s
        self._left: set[str] = set()
        self._is_lost = False

    async def run(self) -> None:
        """Take in messages until cancelled. An unreachable mailbox is told once when lost, once when back."""
        while True:
            if not await self._look():
                await asyncio.sleep(self._pause_s)

    async def _look(self) -> bool:
        """Take in what waits; False when it is better to pause before the next look."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        try:
            waiting = await self._mailbox.receive()
        except VdxError as error:
            self._tell_lost(error)
            return False
        if self._is_lost:
            self._is_lost = False
            _log.info("the mailbox answers again")
        self._left &= {incoming.receipt for incoming in waiting}
        fresh = [incoming for incoming in waiting if incoming.receipt not in self._left]
        taken = [await self._take(incoming) for incoming in fresh]
        # An empty answer at once comes from an endpoint that does not wait: asking on would be a busy loop.
        waited = not waiting and loop.time() - asked_at >= _WAITED_S
        return all(taken) and (bool(fresh) or waited)

    def _tell_lost(self, error: VdxError) -> None:
        if not self._is_lost:
            self._is_lost = True
            _log.warning("the mailbox cannot be reached: %s", error)

    async def _take(self, incoming: Incoming) -> bool:
        """Deal with one message and take it out; False when it must be tried again later."""
        try:
            await self._deal_with(incoming)
            await self._mailbox.settle(incoming)
        except (Unreadable, Refused) as error:
            self._left.add(incoming.receipt)
            _log.warning("a message stays in the mailbox, it can be neither read nor answered: %s", error)
        except VdxError as error:
            _log.warning("a message could not be taken in yet: %s", error)
            return False
        except Exception as error:  # noqa: BLE001 - one message that trips us up must not stop the others
            self._left.add(incoming.receipt)
            # Not the traceback: it may quote the message.
            _log.error("a message stays in the mailbox, taking it in failed: %s", type(error).__name__)
        return True

    async def _deal_with(self, incoming: Incoming) -> None:
        message, findings = await asyncio.to_thread(_read, incoming)
        if message.event == codes.ACK_EVENT:
            # An acknowledgement with faults still says what became of the letter, and is never answered.
            _tell(findings)
            await self._heard.acknowledged(acknowledgement.read(message))
            return
        answered = await self._outbox.by_message(acknowledgement.id_for(message.id))
        if answered is not None:
            await self._repeat(answered)
            return
        _tell(findings)
        await self._take_letter(message, findings)

    async def _take_letter(self, message: Message, findings: list[Finding]) -> None:
        row = await self._outbox.by_thread(message.thread_id) if message.thread_id else None
        refusal = self._refusal(message, findings, row)
        now = self._clock.now()
        if refusal is not None or row is None:
            draft = await asyncio.to_thread(self._ack, message, None, refusal or _NOT_OURS, now)
            await self._carrier.send(draft)
            return
        reply = replies.read(message, self._own.gln)
        draft = await asyncio.to_thread(self._ack, message, row, None, now)
        if not await self._outbox.remember_incoming(message.id, now):
            # Seen, but not acknowledged: we were stopped in between, so it is taken up again.
            _log.info("an answer is taken up again")
        await self._heard.replied(row, reply)
        await self._outbox.add([draft], now)
        self._heard.queued()

    def _refusal(self, message: Message, findings: list[Finding], row: OutboxRow | None) -> Refusal | None:
        if findings:
            rules = "; ".join(f"{finding.rule}: {finding.text}" for finding in findings[:5])
            return Refusal(Issue.INVALID, rules)
        if gln_of(message.receiver) != self._own.gln:
            return _OTHER_RECEIVER
        if row is None or row.draft.receiver != gln_of(message.sender):
            return _NOT_OURS
        sent = read_message(row.draft.payload, row.draft.mime)
        if not _numbers(sent) & _numbers(message):
            _log.warning("an answer in a known thread is about another patient and is turned down")
            return _NOT_OURS
        return None

    def _ack(self, message: Message, row: OutboxRow | None, refusal: Refusal | None, now: datetime) -> OutboxDraft:
        ack = acknowledgement.build(message, self._own, now, self._new_id, refusal)
        faults = check_outgoing(ack)
        if faults:
            raise Unreadable("invite.unreadable", "an answer to it would be invalid", place=faults[0].place)
        return OutboxDraft(
            key=f"{MessageKind.ACKNOWLEDGEMENT}:{message.id}",
            consultation_id=row.draft.consultation_id if row else NOBODY,
            party_key=row.draft.party_key if row else "",
            kind=MessageKind.ACKNOWLEDGEMENT,
            channel=Channel.MEDCOM,
            receiver=gln_of(message.sender),
            message_id=ack.id,
            # Not the partner's thread: the newest row of that must stay our letter.
            thread_id=f"{MessageKind.ACKNOWLEDGEMENT}:{message.id}",
            mime=codes.FHIR_JSON,
            payload=write_json(ack),
        )

    async def _repeat(self, answered: OutboxRow) -> None:
        """The same message again: it is not shown again, and gets the same answer again (MR8)."""
        _log.info("a message came again and is acknowledged as before")
        if answered.state not in (OutboxState.QUEUED, OutboxState.SENDING):
            now = self._clock.now()
            await self._outbox.mark(answered.draft.key, OutboxState.QUEUED, now, next_attempt_at=now)
            self._heard.queued()


def _read(incoming: Incoming) -> tuple[Message, list[Finding]]:
    message = read_message(incoming.body, incoming.mime)
    return message, check(message)


def _tell(findings: list[Finding]) -> None:
    if findings:
        _log.warning("an incoming message breaks %s", ", ".join(sorted({finding.rule for finding in findings})))


def _numbers(message: Message) -> set[str]:
    identifiers = (one for patient in message.all("Patient") for one in rows(patient, "identifier"))
    return {text_at(one, "value") for one in identifiers if is_personal_system(text_at(one, "system"))}
