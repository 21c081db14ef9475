"""``ports.RoomBooking``, filled by the VDX client, against the sandbox's video API: two writings of one specification.

Neither side imports the other, so what both misread would have to be misread twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from vdx_plugin.booking import Patience, VdxAccess, VdxRooms, open_rooms
from vdx_plugin.domain.room import MeetingDraft, ProvisionStatus, fault_of
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import OutcomeUnknown, SignInNeeded, Unavailable
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig

MEETINGS = "/videoapi/v2/meetings"


def deaf(_status: ProvisionStatus) -> None:
    """Listens to no status."""


def rooms_at(sandbox: Sandbox, *, client_id: str = "vdx-plugin", secret: str = "sandbox-secret") -> VdxRooms:
    access = VdxAccess(sandbox.video_api_url, sandbox.token_url, client_id, Secret(secret), "sandbox")
    patience = Patience(poll_s=0.02, ready_limit_s=10, backoff_s=0.01)
    return open_rooms(access, sandbox.clock, patience=patience)


def draft_for(sandbox: Sandbox, meeting_id: UUID | None = None, *, in_minutes: int = 0) -> MeetingDraft:
    start = sandbox.clock.now() + timedelta(minutes=in_minutes)
    return MeetingDraft(meeting_id or uuid4(), start, start + timedelta(minutes=30), label="booking-1")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    config = SandboxConfig(provision_delay_s=0.05, pool_minimum_age_s=0)
    async with Sandbox(config).running() as sandbox:
        yield sandbox


@pytest.fixture
async def rooms(sandbox: Sandbox) -> AsyncIterator[VdxRooms]:
    rooms = rooms_at(sandbox)
    yield rooms
    await rooms.aclose()


async def test_start_now_takes_a_ready_and_safe_room(sandbox: Sandbox, rooms: VdxRooms) -> None:
    """The pool is what makes a start of now take a second."""
    heard: list[ProvisionStatus] = []
    draft = draft_for(sandbox)
    room = await rooms.book(draft, heard.append)
    assert heard == [ProvisionStatus.PROVISIONED_OK]
    assert fault_of(room) is None
    assert room.meeting_id == draft.meeting_id


async def test_a_cold_room_is_waited_for(sandbox: Sandbox, rooms: VdxRooms) -> None:
    """Own PINs rule out the pool."""
    heard: list[ProvisionStatus] = []
    draft = draft_for(sandbox)
    own = MeetingDraft(draft.meeting_id, draft.start, draft.end, own_pins=True)
    room = await rooms.book(own, heard.append)
    assert heard[-1] is ProvisionStatus.PROVISIONED_OK
    assert fault_of(room) is None


async def test_the_same_booking_twice_gives_the_same_room(sandbox: Sandbox, rooms: VdxRooms) -> None:
    """The port promises that a repeat does no harm."""
    draft = draft_for(sandbox)
    first = await rooms.book(draft, deaf)
    second = await rooms.book(draft, deaf)
    assert (first.alias, first.host_pin) == (second.alias, second.host_pin)


async def test_a_booking_whose_answer_is_cut_off_is_found_again(sandbox: Sandbox, rooms: VdxRooms) -> None:
    """The work is done at VDX and the line breaks: the commonest way to book twice."""
    sandbox.faults.add(Fault("drop_after", "POST", MEETINGS))
    draft = draft_for(sandbox)
    assert (await rooms.book(draft, deaf)).is_ready
    assert len(sandbox.meetings.meetings) == 1


async def test_silence_leaves_the_outcome_unknown_and_lookup_tells(sandbox: Sandbox, rooms: VdxRooms) -> None:
    """After that the desk asks; the room is there."""
    sandbox.faults.add(Fault("drop_after", "POST", MEETINGS, times=None))
    sandbox.faults.add(Fault("drop_before", "GET", MEETINGS, times=None))
    draft = draft_for(sandbox)
    with pytest.raises(OutcomeUnknown):
        await rooms.book(draft, deaf)
    sandbox.faults.clear()
    room = await rooms.lookup(draft.meeting_id)
    assert room is not None


async def test_an_expired_token_is_renewed(sandbox: Sandbox, rooms: VdxRooms) -> None:
    """A clock gone wrong makes tokens that are born old."""
    sandbox.faults.add(Fault("expired_token"))
    assert (await rooms.book(draft_for(sandbox), deaf)).is_ready


async def test_a_wrong_secret_needs_a_person(sandbox: Sandbox) -> None:
    """Nothing the program does can mend it."""
    rooms = rooms_at(sandbox, secret="wrong")
    with pytest.raises(SignInNeeded):
        await rooms.book(draft_for(sandbox), deaf)
    await rooms.aclose()


async def test_a_room_that_fails_is_told(sandbox: Sandbox, rooms: VdxRooms) -> None:
    """PROVISION_PROBLEMS is final."""
    sandbox.faults.add(Fault("provision_fails"))
    draft = draft_for(sandbox)
    with pytest.raises(Unavailable) as caught:
        await rooms.book(MeetingDraft(draft.meeting_id, draft.start, draft.end, own_pins=True), deaf)
    assert caught.value.code == "room.failed"


async def test_a_booking_for_later_is_deleted_when_closed(sandbox: Sandbox, rooms: VdxRooms) -> None:
    """It has no room yet, so it can go without trace."""
    draft = draft_for(sandbox, in_minutes=180)
    assert not (await rooms.book(draft, deaf)).is_ready
    await rooms.close(draft.meeting_id, sandbox.clock.now())
    assert await rooms.lookup(draft.meeting_id) is None


async def test_a_room_in_use_is_ended_when_closed_and_may_be_closed_again(sandbox: Sandbox, rooms: VdxRooms) -> None:
    """It can never be deleted; closing twice is harmless."""
    draft = draft_for(sandbox)
    await rooms.book(draft, deaf)
    now = sandbox.clock.now()
    await rooms.close(draft.meeting_id, now)
    await rooms.close(draft.meeting_id, now)
    room = await rooms.lookup(draft.meeting_id)
    assert room is not None


async def test_closing_an_unknown_booking_is_fine(sandbox: Sandbox, rooms: VdxRooms) -> None:
    """The port says so."""
    await rooms.close(uuid4(), sandbox.clock.now())


async def test_an_unknown_booking_is_none(rooms: VdxRooms) -> None:
    """Not an error: the desk asks without knowing."""
    assert await rooms.lookup(uuid4()) is None


async def test_the_check_sees_the_roles(rooms: VdxRooms) -> None:
    """Build, role and clock in one look."""
    health = await rooms.check()
    assert health.reachable
    assert health.roles == ("meeting-user", "meeting-planner")
    assert health.clock_ahead_s is not None
