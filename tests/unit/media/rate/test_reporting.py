"""Feedback over a real connection: two of ours, one sends numbered pictures, the other tells when they came."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from aiortc import RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, RtpPacket, pack_remb_fci

from vdx_plugin.media import aiortc_hooks as hooks
from vdx_plugin.media.rate.feedback import unpack
from vdx_plugin.media.rate.reporting import Reporter
from vdx_plugin.media.sdp import TRANSPORT_CC_URI
from vdx_plugin.runtime import Tasks

LIMIT_S = 20
ABS_SEND = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"


async def joined(offering: Any, answering: Any) -> None:
    await offering.setLocalDescription(await offering.createOffer())
    await answering.setRemoteDescription(
        RTCSessionDescription(sdp=offering.localDescription.sdp, type=offering.localDescription.type)
    )
    await answering.setLocalDescription(await answering.createAnswer())
    await offering.setRemoteDescription(
        RTCSessionDescription(sdp=answering.localDescription.sdp, type=answering.localDescription.type)
    )


async def connected(connection: Any) -> None:
    changed = asyncio.Event()
    connection.on("connectionstatechange", changed.set)
    while connection.connectionState != "connected":
        changed.clear()
        await changed.wait()


async def test_what_a_peer_hears_of_its_packets_is_their_numbers_and_arrivals() -> None:
    """Stock aiortc would take the message for a NACK and send sixteen pictures again."""
    tasks, told = Tasks(), asyncio.Queue[bytes]()
    ours = hooks.new_connection([], relay_only=False, loopback=True)
    theirs = hooks.new_connection([], relay_only=False, loopback=True)
    for each in (ours, theirs):
        for transceiver in each.getTransceivers():
            transceiver.receiver._enabled = False
    theirs.getTransceivers()[1].sender.replaceTrack(VideoStreamTrack())
    await joined(ours, theirs)
    for each in (ours, theirs):
        for transceiver in each.getTransceivers():
            hooks.add_header_extension(transceiver, 9, TRANSPORT_CC_URI)
            hooks.add_header_extension(transceiver, 9, TRANSPORT_CC_URI)
    reporter = Reporter(1, ours.wire.send)
    arrivals: list[float] = []

    def note(packet: Any) -> None:
        # Aiortc's own sender numbers nothing; its sequence numbers serve here.
        arrivals.append(packet.arrived_s)
        reporter.take(packet.sequence_number, packet.arrived_s, ssrc=packet.ssrc, size=len(packet.payload))

    ours.wire.on_packet = note
    theirs.wire.on_feedback = told.put_nowait
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(connected(ours), connected(theirs))
    tasks.spawn(reporter.run(), "reporter")
    async with asyncio.timeout(LIMIT_S):
        found = unpack(await told.get())
    assert all(at_s is not None for _, at_s in found.arrivals)
    assert arrivals == sorted(arrivals)
    await tasks.close()
    for each in (ours, theirs):
        await each.close()


async def test_a_reporter_ends_with_its_connection() -> None:
    """A task that lives on tells into the void for the rest of the day."""

    async def gone(_: bytes) -> None:
        raise ConnectionError

    reporter = Reporter(1, gone)
    reporter.take(1, 0.0, ssrc=1, size=1)
    async with asyncio.timeout(LIMIT_S):
        await reporter.run()


async def test_a_plain_aiortc_peer_is_no_different_for_the_wire() -> None:
    """The hooks lie on attributes of aiortc's that have no promise to stay."""
    plain = RTCPeerConnection()
    plain.addTransceiver("audio")
    dtls = plain.getTransceivers()[0].receiver.transport
    assert {"_handle_rtcp_data", "_send_rtp", "_rtp_router"} <= set(dir(dtls))
    assert {"_connection", "_recv"} <= set(dir(dtls.transport))
    assert hasattr(dtls.transport._connection, "data_received")
    await plain.close()


async def test_nothing_from_the_net_ends_the_connection() -> None:
    """Aiortc lets struct.error out of a short header extension or REMB, and the connection's task dies of it."""
    ours = hooks.new_connection([], relay_only=False, loopback=True)
    dtls = ours.getTransceivers()[0].receiver.transport
    uris = [
        "urn:ietf:params:rtp-hdrext:sdes:mid",
        "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        ABS_SEND,
        TRANSPORT_CC_URI,
    ]
    extensions = [RTCRtpHeaderExtensionParameters(id=number, uri=uri) for number, uri in enumerate(uris, 1)]
    dtls._rtp_header_extensions_map.configure(RTCRtpParameters(headerExtensions=extensions))
    packet = RtpPacket(payload_type=97, sequence_number=1, timestamp=2, ssrc=3, payload=b"x" * 20)
    packet.extensions.mid, packet.extensions.transport_sequence_number = "1", 7
    packet.extensions.abs_send_time, packet.extensions.audio_level = 5, (False, 3)
    remb = bytes(RtcpPsfbPacket(RTCP_PSFB_APP, 1, 0, pack_remb_fci(10**6, [9, 8])))
    whole, rng = packet.serialize(dtls._rtp_header_extensions_map), random.Random(8)
    heard: list[Any] = []
    ours.wire.on_packet = heard.append
    for _ in range(3000):
        await dtls._handle_rtp_data(damaged(whole, rng), arrival_time_ms=0)
        await dtls._handle_rtcp_data(damaged(remb, rng))
    assert len(heard) > 500
    await ours.close()


def damaged(good: bytes, rng: random.Random) -> bytes:
    data = bytearray(good)
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data[: rng.choice([len(data), rng.randint(1, len(data))])])
