"""``Carrier`` and ``Mailbox`` for MedCom messages: one suite on the endpoint, both VANS roads and the record's mail."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.message_roads import LARGEST, OWN_GLN, UNIT, WARD, FolderRig, HttpRig, HubRig, Rig, running
from tests.unit.invitations.fakes import ManualClock, MemoryConsultations, MemoryLetters, MemoryOutbox, News
from tests.unit.invitations.samples import (
    HOSPITAL,
    HOSPITAL_PARTY,
    MUNICIPALITY_PARTY,
    NOW,
    OWN,
    ROOM,
    composer,
    consultation,
    ids,
)
from vdx_plugin.domain.parties import Channel, Party
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import SignInNeeded, Unavailable
from vdx_plugin.invitations import codes, vans_envelope, vans_folder
from vdx_plugin.invitations.delivery import MessageDelivery, Roads
from vdx_plugin.invitations.intake import Books
from vdx_plugin.invitations.message import read_message
from vdx_plugin.invitations.transport import Incoming, MailboxReceipt, Verdict
from vdx_plugin.invitations.vans import Envelopes, Rules
from vdx_plugin.invitations.vans_folder import VansFolder
from vdx_plugin.invitations.vans_http import Access, VansSupplier, open_client
from vdx_plugin.ports import OutboxDraft, OutboxState
from vdx_plugin.sandbox import vans
from vdx_plugin.sandbox.partners import Behaviour
from vdx_plugin.sandbox.vans import NotAnEnvelope

LIMIT_S = 10.0
ROADS = ("hub", "vans-folder", "vans-http", "record")
BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aa">]>
<Bundle xmlns="http://hl7.org/fhir"><id value="&a;"/></Bundle>"""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=ROADS)
async def rig(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Rig]:
    async with running(request.param, tmp_path, clock) as rig:
        yield rig
        await rig.road.close()


class Office:
    """Delivery over one road, with what it writes down."""

    def __init__(self, rig: Rig, clock: ManualClock) -> None:
        self.rig, self.clock = rig, clock
        self.outbox, self.news, self.letters = MemoryOutbox(), News(), MemoryLetters()
        books = Books(self.outbox, self.letters, MemoryConsultations())
        roads = Roads({Channel.MEDCOM: rig.road}, rig.road)
        self.delivery = MessageDelivery(books, roads, OWN, clock, ids(5000), mailbox_pause_s=0.01)
        self.delivery.start(self.news)

    async def send(self, *drafts: OutboxDraft) -> None:
        await self.outbox.add(drafts, self.clock.now())
        self.delivery.wake()

    async def until(self, seen: Callable[[], bool]) -> None:
        """Carry until it is so."""
        async with asyncio.timeout(LIMIT_S):
            while not seen():
                await self.rig.carry()
                await asyncio.sleep(0.01)

    def state(self, draft: OutboxDraft) -> OutboxState:
        return self.outbox.rows[draft.key].state


@pytest.fixture
async def office(rig: Rig, clock: ManualClock) -> AsyncIterator[Office]:
    office = Office(rig, clock)
    working = None if isinstance(rig, HubRig | HttpRig) else asyncio.create_task(rig.hub.run(), name="partners")
    yield office
    await office.delivery.close()
    if working is not None:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def letter(form: str = codes.FHIR_JSON) -> OutboxDraft:
    return composer(mime=form).invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())


async def until_came(rig: Rig, draft: OutboxDraft, times: int = 1) -> None:
    async with asyncio.timeout(LIMIT_S):
        while rig.hub.times_came(draft.receiver, draft.message_id) < times:
            await rig.carry()
            await asyncio.sleep(0.01)


async def received(rig: Rig) -> list[Incoming | MailboxReceipt]:
    """What the road gives, once it gives something."""
    async with asyncio.timeout(LIMIT_S):
        while not (found := list(await rig.road.receive())):
            await rig.carry()
    return found


@pytest.mark.parametrize("form", [codes.FHIR_JSON, codes.FHIR_XML])
async def test_a_letter_arrives_as_it_was_written(rig: Rig, form: str) -> None:
    """Byte by byte: the network is no reader."""
    draft = letter(form)
    assert await rig.road.send(draft)
    await until_came(rig, draft)
    arrived = rig.hub.letter(WARD, draft.message_id)
    assert arrived is not None
    assert arrived.source.encode() == draft.payload
    assert arrived.mime == form
    assert rig.hub.findings(WARD) == []


async def test_a_letter_sent_once_more_travels_in_a_new_envelope_as_the_same_letter(rig: Rig) -> None:
    """Envelopes are new at every send; the receiver tells the repeat by the letter's id and shows it once."""
    draft = letter()
    await rig.road.send(draft)
    await until_came(rig, draft)
    await rig.road.send(draft)
    await until_came(rig, draft, 2)
    arrivals = rig.hub.arrivals(WARD, draft.message_id)
    assert len({one.envelope_id for one in arrivals}) == 2
    assert {one.document_name for one in arrivals} == {"MCM:FDIS91#telemedicine"}
    assert len(rig.hub.letters(WARD)) == 1


async def test_what_came_comes_again_until_it_is_settled(rig: Rig) -> None:
    """A crash between reading and writing down must not lose an answer."""
    await rig.put(letter().payload)
    first, again = await received(rig), await received(rig)
    assert [one.receipt for one in first] == [one.receipt for one in again]
    assert isinstance(first[0], Incoming)
    assert (first[0].sender_gln, first[0].mime, first[0].body) == (WARD, codes.FHIR_JSON, letter().payload)
    await rig.road.settle(first[0])
    await rig.road.settle(first[0])
    assert list(await rig.road.receive()) == []
    assert rig.left() == 0


async def test_an_empty_mailbox_is_not_an_error(rig: Rig) -> None:
    """Most of the time nothing waits."""
    assert list(await rig.road.receive()) == []


@pytest.mark.parametrize("party", [HOSPITAL_PARTY, MUNICIPALITY_PARTY], ids=["json", "xml"])
async def test_a_letter_an_acknowledgement_an_answer_and_our_acknowledgement_make_the_round(
    office: Office, rig: Rig, party: Party
) -> None:
    """The whole road: a system says that it has it, a person answers, and our system says that it has that."""
    draft = composer().invitation(consultation(), party, ROOM, NOW, ids())
    await office.send(draft)
    await office.until(lambda: office.state(draft) is OutboxState.ACKNOWLEDGED)
    answer = await rig.hub.reply(draft.receiver, draft.message_id, "Vi kommer", "Sygeplejerske Test")
    await office.until(lambda: office.state(draft) is OutboxState.ANSWERED)
    await office.until(lambda: rig.hub.acknowledged(draft.receiver, answer.header_id) == "ok")
    assert office.news.heard[-1].answer == "Vi kommer"
    assert ("in_mailbox", "") in office.news.told or not rig.says_mailbox
    assert [one.text for one in office.letters.letters.values()] == ["Vi kommer"]
    assert rig.hub.findings(draft.receiver) == []


async def test_a_partner_that_says_everything_twice_is_heard_once(office: Office, rig: Rig) -> None:
    """Duplicate acknowledgements change nothing, a repeated answer is acknowledged as before and shown once."""
    rig.behave(Behaviour.DUPLICATE)
    draft = letter()
    await office.send(draft)
    await office.until(lambda: office.state(draft) is OutboxState.ACKNOWLEDGED)
    answer = await rig.hub.reply(WARD, draft.message_id, "Vi kommer", "Sygeplejerske Test")
    await office.until(lambda: rig.hub.acknowledged(WARD, answer.header_id) == "ok")
    await office.until(lambda: rig.left() == 0)
    assert [one.answer for one in office.news.heard].count("Vi kommer") == 1


async def test_a_receiver_that_is_down_gets_the_letter_when_it_is_up_again(office: Office, rig: Rig) -> None:
    """Whether the endpoint says so at once or the network gives the envelope back later."""
    rig.behave(Behaviour.DOWN)
    draft = letter()
    await office.send(draft)
    await office.until(lambda: office.outbox.rows[draft.key].problem in ("invite.unreachable", "invite.transient"))
    rig.behave(Behaviour.OK)
    office.clock.forward(minutes=2)
    office.delivery.wake()
    await office.until(lambda: office.state(draft) is OutboxState.ACKNOWLEDGED)
    assert len(rig.hub.letters(WARD)) == 1


async def test_a_receiver_that_nobody_knows_ends_the_letter(office: Office, rig: Rig) -> None:
    """Another try would change nothing, so the doctor is told at once."""
    party = replace(HOSPITAL_PARTY, partner=replace(HOSPITAL, gln="5790000000999"))
    draft = composer().invitation(consultation(), party, ROOM, NOW, ids())
    await office.send(draft)
    await office.until(lambda: office.state(draft) is OutboxState.IN_ERROR)


@pytest.mark.parametrize(
    ("body", "mime"),
    [
        (b"", codes.FHIR_JSON),
        (b"hello 2509479989", codes.FHIR_JSON),
        (BOMB, codes.FHIR_XML),
        (b"[" * 100_000, codes.FHIR_JSON),
        ('{"resourceType":"Bundle","id":"æ"}'.encode("latin-1"), codes.FHIR_JSON),
        (b'{"resourceType":"Bundle"}', codes.FHIR_JSON),
        (b"<Bundle xmlns='http://hl7.org/fhir'><entry>", codes.FHIR_XML),
    ],
    ids=["empty", "words", "entity bomb", "deep", "character set", "nothing in it", "half"],
)
async def test_what_nobody_can_read_holds_up_nothing(
    office: Office, rig: Rig, body: bytes, mime: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once and never acknowledged, and the next message is taken in."""
    caplog.set_level(logging.WARNING, logger="vdx_plugin")
    await put_somehow(rig, body, mime)
    draft = letter()
    await office.send(draft)
    await office.until(lambda: office.state(draft) is OutboxState.ACKNOWLEDGED)
    assert "2509479989" not in caplog.text
    await office.until(lambda: rig.left() == 1)
    assert list(office.outbox.rows) == [draft.key]


async def put_somehow(rig: Rig, body: bytes, mime: str) -> None:
    """Past the sandbox's own network, which would not let it through in an envelope."""
    if rig.reads_envelopes:
        await rig.put_envelope(envelope(body, mime))
    else:
        await rig.put(body, mime)


def envelope(body: bytes, mime: str = codes.FHIR_JSON, receiver: str = OWN_GLN) -> bytes:
    ends = vans_envelope.Ends(WARD, receiver, "00000000-0000-4000-8000-0000000000e1", NOW)
    document = vans_envelope.Document(
        "00000000-0000-4000-8000-0000000000d1", "MCM:FDIS91#telemedicine", "5.0", body, mime
    )
    return vans_envelope.write(ends, document)


GOOD = envelope(b"{}")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not XML",
        GOOD[:400],
        GOOD.replace(b"1.0.4", b"1.0.3"),
        GOOD.replace(b"<SizeInBytes>2", b"<SizeInBytes>3"),
        GOOD.replace(b"<Data>e30=", b"<Data>e3*="),
        GOOD.replace(b"?>", b'?><!DOCTYPE v [<!ENTITY a "aa">]>', 1),
        envelope(b"{}", receiver=UNIT),
        GOOD.replace(b"<Name>", b"<Name>" + b"x" * LARGEST),
        GOOD.replace(b"encoding='UTF-8'", b"encoding='no-such'"),
        GOOD.replace(b"5790000000203", b"\xe6\xf8\xe5"),
    ],
    ids=[
        "empty",
        "words",
        "half",
        "namespace",
        "size",
        "base64",
        "entity bomb",
        "somebody else's",
        "huge",
        "unknown character set",
        "wrong character set",
    ],
)
async def test_a_damaged_envelope_holds_up_nothing(office: Office, rig: Rig, body: bytes) -> None:
    """Neither is it lost: it stays for a person to look at."""
    if not rig.reads_envelopes:
        pytest.skip("this road has no envelopes")
    await rig.put_envelope(body)
    draft = letter()
    await office.send(draft)
    await office.until(lambda: office.state(draft) is OutboxState.ACKNOWLEDGED)
    assert rig.left() >= 1
    assert list(office.outbox.rows) == [draft.key]


async def test_a_mailbox_receipt_is_neither_acknowledgement_nor_answer(rig: Rig) -> None:
    """Pitfall 23: three layers, and the network speaks only of mailboxes."""
    if not rig.reads_envelopes:
        pytest.skip("this road has no receipts of its own")
    draft = letter()
    assert (await rig.road.send(draft)).startswith("envelope:")
    (receipt, *_) = [one for one in await received(rig) if isinstance(one, MailboxReceipt)]
    assert (receipt.message_id, receipt.verdict) == (draft.message_id, Verdict.IN_MAILBOX)


@pytest.mark.parametrize(
    ("behaviour", "verdict"), [(Behaviour.DOWN, Verdict.BOUNCED), (Behaviour.UNDELIVERABLE, Verdict.BOUNCED)]
)
async def test_what_the_network_cannot_bring_comes_back_with_the_letter_it_is_about(
    rig: Rig, behaviour: Behaviour, verdict: Verdict
) -> None:
    """Also where the receipt names only the envelope."""
    if not rig.reads_envelopes:
        pytest.skip("this road has no receipts of its own")
    rig.behave(behaviour)
    draft = letter()
    await rig.road.send(draft)
    (receipt, *_) = await received(rig)
    assert isinstance(receipt, MailboxReceipt)
    assert (receipt.message_id, receipt.verdict) == (draft.message_id, verdict)
    await rig.road.settle(receipt)
    assert rig.left() == 0


# --- what only one road has -------------------------------------------------------------------------------------------


@pytest.fixture
async def folder(tmp_path: Path, clock: ManualClock) -> AsyncIterator[FolderRig]:
    async with running("vans-folder", tmp_path, clock) as rig:
        assert isinstance(rig, FolderRig)
        yield rig


async def test_nobody_ever_sees_half_a_letter_in_the_folder(folder: FolderRig) -> None:
    """Written under a hidden name and renamed; what a crash left under such a name is swept away."""
    left_over = folder.out / ".00000000-0000-4000-8000-0000000000aa.vdx-half"
    left_over.write_bytes(b"<half")
    receipt = await folder.road.send(letter())
    assert [path.name for path in folder.out.iterdir()] == [f"{receipt.removeprefix('envelope:')}.xml"]


async def test_a_disk_that_fills_up_leaves_no_half_letter(folder: FolderRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The letter waits in the outbox, and the VANS client has seen nothing of it."""
    seen: list[Path] = []

    def fill(path: Path, body: bytes) -> None:
        path.write_bytes(body[:100])
        seen.extend(folder.out.glob("*.xml"))
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(vans_folder, "_write_through", fill)
    with pytest.raises(Unavailable):
        await folder.road.send(letter())
    assert seen == []
    assert list(folder.out.iterdir()) == []


async def test_a_file_is_read_when_it_has_kept_its_size_from_one_look_to_the_next(folder: FolderRig) -> None:
    """A file may be whole XML and not be whole yet, where its writer replaces what is in it."""
    assert isinstance(folder.road, VansFolder)
    path = folder.into / "slow.xml"
    path.write_bytes(envelope(letter().payload))
    assert folder.road._look() == []
    path.write_bytes(envelope(letter(codes.FHIR_XML).payload, codes.FHIR_XML))
    assert folder.road._look() == []
    (entry,) = folder.road._look()
    assert isinstance(entry, Incoming)
    assert entry.mime == codes.FHIR_XML


async def test_a_file_that_is_still_being_written_is_not_touched(folder: FolderRig) -> None:
    """It is read once it has kept its size, and a pause of its writer is waited out."""
    path = folder.into / "slow.xml"
    whole = envelope(letter().payload)
    path.write_bytes(whole[:1000])
    assert list(await folder.road.receive()) == []
    assert path.read_bytes() == whole[:1000]
    path.write_bytes(whole)
    found = await received(folder)
    assert [one.receipt for one in found] == ["slow.xml"]
    assert isinstance(found[0], Incoming)
    assert found[0].body == letter().payload


async def test_a_file_that_stays_unreadable_is_put_aside_for_a_person(
    folder: FolderRig, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is in the log, not even its name, which suppliers build of what they like."""
    (folder.into / "2509479989.xml").write_bytes(b"<half")
    folder.age_s = 61.0
    assert list(await folder.road.receive()) == []
    assert [path.name for path in (folder.into / "unreadable").iterdir()] == ["2509479989.xml"]
    assert "put aside" in caplog.text
    assert "2509479989" not in caplog.text


async def test_settled_files_lie_in_done_and_are_deleted_after_a_week(folder: FolderRig) -> None:
    """For questions from the other side, and no longer: they hold what letters say, in the open."""
    for number in (1, 2):
        await folder.put_envelope(envelope(letter().payload))
        (entry,) = await received(folder)
        await folder.road.settle(entry)
        assert (folder.into / "done" / entry.receipt).exists() is (number == 1)
        folder.age_s = 8 * 86_400.0


async def test_hidden_and_other_files_are_left_alone(folder: FolderRig) -> None:
    """Other programs have their own habits."""
    (folder.into / ".slow.xml").write_bytes(b"<half")
    (folder.into / "readme.txt").write_bytes(b"words")
    assert list(await folder.road.receive()) == []


async def test_a_folder_that_is_away_is_tried_again(folder: FolderRig) -> None:
    """A share on the network comes and goes."""
    folder.into.rmdir()
    folder.out.rmdir()
    with pytest.raises(Unavailable):
        await folder.road.receive()
    with pytest.raises(Unavailable):
        await folder.road.send(letter())


async def test_the_supplier_asks_who_we_are(tmp_path: Path, clock: ManualClock) -> None:
    """A wrong token needs a person; trying again would lock us out."""
    async with running("vans-http", tmp_path, clock) as rig:
        assert isinstance(rig, HttpRig)
        envelopes = Envelopes(Rules(OWN_GLN), clock.now, ids(1))
        stranger = VansSupplier(
            rig.sandbox.vans_url, OWN_GLN, envelopes, open_client(Access(Secret("wrong"))), wait_s=0.0
        )
        with pytest.raises(SignInNeeded):
            await stranger.send(letter())
        with pytest.raises(SignInNeeded):
            await stranger.receive()
        await stranger.close()
        await rig.road.close()


async def test_the_sandbox_and_we_read_each_others_envelopes_and_refuse_the_same_ones() -> None:
    """Two readings of one field list."""
    assert vans._read(GOOD).parcel.body == b"{}"
    older, longer = GOOD.replace(b"1.0.4", b"1.0.3"), GOOD.replace(b"<SizeInBytes>2", b"<SizeInBytes>3")
    for damaged in (b"", GOOD[:400], older, longer):
        with pytest.raises(NotAnEnvelope):
            vans._read(damaged)


def test_the_letter_in_an_envelope_is_the_letter() -> None:
    """The message id on the envelope is the letter's own, stable over every resend."""
    draft = letter()
    message = read_message(draft.payload, draft.mime)
    assert message.id == draft.message_id
    assert json.loads(draft.payload)["id"] != message.id
