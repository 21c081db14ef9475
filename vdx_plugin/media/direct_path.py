"""A media call straight to the other side: the node only carries offers, answers and addresses (``direct``)."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from vdx_plugin import log
from vdx_plugin.errors import Unavailable, VdxError
from vdx_plugin.media.direct import Do, Negotiation, Stage
from vdx_plugin.media.direct_sdp import adapt_offer
from vdx_plugin.media.path import MakePeer, MediaPath
from vdx_plugin.media.peer import Peer
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.pexip.events import CandidateCame, OfferCame, PeerWord
from vdx_plugin.media.pexip.replies import CallAnswer
from vdx_plugin.media.presence import quietly
from vdx_plugin.media.recovery import PathState
from vdx_plugin.media.sdp import OfferShape
from vdx_plugin.runtime import Tasks

_log = log.get("media.direct")

MAX_WAITING = 64
"""Words of the other side that wait their turn; a hostile one may send them without end."""


class DirectPath(MediaPath):
    """``hear`` it what the other side says. While nobody is there, it stands and waits."""

    def __init__(self, client: PexipClient, make_peer: MakePeer, shape: OfferShape) -> None:
        super().__init__(client, make_peer, shape)
        self._talk = Negotiation()
        self._early: deque[CandidateCame] = deque(maxlen=MAX_WAITING)
        self._words: asyncio.Queue[PeerWord] = asyncio.Queue(MAX_WAITING)
        self._tasks = Tasks()
        self._listener: asyncio.Task[None] | None = None

    @property
    def state(self) -> PathState:
        return PathState.CONNECTED if self._talk.stage is Stage.WAITING else super().state

    @property
    def silent_s(self) -> float:
        return 0.0 if self._talk.stage is Stage.WAITING else super().silent_s

    # --- we offer ---------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Offer a call. Nobody there to answer is no error: the other side will offer when it comes."""
        self._listener = self._listener or self._tasks.spawn(self._listen(), "media-direct")
        await self._offer(anew=True, is_call=True)

    async def renew(self) -> None:
        if not self._call_id:
            raise Unavailable("media.no_path", "no call to renew")
        await self._offer(anew=True, is_call=False)

    async def renegotiate(self) -> None:
        if self._peer is None or not self._call_id:
            raise Unavailable("media.no_path", "no call to renegotiate")
        await self._offer(anew=False, is_call=False)

    async def _offer(self, *, anew: bool, is_call: bool) -> None:
        number = self._talk.offering(anew=anew)
        peer = await self._fresh_peer() if anew or self._peer is None else self._peer
        try:
            sdp = await peer.offer(self._shape)
            answer = await (self._client.call(sdp) if is_call else self._client.update(self._call_id, sdp))
            self._call_id = answer.call_id
            await self._take_answer(number, peer, answer)
        except BaseException:
            await self._undo(self._talk.failed(number), peer)
            raise

    async def _take_answer(self, number: int, peer: Peer, answer: CallAnswer) -> None:
        do = self._talk.answered(number, ignored=answer.offer_ignored)
        if do is not Do.ACCEPT:
            await self._undo(do, peer)
            return
        await self._accept(peer, answer)
        self._talk.agreed(peer.remote_ufrag)
        await self._add_early(peer)

    async def _undo(self, do: Do, peer: Peer) -> None:
        if do is Do.WAIT:
            await self._drop_peer()
        elif do is Do.TAKE_BACK:
            peer.take_back()

    # --- the other side ---------------------------------------------------------------------------------------------

    def hear(self, word: PeerWord) -> None:
        """Take what the other side says; done in turn. Too much at once is dropped."""
        try:
            self._words.put_nowait(word)
        except asyncio.QueueFull:
            _log.warning("the other side says more than can be taken in")

    async def _listen(self) -> None:
        while True:
            word = await self._words.get()
            try:
                await self._take(word)
            except VdxError as error:
                _log.warning("a word of the other side led nowhere (%s)", error.code)

    async def _take(self, word: PeerWord) -> None:
        if isinstance(word, CandidateCame):
            await self._add(word)
        elif isinstance(word, OfferCame):
            await self._answer(word)
        elif self._talk.other_gone() is Do.OFFER_ANEW:
            self._early.clear()
            # On a task of its own: the answer may have to wait for what is to be heard here.
            self._tasks.spawn(quietly(self._offer(anew=True, is_call=True), "offer anew", limit_s=60), "media-offer")

    async def _add(self, word: CandidateCame) -> None:
        if self._peer is not None and self._peer.is_described:
            await self._peer.add_candidate(word.candidate, word.mid, word.ufrag)
        else:
            self._early.append(word)

    async def _add_early(self, peer: Peer) -> None:
        while self._early:
            word = self._early.popleft()
            await peer.add_candidate(word.candidate, word.mid, word.ufrag)

    async def _answer(self, word: OfferCame) -> None:
        offer = adapt_offer(word.sdp, self._shape)
        do = self._talk.offer_came(offer.said.ufrag)
        if do is Do.IGNORE:
            await self._client.ignore_offer(self._call_id)
            return
        if do is Do.GIVE_WAY and self._peer is not None:
            self._peer.take_back()
        peer = self._peer if self._peer is not None and do is not Do.ANSWER_NEW else await self._fresh_peer()
        sdp = await peer.answer(offer, self._shape)
        await self._client.acknowledge(self._call_id, sdp)
        self._begun_at_s, self.video_codec = time.monotonic(), peer.video_codec
        self._late.spawn(self._send_late(peer, self._call_id), "media-gather")
        await self._add_early(peer)

    async def hang_up(self) -> None:
        await self._fall_silent()
        await super().hang_up()

    async def drop(self) -> None:
        await self._fall_silent()
        await super().drop()

    async def _fall_silent(self) -> None:
        await self._tasks.close()
        self._listener, self._talk = None, Negotiation()
        self._early.clear()
