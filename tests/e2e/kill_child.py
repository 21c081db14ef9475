"""The process that is killed between a decision and its acknowledgement: store, composer and delivery as they are.

``python -m tests.e2e.kill_child`` does one job per line, each in a fork (see ``nursery``). A job decides on one message
and works until its receiver has said that it came. What must be there before, an invitation, or an answer of the
partner's, is brought about first and is not watched. Doing the job again finds what the first process has left.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import httpx

from tests.e2e.crash_points import Tripwire
from tests.e2e.nursery import serve
from tests.unit.invitations import samples
from vdx_plugin.app import WallClock
from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Channel
from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations.composer import MessageComposer
from vdx_plugin.invitations.delivery import MessageDelivery, Roads
from vdx_plugin.invitations.hub import HubSettings, MessageHub
from vdx_plugin.invitations.intake import Books
from vdx_plugin.invitations.outgoing import Pace
from vdx_plugin.invitations.resources import Party as End
from vdx_plugin.invitations.sms_gateway import GatewaySettings, SmsGateway
from vdx_plugin.invitations.smtp import MailSettings, Security, SmtpCarrier
from vdx_plugin.invitations.transport import Carrier, Mailbox
from vdx_plugin.invitations.vans import Envelopes, Rules
from vdx_plugin.invitations.vans_folder import FolderSettings, VansFolder
from vdx_plugin.invitations.vans_http import Access, VansSupplier, open_client
from vdx_plugin.medcom_roads import Road
from vdx_plugin.ports import IN_MAILBOX, TO_BE_SENT, MessageKind, NoticeKind, OutboxDraft, OutboxRow, OutboxState
from vdx_plugin.sandbox import phones
from vdx_plugin.store import AesSealer, Store, open_store

HUB, SUPPLIER, FOLDER = "MedCom endpoint", "VANS supplier", "VANS folder"
MAIL, TEXT = "e-mail", "text message"
MEDCOM = (HUB, SUPPLIER, FOLDER)
INVITATION, MOVE, CANCELLATION, NOTICE, ACKNOWLEDGEMENT = (
    "invitation",
    "move",
    "cancellation",
    "notice",
    "acknowledgement",
)
_SPACE = UUID("6d7f1f2e-0000-4000-8000-000000000001")
_POLL_S = 0.03


@dataclass(frozen=True)
class Job:
    """``name`` is the run's own; ``gln``, ``mail`` and ``phone`` tell its traffic from that of others."""

    name: str
    road: str
    message: str
    gln: str
    mail: str
    phone: str
    place: str
    record: str
    hub_url: str
    vans_url: str
    folder: str
    text_url: str
    control_url: str
    smtp_port: int
    crash_at: str = ""

    @property
    def consultation_id(self) -> UUID:
        return uuid5(_SPACE, self.name)


def main() -> None:
    """Do jobs until standard input ends."""
    for party in (samples.HOSPITAL_PARTY, samples.PATIENT_PARTY, samples.SMS_PARTY):
        # What is imported at first use is imported here, and not in each fork.
        samples.composer().invitation(samples.consultation(party), party, samples.ROOM, samples.NOW, samples.ids())
    serve(Job, do)


async def do(job: Job) -> None:
    """Start as the program does, decide unless it has been decided, and work until it is settled."""
    store = await open_store(Path(job.place), AesSealer(bytes(32)), WallClock())
    await store.outbox.recover(datetime.now(UTC))
    practice = Practice(job, store)
    try:
        await practice.prepare()
        practice.wire.lay()
        await practice.go()
    finally:
        await store.close()


class Practice:
    """One clinic's side: what it decides and how it sends."""

    def __init__(self, job: Job, store: Store) -> None:
        self._job = job
        self._store = store
        self.wire = Tripwire(Path(job.record), job.crash_at)
        organisation = replace(samples.PRACTICE, gln=job.gln)
        self._composer = MessageComposer(replace(samples.SETTINGS, organisation=organisation, mail_from=job.mail))
        others = {MAIL: samples.PATIENT_PARTY, TEXT: replace(samples.SMS_PARTY, address=job.phone)}
        self._party = others.get(job.road, samples.HOSPITAL_PARTY)

    def _delivery(self) -> MessageDelivery:
        job = self._job
        carriers, mailbox = roads(job)
        own = End("", samples.PRACTICE.name, samples.PRACTICE.sor or "", job.gln)
        books = Books(self._store.outbox, self._store.letters, self._store.consultations)
        pace = Pace(look_every_s=0.2)
        ways = Roads(carriers, mailbox)
        return MessageDelivery(books, ways, own, WallClock(), uuid4, pace=pace, mailbox_pause_s=0.05)

    async def prepare(self) -> None:
        """Bring about what the message presupposes; nothing of it is watched."""
        if self._job.message == INVITATION:
            return
        if not await self._rows():
            await self._decide(self._invitation())
            await self._deliver(1)
        if self._job.message == ACKNOWLEDGEMENT:
            await self._let_the_partner_answer()

    async def go(self) -> None:
        """Decide, unless it has been decided, and work until it is settled."""
        if self._job.message != ACKNOWLEDGEMENT and len(await self._rows()) < self._wanted:
            await self._decide(await self._message())
        await self._deliver(self._wanted)

    async def _deliver(self, wanted: int) -> None:
        delivery = self._delivery()
        delivery.start(lambda _news: None)
        try:
            while self.wire.is_busy or not await self._is_settled(wanted):  # noqa: ASYNC110 - the store tells nobody when it changes
                await asyncio.sleep(_POLL_S)
        finally:
            await delivery.close()

    @property
    def _wanted(self) -> int:
        return 1 if self._job.message == INVITATION else 2

    async def _rows(self) -> list[OutboxRow]:
        return await self._store.outbox.of_consultation(self._job.consultation_id)

    async def _decide(self, draft: OutboxDraft) -> None:
        await self._store.consultations.save(self._consultation(), [draft])

    def _consultation(self, *, hours: int = 24) -> Consultation:
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
        return replace(samples.consultation(self._party, start=start), id=self._job.consultation_id)

    def _invitation(self) -> OutboxDraft:
        return self._composer.invitation(self._consultation(), self._party, samples.ROOM, datetime.now(UTC), uuid4)

    async def _message(self) -> OutboxDraft:
        now, composer, plan = datetime.now(UTC), self._composer, self._consultation()
        if self._job.message == INVITATION:
            return self._invitation()
        earlier = (await self._rows())[0].draft
        if self._job.message == CANCELLATION:
            return composer.cancellation(plan, self._party, earlier, now, uuid4)
        if self._job.message == NOTICE:
            return composer.notice(plan, self._party, earlier, samples.ROOM, NoticeKind.REMINDER, now, uuid4)
        moved, old = self._consultation(hours=26), (plan.plan.start, plan.plan.end)
        return composer.move(moved, self._party, earlier, samples.ROOM, old, now, uuid4)

    async def _let_the_partner_answer(self) -> None:
        mark = Path(self._job.record + ".answered")
        if await asyncio.to_thread(mark.exists):
            return
        (row,) = await self._rows()
        address = f"{self._job.control_url}/{row.draft.receiver}/messages/{row.draft.message_id}/answer"
        await asyncio.to_thread(_post, address, {"words": "Vi kommer"})
        await asyncio.to_thread(mark.touch)

    async def _is_settled(self, wanted: int) -> bool:
        rows = await self._rows()
        if len(rows) < wanted or any(row.state in TO_BE_SENT for row in rows):
            return False
        if self._job.road not in MEDCOM:
            return True
        letters = [row for row in rows if row.draft.kind is not MessageKind.ACKNOWLEDGEMENT]
        heard = all(row.state in (OutboxState.ACKNOWLEDGED, OutboxState.ANSWERED) for row in letters)
        # A network says of each letter, ours about theirs too, that it lies in the mailbox; when, depends on who is
        # faster.
        heard = heard and (self._job.road == HUB or all(row.receipt.startswith(IN_MAILBOX) for row in rows))
        return heard and not await asyncio.to_thread(_is_waited_for, self._job)


def roads(job: Job) -> tuple[Mapping[Channel, Carrier], Mailbox | None]:
    """Return the carriers of the job's road, and the mailbox that belongs to it."""
    if job.road == MAIL:
        return {Channel.EMAIL: SmtpCarrier(MailSettings("127.0.0.1", job.smtp_port, job.mail, Security.NONE))}, None
    if job.road == TEXT:
        gateway = GatewaySettings(job.text_url, id_path="id", secret=Secret(f"Bearer {phones.KEY}"))
        return {Channel.SMS: SmsGateway(gateway, httpx.AsyncClient())}, None
    road = _medcom(job)
    return {Channel.MEDCOM: road}, road


def _medcom(job: Job) -> Road:
    if job.road == HUB:
        return MessageHub(HubSettings(job.hub_url, job.gln, wait_s=2.0), httpx.AsyncClient(), uuid4)
    envelopes = Envelopes(Rules(job.gln), lambda: datetime.now(UTC), uuid4)
    if job.road == SUPPLIER:
        return VansSupplier(job.vans_url, job.gln, envelopes, open_client(Access()), wait_s=2.0)
    folders = FolderSettings(Path(job.folder) / "out", Path(job.folder) / "in", look_every_s=0.02, wait_s=2.0)
    return VansFolder(folders, envelopes)


def _post(address: str, values: Mapping[str, str]) -> None:
    request = urllib.request.Request(address, json.dumps(values).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()


def _is_waited_for(job: Job) -> bool:
    """True while something lies in our mailbox that has not been dealt with."""
    if job.road == FOLDER:
        return any((Path(job.folder) / "in").glob("*.xml"))
    address = f"{job.hub_url}/mailbox" if job.road == HUB else f"{job.vans_url}/mailboxes"
    with urllib.request.urlopen(f"{address}/{job.gln}") as answer:
        return bool(next(iter(json.load(answer).values())))


if __name__ == "__main__":
    main()
