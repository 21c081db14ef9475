"""One presence in one room as the core sees it (``ports.Call``)."""

from __future__ import annotations

import asyncio
import time

from vdx_plugin import log
from vdx_plugin.domain.measures import LineFigures
from vdx_plugin.errors import NotFound, VdxError
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.pexip.events import ConferenceChanged, MediaCallEnded, MessageCame, NodeEvent
from vdx_plugin.media.players import Received
from vdx_plugin.media.presence import Presence, enter_room
from vdx_plugin.media.session import Ears, JoinTimings, MediaSession, Surroundings
from vdx_plugin.ports import (
    CallEvent,
    CallOver,
    ChatMessage,
    ChatReceived,
    JoinTarget,
    LockChanged,
    MediaChoice,
    RosterChanged,
)

_log = log.get("media.call")

MAX_CHAT = 2000


class PexipCall:
    """See ``ports.Call``. Besides: ``timings`` for the benchmark and ``received`` for bots and tests.

    Made by ``open_call``. The last event is one CallOver; nothing is told after it.
    """

    _presence: Presence
    _session: MediaSession

    def __init__(self, target: JoinTarget, ears: Ears, around: Surroundings) -> None:
        self._target = target
        self._ears = ears
        self._around = around
        self._locked: bool | None = None
        self._session_is_made = False
        self._is_hanging_up = False
        self._ending: asyncio.Task[None] | None = None

    async def enter(self, client: PexipClient) -> None:
        """Get the token and the roster. Raises as ``CallEngine.enter``; nothing stays open then."""
        began_s = time.monotonic()
        self._presence = await enter_room(
            client, on_node=self._on_node, on_roster=self._on_roster, on_gone=self._on_gone
        )
        ears = Ears(self._tell, self._ears.on_remote_picture, self._ears.on_self_picture)
        self._session = MediaSession(self._presence, self._target, ears, self._around, self._on_lost)
        self._session.timings = JoinTimings(token_ms=round((time.monotonic() - began_s) * 1000))
        self._session_is_made = True

    # --- the room -------------------------------------------------------------------------------------------------

    async def lock(self) -> None:
        await self._presence.client.lock(locked=True)

    async def unlock(self) -> None:
        await self._presence.client.lock(locked=False)

    async def admit(self, participant_id: str) -> None:
        """Let a waiting participant in. Raises NotFound if they have gone."""
        await self._presence.client.admit(participant_id)

    async def put_out(self, participant_id: str) -> None:
        """Disconnect one participant. Raises NotFound if they have gone."""
        await self._presence.client.put_out(participant_id)

    async def send_chat(self, text: str) -> None:
        """Send a line to everybody inside; it comes back as our own ChatReceived."""
        text = text.strip()[:MAX_CHAT]
        if text:
            await self._presence.client.say(text)
            self._tell(ChatReceived(ChatMessage(self._around.now(), self._target.display_name, text, is_own=True)))

    def _on_roster(self, presence: Presence) -> None:
        self._tell(RosterChanged(presence.roster.participants()))
        if self._session_is_made and not presence.is_waiting:
            self._session.on_inside()

    def _on_node(self, event: NodeEvent) -> None:
        if isinstance(event, ConferenceChanged) and event.locked is not self._locked:
            self._locked = event.locked
            self._tell(LockChanged(event.locked))
        elif isinstance(event, MessageCame):
            self._tell(ChatReceived(ChatMessage(self._around.now(), event.sender_name, event.text, is_own=False)))
        elif isinstance(event, MediaCallEnded) and self._session_is_made:
            self._session.on_call_ended(event.call_id)

    def _tell(self, event: CallEvent) -> None:
        if self._ending is None:
            self._ears.on_event(event)

    # --- media ----------------------------------------------------------------------------------------------------

    async def start_media(self, choice: MediaChoice) -> None:
        """Open devices and the media path; again, to begin anew with another choice. Raises Unavailable(``media.*``).

        Returns when the call stands at the node. That pictures and sound flow is told by MediaFlowing.
        """
        await self._session.start(choice)

    async def set_microphone(self, *, on: bool) -> None:
        await self._session.set_microphone(on=on)

    async def set_camera(self, *, on: bool) -> None:
        await self._session.set_camera(on=on)

    def figures(self) -> LineFigures:
        """Return the quality so far; also after the call."""
        return self._session.figures()

    def two_way_media_s(self) -> float:
        """Return the seconds during which media came in and went out; also after the call."""
        return self._session.two_way_s

    def received(self) -> Received:
        """Return what was decoded so far; also after the call."""
        return self._session.received()

    @property
    def timings(self) -> JoinTimings:
        return self._session.timings

    # --- leaving --------------------------------------------------------------------------------------------------

    async def leave(self) -> None:
        """Leave alone; the room lives on. May be called again, and after the call is over."""
        self._is_hanging_up = True
        await self._end("", release=True)

    async def end_for_all(self) -> None:
        """Put everybody out, then leave. We leave in any case; raises VdxError if the node did not end the room."""
        problem: VdxError | None = None
        if self._ending is None:
            self._is_hanging_up = True
            try:
                await self._presence.client.end_conference()
            except NotFound:
                _log.info("the room was gone already")
            except VdxError as error:
                problem = error
        await self._end("", release=True)
        if problem is not None:
            raise problem

    def _on_gone(self, code: str) -> None:
        # While we hang up ourselves, the node's word that we are out is no news.
        if not self._is_hanging_up:
            self._begin_end(code, release=False)

    def _on_lost(self) -> None:
        self._begin_end("call.cut_off", release=True)

    async def _end(self, code: str, *, release: bool) -> None:
        # Shielded: a caller that gives up does not leave sockets and devices open.
        await asyncio.shield(self._begin_end(code, release=release))

    def _begin_end(self, code: str, *, release: bool) -> asyncio.Task[None]:
        if self._ending is None:
            # The task is made first, so that a listener that leaves at once finds it.
            self._ending = asyncio.get_running_loop().create_task(self._finish(release=release), name="call-end")
            self._ears.on_event(CallOver(code))
        return self._ending

    async def _finish(self, *, release: bool) -> None:
        await self._session.stop()
        await self._presence.close(release=release)


async def open_call(client: PexipClient, target: JoinTarget, ears: Ears, around: Surroundings) -> PexipCall:
    """Enter the room and return the call. Raises as ``CallEngine.enter``."""
    call = PexipCall(target, ears, around)
    await call.enter(client)
    return call
