"""A small HTTP server of this machine alone, inside our own loop: for record systems and browsers that call us.

It only listens and serves. Who may call, and with what, is the caller's business: every program and every web page on
the workstation can reach a loopback port.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import socket
from collections.abc import Generator
from typing import Literal

import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp

from vdx_plugin.runtime import Tasks

HOST = "127.0.0.1"
"""A literal address: a name could be made to point elsewhere (RFC 8252, section 8.3)."""


LANDING_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    # The address holds a ticket, a launch or a code.
    "Referrer-Policy": "no-referrer",
}
"""For every answer to a browser that was sent here."""


class LoopbackServer:
    """Serves ``app`` on ``port`` of 127.0.0.1 between ``start`` and ``stop``."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.port = 0
        self._app = app
        self._name = name
        self._server: EmbeddedServer | None = None
        self._tasks = Tasks()

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 takes any free one. Raises OSError where the port cannot be had."""
        line = listen(HOST, port)
        self.port = line.getsockname()[1]
        self._server = EmbeddedServer(config_for(self._app))
        self._serving = self._tasks.spawn(self._server.serve([line]), self._name)
        await self._server.ready.wait()

    async def stop(self) -> None:
        """Stop listening; calls under way are given a moment to end."""
        if self._server is None:
            return
        self._server.should_exit = True
        await self._serving
        self._server = None

    def is_own_host(self, host: str | None) -> bool:
        """True when a request's Host header names this server; a rebound DNS name does not."""
        return host in (f"{HOST}:{self.port}", f"localhost:{self.port}")

    def is_followed(self, request: Request) -> bool:
        """True for a browser that was sent here; not for a page that fetches or embeds us, or for a rebound name."""
        if not self.is_own_host(request.headers.get("host")):
            return False
        is_navigation = request.headers.get("sec-fetch-mode", "navigate") == "navigate"
        return is_navigation and request.headers.get("sec-fetch-dest", "document") == "document"


def landing_page(words: str, status: int = 200) -> HTMLResponse:
    """Return a page that says one thing to a person whose browser was sent here."""
    style = "body{font:18px system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em;color:#1c2733}"
    head = f'<!doctype html><html lang="da"><meta charset="utf-8"><title>VDX</title><style>{style}</style>'
    return HTMLResponse(f"{head}<p>{html.escape(words)}</p>", status_code=status, headers=LANDING_HEADERS)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes any free one. Raises OSError where the port cannot be had."""
    line = socket.create_server((host, port), backlog=128)
    # Inherited by each connection. asyncio does it for the sockets it makes itself; without it the second half
    # of every answer waits some 40 ms for the other side's acknowledgement.
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setblocking(False)
    return line


class EmbeddedServer(uvicorn.Server):
    """Uvicorn inside our own program: no signal handlers, and a start one can wait for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def config_for(app: ASGIApp, http: type[asyncio.Protocol] | Literal["h11"] = "h11") -> uvicorn.Config:
    """Return how uvicorn serves ``app`` inside our program: quietly, without signals or workers."""
    return uvicorn.Config(
        app,
        http=http,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=64,
        timeout_graceful_shutdown=1,
    )
