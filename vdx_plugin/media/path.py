"""The media call: a path to the node, renewed or replaced when it breaks.

``begin`` offers a call, ``renew`` a new path for the same call, ``replace`` a new call on the same token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vdx_plugin import log
from vdx_plugin.errors import Unavailable, VdxError
from vdx_plugin.media.line import Counts
from vdx_plugin.media.peer import Peer
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.pexip.events import PeerWord
from vdx_plugin.media.pexip.replies import CallAnswer, IceServer
from vdx_plugin.media.presence import quietly
from vdx_plugin.media.recovery import PathState
from vdx_plugin.media.sdp import OfferShape
from vdx_plugin.media.slides import SlidesLine
from vdx_plugin.media.video.figures import PictureFigures
from vdx_plugin.runtime import Tasks

_log = log.get("media.path")


@dataclass(frozen=True, slots=True)
class PathTimings:
    """Where the time from ``begin`` to a standing path went, in milliseconds; None where it has not happened."""

    offer_ms: int | None = None
    answer_ms: int | None = None
    connect_ms: int | None = None
    """ICE and DTLS, from the answer on."""


MakePeer = Callable[[Sequence[IceServer], int], Peer]
"""Of servers to use before those of the token, and how many paths have failed to come up."""


class MediaPath:
    """One media call. ``make_peer`` gives a fresh peer with our tracks in it."""

    def __init__(self, client: PexipClient, make_peer: MakePeer, shape: OfferShape) -> None:
        self._client = client
        self._late = Tasks()
        self._relays: tuple[IceServer, ...] = ()
        self._attempts = 0
        self._make_peer = make_peer
        self._shape = shape
        self._peer: Peer | None = None
        self._call_id = ""
        self._counts = Counts()
        self._begun_at_s = time.monotonic()
        self.timings = PathTimings()
        self.video_codec = ""

    @property
    def call_id(self) -> str:
        """The node's id of the call; empty when there is none."""
        return self._call_id

    @property
    def state(self) -> PathState:
        return PathState.FAILED if self._peer is None else self._peer.state

    @property
    def silent_s(self) -> float:
        """Seconds since the last packet of any kind, or since the path was begun."""
        heard_at_s = 0.0 if self._peer is None else self._peer.heard_at_s
        return time.monotonic() - max(heard_at_s, self._begun_at_s)

    @property
    def estimate_kbps(self) -> float | None:
        """What the line is thought to take of ours, None without a path."""
        return None if self._peer is None else self._peer.estimate_kbps

    @property
    def way(self) -> str:
        """``direct``, ``relay`` or empty."""
        return "" if self._peer is None else self._peer.way

    async def begin(self) -> None:
        """Offer a call and take the answer. Raises VdxError; there is no path then."""
        began_s = time.monotonic()
        peer = await self._fresh_peer()
        try:
            sdp = await peer.offer(self._shape)
            self.timings = PathTimings(offer_ms=_ms(began_s))
            answer = await self._client.call(sdp)
            self._call_id = answer.call_id
            self.timings = replace(self.timings, answer_ms=_ms(began_s))
            await self._accept(peer, answer)
        except BaseException:
            await self._drop_peer()
            raise
        if answer.turn and answer.turn != self._relays:
            # Named only here where nothing but port 443 is open; aiortc takes servers for a new connection alone.
            self._relays, self._attempts = answer.turn, 0
            await self.renew()

    async def renew(self) -> None:
        """Offer a new path for the call that stands. Raises VdxError, or Unavailable when there is no call.

        The old one stays until the node has answered: where it cannot be reached, the old one may yet come back.
        """
        if not self._call_id:
            raise Unavailable("media.no_path", "no call to renew")
        peer = self._made()
        try:
            answer = await self._client.update(self._call_id, await peer.offer(self._shape))
        except BaseException:
            await peer.close()
            raise
        await self._drop_peer()
        self._take_up(peer)
        try:
            await self._accept(peer, answer)
        except BaseException:
            await self._drop_peer()
            raise

    @property
    def slides(self) -> SlidesLine:
        """How the line for slides stands."""
        return SlidesLine() if self._peer is None else self._peer.slides

    @property
    def slides_seen(self) -> PictureFigures:
        """What others have shown on the present path."""
        return PictureFigures() if self._peer is None else self._peer.slides_seen

    async def renegotiate(self) -> None:
        """Offer the lines anew on the path that stands, as after a line was declined. Raises VdxError."""
        peer = self._peer
        if peer is None or not self._call_id:
            raise Unavailable("media.no_path", "no call to renegotiate")
        answer = await self._client.update(self._call_id, await peer.offer(self._shape))
        if answer.offer_ignored:
            raise Unavailable("media.no_path", "the offer was ignored")
        await peer.accept(answer.sdp)
        await self._client.acknowledge(self._call_id)

    def begin_again(self) -> None:
        """The line was gone and is back."""
        if self._peer is not None:
            self._peer.begin_again()

    async def replace(self) -> None:
        """End the call and offer a new one. Raises VdxError."""
        await self.hang_up()
        await self.begin()

    def _made(self) -> Peer:
        if self._peer is not None and not self._peer.has_stood:
            self._attempts += 1
        return self._make_peer(self._relays, self._attempts)

    async def _fresh_peer(self) -> Peer:
        peer = self._made()
        # The old one goes first: both would read the same microphone.
        await self._drop_peer()
        return self._take_up(peer)

    def _take_up(self, peer: Peer) -> Peer:
        self._counts, self._begun_at_s, self._peer = Counts(), time.monotonic(), peer
        return peer

    async def _accept(self, peer: Peer, answer: CallAnswer) -> None:
        if answer.offer_ignored:
            raise Unavailable("media.no_path", "the offer was ignored")
        await peer.accept(answer.sdp)
        await self._client.acknowledge(answer.call_id)
        self._begun_at_s = time.monotonic()
        self.video_codec = peer.video_codec
        self._late.spawn(self._send_late(peer, answer.call_id), "media-gather")

    async def _send_late(self, peer: Peer, call_id: str) -> None:
        """Tell the node of addresses that were found after the offer had left."""
        found = await peer.late_addresses()
        for each in found:
            work = self._client.add_candidate(call_id, each.candidate, each.mid, each.ufrag, each.pwd)
            await quietly(work, "new_candidate")
        if found:
            await quietly(self._client.add_candidate(call_id, "", found[0].mid), "end of candidates")

    async def connected(self) -> PathTimings:
        """Wait until media can flow on the present path, and tell where the time went."""
        if self._peer is not None:
            connect_ms = await self._peer.connected()
            self.timings = replace(self.timings, connect_ms=connect_ms)
        return self.timings

    async def counts(self) -> Counts:
        """Return the totals of the present path."""
        if self._peer is None:
            return self._counts
        self._counts = await self._peer.counts()
        return self._counts

    def say(self, message: str) -> bool:
        """Send something straight to the other side; return whether there is a way to."""
        return self._peer is not None and self._peer.say(message)

    def hear(self, word: PeerWord) -> None:
        """A word of another participant; where the node has the media, none is expected."""

    async def hang_up(self) -> None:
        """End the call at the node, as far as it can be reached, and the path here."""
        call_id, self._call_id = self._call_id, ""
        await self._drop_peer()
        if call_id:
            await quietly(self._client.hang_up(call_id), "disconnect")

    async def drop(self) -> None:
        """Let go of the path without a word to the node, which has forgotten us."""
        self._call_id = ""
        await self._drop_peer()

    def forget_call(self, call_id: str) -> bool:
        """The node ended the call. Return whether it was ours."""
        if call_id != self._call_id or not call_id:
            return False
        self._call_id = ""
        return True

    async def _drop_peer(self) -> None:
        peer, self._peer = self._peer, None
        await self._late.close()
        if peer is not None:
            await peer.close()


def _ms(since_s: float) -> int:
    return round((time.monotonic() - since_s) * 1000)


def as_unavailable(error: VdxError) -> Unavailable:
    """Return the error ``start_media`` raises for a failed path."""
    if isinstance(error, Unavailable) and error.code.startswith("media."):
        return error
    return Unavailable("media.no_path", error.code)
