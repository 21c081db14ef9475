"""Handshakes on a line that loses packets: what got lost goes out again after a tenth of a second.

OpenSSL waits a second before it repeats a flight of DTLS, then two, and its bindings let nobody change that; aioice
waits half a second before it repeats a check of ICE. On a line that loses one packet in ten every fourth call would
begin that much later. ``repeat_flights`` and ``repeat_checks`` repeat earlier, byte for byte, what these libraries
sent: a peer that has it already drops it (RFC 6347 4.1.2.6, RFC 8489 6.3.1). All of it is counted, so that a peer that
says nothing, or the same thing over and over, gets little.

Neither library is imported here: both are handed in by the rooms that use them, ``media`` and ``sandbox``. Contract
tests there fail when a new version moves what is taken hold of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

FIRST_WAIT_S = 0.08
_GROWTH = 1.5
REPEATS = 8
"""Of one flight, within four seconds; OpenSSL's own repeats, with fresh numbers, go on besides."""
ANSWERS = 8
"""Of one connection, to a peer that says its last flight again."""
CHECK_WAITS_S = (0.08, 0.12, 0.18)
"""After each time aioice sends a check, which it does after 0.5 s, a second more, two more, and so on."""

_CHANGE_CIPHER_SPEC, _HANDSHAKE = 20, 22
_IS_DTLS = range(20, 64)
"""The first byte of a datagram (RFC 7983)."""


class Flight:
    """What we said last, and when to say it again. Pure: times come in, datagrams go out."""

    def __init__(self) -> None:
        self._datagram = b""
        self._repeats = self._answers = 0
        self._wait_s = FIRST_WAIT_S
        self._due_s = 0.0

    def sent(self, datagram: bytes, at_s: float) -> None:
        """OpenSSL said something new. It puts a flight into one datagram."""
        self._datagram, self._repeats, self._wait_s = datagram, 0, FIRST_WAIT_S
        self._due_s = at_s + FIRST_WAIT_S

    def wait_s(self, at_s: float) -> float | None:
        """Return how long until it should be said again, 0 or less for now; None for never."""
        return None if not self._datagram or self._repeats == REPEATS else self._due_s - at_s

    def repeat(self, at_s: float) -> bytes:
        """Return what to say again now."""
        self._repeats += 1
        self._wait_s *= _GROWTH
        self._due_s = at_s + self._wait_s
        return self._datagram

    def answer(self, heard: bytes) -> bytes:
        """Return what to say to a datagram that came after the handshake; empty for nothing.

        Whoever spoke last does so again when the other side repeats its flight (RFC 6347 4.2.4). OpenSSL does where
        that has fresh numbers, and is deaf where it came byte for byte.
        """
        if heard[:1] not in (bytes([_HANDSHAKE]), bytes([_CHANGE_CIPHER_SPEC])) or self._answers == ANSWERS:
            return b""
        self._answers += 1
        return self._datagram


class _Flights:
    """Between one ``RTCDtlsTransport`` and the ICE below it."""

    def __init__(self, dtls: Any) -> None:
        self._dtls = dtls
        self._flight = Flight()
        ice = dtls.transport
        self._send: Callable[[bytes], Awaitable[None]] = ice._send
        self._recv: Callable[[], Awaitable[bytes]] = ice._recv
        ice._send, ice._recv = self.send, self.recv

    async def send(self, data: bytes) -> None:
        if not self._dtls.encrypted and data[0] in _IS_DTLS:
            self._flight.sent(data, _now_s())
        await self._send(data)

    async def recv(self) -> bytes:
        while not self._dtls.encrypted and (wait_s := self._flight.wait_s(_now_s())) is not None:
            if wait_s <= 0:
                await self._send(self._flight.repeat(_now_s()))
                continue
            try:
                async with asyncio.timeout(wait_s):
                    return await self._recv()
            except TimeoutError:
                continue
        data = await self._recv()
        if self._dtls.encrypted and self._dtls._role == "server" and (again := self._flight.answer(data)):
            await self._send(again)
        return data


def repeat_flights(dtls: Any) -> None:
    """Let an ``aiortc.RTCDtlsTransport`` that has not begun repeat its flights early."""
    _Flights(dtls)


class _Checks:
    """Between an ``aioice.Connection`` and its sockets."""

    def __init__(self, connection: Any) -> None:
        self._check = connection.check_start
        self._known: set[int] = set()
        connection.check_start = self.check_start

    async def check_start(self, pair: Any) -> None:
        if pair.protocol.id not in self._known:
            self._known.add(pair.protocol.id)
            repeat_requests(pair.protocol)
        await self._check(pair)


def repeat_checks(connection: Any) -> None:
    """Let an ``aioice.Connection`` that has not begun repeat its checks early."""
    _Checks(connection)


Later = Callable[[float, Callable[[], None]], object]


def repeat_requests(protocol: Any, later: Later | None = None) -> None:
    """Let an ``aioice.ice.StunProtocol`` repeat each request while it waits for the answer."""
    send: Callable[[Any, Any], None] = protocol.send_stun

    def call_later(wait_s: float, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(wait_s, call)

    def send_stun(message: Any, address: Any) -> None:
        send(message, address)
        if message.message_class.name == "REQUEST":
            await_answer(message, address, CHECK_WAITS_S)

    def await_answer(message: Any, address: Any, waits_s: tuple[float, ...]) -> None:
        def look() -> None:
            if message.transaction_id in protocol.transactions:
                send(message, address)
                await_answer(message, address, waits_s[1:])

        if waits_s:
            (later or call_later)(waits_s[0], look)

    protocol.send_stun = send_stun


def _now_s() -> float:
    return asyncio.get_running_loop().time()
