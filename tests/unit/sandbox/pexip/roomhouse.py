"""A room server on loopback with a clock the test moves, and participants without media."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
from starlette.applications import Starlette

from vdx_plugin.loopback import LoopbackServer
from vdx_plugin.sandbox.faults import Fault, FaultPanel
from vdx_plugin.sandbox.pexip import RoomServer, RoomServerConfig
from vdx_plugin.sandbox.rooms import RoomDirectory, VirtualRoom

ALIAS = "710001@rooms.sandbox.test"
HOST_PIN, GUEST_PIN = "7711", "2233"


class Clock:
    """A clock the test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Someone:
    """A participant without media."""

    def __init__(self, http: httpx.AsyncClient, result: dict[str, Any]) -> None:
        self.http = http
        self.reply = result
        self.token = result["token"]
        self.uuid = result["participant_uuid"]

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.http.post(room_path(path), json=body or {}, headers={"token": self.token})

    async def get(self, path: str) -> Any:
        return (await self.http.get(room_path(path), headers={"token": self.token})).json()["result"]

    @asynccontextmanager
    async def events(self) -> AsyncIterator[EventReader]:
        async with self.http.stream("GET", room_path(f"events?token={self.token}")) as answer:
            yield EventReader(answer)


class EventReader:
    """One open event stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()
        self._name = ""

    async def next(self) -> tuple[str, Any]:
        """Return the next event; a comment comes as its text, the end as ``end``."""
        async for line in self._lines:
            if line.startswith(":"):
                return line, None
            if line.startswith("event: "):
                self._name = line.removeprefix("event: ")
            if line.startswith("data:"):
                text = line.removeprefix("data:").strip()
                return self._name, json.loads(text) if text else None
        return "end", None

    async def until(self, name: str) -> Any:
        """Return the data of the next event called ``name``."""
        async with asyncio.timeout(5):
            while True:
                event, data = await self.next()
                if event == name:
                    return data
                assert event != "end", f"no {name}"


class House:
    """The server, and the way to its door."""

    def __init__(self, base: str, server: RoomServer, directory: RoomDirectory, clock: Clock) -> None:
        self.base, self.server, self.directory, self.clock = base, server, directory, clock
        self.http = httpx.AsyncClient(base_url=base, timeout=httpx.Timeout(5, read=None), trust_env=False)

    def let_fail(self, kind: Any, **more: Any) -> None:
        """Add a fault to the panel."""
        self.server.faults.add(Fault(kind, **more))

    async def ask(self, name: str = "Nogen", pin: str | None = None, alias: str = ALIAS, **more: Any) -> httpx.Response:
        headers = {} if pin is None else {"pin": pin}
        body = {"display_name": name, "call_tag": f"tag-{name}", **more}
        return await self.http.post(room_path("request_token", alias), json=body, headers=headers)

    async def join(self, name: str, pin: str, **more: Any) -> Someone:
        answer = await self.ask(name, pin, **more)
        assert answer.status_code == 200, answer.text
        return Someone(self.http, answer.json()["result"])


def room_path(path: str, alias: str = ALIAS) -> str:
    return f"/api/client/v2/conferences/{alias.replace('@', '%40')}/{path}"


@asynccontextmanager
async def running(config: RoomServerConfig | None = None, **room: Any) -> AsyncIterator[House]:
    """Run a server with one room; ``room`` are its features beside the PINs."""
    directory, clock, faults = RoomDirectory(), Clock(), FaultPanel()
    directory.open(replace(VirtualRoom(ALIAS, HOST_PIN, GUEST_PIN), **room))
    calm = RoomServerConfig(housekeeping_s=3600, keep_alive_s=0.05, ring_s=0, peer_patience_s=5)
    server = RoomServer(directory, config or calm, faults=faults, clock=clock)
    web = LoopbackServer(Starlette(routes=server.routes()), "test-web-server")
    await server.start()
    await web.start()
    house = House(f"http://127.0.0.1:{web.port}", server, directory, clock)
    try:
        yield house
    finally:
        await server.close()
        await house.http.aclose()
        await web.stop()
