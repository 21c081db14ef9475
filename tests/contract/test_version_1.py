"""The same client through MedCom's local certificate proxy: version 1, without a token, at the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.test_vdx_surprises import deaf
from tests.contract.vdx_hub import QUICK
from vdx_plugin.booking import ApiVersion, Vdx, VdxAccess, open_vdx
from vdx_plugin.booking.models import CreateMeeting
from vdx_plugin.domain.booked import Cancelled, MeetingEdit
from vdx_plugin.domain.room import MeetingDraft, ProvisionStatus, fault_of
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Conflict, NotFound, Refused
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig
from vdx_plugin.sandbox.video_api.values import ProvisionStatus as Status

DAY = timedelta(days=1)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxConfig(provision_delay_s=0.02, pool_size=1, pool_minimum_age_s=0)).running() as sandbox:
        yield sandbox


@pytest.fixture
async def vdx(sandbox: Sandbox) -> AsyncIterator[Vdx]:
    access = VdxAccess(sandbox.proxy_url, "", "", Secret(""), "sandbox", ApiVersion.V1_PROXY)
    vdx = open_vdx(access, sandbox.clock, patience=QUICK)
    yield vdx
    await vdx.aclose()


def draft(sandbox: Sandbox, *, in_minutes: float = 60, **more: Any) -> MeetingDraft:
    start = sandbox.clock.now() + timedelta(minutes=in_minutes)
    return MeetingDraft(uuid4(), start, start + timedelta(minutes=30), **more)


async def test_a_start_of_now_works_without_any_token(sandbox: Sandbox, vdx: Vdx) -> None:
    """The proxy holds the certificate."""
    room = await vdx.rooms.book(draft(sandbox, in_minutes=0), deaf)
    assert fault_of(room) is None
    assert sandbox.signin.issued_total == 0


async def test_the_life_of_a_meeting_for_later_is_the_same(sandbox: Sandbox, vdx: Vdx) -> None:
    """Book, list, move, cancel: one data model, two writings."""
    wanted = draft(sandbox, label="b-1", organised_by="kollega@laegehus.sandbox.test")
    booked = await vdx.meetings.book(wanted)
    assert booked.organised_by == wanted.organised_by
    found = await vdx.meetings.own(wanted.start - DAY, wanted.start + DAY, everyone=True)
    assert [meeting.meeting_id for meeting in found] == [wanted.meeting_id]
    assert (await vdx.meetings.edit(wanted.meeting_id, MeetingEdit(end=wanted.end + DAY))).is_complete
    assert [found.uuid for found in await vdx.client.meetings_labelled("b-1")] == [wanted.meeting_id]
    short_id = sandbox.meetings.meetings[wanted.meeting_id].short_id
    assert len(await vdx.client.meetings_with_short_id(short_id)) == 1
    assert await vdx.meetings.cancel(wanted.meeting_id, sandbox.clock.now()) is Cancelled.DELETED
    assert await vdx.meetings.own(wanted.start - DAY, wanted.start + DAY) == []


async def test_a_lost_answer_is_asked_after(sandbox: Sandbox, vdx: Vdx) -> None:
    """The number 20 under 400 means what 24 means in version 2."""
    sandbox.faults.add(Fault("twice", "POST", "/certproxy/videoapi/meetings"))
    sandbox.faults.add(Fault("drop_after", "POST", "/certproxy/videoapi/meetings"))
    await vdx.rooms.book(draft(sandbox, in_minutes=0), deaf)
    await vdx.meetings.book(draft(sandbox))
    assert len(sandbox.meetings.meetings) == 2


async def test_errors_are_the_same_errors(sandbox: Sandbox, vdx: Vdx) -> None:
    """406/11 and 406/10 are 406/13 and 406/12; 400/12 names its field."""
    wanted = draft(sandbox)
    await vdx.meetings.book(wanted)
    sandbox.meetings.set_status(wanted.meeting_id, Status.DEPROVISION_OK)
    with pytest.raises(Conflict) as caught:
        await vdx.client.delete_meeting(wanted.meeting_id)
    assert caught.value.code == "vdx.state"
    with pytest.raises(Conflict):
        await vdx.meetings.prolong(wanted.meeting_id, wanted.end + DAY)
    with pytest.raises(NotFound):
        await vdx.client.meeting(draft(sandbox).meeting_id)
    first, second = (
        CreateMeeting(uuid=again.meeting_id, subject="x", start_time=again.start, end_time=again.end, external_id="e")
        for again in (draft(sandbox), draft(sandbox))
    )
    await vdx.client.create_meeting(first)
    with pytest.raises(Refused) as refused:
        await vdx.client.create_meeting(second)
    assert refused.value.field == "externalId"


async def test_each_time_that_version_1_takes_is_written_so(sandbox: Sandbox) -> None:
    """Four writings are read; ISO with fractions is not."""
    base = {"subject": "x", "endTime": "2027-01-14T13:30:00 +0000"}
    async with httpx.AsyncClient(base_url=sandbox.proxy_url) as http:
        for zone in (" +0000", "+0000", "Z", "+00:00"):
            answer = await http.post("/meetings", json=base | {"startTime": f"2027-01-14T13:00:00{zone}"})
            assert answer.json()["startTime"] == "2027-01-14T13:00:00 +0000"
        assert (await http.post("/meetings", json=base | {"startTime": "2027-01-14T13:00:00.5Z"})).status_code == 400


async def test_version_1_keeps_its_own_surprises(sandbox: Sandbox) -> None:
    """Null deletes, and a search with two criteria falls over."""
    base = {"subject": "x", "startTime": "2027-01-14T13:00:00 +0000", "endTime": "2027-01-14T13:30:00 +0000"}
    async with httpx.AsyncClient(base_url=sandbox.proxy_url) as http:
        uuid = (await http.post("/meetings", json=base | {"description": "om", "labels": ["a"]})).json()["uuid"]
        patched = await http.patch(f"/meetings/{uuid}", json={"description": None, "labels": None})
        assert (patched.json().get("description") or "", patched.json()["labels"]) == ("", [])
        refused = await http.patch(f"/meetings/{uuid}", json={"subject": None})
        assert (refused.status_code, refused.json()["errorCode"]) == (400, 70)
        assert (await http.get("/meetings", params={"label": "a", "subject": "x"})).status_code == 500
        assert (await http.get("/meetings")).status_code == 400
        assert (await http.get("/pool")).json()["_embedded"]
        assert (await http.delete(f"/meetings/{uuid}")).status_code == 200


async def test_statuses_of_a_day_come_in_a_few_requests(sandbox: Sandbox, vdx: Vdx) -> None:
    """HAL lists of rooms, PINs dropped."""
    wanted = draft(sandbox)
    await vdx.meetings.book(wanted)
    statuses = await vdx.meetings.statuses(wanted.start - DAY, wanted.start + DAY)
    assert statuses == {wanted.meeting_id: ProvisionStatus.AWAITS_PROVISION}
