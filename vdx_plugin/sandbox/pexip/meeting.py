"""One room while it is in use: the rules' state, the event streams of those who watch it, and its media."""

from __future__ import annotations

import asyncio
import uuid as uuids
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from vdx_plugin.errors import NotFound
from vdx_plugin.sandbox.pexip.config import RoomServerConfig
from vdx_plugin.sandbox.pexip.roster import Event, events_between, snapshot
from vdx_plugin.sandbox.pexip.rules import (
    Command,
    Conference,
    Dismissed,
    Effect,
    Limits,
    MediaChanged,
    Role,
    Said,
    apply,
)
from vdx_plugin.sandbox.pexip.sdp import read_offer
from vdx_plugin.sandbox.pexip.switch import Member, Switch
from vdx_plugin.sandbox.rooms import VirtualRoom

_STREAM_LIMIT = 500
MEDIA_LOST = "Ice failure"


class EventStream:
    """One open ``events`` request. A reader too slow to keep up is cut off and will come again."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(_STREAM_LIMIT)
        self._ended = False

    def put(self, event: Event) -> None:
        """Queue an event."""
        if self._ended:
            return
        if self._queue.full():
            self.end(keep=False)
        else:
            self._queue.put_nowait(event)

    def end(self, *, keep: bool = True) -> None:
        """Finish after what is queued, or at once."""
        while not self._queue.empty() and (not keep or self._queue.full()):
            self._queue.get_nowait()
        self._ended = True
        self._queue.put_nowait(None)

    async def read(self, *, keep_alive_s: float) -> AsyncIterator[Event | None]:
        """Yield events; None when nothing has happened for ``keep_alive_s`` seconds."""
        while True:
            try:
                async with asyncio.timeout(keep_alive_s):
                    event = await self._queue.get()
            except TimeoutError:
                yield None
                continue
            if event is None:
                return
            yield event


@dataclass
class Call:
    """A participant's media call. Nothing flows before ``acked`` (client API: ``ack`` starts the media)."""

    uuid: str
    audio_only: bool
    acked: bool = False
    statistics: dict[str, Any] | None = None


class Meeting:
    """The shell around the rules. ``on_gone(uuid)`` is called for everybody who is no longer in the room."""

    def __init__(
        self,
        room: VirtualRoom,
        config: RoomServerConfig,
        *,
        clock: Callable[[], float],
        on_gone: Callable[[str], None],
        spawn: Callable[..., None],
    ) -> None:
        limits = Limits(
            guests_only_timeout_s=config.guests_only_timeout_s,
            host_wait_timeout_s=config.host_wait_timeout_s,
            capacity=room.max_participants,
            host_without_media_starts=config.host_without_media_starts,
        )
        self.state = Conference(room.alias, limits, has_host_pin=room.host_pin is not None)
        self._config = config
        self._clock = clock
        self._on_gone = on_gone
        self._spawn = spawn
        self._streams: dict[str, set[EventStream]] = {}
        self._calls: dict[str, Call] = {}
        self._switch = Switch(config, self._media_lost)

    def counts(self) -> dict[str, Any]:
        """Return the media counters by participant and kind."""
        return self._switch.counts()

    async def perform(self, command: Command) -> None:
        """Carry out ``command``, tell everybody what changed, and set the media accordingly. Errors as apply."""
        before = self.state
        self.state, effects = apply(before, command, at=self._clock())
        for viewer, streams in list(self._streams.items()):
            for event in events_between(before, self.state, viewer):
                _put_all(streams, event)
        for effect in effects:
            self._tell(effect)
        gone = [person.uuid for person in before.people if self.state.find(person.uuid) is None]
        self._switch.set_members(self._members())
        for uuid in gone:
            await self._forget(uuid)

    def subscribe(self, uuid: str) -> EventStream:
        """Open an event stream for a participant, beginning with the snapshot."""
        viewer = self.state.find(uuid)
        if viewer is None:
            raise NotFound("room.no_participant")
        stream = EventStream()
        for event in snapshot(self.state, viewer):
            stream.put(event)
        self._streams.setdefault(uuid, set()).add(stream)
        return stream

    def unsubscribe(self, uuid: str, stream: EventStream) -> None:
        """Close one event stream; the participant stays."""
        self._streams.get(uuid, set()).discard(stream)

    async def call(self, uuid: str, sdp: str, *, audio_only: bool) -> tuple[str, str]:
        """Start a media call, replacing an earlier one; return its id and the answer. Unreadable: bad offer."""
        answer = await self._answer(uuid, sdp)
        call = self._calls[uuid] = Call(str(uuids.uuid4()), audio_only)
        await self.perform(MediaChanged(uuid, media=False))
        return call.uuid, answer

    async def update(self, uuid: str, call_uuid: str, sdp: str) -> str:
        """Renegotiate with a new connection under the same call; return the answer."""
        self._call(uuid, call_uuid)
        answer = await self._answer(uuid, sdp)
        self._switch.set_members(self._members())
        return answer

    async def acknowledge(self, uuid: str, call_uuid: str) -> None:
        """Let media flow."""
        call = self._call(uuid, call_uuid)
        call.acked = True
        await self.perform(MediaChanged(uuid, media=True, audio_only=call.audio_only))

    async def add_candidate(self, uuid: str, call_uuid: str, candidate: str) -> None:
        """Take a trickled candidate."""
        self._call(uuid, call_uuid)
        await self._switch.add_candidate(uuid, candidate)

    async def hang_up(self, uuid: str, call_uuid: str) -> None:
        """End the media call; the participant stays in the roster."""
        self._call(uuid, call_uuid)
        del self._calls[uuid]
        await self._switch.drop(uuid)
        await self.perform(MediaChanged(uuid, media=False))

    def note_statistics(self, uuid: str, call_uuid: str, statistics: dict[str, Any]) -> None:
        """Keep the client's latest figures."""
        self._call(uuid, call_uuid).statistics = statistics

    async def close(self) -> None:
        """End streams and media without telling anybody."""
        for streams in self._streams.values():
            for stream in streams:
                stream.end()
        self._streams.clear()
        await self._switch.close()

    def rows(self, uuid: str) -> list[dict[str, Any]]:
        """Return the roster as this participant sees it."""
        viewer = self.state.find(uuid)
        if viewer is None:
            raise NotFound("room.no_participant")
        return [event.data for event in snapshot(self.state, viewer) if event.name == "participant_create"]

    async def _answer(self, uuid: str, sdp: str) -> str:
        offer = read_offer(sdp, video_codec=self._config.video_codec)
        return await self._switch.answer(uuid, offer)

    def _call(self, uuid: str, call_uuid: str) -> Call:
        call = self._calls.get(uuid)
        if call is None or call.uuid != call_uuid:
            raise NotFound("room.no_call")
        return call

    def _members(self) -> tuple[Member, ...]:
        return tuple(
            Member(
                person.uuid,
                is_chair=person.role is Role.CHAIR,
                audio=not person.muted,
                video=not person.video_muted,
            )
            for person in self.state.inside
            if person.uuid in self._calls and self._calls[person.uuid].acked
        )

    def _tell(self, effect: Effect) -> None:
        if isinstance(effect, Dismissed):
            _put_all(self._streams.get(effect.uuid, set()), Event("disconnect", {"reason": effect.reason}))
            return
        self._tell_message(effect)

    def _tell_message(self, said: Said) -> None:
        speaker = self.state.find(said.by)
        data = {
            "origin": speaker.display_name if speaker else "",
            "uuid": said.by,
            "type": said.kind,
            "payload": said.payload,
            "direct": said.direct,
        }
        for uuid in said.to:
            _put_all(self._streams.get(uuid, set()), Event("message_received", data))

    async def _forget(self, uuid: str) -> None:
        self._on_gone(uuid)
        self._calls.pop(uuid, None)
        for stream in self._streams.pop(uuid, set()):
            stream.end()
        await self._switch.drop(uuid)

    def _media_lost(self, uuid: str) -> None:
        self._spawn(self._end_lost_call(uuid), name="room-media-lost")

    async def _end_lost_call(self, uuid: str) -> None:
        """End a call whose connection is gone, unless the client comes back under it through ``update``."""
        await asyncio.sleep(self._config.media_grace_s)
        if not self._switch.is_lost(uuid):
            return
        call = self._calls.pop(uuid, None)
        await self._switch.drop(uuid)
        if call is not None:
            lost = Event("call_disconnected", {"call_uuid": call.uuid, "reason": MEDIA_LOST})
            _put_all(self._streams.get(uuid, set()), lost)
            await self.perform(MediaChanged(uuid, media=False))


def _put_all(streams: set[EventStream], event: Event) -> None:
    for stream in streams:
        stream.put(event)
