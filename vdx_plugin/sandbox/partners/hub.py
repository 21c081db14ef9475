"""The message hub: mailboxes by location number, and the partners' systems that answer what arrives.

Handing a message in gives a receipt of the mailbox, not an acknowledgement: that comes later as a message of its own
in the sender's mailbox, or never, as the partner behaves. A message with a MessageHeader.id seen before is counted,
answered as before and not shown again.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from vdx_plugin.sandbox.clock import wait_until_set
from vdx_plugin.sandbox.partners import answers
from vdx_plugin.sandbox.partners.bundle import GLN_SYSTEM, Message, Unreadable, identifier, read_message
from vdx_plugin.sandbox.partners.checks import check, check_acknowledgement
from vdx_plugin.sandbox.partners.fhir_xml import write_xml
from vdx_plugin.sandbox.partners.values import (
    JSON_MIME,
    XML_MIME,
    Answer,
    Behaviour,
    Count,
    Finding,
    Letter,
    MailboxEntry,
    Parcel,
    Partner,
    PartnerKind,
    PartnerTimes,
)

# The clock may be pushed forward while we wait, so we look again at least this often.
_LONGEST_WAIT_S = 0.5
_REFUSED = Finding(
    "behaviour",
    "MessageHeader.destination",
    "modtageren tager ikke imod korrespondance",
    "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE",
)


class UnknownReceiver(LookupError):
    """Nobody has a mailbox under this number."""


class EnvelopeConflict(ValueError):
    """The envelope's id was used before for another message."""


@dataclass
class _Inbox:
    """What one partner has: its letters by header id, its own acknowledged state, and how often things came."""

    letters: dict[str, Letter] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    came: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    acknowledged: dict[str, str] = field(default_factory=dict)
    bundles: dict[str, tuple[str, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unreadable: int = 0


@dataclass(frozen=True)
class PartnerSummary:
    """A partner with its figures, for the start page."""

    partner: Partner
    count: Count
    unanswered: int


class PartnerHub:
    """Mailboxes and partners. ``run`` must be running for answers to go out."""

    def __init__(self, partners: tuple[Partner, ...], now: Callable[[], datetime], times: PartnerTimes) -> None:
        self.partners: dict[str, Partner] = {partner.gln: partner for partner in partners}
        self.times = times
        self._now = now
        self._inboxes: dict[str, _Inbox] = defaultdict(_Inbox)
        self._mailboxes: dict[str, dict[str, MailboxEntry]] = defaultdict(dict)
        self._envelopes: dict[str, tuple[bytes, str]] = {}
        self._due: list[tuple[datetime, int, Parcel]] = []
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._changed = asyncio.Condition()
        self._closed = False

    # The hub: parcels in, parcels out

    async def hand_in(self, parcel: Parcel) -> str:
        """Take a parcel for a partner or for another mailbox; returns the mailbox's receipt.

        The same envelope again gives the same receipt, but counts as come again. Raises UnknownReceiver and
        EnvelopeConflict.
        """
        earlier = self._envelopes.get(parcel.envelope_id)
        if earlier is not None and earlier[0] != parcel.body:
            raise EnvelopeConflict("the envelope id was used for another message")
        receipt = earlier[1] if earlier is not None else str(uuid.uuid4())
        if parcel.receiver_gln in self.partners:
            async with self._changed:
                self._arrive(self.partners[parcel.receiver_gln], parcel)
                self._changed.notify_all()
        elif parcel.receiver_gln in self._mailboxes:
            await self.deliver(parcel)
        else:
            raise UnknownReceiver(parcel.receiver_gln)
        self._envelopes[parcel.envelope_id] = (parcel.body, receipt)
        return receipt

    async def deliver(self, parcel: Parcel) -> str:
        """Put a parcel into its receiver's mailbox; returns the entry's receipt."""
        entry = MailboxEntry(str(uuid.uuid4()), parcel, self._now())
        async with self._changed:
            self._mailboxes[parcel.receiver_gln][entry.receipt] = entry
            self._changed.notify_all()
        return entry.receipt

    async def waiting(self, gln: str, wait_s: float = 0.0) -> list[MailboxEntry]:
        """Return what waits for ``gln``, oldest first; an empty mailbox is watched for ``wait_s`` seconds."""
        # Whoever looks into a mailbox has one from then on.
        box = self._mailboxes[gln]
        try:
            async with asyncio.timeout(wait_s), self._changed:
                await self._changed.wait_for(lambda: box or self._closed)
        except TimeoutError:
            # Nothing new came; what was there may only have been hidden by somebody else's turn.
            pass
        return list(box.values())

    def confirm(self, gln: str, receipt: str) -> bool:
        """Take an entry out of a mailbox; False if it is not there (any longer)."""
        return self._mailboxes[gln].pop(receipt, None) is not None

    async def run(self) -> None:
        """Send answers when they are due, until cancelled."""
        while True:
            self._wake.clear()
            while self._due and self._due[0][0] <= self._now():
                await self.deliver(heapq.heappop(self._due)[2])
            next_s = (self._due[0][0] - self._now()).total_seconds() if self._due else _LONGEST_WAIT_S
            await wait_until_set(self._wake, max(0.0, min(next_s, _LONGEST_WAIT_S)))

    async def close(self) -> None:
        """Let everybody who watches a mailbox go."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()

    # What partners have, for pages and tests

    def letters(self, gln: str) -> list[Letter]:
        """Return a partner's letters, newest first, its own replies among them."""
        return sorted(self._inboxes[gln].letters.values(), key=lambda letter: letter.arrived_at, reverse=True)

    def letter(self, gln: str, header_id: str) -> Letter | None:
        """Return one letter, or None."""
        return self._inboxes[gln].letters.get(header_id)

    def answer(self, gln: str, header_id: str) -> Answer | None:
        """Return what the partner's system answered to a letter, or None while it is silent."""
        return self._inboxes[gln].answers.get(header_id)

    def acknowledged(self, gln: str, header_id: str) -> str:
        """Return the code with which a partner's own reply was acknowledged, or an empty text."""
        return self._inboxes[gln].acknowledged.get(header_id, "")

    def times_came(self, gln: str, header_id: str) -> int:
        """Return how often a message came, re-sends included."""
        return self._inboxes[gln].came.get(header_id, 0)

    def findings(self, gln: str) -> list[Finding]:
        """Return every broken rule in what a partner received, acknowledgements included."""
        inbox = self._inboxes[gln]
        return [*(f for letter in inbox.letters.values() for f in letter.findings), *inbox.findings]

    def unreadable(self, gln: str) -> int:
        """Return how many parcels a partner could not read at all."""
        return self._inboxes[gln].unreadable

    def count(self, *glns: str) -> Count:
        """Return how many messages came to these partners together; without any, to all."""
        inboxes = [self._inboxes[gln] for gln in (glns or tuple(self.partners))]
        received = [letter for inbox in inboxes for letter in inbox.letters.values() if not letter.outgoing]
        return Count(
            received_total=sum(sum(inbox.came.values()) for inbox in inboxes),
            distinct=len(received),
            threads=len({letter.thread_id for letter in received}),
        )

    def counts(self) -> Mapping[PartnerKind, Count]:
        """Return the figures for each kind of partner."""
        kinds = {partner.kind for partner in self.partners.values()}
        return {kind: self.count(*self._of_kind(kind)) for kind in kinds}

    def overview(self) -> list[PartnerSummary]:
        """Return every partner with its figures."""
        return [
            PartnerSummary(partner, self.count(gln), self._unanswered(gln)) for gln, partner in self.partners.items()
        ]

    async def wait_for(self, count: int, timeout_s: float, *glns: str) -> Count:
        """Return the figures once ``count`` different messages have come; raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: self.count(*glns).distinct >= count)
        return self.count(*glns)

    async def reply(self, gln: str, header_id: str, words: str, author: str) -> Letter:
        """Let a person at the partner answer a letter; the reply waits in the sender's mailbox. Raises KeyError."""
        partner, letter = self.partners[gln], self._inboxes[gln].letters[header_id]
        newest = self._newest_of_thread(gln, letter.thread_id)
        bundle = answers.reply(Message(newest.bundle), words, partner, author, self._now(), _new_id)
        parcel = _parcel(bundle, partner, newest.other_gln, "MCM:FDIS91")
        await self.deliver(parcel)
        message = Message(bundle)
        sent = Letter(
            header_id=message.header_id,
            thread_id=message.thread_id,
            other_gln=newest.other_gln,
            arrived_at=self._now(),
            bundle=bundle,
            source=parcel.body.decode(),
            mime=parcel.mime,
            outgoing=True,
        )
        self._inboxes[gln].letters[sent.header_id] = sent
        return sent

    def behave(self, gln: str, behaviour: Behaviour) -> None:
        """Change how a partner answers from now on."""
        self.partners[gln] = replace(self.partners[gln], behaviour=behaviour)

    # A partner's system

    def _arrive(self, partner: Partner, parcel: Parcel) -> None:
        inbox = self._inboxes[partner.gln]
        try:
            message = read_message(parcel.body, parcel.mime)
        except Unreadable:
            message = Message({})
        if not message.header_id:
            # Without an id there is nothing an acknowledgement could name: the sender hears nothing.
            inbox.unreadable += 1
        elif message.event == "acknowledgement-message":
            self._take_acknowledgement(inbox, message)
        else:
            self._take_letter(partner, inbox, message, parcel)

    def _take_acknowledgement(self, inbox: _Inbox, message: Message) -> None:
        """Note an acknowledgement of our own reply. Acknowledgements are never acknowledged."""
        inbox.findings.extend(check_acknowledgement(message))
        response = message.header.get("response", {})
        if isinstance(response, Mapping):
            inbox.acknowledged.setdefault(str(response.get("identifier")), str(response.get("code")))

    def _take_letter(self, partner: Partner, inbox: _Inbox, message: Message, parcel: Parcel) -> None:
        key = message.header_id
        inbox.came[key] += 1
        inbox.findings.extend(_delivery_findings(inbox, message, parcel))
        inbox.bundles[str(message.raw.get("id"))] = (key, parcel.envelope_id)
        if key not in inbox.letters:
            inbox.letters[key] = _letter(message, parcel, self._now())
        answer = _decide(partner.behaviour, inbox.letters[key].findings, inbox.answers.get(key))
        if answer is not None:
            inbox.answers[key] = answer
            self._answer_later(partner, message, parcel.sender_gln, answer)

    def _answer_later(self, partner: Partner, message: Message, sender_gln: str, answer: Answer) -> None:
        slow = partner.behaviour is Behaviour.SLOW
        due = self._now() + timedelta(seconds=self.times.slow_s if slow else self.times.acknowledge_s)
        for _ in range(2 if partner.behaviour is Behaviour.DUPLICATE else 1):
            bundle = answers.acknowledgement(message, answer, partner, sender_gln, self._now(), _new_id)
            parcel = _parcel(bundle, partner, sender_gln, f"MCM:FCTL#{answer.code}")
            heapq.heappush(self._due, (due, next(self._order), parcel))
        self._wake.set()

    def _newest_of_thread(self, gln: str, thread_id: str) -> Letter:
        return next(letter for letter in self.letters(gln) if letter.thread_id == thread_id)

    def _of_kind(self, kind: PartnerKind) -> Iterable[str]:
        return (gln for gln, partner in self.partners.items() if partner.kind is kind)

    def _unanswered(self, gln: str) -> int:
        letters = self.letters(gln)
        answered = {letter.thread_id for letter in letters if letter.outgoing}
        return len({letter.thread_id for letter in letters} - answered)


def _decide(behaviour: Behaviour, findings: tuple[Finding, ...], earlier: Answer | None) -> Answer | None:
    """Return how the system answers; None: not at all. Once ok or fatal-error, always the same."""
    if behaviour is Behaviour.SILENT:
        return None
    if earlier is not None and earlier.code != "transient-error":
        return earlier
    errors = tuple(finding for finding in findings if finding.is_error)
    if errors:
        return Answer("fatal-error", errors)
    if behaviour is Behaviour.REJECT:
        return Answer("fatal-error", (_REFUSED,))
    if behaviour is Behaviour.TRANSIENT and earlier is None:
        return Answer("transient-error")
    return Answer("ok")


def _delivery_findings(inbox: _Inbox, message: Message, parcel: Parcel) -> list[Finding]:
    """Return what is wrong with a message in the light of its envelope and of those that came before it."""
    findings = []
    earlier = inbox.letters.get(message.header_id)
    if earlier is not None and Message(earlier.bundle).first("Communication") != message.first("Communication"):
        findings.append(Finding("resend-changed", "Communication", "et andet indhold under samme MessageHeader.id"))
    if identifier(message.receiver, GLN_SYSTEM) not in ("", parcel.receiver_gln):
        findings.append(
            Finding("envelope-receiver", "MessageHeader.destination", "er ikke kuvertens modtager", is_error=False)
        )
    header_id, envelope_id = inbox.bundles.get(str(message.raw.get("id")), ("", parcel.envelope_id))
    if envelope_id != parcel.envelope_id:
        same = header_id == message.header_id
        findings.append(Finding("bundle-id-reused", "Bundle.id", "er brugt før", is_error=not same))
    return findings


def _letter(message: Message, parcel: Parcel, now: datetime) -> Letter:
    return Letter(
        header_id=message.header_id,
        thread_id=message.thread_id,
        other_gln=parcel.sender_gln,
        arrived_at=now,
        bundle=message.raw,
        source=parcel.body.decode("utf-8", "replace"),
        mime=parcel.mime,
        findings=check(message),
    )


def _parcel(bundle: answers.Json, partner: Partner, receiver_gln: str, document_name: str) -> Parcel:
    in_xml = partner.answers_in == XML_MIME
    body = write_xml(bundle) if in_xml else json.dumps(bundle, ensure_ascii=False).encode()
    return Parcel(partner.gln, receiver_gln, _new_id(), XML_MIME if in_xml else JSON_MIME, body, document_name)


def _new_id() -> str:
    return str(uuid.uuid4())
