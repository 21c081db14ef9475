"""A network between clients and the sandbox's room server that can be cut: requests hang, packets vanish.

It stands in front of the server as ASGI does and writes its relay's ports into offers and answers, so that media goes
through relays too. A cut is silent, as in life: nothing is refused, nothing comes.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.bench.line_model import Condition, both_ways
from tests.bench.line_proxy import Address, Relay, through

AT_ONCE = Condition("at once", delay_s=0.0)


class BadNetwork:
    """Give ``wrap`` to ``serve``. Close it when the server is closed."""

    def __init__(self) -> None:
        self._relays: list[Relay] = []
        self._is_up = asyncio.Event()
        self._is_up.set()
        self.asked: list[str] = []
        """The last word of each request's path."""

    def cut(self) -> None:
        """From now on nothing passes."""
        self._is_up.clear()
        for relay in self._relays:
            relay.is_cut = True

    def cut_media(self) -> None:
        """The media paths that stand are dead for good; requests and new paths pass."""
        for relay in self._relays:
            relay.is_cut = True

    def mend(self) -> None:
        """Everything passes again."""
        self._is_up.set()
        for relay in self._relays:
            relay.is_cut = False

    def close(self) -> None:
        for relay in self._relays:
            relay.close()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        async def network(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            if not self._is_up.is_set():
                await _vanish(receive)
                return
            what = scope["path"].rsplit("/", 1)[-1]
            self.asked.append(what)
            if what in ("calls", "update"):
                await self._carry_call(app, scope, receive, send)
            else:
                await app(scope, receive, self._held(send))

        return network

    def _held(self, send: Send) -> Send:
        """Events that a node sends meanwhile wait, as TCP makes them."""

        async def later(message: Message) -> None:
            await self._is_up.wait()
            await send(message)

        return later

    async def _carry_call(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        relay = Relay(*both_ways(AT_ONCE, 1))
        self._relays.append(relay)
        body = json.loads(await _body(receive))
        body["sdp"], client = through(body["sdp"], relay.ports[1])
        content, answered = json.dumps(body).encode(), bytearray()
        start: Message = {}

        async def offered() -> Message:
            return {"type": "http.request", "body": content, "more_body": False}

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                answered.extend(message.get("body", b""))

        # The length of the offer has changed with its addresses.
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        headers.append((b"content-length", str(len(content)).encode()))
        await app({**scope, "headers": headers}, offered, keep)
        answer = self._lead_back(json.loads(answered), relay, client)
        kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        kept.append((b"content-length", str(len(answer)).encode()))
        await send({**start, "headers": kept})
        await send({"type": "http.response.body", "body": answer})

    def _lead_back(self, reply: dict[str, Any], relay: Relay, client: Address) -> bytes:
        result = reply.get("result")
        if isinstance(result, dict) and result.get("sdp"):
            result["sdp"], server = through(result["sdp"], relay.ports[0])
            relay.aim(client, server)
        return json.dumps(reply).encode()


async def _vanish(receive: Receive) -> None:
    """Never answer; return when the client has given up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes:
    found = b""
    while True:
        message = await receive()
        found += message.get("body", b"")
        if not message.get("more_body", False):
            return found
