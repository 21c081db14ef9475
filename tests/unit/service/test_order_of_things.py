"""Ready and locked before invited, told before closed, no link to an old time: what tries to break each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.unit.service.fakes import HOSPITAL, NOON, World, context
from vdx_plugin.domain.consultation import Consultation, Stage
from vdx_plugin.domain.parties import Channel, Party, PartyRole
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.room import ProvisionStatus
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Refused, Unavailable, VdxError
from vdx_plugin.ports import MessageKind, OutboxState
from vdx_plugin.service import ending
from vdx_plugin.service.moving import booking_after

START = NOON + timedelta(hours=3)
LATER = (START + timedelta(days=1), START + timedelta(days=1, minutes=30))


def plan() -> Plan:
    ward = Party("ward", PartyRole.HOSPITAL, Channel.MEDCOM, HOSPITAL)
    return Plan(START, START + timedelta(minutes=30), (Party("patient", PartyRole.PATIENT, Channel.LINK), ward))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.desk.start()
    world.desk.opened(context(world.clock))
    await world.settle()
    yield world
    await world.desk.close()


async def booked(world: World) -> Consultation:
    await world.desk.plan_for_later(plan())
    await world.settle()
    world.log.clear()
    return only(world)


def only(world: World) -> Consultation:
    (consultation,) = world.store.consultations.values()
    return consultation


def make_room(world: World, one: Consultation) -> None:
    """VDX makes the room, as it does shortly before the start: its links work from now on."""
    room = world.booking.rooms[one.meeting_id]
    world.booking.rooms[one.meeting_id] = replace(room, status=ProvisionStatus.PROVISIONED_OK)


async def restarted(world: World) -> World:
    again = World(world.store, world.letters)
    again.booking.rooms, again.meetings.meetings = world.booking.rooms, world.meetings.meetings
    again.clock.time = world.clock.time
    await again.desk.start()
    await again.settle()
    return again


# --- nobody is invited to a room that is not ready and locked ---------------------------------------------------------


@pytest.mark.parametrize("at", ["book", "enter", "lock", "save"])
async def test_a_start_that_fails_before_the_lock_has_invited_nobody(world: World, at: str) -> None:
    """Whichever step breaks, no letter is in the outbox: not sent, and not waiting to be sent either."""
    match at:
        case "book":
            world.booking.fault = Unavailable("vdx.unreachable")
        case "enter":
            world.engine.fault = Unavailable("call.unreachable")
        case "save":
            world.store.fault = Unavailable("store.unavailable")
        case "lock":
            original = world.engine.enter

            async def enter(*arguments, **more):  # type: ignore[no-untyped-def]
                call = await original(*arguments, **more)

                async def lock() -> None:
                    raise Refused("call.refused")

                call.lock = lock  # type: ignore[method-assign]
                return call

            world.engine.enter = enter  # type: ignore[method-assign]
    await world.desk.start_video(replace(plan(), start=NOON, end=NOON + timedelta(minutes=30)))
    await world.settle()
    assert world.store.rows == {}
    world.store.fault = None


@pytest.mark.parametrize("pin", [None, Secret("222222")])
async def test_nobody_is_invited_to_a_booked_room_without_two_pins(world: World, pin: Secret | None) -> None:
    """Everybody would be host there."""
    original = world.meetings.book

    async def unsafe(draft):  # type: ignore[no-untyped-def]
        meeting = await original(draft)
        world.booking.rooms[draft.meeting_id] = replace(world.booking.rooms[draft.meeting_id], host_pin=pin)
        return meeting

    world.meetings.book = unsafe  # type: ignore[method-assign]
    await world.desk.plan_for_later(plan())
    assert world.store.rows == {}


# --- everybody is told first, and the room closed after ---------------------------------------------------------------


async def test_the_room_is_closed_after_the_last_cancellation_has_left(world: World) -> None:
    """A ward that reads of it later must not find a room that is gone and no reason."""
    one = await booked(world)
    await world.desk.cancel_scheduled(one.id)
    assert world.log == ["save:cancelling", "send:cancellation", "cancel", "save:cancelled"]


async def test_who_has_not_been_told_when_the_limit_is_over_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room cannot wait for ever; then a person must know whom to ring, and the message still goes out."""
    monkeypatch.setattr(ending, "TELL_FIRST", timedelta(0))
    one = await booked(world)
    world.delivery.sends = False
    await world.desk.cancel_scheduled(one.id)
    told = {notice.problem.code: notice.problem.facts for notice in world.desk.view.notices}
    assert told["invite.not_told"]["parties"] == HOSPITAL.name
    assert "Asta" in str(told["invite.by_hand"]["parties"])
    (row,) = [row for row in world.store.rows.values() if row.draft.kind is MessageKind.CANCELLATION]
    assert row.state is OutboxState.QUEUED


async def test_a_crash_between_the_letter_and_the_closing_closes_at_the_next_start(world: World) -> None:
    """The store says CANCELLING, and each letter is there once."""
    one = await booked(world)
    world.meetings.fault = Unavailable("vdx.unreachable")
    await world.desk.cancel_scheduled(one.id)
    assert only(world).stage is Stage.CANCELLING
    again = await restarted(world)
    assert only(again).stage is Stage.CANCELLED
    assert one.meeting_id not in again.booking.rooms
    assert sum(row.draft.kind is MessageKind.CANCELLATION for row in again.store.rows.values()) == 1
    await again.desk.close()


# --- no link to the old time lives on ---------------------------------------------------------------------------------


async def test_a_room_not_made_yet_moves_with_its_meeting(world: World) -> None:
    """VDX makes it shortly before the new time, so the old link opens nothing at the old one."""
    one = await booked(world)
    await world.desk.move(one.id, *LATER)
    assert only(world).meeting_id == one.meeting_id
    assert world.log == ["save:scheduled", "edit", "save:scheduled", "send:invitation"]


async def test_a_room_that_is_made_is_closed_before_anybody_hears_of_the_new_link(world: World) -> None:
    """It would stay up until its new end, and whoever comes at the old time would find it."""
    one = await booked(world)
    make_room(world, one)
    await world.desk.move(one.id, *LATER)
    assert world.log == ["save:scheduled", "book", "cancel", "save:scheduled", "send:invitation"]
    moved = only(world)
    assert (moved.plan.start, moved.plan.end, moved.moving_to) == (*LATER, None)
    assert moved.meeting_id == booking_after(one.meeting_id, LATER[0])
    assert one.meeting_id not in world.booking.rooms
    assert moved.room == world.booking.rooms[moved.meeting_id]
    (entry,) = await world.desk.search_agenda("asta")
    assert entry.links == {key: entry.links[key] for key in ("patient", "ward")}
    assert world.booking.rooms[moved.meeting_id].alias.split("@")[0] in entry.links["ward"].reveal()


async def test_a_longer_meeting_keeps_its_room(world: World) -> None:
    """Its start stands, so its link is right."""
    one = await booked(world)
    make_room(world, one)
    await world.desk.prolong(one.id, one.plan.end + timedelta(minutes=15))
    assert only(world).meeting_id == one.meeting_id


async def test_where_the_new_room_cannot_be_had_the_old_one_lives_and_nobody_is_told(world: World) -> None:
    """Better the old time than none."""
    one = await booked(world)
    make_room(world, one)

    async def refuses(_draft):  # type: ignore[no-untyped-def]
        raise Refused("vdx.refused")

    world.meetings.book = refuses  # type: ignore[method-assign]
    await world.desk.move(one.id, *LATER)
    assert one.meeting_id in world.booking.rooms
    assert (only(world).plan, only(world).moving_to) == (one.plan, None)
    assert sum(row.draft.kind is MessageKind.INVITATION for row in world.store.rows.values()) == 1


STEPS = ["book", "room", "cancel", "save"]


@pytest.mark.parametrize("step", STEPS)
async def test_a_move_that_dies_between_two_steps_is_taken_up_as_the_same_move(world: World, step: str) -> None:
    """One new room, the old one closed, one letter: whatever the program died in."""
    one = await booked(world)
    make_room(world, one)
    fault, new_id = Unavailable("vdx.unreachable"), booking_after(one.meeting_id, LATER[0])
    _die_after(world, step, new_id, fault)
    await world.desk.move(one.id, *LATER)
    assert sum(row.draft.kind is MessageKind.INVITATION for row in world.store.rows.values()) == 1
    world.store.fault = None
    again = await restarted(world)
    moved = only(again)
    assert (moved.meeting_id, moved.plan.start, moved.moving_to) == (new_id, LATER[0], None)
    assert set(again.booking.rooms) == {new_id}
    invitations = [row for row in again.store.rows.values() if row.draft.kind is MessageKind.INVITATION]
    assert len(invitations) == 2
    assert invitations[0].draft.thread_id == invitations[1].draft.thread_id
    await again.desk.close()


def _die_after(world: World, step: str, new_id: UUID, fault: VdxError) -> None:
    """Let the named step be done and then fail, as when the process is killed right after it."""
    meetings = world.meetings
    book, room, cancel = meetings.book, meetings.room, meetings.cancel

    async def booked_and_dead(draft):  # type: ignore[no-untyped-def]
        await book(draft)
        raise fault

    async def read_and_dead(meeting_id):  # type: ignore[no-untyped-def]
        if meeting_id == new_id:
            raise fault
        return await room(meeting_id)

    async def closed_and_dead(meeting_id, now):  # type: ignore[no-untyped-def]
        await cancel(meeting_id, now)
        if step == "save":
            world.store.fault = Unavailable("store.unavailable")
            return
        raise fault

    match step:
        case "book":
            meetings.book = booked_and_dead  # type: ignore[method-assign]
        case "room":
            meetings.room = read_and_dead  # type: ignore[method-assign]
        case _:
            meetings.cancel = closed_and_dead  # type: ignore[method-assign,assignment]


async def test_calling_off_a_move_in_doubt_leaves_no_room_behind(world: World) -> None:
    """The new room may have been booked before the answer was lost."""
    one = await booked(world)
    make_room(world, one)
    _die_after(world, "book", booking_after(one.meeting_id, LATER[0]), Unavailable("vdx.unreachable"))
    await world.desk.move(one.id, *LATER)
    assert len(world.booking.rooms) == 2
    await world.desk.cancel_scheduled(one.id)
    assert world.booking.rooms == {}
    assert only(world).stage is Stage.CANCELLED


async def test_a_call_that_is_put_off_closes_its_room_before_anybody_hears_of_the_new_link(world: World) -> None:
    """The ward calls: not today. The link that everybody has must open nothing any longer."""
    now = replace(plan(), start=NOON, end=NOON + timedelta(minutes=30))
    await world.desk.start_video(now)
    await world.settle()
    one = only(world)
    world.meetings.booking.rooms.update(world.booking.rooms)
    world.log.clear()
    world.clock.pass_by(minutes=1)
    await world.desk.move(one.id, *LATER)
    await world.settle()
    assert world.log == ["save:scheduled", "end-for-all", "book", "cancel", "save:scheduled", "send:invitation"]
    moved = only(world)
    assert (moved.stage, moved.plan.start, moved.meeting_id == one.meeting_id) == (Stage.SCHEDULED, LATER[0], False)
    assert one.meeting_id not in world.booking.rooms
    assert world.desk.view.consultation is None
    letters = [row for row in world.store.rows.values() if row.draft.kind is MessageKind.INVITATION]
    assert letters[0].draft.thread_id == letters[1].draft.thread_id


async def test_a_call_put_off_while_vdx_is_away_is_taken_up_at_the_next_start(world: World) -> None:
    """The wish is written down before the room is left."""
    await world.desk.start_video(replace(plan(), start=NOON, end=NOON + timedelta(minutes=30)))
    await world.settle()
    one = only(world)
    world.meetings.fault = Unavailable("vdx.unreachable")
    await world.desk.move(one.id, *LATER)
    assert (only(world).stage, only(world).moving_to) == (Stage.SCHEDULED, LATER)
    again = await restarted(world)
    assert (only(again).plan.start, only(again).moving_to) == (LATER[0], None)
    assert one.meeting_id not in again.booking.rooms
    await again.desk.close()
