"""Datagrams as they come in from anybody: what aioice and asyncio would make of them, and do not here.

Every place where we reach into these two for that is in this module; ``tests/unit/media/test_datagrams.py`` fails when
one moves.
"""

from __future__ import annotations

import asyncio
import struct
from asyncio import selector_events
from collections.abc import Callable
from typing import Any

from aioice import stun

MAX_LEARNED = 20
"""Addresses of the other side that are learned from its checks alone. A NAT makes one or two."""
MOST_AT_ONCE = 32
LARGEST_DATAGRAM = 2048
"""Room for whatever ICE, DTLS and SRTP send. Python makes that much room for each datagram and cuts it back to what
came: with asyncio's 256 KiB that leaves so many holes in glibc's heap that it grows all through a call, though nothing
is kept."""
# asyncio's own, which its type stubs leave out; where a version has it no more, importing fails, in every test.
_SELECTOR_TRANSPORT: Any = selector_events._SelectorDatagramTransport  # type: ignore[attr-defined]


def _parse_stun(data: bytes, parse: Callable[[bytes], Any] = stun.parse_message) -> Any:
    """Parse as aioice does, but an attribute that is too short is no STUN, as all else it cannot read.

    WORKAROUND: aioice lets struct.error out there, into the event loop, for a datagram of any stranger's.
    """
    try:
        return parse(data)
    except struct.error as error:
        raise ValueError("a STUN attribute is too short") from error


stun.parse_message = _parse_stun


def bound_checks(ice: Any) -> None:
    """Leave out the other side's checks that aioice cannot take, and those from ever more addresses.

    WORKAROUND: aioice needs the priority (RFC 8445 7.1.1) and raises KeyError without; it keeps, pairs and checks every
    address anew that a signed request comes from, and every request that comes before it may answer.
    """
    take = ice.request_received

    def request_received(message: Any, address: tuple[str, int], protocol: Any) -> None:
        if not ice._early_checks_done:
            # Those that wait are looked at together when the other side has been described.
            is_within = len(ice._early_checks) < MAX_LEARNED
        else:
            is_within = _is_known(ice, address) or _learned(ice) < MAX_LEARNED
        if is_within and "PRIORITY" in message.attributes:
            take(message, address, protocol)

    ice.request_received = request_received


def _is_known(ice: Any, address: tuple[str, int]) -> bool:
    return any((each.host, each.port) == address for each in ice._remote_candidates)


def _learned(ice: Any) -> int:
    return sum(each.type == "prflx" for each in ice._remote_candidates)


def read_in_batches(ice: Any) -> None:
    """Let each socket of an ``aioice.Connection`` that has gathered be read until it is empty.

    asyncio reads one datagram for each turn of its loop. Where turns take some milliseconds, as on a busy machine, that
    is fewer than a call brings: the rest waits in the socket, and all of it comes hundreds of milliseconds late, which
    the sender takes for a queue in the line. Windows' loop has no such place to reach into.
    """
    loop = asyncio.get_running_loop()
    for protocol in ice._protocols:
        transport = protocol.transport
        if isinstance(transport, _SELECTOR_TRANSPORT) and not transport.is_closing():
            # ``add_reader`` refuses the socket of a transport, and the stubs leave this one out.
            loop._add_reader(transport._sock_fd, _drain, transport)  # type: ignore[attr-defined]


def _drain(transport: Any) -> None:
    try:
        for _ in range(MOST_AT_ONCE):
            if transport.is_closing():
                return
            transport._protocol.datagram_received(*transport._sock.recvfrom(LARGEST_DATAGRAM))
    except (BlockingIOError, InterruptedError):
        return
    except OSError as error:
        transport._protocol.error_received(error)
