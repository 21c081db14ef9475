"""One participant's media connection: ICE, DTLS and SRTP, with plain RTP and RTCP packets on the inside.

aiortc's peer connection decodes and encodes whatever passes; a server that forwards needs only its lower half.
``Hop`` therefore sits directly on ``RTCDtlsTransport`` and takes packets where they come out of SRTP. The
methods it overrides are not public: a contract test fails if a new aiortc moves them.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

from aioice import Candidate, Connection
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    State,
)
from aiortc.rtp import HeaderExtensionsMap, RtcpPacket, RtpPacket

from vdx_plugin import log
from vdx_plugin.handshakes import repeat_checks, repeat_flights
from vdx_plugin.sandbox.pexip.sdp import Offer, answer_setup
from vdx_plugin.sandbox.pexip.transport_cc import FMT, RTPFB, read_feedback

_log = log.get("sandbox.pexip.hop")

OnRtp = Callable[[RtpPacket], Awaitable[None]]
OnRtcp = Callable[[list[Any]], Awaitable[None]]
LARGEST_DATAGRAM = 2048
"""Room for whatever ICE, DTLS and SRTP send. asyncio's own 256 KiB for each datagram, cut back to what came, leave so
many holes in glibc's heap that it grows by ten megabytes an hour and more, though nothing is kept."""
_DAMAGED = (ValueError, IndexError, struct.error)


class _Ice(Connection):  # type: ignore[misc]
    """An ICE agent on given addresses only.

    WORKAROUND: aioice leaves 127.0.0.1 out of its own host addresses, so that two programs on a machine
    without network would not find each other. May go when aioice takes a list of addresses.
    """

    def __init__(self, hosts: tuple[str, ...]) -> None:
        super().__init__(ice_controlling=False)
        self._hosts = hosts

    async def gather_candidates(self) -> None:
        self._local_candidates_start = True
        self._local_candidates += await self.get_component_candidates(component=1, addresses=list(self._hosts))
        self._local_candidates_end = True
        for protocol in self._protocols:
            protocol.transport.max_size = LARGEST_DATAGRAM


class _IceSide:
    """What RTCDtlsTransport wants of an RTCIceTransport."""

    def __init__(self, connection: Connection) -> None:
        self.role = "controlled"
        self._recv = connection.recv
        self._send = connection.send


class _Dtls(RTCDtlsTransport):  # type: ignore[misc]
    """DTLS and SRTP whose decrypted packets go to two callbacks instead of a router."""

    def __init__(self, side: _IceSide, certificate: RTCCertificate, on_rtp: OnRtp, on_rtcp: OnRtcp) -> None:
        super().__init__(side, [certificate])
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        try:
            packet = RtpPacket.parse(data, self._rtp_header_extensions_map)
        except _DAMAGED:
            return
        await self._on_rtp(packet)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        await self._on_rtcp(read_rtcp(data))


def read_rtcp(data: bytes) -> list[Any]:
    """Return the packets of a compound, transport feedback as ``Feedback``; what is damaged is left out."""
    found: list[Any] = []
    for part in _parts(data):
        with suppress(*_DAMAGED):
            if part[1] == RTPFB and part[0] & 0x1F == FMT:
                found.append(read_feedback(part))
            else:
                found += RtcpPacket.parse(part)
    return found


def _parts(data: bytes) -> Iterator[bytes]:
    """Cut a compound packet into its packets, up to where it no longer fits."""
    position = 0
    while position + 4 <= len(data):
        length = 4 + 4 * int.from_bytes(data[position + 2 : position + 4], "big")
        if position + length > len(data):
            return
        yield data[position : position + length]
        position += length


class Hop:
    """Open with ``open``, answer with what it tells, ``connect`` in a task of your own, ``close`` in the end."""

    def __init__(self, offer: Offer, hosts: tuple[str, ...], on_rtp: OnRtp, on_rtcp: OnRtcp) -> None:
        self._offer = offer
        self._ice = _Ice(hosts)
        certificate = RTCCertificate.generateCertificate()
        self.fingerprint = next(
            print_.value for print_ in certificate.getFingerprints() if print_.algorithm == "sha-256"
        )
        self._dtls = _Dtls(_IceSide(self._ice), certificate, on_rtp, on_rtcp)
        repeat_flights(self._dtls)
        repeat_checks(self._ice)
        self._extensions = HeaderExtensionsMap()
        self._closed = False
        self.lost = asyncio.Event()

    @property
    def ufrag(self) -> str:
        return str(self._ice.local_username)

    @property
    def password(self) -> str:
        return str(self._ice.local_password)

    @property
    def candidates(self) -> tuple[str, ...]:
        """This end's candidates as SDP spells them, without the leading ``candidate:``."""
        return tuple(candidate.to_sdp() for candidate in self._ice.local_candidates)

    @property
    def connected(self) -> bool:
        """Whether media can flow."""
        # Asked several times for each packet, and ``state`` spells its name anew each time.
        return self._dtls._state is State.CONNECTED

    async def open(self) -> None:
        """Bind the sockets and take in the offer's candidates and header extensions."""
        await self._ice.gather_candidates()
        self.take(self._offer)
        for candidate in self._offer.candidates:
            await self.add_candidate(candidate)

    def take(self, offer: Offer) -> None:
        """Learn the header extensions of another offer over the same connection."""
        for line in offer.streams.values():
            parameters = _Extensions(line.extensions)
            self._extensions.configure(parameters)
            self._dtls._rtp_header_extensions_map.configure(parameters)

    async def add_candidate(self, text: str) -> None:
        """Take a remote candidate, with or without ``candidate:`` in front; what cannot be used is left out.

        A browser's ``.local`` names are not looked up: its checks reach us and make the pair anyway.
        """
        value = text.removeprefix("candidate:").strip()
        if not value or ".local" in value or " tcp " in value.lower():
            return
        with suppress(ValueError, IndexError, OSError):
            await self._ice.add_remote_candidate(Candidate.from_sdp(value))

    async def connect(self) -> bool:
        """Run ICE and DTLS; return whether media can flow. ``lost`` is set when it no longer can."""
        self._ice.remote_username = self._offer.ufrag
        self._ice.remote_password = self._offer.password
        self._ice.remote_is_lite = self._offer.ice_lite
        self._dtls._set_role("client" if answer_setup(self._offer) == "active" else "server")
        try:
            await self._ice.connect()
            prints = [RTCDtlsFingerprint(algorithm=a, value=v) for a, v in self._offer.fingerprints]
            await self._dtls.start(RTCDtlsParameters(fingerprints=prints))
        except ConnectionError:
            _log.info("a media connection did not come up")
        if not self.connected:
            self.lost.set()
            return False
        self._dtls.on("statechange", self._on_state)
        return True

    async def send_rtp(self, packet: RtpPacket) -> bytes:
        """Send a packet, its header extensions numbered as this peer wants them; return the plain bytes."""
        data: bytes = packet.serialize(self._extensions)
        await self.send(data)
        return data

    async def send(self, data: bytes) -> None:
        """Send plain RTP or RTCP bytes; a connection that is gone swallows them."""
        with suppress(ConnectionError):
            await self._dtls._send_rtp(data)

    async def close(self) -> None:
        """Say goodbye and free the sockets. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._dtls.remove_all_listeners()
        pump = self._dtls._task
        await self._dtls.stop()
        await self._ice.close()
        if pump is not None:
            with suppress(asyncio.CancelledError, ConnectionError):
                await pump
        self.lost.set()

    def _on_state(self) -> None:
        if not self.connected:
            self.lost.set()


class _Extensions:
    """Header extensions in the form aiortc's map takes."""

    def __init__(self, extensions: tuple[tuple[int, str], ...]) -> None:
        self.headerExtensions = [_Extension(number, uri) for number, uri in extensions]


class _Extension:
    def __init__(self, number: int, uri: str) -> None:
        self.id = number
        self.uri = uri
