"""What the panel lets go wrong in a room, seen from its API; with a client at the other end see tests/contract."""

from __future__ import annotations

import random

import pytest
from roomhouse import HOST_PIN, House, room_path


async def test_event_streams_are_cut_and_can_be_opened_again(house: House) -> None:
    """The participants stay; a new stream begins with the whole roster."""
    host = await house.join("Læge", HOST_PIN)
    async with host.events() as events:
        await events.until("layout")
        house.let_fail("events_cut")
        while (await events.next())[0] != "end":
            pass
    async with host.events() as events:
        assert (await events.until("participant_create"))["uuid"] == host.uuid


async def test_everybody_is_sent_to_enter_anew(house: House) -> None:
    """With a pass for the same room."""
    host = await house.join("Læge", HOST_PIN)
    async with host.events() as events:
        await events.until("layout")
        house.let_fail("refer")
        refer = await events.until("refer")
    assert (await house.ask("Læge", token=refer["token"])).json()["result"]["role"] == "HOST"


async def test_a_token_dies_with_whoever_held_it(house: House) -> None:
    """As when it had run out: invalid, and out of the room."""
    host = await house.join("Læge", HOST_PIN)
    house.let_fail("room_token_dies")
    for _ in range(2):
        refused = await host.post("refresh_token")
        assert (refused.status_code, refused.json()["result"]) == (403, "Invalid token")
    assert house.server.meetings == ()


async def test_a_node_under_maintenance_lets_nobody_in(house: House) -> None:
    """Its status says so as well, for clients that ask first."""
    house.let_fail("node_maintenance")
    assert (await house.http.get("/api/client/v2/status")).status_code == 503
    refused = await house.ask("Læge", HOST_PIN)
    assert (refused.status_code, refused.json()["result"]) == (503, "System in maintenance mode")
    assert (await house.http.get("/api/client/v2/status")).status_code == 200
    assert (await house.ask("Læge", HOST_PIN)).status_code == 200


@pytest.mark.parametrize("seed", range(3))
async def test_no_request_makes_the_server_fall_over(house: House, seed: int) -> None:
    """Bodies, paths and headers as a hostile client writes them: refused in words, never with error 500."""
    chance = random.Random(seed)
    host = await house.join("Læge", HOST_PIN)
    bodies = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1e999",
        b'{"a":NaN}',
        b"[" * 5000,
        b"\xff",
        b'{"sdp":' + b'"v=0' * 40 + b'"}',
    ]
    bodies += [b'{"sdp":{"a":1}}', b'{"transforms":{"layout":["x"]}}', b'{"payload":"\\ud800"}']
    paths = ["dial", "transform_layout", "message", "video_mixes/x/y", "set_guests_can_present", "nothing", "lock"]
    paths += [f"participants/{host.uuid}/{name}" for name in ("calls", "role", "transfer", "calls/x/ack", "dtmf")]
    paths += ["participants/%00/mute", "participants/" + "x" * 2000 + "/mute", "theme/../x", "refresh_token"]
    for _ in range(150):
        path, body = chance.choice(paths), chance.choice(bodies)
        headers = {"token": chance.choice([host.token, host.token, "nonsense", ""])}
        answer = await house.http.request(
            chance.choice(["POST", "POST", "GET", "PUT"]), room_path(path), content=body, headers=headers
        )
        assert answer.status_code < 500, (path, body)
        if path == "refresh_token" and answer.status_code == 200:
            host.token = answer.json()["result"]["token"]
