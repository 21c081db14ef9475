"""What befalls messages on their way: a partner away for a day, clocks set back, words that contradict, a full disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.e2e.test_invitations import START, World, _until, world  # noqa: F401 - pytest finds a fixture by its name
from tests.unit.invitations import samples
from vdx_plugin.errors import Unavailable
from vdx_plugin.ports import OutboxDraft, OutboxRow, OutboxState
from vdx_plugin.sandbox.partners import Behaviour
from vdx_plugin.sandbox.partners.values import Answer
from vdx_plugin.store import Store

WARD = "hospital-geriatrics"


async def sent(here: World) -> OutboxDraft:
    (draft,) = here.invite(here.party(WARD))
    await here.write(draft)
    return draft


async def row_of(here: World, draft: OutboxDraft) -> OutboxRow:
    row = await here.store.outbox.by_message(draft.message_id)
    assert row is not None
    return row


async def until_tried(here: World, draft: OutboxDraft, attempts: int, state: OutboxState) -> None:
    async def tried() -> bool:
        row = await row_of(here, draft)
        return row.attempts >= attempts and row.state is state

    await _until(tried)


async def test_a_partner_down_for_a_day_gets_the_letter_once_when_it_is_back(world: World) -> None:  # noqa: F811
    """Tried all day, the user asked to call after half an hour, and in the end one letter."""
    world.behave(WARD, Behaviour.DOWN)
    draft = await sent(world)
    await until_tried(world, draft, 1, OutboxState.WAITING_FOR_RETRY)
    for tries in range(2, 26):
        world.clock.ahead += timedelta(hours=1)
        world.delivery.wake()
        await until_tried(world, draft, tries, OutboxState.WAITING_FOR_RETRY)
    assert world.news.told[-1] == ("queued", "invite.not_out")
    world.behave(WARD, Behaviour.OK)
    world.clock.ahead += timedelta(hours=1)
    world.delivery.wake()
    await world.told(draft.party_key, "delivered")
    count = world.sandbox.partners.count(draft.receiver)
    assert (count.received_total, count.distinct) == (1, 1)
    assert world.sandbox.partners.findings(draft.receiver) == []


async def test_a_partner_silent_for_a_day_is_written_to_three_times_and_heard_at_last(world: World) -> None:  # noqa: F811
    """A small receiver that was switched off: the user is asked to call, and the late word still counts."""
    world.behave(WARD, Behaviour.SILENT)
    draft = await sent(world)
    for sends in (1, 2, 3):
        await until_tried(world, draft, sends, OutboxState.AWAITING_ACK)
        world.clock.ahead += timedelta(minutes=31)
        world.delivery.wake()
    await world.told(draft.party_key, "unknown")
    assert world.news.told[-1] == ("unknown", "invite.call_them")
    world.clock.ahead += timedelta(days=1)
    world.delivery.wake()
    await world.sandbox.partners.acknowledge(draft.receiver, draft.message_id, Answer("ok"))
    await world.told(draft.party_key, "delivered")
    count = world.sandbox.partners.count(draft.receiver)
    assert (count.received_total, count.distinct) == (3, 1)


async def test_a_clock_set_back_by_a_day_holds_up_nothing(world: World) -> None:  # noqa: F811
    """Each row waits as long as it was to wait, and not until the clock has caught up."""
    world.clock.ahead = timedelta(days=1)
    world.behave(WARD, Behaviour.DOWN)
    draft = await sent(world)
    await until_tried(world, draft, 1, OutboxState.WAITING_FOR_RETRY)
    world.behave(WARD, Behaviour.OK)
    world.clock.ahead = timedelta()
    world.delivery.wake()

    async def waits_no_longer_than_a_pause() -> bool:
        due = (await row_of(world, draft)).next_attempt_at
        return due is not None and due - world.clock.now() < timedelta(seconds=6)

    await _until(waits_no_longer_than_a_pause)
    world.clock.ahead = timedelta(seconds=6)
    world.delivery.wake()
    await world.told(draft.party_key, "delivered")


@pytest.mark.parametrize("behaviour", [Behaviour.EARLY, Behaviour.CONTRADICTORY, Behaviour.DUPLICATE])
async def test_the_first_word_of_the_receiver_counts_however_it_comes(
    world: World,  # noqa: F811
    behaviour: Behaviour,
) -> None:
    """Before the hand-over has returned, twice, or taken back by a later one: delivered, once."""
    world.behave(WARD, behaviour)
    draft = await sent(world)
    await world.told(draft.party_key, "delivered")
    gln = samples.PRACTICE.gln or ""

    async def everything_is_heard() -> bool:
        return not await world.sandbox.partners.waiting(gln)

    await _until(everything_is_heard)
    assert await world.state_of(draft) is OutboxState.ACKNOWLEDGED
    assert [one.state for one in world.news.heard].count("delivered") == 1
    assert world.sandbox.partners.count(draft.receiver).received_total == 1


async def limit_pages(store: Store, pages: int) -> None:
    """Let the database grow no further, as on a full disk."""
    await store._thread.read(  # type: ignore[attr-defined]
        lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    )


async def test_a_full_disk_refuses_the_decision_whole_and_takes_it_when_there_is_room(world: World) -> None:  # noqa: F811
    """Nothing half-written: no consultation without its letter, and no letter without its consultation."""
    party = world.party(WARD)
    plan = replace(samples.consultation(party, start=START), id=uuid4())
    draft = replace(
        world.composer.invitation(plan, party, samples.ROOM, world.clock.now(), uuid4), consultation_id=plan.id
    )
    big = replace(draft, key="big", message_id="big", thread_id="big", payload=bytes(2_000_000))
    await limit_pages(world.store, 1)
    with pytest.raises(Unavailable, match=r"store\.full"):
        await world.store.consultations.save(plan, [draft, big])
    assert await world.store.consultations.get(plan.id) is None
    assert await world.store.outbox.by_message(draft.message_id) is None
    await limit_pages(world.store, 1_000_000)
    await world.store.consultations.save(plan, [draft])
    world.delivery.wake()
    await world.told(party.key, "delivered")
    assert world.sandbox.partners.count(draft.receiver).received_total == 1
