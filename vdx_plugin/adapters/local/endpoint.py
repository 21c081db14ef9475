"""The loopback endpoint: who may call it, and a server inside our own loop.

Every program and every web page on the workstation can reach a loopback port. So a call needs the session's secret,
must name this address as its host (a rebound DNS name does not), must not come from a browser page (those send
``Origin``), and must be JSON of limited size. No cross-origin answer is ever given.
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vdx_plugin.errors import Conflict, NotFound, Refused, Unavailable, Unreadable, VdxError
from vdx_plugin.loopback import LoopbackServer

MAX_BODY_BYTES = 16_384

Handler = Callable[[Request, bytes], Awaitable[Response]]

_STATUS: tuple[tuple[type[VdxError], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 409),
    (Unreadable, 422),
    (Unavailable, 503),
)


class Endpoint:
    """Serves ``handlers`` (method, path, handler) on a port of 127.0.0.1 between ``start`` and ``stop``."""

    def __init__(self, handlers: list[tuple[str, str, Handler]], secret: str) -> None:
        self._secret = secret
        routes = [Route(path, self._guarded(handler), methods=[method]) for method, path, handler in handlers]
        self._server = LoopbackServer(Starlette(routes=routes), "local-endpoint")

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    async def start(self, port: int = 0) -> None:
        """Listen. Raises Unavailable(``local.port_taken``)."""
        try:
            await self._server.start(port)
        except OSError as error:
            raise Unavailable("local.port_taken", type(error).__name__, port=port) from error

    async def stop(self) -> None:
        """Stop listening; calls under way are given a moment to end."""
        await self._server.stop()

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            refused = self._refusal(request)
            if refused is not None:
                return refused
            body = await _body(request)
            if body is None:
                return _problem(413, "local.too_large")
            try:
                return await handler(request, body)
            except VdxError as error:
                return _answer(error)

        return guarded

    def _refusal(self, request: Request) -> Response | None:
        if not self._server.is_own_host(request.headers.get("host")):
            return _problem(403, "local.host")
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
            return _problem(403, "local.origin")
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, f"Bearer {self._secret}".encode()):
            return _problem(401, "local.secret")
        if request.method == "POST" and request.headers.get("content-type", "").split(";")[0] != "application/json":
            return _problem(415, "local.json")
        return None


async def _body(request: Request) -> bytes | None:
    body = bytearray()
    with contextlib.suppress(ClientDisconnect):
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BODY_BYTES:
                return None
    return bytes(body)


def _problem(status: int, code: str, place: str = "") -> Response:
    return JSONResponse({"code": code, "place": place}, status_code=status)


def _answer(error: VdxError) -> Response:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return _problem(status, error.code, error.place if isinstance(error, Unreadable) else "")
