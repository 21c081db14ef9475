"""Forwards the media of one room: who gets whose packets, and the feedback back to where they came from.

With two participants each gets the other's packets as they are, only renumbered. With three or more each gets
one of the others, see ``streams.share_out``; nothing is decoded, mixed or composed.
"""

from __future__ import annotations

import asyncio
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
from vdx_plugin.sandbox.pexip.hop import Hop
from vdx_plugin.sandbox.pexip.leg import KINDS, PICTURES, Leg, MediaCount, asks_for_key_frame, wall_clock
from vdx_plugin.sandbox.pexip.sdp import Local, Offer, write_answer
from vdx_plugin.sandbox.pexip.streams import Sender, SpeakerWatch, share_out

_log = log.get("sandbox.pexip.switch")
_TICK_S = 0.05


@dataclass(frozen=True)
class Member:
    """A participant whose call is acknowledged; what they may be heard and seen with, and what they are shown.

    A ``waiting`` one is not inside: neither heard nor seen, and shown nobody. ``presents``: their slides are the ones
    on show. ``takes_slides``: they may be sent slides on a line of their own; ``slides_in_main``: they want them in
    the main picture instead. ``seats`` are those in their picture, the most prominent first, and ``view`` how.
    A participant whose media is elsewhere (a telephone acted out) has no connection here and yet is a member.
    """

    uuid: str
    is_chair: bool
    audio: bool = True
    video: bool = True
    name: str = ""
    waiting: bool = False
    presents: bool = False
    takes_slides: bool = True
    slides_in_main: bool = False
    view: str = "1:0"
    seats: tuple[str, ...] = ()
    names: bool = True


@dataclass(frozen=True)
class AnswerWishes:
    """How one answer is to be written, for trying clients out."""

    names_ssrc: bool = True
    max_video_kbps: int = 0
    rejects_slides: bool = False


PLAIN = AnswerWishes()


class Switch:
    """Media of one room. ``on_lost(uuid)`` is called when a connection fails or dies by itself, ``on_speaker(uuid)``
    when somebody else than before speaks.
    """

    def __init__(
        self, config: RoomServerConfig, on_lost: Callable[[str], None], on_speaker: Callable[[str], None]
    ) -> None:
        self._config = config
        self._on_lost = on_lost
        self._on_speaker = on_speaker
        self._legs: dict[str, Leg] = {}
        self._members: dict[str, Member] = {}
        self._shares: dict[str, str] = {}
        self._speaking = SpeakerWatch()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._beat: asyncio.Task[None] | None = None

    def counts(self) -> dict[str, dict[str, MediaCount]]:
        """Return what has passed, by participant and kind."""
        return {uuid: leg.counts for uuid, leg in self._legs.items()}

    async def answer(self, uuid: str, offer: Offer, wishes: AnswerWishes = PLAIN) -> str:
        """Return the SDP answer. A connection goes on if the offer is for it; else one is opened in its place."""
        leg = self._legs.get(uuid)
        if leg is not None and leg.hop is not None and not leg.hop.lost.is_set() and offer.goes_on(leg.offer):
            leg.take(offer)
            leg.hop.take(offer)
            self._share()
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
        """Say who is to be heard and seen from now on."""
        before = self._members
        self._members = {member.uuid: member for member in members if not member.waiting}
        for uuid in self._members.keys() - before.keys():
            if uuid in self._legs:
                self._legs[uuid].resumed.update(KINDS)
        self._share()

    def is_lost(self, uuid: str) -> bool:
        """Whether the participant's connection has failed or died and none has taken its place."""
        leg = self._legs.get(uuid)
        return leg is not None and leg.hop is not None and leg.hop.lost.is_set()

    async def drop(self, uuid: str) -> None:
        """Close the participant's connection, if there is one."""
        leg = self._legs.pop(uuid, None)
        task = self._tasks.pop(uuid, None)
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

    def _share(self) -> None:
        here = [member for member in self._members.values() if member.uuid in self._legs]
        senders = tuple(Sender(member.uuid, member.is_chair) for member in here)
        shares = share_out(senders, self._speaking.speaker)
        for viewer, source in shares.items():
            if self._shares.get(viewer) != source and viewer in self._legs:
                for kind in KINDS:
                    self._legs[viewer].restart(kind)
        self._shares = shares

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
        await leg.receive(kind, codec, packet, at=at)
        if not self._may_send(leg.uuid, kind):
            leg.resumed.add(kind)
            return
        self._listen(leg, packet, at)
        fresh = kind in leg.resumed
        leg.resumed.discard(kind)
        for viewer in self._viewers(leg.uuid, kind):
            if fresh:
                viewer.restart(kind)
            if await viewer.deliver(kind, codec, packet, at=at):
                await viewer.report_source(kind, leg)
            if kind in PICTURES and viewer.needs_key_frame(kind):
                leg.want_key_frame(kind)
                await leg.keep_up(at=at)

    def _may_send(self, uuid: str, kind: str) -> bool:
        member = self._members.get(uuid)
        if member is None:
            return False
        return member.presents if kind == "slides" else bool(getattr(member, kind))

    def _listen(self, leg: Leg, packet: RtpPacket, at: float) -> None:
        level = packet.extensions.audio_level
        if level is not None and self._speaking.heard(leg.uuid, level[1], at=at):
            self._share()
            self._on_speaker(leg.uuid)

    def _viewers(self, source: str, kind: str) -> list[Leg]:
        if kind == "slides":
            others = [member for member in self._members.values() if member.takes_slides and member.uuid != source]
            return [self._legs[member.uuid] for member in others if member.uuid in self._legs]
        return [
            self._legs[viewer] for viewer, shown in self._shares.items() if shown == source and viewer in self._legs
        ]

    async def _on_rtcp(self, leg: Leg, packets: list[Any]) -> None:
        for packet in packets:
            if isinstance(packet, RtcpSrPacket):
                kind = leg.note_report(packet, at=wall_clock())
                for viewer in self._viewers(leg.uuid, kind) if kind else []:
                    await viewer.report_source(kind or "", leg)
            elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
                await leg.resend(packet.media_ssrc, packet.lost)
            elif asks_for_key_frame(packet):
                kind = leg.shows(packet.media_ssrc)
                source = self._source(leg.uuid, kind)
                if source is not None:
                    source.want_key_frame(kind)
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
                await self._pass_on_rate(leg, packet.fci)

    def _source(self, viewer: str, kind: str) -> Leg | None:
        if kind == "slides":
            presenter = next((member.uuid for member in self._members.values() if member.presents), "")
            return self._legs.get(presenter)
        return self._legs.get(self._shares.get(viewer, ""))

    async def _pass_on_rate(self, leg: Leg, fci: bytes) -> None:
        try:
            leg.remb_bps, _ = unpack_remb_fci(fci)
        except ValueError:
            return
        source = self._legs.get(self._shares.get(leg.uuid, ""))
        if source is not None:
            rates = [viewer.remb_bps for viewer in self._viewers(source.uuid, "video") if viewer.remb_bps]
            await source.limit_rate(min(rates, default=leg.remb_bps or 0))

    async def _keep_time(self) -> None:
        reported_at = 0.0
        while True:
            await asyncio.sleep(_TICK_S)
            at = wall_clock()
            report = at - reported_at >= 1.0
            reported_at = at if report else reported_at
            for leg in list(self._legs.values()):
                await leg.keep_up(at=at)
                if report:
                    await leg.report_reception(at=at)
