"""The address on this machine to which the sign-in service sends a person back (RFC 8252, 7.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from vdx_plugin.errors import Unavailable
from vdx_plugin.loopback import HOST, LoopbackServer
from vdx_plugin.texts import _

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
        self._server = LoopbackServer(Starlette(routes=[Route("/", self._on_return)]), "sign-in-return")

    async def came_back(self) -> Mapping[str, str]:
        """Wait for the person and return what the service sent along."""
        return await self._answer

    async def __aenter__(self) -> ReturnAddress:
        try:
            await self._server.start()
        except OSError as error:
            raise Unavailable("vdx.unreachable", type(error).__name__) from error
        self.uri = f"http://{HOST}:{self._server.port}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop()

    async def _on_return(self, request: Request) -> Response:
        if not self._server.is_own_host(request.headers.get("host")):
            return HTMLResponse("", status_code=403, headers=_HEADERS)
        if "state" in request.query_params and not self._answer.done():
            self._answer.set_result(dict(request.query_params))
        return HTMLResponse(_page(), headers=_HEADERS)


def _page() -> str:
    text = _("Du kan lukke denne side og gå tilbage til videoprogrammet.")
    return f'<!doctype html><meta charset="utf-8"><title>VDX</title><p>{text}</p>'
