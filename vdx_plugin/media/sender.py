"""What goes out over one line of a connection, in place of aiortc's sender.

aiortc's own sends a picture in one burst, keeps 128 packets for those who missed some, answers each request for a whole
picture at once and knows no rate but the receiver's word. ``Sender`` is what ``SoundSender`` and ``PictureSender`` have
in common, which take its place in a transceiver: they take frames from a track as it does, and give packets to the
connection's ``Outlet``.
"""

from __future__ import annotations

import asyncio
import random
import struct
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

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
)
from aiortc.stats import RTCOutboundRtpStreamStats, RTCRemoteInboundRtpStreamStats, RTCStatsReport

from vdx_plugin import log
from vdx_plugin.media.rate.outlet import Outlet
from vdx_plugin.runtime import Tasks

_log = log.get("media.send")

MAX_REPORTS = 8
MAX_NACKED = 500
"""Packets one request may ask for; more is a mistake or an attack."""
NO_TRACK_S = 0.02


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One frame as packets' payloads. ``timestamp`` in the line's clock, ``taken_s`` by ``time.monotonic``."""

    payloads: list[bytes]
    timestamp: int
    taken_s: float
    level_dbov: int | None = None


class Sender(RTCRtpSender, ABC):  # type: ignore[misc]  # aiortc has no types
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
        """Begin, once; a connection that stands only after it was given up asks for it too late."""
        if self._is_begun or self._is_over:
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

    @abstractmethod
    async def _next_frame(self) -> EncodedFrame | None:
        """Wait for the next frame and encode it; None where there is nothing to send of it."""

    @abstractmethod
    async def _dispatch(self, packet: Any) -> None:
        """Send a packet, or have it sent in turn."""

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

    @abstractmethod
    def _send_again(self, sequences: list[int]) -> None:
        """Answer a request for lost packets."""

    def _ask_for_keyframe(self) -> None:
        """Only pictures are ever whole."""
