"""The rest of the client API: every command a client of ours or of the vendor's has, and what the others see of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from roomhouse import GUEST_PIN, HOST_PIN, House, Someone, room_path, running

from vdx_plugin.sandbox.pexip import RoomServerConfig
from vdx_plugin.sandbox.pexip.config import TurnServer
from vdx_plugin.sandbox.pexip.telephones import Fate, fate
from vdx_plugin.sandbox.rooms import VirtualRoom

OTHER = "720002@rooms.sandbox.test"
CALLS = {"dial": {"destination": "+4588888881", "role": "GUEST", "protocol": "sip", "call_type": "audio"}}


@pytest.mark.parametrize(
    ("command", "body", "field", "value"),
    [
        ("set_guests_can_present", {"setting": False}, "guests_can_present", False),
        ("set_guests_can_unmute", {"setting": True}, "guests_can_unmute", True),
        ("muteguests", {}, "guests_muted", True),
        ("lock", {}, "locked", True),
    ],
)
async def test_a_host_changes_the_room(house: House, command: str, body: Any, field: str, value: Any) -> None:
    """Everybody is told, guests as well."""
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    async with guest.events() as events:
        await events.until("conference_update")
        assert (await host.post(command, body)).json()["result"] is True
        assert (await events.until("conference_update"))[field] == value


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("transform_layout", {"transforms": {"layout": "1:0", "enable_overlay_text": False}}),
        ("clearallbuzz", {}),
        ("silent_video_detection", {"config": {"enable": True}}),
        ("video_mixes/create", {"mix_name": "main.!personal"}),
        ("video_mixes/main.!personal/configure", {"transform_layout": {"layout": "4:0"}}),
        ("video_mixes/main.!personal/delete", {}),
        ("participants/{me}/preferred_aspect_ratio", {"aspect_ratio": 1.5}),
        ("participants/{me}/notify_not_afk", {}),
        ("participants/{me}/denyrxpresentation", {}),
        ("participants/{me}/pres_in_mix", {"state": True}),
        ("participants/{me}/dtmf", {"digits": "1#"}),
    ],
)
async def test_every_other_command_is_taken(house: House, path: str, body: Any) -> None:
    """The vendor's client gives up a call over an answer it does not expect."""
    host = await house.join("Læge", HOST_PIN)
    answer = await host.post(path.format(me=host.uuid), body)
    assert answer.json() == {"status": "success", "result": True}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("transform_layout", {"transforms": {"layout": "7:7"}}),
        ("transform_layout", {"transforms": []}),
        ("set_guests_can_present", {"setting": "yes"}),
        ("message", {"type": "text/html", "payload": "x"}),
        ("dial", {"destination": ""}),
        ("dial", {"destination": "1", "protocol": "pigeon"}),
        ("participants/{me}/role", {"role": "admin"}),
        ("participants/{me}/transfer", {"role": "king", "conference_alias": OTHER}),
        ("participants/{me}/calls", {"sdp": "v=0", "present": "send"}),
        ("participants/{me}/calls", {"sdp": "v=0", "call_type": "RTMP"}),
    ],
)
async def test_what_makes_no_sense_is_refused(house: House, path: str, body: Any) -> None:
    """With 400 and a plain string."""
    host = await house.join("Læge", HOST_PIN)
    answer = await host.post(path.format(me=host.uuid), body)
    assert (answer.status_code, answer.json()["result"]) == (400, "Illegal value")


@pytest.mark.parametrize("command", ["take_floor", "release_floor", "show_live_captions"])
async def test_some_commands_are_answered_with_nothing(house: House, command: str) -> None:
    """True would be a failure to the vendor's client, and slides would never begin."""
    host = await house.join("Læge", HOST_PIN)
    answer = await host.post(f"participants/{host.uuid}/{command}")
    assert answer.json() == {"status": "success", "result": None}


async def test_layouts_are_listed_drawn_and_told(house: House) -> None:
    """What a client needs to let a host choose one."""
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    names = await host.get("available_layouts")
    assert "1:7" in names
    assert {row["name"] for row in await host.get("available_layouts?annotate=true")} == set(names)
    drawings = await host.get("layout_svgs")
    assert drawings["9:0"].count("<rect") == 9
    async with guest.events() as events:
        assert (await events.until("layout"))["participants"] == [host.uuid]
        await host.post("transform_layout", {"transforms": {"guest_layout": "4:0"}})
        assert (await events.until("layout"))["view"] == "4:0"


async def test_a_room_without_pictures_says_so(house: House) -> None:
    """No theme, no face, no slides: each in the form a client expects."""
    host = await house.join("Læge", HOST_PIN)
    codes = {}
    for path in ("theme/", f"participants/{host.uuid}/avatar.jpg", "presentation.jpeg", "presentation_high.jpeg?id=1"):
        codes[path] = (await house.http.get(room_path(path), headers={"token": host.token})).status_code
    assert list(codes.values()) == [204, 404, 404, 404]


async def test_slides_are_told_and_stolen(house: House) -> None:
    """From take_floor to the one who shows last; the first is told whose turn it is."""
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    async with host.events() as events:
        await events.until("conference_update")
        assert (await guest.post(f"participants/{guest.uuid}/take_floor")).status_code == 200
        assert (await events.until("presentation_start"))["presenter_uuid"] == guest.uuid
        async with guest.events() as theirs:
            await theirs.until("layout")
            await host.post(f"participants/{host.uuid}/take_floor")
            assert (await theirs.until("presentation_start"))["presenter_name"] == "Læge"
        assert await events.until("presentation_stop") is None


async def test_a_host_ends_a_guests_slides(house: House) -> None:
    """The presenter is told with empty names, which is how the vendor's client knows."""
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    await guest.post(f"participants/{guest.uuid}/take_floor")
    async with guest.events() as events:
        await events.until("layout")
        await host.post("set_guests_can_present", {"setting": False})
        assert set((await events.until("presentation_start")).values()) == {""}
    refused = await guest.post(f"participants/{guest.uuid}/take_floor")
    assert (refused.status_code, refused.json()["result"]) == (403, "Presentation not permitted")


async def test_somebody_called_rings_and_answers(house: House) -> None:
    """The way out when a patient has no picture: their telephone joins the same conversation."""
    host = await house.join("Læge", HOST_PIN)
    async with host.events() as events:
        await events.until("layout")
        (uuid,) = (await host.post("dial", CALLS["dial"])).json()["result"]
        row = await events.until("participant_create")
        assert (row["uuid"], row["service_type"], row["call_direction"]) == (uuid, "connecting", "out")
        assert (row["protocol"], row["uri"], row["is_audio_only_call"]) == ("sip", "+4588888881", "YES")
        answered = await events.until("participant_update")
        assert (answered["service_type"], answered["has_media"]) == ("conference", True)
        await host.post(f"participants/{uuid}/disconnect")
        assert await events.until("participant_delete") == {"uuid": uuid}


async def test_somebody_who_is_engaged_goes_away_again(house: House) -> None:
    """A number that refuses leaves no row behind."""
    host = await house.join("Læge", HOST_PIN)
    async with host.events() as events:
        await events.until("layout")
        await host.post("dial", {"destination": "sip:12345600@tlf.example", "role": "GUEST"})
        assert (await events.until("participant_create"))["display_name"] == "12345600@tlf.example"
        await events.until("participant_delete")


def test_what_becomes_of_a_call_depends_on_the_number() -> None:
    """So that a demo and a test can choose."""
    numbers = ("+45 12 34 56 78", "sip:1200@x.test", "h323:1299", "12345699", "navn@x.test")
    assert [fate(number) for number in numbers] == [
        Fate.ANSWERED,
        Fate.REFUSED,
        Fate.UNANSWERED,
        Fate.UNANSWERED,
        Fate.ANSWERED,
    ]


async def test_a_transfer_gives_a_pass_for_the_other_room(house: House) -> None:
    """Who is sent on needs no PIN there, once."""
    house.directory.open(VirtualRoom(OTHER, HOST_PIN, GUEST_PIN))
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    async with guest.events() as events:
        await events.until("layout")
        sent = await host.post(f"participants/{guest.uuid}/transfer", {"conference_alias": OTHER, "role": "guest"})
        assert sent.json()["result"] is True
        refer = await events.until("refer")
    assert refer["alias"] == OTHER
    there = await house.ask("Gæst", alias=OTHER, token=refer["token"])
    assert (there.status_code, there.json()["result"]["role"]) == (200, "GUEST")
    assert (await house.ask("Gæst", alias=OTHER, token=refer["token"])).json()["result"] == "Invalid token"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"conference_alias": "999999", "role": "guest"}, 404),
        ({"conference_alias": OTHER, "role": "host"}, 403),
        ({"conference_alias": OTHER, "role": "host", "pin": "0000"}, 403),
        ({"conference_alias": OTHER, "role": "host", "pin": HOST_PIN}, 200),
    ],
)
async def test_a_transfer_does_not_give_away_what_a_pin_guards(house: House, body: Any, code: int) -> None:
    """A host of one room is no host of another."""
    house.directory.open(VirtualRoom(OTHER, HOST_PIN, GUEST_PIN))
    host, guest = await house.join("Læge", HOST_PIN), await house.join("Gæst", GUEST_PIN)
    assert (await host.post(f"participants/{guest.uuid}/transfer", body)).status_code == code


async def test_a_reception_asks_which_room(house: House) -> None:
    """The token is for the room behind it, and is used under the reception's name."""
    house.directory.open(VirtualRoom("velkomst", None, None, reception=True))
    asked = await house.ask("Gæst", alias="velkomst")
    assert asked.json()["result"] == {"conference_extension": "required", "conference_extension_type": "standard"}
    lost = await house.ask("Gæst", alias="velkomst", conference_extension="999")
    assert lost.status_code == 404
    wanted = await house.ask("Gæst", alias="velkomst", conference_extension="710001")
    assert wanted.json()["result"]["pin"] == "required"
    entered = await house.ask("Gæst", GUEST_PIN, alias="velkomst", conference_extension="710001")
    token = entered.json()["result"]["token"]
    rows = await house.http.get(room_path("participants", "velkomst"), headers={"token": token})
    assert [row["display_name"] for row in rows.json()["result"]] == ["Gæst"]


async def test_relays_are_told_and_empty_lists_are_not() -> None:
    """A browser refuses an empty list of servers, and the vendor's client hands it on as it comes."""
    relay = TurnServer(("turn:127.0.0.1:3478",), "name", "word")
    config = RoomServerConfig(stun=("stun:127.0.0.1:3478",), turn=(relay,), relay_only=True)
    async with running(config) as house:
        reply = (await house.join("Læge", HOST_PIN)).reply
        assert reply["turn"] == [{"urls": ["turn:127.0.0.1:3478"], "username": "name", "credential": "word"}]
        assert (reply["stun"], reply["use_relay_candidates_only"]) == ([{"url": "stun:127.0.0.1:3478"}], True)
    async with running() as house:
        assert not {"stun", "turn"} & set((await house.join("Læge", HOST_PIN)).reply)


async def both(house: House) -> tuple[Someone, Someone]:
    host = await house.join("Læge", HOST_PIN, direct_media=True)
    return host, await house.join("Gæst", GUEST_PIN, direct_media=True)


async def call(who: Someone, sdp: str) -> dict[str, Any]:
    answer = await who.post(f"participants/{who.uuid}/calls", {"call_type": "WEBRTC", "sdp": sdp})
    result: dict[str, Any] = answer.json()["result"]
    return result


async def test_two_are_connected_to_each_other_where_the_room_says_so() -> None:
    """The first waits; the second's offer goes to the first, and the first's answer back; candidates both ways."""
    async with running(direct_media=True) as house:
        host, guest = await both(house)
        assert (host.reply["direct_media"], host.reply["pex_datachannel_id"]) == (True, 3)
        async with host.events() as theirs, guest.events() as ours:
            first = await call(host, "the first offer")
            assert (first["sdp"], first["offer_ignored"]) == ("", True)
            second = asyncio.create_task(call(guest, "the second offer"))
            assert (await theirs.until("new_offer"))["sdp"] == "the second offer"
            path = f"participants/{host.uuid}/calls/{first['call_uuid']}"
            await host.post(f"{path}/ack", {"sdp": "the answer"})
            assert (await second)["sdp"] == "the answer"
            await host.post(f"{path}/new_candidate", {"candidate": "candidate:1", "mid": "0", "ufrag": "u"})
            assert await ours.until("new_candidate") == {"candidate": "candidate:1", "mid": "0", "ufrag": "u"}
            update = asyncio.create_task(host.post(f"{path}/update", {"sdp": "another offer"}))
            assert (await ours.until("update_sdp"))["sdp"] == "another offer"
            mine = (await second)["call_uuid"]
            await guest.post(f"participants/{guest.uuid}/calls/{mine}/ack", {"sdp": "", "offer_ignored": True})
            assert (await update).json()["result"]["offer_ignored"] is True
            await guest.post(f"participants/{guest.uuid}/calls/{mine}/disconnect")
            assert await theirs.until("peer_disconnect") is None


async def test_a_third_sends_everybody_through_the_server() -> None:
    """Both are told to come back by a pass, and come back to a room without direct media."""
    async with running(direct_media=True) as house:
        host, _ = await both(house)
        async with host.events() as events:
            await events.until("layout")
            third = await house.join("Tolk", GUEST_PIN, direct_media=True)
            assert third.reply["direct_media"] is False
            refer = await events.until("refer")
            assert refer["target"] == "transcoded"
        again = await house.ask("Læge", alias=refer["alias"], token=refer["token"], direct_media=True)
        result = again.json()["result"]
        assert (result["role"], result["direct_media"]) == ("HOST", False)


async def test_whoever_is_let_in_offers_anew() -> None:
    """Both had been told to wait: the host because alone, the guest because outside."""
    async with running(direct_media=True) as house:
        host = await house.join("Læge", HOST_PIN, direct_media=True)
        await call(host, "an offer")
        await host.post("lock")
        guest = await house.join("Gæst", GUEST_PIN, direct_media=True)
        async with guest.events() as events:
            assert (await call(guest, "an offer"))["offer_ignored"] is True
            assert (await events.until("splash_screen"))["screen_key"] == "direct_media_waiting_for_host"
            await host.post(f"participants/{guest.uuid}/unlock")
            await events.until("peer_disconnect")


async def test_a_peer_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    """A call is refused rather than left hanging."""
    async with running(RoomServerConfig(peer_patience_s=0.01), direct_media=True) as house:
        host, guest = await both(house)
        await call(host, "an offer")
        answer = await guest.post(f"participants/{guest.uuid}/calls", {"call_type": "WEBRTC", "sdp": "x"})
        assert answer.status_code == 504


async def test_direct_media_has_a_theme_to_draw_by() -> None:
    """There is no server in between to put words into the picture."""
    async with running(direct_media=True) as house:
        host = await house.join("Læge", HOST_PIN, direct_media=True)
        theme = await host.get("theme/")
        path = theme["direct_media_welcome"]["background"]["path"]
        image = await house.http.get(room_path(f"theme/{path}"), headers={"token": host.token})
        assert image.headers["content-type"] == "image/svg+xml"
