"""The address on this machine to which the sign-in service sends a person back (RFC 8252, 7.3)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator, Mapping
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from vdx_plugin.errors import Unavailable
from vdx_plugin.runtime import Tasks
from vdx_plugin.texts import _

HOST = "127.0.0.1"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    # The address holds the code.
    "Referrer-Policy": "no-referrer",
}


class ReturnAddress:
    """Listens on a free port inside ``async with``; only the first answer that names a state counts."""

    def __init__(self) -> None:
        self.uri = ""
        self._answer: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()
        self._tasks = Tasks()

    async def came_back(self) -> Mapping[str, str]:
        """Wait for the person and return what the service sent along."""
        return await self._answer

    async def __aenter__(self) -> ReturnAddress:
        try:
            line = socket.create_server((HOST, 0), backlog=8)
        except OSError as error:
            raise Unavailable("vdx.unreachable", type(error).__name__) from error
        line.setblocking(False)
        # A literal address: a name could be made to point elsewhere (RFC 8252, 8.3).
        self.uri = f"http://{HOST}:{line.getsockname()[1]}/"
        app = Starlette(routes=[Route("/", self._on_return)])
        self._server = _Server(_config(app))
        self._serving = self._tasks.spawn(self._server.serve([line]), "sign-in-return")
        await self._server.ready.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        await self._serving

    async def _on_return(self, request: Request) -> Response:
        if request.headers.get("host") != self.uri.removeprefix("http://").rstrip("/"):
            return HTMLResponse("", status_code=403, headers=_HEADERS)
        if "state" in request.query_params and not self._answer.done():
            self._answer.set_result(dict(request.query_params))
        return HTMLResponse(_page(), headers=_HEADERS)


def _page() -> str:
    text = _("Du kan lukke denne side og gå tilbage til videoprogrammet.")
    return f'<!doctype html><meta charset="utf-8"><title>VDX</title><p>{text}</p>'


class _Server(uvicorn.Server):
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


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
