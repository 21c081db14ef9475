"""The fault panel: what goes wrong in the sandbox next, on request.

A test or a person adds ``Fault``s; each waits for requests of its method and path and is used up after ``times``
hits. The rules are plain values; ``FaultMiddleware`` acts them out around the whole sandbox. Kinds:

``delay``            the answer comes ``delay_s`` late
``status``           the request is not carried out; the answer is ``status``
``hang_after``       the request is carried out and never answered: the client's own time limit must end it
``drop_after``       the request is carried out and the connection is cut instead of answering
``drop_before``      the connection is cut before anything is carried out
``twice``            the request is carried out twice, and the second answer is given: a gateway that repeats
``expired_token``    the next token is already run out when it is handed out
``provision_fails``  the next room ends in PROVISION_PROBLEMS
``provision_hangs``  the next room stays in STARTING_TO_PROVISION
``organisation_down`` the next question to the organisation service fails: booking at short notice is error 500
``audit_down``       the next change cannot be written to the audit, so it is not made: error 500

In the video rooms:

``answer_without_ssrc`` the next answer to a call names no streams
``slides_rejected``  the next answer refuses the slides' line
``rate_capped``      the next answer allows ``kbps`` for the picture
``slow_ack``         the next acknowledgement is taken ``delay_s`` late, so media starts late
``events_cut``       every open event stream is cut now
``refer``            everybody inside is sent to enter anew now
``room_token_dies``  the next request finds its token invalid, and whoever sent it is out of the room
``node_maintenance`` the next who wants to enter is told that the node is being seen to: error 503
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vdx_plugin.sandbox.clock import wait_until_set

FaultKind = Literal[
    "delay",
    "status",
    "hang_after",
    "drop_after",
    "drop_before",
    "twice",
    "expired_token",
    "provision_fails",
    "provision_hangs",
    "organisation_down",
    "audit_down",
    "answer_without_ssrc",
    "slides_rejected",
    "rate_capped",
    "slow_ack",
    "events_cut",
    "refer",
    "room_token_dies",
    "node_maintenance",
]
ON_REQUESTS = frozenset({"delay", "status", "hang_after", "drop_after", "drop_before", "twice"})
PANEL_PATH = "/_sandbox/faults"
_PAGES = "/_sandbox/"


@dataclass(frozen=True)
class Fault:
    """One thing to go wrong. ``times`` None: until the panel is cleared. ``path`` is a prefix, ``*`` any method."""

    kind: FaultKind
    method: str = "*"
    path: str = "/"
    times: int | None = 1
    delay_s: float = 0.0
    status: int = 503
    kbps: int = 250

    def hits(self, method: str, path: str) -> bool:
        """Say whether a request of this method and path is meant."""
        return self.method in ("*", method.upper()) and path.startswith(self.path)


class FaultPanel:
    """The faults that wait to happen, in the order they were added."""

    def __init__(self) -> None:
        self._waiting: dict[int, Fault] = {}
        self._numbers = itertools.count(1)
        self._at_once: dict[FaultKind, Callable[[], None]] = {}
        self.released = asyncio.Event()

    def at_once(self, kind: FaultKind, act: Callable[[], None]) -> None:
        """Have faults of ``kind`` acted out by ``act`` when they are added, instead of waiting for something."""
        self._at_once[kind] = act

    def add(self, fault: Fault) -> int:
        """Let ``fault`` wait, or happen; returns its number."""
        number = next(self._numbers)
        if fault.kind in self._at_once:
            self._at_once[fault.kind]()
        else:
            self._waiting[number] = fault
        return number

    def waiting(self) -> dict[int, Fault]:
        """Return what still waits, by number."""
        return dict(self._waiting)

    def clear(self) -> None:
        """Forget all faults. Requests already hanging go on hanging."""
        self._waiting.clear()

    def take_request(self, method: str, path: str) -> Fault | None:
        """Use up one hit of the first fault meant for this request."""
        return self._take(lambda fault: fault.kind in ON_REQUESTS and fault.hits(method, path))

    def take(self, kind: FaultKind) -> bool:
        """Use up one hit of a fault that is not about a request; False if none waits."""
        return self.take_fault(kind) is not None

    def take_fault(self, kind: FaultKind) -> Fault | None:
        """Use up one hit of a fault that is not about a request and return it."""
        return self._take(lambda fault: fault.kind == kind)

    def waits(self, kind: FaultKind) -> bool:
        """Say whether such a fault waits, without using it up."""
        return any(fault.kind == kind for fault in self._waiting.values())

    def _take(self, wanted: Callable[[Fault], bool]) -> Fault | None:
        for number, fault in self._waiting.items():
            if wanted(fault):
                self._use_up(number, fault)
                return fault
        return None

    def _use_up(self, number: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times <= 1:
            del self._waiting[number]
        else:
            self._waiting[number] = replace(fault, times=fault.times - 1)


class FaultMiddleware:
    """Acts out the panel's faults around ``app``. Must be the outermost layer, directly below the HTTP server."""

    def __init__(self, app: ASGIApp, panel: FaultPanel) -> None:
        self._app = app
        self._panel = panel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith(_PAGES):
            fault = self._panel.take_request(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await self._act_out(fault, scope, receive, send)

    async def _act_out(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.delay_s:
            await wait_until_set(self._panel.released, fault.delay_s)
        if fault.kind == "delay":
            await self._app(scope, receive, send)
        elif fault.kind == "status":
            await Response(status_code=fault.status)(scope, receive, send)
        elif fault.kind == "twice":
            body = await _whole_body(receive)
            # Routing writes into the scope, so each round has its own.
            await self._app(dict(scope), _replay(body, receive), _swallow)
            await self._app(dict(scope), _replay(body, receive), send)
        elif fault.kind == "drop_before":
            await self._cut(receive, send)
        else:
            await self._app(scope, receive, _swallow)
            if fault.kind == "drop_after":
                await self._cut(receive, send)
            else:
                await self._hang(receive, send)

    async def _cut(self, receive: Receive, send: Send) -> None:
        cut_line(send)
        await self._hang(receive, send)

    async def _hang(self, receive: Receive, send: Send) -> None:
        """Return when the client has gone or the sandbox stops, then with an answer that keeps uvicorn content."""
        waits: list[Coroutine[Any, Any, object]] = [_disconnected(receive), self._panel.released.wait()]
        tasks = [asyncio.create_task(wait, name="sandbox-fault-hang") for wait in waits]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def cut_line(send: Send) -> None:
    """Cut the client's connection; ``send`` must be the HTTP server's own. Elsewhere nothing happens.

    ASGI has no word for it, so the transport is taken from uvicorn's own cycle object, of which ``send`` is a method.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()


async def _swallow(_message: Message) -> None:
    """Take the answer and give it to nobody."""


async def _whole_body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that gives the whole body once more, and then whatever else comes."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return left.pop() if left else await receive()

    return again


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def read_fault(values: dict[str, Any]) -> Fault:
    """Make a fault of a JSON object or form; raises ValueError for an unknown kind or member."""
    known = set(Fault.__dataclass_fields__)
    if not set(values) <= known or values.get("kind") not in get_args(FaultKind):
        raise ValueError("unknown kind or member")
    given = {name: value for name, value in values.items() if value not in ("", None) or name == "times"}
    return Fault(
        kind=given["kind"],
        method=str(given.get("method", "*")).upper(),
        path=str(given.get("path", "/")),
        times=None if given.get("times", 1) in ("", None) else int(given.get("times", 1)),
        delay_s=float(given.get("delay_s", 0)),
        status=int(given.get("status", 503)),
        kbps=int(given.get("kbps", 250)),
    )


def routes(panel: FaultPanel) -> list[BaseRoute]:
    """Return the panel's end point: GET lists, POST adds (JSON or form), DELETE clears."""

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            panel.clear()
        elif request.method == "POST":
            return await _post(panel, request)
        return JSONResponse([{"id": number, **asdict(fault)} for number, fault in panel.waiting().items()])

    return [Route(PANEL_PATH, faults, methods=["GET", "POST", "DELETE"])]


async def _post(panel: FaultPanel, request: Request) -> Response:
    body = await request.body()
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    try:
        values = dict(parse_qsl(body.decode(), keep_blank_values=True)) if is_form else await request.json()
        back = _PAGES if is_form and values.pop("back", "") == _PAGES else "/"
        if is_form and "clear" in values:
            panel.clear()
            return RedirectResponse(back, status_code=303)
        number = panel.add(read_fault(values))
    except (ValueError, TypeError, AttributeError):
        return JSONResponse({"error": "unreadable fault"}, status_code=400)
    return RedirectResponse(back, status_code=303) if is_form else JSONResponse({"id": number}, status_code=201)
