"""Two programs on aiortc meet in the room server: pictures, sound, and who is kept out of it."""

from __future__ import annotations

import asyncio

import pytest
from roompeer import GUEST_PIN, HOST_PIN, Peer, only_loopback, pair, peers, serve

from vdx_plugin.sandbox.pexip import RoomServerConfig


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    only_loopback(monkeypatch)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_two_see_and_hear_each_other(codec: str) -> None:
    """The reason the server exists; frames are decoded, not merely received, at both ends."""
    async with pair(RoomServerConfig(video_codec=codec)) as (served, host, guest):
        await host.call(codecs=(codec,))
        await guest.call(codecs=(codec,))
        await asyncio.gather(host.sees_and_hears(), guest.sees_and_hears())
        assert host.frame_size == guest.frame_size == (320, 240)
        counts = served.server.counts("710001@rooms.sandbox.test")
        assert counts[host.uuid]["video"].sent_packets > 0
        assert counts[guest.uuid]["audio"].received_packets > 0


async def test_the_first_can_receive_what_only_the_second_sends() -> None:
    """One prefers H.264 and the other VP8; each takes the other's, since both can decode both."""
    async with pair() as (_, host, guest):
        await host.call(codecs=("H264", "VP8"))
        await guest.call(codecs=("VP8", "H264"))
        await asyncio.gather(host.sees_and_hears(), guest.sees_and_hears())


async def test_a_second_picture_line_is_answered_as_slides_to_come() -> None:
    """Clients always offer a slides line; refusing it the usual way makes aiortc drop the whole call."""
    async with pair() as (_, host, guest):
        await host.call(slides=True)
        await guest.call()
        await asyncio.gather(host.sees_and_hears(), guest.sees_and_hears())
        assert host.answer.count("m=video") == 2
        assert "a=content:slides" in host.answer.split("m=video")[2]


async def test_a_stranger_waits_outside_a_locked_room_until_let_in() -> None:
    """The lock is what keeps a forwarded link from opening a consultation."""
    async with serve() as served:
        host, guest = Peer(served, "Læge", HOST_PIN), Peer(served, "Gæst", GUEST_PIN)
        stranger = Peer(served, "Fremmed", GUEST_PIN)
        async with peers(host, guest, stranger):
            await host.join()
            await guest.join()
            await host.call()
            await guest.call()
            await asyncio.gather(host.sees_and_hears(), guest.sees_and_hears())
            await host.post("lock")
            reply = await stranger.join()
            assert reply["current_service_type"] == "waiting_room"
            await stranger.call()
            await guest.sees_and_hears(frames=30)
            assert stranger.frames == 0
            assert stranger.loudness == 0.0
            assert not any(row["uuid"] == stranger.uuid for row in guest.named("participant_create"))
            await host.post(f"participants/{stranger.uuid}/unlock")
            await stranger.sees_and_hears()


async def test_media_does_not_flow_before_it_is_acknowledged() -> None:
    """A client that forgets ``ack`` gets a connected but silent call on a real node, and so here."""
    async with pair() as (served, host, guest):
        await host.call(ack=False)
        await guest.call()
        counts = served.server.counts("710001@rooms.sandbox.test")
        await host.until(lambda: True)
        async with asyncio.timeout(15):
            while counts[guest.uuid]["video"].received_frames < 20:
                await asyncio.sleep(0.05)
                counts = served.server.counts("710001@rooms.sandbox.test")
        assert host.frames == 0
        await host.post(f"participants/{host.uuid}/calls/{host.call_uuid}/ack")
        await host.sees_and_hears()


async def test_whom_the_host_mutes_is_seen_and_not_heard() -> None:
    """Muting at the server holds even when the guest's own program takes no notice."""
    async with pair() as (_, host, guest):
        await host.call()
        await guest.call()
        await host.sees_and_hears()
        await host.post(f"participants/{guest.uuid}/mute")
        # What was under way may still arrive; after this many pictures it has.
        await host.until(lambda goal=host.frames + 15: host.frames >= goal)
        host.loudness = 0.0
        await host.until(lambda goal=host.frames + 15: host.frames >= goal)
        assert host.loudness == 0.0
        await host.post(f"participants/{guest.uuid}/unmute")
        await host.sees_and_hears()


async def test_a_new_connection_under_the_same_call_carries_on() -> None:
    """After a change of network a client renegotiates through ``update`` with new keys and addresses."""
    async with pair() as (_, host, guest):
        await host.call()
        await guest.call()
        await guest.sees_and_hears()
        await guest.renew()
        await asyncio.gather(host.sees_and_hears(), guest.sees_and_hears())


async def test_an_answer_without_ssrc_lines_works_too() -> None:
    """Whether a real node names its streams is not known; a client must cope with both."""
    async with pair(RoomServerConfig(answer_names_ssrc=False)) as (_, host, guest):
        await host.call()
        await guest.call()
        await asyncio.gather(host.sees_and_hears(), guest.sees_and_hears())
        assert "a=ssrc" not in host.answer


async def test_three_in_a_room_all_see_somebody() -> None:
    """Mixing comes later, but a third participant must not break the call of the two."""
    async with serve() as served:
        everybody = [Peer(served, "Læge", HOST_PIN), *(Peer(served, f"Gæst {n}", GUEST_PIN) for n in "ab")]
        async with peers(*everybody):
            for peer in everybody:
                await peer.join()
                await peer.call()
            await asyncio.gather(*(peer.sees_and_hears() for peer in everybody))


async def test_closing_the_room_puts_everybody_out() -> None:
    """The booking's end is the meeting's end; clients are told why and their streams end."""
    async with pair() as (served, host, guest):
        await host.call()
        served.directory.close("710001@rooms.sandbox.test")
        for peer in (host, guest):
            await peer.until(lambda peer=peer: "stream_end" in [name for name, _ in peer.events])
            assert peer.named("disconnect")
