"""The ports that the store fills, from ``ConsultationStore`` to ``AuditLog``, once for each database engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.postgres import Server
from tests.unit.store.samples import CONTEXT, NOW, NUMBER, PARTY, USE, TurnedClock, consultation, message
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import Channel, InvitationState
from vdx_plugin.domain.patients import cpr
from vdx_plugin.ports import (
    MOST_SENDS,
    STRANDED,
    TO_BE_SENT,
    CheckedPart,
    CheckFinding,
    InvitationNews,
    MessageKind,
    Outbox,
    OutboxState,
    Settlement,
    WorkplaceCheck,
)
from vdx_plugin.store import AesSealer, Store, open_store
from vdx_plugin.store.opening import KEEP_CHECKS, KEEP_USUAL_TEAMS
from vdx_plugin.store.outbox import OutboxTable

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "sqlite":
        return tmp_path / "store.db"
    server: Server = request.getfixturevalue("database_server")
    return server.new_database()


@pytest.fixture
async def store(place: Path | str) -> AsyncIterator[Store]:
    store = await open_store(place, AesSealer(bytes(32)), TurnedClock())
    yield store
    await store.close()


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return store.outbox


HOST = "workplace-1"


async def state_of(outbox: Outbox, key: str) -> OutboxState:
    row = await outbox.by_message(f"m-{key}")
    assert row is not None
    return row.state


# --- consultations ----------------------------------------------------------------------------------------------------


async def test_a_consultation_comes_back_as_it_was(store: Store) -> None:
    """Also what only a later step needs: PINs, partners, the snapshot's version."""
    whole = consultation()
    await store.consultations.save(whole)
    assert await store.consultations.get(whole.id) == whole


async def test_a_bare_consultation_comes_back_as_it_was(store: Store) -> None:
    """The first save has no room, no end, no name."""
    context = replace(CONTEXT, patient=replace(CONTEXT.patient, name=None, birth_date=None), expires_at=None)
    bare = consultation(context=context, room=None, started_at=None, ended_at=None, end_reason=None)
    await store.consultations.save(bare)
    assert await store.consultations.get(bare.id) == bare


async def test_a_second_save_replaces_the_first(store: Store) -> None:
    """One consultation, one row."""
    first = consultation(stage=Stage.BOOKING)
    await store.consultations.save(first)
    await store.consultations.save(replace(first, stage=Stage.READY))
    found = await store.consultations.unfinished()
    assert [one.stage for one in found] == [Stage.READY]


async def test_an_unknown_consultation_is_none(store: Store) -> None:
    """Not an error."""
    assert await store.consultations.get(uuid4()) is None


async def test_unfinished_are_all_but_closed_and_cancelled_oldest_first(store: Store) -> None:
    """What the desk must take up after a crash."""
    made = [consultation(stage=stage, created_at=NOW - number * MINUTE) for number, stage in enumerate(Stage)]
    for one in made:
        await store.consultations.save(one)
    expected = [one.id for one in reversed(made) if one.stage not in (Stage.CLOSED, Stage.CANCELLED)]
    assert [one.id for one in await store.consultations.unfinished()] == expected


async def test_lately_are_the_unfinished_and_those_that_ended_since(store: Store) -> None:
    """A partner may write about a meeting that is just over."""
    going_on = consultation(stage=Stage.SCHEDULED, created_at=NOW - 90 * MINUTE, ended_at=None)
    just_over = consultation(stage=Stage.CLOSED, created_at=NOW - 80 * MINUTE, ended_at=NOW)
    long_over = consultation(stage=Stage.CLOSED, created_at=NOW - 70 * MINUTE, ended_at=NOW - MINUTE)
    for one in (just_over, long_over, going_on):
        await store.consultations.save(one)
    assert [one.id for one in await store.consultations.lately(NOW)] == [going_on.id, just_over.id]


async def test_messages_are_written_with_the_consultation(store: Store) -> None:
    """One transaction: no INVITED without its invitations."""
    whole = consultation(stage=Stage.INVITED)
    await store.consultations.save(
        whole, [message("a", consultation_id=whole.id), message("b", consultation_id=whole.id)]
    )
    found = await store.outbox.of_consultation(whole.id)
    assert [row.draft.key for row in found] == ["a", "b"]
    assert found[0].draft == message("a", consultation_id=whole.id)
    assert found[0].created_at == NOW


async def test_a_second_message_of_the_same_key_is_passed_over(store: Store) -> None:
    """The desk repeats its step after a crash; the partner gets one letter."""
    whole = consultation()
    await store.consultations.save(whole, [message("a", consultation_id=whole.id)])
    await store.consultations.save(whole, [message("a", consultation_id=whole.id, message_id="m-other")])
    assert [row.draft.message_id for row in await store.outbox.of_consultation(whole.id)] == ["m-a"]


async def test_a_save_that_fails_leaves_nothing(store: Store) -> None:
    """Half a save would be a consultation without its letters."""
    whole = consultation()
    broken = message("b", kind=None)
    with pytest.raises(AttributeError):
        await store.consultations.save(whole, [message("a"), broken])
    assert await store.consultations.get(whole.id) is None
    assert await store.outbox.by_message("m-a") is None


async def test_a_time_without_zone_is_our_mistake(store: Store) -> None:
    """Stored by guess, it would be wrong by an hour or two."""
    with pytest.raises(ValueError, match="zone"):
        await store.consultations.save(consultation(started_at=datetime(2026, 3, 2)))  # noqa: DTZ001


async def test_news_are_kept_in_the_order_of_their_times(store: Store) -> None:
    """With what the partner wrote; a repeat is kept once."""
    one, other = uuid4(), uuid4()
    answered = InvitationNews(one, "k-2", InvitationState.ANSWERED, NOW + MINUTE, answer="Vi kommer kl. 10 æøå")
    sent = InvitationNews(one, "k-2", InvitationState.SENT, NOW, problem="invite.transient")
    for news in (answered, sent, answered, InvitationNews(other, "k-2", InvitationState.SENT, NOW)):
        await store.consultations.set_answer(news)
    assert await store.consultations.news_of(one) == [sent, answered]


# --- outbox -----------------------------------------------------------------------------------------------------------


async def test_a_claimed_message_is_claimed_once(outbox: Outbox) -> None:
    """Two workers, one letter."""
    await outbox.add([message("a")], NOW)
    first = await outbox.claim(NOW)
    assert [(row.draft, row.state, row.attempts) for row in first] == [(message("a"), OutboxState.SENDING, 1)]
    assert await outbox.claim(NOW) == []


async def test_two_programs_never_claim_the_same_message(store: Store, place: Path | str) -> None:
    """A shared database has many workers; a letter that two of them send is sent twice."""
    other = await open_store(place, AesSealer(bytes(32)), TurnedClock())
    await store.outbox.add([message(str(number)) for number in range(60)], NOW)
    claims = [one.outbox.claim(NOW, limit=5) for _ in range(6) for one in (store, other)]
    taken = [row.draft.key for claim in await asyncio.gather(*claims) for row in claim]
    await other.close()
    assert len(taken) == len(set(taken)) > 0


async def test_claiming_takes_the_longest_due_first_and_no_more_than_wanted(outbox: Outbox) -> None:
    """A burst of new letters must not starve one that waits."""
    await outbox.add([message("young")], NOW)
    await outbox.add([message("old-1"), message("old-2")], NOW - MINUTE)
    assert [row.draft.key for row in await outbox.claim(NOW, limit=2)] == ["old-1", "old-2"]


async def test_a_message_waits_for_the_earlier_ones_of_its_thread(outbox: Outbox) -> None:
    """A cancellation that overtakes its invitation leaves the ward with a meeting that is off."""
    await outbox.add([message("first", thread_id="t"), message("second", thread_id="t"), message("other")], NOW)
    assert [row.draft.key for row in await outbox.claim(NOW)] == ["first", "other"]
    assert await outbox.claim(NOW) == []
    await outbox.mark("first", OutboxState.QUEUED, NOW, next_attempt_at=NOW + MINUTE)
    assert await outbox.claim(NOW) == []
    assert [row.draft.key for row in await outbox.claim(NOW + MINUTE)] == ["first"]
    await outbox.mark("first", OutboxState.AWAITING_ACK, NOW, next_attempt_at=NOW + 30 * MINUTE)
    assert [row.draft.key for row in await outbox.claim(NOW)] == ["second"]


async def test_a_message_is_not_claimed_before_its_time(outbox: Outbox) -> None:
    """A retry waits its pause."""
    await outbox.add([message("a")], NOW)
    await outbox.claim(NOW)
    await outbox.mark("a", OutboxState.QUEUED, NOW, problem="invite.unreachable", next_attempt_at=NOW + MINUTE)
    assert await outbox.claim(NOW) == []
    again = await outbox.claim(NOW + MINUTE)
    assert [(row.attempts, row.problem) for row in again] == [(2, "invite.unreachable")]


async def test_a_retry_without_a_time_is_due_at_once(outbox: Outbox) -> None:
    """The user clicked: send again."""
    await outbox.add([message("a")], NOW)
    await outbox.claim(NOW)
    await outbox.mark("a", OutboxState.QUEUED, NOW)
    assert len(await outbox.claim(NOW)) == 1


async def test_a_sent_message_without_acknowledgement_in_time_comes_up_again(outbox: Outbox) -> None:
    """MedCom: the same letter under the same id, after the time for the acknowledgement."""
    await outbox.add([message("a")], NOW)
    await outbox.claim(NOW)
    await outbox.mark("a", OutboxState.AWAITING_ACK, NOW, receipt="r-1", next_attempt_at=NOW + MINUTE)
    assert await outbox.claim(NOW) == []
    assert [row.receipt for row in await outbox.claim(NOW + MINUTE)] == ["r-1"]


async def test_a_sent_message_without_a_next_time_stays(outbox: Outbox) -> None:
    """Mail has no acknowledgement to wait for."""
    await outbox.add([message("a")], NOW)
    await outbox.claim(NOW)
    await outbox.mark("a", OutboxState.SENT, NOW)
    assert await outbox.claim(NOW + 1000 * MINUTE) == []


async def test_the_time_of_sending_stays_and_a_receipt_is_not_wiped_out(outbox: Outbox) -> None:
    """The port says so: the row must show when it left, whatever comes after."""
    await outbox.add([message("a")], NOW)
    await outbox.mark("a", OutboxState.SENT, NOW, receipt="r-1")
    await outbox.mark("a", OutboxState.ACKNOWLEDGED, NOW + MINUTE)
    row = await outbox.by_message("m-a")
    assert row is not None
    assert (row.sent_at, row.settled_at, row.receipt) == (NOW, NOW + MINUTE, "r-1")


async def test_an_acknowledgement_faster_than_the_transport_is_not_undone(outbox: Outbox) -> None:
    """The answer may come in before the call that sent the letter has returned."""
    await outbox.add([message("a")], NOW)
    await outbox.claim(NOW)
    await outbox.mark("a", OutboxState.ACKNOWLEDGED, NOW)
    await outbox.mark("a", OutboxState.SENT, NOW + MINUTE, receipt="r-1", next_attempt_at=NOW + MINUTE)
    row = await outbox.by_message("m-a")
    assert row is not None
    assert (row.state, row.sent_at, row.receipt) == (OutboxState.ACKNOWLEDGED, NOW + MINUTE, "r-1")
    assert await outbox.claim(NOW + 5 * MINUTE) == []


@pytest.mark.parametrize("state", sorted(set(OutboxState) - TO_BE_SENT - {OutboxState.AWAITING_ACK}))
async def test_a_message_that_is_over_is_not_claimed(outbox: Outbox, state: OutboxState) -> None:
    """Nothing is sent behind the user's back."""
    await outbox.add([message("a")], NOW)
    await outbox.mark("a", state, NOW, next_attempt_at=NOW)
    assert await outbox.claim(NOW + MINUTE) == []


async def test_marking_what_is_not_there_is_our_mistake(outbox: Outbox) -> None:
    """Silence would lose an outcome."""
    with pytest.raises(ValueError, match="no message"):
        await outbox.mark("a", OutboxState.SENT, NOW)


async def test_only_an_untouched_message_can_be_withdrawn(outbox: Outbox) -> None:
    """One that was tried may have arrived, so its receiver must be told."""
    await outbox.add([message("untouched"), message("tried")], NOW)
    assert await outbox.withdraw("untouched", NOW)
    await outbox.claim(NOW)
    await outbox.mark("tried", OutboxState.QUEUED, NOW)
    assert not await outbox.withdraw("tried", NOW)
    assert not await outbox.withdraw("untouched", NOW)
    assert await state_of(outbox, "untouched") is OutboxState.WITHDRAWN
    assert await state_of(outbox, "tried") is OutboxState.QUEUED


async def test_the_newest_message_of_a_thread_is_found(outbox: Outbox) -> None:
    """A reply belongs to what was sent last."""
    await outbox.add([message("a", thread_id="t"), message("b", thread_id="t")], NOW)
    row = await outbox.by_thread("t")
    assert row is not None
    assert row.draft.key == "b"
    assert await outbox.by_thread("other") is None


async def test_what_became_of_claimed_messages_is_written_in_one_go(outbox: Outbox) -> None:
    """One transaction for a batch; what an acknowledgement has settled meanwhile is left alone."""
    await outbox.add([message("a"), message("b"), message("c")], NOW)
    await outbox.claim(NOW)
    await outbox.mark("b", OutboxState.ACKNOWLEDGED, NOW)
    sent = [
        Settlement(key, OutboxState.AWAITING_ACK, "p", f"r-{key}", NOW + MINUTE, handed_over=True) for key in ("a", "b")
    ]
    waits = Settlement("c", OutboxState.WAITING_FOR_RETRY, "q", next_attempt_at=NOW + MINUTE)
    assert await outbox.settle([*sent, waits], NOW) == {"a", "c"}
    assert await outbox.settle([*sent, waits], NOW) == set()
    assert await state_of(outbox, "b") is OutboxState.ACKNOWLEDGED
    again = {row.draft.key: row for row in await outbox.claim(NOW + MINUTE)}
    assert (again["a"].was, again["a"].problem, again["a"].receipt, again["a"].sends) == (
        OutboxState.AWAITING_ACK,
        "p",
        "r-a",
        1,
    )
    assert (again["c"].was, again["c"].problem, again["c"].sends) == (OutboxState.WAITING_FOR_RETRY, "q", 0)


async def test_a_claimed_message_knows_what_became_of_its_thread(outbox: Outbox) -> None:
    """A move of a meeting that nobody was told of is not sent, and an overtaken invitation not repeated."""
    await outbox.add([message("first", thread_id="t"), message("second", thread_id="t")], NOW)
    await outbox.claim(NOW)
    await outbox.mark("first", OutboxState.AWAITING_ACK, NOW, next_attempt_at=NOW + 30 * MINUTE)
    (second,) = await outbox.claim(NOW)
    assert (second.earlier, second.is_overtaken) == ((OutboxState.AWAITING_ACK,), False)
    await outbox.mark("second", OutboxState.AWAITING_ACK, NOW)
    (first,) = await outbox.claim(NOW + 30 * MINUTE)
    assert (first.earlier, first.is_overtaken) == ((), True)


async def test_a_clock_set_back_delays_nothing_longer_than_it_was_to_wait(outbox: Outbox) -> None:
    """A day back, and every row would otherwise lie still for a day."""
    await outbox.add([message("new"), message("retry"), message("sent")], NOW)
    await outbox.claim(NOW)
    await outbox.mark("new", OutboxState.QUEUED, NOW)
    await outbox.mark("retry", OutboxState.WAITING_FOR_RETRY, NOW, next_attempt_at=NOW + MINUTE)
    await outbox.mark("sent", OutboxState.AWAITING_ACK, NOW, next_attempt_at=NOW + 30 * MINUTE)
    yesterday = NOW - timedelta(days=1)
    assert [row.draft.key for row in await outbox.claim(yesterday)] == ["new"]
    assert [row.draft.key for row in await outbox.claim(yesterday + MINUTE)] == ["retry"]
    assert await outbox.claim(yesterday + 29 * MINUTE) == []
    assert [row.draft.key for row in await outbox.claim(yesterday + 30 * MINUTE)] == ["sent"]


async def test_after_a_crash_medcom_is_tried_again_and_mail_is_in_doubt(store: Store, place: Path | str) -> None:
    """A MedCom letter may be repeated under its id; a second mail would be a second mail."""
    died = await open_store(place, AesSealer(bytes(32)), TurnedClock(), host=HOST)
    await died.outbox.add([message("medcom"), message("mail", channel=Channel.EMAIL), message("waiting")], NOW)
    await died.outbox.claim(NOW, limit=2)
    await died.close()
    again = await open_store(place, AesSealer(bytes(32)), TurnedClock(), host=HOST)
    found = await again.outbox.recover(NOW + MINUTE)
    assert {row.draft.key: (row.state, row.sends) for row in found} == {
        "medcom": (OutboxState.WAITING_FOR_RETRY, 1),
        "mail": (OutboxState.UNKNOWN, 0),
    }
    assert await again.outbox.recover(NOW + MINUTE) == []
    assert [row.draft.key for row in await again.outbox.claim(NOW + MINUTE)] == ["waiting", "medcom"]
    await again.close()


async def test_a_living_host_keeps_what_it_is_sending_and_a_silent_one_does_not(place: Path | str) -> None:
    """By the database's clock, so that no host's own clock decides whether another one lives."""
    one = await open_store(place, AesSealer(bytes(32)), TurnedClock(), host="one", lease=timedelta())
    other = await open_store(place, AesSealer(bytes(32)), TurnedClock(), host="other")
    await one.outbox.add([message("a"), message("b")], NOW)
    await one.outbox.claim(NOW, limit=1)
    await other.outbox.claim(NOW, limit=1)
    assert await one.outbox.recover(NOW) == []
    assert [row.draft.key for row in await other.outbox.recover(NOW)] == ["a"]
    await one.close()
    await other.close()


async def test_a_host_that_says_it_is_here_is_not_taken_for_dead(place: Path | str) -> None:
    """A partner may take longer over one letter than a lease lasts."""
    dead = await open_store(place, AesSealer(bytes(32)), TurnedClock(), host="slow", lease=timedelta())
    await dead.outbox.add([message("a")], NOW)
    await dead.outbox.claim(NOW)
    outbox = dead.outbox
    assert isinstance(outbox, OutboxTable)
    outbox.lease = timedelta(minutes=10)
    await outbox.still_here(NOW)
    other = await open_store(place, AesSealer(bytes(32)), TurnedClock(), host="other")
    assert await other.outbox.recover(NOW) == []
    await dead.close()
    await other.close()


async def test_a_message_that_cannot_be_opened_holds_up_nobody(place: Path | str, store: Store) -> None:
    """Written by a host with another key: it is set aside and told in the log, and the others go out."""
    stranger = await open_store(place, AesSealer(bytes(31) + b"x"), TurnedClock(), host="stranger")
    await stranger.outbox.add([message("foreign")], NOW)
    await stranger.close()
    await store.outbox.add([message("ours")], NOW)
    assert [row.draft.key for row in await store.outbox.claim(NOW)] == ["ours"]
    assert await store.outbox.claim(NOW + 1000 * MINUTE) == []


# --- dead letters -----------------------------------------------------------------------------------------------------


async def end_up(outbox: Outbox, key: str, state: OutboxState) -> None:
    await outbox.claim(NOW)
    await outbox.settle([Settlement(key, state, "p")], NOW)


@pytest.mark.parametrize("state", sorted(set(OutboxState) - TO_BE_SENT))
async def test_dead_letters_are_those_for_which_only_a_person_can_do_something(
    outbox: Outbox, state: OutboxState
) -> None:
    """What arrived, waits, or was dealt with is none."""
    await outbox.add([message("a")], NOW)
    await end_up(outbox, "a", state)
    assert [row.draft.key for row in await outbox.stranded()] == (["a"] if state in STRANDED else [])


async def test_a_dead_letter_is_over_when_its_party_has_been_written_to_since(outbox: Outbox) -> None:
    """A moved meeting is told anew, and a letter about the old time is nobody's trouble; a reminder is no such word."""
    await outbox.add([message("old"), message("other", party_key="k-3")], NOW)
    await end_up(outbox, "old", OutboxState.FAILED)
    await outbox.settle([Settlement("other", OutboxState.IN_ERROR)], NOW)
    await outbox.add([message("reminder", kind=MessageKind.NOTICE)], NOW)
    assert [row.draft.key for row in await outbox.stranded()] == ["other", "old"]
    assert [row.draft.key for row in await outbox.stranded(limit=1)] == ["other"]
    await outbox.add([message("new")], NOW)
    assert [row.draft.key for row in await outbox.stranded()] == ["other"]


async def test_an_acknowledgement_of_ours_is_no_dead_letter(outbox: Outbox) -> None:
    """The partner repeats what was not acknowledged."""
    await outbox.add([message("a", kind=MessageKind.ACKNOWLEDGEMENT)], NOW)
    await end_up(outbox, "a", OutboxState.FAILED)
    assert await outbox.stranded() == []


@pytest.mark.parametrize("state", sorted(set(OutboxState) - {OutboxState.SENDING}))
async def test_a_person_can_send_again_what_may_not_have_arrived(outbox: Outbox, state: OutboxState) -> None:
    """As the same letter, at once."""
    await outbox.add([message("a")], NOW)
    await end_up(outbox, "a", state)
    wanted = (STRANDED - {OutboxState.EXPIRED}) | {OutboxState.SENT, OutboxState.AWAITING_ACK}
    assert await outbox.queue_again("a", NOW + MINUTE) is (state in wanted)
    if state in wanted:
        assert await state_of(outbox, "a") is OutboxState.WAITING_FOR_RETRY
        (row,) = await outbox.claim(NOW + MINUTE)
        assert (row.draft.message_id, row.attempts, row.queued_at) == ("m-a", 2, NOW + MINUTE)


async def test_a_reply_is_to_what_has_left_and_not_to_what_still_waits(outbox: Outbox) -> None:
    """A cancellation that is held back for some seconds was not answered, and must still go."""
    await outbox.add([message("invitation", thread_id="t")], NOW)
    await outbox.claim(NOW)
    await outbox.settle([Settlement("invitation", OutboxState.AWAITING_ACK, handed_over=True)], NOW)
    await outbox.add([message("taken-back", thread_id="t"), message("held", thread_id="t")], NOW)
    await outbox.withdraw("taken-back", NOW)
    row = await outbox.by_thread("t")
    assert row is not None
    assert row.draft.key == "invitation"


async def test_what_was_sent_lately_over_a_channel_is_found_again(outbox: Outbox) -> None:
    """After a restart a gateway is asked on what became of its text messages."""
    texts = [message(key, channel=Channel.SMS) for key in ("old", "new", "known", "open")]
    await outbox.add([*texts, message("mail", channel=Channel.EMAIL)], NOW)
    await outbox.mark("old", OutboxState.SENT, NOW - MINUTE, receipt="r-old")
    for key in ("mail", "new", "known"):
        await outbox.mark(key, OutboxState.SENT, NOW, receipt=f"r-{key}")
    await outbox.mark("known", OutboxState.ACKNOWLEDGED, NOW)
    (row,) = await outbox.sent_since(Channel.SMS, NOW)
    assert (row.draft.key, row.receipt, row.sent_at) == ("new", "r-new", NOW)


async def test_nobody_can_send_a_letter_more_often_than_medcom_allows(outbox: Outbox) -> None:
    """Three times again; then it is the telephone."""
    await outbox.add([message("a")], NOW)
    for count in range(MOST_SENDS):
        assert len(await outbox.claim(NOW)) == 1
        await outbox.settle([Settlement("a", OutboxState.UNKNOWN, handed_over=True)], NOW)
        assert await outbox.queue_again("a", NOW) is (count + 1 < MOST_SENDS)


async def test_nobody_can_send_an_invitation_to_a_meeting_that_is_over(outbox: Outbox) -> None:
    """Nor what has been erased."""
    await outbox.add([message("late", expires_at=NOW + MINUTE)], NOW)
    await end_up(outbox, "late", OutboxState.FAILED)
    assert not await outbox.queue_again("late", NOW + MINUTE)


@pytest.mark.parametrize("state", sorted(set(OutboxState) - {OutboxState.SENDING}))
async def test_a_person_can_close_what_has_not_arrived(outbox: Outbox, state: OutboxState) -> None:
    """Told by phone: nothing goes out any more, and it is no dead letter."""
    await outbox.add([message("a")], NOW)
    await end_up(outbox, "a", state)
    arrived = state in (OutboxState.ACKNOWLEDGED, OutboxState.ANSWERED, OutboxState.WITHDRAWN)
    assert await outbox.close_by_hand("a", NOW) is not arrived
    assert await state_of(outbox, "a") is (state if arrived else OutboxState.BY_HAND)
    assert await outbox.stranded() == []
    assert await outbox.claim(NOW + 1000 * MINUTE) == []


async def test_letters_and_answers_are_emptied_in_time_and_nothing_else(store: Store) -> None:
    """What became of a message is kept; whom and what it was about is not."""
    one = uuid4()
    await store.outbox.add([message("over"), message("waiting"), message("mail", channel=Channel.EMAIL)], NOW)
    await store.outbox.mark("over", OutboxState.ACKNOWLEDGED, NOW)
    await store.outbox.mark("mail", OutboxState.SENT, NOW)
    await store.consultations.set_answer(InvitationNews(one, "k", InvitationState.ANSWERED, NOW, answer="ja"))
    assert await store.erase_before(NOW + timedelta(days=30)) == 0
    assert await store.erase_before(NOW + timedelta(days=30, seconds=1)) == 3
    over = await store.outbox.by_message("m-over")
    waiting = await store.outbox.by_message("m-waiting")
    assert over is not None
    assert waiting is not None
    assert (over.draft.payload, over.draft.receiver, over.state) == (b"", "", OutboxState.ACKNOWLEDGED)
    assert waiting.draft == message("waiting")
    assert [news.answer for news in await store.consultations.news_of(one)] == [""]


# --- measures and audit -----------------------------------------------------------------------------------------------


async def test_measures_come_back_as_they_were(store: Store) -> None:
    """Every field, so that a report can count on it."""
    await store.measures.record(USE, [PARTY, replace(PARTY, language="so")])
    assert await store.measures.between(NOW, NOW + MINUTE) == ([USE], [PARTY, replace(PARTY, language="so")])


async def test_measures_of_a_visit_are_replaced(store: Store) -> None:
    """They are written after a failed start and again at the end."""
    await store.measures.record(USE, [PARTY, PARTY])
    await store.measures.record(replace(USE, actors=2), [])
    uses, parties = await store.measures.between(NOW, NOW + MINUTE)
    assert ([use.actors for use in uses], parties) == ([2], [])


async def test_a_period_has_its_start_and_not_its_end(store: Store) -> None:
    """Months put end to end count each visit once."""
    await store.measures.record(USE, [])
    assert await store.measures.between(NOW - MINUTE, NOW) == ([], [])
    assert len((await store.measures.between(NOW, NOW + MINUTE))[0]) == 1


async def test_the_audit_log_keeps_who_did_what(store: Store) -> None:
    """The clinic's own duty to log; VDX offers none to read."""
    await store.audit.write(NOW, "u-1", "start", UUID(int=1))
    await store.audit.write(NOW, "u-1", "look", None, "list")
    found = await store.audit.between(NOW, NOW + MINUTE)
    assert [(entry.action, entry.consultation_id, entry.detail) for entry in found] == [
        ("start", UUID(int=1), ""),
        ("look", None, "list"),
    ]


async def test_the_usual_team_is_remembered_for_the_patient_and_for_nobody_else(store: Store) -> None:
    """One click next time, and nobody else's partners."""
    other = replace(CONTEXT.patient, identifiers=(cpr("6101700015"),))
    await store.usual_teams.remember(CONTEXT.patient, "skovly")
    await store.usual_teams.remember(CONTEXT.patient, "diabetes")
    assert await store.usual_teams.usual(CONTEXT.patient) == "diabetes"
    assert await store.usual_teams.usual(other) == ""
    nobody = replace(CONTEXT.patient, identifiers=())
    await store.usual_teams.remember(nobody, "skovly")
    assert await store.usual_teams.usual(nobody) == ""


async def test_checks_of_the_workplace_are_kept_for_a_time_newest_first(store: Store) -> None:
    """A quarter shows whether a line grows worse; more is nobody's business."""
    well = WorkplaceCheck(NOW, tuple(CheckFinding(part) for part in CheckedPart), 0.01, 30.0, 420.0)
    bad = WorkplaceCheck(NOW - MINUTE, (CheckFinding(CheckedPart.CAMERA, "media.no_camera"),))
    old = WorkplaceCheck(NOW - KEEP_CHECKS - MINUTE, ())
    for each in (bad, well, old):
        await store.checks.add(each)
    assert list(await store.checks.latest(2)) == [well, bad]
    await store.erase_before(NOW)
    assert list(await store.checks.latest(9)) == [well, bad]


async def test_a_usual_team_that_was_not_chosen_for_long_is_forgotten(store: Store) -> None:
    """What is not used any longer is not kept."""
    await store.usual_teams.remember(CONTEXT.patient, "skovly")
    await store.erase_before(NOW + KEEP_USUAL_TEAMS)
    assert await store.usual_teams.usual(CONTEXT.patient) == "skovly"
    await store.erase_before(NOW + KEEP_USUAL_TEAMS + MINUTE)
    assert await store.usual_teams.usual(CONTEXT.patient) == ""


async def test_the_file_does_not_tell_whose_team_it_is(store: Store, place: Path | str) -> None:
    """The number is in the file as a digest that needs the key."""
    await store.usual_teams.remember(CONTEXT.patient, "skovly")
    if isinstance(place, Path):
        content = b"".join(path.read_bytes() for path in await asyncio.to_thread(list, place.parent.iterdir()))
        assert b"skovly" in content
        assert NUMBER.encode() not in content
