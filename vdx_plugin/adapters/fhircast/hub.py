"""Our subscription at a hub: asked for by form, confirmed over the websocket, renewed before its lease ends.

The topic names the user's session and is as good as a password (FHIRcast 3.0.0, 4.1), so neither it nor an address that
holds it is ever logged. One event is answered before the next is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from vdx_plugin.adapters.fhircast import events, follow
from vdx_plugin.adapters.fhircast.events import Confirmation, Event
from vdx_plugin.api.v1 import Refused, Secret, SignInNeeded, Unavailable, Unreadable, get_logger

_log = get_logger("adapters.fhircast")

LIMIT_S = 10.0
LEASE_S = 7200
RENEW_AT = 0.7
"""Part of the lease after which it is renewed."""

OnEvent = Callable[[Event], int]
"""Takes an event and returns the status to answer."""


class Hub:
    """The hub at ``url`` for one topic. ``token`` is sent as bearer where it is not empty."""

    def __init__(self, url: str, topic: Secret, token: Secret, name: str) -> None:
        self._url = url
        self._topic = topic
        self._name = name
        headers = {"Authorization": f"Bearer {token.reveal()}"} if token.reveal() else {}
        self._http = httpx.AsyncClient(headers=headers, timeout=LIMIT_S, trust_env=False)
        self._endpoint = ""

    async def listen(self, on_event: OnEvent, on_confirmed: Callable[[], object]) -> None:
        """Subscribe and hand over events until the connection ends, then raise Unavailable.

        Raises also SignInNeeded(``fhircast.sign_in``), Refused(``fhircast.denied``), Unreadable.
        """
        self._endpoint = await self._subscribe({})
        try:
            async with connect(
                _safe(self._endpoint), max_size=events.MAX_FRAME_BYTES, open_timeout=LIMIT_S, proxy=None
            ) as line:
                lease_s = await self._confirmed(line)
                on_confirmed()
                renewing = asyncio.create_task(self._renew(lease_s), name="fhircast-lease")
                try:
                    await self._hear(line, on_event)
                finally:
                    renewing.cancel()
                    await asyncio.gather(renewing, return_exceptions=True)
        except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake, InvalidURI) as error:
            raise Unavailable("fhircast.unreachable", type(error).__name__) from error

    async def leave(self) -> None:
        """Give the subscription up, so that the hub does not report us as lost; no harm if it cannot be told."""
        if self._endpoint:
            await self._ask({"hub.mode": "unsubscribe", "hub.channel.endpoint": self._endpoint})
            self._endpoint = ""

    async def current(self) -> list[Any] | None:
        """Return the context that is open now; None where the hub does not tell (2.9 is optional)."""
        try:
            answer = await self._http.get(f"{self._url.rstrip('/')}/{quote(self._topic.reveal(), safe='')}")
        except httpx.HTTPError as error:
            raise Unavailable("fhircast.unreachable", type(error).__name__) from error
        if answer.status_code != httpx.codes.OK:
            return None
        try:
            found = answer.json()
        except ValueError:
            return None
        context = found.get("context") if isinstance(found, dict) else found
        return context if isinstance(context, list) else None

    async def close(self) -> None:
        await self._http.aclose()

    async def _subscribe(self, more: Mapping[str, str]) -> str:
        answer = await self._ask({"hub.mode": "subscribe", "hub.events": ",".join(follow.EVENTS), **more})
        if answer is None:
            raise Unavailable("fhircast.unreachable", "no answer")
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise SignInNeeded("fhircast.sign_in", f"status {answer.status_code}")
        if answer.status_code >= 500:
            raise Unavailable("fhircast.unreachable", f"status {answer.status_code}")
        if answer.status_code != httpx.codes.ACCEPTED:
            raise Refused("fhircast.denied", f"status {answer.status_code}")
        try:
            endpoint = answer.json()["hub.channel.endpoint"]
        except (ValueError, KeyError, TypeError):
            raise Unreadable("fhircast.unreadable", "missing", place="hub.channel.endpoint") from None
        return str(endpoint)

    async def _ask(self, fields: Mapping[str, str]) -> httpx.Response | None:
        form = {
            "hub.channel.type": "websocket",
            "hub.topic": self._topic.reveal(),
            "hub.lease_seconds": str(LEASE_S),
            "subscriber.name": self._name,
            **fields,
        }
        try:
            return await self._http.post(self._url, data=form)
        except httpx.HTTPError as error:
            _log.info("the hub did not answer: %s", type(error).__name__)
            return None

    async def _confirmed(self, line: ClientConnection) -> int:
        async with asyncio.timeout(LIMIT_S):
            first = events.read_frame(await line.recv())
        if not isinstance(first, Confirmation):
            raise Unreadable("fhircast.unreadable", "the first frame confirms nothing", place="frame")
        if first.is_denied:
            raise Refused("fhircast.denied", "denied by the hub")
        missing = {name.lower() for name in follow.EVENTS} - set(first.events)
        # A hub that does not say what it granted is taken at its word (the public sandbox does not).
        if first.events and {"patient-open", "patient-close"} & missing:
            raise Refused("fhircast.denied", "without the patient's events there is nothing to follow")
        return first.lease_s or LEASE_S

    async def _hear(self, line: ClientConnection, on_event: OnEvent) -> None:
        async for text in line:
            try:
                frame = events.read_frame(text)
            except Unreadable as error:
                _log.warning("an event cannot be used: %s", error)
                if event_id := events.id_of(text):
                    await line.send(events.answer(event_id, httpx.codes.BAD_REQUEST))
                continue
            if isinstance(frame, Event):
                await line.send(events.answer(frame.id, on_event(frame)))
            elif frame.is_denied:
                raise Refused("fhircast.denied", "the subscription was taken back")
        raise Unavailable("fhircast.unreachable", "the hub closed the connection")

    async def _renew(self, lease_s: int) -> None:
        """Ask again for the same connection before the lease ends (2.4.6)."""
        while True:
            await asyncio.sleep(lease_s * RENEW_AT)
            try:
                await self._subscribe({"hub.channel.endpoint": self._endpoint})
            except (Unavailable, Refused, SignInNeeded, Unreadable) as error:
                _log.warning("the subscription was not renewed: %s", error)


def _safe(endpoint: str) -> str:
    """Only an encrypted line, or one that does not leave this machine. Raises Refused(``fhircast.denied``)."""
    parts = httpx.URL(endpoint)
    if parts.scheme == "wss" or (parts.scheme == "ws" and parts.host in ("127.0.0.1", "localhost", "::1")):
        return endpoint
    raise Refused("fhircast.denied", "the hub's connection is not encrypted")
