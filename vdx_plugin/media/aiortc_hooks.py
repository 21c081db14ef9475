"""Every place where we reach into aiortc, in one module.

aiortc 1.16 is pinned for these. A contract test fails when one of them moves.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from aioice.ice import StunProtocol, TransportPolicy, relayed_candidate, server_reflexive_candidate
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection
from aiortc.codecs import get_encoder
from aiortc.rtcconfiguration import RTCBundlePolicy, RTCIceTransportPolicy
from aiortc.rtcdtlstransport import RtpRouter
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters
from aiortc.rtp import RTCP_PSFB_APP, RtcpByePacket, RtcpPsfbPacket, pack_remb_fci

from vdx_plugin import log
from vdx_plugin.handshakes import repeat_checks, repeat_flights
from vdx_plugin.media.datagrams import bound_checks
from vdx_plugin.media.pexip.replies import IceServer
from vdx_plugin.media.rate.feedback import split
from vdx_plugin.media.router import Routes

_log = log.get("media.path")

LOOPBACK = "127.0.0.1"
GATHER_LIMIT_S = 0.5
MAX_QUEUED = 2000
"""Datagrams that may wait to be read: some seconds of a call. While a connection is made nobody reads."""


class PacketRouter(RtpRouter):  # type: ignore[misc]
    """aiortc's router with RFC 9143's order, deaf to BYE.

    A BYE ends an aiortc receiver for good, while peers send it when they merely change a track (aiortc issue 228).
    """

    def __init__(self, on_packet: Callable[[Any], None]) -> None:
        super().__init__()
        self._routes: Routes[Any] = Routes()
        self._on_packet = on_packet

    def register_receiver(
        self, receiver: Any, ssrcs: list[int], payload_types: list[int], mid: str | None = None
    ) -> None:
        super().register_receiver(receiver, ssrcs, payload_types, mid)
        self._routes.add(receiver, mid=mid, ssrcs=ssrcs, payload_types=payload_types)

    def unregister_receiver(self, receiver: Any) -> None:
        super().unregister_receiver(receiver)
        self._routes.remove(receiver)

    def route_rtp(self, packet: Any) -> Any:
        self._on_packet(packet)
        receiver = self._routes.route(mid=packet.extensions.mid, ssrc=packet.ssrc, payload_type=packet.payload_type)
        if receiver is not None:
            # Sender reports are found by this table.
            self.ssrc_table[packet.ssrc] = receiver
        return receiver

    def route_rtcp(self, packet: Any) -> Any:
        return set() if isinstance(packet, RtcpByePacket) else super().route_rtcp(packet)


def _ignore(*_: Any) -> None:
    """Nobody listens."""


class Wire:
    """The lower edge of one connection: when each datagram came, and congestion feedback, which aiortc cannot read.

    ``arrival_s`` is when the socket gave the datagram that is being handled, by ``time.monotonic``: not after it has
    waited in aiortc's queue behind what else the loop had to do; each packet carries it as ``arrived_s``. ``on_packet``
    gets every RTP packet, also those that belong to nobody; ``on_feedback`` every RTCP packet of format 15.
    """

    def __init__(self, dtls: Any) -> None:
        self._dtls = dtls
        self._stamps: deque[float] = deque()
        self.arrival_s = 0.0
        self.on_packet: Callable[[Any], None] = _ignore
        self.on_feedback: Callable[[bytes], None] = _ignore
        dtls._rtp_router = PacketRouter(self._entered)
        self._stamp_arrivals(dtls.transport)
        bound_checks(dtls.transport._connection)
        self._rtp_data, dtls._handle_rtp_data = dtls._handle_rtp_data, self._handle_rtp
        self._rtcp_data, dtls._handle_rtcp_data = dtls._handle_rtcp_data, self._handle_rtcp

    def _entered(self, packet: Any) -> None:
        packet.arrived_s = self.arrival_s
        self.on_packet(packet)

    def _stamp_arrivals(self, ice: Any) -> None:
        connection, recv, stamps = ice._connection, ice._recv, self._stamps
        put = connection.data_received

        def data_received(data: bytes, component: int) -> None:
            # aiortc reads the first byte of each, and an empty datagram of any stranger's would end the connection.
            if data and connection._queue.qsize() < MAX_QUEUED:
                stamps.append(time.monotonic())
                put(data, component)

        async def received() -> bytes:
            data: bytes = await recv()
            self.arrival_s = stamps.popleft()
            return data

        connection.data_received, ice._recv = data_received, received

    async def _handle_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        # A header extension of the wrong length raises what aiortc does not catch, and ends the connection.
        with suppress(struct.error):
            await self._rtp_data(data, arrival_time_ms=arrival_time_ms)

    async def _handle_rtcp(self, data: bytes) -> None:
        # aiortc takes format 15 for a NACK, and throws all of a compound packet away when it is padded.
        feedback, rest = split(data)
        for each in feedback:
            self.on_feedback(each)
        with suppress(struct.error):
            await self._rtcp_data(rest)

    async def send(self, data: bytes) -> None:
        """Send plain RTP or RTCP bytes. Raises ConnectionError when the connection is not up."""
        await self._dtls._send_rtp(data)


def way(connection: Any) -> str:
    """Return ``relay`` when the path in use leads over a relay at either end, ``direct`` when not, empty before."""
    pairs = connection.getTransceivers()[0].receiver.transport.transport._connection._nominated.values()
    kinds = {each.type for pair in pairs for each in (pair.local_candidate, pair.remote_candidate)}
    if not kinds:
        return ""
    return "relay" if "relay" in kinds else "direct"


def new_connection(servers: Sequence[IceServer], *, relay_only: bool, loopback: bool) -> Any:
    """Return a peer connection that uses these servers and no others, with our router in it.

    An empty list is passed on as such: aiortc's own default is a public STUN server, which would tell a third
    party of every consultation. It has a line for sound, one for pictures and one for slides, all both ways.
    """
    configuration = RTCConfiguration(
        iceServers=[server for entry in servers if (server := _server(entry)) is not None],
        bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
        iceTransportPolicy=RTCIceTransportPolicy.RELAY if relay_only else RTCIceTransportPolicy.ALL,
    )
    connection = RTCPeerConnection(configuration)
    connection.addTransceiver("audio", direction="sendrecv")
    connection.addTransceiver("video", direction="sendrecv")
    connection.addTransceiver("video", direction="sendrecv")
    transport = connection.getTransceivers()[0].receiver.transport
    connection.wire = Wire(transport)
    repeat_flights(transport)
    repeat_checks(ice_of(connection))
    if loopback:
        _gather_on_loopback(ice_of(connection))
    gather_promptly(connection)
    return connection


def _server(entry: IceServer) -> Any:
    from aiortc.rtcicetransport import parse_stun_turn_uri

    urls = []
    for url in entry.urls:
        try:
            # A port beyond them all would end the socket that it is asked from, and the path with it.
            is_usable = 0 < parse_stun_turn_uri(url)["port"] < 1 << 16
        except ValueError:
            is_usable = False
        if not is_usable:
            _log.warning("the node named an ICE server that cannot be used")
            continue
        urls.append(url)
    if not urls:
        return None
    if entry.username is None or entry.credential is None:
        return RTCIceServer(urls=urls)
    return RTCIceServer(urls=urls, username=entry.username.reveal(), credential=entry.credential.reveal())


def _gather_on_loopback(ice: Any) -> None:
    """Let one ICE agent gather on this machine's own address only.

    WORKAROUND: aioice leaves 127.0.0.1 out, so a node on the same machine cannot be reached where there is no
    network, and on Windows not even where there is one. May go when aioice takes a list of addresses.
    """
    gather = ice.get_component_candidates

    async def on_loopback(component: int, addresses: list[str], timeout: float = 5) -> Any:
        return await gather(component=component, addresses=[LOOPBACK], timeout=timeout)

    ice.get_component_candidates = on_loopback


def use_receiver(transceiver: Any, receiver: Any) -> None:
    """Let ``receiver`` take what comes in on a line that has not been negotiated yet."""
    receiver._set_rtcp_ssrc(transceiver.sender._ssrc)
    transceiver._RTCRtpTransceiver__receiver = receiver


def add_header_extension(transceiver: Any, number: int, uri: str) -> None:
    """Let a transceiver that has been negotiated but has not begun use one more header extension."""
    if all(known.uri != uri for known in transceiver._headerExtensions):
        added = RTCRtpHeaderExtensionParameters(id=number, uri=uri)
        transceiver._headerExtensions = [*transceiver._headerExtensions, added]


def use_sender(transceiver: Any, sender: Any) -> None:
    """Let ``sender`` send on a line that has not been negotiated yet."""
    sender._stream_id = transceiver.sender._stream_id
    transceiver.receiver._set_rtcp_ssrc(sender._ssrc)
    transceiver._RTCRtpTransceiver__sender = sender


def silence_estimator(receiver: Any) -> None:
    """Keep a receiver of aiortc's from telling a rate: its estimate takes this program's other work for a queue."""
    if hasattr(receiver, "_RTCRtpReceiver__remote_bitrate_estimator"):
        receiver._RTCRtpReceiver__remote_bitrate_estimator = None


def remb(bps: int, *, own_ssrc: int, ssrc: int) -> bytes:
    """Return the RTCP packet that tells the sender of ``ssrc`` what the line takes."""
    return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=own_ssrc, media_ssrc=0, fci=pack_remb_fci(bps, [ssrc])))


def stock_encoder(transceiver: Any) -> Any:
    """Return aiortc's own encoder for what a transceiver will send."""
    return get_encoder(transceiver._codecs[0])


def first_codec(transceiver: Any) -> str:
    """Return the name of the codec a transceiver will send, upper case; empty before the answer."""
    return str(transceiver._codecs[0].name).upper() if transceiver._codecs else ""


def take_back(connection: Any) -> None:
    """Forget an offer of ours that nobody answers ("rollback", RFC 8829 4.1.10.2), which aiortc cannot do."""
    if connection.signalingState == "have-local-offer":
        connection._RTCPeerConnection__pendingLocalDescription = None
        connection._RTCPeerConnection__setSignalingState("stable")


def let_them_begin(connection: Any) -> None:
    """Leave the first word of DTLS to the other side where its offer leaves the choice to us; call before answering.

    What is lost last then comes again when it repeats itself, which browsers do after 50 ms. The other way round it
    waits for OpenSSL's second (see ``handshakes``).
    """
    transport = connection.getTransceivers()[0].receiver.transport
    if transport._role == "auto" and "a=setup:actpass" in connection.remoteDescription.sdp:
        transport._set_role("server")


def rest_what_is_not_offered(connection: Any) -> None:
    """Let lines of ours that an offer does not mention rest; aiortc cannot answer it otherwise."""
    for transceiver in connection.getTransceivers():
        if transceiver._offerDirection is None:
            transceiver._offerDirection = "inactive"


def open_channel(connection: Any, label: str, number: int, hear: Callable[[object], None]) -> Any:
    """Return a data channel that both sides open by its number; ``hear`` gets each message, text or bytes."""
    channel = connection.createDataChannel(label, negotiated=True, id=number)
    channel.on("message", hear)
    return channel


def gather_promptly(connection: Any) -> None:
    """Let STUN and TURN servers that do not answer at once wait: ``gather_rest`` asks them again.

    aioice would hold the offer back for five seconds where a firewall swallows the question. Where nothing but a relay
    may be used there is nothing to go on with.
    """
    ice = ice_of(connection)
    if ice._transport_policy is not TransportPolicy.ALL:
        return
    gather = ice.get_component_candidates

    async def promptly(component: int, addresses: list[str], timeout: float = GATHER_LIMIT_S) -> Any:
        return await gather(component=component, addresses=addresses, timeout=min(timeout, GATHER_LIMIT_S))

    ice.get_component_candidates = promptly


async def gather_rest(connection: Any) -> list[str]:
    """Return the addresses that came too late for the offer, now in use here, each as it goes into SDP."""
    ice = ice_of(connection)
    known = {candidate.type for candidate in ice._local_candidates}
    asked: list[Any] = []
    if ice.stun_server and "srflx" not in known:
        hosts = [each for each in ice._protocols if each.local_candidate.type == "host"]
        asked += [server_reflexive_candidate(each, ice.stun_server) for each in hosts if _is_ipv4(each)]
    if ice.turn_server and "relay" not in known:
        asked.append(_relayed(ice))
    # A failure is that of a server: its address is then simply missing.
    results = await asyncio.gather(*asked, return_exceptions=True)
    found = [result for result in results if not isinstance(result, BaseException)]
    for candidate, protocol in found:
        ice._local_candidates.append(candidate)
        if protocol is not None:
            ice._protocols.append(protocol)
    for remote in ice._remote_candidates if found else ():
        ice._pair_remote_candidate(remote)
    ice.sort_check_list()
    return ["candidate:" + candidate.to_sdp() for candidate, _ in found]


def _relayed(ice: Any) -> Any:
    return relayed_candidate(
        component=1,
        hide_related_address=False,
        protocol_factory=lambda: StunProtocol(ice),
        turn_server=ice.turn_server,
        turn_username=ice.turn_username,
        turn_password=ice.turn_password,
        turn_ssl=ice.turn_ssl,
        turn_transport=ice.turn_transport,
    )


def _is_ipv4(protocol: Any) -> bool:
    return ip_address(protocol.local_candidate.host).version == 4


def ice_of(connection: Any) -> Any:
    return connection.getTransceivers()[0].receiver.transport.transport.iceGatherer._connection


def local_credentials(connection: Any) -> tuple[str, str]:
    """Return what the other side signs its checks of ours with: name and password."""
    ice = ice_of(connection)
    return ice.local_username, ice.local_password
