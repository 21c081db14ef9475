"""The doors of the media path: RTP, RTCP and STUN of a connected call, and the descriptions it is made by.

Each target is a real ``Peer`` with a real peer connection of aiortc's at the other end, over this machine's network.
What is put in goes in where the socket or SRTP would give it out, so that each input's cost and exceptions are its own.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from aiortc import RTCPeerConnection, RTCSessionDescription

from tests.fuzz import materials
from tests.fuzz.damage import damaged, damaged_bytes
from vdx_plugin.errors import Unreadable
from vdx_plugin.media.direct_sdp import adapt_offer
from vdx_plugin.media.peer import Peer
from vdx_plugin.media.pexip.replies import IceServer
from vdx_plugin.media.players import Playout, Speaker
from vdx_plugin.media.recovery import PathState
from vdx_plugin.media.sdp import OfferShape
from vdx_plugin.media.slides import SlideFeed
from vdx_plugin.media.sources import PictureFeed, SoundFeed
from vdx_plugin.media.testcard import PictureFormat

LIMIT_S = 20.0
MAX_QUEUE = 5000
MAX_ADDRESSES = 100
USERNAME, PASSWORD = "fuzz", "p" * 22
OUR_SSRC, THEIR_SSRC = [76, 77], [9, 10, 11]


@dataclass(frozen=True, slots=True)
class Input:
    """One thing a hostile peer sends, and by which of a target's ways."""

    way: str
    data: bytes


class Target(Protocol):
    """Something that takes hostile input. ``feed`` and ``check`` raise what is a finding, and nothing else."""

    async def open(self) -> None: ...

    def next(self, chance: random.Random) -> Input:
        """Return the next input; the same chance gives the same ones."""
        ...

    async def feed(self, item: Input) -> None: ...

    async def check(self) -> None:
        """Raise AssertionError unless it still does what it is for."""
        ...

    async def close(self) -> None: ...


def _ignore(*_: object) -> None:
    """Nobody looks on."""


def make_peer(servers: tuple[IceServer, ...] = (), playout: Playout | None = None) -> Peer:
    """Return a path of our client's whose devices give a small test card and silence."""
    card = PictureFormat(64, 64, 15)
    return Peer(
        servers,
        relay_only=False,
        loopback=True,
        pictures=PictureFeed(card, None, now=lambda: datetime.now(UTC), on_picture=_ignore, on_notice=_ignore),
        sound=SoundFeed(None),
        playout=playout or Playout(_ignore, _ignore, Speaker()),
        slides=SlideFeed(),
        on_slide=_ignore,
    )


class ConnectedCall:
    """A path that stands, with numbers that are the same each time."""

    async def open(self) -> None:
        self.shown = asyncio.Event()
        self._playout = Playout(lambda _picture: self.shown.set(), _ignore, Speaker())
        self.peer = make_peer(playout=self._playout)
        self.connection: Any = self.peer._connection
        for transceiver, ssrc in zip(self.connection.getTransceivers(), OUR_SSRC, strict=False):
            transceiver.sender._ssrc = ssrc
        self.dtls = self.connection.getTransceivers()[0].receiver.transport
        self.ice: Any = self.dtls.transport._connection
        self.ice._local_username, self.ice._local_password = USERNAME, PASSWORD
        self.far = RTCPeerConnection()
        await self._connect()
        self.streams = self._streams()
        self.spare = 1000

    async def _connect(self) -> None:
        offer = await self.peer.offer(OfferShape("VP8"))
        await self.far.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for transceiver in self.far.getTransceivers():
            transceiver.direction = "sendrecv"
        # aioice leaves this machine's own address out.
        gather = self.far.getTransceivers()[0].receiver.transport.transport.iceGatherer._connection
        found = gather.get_component_candidates
        gather.get_component_candidates = lambda component, addresses, timeout=5: found(
            component=component, addresses=["127.0.0.1"], timeout=timeout
        )
        await self.far.setLocalDescription(await self.far.createAnswer())
        await self.peer.accept(self.far.localDescription.sdp)
        async with asyncio.timeout(LIMIT_S):
            await self.peer.connected()

    def _streams(self) -> list[materials.Stream]:
        audio, video, slides = self.connection.getTransceivers()
        self.extensions = self.dtls._rtp_header_extensions_map
        lines = [(audio, THEIR_SSRC[0]), (video, THEIR_SSRC[1]), (slides, THEIR_SSRC[2])]
        return [
            materials.Stream(codec.name.upper(), codec.payloadType, ssrc, line.mid, self.extensions)
            for line, ssrc in lines
            for codec in line._codecs
            if codec.name.upper() in ("OPUS", "VP8", "H264")
        ]

    async def give(self, data: bytes) -> None:
        self.connection.wire.arrival_s = time.monotonic()
        await self.dtls._handle_rtp_data(data, arrival_time_ms=0)

    async def check(self) -> None:
        """A good stream that begins now is shown, on the connection that stood before."""
        assert self.peer.state is PathState.CONNECTED, "the connection is gone"
        assert str(self.dtls.state) == "connected", "the transport is gone"
        assert self.ice._queue.qsize() <= MAX_QUEUE, "what came in piles up"
        assert len(self.ice._remote_candidates) <= MAX_ADDRESSES, "the other side's addresses pile up"
        self.spare += 1
        line = self.connection.getTransceivers()[1]
        codec = next(each for each in line._codecs if each.name == "VP8")
        good = materials.Stream("VP8", codec.payloadType, self.spare, line.mid, self.extensions)
        chance = random.Random(1)
        self.shown.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                while not self.shown.is_set():
                    await self.give(good.next(chance))
                    await asyncio.sleep(0.01)
        assert self.shown.is_set(), "good pictures are not shown any more"

    async def close(self) -> None:
        await self.peer.close()
        await self.far.close()


class RtpTarget(ConnectedCall):
    """Sound, pictures, slides and retransmissions, after SRTP has let them through."""

    def next(self, chance: random.Random) -> Input:
        data = bytearray(chance.choice(self.streams).next(chance))
        if chance.random() < 0.15:
            # Another sender, or one of another payload type: a retransmission among others.
            data[1] = (data[1] & 0x80) | chance.choice(self._payload_types())
        if chance.random() < 0.05:
            data[8:12] = chance.randbytes(4)
        return Input("rtp", damaged_bytes(bytes(data), chance))

    def _payload_types(self) -> list[int]:
        lines = self.connection.getTransceivers()
        return sorted({codec.payloadType for line in lines for codec in line._codecs} | {5})

    async def feed(self, item: Input) -> None:
        await self.give(item.data)


class RtcpTarget(ConnectedCall):
    """Requests, reports and estimates, after SRTP has let them through."""

    def next(self, chance: random.Random) -> Input:
        return Input("rtcp", damaged_bytes(materials.rtcp(chance, OUR_SSRC, THEIR_SSRC), chance))

    async def feed(self, item: Input) -> None:
        await self.dtls._handle_rtcp_data(item.data)


class StunTarget(ConnectedCall):
    """Datagrams at the socket of a call that stands: from the other side's address, or from a stranger's."""

    def next(self, chance: random.Random) -> Input:
        username = f"{USERNAME}:{self.ice.remote_username}"
        draw = chance.random()
        if draw < 0.6:
            data = damaged_bytes(materials.stun_message(chance, username, PASSWORD), chance)
        elif draw < 0.85:
            data = materials.bare_stun(chance)
        else:
            # What is no STUN: nothing at all, records of DTLS, and packets that SRTP will not let through.
            data = chance.choice([b"", bytes([chance.randrange(256)]) + chance.randbytes(chance.randrange(80))])
        return Input(chance.choice(["known", f"stranger {chance.randrange(20_000, 60_000)}"]), data)

    async def feed(self, item: Input) -> None:
        way, _, port = item.way.partition(" ")
        protocol = self.ice._protocols[0]
        pair = next(iter(self.ice._nominated.values()))
        address = ("127.0.0.1", int(port)) if way == "stranger" else tuple(pair.remote_addr)
        protocol.datagram_received(item.data, address)


class SdpTarget:
    """Answers and offers to a path that begins, and addresses that come afterwards."""

    async def open(self) -> None:
        self._answer = materials.sdp("answer_from_node") + "m=video 0 UDP/TLS/RTP/SAVPF 101\na=mid:2\n"
        self._offer = materials.sdp("direct_offer_from_browser")
        self._answered = make_peer()
        await self._answered.offer(OfferShape())
        await self._answered.accept(self._answer)

    def next(self, chance: random.Random) -> Input:
        way = chance.choice(["answer", "offer", "candidate"])
        good = {"answer": self._answer, "offer": self._offer, "candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host"}
        bad = damaged(good[way], chance)
        if way == "candidate":
            bad = damaged_bytes(bad.replace(" ", chance.choice([" ", "  ", " 9"])).encode(), chance).decode("latin-1")
        return Input(way, bad.encode("utf-8", "surrogatepass"))

    async def feed(self, item: Input) -> None:
        text = item.data.decode("utf-8", "surrogatepass")
        if item.way == "candidate":
            await self._answered.add_candidate(text, "0", "")
            return
        peer = make_peer()
        try:
            with suppress(Unreadable):
                if item.way == "answer":
                    await peer.offer(OfferShape())
                    await peer.accept(text)
                else:
                    await peer.answer(adapt_offer(text, OfferShape()), OfferShape())
        finally:
            await peer.close()

    async def check(self) -> None:
        """A good description is taken as before."""
        peer = make_peer()
        await peer.offer(OfferShape())
        await peer.accept(self._answer)
        await peer.close()

    async def close(self) -> None:
        await self._answered.close()
