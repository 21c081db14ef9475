"""Our receiver in a real connection: what a sink is given, and what it can ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import av
import numpy as np
import pytest
from aiortc import RTCPeerConnection, VideoStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtp import RtpPacket

from vdx_plugin.media import aiortc_hooks as hooks
from vdx_plugin.media.inbound import MAX_STREAMS, Receiver
from vdx_plugin.media.packets import Feedback, MediaPacket, SenderReport

LIMIT_S = 20


class Collected:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.packets: list[MediaPacket] = []
        self.reports: list[SenderReport] = []
        self.feedback: Feedback | None = None
        self.ended = 0
        self.changed = asyncio.Event()

    def begin(self, feedback: Feedback) -> None:
        self.feedback = feedback

    def take(self, packet: MediaPacket) -> None:
        self.packets.append(packet)
        self.changed.set()

    def take_report(self, report: SenderReport) -> None:
        self.reports.append(report)
        self.changed.set()

    def end(self) -> None:
        self.ended += 1

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                self.changed.clear()
                await self.changed.wait()


class Noise(VideoStreamTrack):  # type: ignore[misc]
    """Pictures that need several packets each."""

    async def recv(self) -> Any:
        pts, time_base = await self.next_timestamp()
        picture = np.random.default_rng(pts).integers(0, 255, (240 * 3 // 2, 320), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Line:
    """aiortc as the sender, our receiver at the other end."""

    def __init__(self) -> None:
        self.sender = RTCPeerConnection()
        self.sink = Collected()
        self.receiving = hooks.new_connection([], relay_only=False, loopback=True)
        self.video = self.receiving.getTransceivers()[1]
        receiver = Receiver("video", self.video.receiver.transport, self.sink, lambda: 0.06)
        hooks.use_receiver(self.video, receiver)

    async def connect(self) -> None:
        for transceiver in self.sender.getTransceivers():
            hooks._gather_on_loopback(transceiver.receiver.transport.transport.iceGatherer._connection)
        await self.receiving.setLocalDescription(await self.receiving.createOffer())
        await self.sender.setRemoteDescription(self.receiving.localDescription)
        self.sender.addTrack(Noise())
        hooks._gather_on_loopback(self.sender.getTransceivers()[0].receiver.transport.transport.iceGatherer._connection)
        await self.sender.setLocalDescription(await self.sender.createAnswer())
        await self.receiving.setRemoteDescription(self.sender.localDescription)

    async def close(self) -> None:
        await asyncio.gather(self.receiving.close(), self.sender.close())


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    made = Line()
    await made.connect()
    yield made
    await made.close()


async def test_a_sink_gets_every_packet_the_senders_clock_and_what_it_asks_for_again(line: Line) -> None:
    """Sound and pictures are made of nothing else."""
    sink = line.sink
    await sink.until(lambda: len(sink.packets) > 20 and bool(sink.reports))
    first = sink.packets[5]
    assert (first.codec, first.clock_hz, first.is_retransmission) == ("VP8", 90_000, False)
    assert {packet.ssrc for packet in sink.packets} == {sink.reports[0].ssrc}
    assert any(packet.marker for packet in sink.packets)

    assert sink.feedback is not None
    assert sink.feedback.rtt_s == 0.06
    last = sink.packets[-1]
    sink.feedback.nack(last.ssrc, [last.sequence])
    await sink.until(lambda: any(packet.is_retransmission for packet in sink.packets))
    again = next(packet for packet in sink.packets if packet.is_retransmission)
    assert replace(again, arrived_s=last.arrived_s, is_retransmission=False) == last


async def test_packets_lost_where_the_count_begins_anew_are_asked_for_too(line: Line) -> None:
    """aiortc writes a request as distances from its first number and fails on a negative one."""
    sink = line.sink
    await sink.until(lambda: bool(sink.packets))
    assert sink.feedback is not None
    last = sink.packets[-1]
    sink.feedback.nack(last.ssrc, [65_535, 0, 65_535, last.sequence])
    await sink.until(lambda: any(packet.is_retransmission for packet in sink.packets))


async def test_the_node_is_told_how_the_stream_arrives_and_the_end_is_told_once() -> None:
    """Senders set their rate by the reports; a sink owns a thread or a device that must go."""
    line = Line()
    await line.connect()
    await line.sink.until(lambda: bool(line.sink.packets))
    async with asyncio.timeout(LIMIT_S):
        # aiortc tells nobody that a report came.
        while not any(row.type == "remote-inbound-rtp" for row in (await line.sender.getStats()).values()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    rows = [row for row in (await line.receiving.getStats()).values() if row.type == "inbound-rtp"]
    assert [row.kind for row in rows] == ["video"]
    assert rows[0].packetsReceived > 0
    await line.close()
    assert line.sink.ended == 1
    assert line.sink.feedback is not None
    line.sink.feedback.pli(1)


def parameters() -> Any:
    return RTCRtpReceiveParameters(
        codecs=[
            RTCRtpCodecParameters("video/VP8", 90_000, payloadType=97),
            RTCRtpCodecParameters("video/rtx", 90_000, payloadType=98, parameters={"apt": 97}),
            RTCRtpCodecParameters("video/rtx", 90_000, payloadType=99),
        ]
    )


@pytest.fixture
async def unconnected() -> AsyncIterator[tuple[Receiver, Collected]]:
    connection = hooks.new_connection([], relay_only=False, loopback=True)
    sink = Collected()
    receiver = Receiver("video", connection.getTransceivers()[1].receiver.transport, sink, lambda: None)
    await receiver.receive(parameters())
    yield receiver, sink
    await receiver.stop()
    await receiver.stop()
    assert sink.ended == 1
    await connection.close()


async def test_a_line_given_up_before_its_connection_stood_never_begins() -> None:
    """Whoever hangs up while it is still calling left a thread that took out silence until the program's end."""
    connection = hooks.new_connection([], relay_only=False, loopback=True)
    sink = Collected()
    receiver = Receiver("video", connection.getTransceivers()[1].receiver.transport, sink, lambda: None)
    await receiver.stop()
    await receiver.receive(parameters())
    assert sink.feedback is None
    await connection.close()


def rtp(payload_type: int, payload: bytes, *, ssrc: int = 5, sequence: int = 1) -> RtpPacket:
    return RtpPacket(payload_type=payload_type, sequence_number=sequence, ssrc=ssrc, payload=payload)


async def test_a_retransmission_needs_no_line_that_says_whose_it_is(unconnected: tuple[Receiver, Collected]) -> None:
    """An answer without a=ssrc still has its lost packets repaired."""
    receiver, sink = unconnected
    for packet in (
        rtp(98, b"\0\7x", ssrc=6),
        rtp(97, b"a"),
        rtp(98, b"\0\7x", ssrc=6, sequence=9),
        rtp(98, b"", ssrc=6),
    ):
        await receiver._handle_rtp_packet(packet, arrival_time_ms=0)
    assert [(packet.ssrc, packet.sequence, packet.payload) for packet in sink.packets] == [(5, 1, b"a"), (5, 7, b"x")]


async def test_senseless_packets_go_nowhere_and_fill_nothing(unconnected: tuple[Receiver, Collected]) -> None:
    """Unknown formats, retransmissions of nothing, and a new stream in every packet."""
    receiver, sink = unconnected
    for packet in (rtp(3, b"a"), rtp(99, b"\0\1x"), rtp(98, b"\0")):
        await receiver._handle_rtp_packet(packet, arrival_time_ms=0)
    assert sink.packets == []
    for ssrc in range(1000):
        await receiver._handle_rtp_packet(rtp(97, b"a", ssrc=ssrc), arrival_time_ms=0)
    assert len(receiver._streams) == MAX_STREAMS
