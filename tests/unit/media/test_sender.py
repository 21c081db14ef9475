"""What leaves over a line: packets of our senders on a transport that only listens."""

from __future__ import annotations

import asyncio
import fractions
import random
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import av
import numpy as np
import pytest
from aiortc import clock
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcrtpparameters import (
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpSendParameters,
)
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    HeaderExtensionsMap,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    is_rtcp,
    pack_remb_fci,
    unwrap_rtx,
)
from aiortc.stats import RTCStatsReport

from vdx_plugin.media.encoders import SpeechEncoder, encoder_for
from vdx_plugin.media.picture_sender import PictureSender
from vdx_plugin.media.rate.feedback import Feedback, pack
from vdx_plugin.media.rate.ladder import Rung
from vdx_plugin.media.rate.outlet import Outlet
from vdx_plugin.media.sdp import TRANSPORT_CC_URI
from vdx_plugin.media.sender import Sender
from vdx_plugin.media.sound_sender import SoundSender, level_dbov
from vdx_plugin.runtime import Tasks

LIMIT_S = 20
PARAMETERS = [
    RTCRtpHeaderExtensionParameters(id=1, uri="urn:ietf:params:rtp-hdrext:sdes:mid"),
    RTCRtpHeaderExtensionParameters(id=2, uri="urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
    RTCRtpHeaderExtensionParameters(id=3, uri="http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"),
    RTCRtpHeaderExtensionParameters(id=4, uri=TRANSPORT_CC_URI),
]


class Listening:
    """Stands for the DTLS transport: keeps what is sent."""

    state = "connected"
    _stats_id = "transport"

    def __init__(self) -> None:
        self.packets: list[RtpPacket] = []
        self.reports: list[Any] = []
        self.registered = 0
        self._map = HeaderExtensionsMap()
        self._map.configure(RTCRtpSendParameters(headerExtensions=PARAMETERS))
        self._changed = asyncio.Event()

    async def _send_rtp(self, data: bytes) -> None:
        if is_rtcp(data):
            self.reports += RtcpPacket.parse(data)
        else:
            self.packets.append(RtpPacket.parse(data, self._map))
        self._changed.set()

    def _register_rtp_sender(self, sender: Any, parameters: Any) -> None:
        self.registered += 1

    def _unregister_rtp_sender(self, sender: Any) -> None:
        self.registered -= 1

    def _get_stats(self) -> RTCStatsReport:
        return RTCStatsReport()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


class Pictures(MediaStreamTrack):  # type: ignore[misc]
    """Pictures of noise, given out one for each ``give``."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._frames: asyncio.Queue[Any] = asyncio.Queue()
        self._number = 0

    def give(self, count: int = 1) -> None:
        for _ in range(count):
            yuv = np.random.default_rng(self._number).integers(0, 255, (96 * 3 // 2, 128), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
            frame.pts, frame.time_base = self._number * 3000, fractions.Fraction(1, 90_000)
            self._number += 1
            self._frames.put_nowait(frame)

    def end(self) -> None:
        self._frames.put_nowait(None)

    async def recv(self) -> Any:
        frame = await self._frames.get()
        if frame is None:
            raise MediaStreamError
        return frame


class Line:
    """A sender that has begun, its track and what hears it."""

    def __init__(self, transport: Listening, outlet: Outlet, sender: Sender, track: Any) -> None:
        self.transport, self.outlet, self.sender, self.track = transport, outlet, sender, track
        self.rungs: list[Rung] = []

    async def hear(self, packet: Any) -> None:
        await self.sender._handle_rtcp_packet(packet)

    def frames(self) -> list[list[RtpPacket]]:
        """Return what was sent as pictures, without repetitions and padding."""
        own = [each for each in self.transport.packets if each.ssrc == self.sender._ssrc and each.payload]
        stamps = dict.fromkeys(each.timestamp for each in own)
        return [[each for each in own if each.timestamp == stamp] for stamp in stamps]

    async def picture(self) -> list[RtpPacket]:
        """Send one picture and return its packets."""
        before = len(self.frames())
        self.track.give()
        await self.transport.until(lambda: len(self.frames()) > before and bool(self.frames()[-1][-1].marker))
        return self.frames()[-1]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    tasks, transport, track = Tasks(), Listening(), Pictures()
    outlet = Outlet(transport._send_rtp)
    outlet.has_feedback = True
    sender = PictureSender(transport, outlet, lambda rung: made.rungs.append(rung))
    made = Line(transport, outlet, sender, track)
    sender.encoder = encoder_for("VP8")
    sender.replaceTrack(track)
    await sender.send(parameters("video/VP8", 90_000))
    tasks.spawn(outlet.run(), "outlet")
    yield made
    await sender.stop()
    await tasks.close()
    assert transport.registered == 0


def parameters(mime: str, hz: int) -> RTCRtpSendParameters:
    rtx = RTCRtpCodecParameters(mimeType="video/rtx", clockRate=hz, payloadType=98, parameters={"apt": 97})
    codec = RTCRtpCodecParameters(mimeType=mime, clockRate=hz, payloadType=97)
    made = RTCRtpSendParameters(codecs=[codec, rtx], headerExtensions=PARAMETERS, muxId="1")
    made.rtcp.cname = "name"
    return made


def is_whole(packets: list[RtpPacket]) -> bool:
    """Whether a VP8 picture is a key frame (RFC 7741 4.3: P is 0 after a descriptor of four bytes)."""
    return not packets[0].payload[4] & 1


async def test_every_packet_is_numbered_for_the_transport_and_the_last_of_a_picture_marked(line: Line) -> None:
    """The receiver tells by these numbers, and shows a picture at its mark."""
    for _ in range(3):
        await line.picture()
    numbers = [each.extensions.transport_sequence_number for each in line.transport.packets]
    assert numbers == list(range(len(numbers)))
    assert [each.marker for frame in line.frames() for each in frame][-1] == 1
    assert all(sum(each.marker for each in frame) == 1 for frame in line.frames())
    assert {each.extensions.mid for each in line.transport.packets} == {"1"}


async def test_a_lost_packet_is_sent_again_once_a_round_trip_on_the_stream_for_it(line: Line) -> None:
    """Receivers ask several times before the first answer can have come."""
    first = (await line.picture())[0]
    line.sender._rtt_s = 5.0
    for _ in range(3):
        await line.hear(nack(line, [first.sequence_number, 4]))
    await line.transport.until(lambda: any(again(line)))
    await line.picture()
    repeated = [each for each in again(line) if each.sequence_number == first.sequence_number]
    # Trials are filled up with the newest packet, by the same means.
    assert [each.payload for each in repeated if each.timestamp == first.timestamp][:1] == [first.payload]
    assert len([each for each in repeated if is_answer(line, each)]) <= 1


def again(line: Line) -> list[RtpPacket]:
    sent = [each for each in line.transport.packets if each.ssrc == line.sender._rtx_ssrc]
    return [unwrap_rtx(each, payload_type=97, ssrc=line.sender._ssrc) for each in sent]


def is_answer(line: Line, packet: RtpPacket) -> bool:
    newest = max(each.sequence_number for frame in line.frames() for each in frame)
    return packet.sequence_number != newest


def nack(line: Line, lost: list[int]) -> RtcpRtpfbPacket:
    return RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=1, media_ssrc=line.sender._ssrc, lost=lost)


async def test_what_feedback_shows_as_lost_is_sent_again_unasked(line: Line) -> None:
    """The request may be lost too, and costs a round trip more."""
    first = (await line.picture())[0]
    await asyncio.sleep(0.15)
    await line.picture()
    count = len(line.transport.packets)
    ticks: list[int | None] = [4000 + 4 * number for number in range(count)]
    ticks[0] = None
    line.outlet.take_feedback(pack(Feedback(1, 2, 0, 0, tuple(ticks))))
    await line.transport.until(lambda: any(each.sequence_number == first.sequence_number for each in again(line)))


async def test_requests_for_a_whole_picture_are_answered_by_one(line: Line) -> None:
    """Every whole picture is ten times the size of another, on a line that is in trouble already."""
    assert is_whole(await line.picture())
    await asyncio.sleep(0.51)
    for _ in range(5):
        await line.hear(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=line.sender._ssrc))
    assert [is_whole(await line.picture()) for _ in range(3)] == [True, False, False]


async def test_a_sender_report_tells_when_a_picture_was_taken(line: Line) -> None:
    """Sound and pictures are laid together by it."""
    await line.picture()
    stamp, taken_s = line.frames()[-1][0].timestamp, line.sender._newest
    assert taken_s is not None
    report = line.sender._sender_report(*taken_s)
    told_s = report.sender_info.ntp_timestamp / 2**32
    since_s = ((report.sender_info.rtp_timestamp - stamp) & 0xFFFFFFFF) / 90_000
    assert abs(told_s - since_s - (clock.current_ntp_time() / 2**32 - (time.monotonic() - taken_s[1]))) < 0.05


async def test_round_trip_and_loss_come_from_the_receivers_reports(line: Line) -> None:
    """Sound is protected by the loss, and what is lost asked for by the round trip."""
    await line.picture()
    await line.transport.until(lambda: any(isinstance(each, RtcpSrPacket) for each in line.transport.reports))
    sent = next(each for each in line.transport.reports if isinstance(each, RtcpSrPacket))
    row = RtcpReceiverInfo(line.sender._ssrc, 64, 3, 9, 0, (sent.sender_info.ntp_timestamp >> 16) & 0xFFFFFFFF, 0)
    await line.hear(RtcpRrPacket(ssrc=1, reports=[row]))
    assert line.outlet.estimate.rtt_s is not None
    assert 0 <= line.outlet.estimate.rtt_s < 5
    assert line.outlet.estimate.loss > 0
    rows = {each.type: each for each in (await line.sender.getStats()).values()}
    assert rows["remote-inbound-rtp"].packetsLost == 3
    assert rows["outbound-rtp"].packetsSent >= 1


async def test_the_receivers_own_estimate_bounds_the_rate(line: Line) -> None:
    """It knows what else comes its way."""
    remb = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=pack_remb_fci(200_000, [line.sender._ssrc]))
    await line.hear(remb)
    assert line.outlet.estimate.target_bps == 200_000
    remb.fci = pack_remb_fci(900_000, [1234])
    await line.hear(remb)
    assert line.outlet.estimate.target_bps == 200_000


async def test_nothing_a_peer_sends_gets_out_as_an_exception(line: Line) -> None:
    """Two thousand damaged messages, the same every time; the pictures go on."""
    await line.picture()
    rng = random.Random(4)
    good = [
        bytes(nack(line, [1, 2, 30])),
        bytes(RtcpPsfbPacket(RTCP_PSFB_APP, 1, 0, pack_remb_fci(10**6, [line.sender._ssrc]))),
        bytes(RtcpRrPacket(1, [RtcpReceiverInfo(line.sender._ssrc, 1, 2, 3, 4, 5, 6)])),
        pack(Feedback(1, 2, 0, 0, (1, None, 3))),
    ]
    for _ in range(2000):
        data = bytearray(rng.choice(good))
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(4, len(data))] = rng.randrange(256)
        line.outlet.take_feedback(bytes(data))
        for packet in _parsed(bytes(data)):
            await line.hear(packet)
    assert line.outlet.estimate.target_bps > 0
    line.outlet.estimate.take_remb(1e6)
    await line.picture()


def _parsed(data: bytes) -> list[Any]:
    try:
        return list(RtcpPacket.parse(data))
    except ValueError:
        return []


async def test_a_track_that_ends_and_a_sender_that_stops_leave_nothing_running() -> None:
    """A call is joined and left a hundred times a day."""
    before = asyncio.all_tasks()
    transport, track = Listening(), Pictures()
    sender = PictureSender(transport, Outlet(transport._send_rtp), lambda _: None)
    await sender.send(parameters("video/VP8", 90_000))
    await sender.send(parameters("video/VP8", 90_000))
    sender.replaceTrack(track)
    track.end()
    await asyncio.sleep(0.05)
    await sender.stop()
    await sender.stop()
    assert asyncio.all_tasks() == before
    assert [type(each) for each in transport.reports] == [RtcpByePacket]
    unbegun = PictureSender(transport, Outlet(transport._send_rtp), lambda _: None)
    await unbegun.stop()
    await unbegun.send(parameters("video/VP8", 90_000))
    assert transport.registered == 0, "it began after it was given up"
    assert asyncio.all_tasks() == before


class Sound(MediaStreamTrack):  # type: ignore[misc]
    """Twenty milliseconds of a tone each time, as fast as they are taken, ten times."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._blocks = 0

    async def recv(self) -> Any:
        if self._blocks == 10:
            await asyncio.Event().wait()
        frame = tone(0.1)
        frame.pts, frame.time_base = self._blocks * 960, fractions.Fraction(1, 48_000)
        self._blocks += 1
        return frame


def tone(loudness: float) -> Any:
    samples = (32767 * loudness * np.sin(np.arange(960) / 8)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = 48_000
    return frame


async def test_sound_leaves_at_once_and_is_numbered_with_the_pictures() -> None:
    """It never waits behind a picture."""
    transport = Listening()
    outlet = Outlet(transport._send_rtp)
    outlet.has_feedback = True
    sender = SoundSender(transport, outlet)
    sender.encoder = SpeechEncoder()
    sender.replaceTrack(Sound())
    # The outlet's own task does not run: nothing here is paced.
    await sender.send(parameters("audio/opus", 48_000))
    await transport.until(lambda: len(transport.packets) >= 9)
    await sender.stop()
    assert [each.extensions.transport_sequence_number for each in transport.packets] == list(
        range(len(transport.packets))
    )
    assert {each.extensions.audio_level for each in transport.packets} == {(False, 23)}


@pytest.mark.parametrize(("loudness", "level"), [(1.0, -3), (0.1, -23), (0.0, -127)])
def test_the_level_of_sound_is_told_in_decibels_below_the_loudest(loudness: float, level: int) -> None:
    """The room's server shows by it who speaks (RFC 6464)."""
    assert level_dbov(tone(loudness)) == level
