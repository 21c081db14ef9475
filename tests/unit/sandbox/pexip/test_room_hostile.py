"""RTP and RTCP of a hostile participant, from the decrypted bytes inward: never an exception, never more memory."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from aiortc.rtp import (
    HeaderExtensionsMap,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
)
from test_room_leg import DELTA, KEY, OFFER
from test_room_switch import Room

from tests.fuzz.damage import damaged_bytes
from vdx_plugin.sandbox.pexip.hop import Hop, _Extensions
from vdx_plugin.sandbox.pexip.mixing.frames import MAX_PACKETS
from vdx_plugin.sandbox.pexip.sdp import EXTENSIONS, read_offer
from vdx_plugin.sandbox.pexip.streams import HISTORY_PACKETS
from vdx_plugin.sandbox.pexip.transport_cc import ArrivalLog

ROUNDS = 6000
_NUMBERS = tuple(enumerate(sorted(EXTENSIONS), 1))


def door(room: Room, uuid: str) -> Hop:
    """Return a hop that was never opened; bytes are put in where SRTP gives them out."""
    leg = room.switch._legs[uuid]
    extmaps = "".join(f"a=extmap:{number} {uri}\r\n" for number, uri in _NUMBERS)
    offer = read_offer(OFFER.format(vp8=96).replace("a=mid:1\r\n", "a=mid:1\r\n" + extmaps), video_codec="VP8")
    hop = Hop(offer, (), partial(room.switch._on_rtp, leg), partial(room.switch._on_rtcp, leg))
    hop.take(offer)
    return hop


def rtp(dice: random.Random) -> bytes:
    """Return a packet of a picture, sound or slides with every header extension, mostly whole."""
    known = HeaderExtensionsMap()
    known.configure(_Extensions(_NUMBERS))
    packet = RtpPacket(
        payload_type=dice.choice([96, 96, 111, 50]),
        marker=dice.randrange(2),
        sequence_number=dice.randrange(65536),
        timestamp=dice.randrange(1 << 32),
        ssrc=dice.choice([77, 78, 999, dice.randrange(1 << 32)]),
        payload=dice.choice([KEY, DELTA, b"", dice.randbytes(dice.randrange(40))]),
    )
    packet.extensions.transport_sequence_number = dice.randrange(65536)
    packet.extensions.audio_level = (True, dice.randrange(128))
    packet.extensions.mid = dice.choice(["0", "1", "2", "x", None])
    packet.padding_size = dice.choice([0, 0, 3])
    data: bytes = packet.serialize(known)
    return data


def rtcp(dice: random.Random) -> bytes:
    """Return a compound of one of each kind of packet we act on, and one we do not."""
    nack = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=dice.choice([77, 5]))
    nack.lost = sorted(dice.sample(range(65536), dice.randint(1, 40)))
    log = ArrivalLog()
    for number in range(dice.randint(1, 60)):
        log.note((65500 + number * dice.randint(1, 3)) & 0xFFFF, at=number / 100)
    about = RtcpReceiverInfo(77, 3, 5, 100, 7, 0, 0)
    remb = dice.choice([pack_remb_fci(dice.randrange(1 << 30), [77]), b"REMB\xff\xff\xff\xff", b"REMB\x01\x00\x00\x00"])
    parts = [
        bytes(RtcpRrPacket(1, [about])),
        bytes(RtcpSrPacket(dice.choice([77, 999]), RtcpSenderInfo(1, 2, 3, 4))),
        bytes(RtcpSdesPacket([RtcpSourceInfo(1, [(1, b"x")])])),
        bytes(nack),
        log.report(ssrc=1, media_ssrc=77) or b"",
        bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=77)),
        bytes(RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=struct.pack("!LL", 77, 0))),
        bytes(RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=remb)),
        bytes(RtcpByePacket([77])),
    ]
    return b"".join(dice.sample(parts, dice.randint(1, len(parts))))


def packets(dice: random.Random, make: Callable[[random.Random], bytes]) -> Iterator[bytes]:
    for _ in range(ROUNDS):
        yield damaged_bytes(make(dice), dice)


@pytest.mark.parametrize("people", ["ab", "abc"])
async def test_hostile_rtp_is_borne(people: str) -> None:
    """Forwarded and mixed: it may spoil the sender's own picture and nothing else."""
    room = Room()
    for uuid in people:
        room.enter(uuid, presents=uuid == "a")
    hop = door(room, "a")
    for step, data in enumerate(packets(random.Random(21), rtp)):
        await hop._dtls._handle_rtp_data(data, 0)
        room.hops["b"].sent.clear()
        if step % 50 == 0:
            for leg in room.switch._legs.values():
                await leg.keep_up(at=step / 1000)
                await leg.report_reception(at=step / 1000)
            for sent in room.hops.values():
                sent.sent.clear()
    leg = room.switch._legs["b"]
    assert all(len(out.history._packets) <= HISTORY_PACKETS for out in leg.outgoing.values())
    assert len(leg.sent._sent) <= 4096
    assert len(room.switch._legs["a"].incoming) <= 3
    studio = room.switch._studio
    assert all(len(assembler._pieces) <= MAX_PACKETS + 1 for assembler in studio._assemblers.values())
    assert all(len(queue) <= 50 for queue in (*studio._sounds.values(), *studio._pictures.values()))
    await studio.close()


async def test_hostile_rtcp_is_borne() -> None:
    """Requests, reports and estimates that lie, and what is none of them."""
    room = Room()
    for uuid in "ab":
        room.enter(uuid)
    hop = door(room, "a")
    for payload in (KEY, DELTA, DELTA):
        await room.sends("b", payload)
    for data in packets(random.Random(22), rtcp):
        await hop._dtls._handle_rtcp_data(data)
    leg = room.switch._legs["a"]
    assert leg.limit_bps is None or leg.limit_bps > 0
    estimate = leg.estimate
    assert len(estimate._arrived) + len(estimate._judged) < 10_000
    await room.switch._studio.close()


async def test_one_request_brings_a_bounded_answer() -> None:
    """A request of 1500 bytes could else ask for six thousand packets."""
    room = Room()
    for uuid in "ab":
        room.enter(uuid)
    await room.sends("b", KEY)
    for _ in range(400):
        await room.sends("b", DELTA)
    out = room.switch._legs["a"].outgoing["video"]
    room.hops["a"].sent.clear()
    nack = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=out.ssrc)
    nack.lost = list(out.history._packets) * 3
    await room.switch._on_rtcp(room.switch._legs["a"], [nack])
    assert len(room.hops["a"].rtp()) == 256
