"""The client API over HTTP: paths, headers, prompts, shapes and the event stream."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from roomhouse import ALIAS, GUEST_PIN, HOST_PIN, House, Someone, room_path

from vdx_plugin.sandbox.rooms import VirtualRoom


async def test_the_way_in_is_a_conversation_of_403s(house: House) -> None:
    """Name, then PIN, then the token; each step in the words of a real node."""
    nameless = await house.http.post(room_path("request_token"), json={})
    assert (nameless.status_code, nameless.json()["result"]) == (403, {"display_name": "required"})
    asked = await house.ask()
    result = asked.json()["result"]
    assert (asked.status_code, result["pin"], result["guest_pin"]) == (403, "required", "required")
    wrong = await house.ask(pin="0000")
    assert (wrong.status_code, wrong.json()["result"]) == (403, "Invalid PIN")
    unknown = await house.ask(alias="999999")
    assert (unknown.status_code, unknown.json()["result"]) == (404, "Neither conference nor gateway found")
    result = (await house.ask(pin=HOST_PIN)).json()["result"]
    assert (result["role"], result["expires"], result["current_service_type"]) == ("HOST", "120", "conference")
    assert (result["call_tag"], result["direct_media"]) == ("tag-Nogen", False)


async def test_the_number_alone_is_the_same_room(house: House) -> None:
    """Links carry either form; both must lead to the same people."""
    await house.join("Læge", HOST_PIN)
    guest = Someone(house.http, (await house.ask("Gæst", GUEST_PIN, alias="710001")).json()["result"])
    assert len(await guest.get("participants")) == 2


async def test_three_wrong_pins_lock_that_caller_out(house: House) -> None:
    """Guessing stops; somebody else on the same machine is not shut out with them."""
    for _ in range(3):
        await house.ask("Gætter", "0000")
    locked = await house.ask("Gætter", HOST_PIN)
    assert (locked.status_code, locked.json()["result"]) == (403, "Participant exceeded PIN entry retries")
    await house.join("Læge", HOST_PIN)
    house.clock.now += 61
    await house.join("Gætter", GUEST_PIN)


async def test_a_guest_waits_for_the_host_and_is_told_when_in(house: House) -> None:
    """The token comes at once; the change of service type comes over the stream."""
    guest = await house.join("Gæst", GUEST_PIN)
    assert guest.reply["current_service_type"] == "waiting_room"
    async with guest.events() as events:
        mine = await events.until("participant_create")
        assert mine["service_type"] == "waiting_room"
        await house.join("Læge", HOST_PIN)
        assert (await events.until("participant_update"))["service_type"] == "conference"
        assert (await events.until("participant_create"))["display_name"] == "Læge"


async def test_a_host_locks_sees_who_waits_and_lets_them_in(house: House) -> None:
    """The consultation's door, over the wire."""
    host = await house.join("Læge", HOST_PIN)
    async with host.events() as events:
        assert (await events.next())[0] == "participant_sync_begin"
        await events.until("participant_sync_end")
        await events.until("conference_update")
        assert (await host.post("lock")).json() == {"status": "success", "result": True}
        assert (await events.until("conference_update"))["locked"] is True
        guest = await house.join("Gæst", GUEST_PIN)
        waiting = await events.until("participant_create")
        assert (waiting["service_type"], waiting["call_tag"]) == ("waiting_room", "tag-Gæst")
        await host.post(f"participants/{guest.uuid}/unlock")
        assert (await events.until("participant_update"))["service_type"] == "conference"
        assert (await host.get("conference_status"))["locked"] is True


async def test_guests_are_refused_what_takes_a_host(house: House) -> None:
    """403 Invalid role, and nothing has happened."""
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    for path in ("lock", "muteguests", "disconnect", f"participants/{host.uuid}/disconnect"):
        refused = await guest.post(path)
        assert (refused.status_code, refused.json()["result"]) == (403, "Invalid role")
    assert (await host.get("conference_status"))["locked"] is False
    assert len(await host.get("participants")) == 2


@pytest.mark.parametrize(
    ("command", "body", "field", "value"),
    [
        ("mute", None, "is_muted", "YES"),
        ("client_mute", None, "is_client_muted", True),
        ("video_muted", None, "is_video_muted", True),
        ("role", {"role": "chair"}, "role", "chair"),
        ("overlaytext", {"text": "Sygehus"}, "overlay_text", "Sygehus"),
        ("buzz", None, "buzz_time", 1_800_000_000.0),
        ("spotlighton", None, "spotlight", 1_800_000_000.0),
    ],
)
async def test_a_host_changes_a_row(house: House, command: str, body: Any, field: str, value: Any) -> None:
    """Every per-participant command shows in the roster of the others."""
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    async with host.events() as events:
        await events.until("participant_sync_end")
        assert (await host.post(f"participants/{guest.uuid}/{command}", body)).status_code == 200
        assert (await events.until("participant_update"))[field] == value


async def test_chat_goes_to_the_others(house: House) -> None:
    """Not back to the sender, who has shown it already."""
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    async with guest.events() as events:
        await events.until("conference_update")
        await host.post("message", {"type": "text/plain", "payload": "Goddag"})
        message = await events.until("message_received")
        assert message == {
            "origin": "Læge",
            "uuid": host.uuid,
            "type": "text/plain",
            "payload": "Goddag",
            "direct": False,
        }


async def test_a_refresh_replaces_the_token_and_leaves_the_stream_open(house: House) -> None:
    """The old token is worthless at once; refreshing must not cut the events."""
    host = await house.join("Læge", HOST_PIN)
    async with host.events() as events:
        await events.until("conference_update")
        fresh = (await host.post("refresh_token")).json()["result"]
        assert (fresh["expires"], fresh["role"]) == ("120", "HOST")
        stale = await host.post("lock")
        assert (stale.status_code, stale.json()["result"]) == (403, "Invalid token")
        host.token = fresh["token"]
        await host.post("lock")
        assert (await events.until("conference_update"))["locked"] is True


async def test_who_does_not_refresh_is_dropped(house: House) -> None:
    """A dead phone leaves the roster after the token's life."""
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    house.clock.now += 100
    host.token = (await host.post("refresh_token")).json()["result"]["token"]
    async with host.events() as events:
        await events.until("conference_update")
        house.clock.now += 30
        await house.server.housekeep()
        assert await events.until("participant_delete") == {"uuid": guest.uuid}


async def test_being_put_out_is_told_with_its_reason_and_ends_the_stream(house: House) -> None:
    """Clients choose their words by the reason."""
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    async with guest.events() as events:
        await host.post(f"participants/{guest.uuid}/disconnect")
        assert await events.until("disconnect") == {"reason": "Disconnected by another participant"}
        while (last := await events.next())[0] != "end":
            assert last[0].startswith(":")
    assert (await guest.post("refresh_token")).status_code == 403


async def test_closing_the_room_in_the_directory_ends_the_meeting(house: House) -> None:
    """Deprovisioning the booking puts everybody out, and the alias is unknown afterwards."""
    host = await house.join("Læge", HOST_PIN)
    async with host.events() as events:
        house.directory.close(ALIAS)
        assert (await events.until("disconnect"))["reason"] == "Conference terminated by another participant"
    assert (await house.ask(pin=HOST_PIN)).status_code == 404


async def test_an_idle_stream_is_kept_alive(house: House) -> None:
    """Proxies cut streams that say nothing."""
    host = await house.join("Læge", HOST_PIN)
    async with host.events() as events:
        await events.until("layout")
        assert (await events.next())[0] == ": keep-alive"


async def test_a_token_is_good_for_its_own_room_only(house: House) -> None:
    """A patient's link to one consultation opens no other."""
    house.directory.open(VirtualRoom("720002@rooms.sandbox.test", HOST_PIN, GUEST_PIN))
    host = await house.join("Læge", HOST_PIN)
    elsewhere = room_path("participants", "720002@rooms.sandbox.test")
    answer = await house.http.get(elsewhere, headers={"token": host.token})
    assert (answer.status_code, answer.json()["result"]) == (403, "Invalid token")


async def test_a_full_room_refuses(house: House) -> None:
    """VDX's maxParticipants holds at the door."""
    house.directory.open(VirtualRoom("730003", None, None, max_participants=1))
    assert (await house.ask("En", alias="730003")).status_code == 200
    full = await house.ask("To", alias="730003")
    assert (full.status_code, full.json()["result"]) == (403, "Participant limit reached")


async def test_a_token_is_given_back_by_beacon(house: House) -> None:
    """A closing browser can only send text with the token in the address."""
    guest, host = await house.join("Gæst", GUEST_PIN), await house.join("Læge", HOST_PIN)
    await house.http.post(room_path(f"release_token?token={guest.token}"), content="")
    assert [row["uuid"] for row in await host.get("participants")] == [host.uuid]


@pytest.mark.parametrize(
    ("content", "status"), [(b"{", 400), (b"[1]", 400), (b'{"display_name": 5}', 400), (b"\xff\xfe", 400)]
)
async def test_bodies_that_are_not_what_they_should_be_are_refused(house: House, content: bytes, status: int) -> None:
    """A node answers with a plain string, never with a stack trace."""
    answer = await house.http.post(room_path("request_token"), content=content)
    assert (answer.status_code, answer.json()["result"]) == (status, "Illegal value")


async def test_calls_that_make_no_sense_are_refused_in_words(house: House) -> None:
    """An offer that is none, a call that is not there, somebody else's call."""
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    bad = await host.post(f"participants/{host.uuid}/calls", {"call_type": "WEBRTC", "sdp": "v=0"})
    assert (bad.status_code, bad.json()["result"]) == (400, "Invalid SDP")
    gone = await host.post(f"participants/{host.uuid}/calls/nothing/ack")
    assert (gone.status_code, gone.json()["result"]) == (404, "Call not found")
    others = await guest.post(f"participants/{host.uuid}/calls", {"sdp": "v=0"})
    assert (others.status_code, others.json()["result"]) == (403, "Invalid role")


async def test_the_guest_page_is_served_with_headers_that_keep_it_alone(house: House) -> None:
    """No foreign script, no referrer with a PIN in it."""
    page = await house.http.get("/guest/?conference=1&pin=2")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    for name in ("guest.js", "line.js", "room.js", "media.js", "texts.js", "guest.css", "icon.svg"):
        assert (await house.http.get(f"/guest/{name}")).status_code == 200


async def test_nothing_secret_is_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """PINs, tokens, names and rooms stay out of the log."""
    caplog.set_level(logging.DEBUG, "vdx_plugin")
    guest = await house.join("Karen Testperson", GUEST_PIN)
    await guest.post("release_token")
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert text
    for secret in (GUEST_PIN, guest.token, "Karen", "710001"):
        assert secret not in text


async def test_the_node_says_it_is_well(house: House) -> None:
    """Clients ask this before anything else."""
    answer = await house.http.get("/api/client/v2/status")
    assert (answer.status_code, answer.text) == (200, "OK")
