"""What a consultation taken up after a crash knows of what was before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.unit.service.fakes import HOSPITAL, NOON, World, context
from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.parties import Channel, InvitationState
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.ports import MessageKind, OutboxDraft, OutboxRow, OutboxState
from vdx_plugin.service.standing import news_of_row


async def started() -> World:
    world = World()
    world.systems.today = [
        Appointment("a1", "p1", NOON, NOON + timedelta(minutes=20), partner_glns=(HOSPITAL.gln or "",))
    ]
    await world.desk.start()
    world.desk.opened(context(world.clock))
    await world.settle()
    await world.desk.start_video()
    await world.settle()
    return world


async def taken_up(world: World) -> World:
    """The program again, on the same store, with the consultation that was found."""
    again = World(world.store)
    again.booking.rooms = world.booking.rooms
    again.clock.time = world.clock.time
    await again.desk.start()
    (found,) = again.desk.view.recoverable
    await again.desk.resume(found.id)
    await again.settle()
    return again


@pytest.mark.parametrize(
    ("row_state", "shown"),
    [
        (OutboxState.SENT, InvitationState.SENT),
        (OutboxState.ACKNOWLEDGED, InvitationState.DELIVERED),
        (OutboxState.UNKNOWN, InvitationState.UNKNOWN),
        (OutboxState.IN_ERROR, InvitationState.REJECTED),
    ],
)
async def test_a_letter_whose_news_died_with_the_program_is_shown_as_the_outbox_knows_it(
    row_state: OutboxState, shown: InvitationState
) -> None:
    """The row is written first and its news after, so a crash in between must not make the letter look unsent."""
    world = await started()
    (key,) = world.store.rows
    world.store.rows[key] = replace(world.store.rows[key], state=row_state)
    assert world.store.news == []
    again = await taken_up(world)
    view = again.desk.view.consultation
    assert view is not None
    assert view.parties[1].invitation is shown
    await again.desk.close()
    await world.desk.close()


@pytest.mark.parametrize("state", list(OutboxState))
def test_every_state_of_a_row_can_be_told(state: OutboxState) -> None:
    """A state without a word would break the taking up of a consultation."""
    draft = OutboxDraft("k", UUID(int=1), "p", MessageKind.INVITATION, Channel.MEDCOM, "x", "m", "t", "text/plain", b"")
    news = news_of_row(OutboxRow(draft, state, 1, NOON, None))
    assert news is not None
    assert (news.problem == "invite.unknown") is (state is OutboxState.UNKNOWN)


async def test_a_call_that_was_over_keeps_its_outcome_its_fee_and_its_one_visit() -> None:
    """The note drafted after a crash must not say that nobody came."""
    world = await started()
    view = world.desk.view.consultation
    assert view is not None
    for number, status in enumerate(view.parties):
        world.call.arrive(f"g{number}", tag=status.party.key)
        await world.desk.admit(f"g{number}")
    world.clock.pass_by(minutes=10)
    await world.desk.end_for_all()
    before = world.desk.view.consultation
    assert before is not None

    again = await taken_up(world)
    after = again.desk.view.consultation
    assert before.summary is not None
    assert after is not None
    assert after.summary is not None
    assert after.summary.outcome is EndReason.HELD
    assert after.summary.fee == before.summary.fee
    assert after.summary.note == before.summary.note
    await again.desk.write_back(after.summary.note)
    (use,) = world.store.uses.values()
    assert use.note_written
    assert use.two_way_media_s == 600.0
    await again.desk.close()
    await world.desk.close()


async def test_a_call_that_was_over_and_is_dropped_keeps_its_measures() -> None:
    """Closing without a note must not wipe what was measured."""
    world = await started()
    await world.desk.end_for_all()
    (before,) = world.store.uses.values()
    again = World(world.store)
    await again.desk.start()
    (found,) = again.desk.view.recoverable
    await again.desk.drop(found.id)
    (after,) = world.store.uses.values()
    assert after == before
    await again.desk.close()
    await world.desk.close()
