"""The cards' service beside a web record that shows what it answers, both on this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from vdx_plugin.cds_hooks.bearer import Trusted
from vdx_plugin.cds_hooks.cards import Links
from vdx_plugin.cds_hooks.running import Served, serving
from vdx_plugin.cds_hooks.service import PATH
from vdx_plugin.loopback import HOST, LoopbackServer
from vdx_plugin.sandbox.web_record import WebRecord

LAUNCH = "http://127.0.0.1:53682/launch"


@asynccontextmanager
async def cards_on_show(folder: Path, port: int) -> AsyncGenerator[str, None]:
    """Run both; give the address of the record. Raises Unavailable(``local.port_taken``)."""
    door = _Door()
    front = LoopbackServer(door, "web-record")
    await front.start()
    own_url, public_url = f"http://{HOST}:{front.port}", f"http://{HOST}:{port}"
    try:
        record = WebRecord(own_url, f"{public_url}{PATH}", _now)
        door.app = record.app
        links = Links(f"{own_url}/video", LAUNCH, "VDX (prøve)")
        async with serving(Served(public_url, port, (Trusted(record.iss, record.jku),), links, folder), _now):
            yield own_url
    finally:
        await front.stop()


class _Door:
    """Lets the record's port be known before the record is made."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def _now() -> datetime:
    return datetime.now(UTC)
