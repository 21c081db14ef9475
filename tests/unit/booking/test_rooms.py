"""Booking against a small VDX in memory. Numbers like "A.6" are those of the list of surprises in the facts."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from vdx_plugin.domain.room import ProvisionStatus, fault_of
from vdx_plugin.errors import Conflict, NotFound, OutcomeUnknown, Refused, SignInNeeded, Unavailable

from .vdx_double import MEETING, NOW, Answer, Broken, Lost, VdxDouble, draft

COLD = ["AWAITS_PROVISION", "STARTING_TO_PROVISION", "PROVISIONED_OK"]


def deaf(_status: ProvisionStatus) -> None:
    """Listens to no status."""


async def test_the_room_is_read_back_because_the_booking_answer_has_none() -> None:
    """A.1: POST answers 200 without PIN, address or status."""
    vdx = VdxDouble()
    room = await vdx.rooms().book(draft(), deaf)
    assert vdx.order() == ["POST meeting", "GET room"]
    assert room.alias == "122081@rooms.vdx.test"
    assert room.host_pin is not None
    assert room.host_pin.reveal() == "482913"
    assert fault_of(room) is None


async def test_a_pool_room_is_used_at_the_first_look() -> None:
    """A.2: NORMAL that starts now takes a ready room; waiting for a poll would cost seconds for nothing."""
    vdx = VdxDouble()
    heard: list[ProvisionStatus] = []
    room = await vdx.rooms(poll_s=3600).book(draft(), heard.append)
    assert room.is_ready
    assert heard == [ProvisionStatus.PROVISIONED_OK]
    assert json.loads(vdx.named("POST meeting")[0].content)["meetingType"] == "NORMAL"


async def test_a_start_of_now_names_no_pins_and_nothing_that_is_null() -> None:
    """A.4 and A.7: a PIN rules out the pool, and an explicit null makes the server answer 500."""
    vdx = VdxDouble()
    await vdx.rooms().book(draft(), deaf)
    body = json.loads(vdx.named("POST meeting")[0].content)
    assert set(body) == {"uuid", "subject", "startTime", "endTime", "meetingType", "labels"}
    assert None not in body.values()


async def test_own_pins_are_two_different_ones_of_six_digits() -> None:
    """A.8: VDX takes two equal PINs, and then every guest is host."""
    vdx = VdxDouble(host_pin=None, guest_pin=None)
    await vdx.rooms().book(draft(own_pins=True), deaf)
    body = json.loads(vdx.named("POST meeting")[0].content)
    assert body["hostPin"] != body["guestPin"]
    assert all(100_000 <= body[name] <= 999_999 for name in ("hostPin", "guestPin"))


async def test_a_cold_room_is_waited_for_and_each_step_is_told() -> None:
    """The doctor sees where the room is; a step seen twice is told once."""
    vdx = VdxDouble(steps=["AWAITS_PROVISION", "AWAITS_PROVISION", "STARTING_TO_PROVISION", "PROVISIONED_OK"])
    heard: list[str] = []
    room = await vdx.rooms().book(draft(), heard.append)
    assert room.is_ready
    assert heard == COLD


async def test_a_room_for_later_is_not_waited_for() -> None:
    """VDX makes it a quarter of an hour before the start, so waiting would end in a false alarm."""
    vdx = VdxDouble(steps=["AWAITS_PROVISION"])
    room = await vdx.rooms().book(draft(start=NOW + timedelta(hours=2), end=NOW + timedelta(hours=3)), deaf)
    assert not room.is_ready
    assert vdx.order() == ["POST meeting", "GET room"]


async def test_a_room_that_starts_in_five_minutes_is_waited_for() -> None:
    """Its time of making has passed, so it can be dialled soon."""
    vdx = VdxDouble(steps=list(COLD))
    room = await vdx.rooms().book(draft(start=NOW + timedelta(minutes=5)), deaf)
    assert room.is_ready


@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.RemoteProtocolError])
async def test_a_lost_answer_is_asked_after_and_nothing_is_booked_twice(error: type[httpx.TransportError]) -> None:
    """The server may have booked before the line broke."""
    vdx = VdxDouble()
    vdx.trouble["POST meeting"] = [Lost(error)]
    room = await vdx.rooms().book(draft(), deaf)
    assert room.is_ready
    assert vdx.order() == ["POST meeting", "GET meeting", "GET room"]


async def test_a_request_that_never_arrived_is_sent_again_under_the_same_id() -> None:
    """The id is what makes the repeat harmless."""
    vdx = VdxDouble()
    vdx.trouble["POST meeting"] = [Broken(httpx.ConnectTimeout)]
    await vdx.rooms().book(draft(), deaf)
    assert vdx.order() == ["POST meeting", "GET meeting", "POST meeting", "GET room"]
    assert {json.loads(call.content)["uuid"] for call in vdx.named("POST meeting")} == {str(MEETING)}


async def test_a_second_booking_of_the_same_id_takes_up_the_first() -> None:
    """A.6: a duplicate id is reported as a short id that could not be made (400, 24)."""
    vdx = VdxDouble(steps=list(COLD))
    await vdx.rooms().book(draft(), deaf)
    room = await vdx.rooms().book(draft(), deaf)
    assert room.is_ready
    assert len(vdx.meetings) == 1


async def test_times_are_the_same_booking_in_another_zone_and_without_fractions() -> None:
    """E.33: 09:00:00.5Z comes back as 10:00:00+01:00."""
    vdx = VdxDouble()
    vdx.trouble["POST meeting"] = [Lost()]
    start = datetime(2026, 7, 1, 13, 0, 0, 500_000, tzinfo=UTC)
    await vdx.rooms().book(draft(start=start, end=start + timedelta(minutes=30)), deaf)
    assert len(vdx.named("POST meeting")) == 1


async def test_another_meeting_under_our_id_is_a_conflict() -> None:
    """Taking it up would put the patient into somebody else's room."""
    vdx = VdxDouble()
    await vdx.rooms().book(draft(), deaf)
    with pytest.raises(Conflict) as caught:
        await vdx.rooms().book(draft(start=NOW + timedelta(hours=1)), deaf)
    assert caught.value.code == "vdx.taken"


async def test_a_foreign_id_is_refused() -> None:
    """403 on our own id: it belongs to another organisation or organizer."""
    vdx = VdxDouble()
    await vdx.rooms().book(draft(), deaf)
    vdx.foreign = True
    with pytest.raises(Refused) as caught:
        await vdx.rooms().book(draft(), deaf)
    assert caught.value.code == "vdx.taken"


async def test_a_server_error_is_tried_three_times_and_then_told_with_nothing_booked() -> None:
    """A.37: with the organisation service down, booking at short notice answers 500; the id is unknown each time."""
    vdx = VdxDouble()
    vdx.trouble["POST meeting"] = [Answer(500, "11")] * 5
    with pytest.raises(Unavailable) as caught:
        await vdx.rooms().book(draft(), deaf)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.code == "vdx.server_error"
    assert len(vdx.named("POST meeting")) == 3


async def test_a_server_error_that_passes_costs_one_repeat() -> None:
    """The same surprise, when it is short."""
    vdx = VdxDouble()
    vdx.trouble["POST meeting"] = [Answer(503)]
    assert (await vdx.rooms().book(draft(), deaf)).is_ready


async def test_silence_to_the_end_is_an_unknown_outcome() -> None:
    """Nobody may say that nothing is booked when a request went out and no question was answered."""
    vdx = VdxDouble()
    vdx.trouble["POST meeting"] = [Lost()] + [Broken()] * 2
    vdx.trouble["GET meeting"] = [Broken()] * 3
    with pytest.raises(OutcomeUnknown):
        await vdx.rooms().book(draft(), deaf)


async def test_no_line_at_all_is_plainly_unreachable() -> None:
    """Nothing left the machine, so nothing is booked and the doctor may be told so."""
    vdx = VdxDouble()
    vdx.trouble["POST meeting"] = [Broken()] * 3
    vdx.trouble["GET meeting"] = [Broken()] * 3
    with pytest.raises(Unavailable) as caught:
        await vdx.rooms().book(draft(), deaf)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.code == "vdx.unreachable"


async def test_missing_rights_are_refused_at_once() -> None:
    """A 403 does not pass by waiting."""
    vdx = VdxDouble()
    vdx.trouble["POST meeting"] = [Answer(403)]
    with pytest.raises(Refused) as caught:
        await vdx.rooms().book(draft(), deaf)
    assert caught.value.code == "vdx.role"
    assert vdx.order() == ["POST meeting"]


async def test_a_token_without_role_is_not_renewed_for_ever() -> None:
    """D.30: VDX answers 401 to it, so renewing on 401 would never end."""
    vdx = VdxDouble(roles=(), takes_no_token=True)
    with pytest.raises(SignInNeeded) as caught:
        await vdx.rooms().book(draft(), deaf)
    assert caught.value.code == "vdx.role"
    assert len(vdx.token_calls) == 2
    assert vdx.order() == ["POST meeting"] * 2


@pytest.mark.parametrize(
    ("host", "guest", "code"),
    [
        (None, 771204, "room.no_host_pin"),
        (482913, None, "room.no_guest_pin"),
        (482913, 482913, "room.same_pins"),
        (482913, 77, "room.short_pin"),
    ],
)
async def test_an_unsafe_pool_room_is_refused(host: int | None, guest: int | None, code: str) -> None:
    """A.8: VDX draws the PINs independently and checks nothing; a room that is made takes no new ones."""
    vdx = VdxDouble(host_pin=host, guest_pin=guest)
    with pytest.raises(Refused) as caught:
        await vdx.rooms().book(draft(), deaf)
    assert caught.value.code == code
    assert "PATCH meeting" not in vdx.order()


@pytest.mark.parametrize(("host", "guest"), [(None, None), (482913, None), (482913, 482913)])
async def test_an_unsafe_room_that_is_not_made_yet_gets_our_pins(host: int | None, guest: int | None) -> None:
    """PINs can be set until VDX starts to make the room."""
    vdx = VdxDouble(steps=["AWAITS_PROVISION", "AWAITS_PROVISION", "PROVISIONED_OK"], host_pin=host, guest_pin=guest)
    room = await vdx.rooms().book(draft(), deaf)
    assert fault_of(room) is None
    sent = json.loads(vdx.named("PATCH meeting")[0].content)
    assert room.host_pin is not None
    assert room.host_pin.reveal() == str(sent["hostPin"])


async def test_pins_that_come_too_late_are_noticed() -> None:
    """B.14: VDX answers 200 and drops them; only reading back tells."""
    vdx = VdxDouble(steps=["AWAITS_PROVISION"], guest_pin=None, ignores_pin_patch=True)
    with pytest.raises(Refused) as caught:
        await vdx.rooms().book(draft(), deaf)
    assert caught.value.code == "room.no_guest_pin"


async def test_a_room_made_during_the_repair_is_refused() -> None:
    """406/12: too late for new PINs, and the old ones are unsafe."""
    vdx = VdxDouble(steps=list(COLD), guest_pin=None)
    with pytest.raises(Refused) as caught:
        await vdx.rooms().book(draft(), deaf)
    assert caught.value.code == "room.no_guest_pin"


async def test_a_portal_link_with_the_host_pin_is_dropped() -> None:
    """A.10: with no guest PIN, or after a repair (B.13), VDX's own guest link may carry the wrong PIN."""
    vdx = VdxDouble(portal_pin=482913)
    room = await vdx.rooms().book(draft(), deaf)
    assert room.portal_link is None


async def test_a_portal_link_with_the_guest_pin_is_kept() -> None:
    """The counterpart: the rule must not drop every link."""
    room = await VdxDouble().rooms().book(draft(), deaf)
    assert room.portal_link is not None


async def test_a_room_that_does_not_come_is_slow() -> None:
    """Two minutes is what VDX's own monitor waits."""
    vdx = VdxDouble(steps=["STARTING_TO_PROVISION"])
    with pytest.raises(Unavailable) as caught:
        await vdx.rooms(poll_s=0.01, ready_limit_s=0.1).book(draft(), deaf)
    assert caught.value.code == "room.slow"


async def test_a_room_that_vdx_cannot_make_has_failed() -> None:
    """Waiting on would be waiting for ever."""
    vdx = VdxDouble(steps=["AWAITS_PROVISION", "PROVISION_PROBLEMS"])
    with pytest.raises(Unavailable) as caught:
        await vdx.rooms().book(draft(), deaf)
    assert caught.value.code == "room.failed"


async def test_a_room_already_given_back_cannot_be_taken_up() -> None:
    """Taken up after a crash, the booking may be over."""
    vdx = VdxDouble(steps=["DEPROVISION_OK"])
    with pytest.raises(NotFound) as caught:
        await vdx.rooms().book(draft(), deaf)
    assert caught.value.code == "room.gone"


async def test_a_short_break_of_the_line_while_waiting_is_borne() -> None:
    """One lost look is no reason to fail the start."""
    vdx = VdxDouble(steps=list(COLD))
    vdx.trouble["GET room"] = [Broken(), Lost()]
    assert (await vdx.rooms().book(draft(), deaf)).is_ready


async def test_a_cancelled_booking_stops_waiting_and_stays() -> None:
    """The port promises that cancelling leaves the booking as it is."""
    vdx = VdxDouble(steps=["STARTING_TO_PROVISION"])
    seen = asyncio.Event()
    rooms = vdx.rooms(poll_s=3600)
    task = asyncio.create_task(rooms.book(draft(), lambda _status: seen.set()))
    await seen.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert str(MEETING) in vdx.meetings


async def test_lookup_tells_a_room_from_none() -> None:
    """The desk asks this after a crash."""
    vdx = VdxDouble()
    assert await vdx.rooms().lookup(MEETING) is None
    await vdx.rooms().book(draft(), deaf)
    room = await vdx.rooms().lookup(MEETING)
    assert room is not None
    assert room.is_ready


async def test_a_booking_without_a_room_is_deleted() -> None:
    """Deleting is the clean way while it is open."""
    vdx = VdxDouble(steps=["AWAITS_PROVISION"])
    rooms = vdx.rooms()
    await rooms.book(draft(start=NOW + timedelta(hours=2)), deaf)
    await rooms.close(MEETING, NOW)
    assert vdx.meetings == {}


async def test_a_room_that_is_made_is_ended_because_it_cannot_be_deleted() -> None:
    """B.18: a client that only deletes leaves every room standing."""
    vdx = VdxDouble()
    rooms = vdx.rooms()
    await rooms.book(draft(), deaf)
    await rooms.close(MEETING, NOW)
    assert json.loads(vdx.named("PATCH meeting")[0].content) == {"endTime": "2026-03-02T09:00:00Z"}
    assert "DELETE meeting" not in vdx.order()


async def test_a_room_made_just_before_the_delete_is_ended() -> None:
    """406/13: the state changed between our look and our wish."""
    vdx = VdxDouble(steps=["AWAITS_PROVISION", "AWAITS_PROVISION", "PROVISIONED_OK"])
    rooms = vdx.rooms()
    await rooms.book(draft(start=NOW + timedelta(hours=2)), deaf)
    await rooms.close(MEETING, NOW)
    assert [name for name in vdx.order() if name.endswith("meeting")][1:3] == ["DELETE meeting", "PATCH meeting"]


async def test_a_room_under_way_is_waited_for_before_it_is_ended() -> None:
    """VDX takes no change while it makes the room."""
    vdx = VdxDouble()
    rooms = vdx.rooms()
    await rooms.book(draft(), deaf)
    vdx.steps = ["STARTING_TO_PROVISION", "STARTING_TO_PROVISION", "PROVISIONED_OK"]
    await rooms.close(MEETING, NOW)
    assert len(vdx.named("PATCH meeting")) == 1


@pytest.mark.parametrize("status", ["STARTING_TO_DEPROVISION", "DEPROVISION_OK", "PROVISION_PROBLEMS"])
async def test_a_room_on_its_way_out_is_left_alone(status: str) -> None:
    """Closing twice is harmless."""
    vdx = VdxDouble()
    rooms = vdx.rooms()
    await rooms.book(draft(), deaf)
    vdx.steps = [status]
    await rooms.close(MEETING, NOW)
    assert vdx.order()[-1] == "GET room"


async def test_closing_what_does_not_exist_is_fine() -> None:
    """After a crash before the booking there is nothing to give back."""
    await VdxDouble().rooms().close(MEETING, NOW)


async def test_a_room_that_will_not_close_is_told() -> None:
    """Silently leaving a room open would let guests meet in it."""
    vdx = VdxDouble()
    rooms = vdx.rooms(poll_s=0.01, ready_limit_s=0.1)
    await rooms.book(draft(), deaf)
    vdx.steps = ["STARTING_TO_PROVISION"]
    with pytest.raises(Unavailable) as caught:
        await rooms.close(MEETING, NOW)
    assert caught.value.code == "vdx.state"


async def test_the_check_tells_roles_build_and_clock() -> None:
    """What support asks first."""
    health = await VdxDouble().rooms().check()
    assert health.reachable
    assert health.roles == ("meeting-planner",)
    assert health.build == "{branch=x}"
    assert health.clock_ahead_s == 20.5


async def test_the_check_of_a_dead_line_names_the_problem() -> None:
    """It must not raise: it is asked because something is wrong."""
    vdx = VdxDouble()
    vdx.trouble["info"] = [Broken()]
    health = await vdx.rooms().check()
    assert (health.reachable, health.problem) == (False, "vdx.unreachable")


async def test_an_answer_that_breaks_the_description_names_the_place_only() -> None:
    """The content may hold a PIN."""
    vdx = VdxDouble(steps=["SOMETHING_NEW"])
    with pytest.raises(Exception, match=r"vdx\.unreadable.*provisionStatus") as caught:
        await vdx.rooms().book(draft(), deaf)
    assert "482913" not in f"{caught.value!r} {caught.value.__cause__!s}"


async def test_the_log_holds_no_pin_token_or_address(caplog: pytest.LogCaptureFixture) -> None:
    """First line of defence, before the mask."""
    vdx = VdxDouble(steps=["AWAITS_PROVISION", *COLD], guest_pin=None)
    with caplog.at_level(logging.DEBUG, logger="vdx_plugin"):
        room = await vdx.rooms().book(draft(), deaf)
        await vdx.rooms().close(MEETING, NOW)
    assert room.host_pin is not None
    assert room.guest_pin is not None
    for secret in (room.host_pin.reveal(), room.guest_pin.reveal(), "https://", "122081", *vdx.good_tokens):
        assert secret not in caplog.text
    assert "create meeting: 200" in caplog.text
