"""The client REST API v2 over HTTP: one method per request, values in, values or our own errors out.

``transport_errors`` is the one place where httpx's exceptions become ours. No address is ever put into an error
or a log line: it carries the room's alias.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from httpx_sse import EventSource, aconnect_sse

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, OutcomeUnknown, Unavailable, Unreadable
from vdx_plugin.media.pexip.admission import Attempt, failure, first_attempt, judge
from vdx_plugin.media.pexip.replies import CallAnswer, Grant, Renewal, read_call, read_renewal
from vdx_plugin.ports import JoinTarget

REQUEST_LIMIT_S = 10.0
GOODBYE_LIMIT_S = 2.0
EVENT_SILENCE_LIMIT_S = 90.0
CONNECT_TRIES = 3
MAX_REPLY = 1_000_000

# Most particular first: httpx's classes are nested.
_TABLE: tuple[tuple[type[Exception], type[Unavailable] | type[Misconfigured] | type[Unreadable], str], ...] = (
    (httpx.ConnectError, Unavailable, "call.unreachable"),
    (httpx.ConnectTimeout, Unavailable, "call.unreachable"),
    (httpx.PoolTimeout, Unavailable, "call.unreachable"),
    (httpx.UnsupportedProtocol, Misconfigured, "settings.node"),
    (httpx.ReadTimeout, OutcomeUnknown, "call.unreachable"),
    (httpx.TransportError, OutcomeUnknown, "call.unreachable"),
    (httpx.DecodingError, Unreadable, "call.unreadable"),
    (httpx.HTTPError, Unavailable, "call.unreachable"),
    (httpx.StreamError, Unavailable, "call.unreachable"),
    (httpx.InvalidURL, Misconfigured, "settings.node"),
)


@contextmanager
def transport_errors() -> Iterator[None]:
    """Turn httpx's exceptions into ours, keeping the cause."""
    try:
        yield
    except tuple(row[0] for row in _TABLE) as error:
        ours, code = next((kind, code) for foreign, kind, code in _TABLE if isinstance(error, foreign))
        raise ours(code, type(error).__name__) from error


def is_loopback(node: str) -> bool:
    """Whether the node's base address is on this machine."""
    try:
        host = urlsplit(node).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@cache
def trusted() -> ssl.SSLContext:
    """Return whom the client trusts: certifi's list, or what SSL_CERT_FILE names. Read once, in some 30 ms."""
    return httpx.create_ssl_context()


class PexipClient:
    """Requests to one room of one node. ``token`` is what ``enter`` and ``refresh`` brought; the newest counts."""

    def __init__(self, target: JoinTarget, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._target = target
        self._base = f"{target.node.rstrip('/')}/api/client/v2/conferences/{quote(target.alias, safe='')}/"
        # A clinic's proxy must not be asked for an address on this machine.
        self._http = httpx.AsyncClient(
            timeout=REQUEST_LIMIT_S, transport=transport, trust_env=not is_loopback(target.node), verify=trusted()
        )
        self._token: Secret | None = None
        self._me = ""

    async def close(self) -> None:
        """Free the connections."""
        await self._http.aclose()

    async def enter(self) -> Grant:
        """Ask for a token. Raises as ``admission.judge`` and ``transport_errors`` do."""
        step: Grant | Attempt = first_attempt(self._target.pin)
        while isinstance(step, Attempt):
            step = judge(step, *await self._request_token(step))
        self._token, self._me = step.token, step.participant_id
        return step

    async def _request_token(self, attempt: Attempt) -> tuple[int, Any]:
        headers = {} if attempt.pin is None else {"pin": attempt.pin.reveal()}
        body = {"display_name": self._target.display_name, "call_tag": self._target.call_tag, "direct_media": False}
        for tries_left in reversed(range(CONNECT_TRIES)):
            try:
                return await self._send("request_token", body, headers)
            except OutcomeUnknown:
                raise
            except Unavailable:
                # Nothing was sent, so asking again cannot make a second participant.
                if not tries_left:
                    raise
            await asyncio.sleep(0.1 * 2 ** (CONNECT_TRIES - tries_left))
        raise AssertionError("unreachable")

    async def refresh(self) -> Renewal:
        """Exchange the token for a new one. Callers take turns: the old token dies with the first answer."""
        renewal = read_renewal(await self._post("refresh_token"))
        self._token = renewal.token
        return renewal

    async def release(self) -> None:
        """Give the token back: the node ends our presence and all our calls."""
        await self._post("release_token", {"reason": "User initiated disconnect"}, limit_s=GOODBYE_LIMIT_S)

    async def lock(self, *, locked: bool) -> None:
        await self._post("lock" if locked else "unlock")

    async def end_conference(self) -> None:
        await self._post("disconnect", limit_s=REQUEST_LIMIT_S / 2)

    async def say(self, text: str) -> None:
        await self._post("message", {"type": "text/plain", "payload": text})

    async def admit(self, participant_id: str) -> None:
        await self._post(f"participants/{quote(participant_id, safe='')}/unlock")

    async def put_out(self, participant_id: str) -> None:
        await self._post(f"participants/{quote(participant_id, safe='')}/disconnect")

    async def tell_muted(self, *, microphone: bool | None = None, camera: bool | None = None) -> None:
        """Show others that our microphone or camera is off (True) or on; the muting itself is local."""
        if microphone is not None:
            await self._post(self._mine("client_mute" if microphone else "client_unmute"))
        if camera is not None:
            await self._post(self._mine("video_muted" if camera else "video_unmuted"))

    async def call(self, sdp: str) -> CallAnswer:
        """Offer a media call."""
        body = {"call_type": "WEBRTC", "media_type": "video", "sdp": sdp, "fecc_supported": False}
        return read_call(await self._post(self._mine("calls"), body))

    async def acknowledge(self, call_id: str) -> None:
        """Tell the node to start media: without it a call stands and stays silent."""
        await self._post(self._call(call_id, "ack"))

    async def update(self, call_id: str, sdp: str) -> CallAnswer:
        """Offer a new media path for a call that stands."""
        body = {"sdp": sdp, "fecc_supported": False}
        return read_call(await self._post(self._call(call_id, "update"), body), call_id=call_id)

    async def add_candidate(self, call_id: str, candidate: str, mid: str) -> None:
        await self._post(self._call(call_id, "new_candidate"), {"candidate": candidate, "mid": mid})

    async def hang_up(self, call_id: str) -> None:
        await self._post(self._call(call_id, "disconnect"), limit_s=GOODBYE_LIMIT_S)

    async def report(self, call_id: str, statistics: dict[str, dict[str, float | int | str]]) -> None:
        await self._post(self._call(call_id, "statistics"), statistics)

    @asynccontextmanager
    async def events(self) -> AsyncIterator[EventSource]:
        """Open the event stream. Silence of ``EVENT_SILENCE_LIMIT_S`` ends it like a lost connection."""
        limits = httpx.Timeout(REQUEST_LIMIT_S, read=EVENT_SILENCE_LIMIT_S)
        with transport_errors():
            async with aconnect_sse(
                self._http, "GET", self._base + "events", headers=self._auth(), timeout=limits
            ) as source:
                if source.response.status_code != 200:
                    await source.response.aread()
                    raise failure(source.response.status_code, _result(source.response))
                yield source

    def _mine(self, path: str) -> str:
        return f"participants/{quote(self._me, safe='')}/{path}"

    def _call(self, call_id: str, path: str) -> str:
        return self._mine(f"calls/{quote(call_id, safe='')}/{path}")

    def _auth(self) -> dict[str, str]:
        return {"token": self._token.reveal()} if self._token is not None else {}

    async def _post(self, path: str, body: Any = None, *, limit_s: float = REQUEST_LIMIT_S) -> Any:
        status, result = await self._send(path, body, self._auth(), limit_s=limit_s)
        if status not in (200, 202, 204):
            raise failure(status, result)
        return result

    async def _send(
        self, path: str, body: Any, headers: dict[str, str], *, limit_s: float = REQUEST_LIMIT_S
    ) -> tuple[int, Any]:
        with transport_errors():
            reply = await self._http.post(self._base + path, json=body or {}, headers=headers, timeout=limit_s)
        return reply.status_code, _result(reply)


def _result(reply: httpx.Response) -> Any:
    """Return ``result`` of an answer, or None where the answer is not the API's JSON (a proxy's error page)."""
    if len(reply.content) > MAX_REPLY:
        return None
    try:
        found = json.loads(reply.content)
    except (ValueError, RecursionError):
        return None
    return found.get("result") if isinstance(found, dict) else None
