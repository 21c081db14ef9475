"""One media path: one peer connection, its offer and answer, its tracks in and out. Imports aiortc and PyAV."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiortc import RTCSessionDescription
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.sdp import candidate_from_sdp

from vdx_plugin import log
from vdx_plugin.errors import Unreadable
from vdx_plugin.media import aiortc_hooks as hooks
from vdx_plugin.media.audio.line import SoundLine
from vdx_plugin.media.channel import LABEL
from vdx_plugin.media.congestion import Congestion
from vdx_plugin.media.datagrams import read_in_batches
from vdx_plugin.media.direct_sdp import RemoteOffer, shape_answer
from vdx_plugin.media.inbound import Receiver
from vdx_plugin.media.line import Counts
from vdx_plugin.media.pexip.replies import IceServer
from vdx_plugin.media.pictures import picture_of_frame
from vdx_plugin.media.players import Playout
from vdx_plugin.media.recovery import PathState
from vdx_plugin.media.sdp import DEFAULT_BLOCKS, Answer, OfferShape, adapt_answer, shape_offer
from vdx_plugin.media.slides import SlideFeed, SlidesLine
from vdx_plugin.media.sources import PictureFeed, SoundFeed
from vdx_plugin.media.tracks import PictureTrack, SoundTrack
from vdx_plugin.media.video.figures import PictureFigures, PictureTally
from vdx_plugin.media.video.receiver import PictureReceiver
from vdx_plugin.ports import VideoPicture
from vdx_plugin.runtime import Tasks

_log = log.get("media.path")

MAX_CANDIDATES = 40
"""Of one connection's other side."""

# What aiortc raises on a description it cannot digest: its parser is built of assertions, indexing and int().
_SDP_FAULTS = (
    ValueError,
    AssertionError,
    LookupError,
    AttributeError,
    TypeError,
    RuntimeError,
    InternalError,
    InvalidAccessError,
    InvalidStateError,
    OperationError,
)


def _ignore(_: object) -> None:
    """Nobody asked."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A data channel both sides know the number of, and who hears what comes over it."""

    id: int
    hear: Callable[[object], None]


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach us, as ``new_candidate`` has it."""

    candidate: str
    mid: str
    ufrag: str
    pwd: str

    def __repr__(self) -> str:
        return f"Address({self.mid!r})"


@contextmanager
def _sdp_faults() -> Iterator[None]:
    try:
        yield
    except _SDP_FAULTS as error:
        raise Unreadable("media.answer", type(error).__name__, place="aiortc") from error


class Peer:
    """Make, ``offer``, ``accept``, ``close``. After ``close`` nothing of it is left running.

    ``on_pictures`` hears False when the line has no room for our picture, and True when it has again.
    """

    def __init__(
        self,
        servers: Sequence[IceServer],
        *,
        relay_only: bool,
        loopback: bool,
        pictures: PictureFeed,
        sound: SoundFeed,
        playout: Playout,
        slides: SlideFeed,
        on_slide: Callable[[VideoPicture], None],
        on_pictures: Callable[[bool], None] = _ignore,
        channel: Channel | None = None,
    ) -> None:
        self._connection = hooks.new_connection(servers, relay_only=relay_only, loopback=loopback)
        self._congestion = Congestion(self._connection, on_pictures)
        audio, video, self._slides = self._connection.getTransceivers()
        audio.sender.replaceTrack(SoundTrack(sound))
        video.sender.replaceTrack(PictureTrack(pictures))
        self._slides.sender.replaceTrack(PictureTrack(slides))
        self._equipped: set[str] = set()
        self._said: Answer | None = None
        self._candidates = 0
        self._channel = (
            None if channel is None else hooks.open_channel(self._connection, LABEL, channel.id, channel.hear)
        )
        self._pictures = PictureReceiver(playout.take_picture, playout.tally, playout.sync)
        self._sound = SoundLine(playout.output, playout.sync, playout.note_sound)
        rtt_s = self._congestion.rtt_s
        hooks.use_receiver(audio, Receiver("audio", audio.receiver.transport, self._sound, rtt_s))
        hooks.use_receiver(video, Receiver("video", video.receiver.transport, self._pictures, rtt_s))
        self._slides_tally = PictureTally()
        self._shown = PictureReceiver(lambda frame: on_slide(picture_of_frame(frame)), self._slides_tally)
        hooks.use_receiver(self._slides, Receiver("video", video.receiver.transport, self._shown, rtt_s))
        self._tasks = Tasks()
        self._offer = ""
        self._connected = asyncio.Event()
        self._accepted_s = self._connected_s = 0.0
        self._connection.on("connectionstatechange", self._on_state)
        self.video_codec = ""

    @property
    def state(self) -> PathState:
        """How the connection stands."""
        if self._connection.connectionState == "connected":
            return PathState.CONNECTED
        return PathState.FAILED if self._connection.connectionState in ("failed", "closed") else PathState.CONNECTING

    def begin_again(self) -> None:
        """The line was gone and is back on this very path."""
        self._congestion.begin_again()

    @property
    def heard_at_s(self) -> float:
        """When the last packet of any kind came, by ``time.monotonic``; 0 before the first."""
        return float(self._connection.wire.arrival_s)

    def _on_state(self) -> None:
        if self.state is PathState.CONNECTED:
            self._connected_s = time.monotonic()
            self._connected.set()

    @property
    def has_stood(self) -> bool:
        """Whether media could flow at any time."""
        return self._connected.is_set()

    async def connected(self) -> int:
        """Wait until media can flow, which may be never; return the milliseconds it took from the answer on."""
        await self._connected.wait()
        return round((self._connected_s - self._accepted_s) * 1000)

    async def offer(self, shape: OfferShape) -> str:
        """Gather and return the offer to send."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        read_in_batches(hooks.ice_of(self._connection))
        self._offer = shape_offer(self._connection.localDescription.sdp, shape)
        return self._offer

    async def accept(self, sdp: str) -> None:
        """Take the node's answer and begin reading what comes. Raises Unreadable(``media.answer``)."""
        answer = adapt_answer(sdp, self._offer)
        self._accepted_s = time.monotonic()
        with _sdp_faults():
            await self._connection.setRemoteDescription(RTCSessionDescription(sdp=answer.sdp, type="answer"))
        self._take_up(answer)

    async def answer(self, offer: RemoteOffer, shape: OfferShape) -> str:
        """Take the other side's offer and return our answer (direct media). Raises Unreadable(``media.answer``)."""
        self._accepted_s = time.monotonic()
        with _sdp_faults():
            await self._connection.setRemoteDescription(RTCSessionDescription(sdp=offer.sdp, type="offer"))
            hooks.rest_what_is_not_offered(self._connection)
            hooks.let_them_begin(self._connection)
            await self._connection.setLocalDescription(await self._connection.createAnswer())
            read_in_batches(hooks.ice_of(self._connection))
            sdp = shape_answer(self._connection.localDescription.sdp, offer, shape)
        self._take_up(offer.said)
        return sdp

    async def late_addresses(self) -> list[Address]:
        """Return those of our addresses that were not in the offer; empty where all were."""
        ufrag, pwd = hooks.local_credentials(self._connection)
        mid = self._connection.getTransceivers()[0].mid or "0"
        return [Address(found, mid, ufrag, pwd) for found in await hooks.gather_rest(self._connection)]

    def say(self, message: str) -> bool:
        """Send something over the data channel; return whether there is one that is open."""
        if self._channel is None or self._channel.readyState != "open":
            return False
        self._channel.send(message)
        return True

    def take_back(self) -> None:
        """Forget an offer that was not answered; the connection stands as before."""
        hooks.take_back(self._connection)

    @property
    def is_described(self) -> bool:
        """Whether the other side has said how it can be reached."""
        return self._said is not None

    @property
    def remote_ufrag(self) -> str:
        """By which the other side's connection is known; empty before it has answered."""
        return self._said.ufrag if self._said is not None else ""

    async def add_candidate(self, candidate: str, mid: str, ufrag: str) -> None:
        """Take one more address of the other side; what is none, or of another connection, is passed over."""
        if (ufrag and ufrag != self.remote_ufrag) or self._candidates >= MAX_CANDIDATES:
            return
        self._candidates += 1
        try:
            with _sdp_faults():
                found = candidate_from_sdp(candidate.removeprefix("candidate:")) if candidate else None
                if found is not None:
                    found.sdpMid = mid
                await self._connection.addIceCandidate(found)
        except Unreadable:
            _log.info("an address of the other side could not be used")

    def _take_up(self, said: Answer) -> None:
        """Make use of what was agreed: for lines that begin now, once each."""
        is_first, self._said = self._said is None, said
        for transceiver in self._connection.getTransceivers():
            if transceiver.mid not in self._equipped and transceiver.currentDirection not in (None, "inactive"):
                self._equipped.add(transceiver.mid)
                self._equip(transceiver)
        self._congestion.agree(said.transport_cc, said.send_limits_bps)
        if is_first:
            self._tasks.spawn(self._control(), "media-congestion")

    @property
    def slides(self) -> SlidesLine:
        """How the line for slides stands."""
        said, mid = self._said, self._slides.mid
        direction = self._slides.currentDirection or "inactive"
        return SlidesLine(
            can_send=direction in ("sendrecv", "sendonly"),
            can_receive=direction in ("sendrecv", "recvonly"),
            may_receive=said is not None and mid is not None and mid not in said.rejected,
            max_blocks=said.max_blocks.get(mid, DEFAULT_BLOCKS) if said is not None else DEFAULT_BLOCKS,
        )

    @property
    def slides_seen(self) -> PictureFigures:
        """What others have shown on this connection."""
        return self._slides_tally.figures(time.monotonic())

    async def _control(self) -> None:
        await self._connected.wait()
        await self._congestion.run()

    def _equip(self, transceiver: Any) -> None:
        if transceiver is self._slides:
            return
        if transceiver.kind == "video":
            self.video_codec = hooks.first_codec(transceiver)

    @property
    def estimate_kbps(self) -> float:
        """What the line is thought to take of ours."""
        return self._congestion.outlet.estimate.target_bps / 1000

    @property
    def way(self) -> str:
        """Whether media goes to the peer itself (``direct``) or by a relay; empty before it goes at all."""
        return hooks.way(self._connection)

    async def counts(self) -> Counts:
        """Return what came and went so far."""
        report = await self._connection.getStats()
        rows = list(report.values())
        inbound = [row for row in rows if row.type == "inbound-rtp"]
        outbound = [row for row in rows if row.type == "outbound-rtp"]
        remote = [row for row in rows if row.type == "remote-inbound-rtp" and row.roundTripTime is not None]
        transports = list({row.id: row for row in rows if row.type == "transport"}.values())
        jitter = [row.jitter / 48 for row in inbound if row.kind == "audio"]
        return Counts(
            received=sum(row.packetsReceived for row in inbound),
            lost=sum(max(0, row.packetsLost) for row in inbound),
            sent=sum(row.packetsSent for row in outbound),
            received_bytes=sum(row.bytesReceived for row in transports),
            sent_bytes=sum(row.bytesSent for row in transports),
            jitter_ms=jitter[0] if jitter else None,
            rtt_ms=max(0.0, min(row.roundTripTime for row in remote) * 1000) if remote else self._early_rtt_ms(),
        )

    def _early_rtt_ms(self) -> float | None:
        """Return what feedback tells of the round trip before the first report does."""
        rtt_s = self._congestion.rtt_s()
        return None if rtt_s is None else rtt_s * 1000

    async def close(self) -> None:
        """Close the connection and end the reading."""
        await self._tasks.close()
        await self._congestion.close()
        await self._connection.close()
        await self._pictures.closed()
        await self._shown.closed()
        self._connection.remove_all_listeners()
