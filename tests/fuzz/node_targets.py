"""The doors towards the node: its event stream into a real call, and its answers to whatever is asked of it."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.fuzz import materials
from tests.fuzz.damage import ODD, damaged_bytes, damaged_value
from tests.fuzz.targets import Input, make_peer
from tests.unit.media.pexip.node import TARGET, Node, row
from vdx_plugin.errors import VdxError
from vdx_plugin.media.call import PexipCall, open_call
from vdx_plugin.media.channel import read_message
from vdx_plugin.media.devices import SystemDevices
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.pexip.control import RoomControl
from vdx_plugin.media.sdp import OfferShape
from vdx_plugin.media.surroundings import Ears, Surroundings
from vdx_plugin.ports import CallEvent, CallOver, ChatReceived, DialOut, RosterChanged

LIMIT_S = 20.0
MAX_PEOPLE = 500
_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class SseTarget:
    """A real call in a room whose event stream is spoilt as bytes, in pieces of any size."""

    async def open(self) -> None:
        self._node = Node(people=[row("a", call_tag="patient")])
        self._chats = 0
        self._is_over = False
        self._people = 0
        ears = Ears(self._hear, lambda _picture: None, lambda _picture: None)
        self._call: PexipCall = await open_call(
            self._node.client(), TARGET, ears, Surroundings(SystemDevices(), lambda: _NOON)
        )

    def _hear(self, event: CallEvent) -> None:
        if isinstance(event, ChatReceived):
            self._chats += 1
        elif isinstance(event, CallOver):
            self._is_over = True
        elif isinstance(event, RosterChanged):
            self._people = len(event.participants)
        self._node.changed.set()

    def next(self, chance: random.Random) -> Input:
        name = chance.choice(list(materials.EVENTS))
        if chance.random() < 0.4:
            made = materials.event_bytes(name, damaged_value(materials.EVENTS[name], chance))
        else:
            made = damaged_bytes(materials.event_bytes(name, materials.EVENTS[name]), chance)
        # Now and then a line that does not end, data nested beyond reason, a node that says only half of it.
        if chance.random() < 0.03:
            made = chance.choice(
                [b"data: " + b"x" * 700_000, b"event: stage\ndata: " + b"[" * 90_000 + b"\n\n", made[:9]]
            )
        return Input("stream", made)

    async def feed(self, item: Input) -> None:
        queue = self._node.streams[-1]
        queue.put_nowait(item.data)
        # One turn of the loop for the queue, one each for the client, the stream and the call.
        for _ in range(4):
            await asyncio.sleep(0)

    async def check(self) -> None:
        """The next true word is understood."""
        assert not self._is_over, "the call was ended by nonsense"
        assert self._people <= MAX_PEOPLE, "people pile up"
        told = self._chats
        # Whatever half line stands there is ended first.
        self._node.streams[-1].put_nowait(b"\n\n")
        self._node.say("message_received", {"type": "text/plain", "origin": "A", "uuid": "a", "payload": "sandt"})
        with suppress(TimeoutError):
            await self._node.until(lambda: self._chats > told)
        assert self._chats > told, "true words are not understood any more"

    async def close(self) -> None:
        await self._call.leave()


class JsonTarget:
    """Every request of ours with an answer that is spoilt, and what comes over the data channel.

    ``begin`` gets a token and opens a path with the servers that came with it.
    """

    async def open(self) -> None:
        self._body: httpx.Response = httpx.Response(200)

    def next(self, chance: random.Random) -> Input:
        way = "begin" if chance.random() < 0.02 else chance.choice([*materials.REPLIES, "channel"])
        if way == "channel":
            value: Any = {"type": "message", "body": materials.EVENTS["message_received"]}
            return Input(way, json.dumps(damaged_value(value, chance)).encode())
        result = damaged_value(materials.GRANT if way == "begin" else materials.REPLIES[way], chance)
        if way == "begin" and isinstance(result, dict):
            result["stun"] = [{"url": chance.choice(materials.SERVERS)} for _ in range(chance.randrange(3))]
            result["turn"] = [{"urls": chance.sample(materials.SERVERS, 2), "username": "u", "credential": "c"}]
        whole = {"status": "success", "result": result} if chance.random() < 0.95 else chance.choice(ODD)
        data = json.dumps(whole).encode()
        if chance.random() < 0.3:
            data = damaged_bytes(data, chance)
        if chance.random() < 0.02:
            data = chance.choice([b"[" * 200_000, b"9" * 200_000, b'{"result":' * 50_000, b"\xff" * 2_000_000])
        status = chance.choice([200] * 8 + [204, 302, 403, 404, 500, 503])
        return Input(f"{way} {status}", data)

    async def feed(self, item: Input) -> None:
        way, _, status = item.way.partition(" ")
        if way == "channel":
            read_message(item.data.decode("utf-8", "replace"))
            return
        client = PexipClient(
            TARGET, transport=httpx.MockTransport(lambda _: httpx.Response(int(status), content=item.data))
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                await _ask(client, way)
        except VdxError:
            pass
        finally:
            await client.close()

    async def check(self) -> None:
        """There is nothing that could have been left in another state."""

    async def close(self) -> None:
        """Each request has ended by itself."""


async def _ask(client: PexipClient, way: str) -> None:
    control = RoomControl(client)
    match way:
        case "enter":
            await client.enter()
        case "refresh":
            await client.refresh()
        case "call":
            await client.call("v=0")
        case "update":
            await client.update("c", "v=0")
        case "layouts":
            await control.layouts()
        case "dial":
            await control.dial(DialOut("+4512345678"))
        case "probe":
            await client.probe()
        case "lock":
            await client.lock(locked=True)
        case "still":
            await client.still("1")
        case "events":
            async with client.events() as messages:
                async for _ in messages:
                    pass
        case "begin":
            await _begin(client)


async def _begin(client: PexipClient) -> None:
    grant = await client.enter()
    peer = make_peer(grant.ice_servers)
    try:
        await peer.offer(OfferShape())
        with suppress(TimeoutError):
            # In the program it goes on beside the call, for as long as a server does not answer.
            await asyncio.wait_for(peer.late_addresses(), 0.3)
    finally:
        await peer.close()
