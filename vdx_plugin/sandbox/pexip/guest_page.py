"""Serves the guest web page: static files, nothing from elsewhere, and headers that keep it so."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FOLDER = Path(__file__).parent / "guest"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    # The address may still hold the PIN while the page loads.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class _GuestFiles(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response


def routes() -> list[BaseRoute]:
    """Return the page below ``/guest/``."""
    return [Mount("/guest", app=_GuestFiles(directory=_FOLDER, html=True), name="guest")]
