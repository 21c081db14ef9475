"""What is done with the parties of a consultation, running and booked: who is told what, in which order, and undone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.unit.service.fakes import HOSPITAL, NOON, World, context
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import (
    AnswerMark,
    Channel,
    InvitationState,
    Partner,
    Party,
    PartyRole,
    PartyStatus,
    Presence,
    Told,
)
from vdx_plugin.domain.plan import Appointment, Plan
from vdx_plugin.errors import NotFound, Refused, Unavailable
from vdx_plugin.ports import IncomingLetter, InvitationNews, LockChanged, MessageKind, OutboxRow, OutboxState
from vdx_plugin.service.view import Saying, Undoable

OTHER_WARD = replace(HOSPITAL, id="h2", name="Andet Afsnit", gln="5790000000210")
HOME_CARE = Partner("m", "Hjemmeplejen", PartyRole.MUNICIPALITY, Channel.MEDCOM, gln="5790000000302", phone="35000020")
LONG = timedelta(hours=1)
START = NOON + timedelta(hours=3)
Place = Callable[[World], Coroutine[Any, Any, UUID]]


def plan(start: Any = NOON) -> Plan:
    """The patient by link, a ward, a municipality, and a nursing home by telephone."""
    return Plan(
        start,
        start + timedelta(minutes=30),
        (
            Party("patient", PartyRole.PATIENT, Channel.LINK),
            Party("ward", PartyRole.HOSPITAL, Channel.MEDCOM, HOSPITAL),
            Party("care", PartyRole.MUNICIPALITY, Channel.MEDCOM, HOME_CARE),
            Party("home", PartyRole.NURSING_HOME, Channel.PHONE),
        ),
    )


async def running(world: World) -> UUID:
    """A consultation in its call."""
    await world.desk.start_video(plan())
    await world.settle()
    assert world.stage() is Stage.IN_CALL
    world.log.clear()
    world.clock.pass_by(minutes=1)
    assert world.desk.view.consultation is not None
    return world.desk.view.consultation.id


async def booked(world: World) -> UUID:
    """A consultation in the calendar."""
    await world.desk.plan_for_later(plan(START))
    await world.settle()
    world.log.clear()
    world.clock.pass_by(minutes=1)
    (consultation,) = world.store.consultations.values()
    return consultation.id


BOTH = pytest.mark.parametrize("place", [running, booked])


async def opened(world: World) -> World:
    world.systems.today = [Appointment("a1", "p1", NOON, NOON + timedelta(minutes=20))]
    await world.desk.start()
    world.desk.opened(context(world.clock))
    await world.settle()
    return world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A desk whose messages leave at once."""
    world = await opened(World())
    yield world
    await world.desk.close()


@pytest.fixture
async def slow() -> AsyncIterator[World]:
    """A desk whose messages wait for an hour, so that they can be taken back."""
    world = await opened(World(undo_within=LONG))
    yield world
    await world.desk.close()


def parties(world: World) -> Sequence[PartyStatus]:
    view = world.desk.view.consultation
    return view.parties if view is not None else world.desk.view.agenda.today[0].parties


def status(world: World, key: str) -> PartyStatus:
    return next(one for one in parties(world) if one.party.key == key)


def undoable(world: World) -> Undoable | None:
    view = world.desk.view.consultation
    return view.undoable if view is not None else world.desk.view.agenda.today[0].undoable


def rows(world: World, kind: MessageKind, key: str = "") -> list[OutboxRow]:
    return [r for r in world.store.rows.values() if r.draft.kind is kind and key in ("", r.draft.party_key)]


def codes(world: World) -> list[str]:
    return [notice.problem.code for notice in world.desk.view.notices]


def heard(world: World, consultation: UUID, key: str, state: InvitationState, problem: str = "") -> None:
    assert world.delivery.on_news is not None
    world.delivery.on_news(InvitationNews(consultation, key, state, world.clock.now(), problem))


# --- a delay and a reminder -------------------------------------------------------------------------------------------


@BOTH
async def test_word_of_a_delay_goes_to_all_who_are_written_to_and_names_the_others(world: World, place: Place) -> None:
    """Who hears nothing from here would otherwise sit before an empty room."""
    number = await place(world)
    await world.desk.telling.tell_delay(number, 10)
    await world.settle()
    assert {r.draft.party_key for r in rows(world, MessageKind.NOTICE)} == {"ward", "care"}
    (notice,) = world.desk.view.notices
    assert notice.problem.code == "invite.by_hand"
    assert "plejehjem" in str(notice.problem.facts["parties"])
    event = status(world, "ward").history[-1]
    assert (event.what, event.minutes) == (Told.DELAYED, 10)


async def test_who_waits_in_the_room_hears_of_a_delay_by_its_chat(world: World) -> None:
    """They look at the waiting page and not at their mail."""
    number = await running(world)
    await world.desk.telling.tell_delay(number, 5)
    await world.settle()
    assert "chat" in world.log


async def test_nothing_is_said_in_the_room_of_a_delay_that_was_taken_back(slow: World) -> None:
    """What is said in a chat cannot be unsaid."""
    number = await running(slow)
    await slow.desk.telling.tell_delay(number, 5)
    await slow.desk.telling.undo(number)
    await slow.settle()
    assert "chat" not in slow.log
    assert [r.state for r in rows(slow, MessageKind.NOTICE)] == [OutboxState.WITHDRAWN] * 2


async def test_the_same_delay_can_be_told_again_after_it_was_taken_back(slow: World) -> None:
    """The outbox passes over a key it has; the second click would then say nothing."""
    number = await booked(slow)
    await slow.desk.telling.tell_delay(number, 10)
    await slow.desk.telling.undo(number)
    await slow.desk.telling.tell_delay(number, 10)
    assert [r.state for r in rows(slow, MessageKind.NOTICE, "ward")] == [OutboxState.WITHDRAWN, OutboxState.QUEUED]


@BOTH
async def test_a_reminder_to_all_spares_who_has_answered_or_was_told_by_telephone(world: World, place: Place) -> None:
    """A ward that said yes must not be asked again."""
    number = await place(world)
    heard(world, number, "ward", InvitationState.ANSWERED)
    await world.settle()
    await world.desk.telling.remind(number)
    await world.settle()
    assert {r.draft.party_key for r in rows(world, MessageKind.NOTICE)} == {"care"}
    await world.desk.telling.remind(number, "ward")
    assert {r.draft.party_key for r in rows(world, MessageKind.NOTICE)} == {"care", "ward"}


async def test_nobody_to_remind_is_said(world: World) -> None:
    """A click that does nothing looks like a click that worked."""
    number = await booked(world)
    await world.desk.telling.remind(number, "nobody")
    assert codes(world) == ["invite.nobody"]


async def test_a_notice_changes_nothing_of_how_the_invitation_stands(world: World) -> None:
    """Received by their system is still what is known of the invitation."""
    number = await booked(world)
    heard(world, number, "ward", InvitationState.DELIVERED)
    await world.settle()
    world.clock.pass_by(minutes=1)
    await world.desk.telling.remind(number, "ward")
    assert status(world, "ward").invitation is InvitationState.DELIVERED
    assert status(world, "ward").history[-1].what is Told.REMINDED


# --- who is expected --------------------------------------------------------------------------------------------------


async def test_one_action_calls_the_old_party_off_and_invites_the_new(world: World) -> None:
    """The patient was moved to another ward this morning."""
    number = await booked(world)
    new = Party("new", PartyRole.HOSPITAL, Channel.MEDCOM, OTHER_WARD)
    await world.desk.telling.exchange(number, "ward", new)
    await world.settle()
    assert world.log == ["save:scheduled", "send:cancellation", "send:invitation"]
    (off,) = rows(world, MessageKind.CANCELLATION)
    assert (off.draft.party_key, off.draft.receiver) == ("ward", HOSPITAL.gln)
    assert not status(world, "ward").is_expected
    assert status(world, "new").invitation is InvitationState.SENT
    assert status(world, "ward").history[-1].what is Told.CANCELLING


@BOTH
async def test_an_exchange_can_be_undone_and_then_nobody_has_heard_of_it(slow: World, place: Place) -> None:
    """One wrong line in the list of wards is one wrong click."""
    number = await place(slow)
    before = slow.store.consultations[number].plan
    await slow.desk.telling.exchange(number, "ward", Party("new", PartyRole.HOSPITAL, Channel.MEDCOM, OTHER_WARD))
    shown = undoable(slow)
    assert shown is not None
    assert (shown.saying, shown.messages) == (Saying.EXCHANGED, 2)
    await slow.desk.telling.undo(number)
    assert slow.store.consultations[number].plan == before
    assert undoable(slow) is None
    assert [one.party.key for one in parties(slow)] == ["patient", "ward", "care", "home"]
    assert not any(r.state is OutboxState.SENT for r in rows(slow, MessageKind.CANCELLATION))


async def test_what_has_left_already_is_not_undone_by_halves(slow: World) -> None:
    """A plan that says one thing and letters that say another are worse than a wrong plan."""
    number = await booked(slow)
    await slow.desk.telling.exchange(number, "ward", Party("new", PartyRole.HOSPITAL, Channel.MEDCOM, OTHER_WARD))
    slow.clock.pass_by(hours=2)
    slow.delivery.wake()
    await slow.desk.telling.undo(number)
    assert codes(slow) == ["invite.too_late"]
    assert not status(slow, "ward").is_expected


async def test_a_cancellation_taken_back_is_written_when_the_meeting_is_called_off_after_all(slow: World) -> None:
    """It would have the key of the one that was undone, and the ward would come to a room that is gone."""
    number = await booked(slow)
    await slow.desk.telling.uninvite(number, "ward")
    await slow.desk.telling.undo(number)
    await slow.desk.cancel_scheduled(number)
    states = [r.state for r in rows(slow, MessageKind.CANCELLATION, "ward")]
    assert states == [OutboxState.WITHDRAWN, OutboxState.SENT]


async def test_a_further_party_is_invited_during_the_call_and_expected(world: World) -> None:
    """The interpreter did not come and another is found by telephone."""
    number = await running(world)
    agency = Partner("t", "Tolkebureau", PartyRole.INTERPRETER, Channel.EMAIL, email="tolk@x.test")
    await world.desk.telling.invite(number, Party("t", PartyRole.INTERPRETER, Channel.EMAIL, agency, agency.email))
    await world.settle()
    assert world.log == ["save:in_call", "send:invitation"]
    view = world.desk.view.consultation
    assert view is not None
    assert "t" in view.links
    world.call.arrive("x", "t")
    assert status(world, "t").presence is Presence.WAITING


async def test_nobody_is_invited_to_a_room_that_is_not_locked(world: World) -> None:
    """The doctor opened it, or the call was lost: whoever has the link could walk in."""
    number = await running(world)
    world.call.on_event(LockChanged(locked=False))
    await world.desk.telling.invite(number, Party("m", PartyRole.MUNICIPALITY, Channel.MEDCOM, HOME_CARE))
    view = world.desk.view.consultation
    assert view is not None
    assert view.problem is not None
    assert view.problem.code == "invite.not_locked"
    assert rows(world, MessageKind.INVITATION, "m") == []


async def test_nobody_is_told_while_a_move_is_in_doubt(world: World) -> None:
    """Which time would one tell?"""
    number = await booked(world)
    world.meetings.fault = Unavailable("vdx.unreachable")
    await world.desk.move(number, START + timedelta(hours=1), START + timedelta(hours=2))
    await world.desk.telling.invite(number, Party("m", PartyRole.MUNICIPALITY, Channel.MEDCOM, HOME_CARE))
    assert "invite.not_ready" in codes(world)
    assert rows(world, MessageKind.INVITATION, "m") == []


async def test_who_was_taken_off_the_plan_is_a_stranger_if_it_comes(world: World) -> None:
    """Its link still opens the waiting room."""
    number = await running(world)
    await world.desk.telling.uninvite(number, "ward")
    world.call.arrive("x", "ward")
    view = world.desk.view.consultation
    assert view is not None
    assert [guest.party_key for guest in view.waiting] == [None]
    assert status(world, "ward").presence is Presence.EXPECTED
    assert "ward" not in view.links


async def test_an_unknown_consultation_is_refused(world: World) -> None:
    """A window may show a moment ago."""
    with pytest.raises(Refused, match=r"invite\.not_ready"):
        await world.desk.telling.remind(UUID(int=7))


# --- another channel, again, by telephone -----------------------------------------------------------------------------


@BOTH
async def test_the_other_channel_gets_an_invitation_of_its_own(world: World, place: Place) -> None:
    """The letter failed; the mail has the same party, room and time, and must not be taken for the letter."""
    number = await place(world)
    heard(world, number, "ward", InvitationState.FAILED, "invite.gave_up")
    await world.settle()
    by_mail = replace(status(world, "ward").party, channel=Channel.EMAIL, address="afsnit@sygehus.test")
    await world.desk.telling.send_anew(number, by_mail)
    await world.settle()
    first, second = rows(world, MessageKind.INVITATION, "ward")
    assert (first.draft.channel, second.draft.channel) == (Channel.MEDCOM, Channel.EMAIL)
    assert status(world, "ward").invitation in (InvitationState.QUEUED, InvitationState.SENT)
    assert world.store.consultations[number].plan.parties[1] == by_mail


async def test_calling_off_is_told_over_every_channel_that_may_have_arrived(world: World) -> None:
    """The letter that seemed lost may be read after all."""
    number = await booked(world)
    by_mail = replace(status(world, "ward").party, channel=Channel.EMAIL, address="afsnit@sygehus.test")
    await world.desk.telling.send_anew(number, by_mail)
    await world.settle()
    await world.desk.cancel_scheduled(number)
    assert [r.draft.channel for r in rows(world, MessageKind.CANCELLATION, "ward")] == [Channel.MEDCOM, Channel.EMAIL]


@BOTH
async def test_told_by_telephone_is_a_state_of_its_own_and_no_answer(world: World, place: Place) -> None:
    """That the doctor spoke is not that they said yes; and what a machine then says of the letter changes nothing."""
    number = await place(world)
    heard(world, number, "ward", InvitationState.FAILED, "invite.gave_up")
    await world.settle()
    await world.desk.telling.told_by_phone(number, "ward")
    assert status(world, "ward").invitation is InvitationState.TOLD_BY_PHONE
    heard(world, number, "ward", InvitationState.FAILED, "invite.gave_up")
    await world.settle()
    assert status(world, "ward").invitation is InvitationState.TOLD_BY_PHONE


async def test_who_was_told_by_telephone_does_not_know_the_time_it_is_moved_to(world: World) -> None:
    """No letter goes to it, so nothing but this line says that somebody must ring again."""
    number = await booked(world)
    await world.desk.telling.told_by_phone(number, "home")
    world.clock.pass_by(minutes=1)
    await world.desk.move(number, START + timedelta(hours=1), START + timedelta(hours=2))
    home = status(world, "home")
    assert home.invitation is InvitationState.PLANNED
    assert home.history[-1].problem == "invite.tell_by_hand"


async def test_sending_again_leaves_alone_what_has_arrived(world: World) -> None:
    """Their system would show it twice to nobody's use."""
    number = await booked(world)
    world.delivery.sends = False
    (row,) = rows(world, MessageKind.INVITATION, "ward")
    await world.store.mark(row.draft.key, OutboxState.ACKNOWLEDGED, NOON)
    await world.desk.telling.resend(number, "ward")
    await world.desk.telling.resend(number, "care")
    states = {r.draft.party_key: r.state for r in rows(world, MessageKind.INVITATION)}
    assert states == {"ward": OutboxState.ACKNOWLEDGED, "care": OutboxState.WAITING_FOR_RETRY}
    assert codes(world) == ["invite.not_again"]


# --- answers ----------------------------------------------------------------------------------------------------------


def letter(number: UUID, message_id: str, minutes: int, text: str) -> IncomingLetter:
    written = NOON + timedelta(minutes=minutes)
    return IncomingLetter(
        message_id, "t", HOSPITAL.gln or "", HOSPITAL.name, written, NOON + LONG, "s", text, "m", b"x", number, "ward"
    )


@BOTH
async def test_answers_stand_in_the_order_they_were_written_and_wait_for_the_user(world: World, place: Place) -> None:
    """The network may bring the second before the first; no machine reads yes or no out of them."""
    number = await place(world)
    await world.letters.keep(letter(number, "b", 5, "Alligevel ikke"))
    await world.letters.keep(letter(number, "a", 1, "Vi kommer"))
    heard(world, number, "ward", InvitationState.ANSWERED)
    await world.settle()
    ward = status(world, "ward")
    assert [answer.text for answer in ward.answers] == ["Vi kommer", "Alligevel ikke"]
    assert ward.has_unread_answer
    assert ward.invitation is InvitationState.ANSWERED


@BOTH
async def test_the_users_mark_is_kept_and_can_be_taken_back(world: World, place: Place) -> None:
    """One click reads an answer, and another unreads it."""
    number = await place(world)
    await world.letters.keep(letter(number, "a", 1, "Vi kommer"))
    await world.desk.telling.mark(number, "a", AnswerMark.COMES)
    assert status(world, "ward").answers[-1].mark is AnswerMark.COMES
    assert not status(world, "ward").has_unread_answer
    await world.desk.telling.mark(number, "a", AnswerMark.UNREAD)
    assert status(world, "ward").has_unread_answer


@BOTH
async def test_an_answer_brought_to_the_wrong_party_is_taken_back_and_stands_there_no_longer(
    world: World, place: Place
) -> None:
    """Two meetings with one ward on a day: the doctor would read the other patient's answer at this one."""
    number = await place(world)
    await world.letters.keep(replace(letter(number, "a", 1, "Vi kommer"), consultation_id=None, party_key=""))
    await world.desk.correspondence.refresh()
    await world.desk.correspondence.match("a", number, "ward")
    assert status(world, "ward").invitation is InvitationState.ANSWERED
    assert world.desk.view.correspondence.dealt_with == "a"
    await world.desk.telling.mark(number, "a", AnswerMark.COMES)
    await world.desk.correspondence.take_back("a")
    assert (status(world, "ward").invitation, status(world, "ward").answers) == (InvitationState.SENT, ())
    (waiting,) = world.desk.view.correspondence.stray
    assert (waiting.message_id, world.letters.kept["a"].mark) == ("a", AnswerMark.UNREAD)
    assert world.desk.view.correspondence.dealt_with == ""
    with pytest.raises(NotFound):
        await world.desk.correspondence.take_back("a")


async def test_the_calendar_names_those_that_wait_to_be_read_on_whatever_day(world: World) -> None:
    """An answer about next week must not lie unseen until next week."""
    await world.desk.plan_for_later(plan(START + timedelta(days=7)))
    (consultation,) = world.store.consultations.values()
    await world.letters.keep(letter(consultation.id, "a", 1, "Vi kommer"))
    heard(world, consultation.id, "ward", InvitationState.ANSWERED)
    await world.settle()
    assert [one.consultation_id for one in world.desk.view.agenda.answered] == [consultation.id]
    await world.desk.telling.mark(consultation.id, "a", AnswerMark.NOTED)
    assert world.desk.view.agenda.answered == ()


# --- after a crash ----------------------------------------------------------------------------------------------------


@BOTH
async def test_after_a_crash_the_parties_stand_as_they_stood(world: World, place: Place) -> None:
    """Extra parties, marks and notices are in the store and nowhere else."""
    number = await place(world)
    await world.desk.telling.invite(number, Party("new", PartyRole.HOSPITAL, Channel.MEDCOM, OTHER_WARD))
    await world.desk.telling.uninvite(number, "care")
    await world.letters.keep(letter(number, "a", 1, "Vi kommer"))
    await world.desk.telling.mark(number, "a", AnswerMark.COMES)
    await world.desk.telling.tell_delay(number, 15)
    await world.settle()
    await world.desk.telling.told_by_phone(number, "home")
    before = {one.party.key: (one.invitation, one.is_expected, one.answers) for one in parties(world)}
    again = World(world.store, world.letters)
    again.booking.rooms, again.meetings.meetings = world.booking.rooms, world.meetings.meetings
    again.clock.time = world.clock.time
    await again.desk.start()
    if again.desk.view.recoverable:
        await again.desk.resume(number)
    await again.settle()
    after = {one.party.key: (one.invitation, one.is_expected, one.answers) for one in parties(again)}
    assert after == before
    assert any(event.what is Told.DELAYED and event.minutes == 15 for event in status(again, "ward").history)
    await again.desk.close()


async def test_a_decision_and_its_messages_are_written_together_or_not_at_all(world: World) -> None:
    """A plan without its letters would expect somebody whom nobody told."""
    number = await booked(world)
    before = world.store.consultations[number].plan
    world.store.fault = Unavailable("store.unavailable")
    await world.desk.telling.invite(number, Party("new", PartyRole.HOSPITAL, Channel.MEDCOM, OTHER_WARD))
    world.store.fault = None
    assert world.store.consultations[number].plan == before
    assert rows(world, MessageKind.INVITATION, "new") == []
    assert codes(world) == ["store.unavailable"]
    assert undoable(world) is None
