"""The endpoint: who may call it, and its two doors, a loopback port and a socket (on Windows a pipe) of the user's own.

Every program and every web page on the workstation can reach a loopback port. So a call needs the session's secret,
must name this address as its host (a rebound DNS name does not), must not come from a browser page (those send
``Origin``), and must be JSON of limited size. No cross-origin answer is ever given.
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vdx_plugin.api.v1 import Conflict, NotFound, Refused, Unavailable, Unreadable, VdxError, get_logger
from vdx_plugin.api.v1.loopback import LoopbackServer, UserSocket

_log = get_logger("adapters.local.endpoint")

MAX_BODY_BYTES = 16_384
SOCKET_HOST = "localhost"
"""What a caller of the socket or pipe names as its host, as ``curl --unix-socket`` does."""

Handler = Callable[[Request, bytes], Awaitable[Response]]
HostCheck = Callable[[str | None], bool]


@dataclass(frozen=True, slots=True)
class Call:
    """One thing a record can call, and how large it may be."""

    method: str
    path: str
    handler: Handler
    limit_bytes: int = MAX_BODY_BYTES


_STATUS: tuple[tuple[type[VdxError], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 409),
    (Unreadable, 422),
    (Unavailable, 503),
)


class Endpoint:
    """Serves ``calls`` between ``start`` and ``stop``: on a port of 127.0.0.1, and on a socket of the user's own."""

    def __init__(self, calls: list[Call], secret: str) -> None:
        self._secret = secret
        self._calls = calls
        self._server = LoopbackServer(self._app(lambda host: self._server.is_own_host(host)), "local-endpoint")
        self._socket = UserSocket(self._app(lambda host: host == SOCKET_HOST))

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    @property
    def address(self) -> str:
        """The socket's path or the pipe's name, empty where there is none."""
        return self._socket.address

    async def start(self, port: int = 0, folder: Path | None = None) -> None:
        """Listen; a socket only with ``folder``. Raises Unavailable(``local.port_taken``)."""
        try:
            await self._server.start(port)
        except OSError as error:
            raise Unavailable("local.port_taken", type(error).__name__, port=port) from error
        if folder is not None:
            try:
                await self._socket.start(folder)
            except OSError as error:
                # A disk without sockets, such as some network homes: the port does the same.
                _log.warning("no socket of the user's own: %s", type(error).__name__)

    async def stop(self) -> None:
        """Stop listening; calls under way are given a moment to end."""
        await self._socket.stop()
        await self._server.stop()

    def _app(self, is_own_host: HostCheck) -> Starlette:
        routes = [Route(one.path, self._guarded(one, is_own_host), methods=[one.method]) for one in self._calls]
        return Starlette(routes=routes)

    def _guarded(self, call: Call, is_own_host: HostCheck) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            refused = self._refusal(request, is_own_host)
            if refused is not None:
                return refused
            body = await _body(request, call.limit_bytes)
            if body is None:
                return _problem(413, "local.too_large")
            try:
                return await call.handler(request, body)
            except VdxError as error:
                return _answer(error)

        return guarded

    def _refusal(self, request: Request, is_own_host: HostCheck) -> Response | None:
        if not is_own_host(request.headers.get("host")):
            return _problem(403, "local.host")
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
            return _problem(403, "local.origin")
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, f"Bearer {self._secret}".encode()):
            return _problem(401, "local.secret")
        if request.method == "POST" and request.headers.get("content-type", "").split(";")[0] != "application/json":
            return _problem(415, "local.json")
        return None


async def _body(request: Request, limit_bytes: int) -> bytes | None:
    body = bytearray()
    with contextlib.suppress(ClientDisconnect):
        async for piece in request.stream():
            body += piece
            if len(body) > limit_bytes:
                return None
    return bytes(body)


def _problem(status: int, code: str, place: str = "") -> Response:
    return JSONResponse({"code": code, "place": place}, status_code=status)


def _answer(error: VdxError) -> Response:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return _problem(status, error.code, error.place if isinstance(error, Unreadable) else "")
