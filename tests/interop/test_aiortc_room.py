"""Two programs on aiortc meet in the room server: pictures, sound, and who is kept out of it."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from roompeer import GUEST_PIN, HOST_PIN, Colour, Peer, Served, only_loopback, pair, peers, serve

from vdx_plugin.sandbox.pexip import RoomServerConfig
from vdx_plugin.sandbox.pexip.server import TEST_CALL


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
            await stranger.until(lambda: stranger.frames >= 3)
            assert stranger.frame_size == (1280, 720)
            assert stranger.loudness < 5
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


CARDS: tuple[Colour, ...] = (
    (200, 40, 40),
    (40, 170, 40),
    (60, 60, 220),
    (200, 180, 30),
    (30, 170, 180),
    (190, 60, 190),
)
TONES = (440, 730, 1130, 1510, 1970, 2410)


def everybody(served: Served, count: int) -> list[Peer]:
    """Return a host and guests, each with a card and a tone of their own."""
    names = ("Læge", "Gæst a", "Gæst b", "Gæst c", "Gæst d", "Gæst e")
    return [
        Peer(served, name, HOST_PIN if name == "Læge" else GUEST_PIN, card=card, hz=hz)
        for name, card, hz in zip(names[:count], CARDS, TONES, strict=False)
    ]


async def all_see_and_hear_all_others(people: list[Peer], *, within_s: float = 20) -> None:
    """Wait until each has every other's card and tone, and neither their own."""

    def complete(peer: Peer) -> bool:
        others = [other for other in people if other is not peer]
        return all(peer.sees(other.card) and peer.hears(other.hz) for other in others)

    await asyncio.gather(*(peer.until(partial(complete, peer), within_s=within_s) for peer in people))
    for peer in people:
        assert not peer.sees(peer.card)
        assert not peer.hears(peer.hz)


@pytest.mark.parametrize(("count", "height"), [(3, 720), (6, 360)])
async def test_all_see_and_hear_all_others_and_not_themselves(count: int, height: int) -> None:
    """One picture and one sound for each, made of everybody else's: three, and as many as a room takes."""
    async with serve(RoomServerConfig(mixed_height=height)) as served:
        people = everybody(served, count)
        async with peers(*people):
            for peer in people:
                await peer.join()
                await peer.call()
            await all_see_and_hear_all_others(people, within_s=40)
            # A busy machine makes them smaller than it may.
            assert all(peer.frame_size in ((640, 360), (height * 16 // 9, height)) for peer in people)


async def test_a_third_comes_and_goes_without_a_break() -> None:
    """Two, three, two: forwarded, mixed, forwarded, and to those who stay it is one stream all the time."""
    async with serve() as served:
        people = everybody(served, 3)
        host, guest, third = people
        async with peers(*people):
            for peer in (host, guest):
                await peer.join()
                await peer.call()
            await all_see_and_hear_all_others([host, guest])
            await third.join()
            await third.call()
            await all_see_and_hear_all_others(people)
            await third.post("release_token")
            await all_see_and_hear_all_others([host, guest])
            await host.until(lambda: host.frame_size == guest.frame_size == (320, 240))
            assert {host.streams, guest.streams} == {(1, 1)}


async def test_different_codecs_meet_in_the_mixer() -> None:
    """One can do nothing but H.264, the other nothing but VP8: forwarding would show neither anything."""
    async with serve() as served:
        people = everybody(served, 2)
        async with peers(*people):
            for peer, codec in zip(people, ("H264", "VP8"), strict=True):
                await peer.join()
                await peer.call(codecs=(codec,))
            await all_see_and_hear_all_others(people)


async def test_closing_the_room_puts_everybody_out() -> None:
    """The booking's end is the meeting's end; clients are told why and their streams end."""
    async with pair() as (served, host, guest):
        await host.call()
        served.directory.close("710001@rooms.sandbox.test")
        for peer in (host, guest):
            await peer.until(lambda peer=peer: "stream_end" in [name for name, _ in peer.events])
            assert peer.named("disconnect")


async def test_a_test_call_gives_everybody_their_own_back() -> None:
    """The line is measured without anybody at the other end, and nobody meets a stranger there."""
    async with serve(RoomServerConfig(test_call_s=3600)) as served:
        one, other = (Peer(served, name, None, alias=TEST_CALL) for name in ("En", "To"))
        async with peers(one, other):
            for peer in (one, other):
                assert (await peer.join())["service_type"] == "test_call"
            await asyncio.gather(one.call(), other.call())
            await asyncio.gather(one.sees_and_hears(), other.sees_and_hears())
            assert [len(peer.named("participant_create")) for peer in (one, other)] == [1, 1]
