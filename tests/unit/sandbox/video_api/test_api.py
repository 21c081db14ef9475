"""The video API over HTTP, as a client meets it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from tests.unit.sandbox.conftest import Api, moment
from vdx_plugin.sandbox.faults import Fault


async def test_a_booking_answers_200_and_hides_the_room(api: Api) -> None:
    """PINs, address and status need a second question."""
    uuid = str(uuid4())
    meeting = await api.book(uuid=uuid, labels=["a"], somethingNew=1)
    assert meeting["uuid"] == uuid
    assert meeting["updatedBy"] == {}
    assert meeting["shortLink"] == meeting["shortlink"]
    assert not {"hostPin", "guestPin", "portalLink", "uriWithDomain", "provisionStatus"} & set(meeting)
    room = await api.room(uuid)
    assert room["uuid"] == uuid
    assert room["provisionStatus"] == "AWAITS_PROVISION"
    assert 1000 <= room["hostPin"] < 9999
    assert room["meetingDetails"]["labels"] == ["a"]
    assert f"pin={room['guestPin']}" in room["portalLink"]
    assert room["portalLink"].startswith(api.sandbox.guest_url + "/?conference=" + room["uriWithDomain"])


async def test_a_room_that_is_due_is_taken_up_and_opened(api: Api) -> None:
    """The whole way of a planned meeting."""
    meeting = await api.book(in_minutes=5)
    room = await api.room_in(meeting["uuid"], "PROVISIONED_OK")
    opened = api.sandbox.rooms.find(room["uriWithDomain"])
    assert opened is not None
    assert (opened.host_pin, opened.guest_pin) == (str(room["hostPin"]), str(room["guestPin"]))


async def test_a_meeting_for_now_gets_a_ready_room_and_cannot_be_deleted(api: Api) -> None:
    """The real way to cancel it is to let it end."""
    meeting = await api.book(in_minutes=0, maxParticipants=3)
    room = await api.room(meeting["uuid"])
    assert room["provisionStatus"] == "PROVISIONED_OK"
    assert room["maxParticipants"] == 10
    refused = await api.call("DELETE", f"/meetings/{meeting['uuid']}")
    assert (refused.status_code, refused.json()["detailed_error_code"]) == (406, "13")
    ended = moment(api.sandbox.clock.now() - timedelta(seconds=1))
    assert (await api.call("PATCH", f"/meetings/{meeting['uuid']}", {"endTime": ended})).status_code == 200
    await api.room_in(meeting["uuid"], "DEPROVISION_OK")
    assert api.sandbox.rooms.find(room["uriWithDomain"]) is None


async def test_own_pins_cost_the_ready_room(api: Api) -> None:
    """A client that wants to start now must not ask for PINs."""
    meeting = await api.book(in_minutes=0, hostPin=1234, guestPin=5678)
    room = await api.room(meeting["uuid"])
    assert (room["hostPin"], room["guestPin"]) == (1234, 5678)
    assert len(api.sandbox.meetings.pool_rooms(api.sandbox.config.organisation)) == 1


async def test_a_waiting_meeting_is_changed_and_deleted(api: Api) -> None:
    """Delete answers 204 and then the meeting never was."""
    meeting = await api.book(description="Om", projectCode="P")
    patched = await api.call("PATCH", f"/meetings/{meeting['uuid']}", {"subject": "Ny", "guestPin": 4321})
    assert (patched.json()["subject"], patched.json()["description"]) == ("Ny", "Om")
    assert patched.json()["updatedBy"]["email"] == api.sandbox.config.email
    room = await api.room(meeting["uuid"])
    assert room["guestPin"] == 4321
    assert "pin=4321" not in room["portalLink"]
    await api.call("PATCH", f"/meetings/{meeting['uuid']}", {})
    assert "pin=4321" in (await api.room(meeting["uuid"]))["portalLink"]
    put = await api.call("PUT", f"/meetings/{meeting['uuid']}", api.booking())
    assert "description" not in put.json()
    assert (await api.call("DELETE", f"/meetings/{meeting['uuid']}")).status_code == 204
    gone = await api.call("GET", f"/meetings/{meeting['uuid']}")
    assert (gone.status_code, gone.json()["detailed_error_code"]) == (404, "11")


async def test_the_same_uuid_twice_is_code_24_and_the_meeting_stands(api: Api) -> None:
    """The misleading answer after which a client must look its uuid up."""
    uuid = str(uuid4())
    await api.book(uuid=uuid)
    answer = await api.call("POST", "/meetings", api.booking(uuid=uuid))
    assert (answer.status_code, answer.json()["detailed_error_code"]) == (400, "24")
    assert (await api.call("GET", f"/meetings/{uuid}")).status_code == 200


async def test_the_body_of_a_refusal_has_the_servers_form(api: Api) -> None:
    """The code is text, and the path is the one asked for."""
    answer = await api.call("POST", "/meetings", {"subject": "S"})
    body = answer.json()
    assert set(body) == {"timestamp", "status", "error", "path", "detailed_error", "detailed_error_code"}
    assert (body["status"], body["error"], body["detailed_error_code"]) == (400, "Bad Request", "10")
    assert body["path"] == "/videoapi/v2/meetings"
    malformed = await api.call("GET", "/meetings/not-a-uuid")
    assert (malformed.status_code, set(malformed.json())) == (400, {"timestamp", "status", "error", "path"})


async def test_external_ids_are_unique_and_labels_are_searchable(api: Api) -> None:
    """A label is the only handle of its own that a client can search for."""
    meeting = await api.book(externalId="e", labels=["mine"])
    again = await api.call("POST", "/meetings", api.booking(externalId="e"))
    assert again.json()["detailed_error_code"] == "21"
    found = await api.call("GET", "/meetings", label="mine")
    assert [one["uuid"] for one in found.json()] == [meeting["uuid"]]
    assert found.headers["content-type"].startswith("application/hal+json")


async def test_times_come_back_in_the_servers_zone(api: Api) -> None:
    """Fractions dropped, offset changed: clients compare instants."""
    times = {"startTime": "2027-01-14T13:00:00.5Z", "endTime": "2027-01-14T13:30:00Z"}
    answer = await api.call("POST", "/meetings", {"subject": "S", **times})
    assert answer.json()["startTime"] == "2027-01-14T14:00:00+01:00"


async def test_the_short_link_leads_to_the_portal(api: Api, web: httpx.AsyncClient) -> None:
    """Anybody may follow it; where the guest must know the PIN, it is left out."""
    meeting = await api.book()
    room = await api.room(meeting["uuid"])
    assert (await web.get(meeting["shortLink"])).headers["location"] == room["portalLink"]
    secretive = await api.book(guestPinRequired=True)
    assert "&pin=&" in (await web.get(secretive["shortLink"])).headers["location"]
    assert (await web.get("/m/000000000000")).status_code == 404


async def test_without_a_token_the_answer_is_empty(web: httpx.AsyncClient, api: Api) -> None:
    """401 has no body to read, only a header."""
    answer = await web.get(api.sandbox.video_api_url + "/info")
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_broken_body_is_told_before_a_missing_right(api_as: Callable[..., Api]) -> None:
    """Binding runs before the role check."""
    api = api_as("meeting-provisioner", email=None)
    assert (await api.call("POST", "/meetings", {"subject": "S"})).status_code == 400
    assert (await api.call("POST", "/meetings", api.booking())).status_code == 403


async def test_a_colleagues_meeting_is_out_of_sight_but_its_pins_are_not(api: Api, api_as: Callable[..., Api]) -> None:
    """The server's own inconsistency, which our client must not rely on."""
    meeting = await api.book()
    colleague = api_as("meeting-user")
    refused = await colleague.call("GET", f"/meetings/{meeting['uuid']}")
    assert (refused.status_code, refused.json()["detailed_error"]) == (403, None)
    assert "hostPin" in await colleague.room(meeting["uuid"])


async def test_a_room_is_reserved_and_used_once(api: Api, api_as: Callable[..., Api]) -> None:
    """The question itself reserves; a second booking on the same reservation is refused."""
    admin = api_as("meeting-admin")
    reserved = (await admin.call("GET", "/scheduling-info-reserve")).json()
    assert (await admin.call("GET", "/scheduling-info-reserve", vmrQuality="sd")).status_code == 404
    same = await admin.call("GET", f"/scheduling-info-reserve/{reserved['reservationId']}")
    assert same.json()["hostPin"] == reserved["hostPin"]
    meeting = await api.book(schedulingInfoReservationId=reserved["reservationId"])
    assert (await api.room(meeting["uuid"]))["uriWithDomain"] == reserved["uriWithDomain"]
    again = await api.call("POST", "/meetings", api.booking(schedulingInfoReservationId=reserved["reservationId"]))
    assert again.json()["detailed_error_code"] == "29"
    assert (await api.call("GET", "/scheduling-info-reserve")).status_code == 403


async def test_a_provisioner_may_set_any_status(api: Api, api_as: Callable[..., Api]) -> None:
    """The API enforces no order; the room opens and closes with the status all the same."""
    meeting = await api.book()
    worker = api_as("meeting-provisioner-user")
    path = f"/scheduling-info/{meeting['uuid']}"
    up = await worker.call("PUT", path, {"provisionStatus": "PROVISIONED_OK", "provisionVmrId": "7"})
    assert (up.json()["provisionStatus"], up.json()["provisionVmrId"]) == ("PROVISIONED_OK", "7")
    assert api.sandbox.rooms.find(up.json()["uriWithDomain"]) is not None
    down = await worker.call("PUT", path, {"provisionStatus": "DEPROVISION_OK"})
    assert down.json()["uriWithoutDomain"] is None
    assert (await api.call("PUT", path, {"provisionStatus": "PROVISIONED_OK"})).status_code == 403


async def test_rooms_are_listed_by_status_and_time(api: Api) -> None:
    """Both times are needed; only the named status is listed."""
    meeting = await api.book()
    now = api.sandbox.clock.now()
    window = {"from-start-time": moment(now), "to-end-time": moment(now + timedelta(hours=3))}
    listed = await api.call("GET", "/scheduling-info", **window)
    assert [room["uuid"] for room in listed.json()] == [meeting["uuid"]]
    other = await api.call("GET", "/scheduling-info", **{**window, "provision-status": "PROVISION_PROBLEMS"})
    assert other.json() == []
    assert (await api.call("GET", "/scheduling-info")).status_code == 400


async def test_a_failed_room_is_found_in_the_list_of_problems(api: Api) -> None:
    """How monitoring finds what went wrong."""
    api.sandbox.faults.add(Fault("provision_fails"))
    meeting = await api.book(in_minutes=5)
    room = await api.room_in(meeting["uuid"], "PROVISION_PROBLEMS")
    assert room["provisionStatusDescription"]
    refused = await api.call("PATCH", f"/meetings/{meeting['uuid']}", {"subject": "Ny"})
    assert refused.json()["detailed_error_code"] == "12"


async def test_meetings_are_found_by_address(api: Api) -> None:
    """An unknown address is 404, which the specification does not say."""
    meeting = await api.book()
    room = await api.room(meeting["uuid"])
    for path, address in (("findByUriWithDomain", "uriWithDomain"), ("findByUriWithoutDomain", "uriWithoutDomain")):
        found = await api.call("GET", f"/meetings/{path}", uri=room[address])
        assert found.json()["uuid"] == meeting["uuid"]
        assert (await api.call("GET", f"/meetings/{path}", uri="nobody")).status_code == 404


async def test_templates_are_kept_by_administrators(api: Api, api_as: Callable[..., Api]) -> None:
    """Two pool templates are one too many; a new default takes the place of the old."""
    admin = api_as("meeting-admin")
    template = {
        "conferencingSysId": 1,
        "uriPrefix": "7",
        "uriDomain": "rooms.sandbox.test",
        "hostPinRequired": True,
        "hostPinRangeLow": 10000,
        "hostPinRangeHigh": 99999,
        "guestPinRequired": False,
        "uriNumberRangeLow": 1,
        "uriNumberRangeHigh": 99,
        "isDefaultTemplate": True,
    }
    assert (await api.call("POST", "/scheduling-templates", template)).status_code == 403
    added = (await admin.call("POST", "/scheduling-templates", template)).json()
    listed = {one["id"]: one["isDefaultTemplate"] for one in (await api.call("GET", "/scheduling-templates")).json()}
    assert [number for number, is_default in listed.items() if is_default] == [added["id"]]
    refused = await admin.call("POST", "/scheduling-templates", {**template, "isPoolTemplate": True})
    assert (refused.status_code, refused.json()["detailed_error_code"]) == (406, "18")
    room = await api.room((await api.book())["uuid"])
    assert room["uriWithoutDomain"].startswith("7")
    assert f"pin={room['hostPin']}" in room["portalLink"]
    assert (await admin.call("DELETE", f"/scheduling-templates/{added['id']}")).status_code == 204
    assert (await admin.call("GET", f"/scheduling-templates/{added['id']}")).status_code == 404


async def test_the_pool_and_the_build_are_told(api: Api) -> None:
    """What monitoring can read."""
    pool = (await api.call("GET", "/pool")).json()
    assert [(one["desiredPoolSize"], one["availablePoolSize"]) for one in pool] == [(1, 1)]
    assert [one["key"] for one in (await api.call("GET", "/info")).json()["info"]] == ["git", "build"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/meetings", 405)])
async def test_what_is_not_there_has_the_plain_body(api: Api, method: str, path: str, status: int) -> None:
    """Every error is JSON with a path, so that clients need only one reader."""
    answer = await api.call(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
