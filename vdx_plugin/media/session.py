"""The media of one call: devices, path, and the look-out that keeps both known and in repair."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from vdx_plugin import log
from vdx_plugin.domain.measures import LineFigures
from vdx_plugin.errors import Refused, VdxError
from vdx_plugin.media.apm import load_canceller
from vdx_plugin.media.channel import read_message, write_message
from vdx_plugin.media.ice_servers import arranged
from vdx_plugin.media.line import SILENT_AFTER_S
from vdx_plugin.media.local_media import LocalFigures, LocalMedia
from vdx_plugin.media.measured import JoinTimings, Measured
from vdx_plugin.media.memory import clear_up, set_aside
from vdx_plugin.media.mending import Means, Mender
from vdx_plugin.media.pexip.client import is_loopback
from vdx_plugin.media.pexip.events import PeerWord
from vdx_plugin.media.pexip.replies import IceServer
from vdx_plugin.media.players import Playout, Received
from vdx_plugin.media.presence import Presence, quietly
from vdx_plugin.media.recovery import PathState, Step
from vdx_plugin.media.report import statistics_of
from vdx_plugin.media.sdp import OfferShape
from vdx_plugin.media.shown import Shown
from vdx_plugin.media.slide_show import SlideShow
from vdx_plugin.media.surroundings import Ears, Surroundings
from vdx_plugin.ports import (
    CallFigures,
    ChatMessage,
    ChatReceived,
    JoinTarget,
    MediaChoice,
    MediaFlowing,
    ScreenPicture,
)
from vdx_plugin.runtime import Tasks

if TYPE_CHECKING:
    from vdx_plugin.media.path import MediaPath

_log = log.get("media.session")

LOOK_EVERY_S = 0.25


async def load_media() -> None:
    """Import aiortc, PyAV and the echo canceller off the loop: they take half a second."""
    await asyncio.to_thread(importlib.import_module, "vdx_plugin.media.path")
    await asyncio.to_thread(load_canceller)
    set_aside()


class MediaSession:
    """Media of one presence.

    ``on_lost`` is called when the line is given up, ``rejoin`` when only a new token can help: it enters the room again
    and calls ``move_to``, or raises VdxError.
    """

    def __init__(
        self,
        presence: Presence,
        target: JoinTarget,
        ears: Ears,
        around: Surroundings,
        on_lost: Callable[[], None],
        rejoin: Callable[[], Awaitable[None]],
    ) -> None:
        self._presence = presence
        self._node = target.node
        self._loopback = is_loopback(target.node)
        self._name = target.display_name
        self._ears = ears
        self._around = around
        self._on_lost = on_lost
        self._rejoin = rejoin
        self._tasks = Tasks()
        self._media: LocalMedia | None = None
        self._path: MediaPath | None = None
        self._playout: Playout | None = None
        self._choice = MediaChoice()
        self._slides = SlideShow(presence.client, ears.on_slide)
        self._mender: Mender | None = None
        self._is_held = self._is_paused = False
        self._shown = Shown(presence.client, ears.on_event)
        self._measured = Measured(ears.on_event)
        self._began_s = 0.0
        self._reported_s = 0.0
        self._mends_before = 0
        self.timings = JoinTimings()
        self._tasks.spawn(load_media(), "media-load")

    # --- starting and stopping --------------------------------------------------------------------------------------

    async def start(self, choice: MediaChoice) -> None:
        """Open devices and the path. Raises Unavailable(``media.*``); everything is closed again then."""
        await self.stop()
        self._choice, self._began_s = choice, time.monotonic()
        self._shown.begin()
        await load_media()
        from vdx_plugin.media.path import as_unavailable

        self._media = LocalMedia(
            self._around.devices,
            choice,
            self._around.settings,
            now=self._around.now,
            on_picture=self._ears.on_self_picture,
            on_notice=self._ears.on_event,
            on_advice=self._ears.on_event,
            are_others_there=lambda: self._presence.roster.hears_others and not self._presence.is_waiting,
        )
        try:
            await self._media.open()
            self.timings = replace(self.timings, devices_ms=self._since_start_ms())
            self._playout = Playout(self._ears.on_remote_picture, self._on_first, self._media.speaker)
            await self._open_path()
        except VdxError as error:
            await self.stop()
            raise as_unavailable(error) from error
        except BaseException:
            await self.stop()
            raise
        self._mender = await self._new_mender()
        self._tasks.spawn(self._look_out(self._mender), "media-lookout")

    async def _new_mender(self) -> Mender:
        network = self._around.network()
        await network.learn(self._node)
        steps = {
            Step.PROBE: self._probe,
            Step.NEW_PATH: self._renew,
            Step.NEW_CALL: self._replace,
            Step.NEW_TOKEN: self._rejoin,
        }
        return Mender(Means(steps, self._on_broken, self._on_mended, self._on_lost), network)

    async def _open_path(self) -> None:
        """Begin the call. A room that gives no media to those who wait is asked again on admission."""
        path = self._new_path()
        try:
            await path.begin()
        except Refused:
            if self._presence.is_waiting:
                _log.info("no media while waiting")
                self._is_held = True
                return
            raise
        self._path, self._is_held = path, False
        self._measured.restart()
        self._tasks.spawn(self._note_connected(path), "media-connect")

    def _new_path(self) -> MediaPath:
        from vdx_plugin.media.direct_path import DirectPath
        from vdx_plugin.media.path import MediaPath
        from vdx_plugin.media.peer import Channel, Peer

        media, playout = self._media, self._playout
        if media is None or playout is None:
            raise RuntimeError("media has not been started")
        grant = self._presence.grant
        has_channel = grant.direct_media and grant.channel_id is not None
        channel = Channel(grant.channel_id or 0, self._on_channel) if has_channel else None

        def make_peer(more: Sequence[IceServer], attempt: int) -> Peer:
            self._shown.begin_path()
            return Peer(
                arranged((*more, *grant.ice_servers), attempt),
                relay_only=grant.relay_only,
                loopback=self._loopback,
                pictures=media.pictures,
                sound=media.sound,
                playout=playout,
                slides=self._slides.feed,
                on_slide=self._ears.on_slide,
                on_pictures=self._shown.set_room,
                channel=channel,
            )

        shape = OfferShape(self._choice.video_codec, self._around.settings.video_kbps)
        make_path = DirectPath if grant.direct_media else MediaPath
        return make_path(self._presence.client, make_peer, shape)

    async def _note_connected(self, path: MediaPath) -> None:
        times = await path.connected()
        self.timings = replace(
            self.timings, offer_ms=times.offer_ms, answer_ms=times.answer_ms, connect_ms=times.connect_ms
        )

    @property
    def is_broken(self) -> bool:
        """Whether nothing passes, so that there is no use in waiting for the node."""
        return self._mender is not None and self._mender.is_broken

    async def stop(self) -> None:
        """Close path and devices. What was measured stays."""
        is_broken = self.is_broken
        await self._slides.end()
        await self._shown.end()
        await self._tasks.close()
        mender, self._mender = self._mender, None
        if mender is not None:
            await mender.close()
            self._mends_before += mender.mends
        path, self._path = self._path, None
        media, self._media = self._media, None
        self._is_held = self._is_paused = False
        if path is not None:
            await (path.drop() if is_broken else path.hang_up())
        if media is not None:
            await media.close()

    async def pause(self) -> None:
        """End the media call and keep the devices: the presence it belongs to is about to be left."""
        self._is_paused = True
        await self._slides.end()
        if self._mender is not None:
            await self._mender.rest()
        path, self._path = self._path, None
        if path is not None:
            await path.hang_up()

    async def move_to(self, presence: Presence) -> None:
        """Go on in another presence, with the same devices. Raises VdxError where its node gives no media."""
        self._presence = presence
        await self._slides.move_to(presence.client)
        path, self._path = self._path, None
        if path is not None:
            await path.drop()
        if self._media is not None:
            await self._open_path()
            await self._shown.tell_anew(presence.client)
        self._is_paused = False
        await asyncio.to_thread(clear_up)

    # --- what happens meanwhile -------------------------------------------------------------------------------------

    def on_inside(self) -> None:
        """We are inside, perhaps only now: begin the call that was refused while we waited."""
        if self._is_held and not self._is_paused and self._mender is not None:
            self._mender.begin(Step.NEW_CALL)

    def say(self, words: str) -> bool:
        """Send a line of chat straight to the other side; return whether there is a way to."""
        message = write_message(self._name, self._presence.grant.participant_id, words)
        return self._path is not None and self._path.say(message)

    def _on_channel(self, data: object) -> None:
        message = read_message(data)
        if message is not None:
            chat = ChatMessage(self._around.now(), message.sender_name, message.text, is_own=False)
            self._ears.on_event(ChatReceived(chat))

    def on_word(self, word: PeerWord) -> None:
        """The other side of direct media says something."""
        if self._path is not None:
            self._path.hear(word)

    def on_call_ended(self, call_id: str) -> None:
        """The node ended a media call; begin a new one if it was ours."""
        if self._path is not None and self._path.forget_call(call_id) and self._mender is not None:
            self._on_broken()
            self._mender.begin(Step.NEW_CALL)

    def forget_token(self) -> bool:
        """The node does not know our token any longer; return whether a new one will be got for the media."""
        if self._mender is None:
            return False
        self._mender.forget_token()
        return True

    def _on_first(self, kind: str) -> None:
        passed_ms = self._since_start_ms()
        if kind == "video":
            self.timings = replace(self.timings, first_video_ms=passed_ms)
        else:
            self.timings = replace(self.timings, first_audio_ms=passed_ms)
        self._ears.on_event(MediaFlowing(kind, passed_ms))

    def _since_start_ms(self) -> int:
        return round((time.monotonic() - self._began_s) * 1000)

    async def _look_out(self, mender: Mender) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            path, at_s = self._path, time.monotonic()
            if self._is_paused:
                continue
            if path is None:
                # While we wait outside there is no path to be broken.
                mender.look(at_s, PathState.CONNECTING if self._is_held else PathState.FAILED, silent_s=0.0)
                continue
            self._warn_of_silence(path)
            if not mender.is_busy and self._measured.is_due(at_s + LOOK_EVERY_S / 2):
                await self._measured.count(path, at_s, expected=self._is_expected)
                self._report(path, at_s)
            mender.look(at_s, path.state, silent_s=path.silent_s)

    def _warn_of_silence(self, path: MediaPath) -> None:
        if self._is_expected and path.silent_s >= SILENT_AFTER_S:
            self._measured.lose()

    @property
    def _is_expected(self) -> bool:
        """Whether somebody else has media, so that silence means a broken line and not an empty room."""
        return self._presence.roster.hears_others and not self._presence.is_waiting

    def _report(self, path: MediaPath, at_s: float) -> None:
        interval_s = self._presence.grant.stats_interval_s
        if interval_s is None or at_s - self._reported_s < interval_s or path.state is not PathState.CONNECTED:
            return
        self._reported_s = at_s
        statistics = statistics_of(self._measured.counts, self.received(), path.slides_seen, path.video_codec)
        self._tasks.spawn(quietly(self._presence.client.report(path.call_id, statistics), "statistics"), "media-report")

    # --- recovery ---------------------------------------------------------------------------------------------------

    def _on_broken(self) -> None:
        self._measured.lose()

    def _on_mended(self) -> None:
        _log.info("the media path stands again")
        if self._path is not None:
            self._path.begin_again()
        self._presence.read_anew()

    async def _probe(self) -> None:
        await self._presence.client.probe()

    async def _renew(self) -> None:
        await (self._open_path() if self._path is None else self._path.renew())
        await self._begin_anew()

    async def _replace(self) -> None:
        await (self._open_path() if self._path is None else self._path.replace())
        await self._begin_anew()

    async def _begin_anew(self) -> None:
        self._measured.restart()
        await asyncio.to_thread(clear_up)

    # --- slides -----------------------------------------------------------------------------------------------------

    async def present(self) -> None:
        """Begin to send what ``show_screen`` gets. Raises Unavailable, or Unsupported where nobody takes slides."""
        await self._slides.present(self._path)

    def show_screen(self, picture: ScreenPicture) -> None:
        """Send this picture from now on; on any thread."""
        self._slides.feed.show(picture)

    def stop_presenting(self) -> None:
        self._slides.feed.end()

    def on_slides(self, *, theirs: bool) -> None:
        """Somebody else shows something, or no longer does: what we show ends in any case."""
        self._slides.on_others(self._path, theirs=theirs)

    def on_still(self, event_id: str) -> None:
        """A still of the slides can be had."""
        self._slides.on_still(self._path, event_id)

    # --- in use -----------------------------------------------------------------------------------------------------

    async def set_microphone(self, *, on: bool) -> None:
        """Silence here at once; that others are shown it is a courtesy that may fail."""
        if self._media is not None:
            self._media.sound.is_on = on
        await self._shown.set_microphone(on=on)

    async def set_camera(self, *, on: bool) -> None:
        """Black here at once, as with the microphone."""
        if self._media is not None:
            self._media.pictures.is_on = on
        await self._shown.set_camera(on=on)

    async def use_devices(self, choice: MediaChoice) -> None:
        """Use other devices from now on; before media starts, they are those it starts with."""
        self._choice = choice
        if self._media is not None:
            await self._media.switch(choice)

    async def devices_changed(self) -> None:
        """The system's list of devices is another than before."""
        if self._media is not None:
            await self._media.refresh()

    def received(self) -> Received:
        """Return what was decoded so far."""
        return self._playout.received if self._playout is not None else Received()

    @property
    def _reconnects(self) -> int:
        return self._mends_before + (self._mender.mends if self._mender is not None else 0)

    def figures(self) -> LineFigures:
        """Return the quality so far."""
        return self._measured.figures(self.received(), self._reconnects)

    def now(self) -> CallFigures:
        """Return what is measured now."""
        local = self._media.names() if self._media is not None else LocalFigures()
        return self._measured.now(self._path, self.received(), local, self._reconnects)

    @property
    def two_way_s(self) -> float:
        return self._measured.two_way_s
