"""Carries the media of one room: who gets whose packets, and the feedback back to where they came from.

Two people who understand each other's codecs get each other's packets as they are, only renumbered. In every other
case the ``mixing.Studio`` makes one picture and one sound for each. To a client it is the same stream all the time:
one source takes over from the other where a key frame begins, under numbers that go on, and until then the
former one keeps coming. Those who wait see a card and hear silence. Slides pass on unchanged to everybody else.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    unpack_remb_fci,
)

from vdx_plugin import log
from vdx_plugin.sandbox.pexip.config import RoomServerConfig
from vdx_plugin.sandbox.pexip.feeds import MIXED, Party, SpeakerWatch, must_mix, takes_over
from vdx_plugin.sandbox.pexip.hop import Hop
from vdx_plugin.sandbox.pexip.leg import Leg, asks_for_key_frame, ntp_time, wall_clock
from vdx_plugin.sandbox.pexip.leg_streams import KINDS, MediaCount
from vdx_plugin.sandbox.pexip.mixing.load import LARGE, SMALL, Size
from vdx_plugin.sandbox.pexip.mixing.studio import MixedPacket, Scene, Studio
from vdx_plugin.sandbox.pexip.scenes import Member, scene_of, shows_slides_in_main, slides_of
from vdx_plugin.sandbox.pexip.sdp import Codec, Local, Offer, write_answer
from vdx_plugin.sandbox.pexip.stills import Stills, as_jpeg
from vdx_plugin.sandbox.pexip.streams import begins_key_frame
from vdx_plugin.sandbox.pexip.transport_cc import Feedback

__all__ = ["PLAIN", "AnswerWishes", "Member", "Switch"]

_log = log.get("sandbox.pexip.switch")
_TICK_S = 0.05
_REPORT_EVERY_S = 1.0


@dataclass(frozen=True)
class AnswerWishes:
    """How one answer is to be written, for trying clients out."""

    names_ssrc: bool = True
    max_video_kbps: int = 0
    rejects_slides: bool = False


PLAIN = AnswerWishes()


class Switch:
    """Media of one room. ``on_lost(uuid)`` is called when a connection fails or dies by itself, ``on_speaker(uuid)``
    when somebody else than before speaks, ``on_still()`` when there is a new still picture of the slides.
    """

    def __init__(
        self,
        config: RoomServerConfig,
        on_lost: Callable[[str], None],
        on_speaker: Callable[[str], None],
        on_still: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._on_lost = on_lost
        self._on_speaker = on_speaker
        self._on_still = on_still
        self._stills = Stills()
        self._legs: dict[str, Leg] = {}
        self._members: dict[str, Member] = {}
        self._inside: dict[str, Member] = {}
        self._mixes = False
        self._fed: dict[tuple[str, str], str] = {}
        self._mixed_at: dict[tuple[str, str], tuple[float, int]] = {}
        self._speaking = SpeakerWatch()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._beat: asyncio.Task[None] | None = None
        largest = LARGE if config.mixed_height >= LARGE.height else SMALL
        self._studio = Studio(self._scene, self._hand_out, self._on_levels, clock=wall_clock, largest=largest)

    @property
    def mixes(self) -> bool:
        """Whether those inside get a composed picture and mixed sound now."""
        return self._mixes

    @property
    def picture(self) -> Size:
        """The size and rate of composed pictures at the moment."""
        return self._studio.load.size

    def counts(self) -> dict[str, dict[str, MediaCount]]:
        """Return what has passed, by participant and kind."""
        return {uuid: leg.counts for uuid, leg in self._legs.items()}

    async def answer(self, uuid: str, offer: Offer, wishes: AnswerWishes = PLAIN) -> str:
        """Return the SDP answer. A connection goes on if the offer is for it; else one is opened in its place."""
        leg = self._legs.get(uuid)
        if leg is not None and leg.hop is not None and not leg.hop.lost.is_set() and offer.goes_on(leg.offer):
            leg.take(offer)
            leg.hop.take(offer)
            self._decide()
            return self._write(leg, leg.hop, wishes)
        leg = Leg(uuid, offer)
        hop = Hop(offer, self._config.media_hosts, partial(self._on_rtp, leg), partial(self._on_rtcp, leg))
        leg.hop = hop
        await hop.open()
        await self.drop(uuid)
        self._legs[uuid] = leg
        self._tasks[uuid] = asyncio.create_task(self._carry(leg, hop), name=f"room-media-{uuid[:8]}")
        if self._beat is None:
            self._beat = asyncio.create_task(self._keep_time(), name="room-media-beat")
        return self._write(leg, hop, wishes)

    def _write(self, leg: Leg, hop: Hop, wishes: AnswerWishes) -> str:
        local = Local(
            ufrag=hop.ufrag,
            password=hop.password,
            fingerprint=hop.fingerprint,
            candidates=hop.candidates,
            ssrcs={kind: out.ssrc for kind, out in leg.outgoing.items()},
            cname=leg.cname,
            names_ssrc=wishes.names_ssrc and self._config.answer_names_ssrc,
            max_video_kbps=wishes.max_video_kbps or self._config.max_video_kbps,
            rejects_slides=wishes.rejects_slides,
        )
        return write_answer(leg.offer, local)

    async def add_candidate(self, uuid: str, candidate: str) -> None:
        """Take a trickled candidate; an empty one ends them and needs nothing."""
        leg = self._legs.get(uuid)
        if leg is not None and leg.hop is not None:
            await leg.hop.add_candidate(candidate)

    def set_members(self, members: tuple[Member, ...]) -> None:
        """Say who is to be heard and seen from now on, by whom, and who waits."""
        before = self._inside
        presented = _presenter(before.values())
        self._members = {member.uuid: member for member in members}
        inside = self._inside = {uuid: member for uuid, member in self._members.items() if not member.waiting}
        for uuid in inside.keys() - before.keys():
            if uuid in self._legs:
                self._legs[uuid].resumed.update(KINDS)
        for (viewer, kind), source in list(self._fed.items()):
            # Whoever is not inside is cut off now, not at the next key frame.
            if viewer not in inside or (source != MIXED and source not in inside):
                self._cut(viewer, kind)
        if _presenter(inside.values()) != presented:
            self._stills.forget()
            for leg in self._legs.values():
                leg.restart("slides")
        self._speaking.forget(frozenset(inside))
        self._decide()

    def is_lost(self, uuid: str) -> bool:
        """Whether the participant's connection has failed or died and none has taken its place."""
        leg = self._legs.get(uuid)
        return leg is not None and leg.hop is not None and leg.hop.lost.is_set()

    async def drop(self, uuid: str) -> None:
        """Close the participant's connection, if there is one."""
        leg = self._legs.pop(uuid, None)
        task = self._tasks.pop(uuid, None)
        for kind in KINDS:
            self._studio.forget(uuid, kind)
            self._fed.pop((uuid, kind), None)
            self._mixed_at.pop((uuid, kind), None)
        if leg is not None and leg.hop is not None:
            await leg.hop.close()
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Close every connection; nothing is left running."""
        for uuid in list(self._legs):
            await self.drop(uuid)
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.gather(self._beat, return_exceptions=True)
            self._beat = None
        await self._studio.close()

    def _decide(self) -> None:
        """Settle whether to forward or to mix; the studio runs as long as anybody still gets something from it."""
        inside = self._inside.values()
        here = [self._party(member) for member in inside if member.phone or member.uuid in self._legs]
        mixes = must_mix(here) or shows_slides_in_main(inside)
        if mixes != self._mixes:
            _log.info("a room goes over to %s", "mixing" if mixes else "forwarding")
        self._mixes = mixes
        if self._needs_studio():
            self._studio.start()

    def _needs_studio(self) -> bool:
        waits = any(member.waiting and uuid in self._legs for uuid, member in self._members.items())
        return self._mixes or waits or MIXED in self._fed.values()

    def _party(self, member: Member) -> Party:
        leg = self._legs.get(member.uuid)
        if leg is None:
            return Party(member.uuid, phone=member.phone)
        return Party(member.uuid, leg.takes, leg.sends, member.phone)

    def _cut(self, viewer: str, kind: str) -> None:
        self._fed.pop((viewer, kind), None)
        if viewer in self._legs:
            self._legs[viewer].restart(kind)

    def _wanted(self, viewer: str) -> str | None:
        """Return what ``viewer`` is to get: MIXED, or the uuid of the one other person."""
        if self._mixes:
            return MIXED
        return next((uuid for uuid in self._inside if uuid != viewer and uuid in self._legs), None)

    async def _carry(self, leg: Leg, hop: Hop) -> None:
        """Live as long as one connection does."""
        try:
            async with asyncio.timeout(self._config.media_setup_timeout_s):
                await hop.connect()
        except TimeoutError:
            hop.lost.set()
        await hop.lost.wait()
        if self._legs.get(leg.uuid) is leg:
            self._on_lost(leg.uuid)

    async def _on_rtp(self, leg: Leg, packet: RtpPacket) -> None:
        found = leg.classify(packet)
        if found is None or self._legs.get(leg.uuid) is not leg:
            return
        kind, codec = found
        at = wall_clock()
        sent = leg.sends
        if await leg.receive(kind, codec, packet, at=at):
            self._studio.forget(leg.uuid, kind)
        if leg.sends != sent:
            self._decide()
        if not self._may_send(leg.uuid, kind):
            leg.resumed.add(kind)
            return
        if kind == "slides":
            self._keep_still(leg, codec, packet, at)
        if self._studio.running:
            self._feed_studio(leg.uuid, kind, codec, packet, at)
        self._listen(leg, packet, at)
        await self._pass_on(leg, kind, codec, packet, at)

    def _keep_still(self, leg: Leg, codec: Codec, packet: RtpPacket, at: float) -> None:
        """Keep slides as pictures too, as long as somebody has no line for them."""
        others = [member for uuid, member in self._inside.items() if uuid != leg.uuid and member.takes_slides]
        if not any(member.uuid in self._legs and "slides" not in self._legs[member.uuid].outgoing for member in others):
            return
        if self._stills.take(codec.name, packet, at=at):
            self._on_still()
        if self._stills.wants_key_frame(at=at):
            leg.want_key_frame("slides")

    async def slide_image(self) -> bytes | None:
        """Return the slides on show as JPEG, for whoever has no line for them; None while there are none."""
        newest = self._stills.newest
        return None if newest is None else await asyncio.to_thread(as_jpeg, newest)

    def _may_send(self, uuid: str, kind: str) -> bool:
        member = self._members.get(uuid)
        if member is None or member.waiting:
            return False
        return member.presents if kind == "slides" else bool(getattr(member, kind))

    def _feed_studio(self, uuid: str, kind: str, codec: Codec, packet: RtpPacket, at: float) -> None:
        if kind == "audio":
            self._studio.take_sound(uuid, packet)
        elif kind == "video":
            self._studio.take_picture(uuid, codec.name, packet, at=at)
        elif shows_slides_in_main(self._inside.values()):
            self._studio.take_picture(slides_of(uuid), codec.name, packet, at=at)

    async def _pass_on(self, leg: Leg, kind: str, codec: Codec, packet: RtpPacket, at: float) -> None:
        fresh = kind in leg.resumed
        leg.resumed.discard(kind)
        if self._mixes and kind != "slides" and leg.uuid not in self._fed.values():
            return
        starts = kind == "audio" or begins_key_frame(codec.name, packet.payload)
        for viewer in self._viewers(leg, kind, starts=starts):
            if fresh:
                viewer.restart(kind)
            if await viewer.deliver(kind, codec, packet, at=at):
                await viewer.report_source(kind, leg)
            if kind != "audio" and viewer.needs_key_frame(kind):
                leg.want_key_frame(kind)
                await leg.keep_up(at=at)

    def _viewers(self, source: Leg, kind: str, *, starts: bool) -> list[Leg]:
        """Return who gets a packet of ``source`` that ``starts`` a picture, or does not."""
        others = [member for uuid, member in self._inside.items() if uuid in self._legs and uuid != source.uuid]
        if kind == "slides":
            return [self._legs[member.uuid] for member in others if member.takes_slides]
        return [self._legs[m.uuid] for m in others if self._feeds(m.uuid, kind, source.uuid, starts=starts)]

    def _feeds(self, viewer: str, kind: str, source: str, *, starts: bool) -> bool:
        """Whether ``viewer`` gets this packet of ``source``; asks for a key frame where one is needed to take over."""
        fed, wanted = self._fed.get((viewer, kind)), self._wanted(viewer)
        if fed == source:
            return True
        if takes_over(source, fed, wanted, starts=starts):
            self._fed[viewer, kind] = source
            return True
        if wanted == source:
            self._ask(viewer, source, kind)
        return False

    def _ask(self, viewer: str, source: str | None, kind: str) -> None:
        """Have the source of what ``viewer`` sees begin with a whole picture."""
        if source in self._legs:
            self._legs[source].want_key_frame(kind)
        else:
            self._studio.ask_for_key_frame(viewer)

    async def _hand_out(self, mixed: MixedPacket) -> None:
        """Give a viewer a packet the studio has made for them."""
        viewer = self._legs.get(mixed.viewer)
        member = self._members.get(mixed.viewer)
        out = viewer.outgoing.get(mixed.kind) if viewer is not None else None
        # A beat takes its time: what was made for somebody inside must not reach them once they are not.
        if viewer is None or member is None or out is None or member.waiting != mixed.waits:
            return
        if not member.waiting and not self._feeds(mixed.viewer, mixed.kind, MIXED, starts=mixed.starts):
            return
        at = wall_clock()
        self._mixed_at[mixed.viewer, mixed.kind] = (at, mixed.packet.timestamp)
        if await viewer.deliver(mixed.kind, out.preferred, mixed.packet, at=at):
            await viewer.report_sent(mixed.kind, ntp_time(at), mixed.packet.timestamp)
        if mixed.kind == "video" and viewer.needs_key_frame("video"):
            self._studio.ask_for_key_frame(mixed.viewer)

    def _scene(self, size: Size) -> Scene:
        return scene_of(self._members, self._legs, self._fed, size, mixes=self._mixes)

    def _on_levels(self, levels: dict[str, int]) -> None:
        at = wall_clock()
        for uuid, level in levels.items():
            self._heard(uuid, level, at)

    def _listen(self, leg: Leg, packet: RtpPacket, at: float) -> None:
        level = packet.extensions.audio_level
        if level is not None and not self._mixes:
            self._heard(leg.uuid, level[1], at)

    def _heard(self, uuid: str, level: int, at: float) -> None:
        if uuid in self._inside and self._speaking.heard(uuid, level, at=at):
            self._on_speaker(uuid)

    async def _on_rtcp(self, leg: Leg, packets: list[Any]) -> None:
        at = wall_clock()
        for packet in packets:
            if isinstance(packet, Feedback):
                leg.take_feedback(packet, at=at)
            elif isinstance(packet, RtcpSrPacket):
                await self._pass_on_report(leg, packet, at)
            elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
                await leg.resend(packet.media_ssrc, packet.lost, at=at)
            elif asks_for_key_frame(packet):
                kind = leg.asked_for(packet)
                presenter = _presenter(self._inside.values())
                self._ask(leg.uuid, presenter if kind == "slides" else self._fed.get((leg.uuid, kind)), kind)
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
                _note_remb(leg, packet.fci)

    async def _pass_on_report(self, leg: Leg, packet: RtcpSrPacket, at: float) -> None:
        kind = leg.note_report(packet, at=at)
        for uuid, viewer in self._legs.items():
            passes = kind == "slides" or self._fed.get((uuid, kind or "")) == leg.uuid
            if kind and passes and uuid in self._inside:
                await viewer.report_source(kind, leg)

    async def _keep_time(self) -> None:
        reported_at = 0.0
        while True:
            await asyncio.sleep(_TICK_S)
            at = wall_clock()
            report = at - reported_at >= _REPORT_EVERY_S
            reported_at = at if report else reported_at
            for leg in list(self._legs.values()):
                self._want_pictures(leg, at)
                await self._limit(leg, at)
                await leg.keep_up(at=at)
                if report:
                    await leg.report_reception(at=at)
                    await self._report_mixed(leg)
            if self._studio.running and not self._needs_studio():
                await self._studio.close()

    def _want_pictures(self, leg: Leg, at: float) -> None:
        """Ask for a whole picture where the studio cannot begin, or go on, without one."""
        member = self._inside.get(leg.uuid)
        if member is None or not self._studio.running or not (self._mixes or MIXED in self._fed.values()):
            return
        if member.video and self._studio.needs_key_frame(leg.uuid, at=at):
            leg.want_key_frame("video")
        in_main = member.presents and shows_slides_in_main(self._inside.values())
        if in_main and self._studio.needs_key_frame(slides_of(leg.uuid), at=at):
            leg.want_key_frame("slides")

    async def _limit(self, leg: Leg, at: float) -> None:
        """Let a source whose packets are passed on send no more than its viewer's line takes."""
        viewers = [self._legs[uuid] for (uuid, kind), fed in self._fed.items() if fed == leg.uuid and kind == "video"]
        limits = [viewer.limit_bps for viewer in viewers]
        await leg.limit_rate(min((limit for limit in limits if limit is not None), default=None), at=at)

    async def _report_mixed(self, leg: Leg) -> None:
        for kind in ("audio", "video"):
            made = self._mixed_at.get((leg.uuid, kind))
            waits = leg.uuid in self._members and self._members[leg.uuid].waiting
            if made is not None and leg.connected and (waits or self._fed.get((leg.uuid, kind)) == MIXED):
                await leg.report_sent(kind, ntp_time(made[0]), made[1])


def _presenter(members: Any) -> str | None:
    return next((member.uuid for member in members if member.presents), None)


def _note_remb(leg: Leg, fci: bytes) -> None:
    try:
        bps, _ssrcs = unpack_remb_fci(fci)
    except (ValueError, struct.error):
        return
    leg.estimate.note_remb(bps)
