"""Handshakes over a bad line: OpenSSL and aioice at both ends, and a clock that leaps from one event to the next."""

from __future__ import annotations

import asyncio
import inspect
import selectors
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from aioice import stun
from aioice.ice import Connection, StunProtocol
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCCertificate, RTCDtlsParameters, RTCDtlsTransport
from OpenSSL import SSL

from tests.bench.line_model import BY_NAME, Line
from vdx_plugin.handshakes import ANSWERS, CHECK_WAITS_S, FIRST_WAIT_S, REPEATS, Flight, repeat_flights, repeat_requests

SEEDS = range(1, 31)
Found = TypeVar("Found")


@pytest.fixture(autouse=True)
def _no_timer_of_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts real seconds, which are no part of these tests."""
    monkeypatch.setattr(SSL.Connection, "DTLSv1_get_timeout", lambda _connection: None)


class LeapingSelector(selectors.DefaultSelector):
    """Does not wait, and says how long it would have."""

    leapt_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.leapt_s += timeout or 0.0
        return super().select(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands still while there is something to do."""

    def __init__(self) -> None:
        self._leaping = LeapingSelector()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.leapt_s


def run(work: Coroutine[Any, Any, Found]) -> Found:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(work)


class End:
    """One end: a transport of aiortc's and the ICE side it wants. ``way`` is what becomes of a datagram it sends."""

    def __init__(self, role: str) -> None:
        self.role = "controlling"
        self.sent: list[bytes] = []
        self.came: asyncio.Queue[bytes] = asyncio.Queue()
        self.way: Callable[[bytes], None] = lambda _data: None
        self._recv, self._send = self.came.get, self.send
        self.dtls = RTCDtlsTransport(self, [RTCCertificate.generateCertificate()])
        self.dtls._set_role(role)
        repeat_flights(self.dtls)

    async def send(self, data: bytes) -> None:
        self.sent.append(data)
        self.way(data)

    async def start(self, other: End) -> None:
        prints = other.dtls.getLocalParameters().fingerprints
        await self.dtls.start(RTCDtlsParameters(fingerprints=prints))

    async def close(self) -> None:
        """End without a word."""
        if self.dtls._task is not None:
            self.dtls._task.cancel()
            await asyncio.gather(self.dtls._task, return_exceptions=True)


def join(first: End, second: End, line: tuple[Line, Line]) -> None:
    loop = asyncio.get_running_loop()

    def way(line: Line, to: End) -> Callable[[bytes], None]:
        def carry(data: bytes) -> None:
            due_s = line.fate(data, loop.time())
            if due_s is not None:
                loop.call_at(due_s, to.came.put_nowait, data)

        return carry

    first.way, second.way = way(line[0], second), way(line[1], first)


def lines(condition: str, seed: int) -> tuple[Line, Line]:
    return Line(BY_NAME[condition], seed, "there"), Line(BY_NAME[condition], seed, "back")


async def handshake(line: tuple[Line, Line]) -> tuple[End, End]:
    client, server = End("client"), End("server")
    join(client, server, line)
    async with asyncio.timeout(60):
        await asyncio.gather(client.start(server), server.start(client))
    return client, server


async def closed(*ends: End) -> None:
    for end in ends:
        await end.close()


class Losing(Line):
    """Loses the datagrams of these numbers, and no other."""

    def __init__(self, *lost: int) -> None:
        super().__init__(BY_NAME["clean"], 1)
        self._lost = lost
        self._count = 0

    def fate(self, packet: Any, at_s: float, flow: str = "") -> float | None:
        self._count += 1
        due_s = super().fate(packet, at_s, flow)
        return None if self._count in self._lost else due_s


def spoken(end: SSL.Connection) -> bytes:
    """Return what an end says now; all of it must come at once."""
    with suppress(SSL.WantReadError):
        end.do_handshake()
    with suppress(SSL.WantReadError):
        said = end.bio_read(1500)
        with pytest.raises(SSL.WantReadError):
            end.bio_read(1)
        return bytes(said)
    return b""


def test_openssl_puts_each_flight_into_one_datagram() -> None:
    """``Flight`` keeps one; a handshake that needed more would be repeated in part."""
    ends = [SSL.Connection(RTCCertificate.generateCertificate()._create_ssl_context(SRTP_PROFILES)) for _ in range(2)]
    ends[0].set_connect_state()
    ends[1].set_accept_state()
    sizes = []
    for count in range(5):
        said = spoken(ends[count % 2])
        sizes.append(len(said))
        if said:
            ends[1 - count % 2].bio_write(said)
    assert all(sizes[:4])
    assert sizes[4] == 0
    assert max(sizes) < 1200


@pytest.mark.parametrize(
    ("there", "back"), [((1,), ()), ((), (1,)), ((2,), ()), ((), (2,)), ((1, 2, 3), ()), ((3,), (1, 2))]
)
def test_whatever_flight_is_lost_comes_again_at_once(there: tuple[int, ...], back: tuple[int, ...]) -> None:
    """The last one too, whose sender has nothing to wait for."""

    async def work() -> None:
        ends = await handshake((Losing(*there), Losing(*back)))
        assert [end.dtls.state for end in ends] == ["connected", "connected"]
        # By the clock of the loop, which no load moves: 0.12 s for the four flights, the rest for what was lost.
        assert asyncio.get_running_loop().time() < 0.9
        await closed(*ends)

    run(work())


def test_a_bad_line_is_got_over_with_few_repeats() -> None:
    """One in five lost each way: everyone gets through, and nobody floods the line."""

    async def work(seed: int) -> tuple[float, int]:
        ends = await handshake(lines("20%", seed))
        took_s = asyncio.get_running_loop().time()
        sent = sum(len(end.sent) for end in ends)
        await closed(*ends)
        return took_s, sent

    found = [run(work(seed)) for seed in SEEDS]
    assert sorted(took_s for took_s, _ in found)[int(len(found) * 0.9)] < 0.8
    assert max(sent for _, sent in found) <= 4 + 2 * REPEATS


def test_nothing_is_repeated_once_the_handshake_is_done() -> None:
    """What is on the line then is the call's."""

    async def work() -> None:
        ends = await handshake((Losing(), Losing()))
        before = [len(end.sent) for end in ends]
        await asyncio.sleep(60)
        assert [len(end.sent) for end in ends] == before
        await closed(*ends)

    run(work())


@pytest.mark.parametrize("role", ["client", "server"])
def test_a_peer_that_falls_silent_gets_only_so_many_repeats(role: str) -> None:
    """A forged beginning must not make us send to somebody for ever."""

    async def work() -> None:
        end, other = End(role), End("client" if role == "server" else "server")
        join(end, other, (Losing(), Losing(*range(2, 1000))) if role == "server" else (Losing(), Losing(*range(1000))))
        tasks = [asyncio.ensure_future(end.start(other)), asyncio.ensure_future(other.start(end))]
        other.came = asyncio.Queue()
        await asyncio.sleep(30)
        assert len(end.sent) == 1 + REPEATS
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(work())


def test_a_peer_that_repeats_itself_for_ever_is_answered_a_few_times() -> None:
    """Each answer is smaller than what it answers, and there is an end to them."""

    async def work() -> None:
        client, server = await handshake((Losing(), Losing()))
        before = len(server.sent)
        for _ in range(1000):
            server.came.put_nowait(client.sent[-1])
        await asyncio.sleep(1)
        assert len(server.sent) - before == ANSWERS
        assert server.came.empty()
        assert len(server.sent[-1]) < len(client.sent[-1])
        await closed(client, server)

    run(work())


def test_two_that_answer_each_other_never_do_so_for_ever() -> None:
    """Only who spoke last answers; a client that did would ring with the server."""

    async def work() -> None:
        client, server = await handshake((Losing(), Losing()))
        before = len(client.sent)
        for _ in range(10):
            client.came.put_nowait(server.sent[-1])
        await asyncio.sleep(1)
        assert len(client.sent) == before
        await closed(client, server)

    run(work())


def test_sound_and_pictures_are_no_word_of_the_handshake() -> None:
    """They may come before it is done, and after; neither is answered."""
    flight = Flight()
    flight.sent(b"\x16last", 0.0)
    assert flight.answer(b"\x80rtp") == flight.answer(b"\x17data") == flight.answer(b"") == b""
    assert flight.answer(b"\x16again") == b"\x16last"


def test_a_new_flight_takes_the_place_of_the_old_and_is_repeated_from_the_start() -> None:
    """The peer has the old one, or would not have let us go on."""
    flight = Flight()
    assert flight.wait_s(0.0) is None
    flight.sent(b"first", 0.0)
    assert flight.wait_s(0.0) == FIRST_WAIT_S
    assert {flight.repeat(1.0) for _ in range(REPEATS)} == {b"first"}
    assert flight.wait_s(100.0) is None
    flight.sent(b"second", 2.0)
    assert flight.wait_s(2.0) == pytest.approx(FIRST_WAIT_S)
    assert flight.repeat(2.1) == b"second"


class Receiver:
    """What a ``StunProtocol`` hands over to."""


class Socket:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def sendto(self, data: bytes, _address: object) -> None:
        self.sent.append(data)


def checking() -> tuple[Any, Socket]:
    """Return a ``StunProtocol`` that repeats and the socket it sends by. Its types want all that is around it."""
    receiver: Any = Receiver()
    protocol: Any = StunProtocol(receiver)
    socket = protocol.transport = Socket()
    repeat_requests(protocol)
    return protocol, socket


def binding(kind: stun.Class, number: bytes = b"123456789012") -> stun.Message:
    return stun.Message(stun.Method.BINDING, kind, number)


def test_a_check_is_repeated_until_its_answer_comes() -> None:
    """Byte for byte, so that the answer to any of them is the answer."""

    async def work() -> None:
        protocol, socket = checking()
        protocol.local_candidate = None
        asked = asyncio.ensure_future(protocol.request(binding(stun.Class.REQUEST), ("192.0.2.1", 1)))
        await asyncio.sleep(sum(CHECK_WAITS_S[:2]) + 0.01)
        assert len(socket.sent) == 3
        assert len(set(socket.sent)) == 1
        protocol.datagram_received(bytes(binding(stun.Class.RESPONSE)), ("192.0.2.1", 1))
        await asked
        await asyncio.sleep(60)
        assert len(socket.sent) == 3

    run(work())


def test_a_check_nobody_answers_ends_with_the_transaction() -> None:
    """Seven times it is sent by aioice, and each time three times more."""

    async def work() -> None:
        protocol, socket = checking()
        with pytest.raises(stun.TransactionTimeout):
            await protocol.request(binding(stun.Class.REQUEST), ("192.0.2.1", 1))
        assert len(socket.sent) == (1 + stun.RETRY_MAX) * (1 + len(CHECK_WAITS_S))
        await asyncio.sleep(60)
        assert len(socket.sent) == (1 + stun.RETRY_MAX) * (1 + len(CHECK_WAITS_S))

    run(work())


def test_an_answer_of_ours_goes_out_once() -> None:
    """Whoever wants it again asks again."""

    async def work() -> None:
        protocol, socket = checking()
        protocol.transactions[b"123456789012"] = None
        protocol.send_stun(binding(stun.Class.RESPONSE), ("192.0.2.1", 1))
        await asyncio.sleep(60)
        assert len(socket.sent) == 1

    run(work())


def test_the_libraries_still_pass_where_we_take_hold() -> None:
    """Under other names nothing would be repeated, and nothing would tell."""
    transport = inspect.getsource(RTCDtlsTransport)
    for used in ("self.transport._recv()", "self.transport._send(data)", "self.encrypted = True", "self._role"):
        assert used in transport
    assert "self.check_start(pair)" in inspect.getsource(Connection.check_start_task)
    assert "pair.protocol.request(" in inspect.getsource(Connection.check_start)
    assert "__protocol.send_stun(" in inspect.getsource(stun.Transaction)
    assert "self.transactions[request.transaction_id]" in inspect.getsource(StunProtocol.request)
