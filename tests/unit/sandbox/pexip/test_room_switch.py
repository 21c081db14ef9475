"""From forwarding to mixing and back, packet by packet: to a viewer it is one stream without a hole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiortc.rtp import RTCP_PSFB_PLI, RtcpPsfbPacket, RtpPacket
from test_room_leg import DELTA, KEY, OFFER, FakeHop

from vdx_plugin.sandbox.pexip.config import RoomServerConfig
from vdx_plugin.sandbox.pexip.feeds import MIXED
from vdx_plugin.sandbox.pexip.leg import Leg
from vdx_plugin.sandbox.pexip.mixing.studio import MixedPacket
from vdx_plugin.sandbox.pexip.sdp import read_offer
from vdx_plugin.sandbox.pexip.switch import Member, Switch


class Room:
    """A switch whose participants are a letter each, with hops that only keep what is sent."""

    def __init__(self) -> None:
        self.spoke: list[str] = []
        self.switch = Switch(RoomServerConfig(), lambda uuid: None, self.spoke.append)
        self.hops: dict[str, FakeHop] = {}
        self._sequences: dict[tuple[str, str], int] = {}
        self._members: dict[str, Member] = {}

    def enter(self, uuid: str, **more: Any) -> None:
        leg = Leg(uuid, read_offer(OFFER.format(vp8=96), video_codec="VP8"))
        self.hops[uuid] = FakeHop()
        leg.hop = self.hops[uuid]  # type: ignore[assignment]
        self.switch._legs[uuid] = leg
        self.tell(uuid, **more)

    def tell(self, uuid: str, **more: Any) -> None:
        """Set something of a member, or take it in."""
        self._members[uuid] = replace(self._members.get(uuid, Member(uuid, is_chair=False)), **more)
        self._set()

    def leave(self, uuid: str) -> None:
        del self._members[uuid]
        del self.switch._legs[uuid]
        self._set()

    def _set(self) -> None:
        self.switch.set_members(tuple(self._members.values()))

    async def sends(self, uuid: str, payload: bytes, *, pt: int = 96, ssrc: int = 0) -> None:
        sequence = self._sequences[uuid, str(pt)] = self._sequences.get((uuid, str(pt)), 100) + 1
        packet = RtpPacket(pt, 1, sequence, sequence * 3000, ssrc or ord(uuid) + pt * 256, payload)
        await self.switch._on_rtp(self.switch._legs[uuid], packet)

    async def mixes(self, viewer: str, payload: bytes, *, kind: str = "video", waits: bool = False) -> None:
        sequence = self._sequences["mix", viewer] = self._sequences.get(("mix", viewer), 7000) + 1
        packet = RtpPacket(0, 1, sequence, sequence * 3600, 5, payload)
        await self.switch._hand_out(MixedPacket(kind, viewer, packet, payload == KEY or kind == "audio", waits))

    def video(self, viewer: str) -> list[RtpPacket]:
        return [packet for packet in self.hops[viewer].rtp() if packet.payload_type == 96]

    def plis(self, uuid: str) -> int:
        found: list[RtcpPsfbPacket] = self.hops[uuid].rtcp(RtcpPsfbPacket)
        return sum(packet.fmt == RTCP_PSFB_PLI for packet in found)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    yield made
    await made.switch._studio.close()


async def test_two_three_two_is_one_stream_without_a_hole(room: Room) -> None:
    """Each picture made before, between and after is delivered once, by whichever source is on."""
    room.enter("a")
    room.enter("b")
    for payload in (KEY, DELTA, DELTA):
        await room.sends("a", payload)
    room.enter("c")
    assert room.switch.mixes
    await room.sends("a", DELTA)
    await room.mixes("b", DELTA)
    await room.mixes("b", KEY)
    await room.sends("a", DELTA)
    await room.mixes("b", DELTA)
    room.leave("c")
    assert not room.switch.mixes
    await room.mixes("b", DELTA)
    await room.sends("a", DELTA)
    await room.mixes("b", DELTA)
    await room.sends("a", KEY)
    await room.mixes("b", DELTA)
    await room.sends("a", DELTA)
    got = room.video("b")
    expected = [KEY, DELTA, DELTA, DELTA, KEY, DELTA, DELTA, DELTA, KEY, DELTA]
    assert [packet.payload for packet in got] == expected
    assert len({packet.ssrc for packet in got}) == 1
    assert [packet.sequence_number - got[0].sequence_number for packet in got] == list(range(len(expected)))
    times = [(packet.timestamp - got[0].timestamp) & 0xFFFFFFFF for packet in got]
    assert times == sorted(set(times))


async def test_the_way_back_asks_the_source_for_a_key_frame(room: Room) -> None:
    """Else the viewer would stay with the mixer until the camera's encoder makes one by chance."""
    room.enter("a")
    room.enter("b")
    room.enter("c")
    await room.mixes("b", KEY)
    await room.sends("a", KEY)
    room.leave("c")
    await room.sends("a", DELTA)
    leg = room.switch._legs["a"]
    await leg.keep_up(at=1e12)
    assert room.plis("a") == 1


async def test_sound_changes_over_at_once(room: Room) -> None:
    """Each packet of sound stands for itself."""
    room.enter("a")
    room.enter("b")
    await room.sends("a", b"one", pt=111)
    room.enter("c")
    await room.sends("a", b"two", pt=111)
    await room.mixes("b", b"mixed", kind="audio")
    await room.sends("a", b"no more", pt=111)
    got = [packet for packet in room.hops["b"].rtp() if packet.payload_type == 111]
    assert [packet.payload for packet in got] == [b"one", b"two", b"mixed"]
    assert (got[2].timestamp - got[1].timestamp) & 0xFFFFFFFF >= 960


async def test_who_waits_gets_nothing_of_those_inside(room: Room) -> None:
    """The card and silence, and nothing a beat made for them while they were still inside."""
    room.enter("a")
    room.enter("b")
    room.enter("w", waiting=True)
    for uuid in "ab":
        await room.sends(uuid, KEY)
        await room.sends(uuid, b"sound", pt=111)
    await room.mixes("w", KEY)
    assert room.hops["w"].rtp() == []
    await room.mixes("w", KEY, waits=True)
    assert len(room.video("w")) == 1
    room.tell("b", waiting=True)
    before = len(room.video("b"))
    await room.sends("a", KEY)
    await room.mixes("b", KEY)
    assert len(room.video("b")) == before
    assert room.switch._fed.get(("b", "video")) is None


async def test_whom_the_host_mutes_is_neither_passed_on_nor_mixed(room: Room) -> None:
    """Whatever their own program does."""
    room.enter("a")
    room.enter("b")
    room.tell("a", audio=False, video=False)
    await room.sends("a", KEY)
    await room.sends("a", b"sound", pt=111)
    assert room.hops["b"].rtp() == []
    assert "a" not in room.switch._scene(room.switch.picture).heard
    assert "a" in room.switch._scene(room.switch.picture).hidden


async def test_slides_go_from_the_presenter_to_everybody_else(room: Room) -> None:
    """Under whatever mode the rest is, and from nobody who does not have the floor."""
    for uuid in "abc":
        room.enter(uuid)
    await room.sends("a", KEY, ssrc=999)
    room.tell("a", presents=True)
    await room.sends("a", KEY, ssrc=999)
    await room.sends("b", KEY, ssrc=999)
    slides = {uuid: room.switch._legs[uuid].outgoing["slides"].ssrc for uuid in "abc"}
    got = {uuid: [packet.ssrc for packet in room.hops[uuid].rtp()] for uuid in "abc"}
    assert got == {"a": [], "b": [slides["b"]], "c": [slides["c"]]}


async def test_slides_for_one_picture_are_mixed_into_it(room: Room) -> None:
    """A client with a single picture line asks for them there; they come first and large."""
    room.enter("a", seats=("b",))
    room.enter("b", seats=("a",), slides_in_main=True)
    assert not room.switch.mixes
    room.tell("a", presents=True)
    assert room.switch.mixes
    wishes = {wish.viewer: wish.tiles for wish in room.switch._scene(room.switch.picture).wishes}
    assert wishes == {"a": ("b",), "b": ("a/slides", "a")}


async def test_a_telephone_is_mixed_in(room: Room) -> None:
    """It has no connection; the others hear it, and see its name."""
    room.enter("a", seats=("p", "b"))
    room.enter("b", seats=("p", "a"))
    room.tell("p", phone=True, name="+45 12 34 56 78", seats=("a", "b"))
    assert room.switch.mixes
    scene = room.switch._scene(room.switch.picture)
    assert scene.phones == frozenset("p")
    assert scene.listeners == frozenset("ab")
    assert {wish.viewer: wish.tiles for wish in scene.wishes} == {"a": ("p", "b"), "b": ("p", "a")}


async def test_the_mixers_ears_say_who_speaks(room: Room) -> None:
    """By decoded sound, so also of clients that do not tell their level."""
    for uuid in "abc":
        room.enter(uuid)
    room.switch._on_levels({"a": 127, "b": 20, "c": 90})
    room.switch._on_levels({"a": 127, "b": 20, "gone": 10})
    assert room.spoke == ["b"]


async def test_a_viewer_asks_the_mixer_for_a_whole_picture(room: Room) -> None:
    """It is nobody's camera that must begin anew."""
    for uuid in "abc":
        room.enter(uuid)
    await room.mixes("b", KEY)
    pli = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=room.switch._legs["b"].outgoing["video"].ssrc)
    await room.switch._on_rtcp(room.switch._legs["b"], [pli])
    assert room.switch._studio._keys == {"b"}
    assert room.switch._fed["b", "video"] == MIXED


async def test_nothing_is_left_running_after_the_last_use(room: Room) -> None:
    """Threads of a room that is forwarded again would add up over a day."""
    for uuid in "abc":
        room.enter(uuid)
    assert room.switch._studio.running
    await asyncio.sleep(0)
    await room.switch._studio.close()
    assert not room.switch._studio.running
