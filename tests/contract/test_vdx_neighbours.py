"""History and text messages: our clients at the sandbox's doubles. Both are unproven against the real services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from tests.contract.vdx_hub import PLANNER, Hub
from vdx_plugin.booking.history import PAGE, HistoryClient
from vdx_plugin.booking.sms import SmsClient, check
from vdx_plugin.domain.room import ProvisionStatus
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import NotFound, OutcomeUnknown, Refused, SignInNeeded, Unavailable, Unreadable
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.neighbours import HISTORY_KEY, Conference
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig

DAY = timedelta(days=1)
MESSAGE = "Din videosamtale: %meeting_url%"


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with Sandbox(SandboxConfig(pool_size=0)).running() as sandbox, AsyncExitStack() as stack:
        yield Hub(sandbox, stack)


@pytest.fixture
async def history(hub: Hub) -> AsyncIterator[HistoryClient]:
    client = HistoryClient(hub.sandbox.history_url, Secret(HISTORY_KEY))
    yield client
    await client.aclose()


@pytest.fixture
async def sms(hub: Hub) -> AsyncIterator[SmsClient]:
    client = SmsClient(hub.sandbox.sms_url, None)
    yield client
    await client.aclose()


async def test_a_call_is_in_the_history_once_its_room_is_gone(hub: Hub, history: HistoryClient) -> None:
    """Times are aware, whatever they came as."""
    draft = hub.draft(in_minutes=-5)
    vdx = hub.program(*PLANNER)
    await vdx.rooms.arrange(draft)
    hub.put_up(draft.meeting_id, ProvisionStatus.DEPROVISION_OK)
    now = hub.sandbox.clock.now()
    (call,) = await history.calls_between(now - DAY, now + DAY)
    assert call.name == hub.room(draft.meeting_id).uri_with_domain
    assert call.start_time == draft.start.replace(microsecond=0)
    assert await history.calls_between(now + DAY, now + 2 * DAY) == []


async def test_pages_are_read_to_the_end_without_following_links(hub: Hub, history: HistoryClient) -> None:
    """The address of the next page would take our key wherever it points."""
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    hub.sandbox.neighbours.conferences += [
        Conference(f"{number}@x", at, at + timedelta(minutes=1)) for number in range(PAGE + 5)
    ]
    assert len(await history.calls_between(at - DAY, at + DAY)) == PAGE + 5


async def test_a_wrong_key_needs_a_person(hub: Hub) -> None:
    """The key is the organisation's, and support gives a new one."""
    client = HistoryClient(hub.sandbox.history_url, Secret("wrong"))
    now = hub.sandbox.clock.now()
    with pytest.raises(SignInNeeded):
        await client.calls_between(now - DAY, now)
    await client.aclose()


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b'[{"no": "name"}]', b'{"objects": [{"name": "x", "duration": "?"}]}']
)
async def test_a_history_of_another_form_is_unreadable(body: bytes) -> None:
    """Its form is a guess, so this is what a wrong guess looks like."""
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=body))
    client = HistoryClient("https://history.test/apikey", Secret("k"), transport=transport)
    with pytest.raises(Unreadable):
        await client.calls_between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


async def test_a_message_carries_the_short_link(hub: Hub, sms: SmsClient) -> None:
    """VDX puts it in, so no PIN passes through our hands."""
    draft = hub.draft()
    await hub.program(*PLANNER).rooms.arrange(draft)
    await sms.send(draft.meeting_id, MESSAGE, "+45 00 00 00 00")
    (sent,) = hub.sandbox.neighbours.messages[draft.meeting_id]
    assert sent.text.endswith(hub.meeting(draft.meeting_id).short_id)
    assert [one.status for one in await sms.statuses(draft.meeting_id)] == ["DELIVERED"]


async def test_a_lost_answer_is_an_unknown_outcome_and_the_status_tells(hub: Hub, sms: SmsClient) -> None:
    """Sending again by itself would give the patient two messages."""
    draft = hub.draft()
    await hub.program(*PLANNER).rooms.arrange(draft)
    hub.sandbox.faults.add(Fault("drop_after", "POST", "/certproxy/sms"))
    with pytest.raises(OutcomeUnknown):
        await sms.send(draft.meeting_id, MESSAGE, "+4500000000")
    assert len(await sms.statuses(draft.meeting_id)) == 1


@pytest.mark.parametrize(
    ("message", "to", "field"),
    [(" ", "+4500000000", "message"), (MESSAGE + "x" * 500, "+4500000000", "message"), (MESSAGE, "tre", "to")],
)
async def test_a_bad_message_is_stopped_before_sending(sms: SmsClient, message: str, to: str, field: str) -> None:
    """Beside its field, as in every form."""
    assert [complaint.field for complaint in check(message, to)] == [field]
    with pytest.raises(Refused) as caught:
        await sms.send(uuid4(), message, to)
    assert caught.value.field == field


async def test_a_meeting_that_is_not_there_has_no_messages(sms: SmsClient) -> None:
    """And the number is not repeated in any error."""
    with pytest.raises(NotFound):
        await sms.statuses(uuid4())
    with pytest.raises(NotFound) as caught:
        await sms.send(uuid4(), MESSAGE, "+4500000000")
    assert "0000" not in str(caught.value)


async def test_a_service_that_is_down_is_unavailable(hub: Hub, history: HistoryClient) -> None:
    """The same table of errors as for the video API."""
    hub.sandbox.faults.add(Fault("status", path="/apikey", status=502))
    with pytest.raises(Unavailable):
        await history.calls_between(hub.sandbox.clock.now() - DAY, hub.sandbox.clock.now())
