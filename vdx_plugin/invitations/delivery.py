"""The Delivery port: carries the outbox out, takes acknowledgements and answers in, and tells the desk.

``reliable`` decides what follows from what; ``outgoing`` sends, ``mailbox`` and ``intake`` read, and this writes down
what was heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.parties import Channel, InvitationState
from vdx_plugin.errors import VdxError
from vdx_plugin.invitations import codes, reliable
from vdx_plugin.invitations.acknowledgement import Acknowledgement
from vdx_plugin.invitations.arrivals import Arrival, ArrivalWatch, Reports
from vdx_plugin.invitations.intake import Books, Heard, Intake
from vdx_plugin.invitations.mailbox import MailboxReader
from vdx_plugin.invitations.message_check import MessageCheck
from vdx_plugin.invitations.outgoing import Outgoing, Pace
from vdx_plugin.invitations.reliable import Limits, Step
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


@dataclass(frozen=True, slots=True)
class Roads:
    """How messages leave and come in. ``mailbox`` is None where nobody can write to us. All are closed by delivery.

    ``text_reports`` tells what became of text messages, where the gateway can.
    """

    carriers: Mapping[Channel, Carrier]
    mailbox: Mailbox | None = None
    text_reports: Reports | None = None


class MessageDelivery:
    """Implements ``ports.Delivery``. ``own`` is the practice as sender of acknowledgements, written as ``mime``.

    The outbox is looked into when something is due or ``wake`` is called, and as ``pace`` says for what other
    processes wrote. ``mailbox_pause_s`` is the wait after a mailbox failed, or holds only what nobody can read,
    ``report_every_s`` the one between looks at what became of text messages.
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
        pace: Pace | None = None,
        check: MessageCheck | None = None,
        mailbox_pause_s: float = 5.0,
        report_every_s: float = 15.0,
    ) -> None:
        self._books = books
        self._outbox = books.outbox
        self._roads = roads
        self._own = own
        self._clock = clock
        self._new_id = new_id
        self._limits = limits or Limits()
        self._mime = mime
        self._check = check or MessageCheck()
        self._mailbox_pause_s = mailbox_pause_s
        self._tasks = Tasks()
        self._on_news: OnNews = lambda _: None
        self._on_letter: OnLetter = lambda _: None
        self._outgoing = Outgoing(
            books.outbox, roads.carriers, clock, new_id, self._limits, self._settled, pace or Pace(), self._check
        )
        # Of two acknowledgements of one letter the first counts.
        self._hearing = asyncio.Lock()
        self._arrivals: ArrivalWatch | None = None
        if roads.text_reports is not None:
            self._arrivals = ArrivalWatch(roads.text_reports, clock, self._arrived, every_s=report_every_s)

    def start(self, on_news: OnNews, on_letter: OnLetter | None = None) -> None:
        """Start workers and reader on the running event loop."""
        self._on_news = on_news
        self._on_letter = on_letter or self._on_letter
        self._outgoing.start(self._tasks)
        if self._arrivals is not None:
            self._tasks.spawn(self._watch_arrivals(self._arrivals), "delivery-arrivals")
        carrier = self._roads.carriers.get(Channel.MEDCOM)
        if self._roads.mailbox is not None and carrier is not None:
            heard = Heard(self._acknowledged, self._replied, lambda letter: self._on_letter(letter), self.wake)
            new_id, mime = self._new_id, self._mime
            intake = Intake(self._books, carrier, self._own, self._clock, new_id, heard, mime, check=self._check)
            reader = MailboxReader(self._roads.mailbox, intake.take_in, self._receipted, pause_s=self._mailbox_pause_s)
            self._tasks.spawn(reader.run(), "delivery-mailbox")

    def wake(self) -> None:
        """Look into the outbox now."""
        self._outgoing.wake()

    async def close(self) -> None:
        """Stop all work. A message in the middle of a send stays SENDING, for ``Outbox.recover``."""
        await self._tasks.close()
        closing: list[Carrier | Mailbox] = [
            *self._roads.carriers.values(),
            *([self._roads.mailbox] if self._roads.mailbox else []),
        ]
        for road in {id(road): road for road in closing}.values():
            await road.close()
        await self._check.close()

    async def _acknowledged(self, ack: Acknowledgement) -> None:
        async with self._hearing:
            row = await self._outbox.by_message(ack.answers)
            if row is None or row.draft.receiver != ack.sender_gln:
                _log.warning("an acknowledgement that fits none of our letters is put aside")
                return
            step = reliable.after_acknowledgement(row, ack.code, self._clock.now(), self._limits)
            if step is None:
                _log.info("a further acknowledgement (%s) of %s changes nothing", ack.code, row.draft.key)
                return
            await self._write(row, step)
        _log.info("%s was acknowledged: %s %s", row.draft.key, ack.code, ack.reason)
        self._follow(row, step)

    async def _watch_arrivals(self, arrivals: ArrivalWatch) -> None:
        """Ask about text messages, those of an earlier run of the program first."""
        try:
            left = await self._outbox.sent_since(Channel.SMS, self._clock.now() - arrivals.give_up)
        except VdxError as error:
            _log.warning("text messages sent earlier are not asked about: %s", error)
            left = []
        for row in left:
            if row.receipt:
                arrivals.watch(row.draft, row.receipt, row.sent_at)
        await arrivals.run()

    async def _arrived(self, draft: OutboxDraft, arrival: Arrival) -> None:
        """The gateway's word about a text message that it took."""
        async with self._hearing:
            row = await self._outbox.by_message(draft.message_id)
            if row is None or row.state is not OutboxState.SENT:
                return
            step = reliable.after_report(row, has_arrived=arrival is Arrival.ARRIVED)
            await self._write(row, step)
        self._follow(row, step)

    async def _receipted(self, receipt: MailboxReceipt) -> None:
        """The network's word about a letter of ours. It moves no state but where it says that nothing arrived."""
        async with self._hearing:
            row = await self._outbox.by_message(receipt.message_id) if receipt.message_id else None
            if row is None:
                _log.warning("a receipt of the network fits none of our messages and is put aside")
                return
            if receipt.verdict is Verdict.IN_MAILBOX:
                if await self._outbox.note_receipt(row.draft.key, f"{IN_MAILBOX}{receipt.receipt}"):
                    self._tell_in_mailbox(row)
                return
            may_retry = receipt.verdict is Verdict.BOUNCED
            step = reliable.after_bounce(row, self._clock.now(), self._limits, may_retry=may_retry)
            if step is None:
                _log.info("a receipt of %s changes nothing any longer", row.draft.key)
                return
            await self._write(row, step)
        _log.warning("the network gave %s back: %s", row.draft.key, receipt.detail)
        self._follow(row, step)

    async def _replied(self, row: OutboxRow, letter: IncomingLetter) -> None:
        async with self._hearing:
            step = reliable.after_reply(row)
            if step is not None:
                await self._write(row, step)
        self._tell(row, OutboxState.ANSWERED, "", letter.text)

    async def _write(self, row: OutboxRow, step: Step) -> None:
        await self._outbox.mark(
            row.draft.key, step.state, self._clock.now(), problem=step.problem, next_attempt_at=step.next_attempt_at
        )

    def _follow(self, row: OutboxRow, step: Step) -> None:
        """Tell what has changed, and look whether something of the thread may go now."""
        self._tell(row, step.state, step.problem)
        if step.next_attempt_at is not None:
            self._outgoing.expect(step.next_attempt_at)
        self.wake()

    def _settled(self, row: OutboxRow, state: OutboxState, problem: str, receipt: str) -> None:
        """What ``outgoing`` has written down."""
        self._tell(row, state, problem)
        if receipt.startswith(IN_MAILBOX):
            self._tell_in_mailbox(row)
        if self._arrivals is not None and row.draft.channel is Channel.SMS and state is OutboxState.SENT:
            self._arrivals.watch(row.draft, receipt)

    def _tell_in_mailbox(self, row: OutboxRow) -> None:
        if row.draft.kind is MessageKind.INVITATION:
            self._hear(row, InvitationState.IN_MAILBOX)

    def _tell(self, row: OutboxRow, state: OutboxState, problem: str, answer: str = "") -> None:
        news = reliable.news_of(row, state)
        if news is not None:
            self._hear(row, news, problem, answer)

    def _hear(self, row: OutboxRow, news: InvitationState, problem: str = "", answer: str = "") -> None:
        draft, now = row.draft, self._clock.now()
        self._on_news(InvitationNews(draft.consultation_id, draft.party_key, news, now, problem, answer))
