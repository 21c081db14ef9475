"""What we reach for inside aiortc is still there, and our encoders do what they are for."""

from __future__ import annotations

import asyncio
import fractions
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import av
import numpy as np
import pytest
from aioice import stun
from aiortc import RTCIceServer, RTCSessionDescription
from aiortc.rtp import RtcpByePacket, RtpPacket

from tests.unit.media.test_testcard import AT
from vdx_plugin.domain.secret import Secret
from vdx_plugin.media import aiortc_hooks as hooks
from vdx_plugin.media.audio.speaking import SpeechEncoder
from vdx_plugin.media.encoders import (
    H264PictureEncoder,
    LibvpxEncoder,
    Rerating,
    Vp8PictureEncoder,
    encoder_for,
)
from vdx_plugin.media.pexip.replies import IceServer
from vdx_plugin.media.picture_sender import PictureSender
from vdx_plugin.media.rate.outlet import Outlet
from vdx_plugin.media.testcard import PictureFormat, TestCard


@pytest.fixture
async def connection() -> AsyncIterator[Any]:
    made = hooks.new_connection([], relay_only=False, loopback=True)
    yield made
    await made.close()


def stun_of(connection: Any) -> Any:
    return connection.getTransceivers()[0].receiver.transport.transport.iceGatherer._connection.stun_server


async def test_no_public_server_is_ever_asked(connection: Any) -> None:
    """aiortc's own default would tell a third party of every consultation."""
    assert stun_of(connection) is None


async def test_the_nodes_servers_are_used_and_senseless_ones_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """A bad address must not cost the call, and a credential not be logged."""
    servers = [
        IceServer(("http://x",)),
        IceServer(("stun:127.0.0.1:99999", "stun:127.0.0.1:0")),
        IceServer(("stun:stun.example.test:3479",)),
        IceServer(("turn:turn.example.test?transport=tcp",), Secret("u"), Secret("hemmelig")),
    ]
    made = hooks.new_connection(servers, relay_only=False, loopback=True)
    assert stun_of(made) == ("stun.example.test", 3479)
    assert isinstance(hooks._server(servers[-1]), RTCIceServer)
    assert "hemmelig" not in caplog.text
    await made.close()


class SlowStun(asyncio.DatagramProtocol):
    """A STUN server that leaves the first questions unanswered, as behind a firewall that thinks."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if not self.answers.is_set():
            return
        question = stun.parse_message(data)
        reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, question.transaction_id)
        reply.attributes["XOR-MAPPED-ADDRESS"] = ("203.0.113.7", 4711)
        self.transport.sendto(bytes(reply), address)


async def test_a_server_that_does_not_answer_holds_no_offer_back_and_its_address_comes_later() -> None:
    """The doctor would wait five seconds for it; what it says is sent on when it comes."""
    server = SlowStun()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: server, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    made = hooks.new_connection([IceServer((f"stun:127.0.0.1:{port}",))], relay_only=False, loopback=True)
    await made.setLocalDescription(await made.createOffer())
    assert "typ host" in made.localDescription.sdp
    assert "typ srflx" not in made.localDescription.sdp
    server.answers.set()
    [found] = await hooks.gather_rest(made)
    assert found.startswith("candidate:")
    assert "203.0.113.7 4711 typ srflx" in found
    assert await hooks.gather_rest(made) == []
    await made.close()
    transport.close()


async def test_an_offer_taken_back_leaves_the_connection_as_it_was(connection: Any) -> None:
    """aiortc has no rollback, and two who offer at once need one."""
    await connection.setLocalDescription(await connection.createOffer())
    hooks.take_back(connection)
    assert connection.signalingState == "stable"
    await connection.setLocalDescription(await connection.createOffer())
    assert connection.signalingState == "have-local-offer"


@pytest.mark.parametrize(("said", "ours"), [("actpass", "passive"), ("active", "passive"), ("passive", "active")])
async def test_the_other_side_begins_the_handshake_where_it_may(connection: Any, said: str, ours: str) -> None:
    """A browser repeats what is lost after 50 ms; as a server it would wait for us to."""
    other = hooks.new_connection([], relay_only=False, loopback=True)
    offer = await other.createOffer()
    await connection.setRemoteDescription(
        RTCSessionDescription(offer.sdp.replace("a=setup:actpass", f"a=setup:{said}"), "offer")
    )
    hooks.let_them_begin(connection)
    answer = await connection.createAnswer()
    assert {line for line in answer.sdp.splitlines() if line.startswith("a=setup:")} == {f"a=setup:{ours}"}
    await other.close()


async def test_gathering_on_loopback_finds_loopback_and_nothing_else(connection: Any) -> None:
    """aioice skips that address, and a machine may have no other."""
    await connection.setLocalDescription(await connection.createOffer())
    hosts = {line.split()[4] for line in connection.localDescription.sdp.splitlines() if "candidate:" in line}
    assert hosts == {"127.0.0.1"}


async def test_packets_go_through_our_router(connection: Any) -> None:
    """Receivers registered by aiortc are found by MID, and their sender reports by the SSRC learned."""
    router = connection.getTransceivers()[0].receiver.transport._rtp_router
    assert isinstance(router, hooks.PacketRouter)
    receiver: Any = object()
    router.register_receiver(receiver, ssrcs=[], payload_types=[97], mid="1")
    packet = RtpPacket(payload_type=97, sequence_number=1, timestamp=1)
    packet.ssrc, packet.extensions.mid = 55, "1"
    assert router.route_rtp(packet) is receiver
    assert router.ssrc_table[55] is receiver
    assert router.route_rtcp(RtcpByePacket(sources=[55])) == set()
    router.unregister_receiver(receiver)
    assert router.route_rtp(packet) is None


async def test_a_sender_of_ours_is_the_one_that_is_offered(connection: Any) -> None:
    """The attributes are aiortc's private ones; reports and the offer name the sender's stream."""
    transceiver = connection.getTransceivers()[1]
    assert "_RTCRtpTransceiver__sender" in vars(transceiver)
    before = transceiver.sender
    sender: Any = PictureSender(before.transport, Outlet(connection.wire.send), lambda _: None)
    hooks.use_sender(transceiver, sender)
    assert transceiver.sender is sender
    assert (sender._stream_id, sender._ssrc != before._ssrc) == (before._stream_id, True)
    assert f"ssrc:{sender._ssrc}" in (await connection.createOffer()).sdp


async def test_aiortcs_own_estimate_is_silent(connection: Any) -> None:
    """Where both are told, a sender takes the lower one, and aiortc's falls whenever this program is busy."""
    receiver = connection.getTransceivers()[1].receiver
    assert receiver._RTCRtpReceiver__remote_bitrate_estimator is not None
    hooks.silence_estimator(receiver)
    assert receiver._RTCRtpReceiver__remote_bitrate_estimator is None


def frame(number: int, size: tuple[int, int] = (320, 180)) -> Any:
    yuv = TestCard(PictureFormat(*size, 15)).draw(AT, number)
    made = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
    made.pts, made.time_base = number * 6000, fractions.Fraction(1, 90_000)
    return made


def is_keyframe(payloads: list[bytes]) -> bool:
    """Whether an H.264 packet list has a parameter set in it, alone or in an aggregate."""
    types = {payload[0] & 31 for payload in payloads} | {
        payload[3] & 31 for payload in payloads if payload[0] & 31 == 24
    }
    return 7 in types


@pytest.mark.parametrize("rates", [(400_000, 1_500_000), (1_500_000, 400_000)])
def test_h264_is_re_rated_both_ways_without_a_new_keyframe(rates: tuple[int, int]) -> None:
    """aiortc's encoder is rebuilt at each step, and eight keyframes in a ramp-up burst a thin line."""
    encoder: Any = H264PictureEncoder()
    sizes: list[int] = []
    for turn, rate in enumerate(rates):
        encoder.target_bitrate = rate
        sent = [encoder.encode(noise(30 * turn + number))[0] for number in range(30)]
        assert [is_keyframe(payloads) for payloads in sent].count(True) == (0 if turn else 1)
        sizes.append(sum(len(payload) for payloads in sent[10:] for payload in payloads))
    told = rates[0] / rates[1]
    assert told / 1.5 < sizes[0] / sizes[1] < told * 1.5
    assert is_keyframe(encoder.encode(noise(99), force_keyframe=True)[0])


def noise(number: int) -> Any:
    """Return a picture that takes whatever rate there is."""
    yuv = np.random.default_rng(number).integers(0, 60, (720 * 3 // 2, 1280), dtype=np.uint8)
    made = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
    made.pts, made.time_base = number * 3000, fractions.Fraction(1, 90_000)
    return made


def test_h264_takes_a_new_size() -> None:
    """The camera comes back in place of the smaller test card, and the ladder changes sizes."""
    encoder: Any = H264PictureEncoder()
    encoder.encode(frame(0))
    assert is_keyframe(encoder.encode(frame(1, (640, 360)))[0])
    assert (encoder.codec.width, encoder.codec.height) == (640, 360)


def test_vp8_is_begun_anew_only_for_a_change_that_lasts_or_is_far_down() -> None:
    """FFmpeg gives no other way to change its rate, and each costs a whole picture."""
    rerating = Rerating(400_000)
    made = []
    for at_s, bps in [
        (0, 500_000),
        (1, 900_000),
        (2, 550_000),
        (3, 900_000),
        (5, 900_000),
        (6.1, 900_000),
        (8, 500_000),
    ]:
        rerating.want(bps, at_s)
        made.append(rerating.made_bps)
    assert made == [500_000] * 5 + [900_000, 500_000]


def test_each_codec_has_its_encoder_and_others_are_left_to_aiortc() -> None:
    """G.722 and the like are rare and fine as they are."""
    assert isinstance(encoder_for("OPUS"), SpeechEncoder)
    assert isinstance(encoder_for("H264"), H264PictureEncoder)
    assert isinstance(encoder_for("VP8"), LibvpxEncoder | Vp8PictureEncoder)
    assert encoder_for("PCMA") is None


def test_importing_the_package_imports_neither_aiortc_nor_pyav() -> None:
    """They take half a second, which the start of the program does not have."""
    script = (
        "import sys, vdx_plugin.media; vdx_plugin.media.call_engine(); "
        "sys.exit(sum(name in sys.modules for name in ('aiortc', 'av', 'sounddevice')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0
