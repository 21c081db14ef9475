"""The loopback address with its two ends: ``/launch``, which the record opens, and ``/cb``, where the sign-in returns.

Any web page can send a browser here. A launch from an unknown record, a launch seen before and an answer to no launch
start nothing; the page says only that, and the program tells its user why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vdx_plugin.api.v1 import Unavailable, VdxError
from vdx_plugin.api.v1.loopback import HOST, LANDING_HEADERS, LoopbackServer, landing_page

MAX_QUERY = 8000
STARTED = "Videoen starter i videoprogrammet. Du kan lukke denne fane."
SIGNING_IN = "Log på i det vindue, der åbner. Du kan lukke denne fane."
NOT_STARTED = "Videoen blev ikke startet herfra. Videoprogrammet viser hvorfor. Du kan lukke denne fane."

Query = Mapping[str, str]
OnLaunch = Callable[[Query], Awaitable[str]]
"""Takes a launch and returns the address to go on to in the same tab, empty where another browser was opened."""
OnReturn = Callable[[Query], Awaitable[None]]


class LaunchAddress:
    """Waits at ``address`` and ``redirect`` between ``start`` and ``stop``."""

    def __init__(self, on_launch: OnLaunch, on_return: OnReturn) -> None:
        self._launched = on_launch
        self._returned = on_return
        routes = [Route("/launch", self._on_launch), Route("/cb", self._on_return)]
        self._server = LoopbackServer(Starlette(routes=routes), "smart-launch")

    @property
    def address(self) -> str:
        """The launch address to register with the record."""
        return f"http://{HOST}:{self._server.port}/launch"

    @property
    def redirect(self) -> str:
        """The redirect address; servers accept any port of ``http://127.0.0.1/cb`` (RFC 8252, 7.3)."""
        return f"http://{HOST}:{self._server.port}/cb"

    async def start(self, port: int = 0) -> None:
        """Listen. Raises Unavailable(``local.port_taken``)."""
        try:
            await self._server.start(port)
        except OSError as error:
            raise Unavailable("local.port_taken", type(error).__name__, port=port) from error

    async def stop(self) -> None:
        await self._server.stop()

    async def _on_launch(self, request: Request) -> Response:
        if not self._server.is_followed(request):
            return Response(status_code=403)
        try:
            address = await self._launched(read_query(request.url.query))
        except VdxError:
            # The program says why, where only the user sees it.
            return landing_page(NOT_STARTED, 409)
        return RedirectResponse(address, 303, headers=LANDING_HEADERS) if address else landing_page(SIGNING_IN)

    async def _on_return(self, request: Request) -> Response:
        if not self._server.is_followed(request):
            return Response(status_code=403)
        try:
            await self._returned(read_query(request.url.query))
        except VdxError:
            return landing_page(NOT_STARTED, 409)
        return landing_page(STARTED)


def read_query(query: str) -> dict[str, str]:
    """Return the parameters of a query; none at all of one that is too long or names one twice."""
    if len(query) > MAX_QUERY:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=20, errors="strict")
    except ValueError:
        return {}
    found = dict(pairs)
    return found if len(found) == len(pairs) else {}
