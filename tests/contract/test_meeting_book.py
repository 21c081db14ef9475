"""``ports.MeetingBook``, filled by the VDX client, against the sandbox; and the vendor's own check of the service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.contract.vdx_hub import API, PLANNER, USER, Hub
from vdx_plugin import ports
from vdx_plugin.booking import Vdx
from vdx_plugin.booking.models import CreateMeeting, PatchMeeting
from vdx_plugin.domain.booked import Cancelled, MeetingEdit, MeetingField, occurrences
from vdx_plugin.domain.room import MeetingDraft, ProvisionStatus, fault_of
from vdx_plugin.errors import NotFound, OutcomeUnknown, Refused, SignInNeeded, Unavailable
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig

DAY = timedelta(days=1)
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
COLLEAGUE = "kollega@laegehus.sandbox.test"


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    config = SandboxConfig(provision_delay_s=0.05, pool_size=1, pool_minimum_age_s=0)
    async with Sandbox(config).running() as sandbox, AsyncExitStack() as stack:
        yield Hub(sandbox, stack)


@pytest.fixture
def us(hub: Hub) -> Vdx:
    return hub.program(*PLANNER)


@pytest.fixture
def book(us: Vdx) -> ports.MeetingBook:
    """The client, seen as the port."""
    return us.meetings


async def test_a_meeting_for_later_has_pins_of_our_own_and_is_in_the_calendar(
    hub: Hub, book: ports.MeetingBook
) -> None:
    """Both PINs, different, six digits; listed and kept."""
    draft = hub.draft(label="b-1")
    booked = await book.book(draft)
    room = hub.room(draft.meeting_id)
    assert room.host_pin != room.guest_pin
    assert all(100_000 <= (pin or 0) <= 999_999 for pin in (room.host_pin, room.guest_pin))
    assert await book.own(draft.start - DAY, draft.start + DAY) == [booked]
    assert book.known(draft.start - DAY, draft.start + DAY) == [booked]
    assert book.search("b-1") == [booked]


async def test_booking_twice_under_one_id_books_once(hub: Hub, book: ports.MeetingBook) -> None:
    """The port says that it may be repeated."""
    draft = hub.draft()
    assert await book.book(draft) == await book.book(draft)
    assert len(hub.sandbox.meetings.meetings) == 1


async def test_moving_and_prolonging_are_read_back(hub: Hub, book: ports.MeetingBook) -> None:
    """Before the room is made everything can be changed."""
    draft = hub.draft()
    await book.book(draft)
    wished = MeetingEdit(draft.start + DAY, draft.end + DAY, "Kontrol", COLLEAGUE)
    outcome = await book.edit(draft.meeting_id, wished)
    assert outcome.is_complete
    assert hub.meeting(draft.meeting_id).subject == "Kontrol"
    assert book.search("kontrol") == [outcome.meeting]


async def test_a_running_meeting_is_prolonged(hub: Hub, us: Vdx) -> None:
    """The end is the one thing that can always be moved."""
    draft = hub.draft(in_minutes=0)
    await us.rooms.book(draft, lambda _status: None)
    assert (await us.meetings.prolong(draft.meeting_id, draft.end + timedelta(minutes=15))).is_complete


async def test_a_change_waits_while_vdx_makes_the_room(hub: Hub, us: Vdx) -> None:
    """406/12 for a few seconds is no reason to send the doctor away."""
    draft = hub.draft(in_minutes=5, own_pins=True)
    await us.rooms.arrange(draft)
    await _until(hub, draft, ProvisionStatus.STARTING_TO_PROVISION)
    outcome = await us.meetings.prolong(draft.meeting_id, draft.end + DAY)
    assert MeetingField.END not in outcome.kept


async def test_a_change_whose_reading_back_fails_is_an_unknown_outcome(hub: Hub, book: ports.MeetingBook) -> None:
    """It may or may not have been taken."""
    draft = hub.draft()
    await book.book(draft)
    hub.sandbox.faults.add(Fault("delay", "GET", f"{API}/meetings", times=1))
    hub.sandbox.faults.add(Fault("status", "GET", f"{API}/meetings", times=None))
    with pytest.raises(OutcomeUnknown):
        await book.edit(draft.meeting_id, MeetingEdit(end=draft.end + DAY))


async def test_a_colleague_that_vdx_drops_leaves_nothing_booked(hub: Hub) -> None:
    """Where the token tells nothing, reading back does; the booking is taken back."""
    user = hub.program(*USER)
    user.auth.identity = lambda: None  # type: ignore[method-assign]
    with pytest.raises(Refused) as caught:
        await user.meetings.book(hub.draft(organised_by=COLLEAGUE))
    assert caught.value.code == "vdx.colleague"
    assert not hub.sandbox.meetings.meetings


async def test_a_series_keeps_its_hour_and_tells_what_failed(hub: Hub, book: ports.MeetingBook) -> None:
    """One taken id does not stop the others; summer time does not move them."""
    first = datetime(2027, 10, 25, 7, 0, tzinfo=UTC)
    times = occurrences(first, timedelta(minutes=20), 3, timedelta(days=7), COPENHAGEN)
    drafts = [MeetingDraft(uuid4(), start, end) for start, end in times]
    await book.book(replace(drafts[1], subject="En anden"))
    items = await book.book_series(drafts)
    assert [item.problem for item in items] == ["", "vdx.taken", ""]
    shown = [item.meeting.start.astimezone(COPENHAGEN).hour for item in items if item.meeting]
    assert shown == [9, 9]


async def test_a_series_stops_where_no_booking_can_succeed(hub: Hub) -> None:
    """A hundred refusals for one missing role help nobody."""
    with pytest.raises(SignInNeeded):
        await hub.program().meetings.book_series([hub.draft(), hub.draft()])


async def test_statuses_and_rooms_of_a_day(hub: Hub, book: ports.MeetingBook) -> None:
    """Awaits, ready and problem, in three requests for the whole day."""
    waiting, ready, failed = hub.draft(), hub.draft(), hub.draft()
    for draft in (waiting, ready, failed):
        await book.book(draft)
    hub.put_up(ready.meeting_id)
    hub.put_up(failed.meeting_id, ProvisionStatus.PROVISION_PROBLEMS)
    hub.sent.clear()
    assert await book.statuses(waiting.start - DAY, waiting.start + DAY) == {
        waiting.meeting_id: ProvisionStatus.AWAITS_PROVISION,
        ready.meeting_id: ProvisionStatus.PROVISIONED_OK,
        failed.meeting_id: ProvisionStatus.PROVISION_PROBLEMS,
    }
    assert len(hub.sent) == 3
    assert fault_of(await book.room(ready.meeting_id)) is None
    with pytest.raises(NotFound):
        await book.room(uuid4())


async def test_templates_say_whether_their_rooms_are_safe(hub: Hub, book: ports.MeetingBook) -> None:
    """For the directory of templates."""
    assert {(one.is_safe, one.is_default, one.is_pool) for one in await book.templates()} == {
        (True, True, False),
        (True, False, True),
    }
    hub.change_default_template(guest_pin_required=False)
    assert not next(one for one in await book.templates() if one.is_default).is_safe


async def test_a_cancelled_meeting_is_out_of_the_calendar_and_may_be_cancelled_again(
    hub: Hub, book: ports.MeetingBook
) -> None:
    """Repeating is harmless."""
    draft = hub.draft()
    await book.book(draft)
    assert await book.cancel(draft.meeting_id, hub.sandbox.clock.now()) is Cancelled.DELETED
    assert await book.cancel(draft.meeting_id, hub.sandbox.clock.now()) is Cancelled.GONE
    assert book.known(draft.start - DAY, draft.start + DAY) == []


async def test_a_long_time_is_asked_for_in_pieces_without_repeats(hub: Hub, book: ports.MeetingBook) -> None:
    """A search has no pages; the pieces share a moment."""
    draft = hub.draft()
    await book.book(draft)
    hub.sent.clear()
    found = await book.own(draft.start - timedelta(days=10), draft.start + timedelta(days=15))
    assert [one.meeting_id for one in found] == [draft.meeting_id]
    assert len(hub.sent) == 3


async def test_after_a_crash_the_booking_is_taken_up_under_its_id(hub: Hub, us: Vdx) -> None:
    """The id was written down before anything was sent."""
    draft = hub.draft(in_minutes=0)
    hub.sandbox.faults.add(Fault("hang_after", "POST", f"{API}/meetings"))
    booked = asyncio.Event()
    hub.sandbox.meetings.on_change(booked.set)
    first = asyncio.create_task(us.rooms.book(draft, lambda _status: None))
    await booked.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    again = hub.program(*PLANNER)
    assert (await again.rooms.book(draft, lambda _status: None)).is_ready
    assert len(hub.sandbox.meetings.meetings) == 1


async def test_the_vendors_own_check_of_the_service_passes(hub: Hub, us: Vdx) -> None:
    """Facts 5.3: book for now, follow the short link, wait for the room, end it. Meant for stage as well."""
    now = hub.sandbox.clock.now()
    meeting = await us.client.create_meeting(
        CreateMeeting(uuid=uuid4(), subject="Overvågning", start_time=now, end_time=now + timedelta(hours=1))
    )
    assert meeting.short_link is not None
    async with httpx.AsyncClient() as browser:
        assert (await browser.get(meeting.short_link)).status_code in (200, 302)
    async with asyncio.timeout(120):
        # The check polls, because VDX tells nothing by itself.
        while (info := await us.client.scheduling_info(meeting.uuid)).provision_status != "PROVISIONED_OK":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert info.provision_timestamp is not None
    ended = await us.client.change_meeting(meeting.uuid, PatchMeeting(end_time=hub.sandbox.clock.now()))
    assert ended.end_time <= hub.sandbox.clock.now()
    assert json.loads(hub.requests("PATCH")[-1].content).keys() == {"endTime"}


async def _until(hub: Hub, draft: MeetingDraft, status: ProvisionStatus) -> None:
    changed = asyncio.Event()
    hub.sandbox.meetings.on_change(changed.set)
    async with asyncio.timeout(10):
        while hub.room(draft.meeting_id).status.value != status.value:
            changed.clear()
            await changed.wait()


async def test_one_failing_question_leaves_no_other_running(hub: Hub, book: ports.MeetingBook) -> None:
    """A window is asked for in pieces at once; when one fails, the rest must not go on behind our back."""
    before = asyncio.all_tasks()
    now = hub.sandbox.clock.now()
    await book.own(now, now + DAY)
    hub.sandbox.faults.add(Fault("status", "GET", f"{API}/meetings", status=503))
    hub.sandbox.faults.add(Fault("delay", "GET", f"{API}/meetings", times=None, delay_s=30))
    with pytest.raises(Unavailable):
        await book.own(now, now + 30 * DAY)
    assert {task for task in asyncio.all_tasks() - before if "booking" in task.get_name()} == set()
