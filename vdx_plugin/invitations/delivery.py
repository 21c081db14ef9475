"""The Delivery port: carries the outbox out, takes acknowledgements and answers in, and tells the desk.

``reliable`` decides, this does. One loop claims and sends, one reads the mailbox; both live until closed and survive
whatever a message, a carrier or the store throws at them.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.parties import Channel, InvitationState
from vdx_plugin.errors import Misconfigured, Refused, VdxError
from vdx_plugin.invitations import care_communication, codes, reliable
from vdx_plugin.invitations.acknowledgement import Acknowledgement
from vdx_plugin.invitations.checks import check_outgoing
from vdx_plugin.invitations.intake import Books, Heard, Intake
from vdx_plugin.invitations.mailbox import MailboxReader
from vdx_plugin.invitations.message import read_message, text_at, write
from vdx_plugin.invitations.reliable import Limits, Outcome, Step
from vdx_plugin.invitations.resources import Party
from vdx_plugin.invitations.transport import Carrier, Mailbox, MailboxReceipt, Verdict
from vdx_plugin.ports import (
    IN_MAILBOX,
    Clock,
    IncomingLetter,
    InvitationNews,
    MessageKind,
    OutboxDraft,
    OutboxRow,
    OutboxState,
)
from vdx_plugin.runtime import Tasks

_log = log.get("invitations.delivery")

OnNews = Callable[[InvitationNews], None]
OnLetter = Callable[[IncomingLetter], None]
_MARK_WAITS_S = (0.1, 0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Roads:
    """How messages leave and come in. ``mailbox`` is None where nobody can write to us. All are closed by delivery."""

    carriers: Mapping[Channel, Carrier]
    mailbox: Mailbox | None = None


class MessageDelivery:
    """Implements ``ports.Delivery``. ``own`` is the practice as sender of acknowledgements, written as ``mime``.

    The outbox is looked into when something is due or ``wake`` is called, and every ``look_every_s`` for what other
    processes wrote. ``mailbox_pause_s`` is the wait after a mailbox failed, or holds only what nobody can read.
    """

    def __init__(
        self,
        books: Books,
        roads: Roads,
        own: Party,
        clock: Clock,
        new_id: Callable[[], UUID],
        limits: Limits | None = None,
        *,
        mime: str = codes.FHIR_JSON,
        look_every_s: float = 15.0,
        mailbox_pause_s: float = 5.0,
    ) -> None:
        self._books = books
        self._outbox = books.outbox
        self._roads = roads
        self._own = own
        self._clock = clock
        self._new_id = new_id
        self._limits = limits or Limits()
        self._mime = mime
        self._look_every_s = look_every_s
        self._mailbox_pause_s = mailbox_pause_s
        self._tasks = Tasks()
        self._woken = asyncio.Event()
        self._on_news: OnNews = lambda _: None
        self._on_letter: OnLetter = lambda _: None
        # A send that returns and its acknowledgement, which may be faster, must not write over each other.
        self._settling = asyncio.Lock()
        self._due: set[datetime] = set()
        self._watched: dict[str, datetime] = {}
        self._lost: set[Channel] = set()

    def start(self, on_news: OnNews, on_letter: OnLetter | None = None) -> None:
        """Start both loops on the running event loop."""
        self._on_news = on_news
        self._on_letter = on_letter or self._on_letter
        self._tasks.spawn(self._work(), "delivery-outbox")
        carrier = self._roads.carriers.get(Channel.MEDCOM)
        if self._roads.mailbox is not None and carrier is not None:
            heard = Heard(self._acknowledged, self._replied, lambda letter: self._on_letter(letter), self.wake)
            intake = Intake(self._books, carrier, self._own, self._clock, self._new_id, heard, self._mime)
            reader = MailboxReader(self._roads.mailbox, intake.take_in, self._receipted, pause_s=self._mailbox_pause_s)
            self._tasks.spawn(reader.run(), "delivery-mailbox")

    def wake(self) -> None:
        """Look into the outbox now."""
        self._woken.set()

    async def close(self) -> None:
        """Stop both loops. A message in the middle of a send stays SENDING, for ``Outbox.recover``."""
        await self._tasks.close()
        closing: list[Carrier | Mailbox] = [
            *self._roads.carriers.values(),
            *([self._roads.mailbox] if self._roads.mailbox else []),
        ]
        for road in {id(road): road for road in closing}.values():
            await road.close()

    # going out

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            rows: list[OutboxRow] = []
            now = self._clock.now()
            try:
                rows = await self._outbox.claim(now)
                await self._carry_all(rows)
                await self._warn_overdue()
            except VdxError as error:
                _log.warning("the outbox cannot be worked on: %s", error)
            if not rows:
                await self._pause(looked_at=now)

    async def _pause(self, looked_at: datetime) -> None:
        """Wait until woken, or until something is due that was not yet when we looked."""
        now = self._clock.now()
        self._due = {due for due in self._due if due > looked_at}
        waits = [(due - now).total_seconds() for due in (*self._due, *self._watched.values())]
        try:
            # Not wait_for: on 3.11 it swallows a cancellation that comes together with the event (cpython #86296).
            async with asyncio.timeout(max(0.0, min([self._look_every_s, *waits]))):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _carry_all(self, rows: list[OutboxRow]) -> None:
        """Threads side by side, the letters of one thread in their order: a cancellation never overtakes."""
        threads: dict[str, list[OutboxRow]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.created_at):
            threads[row.draft.thread_id].append(row)
        await asyncio.gather(*(self._carry_thread(thread) for thread in threads.values()))

    async def _carry_thread(self, rows: list[OutboxRow]) -> None:
        for row in rows:
            try:
                await self._carry(row)
            except VdxError as error:
                _log.error("what became of %s could not be written down: %s", row.draft.key, error)

    async def _carry(self, row: OutboxRow) -> None:
        now = self._clock.now()
        if reliable.is_unanswered(row, now, self._limits):
            self._tell(row, OutboxState.SENT, "invite.no_answer", now)
        receipt = ""
        try:
            draft = await asyncio.to_thread(self._prepare, row, now)
            receipt = await self._carrier(draft).send(draft)
            outcome = Outcome.TAKEN
            self._found(row.draft.channel)
        except VdxError as error:
            outcome = reliable.outcome_of(error)
            self._missed(row, outcome, error)
        except Exception as error:  # noqa: BLE001 - one message that trips us up must not stop the others
            outcome = Outcome.INVALID
            # Not the traceback: it may quote the message.
            _log.error("sending %s failed: %s", row.draft.key, type(error).__name__)
        await self._settle(row, outcome, receipt)

    def _carrier(self, draft: OutboxDraft) -> Carrier:
        carrier = self._roads.carriers.get(draft.channel)
        if carrier is None:
            raise Misconfigured("invite.setup", f"no carrier for {draft.channel}")
        return carrier

    def _prepare(self, row: OutboxRow, now: datetime) -> OutboxDraft:
        """Check a MedCom message once more, with a new Bundle.id and new times for another try."""
        draft = row.draft
        if draft.channel is not Channel.MEDCOM:
            return draft
        message = read_message(draft.payload, draft.mime)
        if row.attempts > 1:
            message = care_communication.resent(message, now, self._new_id)
            draft = replace(draft, payload=write(message, draft.mime))
            _log.info("%s goes out again as bundle %s", draft.key, text_at(message.bundle, "id"))
        faults = check_outgoing(message)
        if faults:
            raise Refused("invite.invalid", ", ".join(sorted({fault.rule for fault in faults})))
        return draft

    async def _settle(self, row: OutboxRow, outcome: Outcome, receipt: str) -> None:
        now = self._clock.now()
        step = reliable.after_try(row, outcome, now, self._limits)
        async with self._settling:
            current = await self._outbox.by_message(row.draft.message_id)
            if current is not None and current.state is not OutboxState.SENDING:
                return
            # The network's word may have been faster than the end of the hand-over.
            known = current is not None and current.is_in_mailbox
            await self._write(row, step, now, "" if known else receipt)
        self._tell(row, step.state, step.problem, now)
        if receipt.startswith(IN_MAILBOX):
            self._tell_in_mailbox(row, now)

    async def _write(self, row: OutboxRow, step: Step, now: datetime, receipt: str = "") -> None:
        """Write a state down, insisting for a while: a row left SENDING is not looked at before the next start."""
        for wait_s in (*_MARK_WAITS_S, None):
            try:
                await self._outbox.mark(
                    row.draft.key,
                    step.state,
                    now,
                    problem=step.problem,
                    receipt=receipt,
                    next_attempt_at=step.next_attempt_at,
                )
                break
            except VdxError:
                if wait_s is None:
                    raise
                await asyncio.sleep(wait_s)
        if step.next_attempt_at is not None:
            self._due.add(step.next_attempt_at)
        self._watched.pop(row.draft.message_id, None)
        if step.watch_until is not None:
            self._watched[row.draft.message_id] = step.watch_until

    async def _warn_overdue(self) -> None:
        now = self._clock.now()
        for message_id in [one for one, due in self._watched.items() if due <= now]:
            del self._watched[message_id]
            row = await self._outbox.by_message(message_id)
            if row is not None and row.state is OutboxState.SENT:
                self._tell(row, OutboxState.SENT, "invite.no_answer", now)

    def _missed(self, row: OutboxRow, outcome: Outcome, error: VdxError) -> None:
        """A lost road is told once, a message with a fault of its own each time."""
        if outcome not in (Outcome.NOT_TAKEN, Outcome.UNKNOWN):
            _log.warning("%s was not sent: %s", row.draft.key, error)
        elif row.draft.channel not in self._lost:
            self._lost.add(row.draft.channel)
            _log.warning("messages by %s do not get through: %s", row.draft.channel, error)

    def _found(self, channel: Channel) -> None:
        if channel in self._lost:
            self._lost.discard(channel)
            _log.info("messages by %s get through again", channel)

    # coming in

    async def _acknowledged(self, ack: Acknowledgement) -> None:
        now = self._clock.now()
        async with self._settling:
            row = await self._outbox.by_message(ack.answers)
            if row is None or row.draft.receiver != ack.sender_gln:
                _log.warning("an acknowledgement that fits none of our letters is put aside")
                return
            step = reliable.after_acknowledgement(row, ack.code, now, self._limits)
            if step is None:
                _log.info("a further acknowledgement (%s) of %s changes nothing", ack.code, row.draft.key)
                return
            await self._write(row, step, now)
        _log.info("%s was acknowledged: %s %s", row.draft.key, ack.code, ack.reason)
        self._tell(row, step.state, step.problem, now)
        self.wake()

    async def _receipted(self, receipt: MailboxReceipt) -> None:
        """The network's word about a letter of ours. It moves no state but where it says that nothing arrived."""
        now = self._clock.now()
        async with self._settling:
            row = await self._outbox.by_message(receipt.message_id) if receipt.message_id else None
            if row is None:
                _log.warning("a receipt of the network fits none of our messages and is put aside")
                return
            if receipt.verdict is Verdict.IN_MAILBOX:
                await self._note_in_mailbox(row, receipt, now)
                return
            may_retry = receipt.verdict is Verdict.BOUNCED
            step = reliable.after_bounce(row, now, self._limits, may_retry=may_retry)
            if step is None:
                _log.info("a receipt of %s changes nothing any longer", row.draft.key)
                return
            await self._write(row, step, now)
        _log.warning("the network gave %s back: %s", row.draft.key, receipt.detail)
        self._tell(row, step.state, step.problem, now)
        self.wake()

    async def _note_in_mailbox(self, row: OutboxRow, receipt: MailboxReceipt, now: datetime) -> None:
        if row.is_in_mailbox:
            return
        await self._outbox.mark(
            row.draft.key,
            row.state,
            now,
            problem=row.problem,
            receipt=f"{IN_MAILBOX}{receipt.receipt}",
            next_attempt_at=row.next_attempt_at,
        )
        self._tell_in_mailbox(row, now)

    async def _replied(self, row: OutboxRow, letter: IncomingLetter) -> None:
        now = self._clock.now()
        async with self._settling:
            await self._write(row, Step(OutboxState.ANSWERED), now)
        self._tell(row, OutboxState.ANSWERED, "", now, letter.text)

    def _tell_in_mailbox(self, row: OutboxRow, now: datetime) -> None:
        draft = row.draft
        if draft.kind is MessageKind.INVITATION:
            self._on_news(InvitationNews(draft.consultation_id, draft.party_key, InvitationState.IN_MAILBOX, now))

    def _tell(self, row: OutboxRow, state: OutboxState, problem: str, now: datetime, answer: str = "") -> None:
        news: InvitationState | None = reliable.news_of(row, state)
        if news is None:
            return
        draft = row.draft
        self._on_news(InvitationNews(draft.consultation_id, draft.party_key, news, now, problem, answer))
