"""The two writings of the API."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from vdx_plugin.booking import faults
from vdx_plugin.booking.client import VdxClient
from vdx_plugin.booking.models import CreateMeeting, Meeting, PatchMeeting
from vdx_plugin.booking.wire import FROM_VERSION_1, Version1, Version2
from vdx_plugin.errors import Conflict, Misconfigured, OutcomeUnknown, Unavailable, VdxError

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
AT = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
MEETING = {
    "uuid": str(uuid4()),
    "subject": "Videokonsultation",
    "startTime": "2019-10-02T13:00:00 +0000",
    "endTime": "2019-10-02T13:30:00 +0000",
}


def test_version_1_writes_times_as_medcoms_own_samples_do() -> None:
    """A space before the offset, always in UTC."""
    wanted = CreateMeeting(uuid=uuid4(), subject="x", start_time=AT, end_time=AT.astimezone(COPENHAGEN))
    body = Version1().body(wanted.body())
    assert body["startTime"] == body["endTime"] == "2026-10-25T01:30:00 +0000"
    assert Version1().query_time(AT.astimezone(COPENHAGEN)) == "2026-10-25T01:30:00+0000"


def test_version_1_times_are_read_like_any_other() -> None:
    """One data model for both."""
    assert Meeting.model_validate(MEETING).start_time == datetime(2019, 10, 2, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "length"),
    [
        ({"_embedded": {"meetingDtoList": [MEETING, MEETING]}, "_links": {}}, 2),
        ({"_links": {"self": {"href": "x"}}}, 0),
        (MEETING, 1),
        ([MEETING], 1),
    ],
)
async def test_a_hal_list_is_unpacked_whatever_it_is_called(body: object, length: int) -> None:
    """Empty lists have no name at all, and a short id gives one object."""
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=body))
    client = VdxClient("http://127.0.0.1:8080/videoapi", httpx.Auth(), wire=Version1(), transport=transport)
    assert len(await client.meetings_with_short_id("a" * 12)) == length
    await client.aclose()


async def test_the_plus_of_an_offset_is_escaped_in_a_query() -> None:
    """Unescaped it would be a space, and the time unreadable."""
    seen: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.query)
        return httpx.Response(200, json=[])

    for wire in (Version1(), Version2()):
        client = VdxClient("http://127.0.0.1:8080/x", httpx.Auth(), wire=wire, transport=httpx.MockTransport(handle))
        await client.meetings_between(AT.astimezone(COPENHAGEN), AT)
        await client.aclose()
    assert b"from-start-time=2026-10-25T01%3A30%3A00%2B0000" in seen[0]
    assert b"from-start-time=2026-10-25T02%3A30%3A00%2B01%3A00" in seen[1]


@pytest.mark.parametrize(
    ("status", "number", "kind"),
    [
        (406, 10, Conflict),
        (400, 10, Misconfigured),
        (406, 11, Conflict),
        (400, 11, Unavailable),
        (400, 20, OutcomeUnknown),
        (406, 20, Misconfigured),
    ],
)
def test_the_same_number_means_two_things_in_version_1(status: int, number: int, kind: type[VdxError]) -> None:
    """10, 11, 20 and 30 stand in both lists: only status and number together tell."""
    body = {"status": status, "message": "any text", "errorCode": number, "errorText": "any text"}
    response = httpx.Response(status, json=body, request=httpx.Request("POST", "http://127.0.0.1/meetings"))
    with pytest.raises(VdxError) as caught:
        faults.raise_for(response, Version1())
    assert type(caught.value) is kind


def test_every_code_of_version_1_has_its_twin_with_the_same_status() -> None:
    """A number that leads nowhere would be read as "refused"."""
    for (status, _number), twin in FROM_VERSION_1.items():
        assert (status, twin) in faults.BY_CODE
    assert set(FROM_VERSION_1.values()) == {str(number) for number in range(12, 36)}


def test_a_patch_clears_a_text_with_an_empty_one_and_a_list_with_an_empty_list() -> None:
    """Null means "not sent" in version 2 and "delete" in version 1, so it is never sent."""
    assert PatchMeeting(description="", labels=()).body() == {"description": "", "labels": []}


@pytest.mark.parametrize("zone", [UTC, COPENHAGEN])
@pytest.mark.parametrize("wire", [Version1(), Version2()])
def test_both_hours_of_the_night_when_summer_time_ends_stay_apart(zone: ZoneInfo, wire: Version1 | Version2) -> None:
    """02:30 comes twice on 25 October 2026; a time without offset would be an hour wrong once."""
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    wanted = CreateMeeting(
        uuid=uuid4(), subject="x", start_time=first.astimezone(zone), end_time=second.astimezone(zone)
    )
    sent = json.loads(json.dumps(wire.body(wanted.body())))
    read = Meeting.model_validate({"uuid": str(wanted.uuid), **sent})
    assert (read.start_time, read.end_time) == (first, second)
