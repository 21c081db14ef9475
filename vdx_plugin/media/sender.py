"""What goes out over one line of a connection, in place of aiortc's sender.

aiortc's own sends a picture in one burst, keeps 128 packets for those who missed some, answers each request for a whole
picture at once and knows no rate but the receiver's word. ``SoundSender`` and ``PictureSender`` take its place in a
transceiver: they take frames from a track as it does, and give packets to the connection's ``Outlet``.
"""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import av
import numpy as np
from aiortc import clock
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    HeaderExtensionsMap,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    RtpPacket,
    unpack_remb_fci,
    wrap_rtx,
)
from aiortc.stats import RTCOutboundRtpStreamStats, RTCRemoteInboundRtpStreamStats, RTCStatsReport

from vdx_plugin import log
from vdx_plugin.media.audio.repeating import Repeating
from vdx_plugin.media.audio.speaking import SpeechEncoder
from vdx_plugin.media.encoders import PictureEncoder
from vdx_plugin.media.rate.history import History, KeyframeGate
from vdx_plugin.media.rate.ladder import RUNGS, Beat, Ladder, Rung, size_on
from vdx_plugin.media.rate.outlet import Outlet, Parcel
from vdx_plugin.media.rate.pacing import Rank
from vdx_plugin.runtime import Tasks

_log = log.get("media.send")

MAX_REPORTS = 8
MAX_NACKED = 500
"""Packets one request may ask for; more is a mistake or an attack."""
TWICE_FROM_LOSS, TWICE_AFTER_S = 0.02, 0.015
"""Repetitions are sent twice from this loss on; what is sent twice, so much later, as losses come in bursts."""
PADDING_BYTES = 240
THIN_BPS = 1_000_000
NO_TRACK_S = 0.02
SILENCE_DBOV = -127


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One frame as packets' payloads. ``timestamp`` in the line's clock, ``taken_s`` by ``time.monotonic``."""

    payloads: list[bytes]
    timestamp: int
    taken_s: float
    level_dbov: int | None = None


class Sender(RTCRtpSender):  # type: ignore[misc]
    """What both kinds have in common: packets, reports, statistics. ``encoder`` is set once the codec is known."""

    def __init__(self, kind: str, transport: Any, outlet: Outlet) -> None:
        super().__init__(kind, transport)
        self._outlet = outlet
        self._line_kind = kind
        self._tasks = Tasks()
        self._extensions = HeaderExtensionsMap()
        self._payload_type = 0
        self._rtx_payload_type: int | None = None
        self._clock_hz = 90_000
        self._mid: str | None = None
        self._cname = ""
        self._sequence = random.randrange(1 << 15)
        self._origin = random.randrange(1 << 32)
        self._newest: tuple[int, float] | None = None
        self._packets = self._octets = 0
        self._reports: OrderedDict[int, float] = OrderedDict()
        self._remote: RTCRemoteInboundRtpStreamStats | None = None
        self._rtt_s: float | None = None
        self._is_begun = self._is_over = False
        self.encoder: Any = None

    # --- aiortc's side ----------------------------------------------------------------------------------------------

    async def send(self, parameters: Any) -> None:
        """Begin, once."""
        if self._is_begun:
            return
        self._is_begun = True
        codec = parameters.codecs[0]
        self._payload_type, self._clock_hz = codec.payloadType, codec.clockRate
        self._mid, self._cname = parameters.muxId, parameters.rtcp.cname or ""
        self._rtx_payload_type = next(
            (
                other.payloadType
                for other in parameters.codecs
                if other.name.lower() == "rtx" and other.parameters.get("apt") == codec.payloadType
            ),
            None,
        )
        self.transport._register_rtp_sender(self, parameters)
        self._extensions.configure(parameters)
        self._tasks.spawn(self._run(), f"media-{self._line_kind}-out")
        self._tasks.spawn(self._report(), f"media-{self._line_kind}-reports")

    async def stop(self) -> None:
        """End for good, with a goodbye."""
        if self._is_over or not self._is_begun:
            self._is_over = True
            return
        self._is_over = True
        self.transport._unregister_rtp_sender(self)
        await self._tasks.close()
        await self._send_rtcp([RtcpByePacket(sources=[self._ssrc])])

    async def getStats(self) -> RTCStatsReport:  # noqa: N802  # aiortc's name
        report = RTCStatsReport()
        report.add(
            RTCOutboundRtpStreamStats(
                timestamp=clock.current_datetime(),
                type="outbound-rtp",
                id=f"outbound-rtp_{id(self)}",
                ssrc=self._ssrc,
                kind=self._line_kind,
                transportId=self.transport._stats_id,
                packetsSent=self._packets,
                bytesSent=self._octets,
                trackId=str(id(self.track)),
            )
        )
        if self._remote is not None:
            report.add(self._remote)
        report.update(self.transport._get_stats())
        return report

    # --- frames out -------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            while True:
                if self.track is None:
                    await asyncio.sleep(NO_TRACK_S)
                    continue
                frame = await self._next_frame()
                if frame is not None:
                    await self._send_frame(frame)
        except MediaStreamError:
            _log.debug("the track has ended")
        except ConnectionError:
            _log.debug("the connection is gone")

    async def _next_frame(self) -> EncodedFrame | None:
        raise NotImplementedError

    async def _dispatch(self, packet: Any) -> None:
        raise NotImplementedError

    async def _send_frame(self, frame: EncodedFrame) -> None:
        timestamp = (self._origin + frame.timestamp) & 0xFFFFFFFF
        self._newest = (timestamp, frame.taken_s)
        for payload in frame.payloads:
            packet = self._packet(timestamp, payload)
            packet.marker = int(payload is frame.payloads[-1])
            if frame.level_dbov is not None:
                packet.extensions.audio_level = (False, -frame.level_dbov)
            await self._dispatch(packet)

    def _packet(self, timestamp: int, payload: bytes) -> Any:
        packet = RtpPacket(
            payload_type=self._payload_type,
            sequence_number=self._sequence,
            timestamp=timestamp,
            ssrc=self._ssrc,
            payload=payload,
        )
        packet.extensions.mid = self._mid
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._packets += 1
        self._octets += len(payload)
        return packet

    # --- reports ----------------------------------------------------------------------------------------------------

    async def _report(self) -> None:
        while True:
            # RFC 3550 6.2: the interval varies, so that senders do not fall into step.
            await asyncio.sleep(0.5 + random.random())
            if self._newest is not None:
                await self._send_rtcp([self._sender_report(*self._newest), self._name()])

    def _sender_report(self, timestamp: int, taken_s: float) -> RtcpSrPacket:
        """Pair the time of day with the RTP time of what is taken now, which lays sound and pictures together."""
        now_s, ntp = time.monotonic(), clock.current_ntp_time()
        self._reports[(ntp >> 16) & 0xFFFFFFFF] = now_s
        while len(self._reports) > MAX_REPORTS:
            self._reports.popitem(last=False)
        return RtcpSrPacket(
            ssrc=self._ssrc,
            sender_info=RtcpSenderInfo(
                ntp_timestamp=ntp,
                rtp_timestamp=(timestamp + int((now_s - taken_s) * self._clock_hz)) & 0xFFFFFFFF,
                packet_count=self._packets & 0xFFFFFFFF,
                octet_count=self._octets & 0xFFFFFFFF,
            ),
        )

    def _name(self) -> RtcpSdesPacket:
        return RtcpSdesPacket([RtcpSourceInfo(ssrc=self._ssrc, items=[(1, self._cname.encode())])])

    async def _send_rtcp(self, packets: list[Any]) -> None:
        try:
            await self.transport._send_rtp(b"".join(map(bytes, packets)))
        except ConnectionError:
            _log.debug("the connection is gone")

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, (RtcpRrPacket, RtcpSrPacket)):
            for row in packet.reports:
                if row.ssrc == self._ssrc:
                    self._take_report(packet.ssrc, row)
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            self._send_again(packet.lost[:MAX_NACKED])
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            self._ask_for_keyframe()
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            self._take_remb(packet.fci)

    def _take_report(self, ssrc: int, row: Any) -> None:
        sent_s = self._reports.get(row.lsr)
        if sent_s is not None:
            rtt_s = max(0.0, time.monotonic() - sent_s - row.dlsr / 65536)
            self._rtt_s = rtt_s if self._rtt_s is None else 0.7 * self._rtt_s + 0.3 * rtt_s
        self._outlet.take_report(row.fraction_lost / 256, self._rtt_s)
        self._remote = RTCRemoteInboundRtpStreamStats(
            timestamp=clock.current_datetime(),
            type="remote-inbound-rtp",
            id=f"remote-inbound-rtp_{id(self)}",
            ssrc=ssrc,
            kind=self._line_kind,
            transportId=self.transport._stats_id,
            packetsReceived=self._packets - row.packets_lost,
            packetsLost=row.packets_lost,
            jitter=row.jitter,
            roundTripTime=self._rtt_s,
            fractionLost=row.fraction_lost,
        )

    def _take_remb(self, fci: bytes) -> None:
        try:
            bps, ssrcs = unpack_remb_fci(fci)
        except (ValueError, struct.error):
            return
        if self._ssrc in ssrcs:
            self._outlet.take_remb(bps)

    def _send_again(self, sequences: list[int]) -> None:
        raise NotImplementedError

    def _ask_for_keyframe(self) -> None:
        """Only pictures are ever whole."""


class SoundSender(Sender):
    """Sound: never paced, but counted in the connection's estimate, and repeated where that helps."""

    def __init__(self, transport: Any, outlet: Outlet) -> None:
        super().__init__("audio", transport, outlet)
        self._history: History[Parcel] = History()
        self._repeating = Repeating()

    async def _next_frame(self) -> EncodedFrame | None:
        frame, taken_s = await self.track.recv(), time.monotonic()
        if not self._enabled or self.encoder is None:
            return None
        if isinstance(self.encoder, SpeechEncoder):
            self.encoder.expect_loss(self._outlet.estimate.loss)
            self.encoder.expect_rate(self._outlet.estimate.target_bps)
        # Some 0.2 ms, which is less than going to another thread takes on a busy machine.
        payloads, timestamp = self.encoder.encode(frame)
        return EncodedFrame(payloads, timestamp, taken_s, level_dbov(frame)) if payloads else None

    async def _dispatch(self, packet: Any) -> None:
        parcel = Parcel(packet, self._extensions)
        await self._outlet.send_now(parcel)
        self._history.put(packet.sequence_number, parcel, time.monotonic())

    def _send_again(self, sequences: list[int]) -> None:
        now_s = time.monotonic()
        for sequence in self._repeating.wanted(sequences, now_s, self._rtt_s):
            parcel = self._history.again(sequence, now_s, self._rtt_s or 0.0)
            if parcel is not None:
                self._tasks.spawn(self._outlet.send_now(parcel), "media-audio-again")


class PictureSender(Sender):
    """Pictures: sized and timed by the ladder, encoded off the loop, paced, kept for those who miss some.

    ``on_rung`` hears of each change of step, with the rung; on the last one no picture is sent.
    """

    encoder: PictureEncoder | None

    def __init__(
        self, transport: Any, outlet: Outlet, on_rung: Callable[[Rung], None], *, rungs: tuple[Rung, ...] = RUNGS
    ) -> None:
        super().__init__("video", transport, outlet)
        self._on_rung = on_rung
        self._ladder = Ladder(rungs)
        self._beat = Beat()
        self._gate = KeyframeGate()
        self._history: History[Parcel] = History()
        self._rtx_sequence = random.randrange(1 << 15)
        self._load = 0.0
        self._size = (0, 0)
        self.limit_bps = float("inf")
        """What the peer takes of pictures."""

    @property
    def rung(self) -> Rung:
        """Where we stand."""
        return self._ladder.rung

    async def stop(self) -> None:
        self._outlet.close(self)
        await super().stop()

    async def _next_frame(self) -> EncodedFrame | None:
        frame, taken_s = await self.track.recv(), time.monotonic()
        if not self._enabled or self.encoder is None:
            return None
        self._outlet.open(self, self._padding)
        rung = self._step(taken_s)
        if not rung.has_pictures or self._outlet.is_behind or not self._beat.passes(taken_s, rung.fps):
            return None
        return await self._encode(self.encoder, frame, rung, taken_s)

    def begin_again(self) -> None:
        """The line is back after it was gone."""
        before = self._ladder.rung
        self._ladder.begin_again()
        if self._ladder.rung is not before:
            self._on_rung(self._ladder.rung)

    def _step(self, now_s: float) -> Rung:
        before, bps = self._ladder.rung, min(self._outlet.picture_bps, self.limit_bps)
        rung = self._ladder.step(bps, now_s, load=self._load)
        if rung is not before:
            _log.info("pictures of %d lines at %d a second", rung.height, rung.fps)
            self._on_rung(rung)
        if self.encoder is not None and rung.has_pictures:
            self.encoder.target_bitrate = round(min(bps, rung.most_bps))
        return rung

    async def _encode(self, encoder: PictureEncoder, frame: Any, rung: Rung, taken_s: float) -> EncodedFrame | None:
        size = size_on(rung, frame.width, frame.height)
        whole = self._gate.passes(taken_s)
        if size != self._size:
            self._size = size
            self._gate.made(taken_s)
        began_s = time.perf_counter()
        payloads, timestamp = await asyncio.to_thread(_encoded, encoder, frame, size, whole)
        share = (time.perf_counter() - began_s) * rung.fps
        self._load = 0.9 * self._load + 0.1 * share
        return EncodedFrame(payloads, timestamp, taken_s) if payloads else None

    async def _send_frame(self, frame: EncodedFrame) -> None:
        first = self._sequence
        await super()._send_frame(frame)
        if self._outlet.sends_twice:
            sequences = [(first + place) & 0xFFFF for place in range(len(frame.payloads))]
            parcels = [each for each in map(self._history.find, sequences) if each is not None]
            asyncio.get_running_loop().call_later(TWICE_AFTER_S, self._repeat, parcels)

    async def _dispatch(self, packet: Any) -> None:
        parcel = Parcel(packet, self._extensions, partial(self._send_again, [packet.sequence_number]))
        self._history.put(packet.sequence_number, parcel, time.monotonic())
        self._outlet.put(parcel, Rank.PICTURE)

    def _send_again(self, sequences: list[int]) -> None:
        now_s, rtt_s = time.monotonic(), self._rtt_s or 0.0
        parcels = [self._history.again(sequence, now_s, rtt_s) for sequence in sequences]
        found = [parcel for parcel in parcels if parcel is not None]
        self._repeat(found)
        if found and self._outlet.estimate.loss >= TWICE_FROM_LOSS:
            # A repetition that is lost too costs another round trip, which is what is seen as a freeze.
            asyncio.get_running_loop().call_later(TWICE_AFTER_S, self._repeat, found)

    def _repeat(self, parcels: list[Parcel]) -> None:
        for parcel in parcels:
            self._outlet.put(self._again(parcel), Rank.AGAIN)

    def _again(self, parcel: Parcel) -> Parcel:
        """Return what is sent instead: a packet of the stream for repetitions, else the same once more."""
        if self._rtx_payload_type is None:
            return parcel
        sequence, self._rtx_sequence = self._rtx_sequence, (self._rtx_sequence + 1) & 0xFFFF
        payload_type, ssrc = self._rtx_payload_type, self._rtx_ssrc
        wrapped = wrap_rtx(parcel.packet, payload_type=payload_type, sequence_number=sequence, ssrc=ssrc)
        return Parcel(wrapped, self._extensions)

    def _padding(self) -> Parcel | None:
        """Return a packet for a trial: the newest once more, where retransmissions have a stream of their own.

        One of padding alone where that would be too much for a thin line, or there is no such stream; then it stands
        at the end of a picture and takes its place in the sequence (RFC 3550 5.1).
        """
        newest = self._history.newest
        if newest is None:
            return None
        if self._rtx_payload_type is not None:
            again = self._again(newest)
            if self._outlet.estimate.target_bps < THIN_BPS:
                again.packet.payload, again.packet.padding_size = b"", PADDING_BYTES
            return again
        padding = Parcel(self._packet(newest.packet.timestamp, b""), self._extensions)
        padding.packet.padding_size = PADDING_BYTES
        self._history.put(padding.packet.sequence_number, padding, time.monotonic())
        return padding

    def _ask_for_keyframe(self) -> None:
        self._gate.ask()


def _encoded(encoder: PictureEncoder, frame: Any, size: tuple[int, int], whole: bool) -> tuple[list[bytes], int]:
    if (frame.width, frame.height) != size:
        scaled = frame.reformat(width=size[0], height=size[1], format="yuv420p")
        scaled.pts, scaled.time_base = frame.pts, frame.time_base
        frame = scaled
    try:
        return encoder.encode(frame, whole)
    except av.FFmpegError:
        _log.warning("a picture could not be encoded")
        return [], 0


def level_dbov(frame: Any) -> int:
    """Return the level of a frame of sound as RFC 6464 has it: 0 is the loudest, -127 silence."""
    samples = frame.to_ndarray().astype(np.float32)
    mean = float(np.sqrt(np.mean(samples * samples))) / 32767 if samples.size else 0.0
    return max(SILENCE_DBOV, min(0, round(20 * float(np.log10(mean))))) if mean > 0 else SILENCE_DBOV
