"""A small node on one side of a transport: it answers as a node does, remembers what it was asked, and says events.

Written by hand after the client REST API v2, for what the sandbox's room server does not act out: odd answers, odd
events, and several participants told apart by their tokens.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from vdx_plugin.domain.secret import Secret
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.ports import JoinTarget

TARGET = JoinTarget("https://node.example.test", "room@example.test", Secret("771144"), "Læge")
Answer = Callable[[dict[str, Any]], "httpx.Response | Any"]


def refused(result: str, code: int = 403) -> httpx.Response:
    return httpx.Response(code, json={"status": "success", "result": result})


def row(uuid: str, **changes: Any) -> dict[str, Any]:
    base = {"uuid": uuid, "display_name": uuid, "role": "guest", "service_type": "conference", "has_media": True}
    return {**base, **changes}


@dataclass(frozen=True)
class Asked:
    """One request: the path after the room's address, and its body."""

    path: str
    body: dict[str, Any]
    token: str


@dataclass
class Node:
    """``answers`` by the last part of the path take the place of a plain yes."""

    answers: dict[str, Answer] = field(default_factory=dict)
    people: list[dict[str, Any]] = field(default_factory=list)
    grant: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    streams: list[asyncio.Queue[bytes | None]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def client(self, target: JoinTarget = TARGET) -> PexipClient:
        return PexipClient(target, transport=httpx.MockTransport(self._answer))

    def say(self, name: str, data: Any = None, *, stream: int = -1, raw: str | None = None) -> None:
        """Send an event to those who listen on one stream, the newest one for a start."""
        text = json.dumps(data) if raw is None else raw
        self.streams[stream].put_nowait(f"id: 1\nevent: {name}\ndata: {text}\n\n".encode())

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    def paths(self, part: str) -> list[Asked]:
        return [each for each in self.asked if each.path.endswith(part)]

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        room, _, path = request.url.path.partition("/conferences/")[2].partition("/")
        self.rooms.append(room)
        body = json.loads(request.content or b"{}")
        self.asked.append(Asked(path, body, request.headers.get("token", "")))
        self.changed.set()
        if path == "events":
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=self._stream())
        answer = self.answers.get(path.rsplit("/", 1)[-1])
        result = answer(body) if answer is not None else self._plain(path)
        if isinstance(result, httpx.Response):
            return result
        return httpx.Response(200, json={"status": "success", "result": result})

    def _plain(self, path: str) -> Any:
        number = len(self.paths("request_token"))
        if path == "request_token":
            return {"token": f"t{number}", "expires": "120", "participant_uuid": f"me{number}", **self.grant}
        if path == "refresh_token":
            return {"token": f"t{number}+", "expires": "120"}
        return True

    def _stream(self) -> httpx.AsyncByteStream:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.streams.append(queue)
        number = len(self.paths("request_token"))
        self.say("participant_sync_begin")
        for each in [row(f"me{number}", role="chair"), *self.people]:
            self.say("participant_create", each)
        self.say("participant_sync_end")
        return _Stream(queue)


class _Stream(httpx.AsyncByteStream):
    def __init__(self, queue: asyncio.Queue[bytes | None]) -> None:
        self._queue = queue

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (block := await self._queue.get()) is not None:
            yield block
