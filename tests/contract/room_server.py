"""The sandbox's room server on loopback, for the contract of the call engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.types import ASGIApp

from vdx_plugin.domain.secret import Secret
from vdx_plugin.loopback import LoopbackServer
from vdx_plugin.ports import JoinTarget
from vdx_plugin.sandbox.pexip import RoomServer, RoomServerConfig
from vdx_plugin.sandbox.rooms import RoomDirectory, VirtualRoom

ALIAS = "820002@rooms.sandbox.test"
HOST_PIN = "771144"
GUEST_PIN = "2233"


@dataclass(frozen=True)
class Served:
    """A running room server with one room in it."""

    node: str
    server: RoomServer
    directory: RoomDirectory

    def target(self, pin: str, name: str, *, alias: str = ALIAS, call_tag: str = "") -> JoinTarget:
        return JoinTarget(self.node, alias, Secret(pin), name, call_tag)

    @property
    def host(self) -> JoinTarget:
        return self.target(HOST_PIN, "Værten")

    @property
    def guest(self) -> JoinTarget:
        return self.target(GUEST_PIN, "Gæsten", call_tag="patient")


@asynccontextmanager
async def serve(
    config: RoomServerConfig | None = None,
    *,
    wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    direct_media: bool = False,
) -> AsyncIterator[Served]:
    """Run the room server on a free port of 127.0.0.1; ``wrap`` puts something in front of it."""
    directory = RoomDirectory()
    directory.open(VirtualRoom(ALIAS, HOST_PIN, GUEST_PIN, direct_media=direct_media))
    rooms = RoomServer(directory, config)
    web = LoopbackServer(wrap(Starlette(routes=rooms.routes())), "test-web-server")
    await rooms.start()
    await web.start()
    try:
        yield Served(f"http://127.0.0.1:{web.port}", rooms, directory)
    finally:
        await rooms.close()
        await web.stop()
