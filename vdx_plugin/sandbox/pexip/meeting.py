"""One room while it is in use: the rules' state, those who listen to its events, and its media."""

from __future__ import annotations

import asyncio
import uuid as uuids
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vdx_plugin.errors import NotFound
from vdx_plugin.sandbox.pexip.audience import Audience, EventStream
from vdx_plugin.sandbox.pexip.config import RoomServerConfig
from vdx_plugin.sandbox.pexip.direct import CallAnswer, DirectMedia
from vdx_plugin.sandbox.pexip.layouts import seating
from vdx_plugin.sandbox.pexip.mirror import Mirror
from vdx_plugin.sandbox.pexip.roster import Event, events_between, row, snapshot, visible
from vdx_plugin.sandbox.pexip.rules import ESCALATION, apply
from vdx_plugin.sandbox.pexip.sdp import read_offer
from vdx_plugin.sandbox.pexip.state import (
    Command,
    Conference,
    Dismissed,
    Effect,
    FloorTaken,
    Limits,
    MediaChanged,
    Person,
    Referred,
    Role,
    Said,
    Spoke,
)
from vdx_plugin.sandbox.pexip.switch import AnswerWishes, Member, Switch
from vdx_plugin.sandbox.rooms import VirtualRoom

MEDIA_LOST = "Ice failure"
_NOTHING_ON_SHOW = {"presenter_name": "", "presenter_uri": "", "presenter_uuid": ""}


@dataclass
class Call:
    """A participant's media call. Nothing flows before ``acked`` (client API: ``ack`` starts the media)."""

    uuid: str
    audio_only: bool
    slides_in_main: bool = False
    acked: bool = False
    statistics: dict[str, Any] = field(default_factory=dict)


_TELEPHONE = Call("", audio_only=True, acked=True)


class Meeting:
    """The shell around the rules. ``on_gone(uuid)`` is called for everybody who is no longer in the room, and
    ``admission(alias, role)`` for a token with which somebody sent to another room gets in there. ``wishes()`` says
    how the next answer is to be written.
    """

    def __init__(
        self,
        room: VirtualRoom,
        config: RoomServerConfig,
        *,
        clock: Callable[[], float],
        on_gone: Callable[[str], None],
        spawn: Callable[..., None],
        admission: Callable[[str, Role], str],
        wishes: Callable[[], AnswerWishes],
    ) -> None:
        self.state = _empty(room, config)
        self.audience = Audience()
        self.calls: dict[str, Call] = {}
        self._config = config
        self._clock = clock
        self._on_gone = on_gone
        self._spawn = spawn
        self._admission = admission
        self._wishes = wishes
        self._switch = (Mirror if room.test_call else Switch)(config, self._media_lost, self._speaking, self._new_still)
        self._direct = DirectMedia(lambda: self.state, self.audience.tell, patience_s=config.peer_patience_s)

    def counts(self) -> dict[str, Any]:
        """Return the media counters by participant and kind."""
        return self._switch.counts()

    async def perform(self, command: Command) -> None:
        """Carry out ``command``, tell everybody what changed, and set the media accordingly. Errors as apply."""
        before = self.state
        self.state, effects = apply(before, command, at=self._clock())
        for viewer in self.audience:
            for event in events_between(before, self.state, viewer):
                self.audience.tell(viewer, event)
        for effect in effects:
            self._tell(effect)
        gone = [person.uuid for person in before.people if self.state.find(person.uuid) is None]
        self._switch.set_members(self._members())
        for uuid in gone:
            await self._forget(uuid)
        for person in self.state.inside:
            earlier = before.find(person.uuid)
            if earlier is not None and earlier.waiting:
                self._direct.admitted(person.uuid)

    def subscribe(self, uuid: str) -> EventStream:
        """Open an event stream for a participant, beginning with the snapshot."""
        return self.audience.open(uuid, snapshot(self.state, self._viewer(uuid)))

    async def call(self, uuid: str, sdp: str, *, audio_only: bool, slides_in_main: bool = False) -> CallAnswer:
        """Start a media call, replacing an earlier one, and return the answer. Unreadable: bad offer."""
        person = self._viewer(uuid)
        call = Call(str(uuids.uuid4()), audio_only, slides_in_main)
        direct = person.direct_media and self.state.direct_media
        answer = CallAnswer(call.uuid, "") if direct else await self._answer(uuid, call.uuid, sdp)
        self.calls[uuid] = call
        await self.perform(MediaChanged(uuid, media=False))
        return await self._direct.call(uuid, call.uuid, sdp) if direct else answer

    async def update(self, uuid: str, call_uuid: str, sdp: str) -> CallAnswer:
        """Renegotiate under the same call, over the same connection or a new one; return the answer."""
        self._call(uuid, call_uuid)
        if self._direct.holds(uuid):
            return await self._direct.update(uuid, call_uuid, sdp)
        answer = await self._answer(uuid, call_uuid, sdp)
        self._switch.set_members(self._members())
        return answer

    async def acknowledge(self, uuid: str, call_uuid: str, sdp: str = "", *, ignored: bool = False) -> None:
        """Let media flow; in direct media, take the answer for the other participant."""
        call = self._call(uuid, call_uuid)
        if self._direct.holds(uuid):
            self._direct.acknowledge(uuid, call_uuid, sdp, ignored=ignored)
        call.acked = True
        await self.perform(MediaChanged(uuid, media=True, audio_only=call.audio_only))

    async def add_candidate(self, uuid: str, call_uuid: str, candidate: dict[str, str]) -> None:
        """Take a trickled candidate, or pass it on."""
        self._call(uuid, call_uuid)
        if self._direct.holds(uuid):
            self._direct.candidate(uuid, call_uuid, candidate)
        else:
            await self._switch.add_candidate(uuid, candidate.get("candidate", ""))

    async def hang_up(self, uuid: str, call_uuid: str) -> None:
        """End the media call; the participant stays in the roster."""
        self._call(uuid, call_uuid)
        del self.calls[uuid]
        self._direct.end(uuid)
        await self._switch.drop(uuid)
        await self.perform(MediaChanged(uuid, media=False))

    def refer_all(self) -> None:
        """Send everybody back into this same room, as a node does when it moves a conference."""
        for person in self.state.inside:
            self._tell(Referred(person.uuid, self.state.alias, person.role, ESCALATION))

    async def slide_image(self) -> bytes | None:
        """Return the slides on show as JPEG; None while there are none to be seen."""
        return await self._switch.slide_image()

    def tell_everybody(self, event: Event) -> None:
        """Put an event on the streams of all who are inside."""
        for person in self.state.inside:
            self.audience.tell(person.uuid, event)

    def note_statistics(self, uuid: str, call_uuid: str, statistics: dict[str, Any]) -> None:
        """Keep the client's latest figures."""
        self._call(uuid, call_uuid).statistics = statistics

    async def close(self) -> None:
        """End streams and media without telling anybody."""
        self.audience.close()
        await self._switch.close()

    def rows(self, uuid: str) -> list[dict[str, Any]]:
        """Return the roster as this participant sees it."""
        viewer = self._viewer(uuid)
        return [row(self.state, person, viewer) for person in visible(self.state, viewer)]

    def _viewer(self, uuid: str) -> Person:
        viewer = self.state.find(uuid)
        if viewer is None:
            raise NotFound("room.no_participant")
        return viewer

    async def _answer(self, uuid: str, call_uuid: str, sdp: str) -> CallAnswer:
        offer = read_offer(sdp, video_codec=self._config.video_codec, others=self._config.other_codecs)
        return CallAnswer(call_uuid, await self._switch.answer(uuid, offer, self._wishes()))

    def _call(self, uuid: str, call_uuid: str) -> Call:
        call = self.calls.get(uuid)
        if call is None or call.uuid != call_uuid:
            raise NotFound("room.no_call")
        return call

    def _members(self) -> tuple[Member, ...]:
        """Those whose media is here, and those who were called and have answered."""
        called = {person.uuid: _TELEPHONE for person in self.state.inside if person.dialled}
        calls = called | {
            uuid: call for uuid, call in self.calls.items() if call.acked and not self._direct.holds(uuid)
        }
        return tuple(self._member(person, calls[person.uuid]) for person in self.state.people if person.uuid in calls)

    def _member(self, person: Person, call: Call) -> Member:
        seats = seating(self.state, person)
        return Member(
            person.uuid,
            is_chair=person.role is Role.CHAIR,
            audio=not person.muted,
            video=not person.video_muted,
            name=person.overlay_text or person.display_name,
            waiting=person.waiting,
            presents=person.uuid == self.state.presenter,
            takes_slides=person.takes_slides,
            slides_in_main=call.slides_in_main or person.slides_in_main,
            view=seats.view,
            seats=seats.uuids,
            names=self.state.layout.names,
            phone=person.dialled,
        )

    def _tell(self, effect: Effect) -> None:
        match effect:
            case Dismissed(uuid, reason):
                self.audience.tell(uuid, Event("disconnect", {"reason": reason}))
            case FloorTaken(uuid):
                self.audience.tell(uuid, Event("presentation_start", _NOTHING_ON_SHOW))
            case Referred(uuid, alias, role, target):
                data = {"alias": alias, "token": self._admission(alias, role)}
                self.audience.tell(uuid, Event("refer", data | ({"target": target} if target else {})))
            case Said():
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
            self.audience.tell(uuid, Event("message_received", data))

    async def _forget(self, uuid: str) -> None:
        self._on_gone(uuid)
        self.calls.pop(uuid, None)
        self._direct.end(uuid)
        self.audience.end(uuid)
        await self._switch.drop(uuid)

    def _speaking(self, uuid: str) -> None:
        if self.state.find(uuid) is not None:
            self._spawn(self.perform(Spoke(uuid)), name="room-speaker")

    def _new_still(self) -> None:
        for person in self.state.inside:
            if person.uuid != self.state.presenter:
                self.audience.tell(person.uuid, Event("presentation_frame"))

    def _media_lost(self, uuid: str) -> None:
        self._spawn(self._end_lost_call(uuid), name="room-media-lost")

    async def _end_lost_call(self, uuid: str) -> None:
        """End a call whose connection is gone, unless the client comes back under it through ``update``."""
        await asyncio.sleep(self._config.media_grace_s)
        if not self._switch.is_lost(uuid):
            return
        call = self.calls.pop(uuid, None)
        await self._switch.drop(uuid)
        if call is not None:
            lost = Event("call_disconnected", {"call_uuid": call.uuid, "reason": MEDIA_LOST})
            self.audience.tell(uuid, lost)
            await self.perform(MediaChanged(uuid, media=False))


def _empty(room: VirtualRoom, config: RoomServerConfig) -> Conference:
    limits = Limits(
        guests_only_timeout_s=config.guests_only_timeout_s,
        host_wait_timeout_s=config.host_wait_timeout_s,
        dial_timeout_s=config.dial_timeout_s,
        longest_s=config.test_call_s if room.test_call else 0,
        capacity=room.max_participants,
        host_without_media_starts=config.host_without_media_starts,
    )
    return Conference(
        room.alias,
        limits,
        has_host_pin=room.host_pin is not None,
        guests_can_present=room.guests_can_present,
        direct_media=room.direct_media,
        direct_when_empty=room.direct_media,
    )
