"""The two loops against fakes: order, races, repeats, and what partners may send."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.unit.invitations.fakes import (
    ManualClock,
    MemoryConsultations,
    MemoryLetters,
    MemoryMailbox,
    MemoryOutbox,
    News,
    ScriptedCarrier,
)
from tests.unit.invitations.samples import (
    HOSPITAL,
    HOSPITAL_PARTY,
    MUNICIPALITY,
    MUNICIPALITY_PARTY,
    NOW,
    OWN,
    PATIENT,
    PATIENT_PARTY,
    PRACTICE,
    ROOM,
    SETTINGS,
    composer,
    consultation,
    ids,
)
from vdx_plugin import texts
from vdx_plugin.domain.parties import Channel, InvitationState, LetterFormat
from vdx_plugin.domain.patients import PersonName, cpr
from vdx_plugin.errors import OutcomeUnknown, Refused, Unavailable
from vdx_plugin.invitations import acknowledgement, care_communication, codes, replies
from vdx_plugin.invitations.acknowledgement import AckCode, Issue, Refusal
from vdx_plugin.invitations.arrivals import Arrival
from vdx_plugin.invitations.asking_first import AskingFirst
from vdx_plugin.invitations.care_communication import Content
from vdx_plugin.invitations.checks import check_outgoing, mark
from vdx_plugin.invitations.composer import MessageComposer
from vdx_plugin.invitations.delivery import MessageDelivery, Roads
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.intake import Books
from vdx_plugin.invitations.message import Message, read_message, write_json, write_xml
from vdx_plugin.invitations.message_check import MessageCheck
from vdx_plugin.invitations.outgoing import Book
from vdx_plugin.invitations.resources import Author, Party
from vdx_plugin.invitations.transport import Incoming, MailboxReceipt, Verdict
from vdx_plugin.ports import (
    TO_BE_SENT,
    Delivery,
    IncomingLetter,
    MessageKind,
    OutboxDraft,
    OutboxRow,
    OutboxState,
    Reach,
    ReachState,
    Settlement,
)

HOSPITAL_END = Party("", HOSPITAL.name, HOSPITAL.sor or "", HOSPITAL.gln or "")
NURSE = Author(PersonName("Burns", "Michael"), "sygeplejerske", "78450000")
LIMIT_S = 5.0


@dataclass
class Desk:
    """Everything a test moves and looks at."""

    delivery: MessageDelivery
    outbox: MemoryOutbox
    medcom: ScriptedCarrier
    mail: ScriptedCarrier
    mailbox: MemoryMailbox
    clock: ManualClock
    news: News
    letters: MemoryLetters
    consultations: MemoryConsultations
    unmatched: list[IncomingLetter]

    async def write(self, *drafts: OutboxDraft) -> None:
        await self.outbox.add(drafts, self.clock.now())
        self.delivery.wake()

    def row(self, draft: OutboxDraft) -> OutboxRow:
        return self.outbox.rows[draft.key]

    async def until_state(self, draft: OutboxDraft, state: OutboxState) -> OutboxRow:
        async with asyncio.timeout(LIMIT_S):
            await self.outbox.until(lambda: self.row(draft).state is state)
        return self.row(draft)

    async def until_news(self, count: int) -> list[tuple[str, str]]:
        async with asyncio.timeout(LIMIT_S):
            await self.news.until(count)
        return self.news.told

    async def take_in(self, *messages: Message, mime: str = codes.FHIR_JSON) -> None:
        for message in messages:
            body = write_xml(message) if mime == codes.FHIR_XML else write_json(message)
            await self.mailbox.put(body, mime)
        async with asyncio.timeout(LIMIT_S):
            await self.mailbox.until_empty()


@pytest.fixture
def check() -> MessageCheck:
    """What looks at messages; a test may put another in its place."""
    return MessageCheck()


@pytest_asyncio.fixture
async def desk(check: MessageCheck) -> AsyncIterator[Desk]:
    outbox, medcom, mail = MemoryOutbox(), ScriptedCarrier(), ScriptedCarrier()
    mailbox, clock, news = MemoryMailbox(), ManualClock(), News()
    roads = Roads({Channel.MEDCOM: medcom, Channel.EMAIL: mail}, mailbox)
    letters, consultations, unmatched = MemoryLetters(), MemoryConsultations(), list[IncomingLetter]()
    books = Books(outbox, letters, consultations)
    delivery = MessageDelivery(books, roads, OWN, clock, ids(5000), check=check, mailbox_pause_s=0.01)
    delivery.start(news, unmatched.append)
    yield Desk(delivery, outbox, medcom, mail, mailbox, clock, news, letters, consultations, unmatched)
    await delivery.close()
    assert medcom.closed
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("delivery")]


def letter() -> OutboxDraft:
    return composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())


def mail() -> OutboxDraft:
    return composer().invitation(consultation(), PATIENT_PARTY, ROOM, NOW, ids(70))


def ack(draft: OutboxDraft, code: AckCode = AckCode.OK, by: Party = HOSPITAL_END) -> Message:
    """The partner's acknowledgement, made with our own builder from the partner's side."""
    refusal = None if code is AckCode.OK else Refusal(Issue.INVALID, "x")
    message = acknowledgement.build(read_message(draft.payload, draft.mime), by, NOW, ids(8000), refusal)
    message.header["response"]["code"] = code.value
    return message


def answer(draft: OutboxDraft, text: str = "Vi kommer", start: int = 9000) -> Message:
    first = read_message(draft.payload, draft.mime)
    return care_communication.answer(
        first, HOSPITAL_END.gln, NURSE, Content(text), NOW + timedelta(hours=1), ids(start)
    )


def of_kind(carrier: ScriptedCarrier, kind: MessageKind) -> list[OutboxDraft]:
    return [draft for draft in carrier.sent if draft.kind is kind]


def ack_code(draft: OutboxDraft) -> str:
    return str(acknowledgement.read(read_message(draft.payload, draft.mime)).code)


async def test_it_is_the_delivery_of_the_ports(desk: Desk) -> None:
    """The port is the contract with the service."""
    port: Delivery = desk.delivery
    port.wake()


async def test_a_letter_goes_out_and_its_acknowledgement_comes_in(desk: Desk) -> None:
    """The plain road: queued, sent, delivered."""
    draft = letter()
    await desk.write(draft)
    row = await desk.until_state(draft, OutboxState.AWAITING_ACK)
    assert row.receipt == "receipt-1"
    await desk.take_in(ack(draft))
    assert desk.row(draft).state is OutboxState.ACKNOWLEDGED
    assert await desk.until_news(2) == [("sent", ""), ("delivered", "")]
    assert of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT) == []


class Profiles:
    """A profile checker that finds a fault in letters of one patient: ours going out, the partner's coming in."""

    def __init__(self, broken: MessageKind) -> None:
        self.broken = broken

    def check(self, message: Message) -> list[Finding]:
        is_answer = len(message.all("Provenance")) > 1
        kind = MessageKind.ACKNOWLEDGEMENT if is_answer else MessageKind.INVITATION
        wrong = message.event == codes.CARE_EVENT and kind is self.broken
        return [Finding("max", "Patient.name", "er der for mange gange")] if wrong else []


@pytest.mark.parametrize("check", [MessageCheck(Profiles(MessageKind.INVITATION))], ids=["profiles"])
async def test_a_letter_that_breaks_an_installed_profile_is_not_sent(desk: Desk) -> None:
    """Invalid messages shall not be sent (Validation Governance, 2)."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.FAILED)
    assert desk.row(draft).problem == "invite.invalid"
    assert desk.medcom.sent == []


@pytest.mark.parametrize("check", [MessageCheck(Profiles(MessageKind.ACKNOWLEDGEMENT))], ids=["profiles"])
async def test_an_answer_that_breaks_an_installed_profile_is_turned_down(desk: Desk) -> None:
    """With the rule, so that the partner's supplier can mend it."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    await desk.take_in(answer(draft))
    (refused,) = of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)
    assert ack_code(refused) == AckCode.FATAL
    assert "max (Patient.name): er der for mange gange" in refused.payload.decode()
    assert desk.row(draft).state is OutboxState.AWAITING_ACK


class NeverThere:
    """A validator that does not answer."""

    async def validate(self, message: Message) -> list[Finding]:
        raise Unavailable("invite.validator")

    async def close(self) -> None: ...


@pytest.mark.parametrize("check", [MessageCheck(None, NeverThere(), must_validate=True)], ids=["validator"])
async def test_a_letter_waits_for_the_validator_where_the_site_wants_it(desk: Desk) -> None:
    """And is tried again later, like one whose road is closed."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.QUEUED)
    async with asyncio.timeout(LIMIT_S):
        await desk.outbox.until(lambda: desk.row(draft).problem != "")
    assert desk.row(draft).next_attempt_at is not None
    assert desk.medcom.sent == []


@dataclass
class Register:
    """The national register of receivers, which always says the same."""

    says: Reach
    asked: list[str] = field(default_factory=list)

    async def reach(self, sor: str) -> Reach:
        self.asked.append(sor)
        return self.says


async def sent_after_asking(draft: OutboxDraft, says: Reach) -> tuple[OutboxRow, ScriptedCarrier, Register]:
    """One message through a delivery that asks the register first."""
    outbox, medcom, register = MemoryOutbox(), ScriptedCarrier(), Register(says)
    books = Books(outbox, MemoryLetters(), MemoryConsultations())
    roads = Roads({Channel.MEDCOM: AskingFirst(medcom, register)})
    delivery = MessageDelivery(books, roads, OWN, ManualClock(), ids(5000))
    await outbox.add([draft], NOW)
    delivery.start(News())
    try:
        async with asyncio.timeout(LIMIT_S):
            await outbox.until(lambda: outbox.rows[draft.key].state not in TO_BE_SENT)
    finally:
        await delivery.close()
    return outbox.rows[draft.key], medcom, register


async def test_a_letter_that_its_receiver_cannot_take_is_not_sent_and_told_with_the_next_step() -> None:
    """Hours later the answer would be MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE, and by then nobody looks."""
    row, medcom, register = await sent_after_asking(letter(), Reach(ReachState.CANNOT))
    assert (row.state, row.problem, medcom.sent) == (OutboxState.FAILED, "invite.cannot_receive", [])
    assert HOSPITAL.receiver is not None
    assert register.asked == [HOSPITAL.receiver.sor]
    assert "Ring til dem" in texts.problem(row.problem, party="Eksempel Sygehus")


@pytest.mark.parametrize("says", [ReachState.CAN, ReachState.UNKNOWN])
async def test_a_letter_is_sent_where_the_register_says_yes_or_does_not_know(says: ReachState) -> None:
    """The register is young; its silence stops nobody."""
    row, medcom, _register = await sent_after_asking(letter(), Reach(says))
    assert (row.state, len(medcom.sent)) == (OutboxState.AWAITING_ACK, 1)


@pytest.mark.parametrize("change", [{"format": LetterFormat.CONVERTED}, {"kind": MessageKind.ACKNOWLEDGEMENT}])
async def test_the_register_is_not_asked_about_the_old_format_and_about_who_has_written_to_us(
    change: dict[str, Any],
) -> None:
    """It knows the new form only, which the network converts; and an acknowledgement is owed."""
    _row, medcom, register = await sent_after_asking(replace(letter(), **change), Reach(ReachState.CANNOT))
    assert (register.asked, len(medcom.sent)) == ([], 1)


async def test_an_acknowledgement_before_the_send_returns_is_kept(desk: Desk) -> None:
    """The partner may be faster than our own connection; SENT must not write over it."""
    draft = letter()
    desk.medcom.gate = asyncio.Event()
    await desk.write(draft)
    async with asyncio.timeout(LIMIT_S):
        await desk.medcom.until(1)
    await desk.take_in(ack(draft))
    desk.medcom.gate.set()
    other = mail()
    await desk.write(other)
    await desk.until_state(other, OutboxState.SENT)
    assert desk.row(draft).state is OutboxState.ACKNOWLEDGED
    assert ("sent", "") not in [told for told, one in zip(desk.news.told, desk.news.heard, strict=True)
                                if one.party_key == draft.party_key]  # fmt: skip


async def test_a_second_and_a_contradicting_acknowledgement_change_nothing(desk: Desk) -> None:
    """React on the first, log the rest."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    await desk.take_in(ack(draft), ack(draft), ack(draft, AckCode.FATAL), ack(draft, AckCode.TRANSIENT))
    assert desk.row(draft).state is OutboxState.ACKNOWLEDGED
    assert await desk.until_news(2) == [("sent", ""), ("delivered", "")]


async def test_a_transient_error_is_sent_again_as_the_same_letter(desk: Desk) -> None:
    """New Bundle.id, same MessageHeader.id; then ok wins."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    await desk.take_in(ack(draft, AckCode.TRANSIENT))
    row = await desk.until_state(draft, OutboxState.WAITING_FOR_RETRY)
    assert row.next_attempt_at == NOW + timedelta(seconds=5)
    desk.clock.forward(seconds=6)
    desk.delivery.wake()
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    first, second = (read_message(one.payload, one.mime) for one in desk.medcom.sent)
    assert first.id == second.id
    assert first.bundle["id"] != second.bundle["id"]
    await desk.take_in(ack(draft))
    told = await desk.until_news(4)
    assert told == [("sent", ""), ("queued", "invite.transient"), ("sent", ""), ("delivered", "")]


async def test_a_fatal_error_is_final(desk: Desk) -> None:
    """Sending the same again is pointless: the user takes another road."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    await desk.take_in(ack(draft, AckCode.FATAL))
    assert desk.row(draft).state is OutboxState.IN_ERROR
    assert (await desk.until_news(2))[1] == ("rejected", "invite.rejected")


async def test_an_acknowledgement_from_somebody_else_is_put_aside(desk: Desk) -> None:
    """Only the receiver can say that it has received."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    stranger = Party("", MUNICIPALITY.name, MUNICIPALITY.sor or "", MUNICIPALITY.gln or "")
    await desk.take_in(ack(draft, by=stranger))
    assert desk.row(draft).state is OutboxState.AWAITING_ACK


async def test_silence_is_told_after_half_an_hour_and_the_letter_sent_twice_more(desk: Desk) -> None:
    """Three tries, a warning each time, and then it is for the doctor to call."""
    draft = letter()
    await desk.write(draft)
    for count in (1, 2, 3):
        async with asyncio.timeout(LIMIT_S):
            await desk.medcom.until(count)
        await desk.until_state(draft, OutboxState.AWAITING_ACK)
        desk.clock.forward(minutes=31)
        desk.delivery.wake()
    told = await desk.until_news(6)
    assert told == [("sent", ""), ("sent", "invite.no_answer")] * 2 + [("sent", ""), ("unknown", "invite.call_them")]
    assert len(desk.medcom.sent) == 3
    await desk.take_in(ack(draft))
    assert desk.row(draft).state is OutboxState.ACKNOWLEDGED


async def test_an_endpoint_that_is_away_is_tried_again_until_patience_ends(desk: Desk) -> None:
    """A weekend and no longer; after half an hour the user is asked to call, and the letter goes on trying."""
    draft = letter()
    desk.medcom.script = [Unavailable("invite.unreachable")] * 4
    await desk.write(draft)
    for count, hours in enumerate((0.1, 1, 71), start=1):
        await desk.until_news(count)
        desk.clock.forward(hours=hours)
        desk.delivery.wake()
    told = await desk.until_news(4)
    away = [("queued", "invite.unreachable")] * 2 + [("queued", "invite.not_out")]
    assert told == [*away, ("failed", "invite.gave_up")]


async def test_an_unknown_outcome_repeats_a_letter_and_never_a_mail(desk: Desk) -> None:
    """The letter id makes the first harmless; a second mail would be a second mail."""
    draft, post = letter(), mail()
    desk.medcom.script = [OutcomeUnknown("invite.unreachable")]
    desk.mail.script = [OutcomeUnknown("invite.unknown")]
    await desk.write(draft, post)
    await desk.until_state(post, OutboxState.UNKNOWN)
    await desk.until_state(draft, OutboxState.WAITING_FOR_RETRY)
    desk.clock.forward(minutes=60)
    desk.delivery.wake()
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    assert len(desk.medcom.sent) == 2
    assert len(desk.mail.sent) == 1


async def test_an_invalid_letter_is_never_sent(desk: Desk) -> None:
    """Governance: invalid messages SHALL NOT be sent."""
    draft = letter()
    await desk.write(replace(draft, payload=draft.payload.replace(b'"unknown"', b'"completed"')))
    await desk.until_state(draft, OutboxState.FAILED)
    assert desk.medcom.sent == []
    assert await desk.until_news(1) == [("failed", "invite.invalid")]


def test_only_what_these_rules_have_passed_as_it_stands_is_not_looked_at_again() -> None:
    """A changed payload, an earlier version's mark or none, and installed profiles each ask for another look."""
    draft = letter()
    assert MessageCheck().has_passed(draft)
    assert not MessageCheck().has_passed(replace(draft, payload=draft.payload.replace(b"unknown", b"completed")))
    assert not MessageCheck().has_passed(replace(draft, checked_by=f"0.0.1:{draft.checked_by.partition(':')[2]}"))
    assert not MessageCheck().has_passed(replace(draft, checked_by=""))
    assert not MessageCheck(Profiles(MessageKind.INVITATION)).has_passed(draft)


@pytest.mark.parametrize("version", ["0.0.1", ""])
async def test_what_an_earlier_version_has_passed_is_checked_by_this_ones_rules(desk: Desk, version: str) -> None:
    """An update must not let out what it has just learnt to be wrong; rows from before marks have none."""
    draft = letter()
    payload = draft.payload.replace(b'"unknown"', b'"completed"')
    made_by = f"{version}:{mark(payload).partition(':')[2]}" if version else ""
    await desk.write(replace(draft, payload=payload, checked_by=made_by))
    await desk.until_state(draft, OutboxState.FAILED)
    assert desk.medcom.sent == []


async def test_a_letter_is_checked_once_more_when_it_is_sent_once_more(desk: Desk) -> None:
    """The second bundle is another than the one that was passed; this one was passed wrongly, to show the look."""
    draft = letter()
    payload = draft.payload.replace(b'"unknown"', b'"completed"')
    await desk.write(replace(draft, payload=payload, checked_by=mark(payload)))
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    await desk.take_in(ack(draft, AckCode.TRANSIENT))
    await desk.until_state(draft, OutboxState.WAITING_FOR_RETRY)
    desk.clock.forward(seconds=6)
    desk.delivery.wake()
    await desk.until_state(draft, OutboxState.FAILED)
    assert len(desk.medcom.sent) == 1


async def test_a_refusing_endpoint_ends_the_letter(desk: Desk) -> None:
    """Receiver unknown: the network will not change its mind."""
    draft = letter()
    desk.medcom.script = [Refused("invite.rejected")]
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.IN_ERROR)


async def test_a_mistake_of_ours_with_one_message_does_not_stop_the_others(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """The broad except at delivery: the loop lives, and the log does not quote the message."""
    draft, post = letter(), mail()
    desk.medcom.script = [ZeroDivisionError("2509479989")]
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.FAILED)
    await desk.write(post)
    await desk.until_state(post, OutboxState.SENT)
    assert "ZeroDivisionError" in caplog.text
    assert "2509479989" not in caplog.text


async def test_a_store_that_is_locked_for_a_moment_loses_nothing(desk: Desk) -> None:
    """The message is out; that must be written down."""
    draft = letter()
    desk.outbox.fail_marks = 1
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)


async def test_a_cancellation_does_not_overtake_its_invitation(desk: Desk) -> None:
    """Both in one batch: the letters of a thread go out in their order."""
    draft = letter()
    off = composer().cancellation(consultation(), HOSPITAL_PARTY, draft, NOW, ids(300))
    await desk.outbox.add([draft], NOW)
    await desk.outbox.add([off], NOW + timedelta(seconds=1))
    desk.delivery.wake()
    await desk.until_state(off, OutboxState.AWAITING_ACK)
    assert [one.kind for one in desk.medcom.sent] == [MessageKind.INVITATION, MessageKind.CANCELLATION]


@pytest.mark.parametrize("mime", [codes.FHIR_JSON, codes.FHIR_XML])
async def test_an_answer_is_shown_and_acknowledged(desk: Desk, mime: str) -> None:
    """A person has written: the text goes to the desk, an ok through the outbox to the partner."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    reply = answer(draft)
    await desk.take_in(reply, mime=mime)
    assert desk.row(draft).state is OutboxState.ANSWERED
    assert desk.news.heard[-1].answer == "Vi kommer"
    async with asyncio.timeout(LIMIT_S):
        await desk.medcom.until(2)
    sent = of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)[0]
    ours = read_message(sent.payload, sent.mime)
    assert acknowledgement.read(ours).answers == reply.id
    assert ack_code(sent) == AckCode.OK
    assert sent.receiver == HOSPITAL.gln
    assert check_outgoing(ours) == []
    await desk.take_in(ack(draft))
    assert desk.row(draft).state is OutboxState.ANSWERED


async def test_an_answer_that_comes_again_is_shown_once_and_acknowledged_again(desk: Desk) -> None:
    """MR8: the same acknowledgement under a new Bundle.id."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    reply = answer(draft)
    await desk.take_in(reply)
    async with asyncio.timeout(LIMIT_S):
        await desk.medcom.until(2)
    await desk.outbox.until(lambda: all(row.state is not OutboxState.SENDING for row in desk.outbox.rows.values()))
    await desk.take_in(care_communication.resent(reply, NOW + timedelta(hours=2), ids(9900)))
    async with asyncio.timeout(LIMIT_S):
        await desk.medcom.until(3)
    first, second = of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)
    one, two = (read_message(draft.payload, draft.mime) for draft in (first, second))
    assert one.id == two.id
    assert one.bundle["id"] != two.bundle["id"]
    assert [news.answer for news in desk.news.heard].count("Vi kommer") == 1


async def test_an_answer_that_comes_while_a_cancellation_is_held_back_does_not_stop_it(desk: Desk) -> None:
    """It answers the invitation; taken for one to the cancellation, that would count as dealt with and never leave."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    off = composer().cancellation(consultation(), HOSPITAL_PARTY, draft, NOW, ids(300))
    await desk.write(replace(off, not_before=desk.clock.now() + timedelta(seconds=8)))
    await desk.take_in(answer(draft))
    assert desk.row(draft).state is OutboxState.ANSWERED
    assert desk.row(off).state is OutboxState.QUEUED
    assert [one.answer for one in desk.news.heard if one.answer] == ["Vi kommer"]


async def test_a_second_answer_in_the_thread_is_shown_too(desk: Desk) -> None:
    """First yes, then no: the newest is what counts."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    await desk.take_in(answer(draft), answer(draft, "Vi kan alligevel ikke", 9500))
    assert [one.answer for one in desk.news.heard if one.answer] == ["Vi kommer", "Vi kan alligevel ikke"]


async def test_a_letter_in_no_thread_of_ours_is_turned_down(desk: Desk) -> None:
    """Saying ok to what nobody here will read would be dangerous."""
    stray = letter()
    await desk.take_in(answer(stray))
    refusals = of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)
    assert [ack_code(one) for one in refusals] == [AckCode.FATAL]
    assert desk.news.heard == []


async def test_an_answer_about_another_patient_is_turned_down(desk: Desk) -> None:
    """A thread id mixed up at the partner must not bring another patient's news into this consultation."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    other = replace(PATIENT, identifiers=(cpr("2512489996"),))
    foreign = composer().invitation(consultation(patient=other), HOSPITAL_PARTY, ROOM, NOW, ids())
    assert foreign.thread_id == draft.thread_id
    await desk.take_in(answer(foreign))
    assert desk.row(draft).state is OutboxState.AWAITING_ACK
    assert ack_code(of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)[0]) == AckCode.FATAL


async def test_an_answer_from_another_organisation_is_turned_down(desk: Desk) -> None:
    """Knowing a thread id is not being the partner."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    stranger = composer().invitation(consultation(), MUNICIPALITY_PARTY, ROOM, NOW, ids())
    assert stranger.thread_id == draft.thread_id
    first = read_message(stranger.payload, stranger.mime)
    forged = care_communication.answer(first, MUNICIPALITY.gln or "", NURSE, Content("Ja"), NOW, ids(9000))
    await desk.take_in(forged)
    assert desk.row(draft).state is OutboxState.AWAITING_ACK
    assert ack_code(of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)[0]) == AckCode.FATAL


async def test_an_answer_to_another_practice_is_turned_down(desk: Desk) -> None:
    """Delivered to the wrong mailbox: it must reach the right one, so it is not taken in here."""
    elsewhere = replace(SETTINGS, organisation=replace(PRACTICE, gln="5790000000012"))
    draft = MessageComposer(elsewhere).invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    await desk.take_in(answer(draft))
    assert desk.row(draft).state is OutboxState.AWAITING_ACK
    sent = of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)[0]
    assert acknowledgement.read(read_message(sent.payload, sent.mime)).reason == Issue.NOT_FOR_US


async def test_an_invalid_answer_gets_a_fatal_error_with_its_reason(desk: Desk) -> None:
    """Receivers SHALL reject violations; the partner learns which rule."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    reply = answer(draft)
    reply.header["definition"] = f"{codes.CARE_DEFINITION}|4.0"
    await desk.take_in(reply)
    sent = of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)[0]
    assert ack_code(sent) == AckCode.FATAL
    assert b"medcom-carecommunication-definition-url" in sent.payload
    assert desk.row(draft).state is OutboxState.AWAITING_ACK


async def test_another_letter_in_a_bundle_that_was_answered_is_turned_down(desk: Desk) -> None:
    """A new MessageHeader.id under an old Bundle.id is an error (MedCom, paper 043): two letters would be one."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    first, second = answer(draft), answer(draft, "Vi kommer ikke", 9500)
    second.bundle["id"] = first.bundle["id"].upper()
    await desk.take_in(first, second)
    async with asyncio.timeout(LIMIT_S):
        await desk.medcom.until(3)
    sent = of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)
    told = [acknowledgement.read(read_message(one.payload, one.mime)) for one in sent]
    assert {(one.answers, one.code) for one in told} == {(first.id, AckCode.OK), (second.id, AckCode.FATAL)}
    assert [one.answer for one in desk.news.heard if one.answer] == ["Vi kommer"]


async def test_what_nobody_can_read_stays_in_the_mailbox_and_the_loop_lives(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Not JSON, an entity bomb, too deep: kept, not acknowledged, told once, and the next message is taken in."""
    caplog.set_level(logging.WARNING, logger="vdx_plugin")
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    bomb = b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aa">]><Bundle xmlns="http://hl7.org/fhir"/>'
    await desk.mailbox.put(b"hello 2509479989")
    await desk.mailbox.put(bomb, codes.FHIR_XML)
    await desk.mailbox.put(b"[" * 100_000)
    await desk.mailbox.put(write_json(ack(draft)))
    await desk.until_state(draft, OutboxState.ACKNOWLEDGED)
    await desk.mailbox.put(write_json(ack(draft)))
    async with asyncio.timeout(LIMIT_S):
        await desk.mailbox.until_left(3)
    assert of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT) == []
    assert caplog.text.count("stays in the mailbox") == 3
    assert "2509479989" not in caplog.text


async def test_a_taken_in_answer_that_was_never_acknowledged_is_taken_up_again(desk: Desk) -> None:
    """The process died between the two: the partner must still get its acknowledgement, the doctor the text."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    reply = answer(draft)
    incoming = Incoming("r", codes.FHIR_JSON, "", write_json(reply))
    await desk.letters.keep(replies.read(reply, OWN.gln, incoming, NOW).matched(draft.consultation_id, draft.party_key))
    await desk.take_in(reply)
    assert desk.news.heard[-1].answer == "Vi kommer"
    async with asyncio.timeout(LIMIT_S):
        await desk.medcom.until(2)


async def test_a_lost_road_is_told_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A log full of the same line hides everything else."""
    caplog.set_level(logging.INFO, logger="vdx_plugin")
    draft = letter()
    desk.medcom.script = [Unavailable("invite.unreachable")] * 3
    await desk.write(draft)
    for count in (1, 2, 3):
        await desk.until_news(count)
        desk.clock.forward(minutes=11)
        desk.delivery.wake()
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    assert caplog.text.count("do not get through") == 1
    assert caplog.text.count("get through again") == 1


# --- the network's receipts: mailboxes, not systems and not people ----------------------------------------------------


async def test_a_receipt_of_the_mailbox_is_neither_acknowledgement_nor_answer(desk: Desk) -> None:
    """Pitfall 23: the network has brought it, and no system has read it."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    due = desk.row(draft).next_attempt_at
    await desk.mailbox.put_receipt(MailboxReceipt("e-1", draft.message_id, Verdict.IN_MAILBOX))
    assert await desk.until_news(2) == [("sent", ""), ("in_mailbox", "")]
    row = desk.row(draft)
    assert (row.state, row.receipt, row.next_attempt_at) == (OutboxState.AWAITING_ACK, "mailbox:e-1", due)
    assert row.is_in_mailbox
    await desk.take_in(ack(draft))
    assert (await desk.until_news(3))[2] == ("delivered", "")


async def test_a_receipt_that_is_faster_than_the_hand_over_is_kept(desk: Desk) -> None:
    """The network may speak before our own connection is done."""
    draft = letter()
    desk.medcom.gate = asyncio.Event()
    await desk.write(draft)
    async with asyncio.timeout(LIMIT_S):
        await desk.medcom.until(1)
    await desk.mailbox.put_receipt(MailboxReceipt("e-1", draft.message_id, Verdict.IN_MAILBOX))
    async with asyncio.timeout(LIMIT_S):
        await desk.mailbox.until_empty()
    desk.medcom.gate.set()
    row = await desk.until_state(draft, OutboxState.AWAITING_ACK)
    assert row.receipt == "mailbox:e-1"


async def test_what_the_network_gives_back_is_tried_again_and_then_told(desk: Desk) -> None:
    """A mailbox that is out of order may work in a minute; after the third time somebody must call."""
    draft = letter()
    await desk.write(draft)
    for count in (1, 2, 3):
        async with asyncio.timeout(LIMIT_S):
            await desk.medcom.until(count)
        await desk.until_state(draft, OutboxState.AWAITING_ACK)
        await desk.mailbox.put_receipt(MailboxReceipt(f"e-{count}", draft.message_id, Verdict.BOUNCED, "down"))
        async with asyncio.timeout(LIMIT_S):
            await desk.mailbox.until_empty()
        desk.clock.forward(minutes=11)
        desk.delivery.wake()
    told = await desk.until_news(6)
    assert told == [("sent", ""), ("queued", "invite.transient")] * 2 + [("sent", ""), ("failed", "invite.gave_up")]
    assert len({read_message(one.payload, one.mime).id for one in desk.medcom.sent}) == 1


async def test_a_receiver_that_the_network_does_not_know_ends_the_letter(desk: Desk) -> None:
    """Trying again would change nothing."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    await desk.mailbox.put_receipt(MailboxReceipt("e-1", draft.message_id, Verdict.REFUSED, "unknown receiver"))
    assert await desk.until_news(2) == [("sent", ""), ("rejected", "invite.rejected")]


async def test_a_late_bounce_does_not_undo_an_acknowledgement(desk: Desk) -> None:
    """The system itself has said that it has the letter."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    await desk.take_in(ack(draft))
    await desk.mailbox.put_receipt(MailboxReceipt("e-1", draft.message_id, Verdict.BOUNCED))
    await desk.mailbox.put_receipt(MailboxReceipt("e-2", "none-of-ours", Verdict.IN_MAILBOX))
    async with asyncio.timeout(LIMIT_S):
        await desk.mailbox.until_empty()
    assert desk.row(draft).state is OutboxState.ACKNOWLEDGED


# --- letters, kept and matched ----------------------------------------------------------------------------------------


async def test_an_answer_is_kept_under_its_party(desk: Desk) -> None:
    """The text beside the party must outlive the program, and moving the meeting must answer that letter."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    reply = answer(draft)
    await desk.take_in(reply)
    (kept,) = await desk.letters.of_consultation(draft.consultation_id)
    assert (kept.party_key, kept.text, kept.thread_id) == (draft.party_key, "Vi kommer", draft.thread_id)
    assert read_message(kept.payload, kept.mime).id == reply.id


async def test_a_letter_that_comes_late_does_not_hide_what_was_written_after_it(desk: Desk) -> None:
    """Rule 23: the payload's own time counts, not the order of arrival."""
    draft = letter()
    await desk.write(draft)
    await desk.until_state(draft, OutboxState.AWAITING_ACK)
    first = read_message(draft.payload, draft.mime)
    newer, older = (
        care_communication.answer(first, HOSPITAL_END.gln, NURSE, Content(text), NOW + timedelta(hours=hours), ids(at))
        for text, hours, at in (("Vi kan alligevel ikke", 2, 9500), ("Vi kommer", 1, 9000))
    )
    await desk.take_in(newer, older)
    assert [one.answer for one in desk.news.heard if one.answer] == ["Vi kan alligevel ikke"] * 2


def strayed(text: str = "Vi kommer", start: int = 9000) -> Message:
    """A letter as the network makes it of one on the old format: another thread, category other, a bare subject."""
    there = answer(letter(), text, start)
    letter_part = there.first("Communication")
    letter_part["identifier"][0]["value"] = "urn:uuid:0b1c7c1e-6d8e-4d5c-9a51-64e3c9f0a111"
    letter_part["category"][0]["coding"][0]["code"] = "other"
    letter_part["topic"]["text"] = "Ukendt emne"
    return there


async def test_a_letter_in_a_thread_of_its_own_is_kept_for_a_person_to_match(desk: Desk) -> None:
    """Pitfall 28: a partner on the old format answers in a new thread. Acknowledged, offered, never guessed."""
    desk.consultations.all.append(consultation())
    stray = strayed()
    await desk.take_in(stray)
    async with asyncio.timeout(LIMIT_S):
        await desk.medcom.until(1)
    assert [ack_code(one) for one in of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)] == [AckCode.OK]
    (kept,) = await desk.letters.unmatched()
    assert desk.unmatched == [kept]
    assert (kept.sender_gln, kept.subject, kept.text) == (HOSPITAL.gln, "Ukendt emne", "Vi kommer")
    assert kept.patient_label == "Bruno Test Elmer (250947-****)"
    assert desk.news.heard == []


async def test_a_stray_letter_that_comes_again_is_acknowledged_as_before_and_told_once(desk: Desk) -> None:
    """MR8 holds for it too."""
    desk.consultations.all.append(consultation())
    stray = strayed()
    await desk.take_in(stray)
    async with asyncio.timeout(LIMIT_S):
        await desk.medcom.until(1)
    await desk.outbox.until(lambda: all(row.state is OutboxState.SENT for row in desk.outbox.rows.values()))
    await desk.take_in(care_communication.resent(stray, NOW + timedelta(hours=2), ids(9900)))
    async with asyncio.timeout(LIMIT_S):
        await desk.medcom.until(2)
    assert {read_message(one.payload, one.mime).id for one in desk.medcom.sent} == {acknowledgement.id_for(stray.id)}
    assert len(desk.unmatched) == 1


async def test_a_stray_letter_about_nobody_of_ours_is_turned_down(desk: Desk) -> None:
    """We are no mailbox for letters at large: an ok would say that somebody reads them."""
    desk.consultations.all.append(consultation(patient=replace(PATIENT, identifiers=(cpr("2512489996"),))))
    await desk.take_in(strayed())
    assert [ack_code(one) for one in of_kind(desk.medcom, MessageKind.ACKNOWLEDGEMENT)] == [AckCode.FATAL]
    assert await desk.letters.unmatched() == []


async def test_acknowledgements_are_written_in_the_form_of_the_site(desk: Desk) -> None:
    """XML where the site writes XML, acknowledgements included."""
    books = Books(desk.outbox, desk.letters, desk.consultations)
    await desk.delivery.close()
    medcom, mailbox = ScriptedCarrier(), MemoryMailbox()
    delivery = MessageDelivery(
        books,
        Roads({Channel.MEDCOM: medcom}, mailbox),
        OWN,
        desk.clock,
        ids(5000),
        mime=codes.FHIR_XML,
        mailbox_pause_s=0.01,
    )
    delivery.start(desk.news)
    desk.consultations.all.append(consultation())
    await mailbox.put(write_json(strayed()))
    async with asyncio.timeout(LIMIT_S):
        await medcom.until(1)
    await delivery.close()
    assert medcom.sent[0].mime == codes.FHIR_XML
    assert medcom.sent[0].payload.startswith(b"<?xml")
    assert check_outgoing(read_message(medcom.sent[0].payload, codes.FHIR_XML)) == []


class Gateway:
    """Takes text messages, and knows a moment later that the telephone has them."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def look(self, draft: OutboxDraft, receipt: str) -> Arrival:
        self.asked.append(receipt)
        return Arrival.ARRIVED


async def test_a_text_message_sent_before_a_restart_is_asked_about_again() -> None:
    """It would stay "sent", and the doctor would not know whether the patient has the link."""
    outbox, gateway, clock, news = MemoryOutbox(), Gateway(), ManualClock(), News()
    drafts = [replace(mail(), key=key, message_id=key, channel=Channel.SMS) for key in ("late", "silent", "old")]
    await outbox.add(drafts, NOW)
    for draft, receipt, hours in zip(drafts, ("r-1", "", "r-3"), (1, 1, 3), strict=True):
        await outbox.mark(draft.key, OutboxState.SENT, clock.now() - timedelta(hours=hours), receipt=receipt)
    roads = Roads({Channel.SMS: ScriptedCarrier()}, text_reports=gateway)
    books = Books(outbox, MemoryLetters(), MemoryConsultations())
    delivery = MessageDelivery(books, roads, OWN, clock, ids(5000), report_every_s=0.0)
    delivery.start(news)
    try:
        async with asyncio.timeout(LIMIT_S):
            await outbox.until(lambda: outbox.rows["late"].state is OutboxState.ACKNOWLEDGED)
    finally:
        await delivery.close()
    assert gateway.asked == ["r-1"]
    assert [one.state for one in news.heard] == [InvitationState.DELIVERED]


# --- writing down what became of messages -----------------------------------------------------------------------------


class Shelf(MemoryOutbox):
    """An outbox that counts how often it was written to."""

    def __init__(self) -> None:
        super().__init__()
        self.writings: list[int] = []

    async def settle(self, outcomes: Sequence[Settlement], now: datetime) -> set[str]:
        await asyncio.sleep(0)
        taken = await super().settle(outcomes, now)
        self.writings.append(len(outcomes))
        return taken


async def claimed(count: int) -> tuple[Shelf, list[Settlement]]:
    shelf = Shelf()
    drafts = [replace(letter(), key=f"k{number}", thread_id=f"t{number}") for number in range(count)]
    await shelf.add(drafts, NOW)
    await shelf.claim(NOW, limit=count)
    return shelf, [Settlement(draft.key, OutboxState.AWAITING_ACK, handed_over=True) for draft in drafts]


async def test_what_comes_while_one_writing_is_under_way_is_written_together() -> None:
    """A transaction for each message would be what limits a server."""
    shelf, outcomes = await claimed(20)
    book = Book(shelf, ManualClock())
    assert all(await asyncio.gather(*(book.write(outcome) for outcome in outcomes)))
    assert sum(shelf.writings) == 20
    assert len(shelf.writings) <= 3


async def test_an_outcome_that_the_store_does_not_take_is_kept_and_written_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The message is out. A full disk must not make the program forget it, nor send it again."""
    shelf, (outcome,) = await claimed(1)
    shelf.fail_marks = 2
    book = Book(shelf, ManualClock(), waits_s=(0.0,))
    assert not await book.write(outcome)
    assert "could not be written down" in caplog.text
    await book.catch_up()
    assert shelf.rows["k0"].state is OutboxState.AWAITING_ACK
