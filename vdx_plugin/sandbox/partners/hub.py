"""The message hub: messages in, and the partners' systems that answer what arrives.

Handing a message in gives a receipt of the mailbox, not an acknowledgement: that comes later as a message of its own
in the sender's mailbox, or never, as the partner behaves. A message with a MessageHeader.id seen before is counted,
answered as before and not shown again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from vdx_plugin.sandbox.partners import answers, old_system
from vdx_plugin.sandbox.partners.bundle import (
    GLN_SYSTEM,
    Message,
    Unreadable,
    identifier,
    read_message,
    read_quickly,
    text,
)
from vdx_plugin.sandbox.partners.conduct import decide, delays, is_down
from vdx_plugin.sandbox.partners.fhir_xml import UnwritableXml, write_xml
from vdx_plugin.sandbox.partners.inbox import Inbox
from vdx_plugin.sandbox.partners.mailboxes import Mailboxes
from vdx_plugin.sandbox.partners.resources import Json, NewId
from vdx_plugin.sandbox.partners.tally import Tally
from vdx_plugin.sandbox.partners.values import (
    JSON_MIME,
    XML_MIME,
    Answer,
    Arrival,
    Behaviour,
    Conduct,
    Count,
    Finding,
    Letter,
    MailboxEntry,
    Parcel,
    Partner,
    PartnerKind,
    PartnerSummary,
    PartnerTimes,
    Said,
)


class UnknownReceiver(LookupError):
    """Nobody has a mailbox under this number."""


class EnvelopeConflict(ValueError):
    """The envelope's id was used before for another message."""


class PartnerDown(ConnectionError):
    """The partner takes nothing in now. ``cuts``: it does not even say so."""

    def __init__(self, conduct: Conduct) -> None:
        super().__init__("down")
        self.until = conduct.until
        self.cuts = conduct.cuts


class Unanswerable(ValueError):
    """The letter broke the rules, so that no person at the partner ever sees it."""


class PartnerHub:
    """Mailboxes and partners. ``run`` must be running for answers to go out."""

    def __init__(self, partners: tuple[Partner, ...], now: Callable[[], datetime], times: PartnerTimes) -> None:
        self.partners: dict[str, Partner] = {partner.gln: partner for partner in partners}
        self.times = times
        self.now = now
        self._mailboxes = Mailboxes(now)
        self._inboxes: dict[str, Inbox] = defaultdict(Inbox)
        self._envelopes: dict[str, tuple[bytes, str]] = {}

    # The hub: parcels in, parcels out

    async def hand_in(self, parcel: Parcel) -> str:
        """Take a parcel for a partner or for another mailbox; returns the mailbox's receipt.

        The same envelope again gives the same receipt, but counts as come again. Raises UnknownReceiver,
        EnvelopeConflict, PartnerDown, and Unreadable for what no partner can read.
        """
        digest = hashlib.blake2b(parcel.body, digest_size=16).digest()
        earlier_digest, receipt = self._envelopes.get(parcel.envelope_id, (digest, ""))
        if earlier_digest != digest:
            raise EnvelopeConflict("the envelope id was used for another message")
        receipt = receipt or _new_id()
        partner = self.partners.get(parcel.receiver_gln)
        if partner is not None:
            await self._arrive(partner, parcel)
        elif parcel.receiver_gln in self._mailboxes:
            await self._mailboxes.deliver(parcel)
        else:
            raise UnknownReceiver(parcel.receiver_gln)
        self._envelopes[parcel.envelope_id] = (digest, receipt)
        return receipt

    async def hand_over(self, gln: str, body: bytes, mime: str) -> str:
        """Take a bare FHIR message for ``gln`` from another network's double; raises as ``hand_in`` does."""
        if gln not in self.partners:
            raise UnknownReceiver(gln)
        try:
            sender = identifier(read_quickly(body, mime).sender, GLN_SYSTEM)
        except Unreadable:
            self._inboxes[gln].unreadable += 1
            raise
        return await self.hand_in(Parcel(sender, gln, _new_id(), mime, body))

    async def deliver(self, parcel: Parcel) -> str:
        """Put a parcel into its receiver's mailbox; returns the entry's receipt."""
        return await self._mailboxes.deliver(parcel)

    async def waiting(self, gln: str, wait_s: float = 0.0) -> list[MailboxEntry]:
        """Return what waits for ``gln``, oldest first; an empty mailbox is watched for ``wait_s`` seconds."""
        return await self._mailboxes.waiting(gln, wait_s)

    async def confirm(self, gln: str, receipt: str) -> bool:
        """Take an entry out of a mailbox; False if it is not there (any longer)."""
        return await self._mailboxes.confirm(gln, receipt)

    async def run(self) -> None:
        """Send answers when they are due, until cancelled."""
        await self._mailboxes.run()

    async def close(self) -> None:
        """Let everybody who watches a mailbox go."""
        await self._mailboxes.close()

    # What partners have, for pages and tests

    def letters(self, gln: str) -> list[Letter]:
        """Return a partner's letters, newest first, its own replies among them."""
        return self._inboxes[gln].newest_first()

    def letter(self, gln: str, header_id: str) -> Letter | None:
        """Return one letter, or None."""
        return self._inboxes[gln].letters.get(header_id)

    def thread(self, gln: str, thread_id: str) -> list[Letter]:
        """Return a thread by the time its letters were written, the newest first."""
        return self._inboxes[gln].thread(thread_id)

    def answer(self, gln: str, header_id: str) -> Answer | None:
        """Return what the partner's system answered last to a letter, or None while it is silent."""
        return next(reversed(self._inboxes[gln].answers.get(header_id, [])), None)

    def said(self, gln: str, header_id: str) -> tuple[Said, ...]:
        """Return the acknowledgements that have left for the sender, in order."""
        return tuple(self._inboxes[gln].said.get(header_id, ()))

    def arrivals(self, gln: str, header_id: str) -> tuple[Arrival, ...]:
        """Return each time that a message came, in order."""
        return tuple(self._inboxes[gln].arrivals.get(header_id, ()))

    def acknowledged(self, gln: str, header_id: str) -> str:
        """Return the code with which a partner's own reply was acknowledged, or an empty text."""
        return self._inboxes[gln].acknowledged.get(header_id, "")

    def times_came(self, gln: str, header_id: str) -> int:
        """Return how often a message came, re-sends included."""
        return self._inboxes[gln].tally.messages[header_id]

    def findings(self, gln: str) -> list[Finding]:
        """Return every broken rule in what a partner received, acknowledgements included."""
        return self._inboxes[gln].broken_rules()

    def unreadable(self, gln: str) -> int:
        """Return how many parcels a partner could not read at all."""
        return self._inboxes[gln].unreadable

    def tally(self, gln: str) -> Tally:
        """Return what came to a partner, counted by MessageHeader.id and Bundle.id."""
        return self._inboxes[gln].tally

    def count(self, *glns: str) -> Count:
        """Return how many messages came to these partners together; without any, to all."""
        tallies = [self._inboxes[gln].tally for gln in (glns or tuple(self.partners))]
        return Count(
            received_total=sum(tally.total for tally in tallies),
            distinct=sum(tally.distinct for tally in tallies),
            threads=len(set().union(*(tally.threads for tally in tallies))),
        )

    def counts(self) -> Mapping[PartnerKind, Count]:
        """Return the figures for each kind of partner."""
        kinds = {partner.kind for partner in self.partners.values()}
        return {kind: self.count(*self._of_kind(kind)) for kind in kinds}

    def summary(self, gln: str) -> PartnerSummary:
        """Return a partner with its figures."""
        inbox = self._inboxes[gln]
        return PartnerSummary(self.partners[gln], self.count(gln), inbox.unanswered(), inbox.unreadable, inbox.last_at)

    def overview(self) -> list[PartnerSummary]:
        """Return every partner with its figures."""
        return [self.summary(gln) for gln in self.partners]

    async def wait_for(self, count: int, timeout_s: float, *glns: str) -> Count:
        """Return the figures once ``count`` different messages have come; raises TimeoutError."""
        tallies = [self._inboxes[gln].tally for gln in (glns or tuple(self.partners))]
        changed = self._mailboxes.changed
        async with asyncio.timeout(timeout_s), changed:
            await changed.wait_for(lambda: sum(tally.distinct for tally in tallies) >= count)
        return self.count(*glns)

    # What a person, a test or a benchmark makes a partner do

    def behave(self, gln: str, behaviour: Behaviour | Conduct) -> None:
        """Change how a partner answers from now on."""
        conduct = behaviour if isinstance(behaviour, Conduct) else Conduct(behaviour)
        self.partners[gln] = replace(self.partners[gln], conduct=conduct)

    def forget(self, gln: str) -> None:
        """Empty a partner's inbox and begin to count anew."""
        self._inboxes[gln] = Inbox()

    async def reply(self, gln: str, header_id: str, words: str, author: str) -> Letter:
        """Let a person at the partner answer a letter; the reply waits in the sender's mailbox.

        Raises KeyError for a letter that is not there, and Unanswerable for one that the system has refused.
        """
        partner, inbox = self.partners[gln], self._inboxes[gln]
        thread = inbox.thread(inbox.letters[header_id].thread_id)
        newest = next((letter for letter in thread if letter.is_right), None)
        if newest is None:
            raise Unanswerable("refused")
        write = old_system.reply if newest.old_source else _reply
        bundle, old_source = write(newest, words, partner, author, self.now(), _new_id)
        message = Message(bundle)
        sent = Letter(
            header_id=message.header_id,
            thread_id=newest.thread_id if old_source else message.thread_id,
            other_gln=newest.other_gln,
            arrived_at=self.now(),
            bundle=bundle,
            source=_parcel(bundle, partner, newest.other_gln, "").body.decode(),
            mime=partner.answers_in,
            outgoing=True,
            old_source=old_source,
        )
        inbox.letters[sent.header_id] = sent
        await self._send_reply(partner, sent)
        return sent

    async def acknowledge(self, gln: str, header_id: str, answer: Answer) -> None:
        """Let the partner's system acknowledge a letter now, whatever its behaviour. Raises KeyError."""
        partner, letter = self.partners[gln], self._inboxes[gln].letters[header_id]
        self._inboxes[gln].answers[header_id].append(answer)
        parcel, said = self._acknowledgement(partner, Message(letter.bundle), letter, answer)
        self._inboxes[gln].said[header_id].append(said)
        await self._mailboxes.deliver(parcel)

    # A partner's system

    async def _arrive(self, partner: Partner, parcel: Parcel) -> None:
        if is_down(partner.conduct, self.now()):
            raise PartnerDown(partner.conduct)
        inbox = self._inboxes[partner.gln]
        try:
            read = read_quickly if partner.behaviour is Behaviour.COUNT else read_message
            message = read(parcel.body, parcel.mime)
            if not message.header_id:
                # Without an id there is nothing an acknowledgement could name.
                raise Unreadable("no_message_header")
        except Unreadable:
            inbox.unreadable += 1
            raise
        if message.event == "acknowledgement-message":
            inbox.take_acknowledgement(message)
        else:
            await self._take_letter(partner, inbox, message, parcel)
        async with self._mailboxes.changed:
            self._mailboxes.changed.notify_all()

    async def _take_letter(self, partner: Partner, inbox: Inbox, message: Message, parcel: Parcel) -> None:
        if partner.behaviour is Behaviour.UNDELIVERABLE:
            return
        inbox.count(message, self.now())
        if partner.behaviour is Behaviour.COUNT:
            return
        now = self.now()
        letter = inbox.keep(message, parcel, now, old_system.reader(partner, now))
        earlier = inbox.answers[message.header_id]
        said = decide(partner.conduct, letter.findings, earlier)
        earlier.extend(said)
        for number, answer in enumerate(said):
            if old_system.lets_through(partner, message, letter, answer):
                await self._answer(partner, inbox, message, letter, answer, number)

    async def _answer(
        self, partner: Partner, inbox: Inbox, message: Message, letter: Letter, answer: Answer, number: int
    ) -> None:
        inbox.written += 1
        for delay_s in delays(partner.conduct, self.times, inbox.written - 1):
            parcel, said = self._acknowledgement(partner, message, letter, answer)
            note = partial(inbox.said[message.header_id].append, said)
            if partner.behaviour is Behaviour.EARLY:
                note()
                receipt = await self._mailboxes.deliver(parcel)
                await self._mailboxes.taken(parcel.receiver_gln, receipt, self.times.early_s)
            else:
                later = delay_s + number * max(self.times.acknowledge_s, 0.01)
                self._mailboxes.deliver_after(later, parcel, note)

    def _acknowledgement(
        self, partner: Partner, message: Message, letter: Letter, answer: Answer
    ) -> tuple[Parcel, Said]:
        now = self.now()
        bundle = answers.acknowledgement(message, answer, partner, letter.other_gln, now, _new_id)
        parcel = _parcel(bundle, partner, letter.other_gln, f"MCM:FCTL#{answer.code}")
        receipt = old_system.receipt(message, letter, answer, now, _new_id) if letter.old_source else ""
        return parcel, Said(now, answer.code, answer.findings, parcel.body.decode(), receipt)

    async def _send_reply(self, partner: Partner, sent: Letter) -> None:
        """Send at once, or as the behaviour has it: late, or in two sendings with the later letter first."""
        document = f"MCM:FDIS91#{text(Message(sent.bundle).first('Communication'), 'category', 'coding', 'code')}"
        inbox = self._inboxes[partner.gln]
        inbox.written += 1
        if partner.behaviour not in (Behaviour.SLOW, Behaviour.DUPLICATE):
            await self._mailboxes.deliver(_parcel(sent.bundle, partner, sent.other_gln, document))
            return
        for number, delay_s in enumerate(delays(partner.conduct, self.times, inbox.written - 1)):
            # The same letter in a new sending, as MedCom wants a repetition.
            bundle = {**sent.bundle, "id": _new_id()} if number else sent.bundle
            parcel = _parcel(bundle, partner, sent.other_gln, document)
            self._mailboxes.deliver_after(delay_s, parcel, _nothing)

    def _of_kind(self, kind: PartnerKind) -> Iterable[str]:
        return (gln for gln, partner in self.partners.items() if partner.kind is kind)


def _reply(newest: Letter, words: str, partner: Partner, author: str, now: datetime, new_id: NewId) -> tuple[Json, str]:
    return answers.reply(Message(newest.bundle), words, partner, author, now, new_id), ""


def _parcel(bundle: Mapping[str, object], partner: Partner, receiver_gln: str, document_name: str) -> Parcel:
    mime, body = partner.answers_in, b""
    if mime == XML_MIME:
        try:
            body = write_xml(dict(bundle))
        except UnwritableXml:
            # An acknowledgement repeats what it can of a broken message; JSON holds any shape.
            mime = JSON_MIME
    body = body or json.dumps(bundle, ensure_ascii=False).encode()
    return Parcel(partner.gln, receiver_gln, _new_id(), mime, body, document_name)


def _new_id() -> str:
    return str(uuid.uuid4())


def _nothing() -> None:
    """Nothing is to be noted when a reply leaves."""
