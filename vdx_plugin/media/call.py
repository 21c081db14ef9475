"""One presence in one room as the core sees it (``ports.Call``)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from vdx_plugin import log
from vdx_plugin.domain.measures import LineFigures
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import NotFound, Refused, VdxError
from vdx_plugin.media.measured import JoinTimings
from vdx_plugin.media.memory import give_back
from vdx_plugin.media.pexip.client import PROBE_LIMIT_S, REQUEST_LIMIT_S, PexipClient
from vdx_plugin.media.pexip.control import RoomControl
from vdx_plugin.media.pexip.events import (
    CandidateCame,
    MediaCallEnded,
    MessageCame,
    NodeEvent,
    OfferCame,
    OtherSideGone,
    Referred,
    SlideReady,
    SlidesBegan,
    SlidesRevoked,
)
from vdx_plugin.media.pexip.reasons import loggable
from vdx_plugin.media.players import Received
from vdx_plugin.media.presence import Hearers, Presence, enter_room, quietly
from vdx_plugin.media.room_state import RoomState
from vdx_plugin.media.session import MediaSession
from vdx_plugin.media.surroundings import Ears, Surroundings
from vdx_plugin.ports import (
    CallEvent,
    CallFigures,
    CallOver,
    ChatMessage,
    ChatReceived,
    DialOut,
    Held,
    JoinTarget,
    MediaChoice,
    RosterChanged,
    RulesChanged,
    ScreenPicture,
    Slides,
    SlidesChanged,
)
from vdx_plugin.runtime import Tasks

_log = log.get("media.call")

MAX_CHAT = 2000


class PexipCall:
    """See ``ports.Call``. Besides: ``timings`` for the benchmark and ``received`` for bots and tests.

    Made by ``open_call``. The last event is one CallOver; nothing is told after it.
    """

    _presence: Presence
    _control: RoomControl
    _state: RoomState
    _session: MediaSession

    def __init__(self, target: JoinTarget, ears: Ears, around: Surroundings) -> None:
        self._target = target
        self._ears = ears
        self._around = around
        self._tasks = Tasks()
        self._left: list[Presence] = []
        self._session_is_made = False
        self._is_hanging_up = False
        self._move: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    async def enter(self, client: PexipClient) -> None:
        """Get the token and the roster. Raises as ``CallEngine.enter``; nothing stays open then."""
        began_s = time.monotonic()
        await enter_room(client, self._hearers())
        ears = replace(self._ears, on_event=self._tell)
        self._session = MediaSession(
            self._presence, self._target, ears, self._around, on_lost=self._on_lost, rejoin=self._rejoin
        )
        self._session.timings = JoinTimings(token_ms=round((time.monotonic() - began_s) * 1000))
        self._session_is_made = True

    def _hearers(self) -> Hearers:
        return Hearers(self._on_entered, self._on_node, self._on_roster, self._on_gone, self._on_host)

    def _on_entered(self, presence: Presence) -> None:
        """We have a token; the roster and all other events come next."""
        if self._session_is_made:
            self._left.append(self._presence)
            self._tell(SlidesChanged(Slides.NONE))
        self._presence, self._control = presence, RoomControl(presence.client)
        grant = presence.grant
        self._state = RoomState(grant.participant_id, is_host=grant.is_host, is_direct=grant.direct_media)
        self._tell(RulesChanged(self._state.rules))

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

    async def mute(self, participant_id: str, *, muted: bool) -> None:
        """Mute one participant for everybody, or lift that. Raises NotFound if they have gone."""
        await self._control.mute(participant_id, muted=muted)

    async def mute_guests(self, *, muted: bool) -> None:
        await self._control.mute_guests(muted=muted)

    async def spotlight(self, participant_id: str, *, on: bool) -> None:
        await self._control.spotlight(participant_id, on=on)

    async def set_host(self, participant_id: str, *, host: bool) -> None:
        await self._control.set_host(participant_id, host=host)

    async def move(self, participant_id: str, alias: str, pin: Secret) -> None:
        await self._control.move(participant_id, alias, pin)

    async def dial(self, call: DialOut) -> None:
        """Call somebody up, once. Raises OutcomeUnknown(``call.dial_unknown``), Refused(``call.dial_refused``)."""
        await self._control.dial(call)

    async def layouts(self) -> tuple[str, ...]:
        return await self._control.layouts()

    async def set_layout(self, name: str) -> None:
        await self._control.set_layout(name)

    async def send_chat(self, text: str) -> None:
        """Send a line to everybody inside; it comes back as our own ChatReceived."""
        text = text.strip()[:MAX_CHAT]
        if text:
            if not self._session.say(text):
                await self._presence.client.say(text)
            self._tell(ChatReceived(ChatMessage(self._around.now(), self._target.display_name, text, is_own=True)))

    def _on_roster(self, presence: Presence) -> None:
        self._tell(RosterChanged(presence.roster.participants()))
        own = presence.roster.own_row
        if own is not None:
            self._on_host(own.is_host)
        if self._session_is_made and not presence.is_waiting:
            self._session.on_inside()

    def _on_host(self, is_host: bool) -> None:
        for told in self._state.set_host(is_host=is_host):
            self._tell(told)

    def _on_node(self, event: NodeEvent) -> None:
        self._take_in(event)
        if isinstance(event, MessageCame):
            self._tell(ChatReceived(ChatMessage(self._around.now(), event.sender_name, event.text, is_own=False)))
        elif isinstance(event, SlideReady) and self._state.slides is Slides.THEIRS and self._session_is_made:
            self._session.on_still(event.id)
        elif isinstance(event, OfferCame | CandidateCame | OtherSideGone) and self._session_is_made:
            self._session.on_word(event)
        elif isinstance(event, Referred):
            self._begin_move(event)
        elif isinstance(event, MediaCallEnded) and self._session_is_made:
            _log.info("the node ended a media call: %s", loggable(event.reason))
            self._session.on_call_ended(event.call_id)

    def _take_in(self, event: NodeEvent) -> None:
        for told in self._state.apply(event):
            if isinstance(told, SlidesChanged) and told.slides is not Slides.OURS and self._session_is_made:
                self._session.on_slides(theirs=told.slides is Slides.THEIRS)
            self._tell(told)

    # --- slides -----------------------------------------------------------------------------------------------------

    async def present(self) -> None:
        """Begin to show pictures of a screen. Raises Refused(``call.no_floor``) or Unavailable."""
        await self._control.take_floor()
        try:
            await self._session.present()
        except BaseException:
            await quietly(self._control.release_floor(), "release_floor")
            raise
        self._take_in(SlidesBegan(self._presence.grant.participant_id, ""))

    def show_screen(self, picture: ScreenPicture) -> None:
        """Send this picture from now on; on any thread. Goes nowhere unless we present."""
        self._session.show_screen(picture)

    async def stop_presenting(self) -> None:
        """Nothing of the screen leaves any more, whatever the node says."""
        self._session.stop_presenting()
        if self._state.slides is Slides.OURS:
            self._take_in(SlidesRevoked())
            await quietly(self._control.release_floor(), "release_floor")

    # --- sent elsewhere ---------------------------------------------------------------------------------------------

    def _begin_move(self, refer: Referred) -> None:
        """The node sends us to another room, or to the same one in another manner."""
        if self._move is None and self._ending is None and self._session_is_made:
            _log.info("the node sends us on (%s)", refer.target[:20] or "another room")
            self._move = self._tasks.spawn(self._follow(refer), "call-move")

    async def _follow(self, refer: Referred) -> None:
        left = self._presence
        # What happens to the old presence from now on is no news: the node may well end it itself.
        left.fall_silent()
        self._tell(Held("call.moving"))
        try:
            await self._session.pause()
            await enter_room(left.client.elsewhere(refer.alias), self._hearers(), one_time=refer.token)
            await self._session.move_to(self._presence)
            await self._close_left()
        except VdxError as error:
            _log.warning("we could not follow (%s)", error.code)
            self._begin_end("call.cut_off", release=True)
        finally:
            self._move = None
            self._tell(Held())

    async def _rejoin(self) -> None:
        """Enter the same room anew under the same name and PIN: the node has forgotten us. Raises VdxError."""
        left = self._presence
        left.fall_silent()
        try:
            await enter_room(left.client.anew(), self._hearers())
        except Refused as error:
            # The room is gone or will not have us: nothing that waiting could mend.
            self._begin_end("call.room_closed" if isinstance(error, NotFound) else error.code, release=False)
            raise
        await self._session.move_to(self._presence)
        self._tasks.spawn(self._close_left(), "call-left")

    async def _close_left(self) -> None:
        while self._left:
            await self._left.pop().close(release=True)

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

    async def use_devices(self, choice: MediaChoice) -> None:
        await self._session.use_devices(choice)

    async def devices_changed(self) -> None:
        await self._session.devices_changed()

    def figures(self) -> LineFigures:
        """Return the quality so far; also after the call."""
        return self._session.figures()

    def now(self) -> CallFigures:
        """Return what is measured now; the last of it after the call."""
        return self._session.now()

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
                await self._presence.client.end_conference(limit_s=self._patience_s)
            except NotFound:
                _log.info("the room was gone already")
            except VdxError as error:
                problem = error
        await self._end("", release=not self._is_cut_off)
        if problem is not None:
            raise problem

    @property
    def _is_cut_off(self) -> bool:
        return self._session_is_made and self._session.is_broken

    @property
    def _patience_s(self) -> float:
        """How long to wait for the node: hardly at all where nothing passes, since the doctor goes to the telephone."""
        return PROBE_LIMIT_S if self._is_cut_off else REQUEST_LIMIT_S / 2

    def _on_gone(self, code: str) -> None:
        # While we hang up ourselves, the node's word that we are out is no news.
        if self._is_hanging_up:
            return
        is_mended = code == "call.token_gone" and self._session_is_made and self._session.forget_token()
        if not is_mended:
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
        await self._tasks.close()
        await self._session.stop()
        await self._close_left()
        await self._presence.close(release=release)
        await asyncio.to_thread(give_back)


async def open_call(client: PexipClient, target: JoinTarget, ears: Ears, around: Surroundings) -> PexipCall:
    """Enter the room and return the call. Raises as ``CallEngine.enter``."""
    call = PexipCall(target, ears, around)
    await call.enter(client)
    return call
