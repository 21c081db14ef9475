"""Requests as the node gets them, and what becomes of failures."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable

import httpx
import pytest

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, OutcomeUnknown, Refused, Unavailable, VdxError
from vdx_plugin.media.pexip.client import PexipClient, is_loopback, transport_errors
from vdx_plugin.media.pexip.events import NodeEvent, RowGone
from vdx_plugin.media.pexip.lease import Lease, TokenLife
from vdx_plugin.media.pexip.stream import LONGEST_WAIT_S, Events, wait_s
from vdx_plugin.ports import JoinTarget

TARGET = JoinTarget("https://node.example.test/", "12/34 56@rooms.example.test", Secret("771144"), "Læge", "læge")
Answer = Callable[[httpx.Request], httpx.Response]


class Node:
    """A node that answers as told and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self._answer(request)

    @property
    def paths(self) -> list[str]:
        return [request.url.path.rsplit("/", 1)[1] for request in self.asked]


def ok(result: object) -> httpx.Response:
    return httpx.Response(200, json={"status": "success", "result": result})


def tokens(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("request_token"):
        return ok({"token": "t1", "expires": "120", "participant_uuid": "me"})
    if request.url.path.endswith("refresh_token"):
        return ok({"token": request.headers["token"] + "+", "expires": "120"})
    return ok(True)


def client(node: Answer) -> PexipClient:
    return PexipClient(TARGET, transport=httpx.MockTransport(node))


async def test_the_pin_and_the_token_travel_in_headers_and_the_alias_is_encoded() -> None:
    """Addresses end up in the logs of proxies."""
    node = Node(tokens)
    room = client(node)
    await room.enter()
    await room.lock(locked=True)
    first, second = node.asked
    assert first.headers["pin"] == "771144"
    assert second.headers["token"] == "t1"
    assert first.url.raw_path == b"/api/client/v2/conferences/12%2F34%2056%40rooms.example.test/request_token"
    assert json.loads(first.content)["direct_media"] is False
    assert not any("771144" in str(request.url) or "t1" in str(request.url) for request in node.asked)
    await room.close()


async def test_a_refreshed_token_replaces_the_old_one() -> None:
    """The old one is worthless at once."""
    node = Node(tokens)
    room = client(node)
    await room.enter()
    await room.refresh()
    await room.release()
    assert node.asked[-1].headers["token"] == "t1+"
    await room.close()


async def test_an_unreachable_node_is_tried_three_times() -> None:
    """Nothing was sent, so trying again cannot make a second participant."""

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    node = Node(nobody)
    room = client(node)
    with pytest.raises(Unavailable) as error:
        await room.enter()
    assert error.value.code == "call.unreachable"
    assert len(node.asked) == 3
    await room.close()


async def test_a_request_whose_answer_got_lost_is_not_repeated() -> None:
    """A second request would put a second doctor into the roster."""

    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("no answer")

    node = Node(silent)
    room = client(node)
    with pytest.raises(OutcomeUnknown):
        await room.enter()
    assert len(node.asked) == 1
    await room.close()


@pytest.mark.parametrize("body", [b"<html>502</html>", b"", b"[1]", b"[" * 100_000, b"\xff\xfe"])
async def test_a_proxys_error_page_is_unavailable_not_unreadable(body: bytes) -> None:
    """Between us and the node may stand anything."""
    room = client(lambda request: httpx.Response(502, content=body))
    with pytest.raises(Unavailable):
        await room.enter()
    await room.close()


@pytest.mark.parametrize(
    ("code", "result", "problem"),
    [(403, "Invalid token", "call.token_gone"), (404, "Participant not found", "call.not_found")],
)
async def test_a_refused_command_is_refused(code: int, result: str, problem: str) -> None:
    """The node's status word says success even then."""

    def refuse(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("unlock"):
            return httpx.Response(code, json={"status": "success", "result": result})
        return tokens(request)

    room = client(refuse)
    await room.enter()
    with pytest.raises(Refused) as error:
        await room.admit("p/1")
    assert error.value.code == problem
    await room.close()


def foreign() -> list[type[Exception]]:
    found = [value for _, value in inspect.getmembers(httpx, inspect.isclass) if issubclass(value, Exception)]
    # The two are mistakes in our own use of the library, not failures of the other side.
    return [kind for kind in found if kind not in (httpx.CookieConflict, httpx.HTTPStatusError)]


@pytest.mark.parametrize("kind", foreign(), ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_becomes_one_of_ours(kind: type[Exception]) -> None:
    """A class that a new version adds must not come out raw."""
    made = kind.__new__(kind)
    with pytest.raises(VdxError) as error, transport_errors():
        raise made
    assert error.value.__cause__ is made


async def test_an_address_without_scheme_is_a_wrong_setting() -> None:
    """Whoever set it must act; trying again would not help."""
    room = PexipClient(JoinTarget("node.example.test", "a", Secret(""), "Læge"))
    with pytest.raises(Misconfigured):
        await room.enter()
    await room.close()


@pytest.mark.parametrize(
    ("node", "here"),
    [
        ("http://127.0.0.1:8080", True),
        ("https://localhost", True),
        ("http://[::1]:1", True),
        ("https://node.example.test", False),
        ("https://127.0.0.1.example.test", False),
        ("http://[broken", False),
        ("nonsense", False),
    ],
)
def test_a_node_on_this_machine_is_recognised(node: str, here: bool) -> None:
    """It decides which addresses media is gathered on."""
    assert is_loopback(node) is here


# --- the event stream -----------------------------------------------------------------------------------------------


def stream_of(*blocks: str) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, text="".join(blocks))


GONE = 'event: participant_delete\ndata: {"uuid": "a"}\n\n'


async def read_until_refused(*replies: httpx.Response) -> list[NodeEvent]:
    """Serve the replies one after the other and then refuse."""
    waiting = list(replies)
    heard: list[NodeEvent] = []

    def answer(request: httpx.Request) -> httpx.Response:
        return waiting.pop(0) if waiting else httpx.Response(403, json={"result": "Invalid token"})

    room = client(answer)
    with pytest.raises(Refused):
        await Events(room, heard.append).run()
    await room.close()
    return heard


async def test_the_stream_is_opened_again_when_it_ends() -> None:
    """Proxies cut streams off after a while."""
    assert await read_until_refused(stream_of(GONE), stream_of(GONE, GONE)) == [RowGone("a")] * 3


async def test_what_cannot_be_read_is_left_out_and_the_rest_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """One bad event must not cost the roster; its content stays out of the log."""
    bad = 'event: participant_create\ndata: {"display_name": "Nogen", \n\n'
    assert await read_until_refused(stream_of(bad, "event: new_thing\ndata: {\n\n", GONE)) == [RowGone("a")]
    assert "was left out" in caplog.text
    assert "Nogen" not in caplog.text


async def test_an_answer_that_is_no_stream_is_tried_again() -> None:
    """A sign-in page of the guest network, for instance."""
    page = httpx.Response(200, headers={"content-type": "text/html"}, text="<html>")
    assert await read_until_refused(page, httpx.Response(503), stream_of(GONE)) == [RowGone("a")]


def test_waits_grow_and_stay_within_bounds() -> None:
    """Hundreds of clinics must not come back in the same second."""
    assert wait_s(0, 0.5) == pytest.approx(0.1)
    assert wait_s(3, 0.5) == pytest.approx(0.8)
    assert wait_s(50, 1.0) == pytest.approx(LONGEST_WAIT_S * 1.2)
    assert wait_s(5, 0.0) < wait_s(5, 1.0)


# --- the token's life -----------------------------------------------------------------------------------------------


def test_a_token_is_due_at_a_third_of_its_life() -> None:
    """Two further tries fit in before it is over."""
    life = TokenLife(got_at=10.0, lasts_s=120.0)
    assert life.due_in_s(20.0) == 30.0
    assert life.due_in_s(60.0) == 0.0
    assert not life.is_over(129.0)
    assert life.is_over(130.0)
    assert life.renewed(60.0, 90.0).due_in_s(60.0) == 30.0


async def test_refreshes_take_turns() -> None:
    """Two at once would use the same token twice, and the second would kill the first one's."""
    used: list[str] = []

    async def slow(request: httpx.Request) -> httpx.Response:
        used.append(request.headers.get("token", ""))
        for _ in range(10):
            await asyncio.sleep(0)
        return tokens(request)

    room = PexipClient(TARGET, transport=httpx.MockTransport(slow))
    await room.enter()
    lease = Lease(room, 120.0, asyncio.get_running_loop().time)
    await asyncio.gather(lease.refresh(), lease.refresh(), lease.refresh())
    assert used == ["", "t1", "t1+", "t1++"]
    await room.close()


async def test_a_refresh_the_node_asks_for_comes_at_once() -> None:
    """The event ``refresh_token`` means now."""
    seen = asyncio.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("refresh_token"):
            seen.set()
        return tokens(request)

    room = client(answer)
    await room.enter()
    lease = Lease(room, 3600.0, asyncio.get_running_loop().time)
    task = asyncio.create_task(lease.run())
    lease.refresh_soon()
    async with asyncio.timeout(5):
        await seen.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await room.close()


async def test_a_token_that_could_not_be_refreshed_in_its_life_is_gone() -> None:
    """Until then a net that comes back is in time."""
    times = iter([0.0, 41.0, 41.0, 200.0, 200.0, 200.0])

    def answer(request: httpx.Request) -> httpx.Response:
        return tokens(request) if request.url.path.endswith("request_token") else httpx.Response(503)

    room = client(answer)
    await room.enter()
    with pytest.raises(Refused) as error:
        await Lease(room, 120.0, lambda: next(times)).run()
    assert error.value.code == "call.token_gone"
    await room.close()
