"""The loopback address that the action in the record opens in the user's browser, with a ticket and nothing else.

Any web page can send a browser here, so nothing is done on the address alone: the ticket is redeemed with GNU Health
under the user's own session, and an unknown one only makes a quiet notice.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vdx_plugin.api.v1 import Unavailable, VdxError
from vdx_plugin.api.v1.loopback import HOST, LoopbackServer, landing_page

MAX_QUERY = 200
STARTED = "Videoen starter i videoprogrammet. Du kan lukke denne fane."
NOT_STARTED = "Videoen blev ikke startet herfra. Videoprogrammet viser hvorfor. Du kan lukke denne fane."
_QUERY = re.compile(r"ticket=([A-Za-z0-9_-]{22,86})", re.ASCII)

Redeem = Callable[[str], Awaitable[None]]
"""Takes the ticket, empty for an address that holds none, and raises what is wrong with it."""


class LaunchAddress:
    """Waits at ``address`` between ``start`` and ``stop``."""

    def __init__(self, redeem: Redeem) -> None:
        self._redeem = redeem
        self._server = LoopbackServer(Starlette(routes=[Route("/launch", self._on_launch)]), "gnuhealth-launch")

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self._server.port}/launch"

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
            await self._redeem(ticket_in(request.url.query))
        except VdxError:
            # The program says why, where only the user sees it.
            return landing_page(NOT_STARTED, 409)
        return landing_page(STARTED)


def ticket_in(query: str) -> str:
    """Return the ticket of a query that is one and holds nothing else, an empty text otherwise."""
    found = _QUERY.fullmatch(query) if len(query) <= MAX_QUERY else None
    return found.group(1) if found else ""
