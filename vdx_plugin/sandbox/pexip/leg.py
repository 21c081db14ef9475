"""One participant's media seen from the switch: what comes in, what goes out, and the reports both ways.

RTCP is kept per hop: losses are asked for again and answered from history on each side by itself; sender
reports pass with their capture time untouched and only the RTP time renumbered, so that the viewer's lip sync
is the source's. The same holds of the rate: what comes is reported packet by packet, and from the like reports on
what goes out the viewer's rate is estimated. Sources: RFC 3550 6.4, RFC 4585 6.2 and 6.3, RFC 5104 4.3.1,
draft-alvestrand-rmcat-remb-03, draft-holmer-rmcat-transport-wide-cc-extensions-01.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
)

from vdx_plugin.sandbox.pexip.estimate import NO_LIMIT_BPS, SendEstimate, SentLog
from vdx_plugin.sandbox.pexip.hop import Hop
from vdx_plugin.sandbox.pexip.leg_streams import KINDS, PICTURES, Incoming, KeyFrameRequests, MediaCount, Outgoing
from vdx_plugin.sandbox.pexip.mixing.load import LineFit, Size
from vdx_plugin.sandbox.pexip.sdp import Codec, Offer
from vdx_plugin.sandbox.pexip.streams import (
    GIVE_UP_AFTER_S,
    MAX_MISSING,
    RESEND_AFTER_S,
)
from vdx_plugin.sandbox.pexip.transport_cc import ArrivalLog, Feedback

MAX_STREAMS = 64
_RATE_REPEAT_S = 1.0


class Leg:
    """The two directions of one participant's call: ``audio``, ``video`` and ``slides``."""

    def __init__(self, uuid: str, offer: Offer) -> None:
        self.uuid = uuid
        self.hop: Hop | None = None
        self.counts = {kind: MediaCount() for kind in KINDS}
        self.sent = SentLog()
        self.estimate = SendEstimate()
        self.fit = LineFit()
        self.resumed: set[str] = set()
        self.incoming: dict[str, Incoming] = {}
        self._codec_of: dict[tuple[str, int], Codec] = {}
        self._cname = secrets.token_hex(8)
        self.outgoing: dict[str, Outgoing] = {}
        self._key_frames: dict[str, KeyFrameRequests] = {kind: KeyFrameRequests() for kind in PICTURES}
        self._arrivals = ArrivalLog()
        self._told_bps: int | None = None
        self._told_at = float("-inf")
        self.take(offer)

    def take(self, offer: Offer) -> None:
        """Go on with the lines of another offer over the same connection."""
        self.offer = offer
        for kind, line in offer.streams.items():
            if kind in self.outgoing:
                self.outgoing[kind].take(line)
            else:
                self.outgoing[kind] = Outgoing(line, line.codecs[0].clock_rate)
        lines = offer.streams.items()
        self._codec_of = {(kind, codec.payload_type): codec for kind, line in lines for codec in line.codecs}
        self._kind_of_mid = {line.mid: kind for kind, line in lines}
        self._kind_of_ssrc = {ssrc: kind for kind, line in lines for ssrc in line.ssrcs}

    @property
    def cname(self) -> str:
        return self._cname

    @property
    def connected(self) -> bool:
        return bool(self.hop is not None and self.hop.connected)

    @property
    def takes(self) -> frozenset[str]:
        """The picture codecs the participant can decode; empty without a line for pictures to them."""
        out = self.outgoing.get("video")
        return frozenset(out.codecs) if out is not None and out.wanted else frozenset()

    @property
    def sends(self) -> str:
        """The picture codec the participant sends, or will."""
        stream, out = self.incoming.get("video"), self.outgoing.get("video")
        if stream is not None:
            return stream.codec
        return out.preferred.name if out is not None and out.sends else ""

    @property
    def limit_bps(self) -> int | None:
        """What the participant's line takes, or wants, at most; None where nothing says so."""
        out = self.outgoing.get("video")
        known = [bound for bound in (self.estimate.limit_bps, out.max_bps if out is not None else 0) if bound]
        return min(known) if known else None

    def wanted_picture(self, largest: Size) -> tuple[str, int, Size] | None:
        """Return codec, rate and size of the composed picture the participant takes now, None while none."""
        out = self.outgoing.get("video")
        if out is None or not out.wanted or not self.connected:
            return None
        return (out.preferred.name, *self.fit.choose(self.limit_bps, largest, at=wall_clock()))

    def classify(self, packet: RtpPacket) -> tuple[str, Codec] | None:
        """Return kind and codec of a packet from the participant; None for the unknown (RFC 8843 9.2)."""
        kind = self._kind_of_mid.get(packet.extensions.mid or "") or self._kind_of_ssrc.get(packet.ssrc)
        for name in [kind] if kind else KINDS:
            codec = self._codec_of.get((name, packet.payload_type))
            if codec is not None:
                if len(self._kind_of_ssrc) < MAX_STREAMS:
                    self._kind_of_ssrc[packet.ssrc] = name
                return name, codec
        return None

    async def receive(self, kind: str, codec: Codec, packet: RtpPacket, *, at: float) -> bool:
        """Take note of an incoming packet and ask for those missing before it; return whether its stream is new."""
        stream = self.incoming.get(kind)
        new = stream is None or stream.ssrc != packet.ssrc
        if stream is None or new:
            stream = self.incoming[kind] = Incoming(packet.ssrc, codec.clock_rate)
        stream.codec = codec.name
        number = packet.extensions.transport_sequence_number
        if number is not None:
            self._arrivals.note(number, at=at)
        stream.statistics.add(packet)
        self.counts[kind].received_packets += 1
        self.counts[kind].received_frames += packet.marker
        missing = stream.gaps.arrived(packet.sequence_number, at=at)
        if kind in PICTURES and missing:
            await self._ask_again(stream, missing)
        return new

    async def deliver(self, kind: str, codec: Codec, packet: RtpPacket, *, at: float) -> bool:
        """Pass on a packet of another leg; return whether it began a new source here."""
        out = self.outgoing.get(kind)
        mine = out.codecs.get(codec.name) if out is not None and out.wanted else None
        if out is None or mine is None or not self.connected:
            return False
        begins = out.numbers.source != packet.ssrc
        if kind in PICTURES and begins and out.gate.is_open:
            out.gate.shut()
        if kind in PICTURES and not out.gate.lets_through(codec.name, packet.payload, at=at):
            return False
        numbers = out.numbers.renumber(packet.ssrc, packet.sequence_number, packet.timestamp, at=at)
        if numbers is None:
            return False
        copy = RtpPacket(
            payload_type=mine.payload_type,
            marker=packet.marker,
            sequence_number=numbers.sequence,
            timestamp=numbers.timestamp,
            ssrc=out.ssrc,
            payload=packet.payload,
        )
        copy.padding_size = packet.padding_size
        copy.extensions.mid = out.mid or None
        copy.extensions.audio_level = packet.extensions.audio_level
        out.history.keep(numbers.sequence, copy)
        await self._send_stamped(copy, at=at)
        self.counts[kind].note_sent(packet)
        return bool(begins)

    async def _send_stamped(self, packet: RtpPacket, *, at: float) -> None:
        """Send a packet under a transport number of its own."""
        packet.extensions.abs_send_time = int((at % 64) * (1 << 18)) & 0xFFFFFF
        packet.extensions.transport_sequence_number = self.sent.stamp(len(packet.payload) + 40, at=at)
        if self.hop is not None:
            await self.hop.send_rtp(packet)

    def needs_key_frame(self, kind: str) -> bool:
        """Whether this participant waits for a picture to begin."""
        out = self.outgoing.get(kind)
        return self.connected and out is not None and out.wanted and not out.gate.is_open

    def restart(self, kind: str) -> None:
        """Treat what comes next as a new source, for instance after a pause."""
        if kind in self.outgoing:
            self.outgoing[kind].numbers.restart()
            self.outgoing[kind].gate.shut()

    async def resend(self, media_ssrc: int, sequences: list[int], *, at: float) -> None:
        """Answer a request for lost packets."""
        for kind, out in self.outgoing.items():
            if out.ssrc == media_ssrc:
                for sequence in sequences[:MAX_MISSING]:
                    packet = out.history.find(sequence, at=at, patience_s=self._patience_s)
                    if packet is not None:
                        self.counts[kind].resent_packets += 1
                        await self._send_same(packet)

    async def _send_same(self, packet: RtpPacket) -> None:
        """Send a packet as it left, to the byte.

        SRTP makes its key stream of the packet's number (RFC 3711 4.1, RFC 7714 8.1): the same number under another
        header would give away what proves packets genuine. So it has its old transport number, whose lateness says
        nothing of the line.
        """
        if packet.extensions.transport_sequence_number is not None:
            self.sent.forget(packet.extensions.transport_sequence_number)
        if self.hop is not None:
            await self.hop.send_rtp(packet)

    @property
    def _patience_s(self) -> float:
        """How long an answer may be under way."""
        return min(max(self.estimate.round_trip_s, RESEND_AFTER_S / 2), GIVE_UP_AFTER_S / 2)

    def want_key_frame(self, kind: str) -> None:
        """Ask the participant for a whole picture, soon but not more often than it can make them."""
        self._key_frames[kind].wanted = True

    def asked_for(self, packet: RtcpPsfbPacket) -> str:
        """Return which picture a PLI or FIR from the participant is about."""
        slides = self.outgoing.get("slides")
        about = packet.fci[:4] if packet.fmt == RTCP_PSFB_FIR else packet.media_ssrc.to_bytes(4, "big")
        return "slides" if slides is not None and slides.ssrc.to_bytes(4, "big") == about else "video"

    async def report_source(self, kind: str, source: Leg) -> None:
        """Pass on the last sender report of ``source`` in this leg's RTP time."""
        out, stream = self.outgoing.get(kind), source.incoming.get(kind)
        if out is None or stream is None or stream.report is None or out.numbers.source != stream.ssrc:
            return
        await self.report_sent(kind, stream.report.ntp_timestamp, stream.report.rtp_timestamp)

    async def report_sent(self, kind: str, ntp_timestamp: int, source_timestamp: int) -> None:
        """Say that what the source calls ``source_timestamp`` was made at ``ntp_timestamp``."""
        out = self.outgoing[kind]
        info = RtcpSenderInfo(
            ntp_timestamp=ntp_timestamp,
            rtp_timestamp=out.numbers.timestamp(source_timestamp),
            packet_count=self.counts[kind].sent_packets & 0xFFFFFFFF,
            octet_count=self.counts[kind].sent_bytes & 0xFFFFFFFF,
        )
        name = RtcpSourceInfo(ssrc=out.ssrc, items=[(1, self._cname.encode())])
        await self._send(bytes(RtcpSrPacket(ssrc=out.ssrc, sender_info=info)) + bytes(RtcpSdesPacket([name])))

    def note_report(self, packet: RtcpSrPacket, *, at: float) -> str | None:
        """Remember the participant's sender report; return its kind."""
        for kind, stream in self.incoming.items():
            if stream.ssrc == packet.ssrc:
                stream.report, stream.report_at = packet.sender_info, at
                return kind
        return None

    async def limit_rate(self, bitrate_bps: int | None, *, at: float) -> None:
        """Tell the participant what its viewers can take: falling at once, else every second; None is no limit."""
        stream = self.incoming.get("video")
        if stream is None or (bitrate_bps is None and self._told_bps is None):
            return
        told = bitrate_bps if bitrate_bps is not None else NO_LIMIT_BPS * 2
        falls = self._told_bps is None or told < self._told_bps * 0.97
        if not falls and at - self._told_at < _RATE_REPEAT_S:
            return
        self._told_bps, self._told_at = (told if bitrate_bps is not None else None), at
        fci = pack_remb_fci(told, [stream.ssrc])
        await self._send_feedback(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._ssrc, media_ssrc=0, fci=fci))

    def take_feedback(self, feedback: Feedback, *, at: float) -> None:
        """Take what the participant says of the packets sent to it."""
        self.estimate.take(self.sent.match(feedback), at=at)

    async def keep_up(self, *, at: float) -> None:
        """Send what is due: requests for lost packets and for whole pictures, and what has come when.

        To be called every 50 ms.
        """
        for kind in PICTURES:
            stream = self.incoming.get(kind)
            if stream is not None:
                await self._keep_up(kind, stream, at)
        await self._report_arrivals()

    async def _report_arrivals(self) -> None:
        about = next(iter(self.incoming.values())).ssrc if self.incoming else 0
        report = self._arrivals.report(ssrc=self._ssrc, media_ssrc=about)
        if report is not None:
            await self._send_feedback(report)

    async def _keep_up(self, kind: str, stream: Incoming, at: float) -> None:
        again = stream.gaps.due(at=at)
        if again:
            await self._ask_again(stream, again)
        if self._key_frames[kind].due(at=at):
            pli = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._ssrc, media_ssrc=stream.ssrc)
            await self._send_feedback(pli)

    async def report_reception(self, *, at: float) -> None:
        """Tell the participant how its streams arrive. To be called every second."""
        reports = [_reception(stream, at) for stream in self.incoming.values()]
        if reports:
            await self._send(bytes(RtcpRrPacket(ssrc=self._ssrc, reports=reports)))

    @property
    def _ssrc(self) -> int:
        return next(iter(self.outgoing.values())).ssrc if self.outgoing else 1

    async def _ask_again(self, stream: Incoming, sequences: list[int]) -> None:
        nack = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._ssrc, media_ssrc=stream.ssrc)
        nack.lost = sequences
        await self._send_feedback(nack)

    async def _send_feedback(self, packet: Any) -> None:
        # Feedback travels in a compound packet that begins with a report (RFC 4585 3.1).
        await self._send(bytes(RtcpRrPacket(ssrc=self._ssrc)) + bytes(packet))

    async def _send(self, data: bytes) -> None:
        if self.hop is not None:
            await self.hop.send(data)


def asks_for_key_frame(packet: Any) -> bool:
    """Whether a feedback packet is a PLI or FIR."""
    return isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR)


_BEGAN_S = time.time() - time.monotonic()


def wall_clock() -> float:
    """Seconds since 1970 when the program began, steady from then on."""
    return _BEGAN_S + time.monotonic()


def ntp_time(at: float) -> int:
    """Return seconds since 1970 as a sender report has them: 32.32 bits since 1900."""
    return int((at + 2_208_988_800) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def _reception(stream: Incoming, at: float) -> RtcpReceiverInfo:
    lsr = delay = 0
    if stream.report is not None:
        lsr = (stream.report.ntp_timestamp >> 16) & 0xFFFFFFFF
        delay = int(max(0.0, min(at - stream.report_at, 65535)) * 65536)
    statistics = stream.statistics
    return RtcpReceiverInfo(
        ssrc=stream.ssrc,
        fraction_lost=min(255, statistics.fraction_lost),
        packets_lost=statistics.packets_lost,
        highest_sequence=statistics.cycles + statistics.max_seq,
        jitter=statistics.jitter,
        lsr=lsr,
        dlsr=delay,
    )
