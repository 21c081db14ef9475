"""What comes in over one line of a connection, in place of aiortc's receiver.

aiortc's own keeps sound 280 ms back after the first lost packet and waits seconds for a lost picture. ``Receiver``
takes its place in a transceiver: it unwraps retransmissions, keeps the statistics of RFC 3550, reports them, and
hands every packet to a ``Sink``, which makes sound or pictures of it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiortc import clock
from aiortc.rtcrtpreceiver import RTCRtpReceiver, StreamStatistics
from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
)
from aiortc.stats import RTCInboundRtpStreamStats, RTCStatsReport

from vdx_plugin.media.packets import MediaPacket, SenderReport, Sink
from vdx_plugin.runtime import Tasks

MAX_STREAMS = 8
"""SSRCs that are kept in mind on one line; a hostile sender may use a new one in every packet."""
_RTX_HEADER = 2


class Receiver(RTCRtpReceiver):  # type: ignore[misc]
    """One line's packets for one sink. ``rtt_s`` tells the connection's round trip in seconds, None if not known."""

    def __init__(self, kind: str, transport: Any, sink: Sink, rtt_s: Callable[[], float | None]) -> None:
        super().__init__(kind, transport)
        self._line_kind = kind
        self._sink = sink
        self._rtt = rtt_s
        self._codecs: dict[int, Any] = {}
        self._rtx_of: dict[int, int] = {}
        self._newest: dict[int, int] = {}
        self._streams: dict[int, StreamStatistics] = {}
        self._retransmitted: set[int] = set()
        self._reports: dict[int, tuple[int, float]] = {}
        self._own_ssrc: int | None = None
        self._tasks = Tasks()
        self._is_begun = self._is_over = False

    # --- aiortc's side ----------------------------------------------------------------------------------------------

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._own_ssrc = ssrc

    async def receive(self, parameters: Any) -> None:
        """Begin. Called again after each negotiation, which may bring further codecs, and by a connection that stands
        only after it was given up."""
        self._codecs |= {codec.payloadType: codec for codec in parameters.codecs}
        for encoding in parameters.encodings:
            if encoding.rtx:
                self._rtx_of[encoding.rtx.ssrc] = encoding.ssrc
        if self._is_begun or self._is_over:
            return
        self._is_begun = True
        self.transport._register_rtp_receiver(self, parameters)
        self._sink.begin(self)
        self._tasks.spawn(self._report(), "media-reports")

    async def stop(self) -> None:
        """End for good; the sink is told once."""
        if self._is_over:
            return
        self._is_over = True
        if self._is_begun:
            self.transport._unregister_rtp_receiver(self)
        await self._tasks.close()
        self._sink.end()

    def _handle_disconnect(self) -> None:
        """The connection is gone. A new one brings a new receiver, so there is nothing to do here."""

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpSrPacket) and packet.ssrc in self._streams:
            at_s, info = time.monotonic(), packet.sender_info
            self._reports[packet.ssrc] = ((info.ntp_timestamp >> 16) & 0xFFFFFFFF, at_s)
            self._sink.take_report(SenderReport(packet.ssrc, info.ntp_timestamp / 2**32, info.rtp_timestamp, at_s))

    async def _handle_rtp_packet(self, packet: Any, arrival_time_ms: int) -> None:
        codec = self._codecs.get(packet.payload_type)
        if codec is None or not self._enabled:
            return
        self._count(packet, codec)
        found = self._retransmission(packet, codec) if codec.name.lower() == "rtx" else self._direct(packet, codec)
        if found is not None:
            self._sink.take(found)

    def _count(self, packet: Any, codec: Any) -> None:
        if packet.ssrc not in self._streams:
            if len(self._streams) >= MAX_STREAMS:
                del self._streams[next(iter(self._streams))]
            self._streams[packet.ssrc] = StreamStatistics(codec.clockRate)
        self._streams[packet.ssrc].add(packet)

    def _direct(self, packet: Any, codec: Any) -> MediaPacket:
        self._newest[packet.payload_type] = packet.ssrc
        return _media_packet(packet, codec, packet.ssrc, packet.sequence_number, packet.payload, again=False)

    def _retransmission(self, packet: Any, codec: Any) -> MediaPacket | None:
        """Unwrap; where no line told whose retransmissions these are, they are the newest stream's of their codec."""
        self._retransmitted.add(packet.ssrc)
        payload_type = codec.parameters.get("apt")
        inner = self._codecs.get(payload_type)
        ssrc = self._rtx_of.get(packet.ssrc, self._newest.get(payload_type))
        if inner is None or ssrc is None or len(packet.payload) < _RTX_HEADER:
            return None
        sequence = int.from_bytes(packet.payload[:_RTX_HEADER], "big")
        return _media_packet(packet, inner, ssrc, sequence, packet.payload[_RTX_HEADER:], again=True)

    async def getStats(self) -> RTCStatsReport:  # noqa: N802  # aiortc's name
        report = RTCStatsReport()
        for ssrc, stream in self._streams.items():
            if ssrc not in self._retransmitted:
                report.add(self._row(ssrc, stream))
        report.update(self.transport._get_stats())
        return report

    def _row(self, ssrc: int, stream: StreamStatistics) -> RTCInboundRtpStreamStats:
        return RTCInboundRtpStreamStats(
            timestamp=clock.current_datetime(),
            type="inbound-rtp",
            id=f"inbound-rtp_{id(self)}_{ssrc}",
            ssrc=ssrc,
            kind=self._line_kind,
            transportId=self.transport._stats_id,
            packetsReceived=stream.packets_received,
            packetsLost=stream.packets_lost,
            jitter=stream.jitter,
        )

    # --- reports and requests ---------------------------------------------------------------------------------------

    @property
    def rtt_s(self) -> float | None:
        return self._rtt()

    def nack(self, ssrc: int, sequences: Sequence[int]) -> None:
        request = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._own_ssrc or 1, media_ssrc=ssrc)
        # aiortc writes them as distances from the first, which must be the smallest even where the count begins anew.
        request.lost = sorted(set(sequences))
        self._post(request)

    def pli(self, ssrc: int) -> None:
        self._post(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._own_ssrc or 1, media_ssrc=ssrc))

    def _post(self, packet: Any) -> None:
        if self._is_begun and not self._is_over:
            self._tasks.spawn(self._send_rtcp(packet), "media-feedback")

    async def _report(self) -> None:
        while True:
            # RFC 3550 6.2: the interval varies, so that receivers do not fall into step.
            await asyncio.sleep(0.5 + random.random())
            rows = [self._reception(ssrc, stream) for ssrc, stream in self._streams.items()]
            if rows:
                await self._send_rtcp(RtcpRrPacket(ssrc=self._own_ssrc or 1, reports=rows))

    def _reception(self, ssrc: int, stream: StreamStatistics) -> RtcpReceiverInfo:
        last, at_s = self._reports.get(ssrc, (0, 0.0))
        return RtcpReceiverInfo(
            ssrc=ssrc,
            fraction_lost=min(255, stream.fraction_lost),
            packets_lost=stream.packets_lost,
            highest_sequence=(stream.cycles + stream.max_seq) & 0xFFFFFFFF,
            jitter=stream.jitter & 0xFFFFFFFF,
            lsr=last,
            dlsr=int(min(time.monotonic() - at_s, 65535) * 65536) if last else 0,
        )


def _media_packet(packet: Any, codec: Any, ssrc: int, sequence: int, payload: bytes, *, again: bool) -> MediaPacket:
    return MediaPacket(
        ssrc=ssrc,
        sequence=sequence,
        timestamp=packet.timestamp,
        marker=bool(packet.marker),
        payload=payload,
        codec=codec.name.upper(),
        clock_hz=codec.clockRate,
        # Where the socket gave it, if the connection stamps its datagrams.
        arrived_s=getattr(packet, "arrived_s", None) or time.monotonic(),
        is_retransmission=again,
    )
