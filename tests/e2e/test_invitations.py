"""Invitations all the way: composer, real store, real delivery, and the sandbox's partners over HTTP and SMTP.

The sandbox checks every message by rules written apart from ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from tests.unit.invitations.fakes import News
from tests.unit.invitations.samples import OWN, PATIENT_PARTY, PRACTICE, ROOM, SETTINGS, SMS_PARTY, consultation
from vdx_plugin.domain.matching import candidates
from vdx_plugin.domain.parties import Channel, Partner, Party, PartyRole
from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations import care_communication
from vdx_plugin.invitations.composer import MessageComposer
from vdx_plugin.invitations.delivery import MessageDelivery, Roads
from vdx_plugin.invitations.directory import read_directory
from vdx_plugin.invitations.hub import HubSettings, MessageHub
from vdx_plugin.invitations.intake import Books
from vdx_plugin.invitations.message import read_message
from vdx_plugin.invitations.outgoing import Pace
from vdx_plugin.invitations.sms_gateway import GatewaySettings, SmsGateway
from vdx_plugin.invitations.smtp import MailSettings, Security, SmtpCarrier
from vdx_plugin.ports import IncomingLetter, OutboxDraft, OutboxState
from vdx_plugin.sandbox import phones
from vdx_plugin.sandbox import server as sandbox_server
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.partners import Behaviour, PartnerTimes, demo_partners
from vdx_plugin.sandbox.partners.values import XML_MIME
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig
from vdx_plugin.store import AesSealer, Store, open_store

LIMIT_S = 20.0
START = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
"""Ahead of the real clock: what is about a meeting that is over is not sent."""


class MovableClock:
    """Real time, pushed forward by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class World:
    """A practice and its partners."""

    sandbox: Sandbox
    store: Store
    clock: MovableClock
    delivery: MessageDelivery
    news: News
    composer: MessageComposer
    partners: dict[str, Partner]
    strays: list[IncomingLetter]

    def party(self, partner_id: str) -> Party:
        partner = self.partners[partner_id]
        return Party(f"p-{partner_id}", partner.role, partner.channel, partner, partner.email)

    def invite(self, *parties: Party) -> list[OutboxDraft]:
        plan = consultation(*parties, start=START)
        return [self.composer.invitation(plan, party, ROOM, self.clock.now(), uuid4) for party in parties]

    async def write(self, *drafts: OutboxDraft) -> None:
        await self.store.outbox.add(drafts, self.clock.now())
        self.delivery.wake()

    async def told(self, party_key: str, state: str) -> None:
        """Wait until the desk has heard that a party's invitation has come into a state."""
        async with asyncio.timeout(LIMIT_S):
            while not any(one.party_key == party_key and one.state == state for one in self.news.heard):
                await self.news.until(len(self.news.heard) + 1)

    async def state_of(self, draft: OutboxDraft) -> OutboxState:
        row = await self.store.outbox.by_message(draft.message_id)
        assert row is not None
        return row.state

    async def until(self, test: Callable[[], bool]) -> None:
        async def asked() -> bool:
            return test()

        await _until(asked)

    async def until_state(self, draft: OutboxDraft, state: OutboxState) -> None:
        async def asked() -> bool:
            return await self.state_of(draft) is state

        await _until(asked)

    def behave(self, partner_id: str, behaviour: Behaviour) -> None:
        self.sandbox.partners.behave(self.partners[partner_id].gln or "", behaviour)


def make_delivery(sandbox: Sandbox, store: Store, clock: MovableClock) -> MessageDelivery:
    hub = MessageHub(HubSettings(sandbox.partner_url, PRACTICE.gln or "", wait_s=5), httpx.AsyncClient(), uuid4)
    mail = MailSettings("127.0.0.1", sandbox.smtp_port, SETTINGS.mail_from, Security.NONE)
    form = GatewaySettings(
        sandbox.text_url, id_path="id", report_url=f"{sandbox.text_url}/{{id}}", secret=Secret(f"Bearer {phones.KEY}")
    )
    texts = SmsGateway(form, httpx.AsyncClient())
    roads = Roads({Channel.MEDCOM: hub, Channel.EMAIL: SmtpCarrier(mail), Channel.SMS: texts}, hub, texts)
    books = Books(store.outbox, store.letters, store.consultations)
    return MessageDelivery(books, roads, OWN, clock, uuid4, report_every_s=0.2, pace=Pace(look_every_s=0.2))


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    # The hospital answers in XML, the others in JSON: receivers must take both.
    partners = tuple(replace(one, answers_in=XML_MIME) if one.kind == "hospital" else one for one in demo_partners())
    config = SandboxConfig(partners=partners, partner_times=PartnerTimes(acknowledge_s=0.05, slow_s=0.5), pool_size=1)
    table = Path(sandbox_server.__file__).parent / "demo_partners.csv"
    clock, news = MovableClock(), News()
    async with Sandbox(config).running() as sandbox:
        store = await open_store(tmp_path / "vdx.sqlite", AesSealer(bytes(32)), clock)
        delivery = make_delivery(sandbox, store, clock)
        strays: list[IncomingLetter] = []
        delivery.start(news, strays.append)
        found = {partner.id: partner for partner in read_directory(table.read_bytes()).all()}
        yield World(sandbox, store, clock, delivery, news, MessageComposer(SETTINGS), found, strays)
        await delivery.close()
        await store.close()


async def test_a_patient_by_text_message_is_sent_to_and_then_has_it(world: World) -> None:
    """Sent is what the gateway says at once; delivered only when the telephone is on."""
    world.sandbox.phones.off.add("+4520123456")
    (draft,) = world.invite(SMS_PARTY)
    await world.write(draft)
    await world.told(SMS_PARTY.key, "sent")
    assert await world.state_of(draft) is OutboxState.SENT
    world.sandbox.phones.off.clear()
    await world.told(SMS_PARTY.key, "delivered")
    (message,) = world.sandbox.phones.messages
    assert message.text.splitlines()[-1].startswith("https://")
    assert "Elmer" not in message.text


async def test_a_text_message_in_doubt_is_shown_so_and_not_repeated(world: World) -> None:
    """The gateway took it and its answer was lost: nobody is woken twice by the same message."""
    world.sandbox.faults.add(Fault("drop_after", "POST", "/sms/messages"))
    (draft,) = world.invite(SMS_PARTY)
    await world.write(draft)
    await world.told(SMS_PARTY.key, "unknown")
    world.clock.ahead = timedelta(hours=1)
    world.delivery.wake()
    (other,) = world.invite(PATIENT_PARTY)
    await world.write(other)
    await world.told(PATIENT_PARTY.key, "sent")
    assert await world.state_of(draft) is OutboxState.UNKNOWN
    assert len(world.sandbox.phones.messages) == 1


async def test_every_party_gets_its_invitation_and_every_system_says_so(world: World) -> None:
    """Three letters and two mails from one consultation; the partners' own rules find nothing wrong."""
    letters = [world.party(one) for one in ("hospital-geriatrics", "municipality-homecare", "nursing-home")]
    mails = [PATIENT_PARTY, world.party("interpreter-agency")]
    await world.write(*world.invite(*letters, *mails))
    for party in letters:
        await world.told(party.key, "delivered")
        assert world.sandbox.partners.findings(party.partner.gln if party.partner else "") == []
    for party in mails:
        await world.told(party.key, "sent")
    assert world.sandbox.partners.count().received_total == 3
    assert {mail.recipients for mail in world.sandbox.mail.caught} == {
        ("bruno@patient.example",),
        ("tolk@tolkebureau.example",),
    }
    assert not any("Elmer" in mail.text for mail in world.sandbox.mail.caught)


@pytest.mark.parametrize("partner_id", ["hospital-geriatrics", "municipality-homecare"])
async def test_a_persons_answer_comes_to_the_desk_and_is_acknowledged(world: World, partner_id: str) -> None:
    """In XML from one partner and JSON from the other; the partner's system hears our ok."""
    party = world.party(partner_id)
    (draft,) = world.invite(party)
    await world.write(draft)
    await world.told(party.key, "delivered")
    hub = world.sandbox.partners
    sent = await hub.reply(draft.receiver, draft.message_id, "Vi deltager begge", "Sygeplejerske Test")
    await world.told(party.key, "answered")
    assert world.news.heard[-1].answer == "Vi deltager begge"
    assert await world.state_of(draft) is OutboxState.ANSWERED
    await world.until(lambda: hub.acknowledged(draft.receiver, sent.header_id) != "")
    assert hub.acknowledged(draft.receiver, sent.header_id) == "ok"
    assert hub.findings(draft.receiver) == []


async def test_a_cancellation_follows_in_the_same_thread(world: World) -> None:
    """The partner sees one thread with two letters, the newest says AFLYST."""
    party = world.party("hospital-geriatrics")
    (draft,) = world.invite(party)
    await world.write(draft)
    await world.told(party.key, "delivered")
    off = world.composer.cancellation(consultation(party, start=START), party, draft, world.clock.now(), uuid4)
    await world.write(off)
    await world.told(party.key, "withdrawn")
    count = world.sandbox.partners.count(draft.receiver)
    assert (count.distinct, count.threads) == (2, 1)
    assert world.sandbox.partners.findings(draft.receiver) == []


async def test_a_rejection_is_told_and_the_others_get_theirs(world: World) -> None:
    """One partner that refuses holds up nobody."""
    bad, good = world.party("hospital-geriatrics"), world.party("nursing-home")
    world.behave("hospital-geriatrics", Behaviour.REJECT)
    await world.write(*world.invite(bad, good))
    await world.told(bad.key, "rejected")
    await world.told(good.key, "delivered")


async def test_two_acknowledgements_are_one_piece_of_news(world: World) -> None:
    """Networks repeat."""
    party = world.party("nursing-home")
    world.behave("nursing-home", Behaviour.DUPLICATE)
    (draft,) = world.invite(party)
    await world.write(draft)
    await world.told(party.key, "delivered")
    hub = world.sandbox.partners

    async def is_empty() -> bool:
        return not await hub.waiting(PRACTICE.gln or "")

    await _until(is_empty)
    assert [one.state for one in world.news.heard].count("delivered") == 1


async def test_a_passing_fault_is_waited_out_and_the_letter_shown_once(world: World) -> None:
    """transient-error: the same letter again, which the partner counts twice and shows once."""
    party = world.party("municipality-homecare")
    world.behave("municipality-homecare", Behaviour.TRANSIENT)
    (draft,) = world.invite(party)
    await world.write(draft)
    await world.told(party.key, "queued")
    world.clock.ahead += timedelta(seconds=6)
    world.delivery.wake()
    await world.told(party.key, "delivered")
    count = world.sandbox.partners.count(draft.receiver)
    assert (count.received_total, count.distinct) == (2, 1)
    assert world.sandbox.partners.findings(draft.receiver) == []


async def test_silence_for_half_an_hour_is_told_and_the_letter_sent_again(world: World) -> None:
    """The doctor calls; the system tries twice more under the same letter id."""
    party = world.party("nursing-home")
    world.behave("nursing-home", Behaviour.SILENT)
    (draft,) = world.invite(party)
    await world.write(draft)
    await world.until(lambda: world.sandbox.partners.times_came(draft.receiver, draft.message_id) == 1)
    await world.until_state(draft, OutboxState.AWAITING_ACK)
    world.clock.ahead += timedelta(minutes=31)
    world.delivery.wake()
    await world.until(lambda: world.sandbox.partners.times_came(draft.receiver, draft.message_id) == 2)
    assert ("sent", "invite.no_answer") in world.news.told
    assert world.sandbox.partners.count(draft.receiver).distinct == 1
    assert world.sandbox.partners.findings(draft.receiver) == []


async def test_a_letter_left_half_sent_by_a_crash_goes_out_again_as_the_same_letter(
    world: World, tmp_path: Path
) -> None:
    """Claimed, handed over, and the process gone before it was written down: the partner shows it once."""
    party = world.party("hospital-geriatrics")
    (draft,) = world.invite(party)
    await world.delivery.close()
    await world.store.outbox.add([draft], world.clock.now())
    (row,) = await world.store.outbox.claim(world.clock.now())
    carrier = MessageHub(HubSettings(world.sandbox.partner_url, PRACTICE.gln or ""), httpx.AsyncClient(), uuid4)
    await carrier.send(row.draft)
    await carrier.close()

    again = await open_store(tmp_path / "vdx.sqlite", AesSealer(bytes(32)), world.clock)
    recovered = await again.outbox.recover(world.clock.now())
    assert [one.state for one in recovered] == [OutboxState.WAITING_FOR_RETRY]
    second = make_delivery(world.sandbox, again, world.clock)
    second.start(world.news)
    await world.told(party.key, "delivered")
    await second.close()
    await again.close()
    count = world.sandbox.partners.count(draft.receiver)
    assert (count.received_total, count.distinct) == (2, 1)
    assert world.sandbox.partners.findings(draft.receiver) == []


async def test_an_unknown_receiver_is_turned_down_by_the_network(world: World) -> None:
    """A valid number that nobody has: no acknowledgement will ever come, so it is told at once."""
    nobody = replace(world.partners["nursing-home"], gln="5790000000012")
    party = Party("p-nobody", PartyRole.NURSING_HOME, Channel.MEDCOM, nobody)
    await world.write(*world.invite(party))
    await world.told(party.key, "rejected")


async def _until(test: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not await test():  # noqa: ASYNC110 - the sandbox's memory and the database tell nobody when they change
            await asyncio.sleep(0.02)


async def test_an_answer_on_the_old_format_waits_for_a_person_and_is_offered_for_its_meeting(world: World) -> None:
    """The network's converter makes a new thread of it (pitfall 28): acknowledged, kept, never matched by itself."""
    party = world.party("hospital-orthopaedics")
    whole = replace(consultation(party, start=START), created_at=world.clock.now())
    await world.store.consultations.save(whole)
    (draft,) = world.invite(party)
    await world.write(draft)
    await world.told(party.key, "delivered")
    hub = world.sandbox.partners
    shown = hub.letter(draft.receiver, draft.message_id)
    assert shown is not None
    assert link_in(draft) in shown.old_source.replace("&amp;", "&")
    sent = await hub.reply(draft.receiver, draft.message_id, "Vi deltager begge", "Sygeplejerske Test")
    await world.until(lambda: hub.acknowledged(draft.receiver, sent.header_id) == "ok")
    (letter,) = await world.store.letters.unmatched()
    assert letter.text.startswith("Vi deltager begge")
    assert letter.thread_id not in ("", draft.thread_id)
    assert [one.message_id for one in world.strays] == [letter.message_id]
    found = candidates(letter, await world.store.consultations.unfinished())
    assert [(one.consultation_id, one.party_key) for one in found] == [(whole.id, party.key)]
    assert not any(one.answer for one in world.news.heard)
    assert await world.state_of(draft) is OutboxState.ACKNOWLEDGED
    assert hub.findings(draft.receiver) == []


async def test_a_move_after_an_answer_arrives_as_an_answer_to_it(world: World) -> None:
    """The partner's own thread stays whole: their system finds nothing wrong with what answers their letter."""
    party = world.party("hospital-geriatrics")
    (draft,) = world.invite(party)
    await world.write(draft)
    await world.told(party.key, "delivered")
    hub = world.sandbox.partners
    sent = await hub.reply(draft.receiver, draft.message_id, "Vi deltager begge", "Sygeplejerske Test")
    await world.told(party.key, "answered")
    letters = await world.store.letters.of_consultation(draft.consultation_id)
    later = consultation(party, start=START + timedelta(hours=1))
    old = (START, START + timedelta(minutes=30))
    moved = world.composer.move(later, party, draft, ROOM, old, world.clock.now(), uuid4, letters)
    await world.write(moved)
    await world.until_state(moved, OutboxState.ACKNOWLEDGED)
    histories = read_message(moved.payload, moved.mime).all("Provenance")
    assert histories[0]["entity"][0]["what"]["reference"] == f"MessageHeader/{sent.header_id}"
    assert len(hub.thread(draft.receiver, f"urn:uuid:{draft.thread_id}")) == 3
    assert hub.findings(draft.receiver) == []


def link_in(draft: OutboxDraft) -> str:
    return care_communication.link_of(read_message(draft.payload, draft.mime))
