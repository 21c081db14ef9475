"""Remembers which addresses were asked for, so that a run can be searched for what must never stand in one."""

from __future__ import annotations

from collections import deque

from starlette.types import ASGIApp, Receive, Scope, Send

KEPT_AT_MOST = 20_000


class Witness:
    """ASGI middleware: keeps path and query of each request in memory and passes it on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._addresses: deque[str] = deque(maxlen=KEPT_AT_MOST)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Path and query of each request, oldest first."""
        return tuple(self._addresses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            query = scope["query_string"].decode("ascii", "replace")
            self._addresses.append(f"{scope['path']}?{query}" if query else scope["path"])
        await self._app(scope, receive, send)
