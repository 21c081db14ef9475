"""One participant's media without a network: what is passed on, asked for again and answered."""

from __future__ import annotations

from typing import Any

import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    HeaderExtensionsMap,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    RtpPacket,
    unpack_remb_fci,
)

from vdx_plugin.sandbox.pexip.leg import Leg
from vdx_plugin.sandbox.pexip.leg_streams import KEY_FRAME_INTERVAL_S
from vdx_plugin.sandbox.pexip.sdp import read_offer

OFFER = "\r\n".join(
    [
        "v=0",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuv",
        "a=fingerprint:sha-256 AB:CD",
        "a=setup:actpass",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=rtpmap:111 opus/48000/2",
        "m=video 9 UDP/TLS/RTP/SAVPF {vp8}",
        "a=mid:1",
        "a=rtpmap:{vp8} VP8/90000",
        "m=video 9 UDP/TLS/RTP/SAVPF {vp8}",
        "a=mid:2",
        "a=content:slides",
        "a=rtpmap:{vp8} VP8/90000",
        "a=ssrc:999 cname:x",
        "",
    ]
)
KEY, DELTA = b"\x10\x00key", b"\x10\x01delta"


class FakeHop:
    """A connection that keeps what is sent."""

    def __init__(self) -> None:
        self.connected = True
        self.sent: list[bytes] = []

    async def send_rtp(self, packet: RtpPacket) -> bytes:
        data: bytes = packet.serialize(HeaderExtensionsMap())
        self.sent.append(data)
        return data

    async def send(self, data: bytes) -> None:
        self.sent.append(data)

    def rtp(self) -> list[RtpPacket]:
        return [RtpPacket.parse(data) for data in self.sent if not 192 <= data[1] <= 223]

    def rtcp(self, kind: type) -> list[Any]:
        reports = [data for data in self.sent if 192 <= data[1] <= 223]
        return [packet for data in reports for packet in RtcpPacket.parse(data) if isinstance(packet, kind)]


def leg(vp8: int = 96) -> tuple[Leg, FakeHop]:
    made = Leg("uuid", read_offer(OFFER.format(vp8=vp8), video_codec="VP8"))
    hop = FakeHop()
    made.hop = hop  # type: ignore[assignment]
    return made, hop


def packet(sequence: int, payload: bytes = DELTA, *, ssrc: int = 77, pt: int = 96) -> RtpPacket:
    return RtpPacket(payload_type=pt, sequence_number=sequence, timestamp=1000, ssrc=ssrc, payload=payload)


async def pass_on(source: Leg, viewer: Leg, what: RtpPacket, at: float = 0) -> bool:
    found = source.classify(what)
    assert found is not None
    kind, codec = found
    await source.receive(kind, codec, what, at=at)
    return await viewer.deliver(kind, codec, what, at=at)


async def test_a_picture_begins_with_a_key_frame_under_the_viewers_numbers() -> None:
    """Payload types differ between two browsers; nothing undecodable is sent."""
    source, _ = leg(96)
    viewer, hop = leg(120)
    assert not await pass_on(source, viewer, packet(10))
    assert viewer.needs_key_frame("video")
    assert await pass_on(source, viewer, packet(11, KEY))
    assert not await pass_on(source, viewer, packet(12))
    first, second = hop.rtp()
    assert (first.payload_type, first.payload, first.ssrc) == (120, KEY, viewer.outgoing["video"].ssrc)
    assert second.sequence_number == first.sequence_number + 1
    assert not viewer.needs_key_frame("video")


async def test_a_lost_packet_is_asked_for_at_once_and_again() -> None:
    """On the way in; the first request may be lost as well."""
    source, hop = leg()
    viewer, _ = leg()
    await pass_on(source, viewer, packet(10, KEY))
    await pass_on(source, viewer, packet(13))
    await source.keep_up(at=0.06)
    assert [nack.lost for nack in hop.rtcp(RtcpRtpfbPacket)] == [[11, 12], [11, 12]]
    assert hop.rtcp(RtcpRtpfbPacket)[0].media_ssrc == 77


async def test_the_viewers_request_is_answered_from_history() -> None:
    """On the way out; the source is not bothered."""
    source, _ = leg()
    viewer, hop = leg()
    await pass_on(source, viewer, packet(10, KEY))
    await pass_on(source, viewer, packet(11))
    ssrc = viewer.outgoing["video"].ssrc
    wanted = hop.rtp()[1].sequence_number
    await viewer.resend(ssrc, [wanted, wanted + 7], at=0)
    assert hop.sent[2:] == [hop.sent[1]]
    assert viewer.counts["video"].resent_packets == 1


async def test_key_frames_are_asked_for_but_not_too_often() -> None:
    """Ten impatient viewers must not make a phone send nothing but key frames."""
    source, hop = leg()
    viewer, _ = leg()
    await pass_on(source, viewer, packet(10, KEY))
    for at in (0.0, 0.1, 0.2, KEY_FRAME_INTERVAL_S):
        source.want_key_frame("video")
        await source.keep_up(at=at)
    plis = [feedback for feedback in hop.rtcp(RtcpPsfbPacket) if feedback.fmt == RTCP_PSFB_PLI]
    assert [pli.media_ssrc for pli in plis] == [77, 77]


async def test_a_sender_report_keeps_the_capture_time() -> None:
    """Sound and picture keep their common clock, so the viewer can play them in step."""
    source, _ = leg()
    viewer, hop = leg()
    await pass_on(source, viewer, packet(10, KEY))
    info = RtcpSenderInfo(ntp_timestamp=0x1234 << 32, rtp_timestamp=1900, packet_count=1, octet_count=5)
    assert source.note_report(RtcpSrPacket(ssrc=77, sender_info=info), at=0) == "video"
    await viewer.report_source("video", source)
    (report,) = hop.rtcp(RtcpSrPacket)
    assert report.sender_info.ntp_timestamp == 0x1234 << 32
    assert report.sender_info.rtp_timestamp == (hop.rtp()[0].timestamp + 900) & 0xFFFFFFFF
    assert report.sender_info.packet_count == 1


async def test_the_viewers_rate_limits_the_source() -> None:
    """A doctor on a thin line must not be flooded by a patient on fibre."""
    source, hop = leg()
    viewer, _ = leg()
    await pass_on(source, viewer, packet(10, KEY))
    await source.limit_rate(300_000, at=0)
    (remb,) = [feedback for feedback in hop.rtcp(RtcpPsfbPacket) if feedback.fmt == RTCP_PSFB_APP]
    bitrate, ssrcs = unpack_remb_fci(remb.fci)
    assert ssrcs == [77]
    assert bitrate == pytest.approx(300_000, rel=0.01)


async def test_slides_are_kept_apart_from_the_main_picture() -> None:
    """They share payload types and would replace it; the stream's number, or the line's name, tells them apart."""
    source, _ = leg()
    assert kind_of(source, packet(1, ssrc=999)) == "slides"
    named = packet(1, ssrc=1001)
    named.extensions.mid = "2"
    assert kind_of(source, named) == "slides"
    assert kind_of(source, packet(2, ssrc=1001)) == "slides"
    assert kind_of(source, packet(1, ssrc=77)) == "video"
    assert source.classify(packet(1, pt=50)) is None


async def test_a_renegotiated_connection_keeps_its_streams() -> None:
    """A browser that opens its slides must not see its main picture begin anew."""
    viewer, _ = leg()
    before = {kind: out.ssrc for kind, out in viewer.outgoing.items()}
    viewer.take(read_offer(OFFER.replace("{vp8}", "96") + "a=inactive\r\n", video_codec="VP8"))
    assert {kind: out.ssrc for kind, out in viewer.outgoing.items()} == before
    assert not viewer.outgoing["slides"].wanted


def kind_of(source: Leg, what: RtpPacket) -> str | None:
    found = source.classify(what)
    return found and found[0]


async def test_nothing_is_sent_to_who_cannot_take_it() -> None:
    """Another codec, or a connection not up yet."""
    source, _ = leg()
    viewer, hop = leg()
    viewer.outgoing["video"].codecs = {}
    await pass_on(source, viewer, packet(10, KEY))
    other, other_hop = leg()
    other_hop.connected = False
    await pass_on(source, other, packet(11, KEY))
    assert (hop.sent, other_hop.sent) == ([], [])
