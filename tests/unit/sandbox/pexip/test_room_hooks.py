"""The places inside aiortc and aioice the room server holds on to: a new version that moves them fails here."""

from __future__ import annotations

import asyncio
import inspect
import socket
from typing import Any

import aioice
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import HeaderExtensionsMap, RtcpPacket, RtpPacket

from vdx_plugin.sandbox.pexip.hop import LARGEST_DATAGRAM, _Ice


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_packets_still_pass_the_two_handlers() -> None:
    """``hop`` overrides them; under another name it would hear nothing."""
    assert parameters(RTCDtlsTransport._handle_rtp_data) == ["self", "data", "arrival_time_ms"]
    assert parameters(RTCDtlsTransport._handle_rtcp_data) == ["self", "data"]
    assert "self._handle_rtp_data(" in inspect.getsource(RTCDtlsTransport._recv_next)
    assert "self._handle_rtcp_data(" in inspect.getsource(RTCDtlsTransport._recv_next)


def test_the_transport_still_sends_and_starts_the_same_way() -> None:
    """Plain bytes in, the role set from outside, the pump kept as a task."""
    assert parameters(RTCDtlsTransport._send_rtp) == ["self", "data"]
    assert parameters(RTCDtlsTransport.start) == ["self", "remoteParameters"]
    assert parameters(RTCDtlsTransport._set_role) == ["self", "role"]
    source = inspect.getsource(RTCDtlsTransport)
    assert "self._task = asyncio.ensure_future(" in source
    assert "self._rtp_header_extensions_map" in source


def test_the_packet_classes_still_parse_and_write() -> None:
    """Extensions are renumbered by parsing with one map and writing with another."""
    assert parameters(RtpPacket.parse)[0] == "data"
    assert "extensions_map" in parameters(RtpPacket.serialize)
    assert callable(RtcpPacket.parse)
    assert "headerExtensions" in inspect.getsource(HeaderExtensionsMap.configure)
    assert {"fraction_lost", "packets_lost", "jitter"} <= set(dir(StreamStatistics(90000)))


async def test_ice_takes_the_addresses_it_is_given() -> None:
    """On a machine without network only 127.0.0.1 is left, which aioice itself never offers."""
    ice = _Ice(("127.0.0.1",))
    await ice.gather_candidates()
    try:
        assert [candidate.host for candidate in ice.local_candidates] == ["127.0.0.1"]
        assert issubclass(_Ice, aioice.Connection)
    finally:
        await ice.close()
        await asyncio.sleep(0)


async def test_a_socket_makes_room_for_one_datagram_and_no_more() -> None:
    """asyncio's 256 KiB for each one tear holes into the heap, which then grows through the whole call."""
    ice = _Ice(("127.0.0.1",))
    await ice.gather_candidates()
    try:
        asked = [_asked_of(protocol.transport) for protocol in ice._protocols]
        assert asked == [[LARGEST_DATAGRAM]]
        assert LARGEST_DATAGRAM >= 1500
    finally:
        await ice.close()
        await asyncio.sleep(0)


def _asked_of(transport: Any) -> list[int]:
    """Let a transport read once, and return how many bytes it had room for."""
    asked: list[int] = []

    class Watched:
        def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int]]:
            asked.append(size)
            raise BlockingIOError

    real: socket.socket
    real, transport._sock = transport._sock, Watched()
    try:
        transport._read_ready()
    finally:
        transport._sock = real
    return asked
