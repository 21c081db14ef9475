"""Datagrams of the other side's and of strangers', at the sockets of a real connection that waits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aioice import stun

from vdx_plugin.media import aiortc_hooks as hooks
from vdx_plugin.media import datagrams
from vdx_plugin.media.datagrams import LARGEST_DATAGRAM, MAX_LEARNED


@pytest.fixture
async def connection() -> AsyncIterator[Any]:
    made = hooks.new_connection([], relay_only=False, loopback=True)
    yield made
    await made.close()


STRANGER = ("127.0.0.1", 9)
SHORT_PRIORITY = bytes.fromhex("000100082112a442") + b"t" * 12 + bytes.fromhex("0024000207070000")


async def gathered(connection: Any) -> tuple[Any, Any]:
    """Return the agent of a connection that waits for the other side, and its socket's protocol."""
    await connection.setLocalDescription(await connection.createOffer())
    ice = connection.getTransceivers()[0].receiver.transport.transport._connection
    return ice, ice._protocols[0]


def check(ice: Any, **attributes: Any) -> bytes:
    """Return the other side's signed check."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes = {"USERNAME": f"{ice.local_username}:x", **attributes}
    request.add_message_integrity(ice.local_password.encode())
    return bytes(request)


async def test_an_empty_datagram_ends_no_connection(connection: Any) -> None:
    """Anybody can send one to the socket; aiortc reads its first byte, and the task that reads dies."""
    ice, socket = await gathered(connection)
    socket.datagram_received(b"", STRANGER)
    socket.datagram_received(b"x", STRANGER)
    assert ice._queue.get_nowait() == (b"x", 1)
    assert ice._queue.empty()


async def test_datagrams_that_nobody_reads_yet_do_not_pile_up(connection: Any) -> None:
    """Before the connection stands nobody takes them."""
    ice, socket = await gathered(connection)
    for _ in range(hooks.MAX_QUEUED + 50):
        socket.datagram_received(b"x", STRANGER)
    assert ice._queue.qsize() == len(connection.wire._stamps) == hooks.MAX_QUEUED


async def test_a_stun_attribute_that_is_too_short_raises_nothing(connection: Any) -> None:
    """aioice lets struct.error out into the event loop."""
    ice, socket = await gathered(connection)
    socket.datagram_received(SHORT_PRIORITY, STRANGER)
    assert ice._queue.get_nowait() == (SHORT_PRIORITY, 1)


async def test_a_signed_check_without_a_priority_raises_nothing(connection: Any) -> None:
    """aioice takes it for granted, and raises KeyError when the check is looked at."""
    ice, socket = await gathered(connection)
    ice._early_checks_done = True
    socket.datagram_received(check(ice), STRANGER)
    assert ice._remote_candidates == []


async def test_checks_from_ever_more_addresses_are_left_alone(connection: Any) -> None:
    """Each would be kept, paired and checked; one that is known goes on being answered."""
    ice, socket = await gathered(connection)
    for port in range(1000, 1400):
        socket.datagram_received(check(ice, PRIORITY=1), ("127.0.0.1", port))
    waiting = len(ice._early_checks)
    for request in ice._early_checks:
        ice.check_incoming(*request)
    ice._early_checks_done = True
    assert waiting == MAX_LEARNED
    for port in range(1400, 1600):
        socket.datagram_received(check(ice, PRIORITY=1), ("127.0.0.1", port))
    assert len(ice._remote_candidates) == MAX_LEARNED


async def test_all_that_waits_in_a_socket_is_read_in_one_turn_of_the_loop(connection: Any) -> None:
    """One a turn is less than a call brings where turns are slow, and sound then waits in the socket."""
    heard: list[bytes] = []
    ice = hooks.ice_of(connection)
    ice.data_received = lambda data, component: heard.append(data)
    await connection.setLocalDescription(await connection.createOffer())
    datagrams.read_in_batches(ice)
    sent = [bytes([0x80, number]) for number in range(20)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        for each in sent:
            other.sendto(each, ice._protocols[0].transport.get_extra_info("sockname"))
    for _ in range(3):
        await asyncio.sleep(0)
    assert heard == sent


async def test_sockets_make_room_for_one_datagram_and_no_more(connection: Any) -> None:
    """asyncio's 256 KiB for each one tear holes into the heap, which then grows through the whole call."""
    await connection.setLocalDescription(await connection.createOffer())
    transport = hooks.ice_of(connection)._protocols[0].transport
    asked: list[int] = []

    class Watched:
        def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int]]:
            asked.append(size)
            raise BlockingIOError

    real, transport._sock = transport._sock, Watched()
    datagrams._drain(transport)
    transport._sock = real
    assert asked == [LARGEST_DATAGRAM]
    assert 1500 <= LARGEST_DATAGRAM <= 4096
