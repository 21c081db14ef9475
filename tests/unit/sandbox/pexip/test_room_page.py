"""The page about the rooms in use, for a person at a demo and for whoever reads what clients have measured."""

from __future__ import annotations

from roomhouse import ALIAS, GUEST_PIN, HOST_PIN, House

from vdx_plugin.sandbox.pexip.meeting import Call
from vdx_plugin.sandbox.pexip.room_page import PATH


async def act(house: House, action: str, who: str = "") -> int:
    answer = await house.http.post(f"{PATH}act", data={"room": ALIAS, "action": action, "who": who})
    return answer.status_code


async def test_rooms_people_and_measurements_are_shown(house: House) -> None:
    """What a client says of its line is read here, whatever it says."""
    host = await house.join("Læge", HOST_PIN)
    await house.join("<b>Gæst</b>", GUEST_PIN)
    (meeting,) = house.server.meetings
    meeting.calls[host.uuid] = Call("call", audio_only=False)
    sent = {"video": {"tx_bitrate": 1234.56, "rx_resolution": "1280x720", "rx_windowed_packet_loss": [1]}, "audio": 5}
    answer = await host.post(f"participants/{host.uuid}/calls/call/statistics", sent)
    assert answer.json() == {"status": "success", "result": None}
    page = (await house.http.get(PATH)).text
    assert "sender 1234.6 kbit/s, modtager 1280x720" in page
    assert "<b>Gæst" not in page
    assert (await house.http.get(f"{PATH}statistics")).json() == {ALIAS: {host.uuid: sent}}


async def test_a_telephone_is_answered_and_put_down_by_hand(house: House) -> None:
    """Somebody at a demo plays the one who is called."""
    host = await house.join("Læge", HOST_PIN)
    async with host.events() as events:
        await events.until("layout")
        (uuid,) = (await host.post("dial", {"destination": "12345699"})).json()["result"]
        assert await act(house, "answer", uuid) == 303
        assert (await events.until("participant_update"))["has_media"] is True
        assert await act(house, "put_down", uuid) == 303
        await events.until("participant_delete")


async def test_what_a_node_does_by_itself_is_told(house: House) -> None:
    """Holding, going on, and asking for a token to be renewed."""
    host = await house.join("Læge", HOST_PIN)
    async with host.events() as events:
        await events.until("layout")
        for action in ("hold", "resume", "renew"):
            assert await act(house, action) == 303
        assert await events.until("on_hold") == {"setting": True}
        assert await events.until("on_hold") == {"setting": False}
        await events.until("refresh_token")


async def test_a_room_is_set_to_direct_media_for_its_next_meeting(house: House) -> None:
    """Not in the middle of one."""
    host = await house.join("Læge", HOST_PIN, direct_media=True)
    assert host.reply["direct_media"] is False
    assert await act(house, "direct") == 303
    await host.post("release_token")
    again = await house.join("Læge", HOST_PIN, direct_media=True)
    assert again.reply["direct_media"] is True


async def test_what_is_not_there_is_not_done(house: House) -> None:
    """An old page, or nonsense."""
    assert await act(house, "hold") == 404
    await house.join("Læge", HOST_PIN)
    assert await act(house, "sing") == 404
    assert await act(house, "answer", "nobody") == 409
    assert await act(house, "put_down", "nobody") == 303
