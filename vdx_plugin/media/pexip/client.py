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
from dataclasses import replace
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, OutcomeUnknown, Unavailable, Unreadable
from vdx_plugin.media.pexip.admission import Attempt, failure, first_attempt, judge
from vdx_plugin.media.pexip.replies import CallAnswer, Grant, Renewal, read_call, read_renewal
from vdx_plugin.media.pexip.sse import Decoder, Message
from vdx_plugin.ports import JoinTarget

REQUEST_LIMIT_S = 10.0
CONNECT_LIMIT_S = 5.0
GOODBYE_LIMIT_S = 2.0
PROBE_LIMIT_S = 1.0
EVENT_SILENCE_LIMIT_S = 90.0
CONNECT_TRIES = 3
MAX_REPLY = 1_000_000
MAX_STILL = 8_000_000

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
    (TimeoutError, OutcomeUnknown, "call.unreachable"),
    (httpx.InvalidURL, Misconfigured, "settings.node"),
)


@contextmanager
def transport_errors() -> Iterator[None]:
    """Turn httpx's exceptions into ours, keeping the cause, and the end of a time limit too."""
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
        self._target, self._transport = target, transport
        self._base = base_of(target)
        # A clinic's proxy must not be asked for an address on this machine. Compressed answers would have no limit.
        self._http = httpx.AsyncClient(
            timeout=REQUEST_LIMIT_S,
            transport=transport,
            trust_env=not is_loopback(target.node),
            verify=trusted(),
            headers={"accept-encoding": "identity"},
        )
        self._token: Secret | None = None
        self._me = ""

    async def close(self) -> None:
        """Free the connections."""
        await self._http.aclose()

    async def enter(self, one_time: Secret | None = None) -> Grant:
        """Ask for a token; ``one_time`` is what a ``refer`` brought. Raises as ``admission.judge`` and this module."""
        step: Grant | Attempt = first_attempt(self._target.pin)
        while isinstance(step, Attempt):
            status, result = await self._request_token(step, one_time)
            step = judge(step, status, result, extension=self._target.extension)
        self._token, self._me = step.token, step.participant_id
        return step

    def anew(self) -> PexipClient:
        """Return a client for the same room under the same name and PIN that has not entered yet."""
        return PexipClient(self._target, transport=self._transport)

    def elsewhere(self, alias: str) -> PexipClient:
        """Return a client for another room of the same node, or for this one anew, that has not entered yet."""
        return PexipClient(replace(self._target, alias=alias, direct_media=False), transport=self._transport)

    async def _request_token(self, attempt: Attempt, one_time: Secret | None) -> tuple[int, Any]:
        headers = {} if attempt.pin is None else {"pin": attempt.pin.reveal()}
        target = self._target
        body: dict[str, Any] = {"display_name": target.display_name, "call_tag": target.call_tag}
        body["direct_media"] = target.direct_media
        if attempt.extension:
            body["conference_extension"] = attempt.extension
        if one_time is not None:
            body["token"] = one_time.reveal()
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
        renewal = read_renewal(await self.post("refresh_token"))
        self._token = renewal.token
        return renewal

    async def release(self) -> None:
        """Give the token back: the node ends our presence and all our calls."""
        await self.post("release_token", {"reason": "User initiated disconnect"}, limit_s=GOODBYE_LIMIT_S)

    async def lock(self, *, locked: bool) -> None:
        await self.post("lock" if locked else "unlock")

    async def end_conference(self, *, limit_s: float = REQUEST_LIMIT_S / 2) -> None:
        """Put everybody out; wait no longer than this for the node."""
        with transport_errors():
            async with asyncio.timeout(limit_s):
                await self.post("disconnect", limit_s=limit_s)

    async def say(self, text: str) -> None:
        await self.post("message", {"type": "text/plain", "payload": text})

    async def admit(self, participant_id: str) -> None:
        await self.post(f"participants/{quote(participant_id, safe='')}/unlock")

    async def put_out(self, participant_id: str) -> None:
        await self.post(f"participants/{quote(participant_id, safe='')}/disconnect")

    async def tell_muted(self, *, microphone: bool | None = None, camera: bool | None = None) -> None:
        """Show others that our microphone or camera is off (True) or on; the muting itself is local."""
        if microphone is not None:
            await self.post(self.mine("client_mute" if microphone else "client_unmute"))
        if camera is not None:
            await self.post(self.mine("video_muted" if camera else "video_unmuted"))

    async def call(self, sdp: str) -> CallAnswer:
        """Offer a media call."""
        body = {"call_type": "WEBRTC", "media_type": "video", "sdp": sdp, "fecc_supported": False}
        return read_call(await self.post(self.mine("calls"), body))

    async def acknowledge(self, call_id: str, sdp: str = "") -> None:
        """Tell the node to start media: without it a call stands and stays silent.

        ``sdp`` answers an offer that came from the other side.
        """
        await self.post(self._call(call_id, "ack"), {"sdp": sdp} if sdp else None)

    async def ignore_offer(self, call_id: str) -> None:
        """Direct media: both offered at once, and ours is the one that counts."""
        # The vendor's client says it in both places.
        await self.post(self._call(call_id, "ack"), {"sdp": "offer_ignored", "offer_ignored": True})

    async def update(self, call_id: str, sdp: str) -> CallAnswer:
        """Offer a new media path for a call that stands."""
        body = {"sdp": sdp, "fecc_supported": False}
        return read_call(await self.post(self._call(call_id, "update"), body), call_id=call_id)

    async def add_candidate(self, call_id: str, candidate: str, mid: str, ufrag: str = "", pwd: str = "") -> None:
        body = {"candidate": candidate, "mid": mid, "ufrag": ufrag, "pwd": pwd}
        await self.post(self._call(call_id, "new_candidate"), body)

    async def hang_up(self, call_id: str) -> None:
        await self.post(self._call(call_id, "disconnect"), limit_s=GOODBYE_LIMIT_S)

    async def report(self, call_id: str, statistics: dict[str, dict[str, float | int | str]]) -> None:
        await self.post(self._call(call_id, "statistics"), statistics)

    async def still(self, event_id: str) -> bytes:
        """Fetch a still of the slides, a JPEG. Raises Unreadable for one that is too large."""
        async with self._open("GET", "presentation_high.jpeg", params={"id": event_id}) as reply:
            content = await _read(reply, MAX_STILL)
            if reply.status_code != 200:
                raise failure(reply.status_code, _result(content))
        if content is None:
            raise Unreadable("call.unreadable", "too long", place="presentation")
        return content

    async def probe(self) -> None:
        """Ask whether the node can be reached and knows us. Raises Refused(``call.token_gone``), Unavailable."""
        await self.get("conference_status", limit_s=PROBE_LIMIT_S)

    async def get(self, path: str, *, limit_s: float = REQUEST_LIMIT_S) -> Any:
        """Ask for something of the room. Raises as ``failure`` and ``transport_errors`` do."""
        async with self._open("GET", path, limit_s=limit_s) as reply:
            result = _result(await _read(reply, MAX_REPLY))
            if reply.status_code not in (200, 204):
                raise failure(reply.status_code, result)
        return result

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Message]]:
        """Open the event stream. Silence of ``EVENT_SILENCE_LIMIT_S`` ends it like a lost connection."""
        limits = httpx.Timeout(REQUEST_LIMIT_S, read=EVENT_SILENCE_LIMIT_S)
        headers = {**self._auth(), "accept": "text/event-stream", "cache-control": "no-store"}
        with transport_errors():
            async with self._http.stream("GET", self._base + "events", headers=headers, timeout=limits) as reply:
                if reply.status_code != 200:
                    raise failure(reply.status_code, _result(await _read(reply, MAX_REPLY)))
                yield _messages(reply)

    @asynccontextmanager
    async def _open(
        self, method: str, path: str, *, limit_s: float = REQUEST_LIMIT_S, **options: Any
    ) -> AsyncIterator[httpx.Response]:
        with transport_errors():
            async with (
                asyncio.timeout(limit_s),
                self._http.stream(method, self._base + path, headers=self._auth(), **options) as reply,
            ):
                yield reply

    def mine(self, path: str) -> str:
        """Return the path of a request about ourselves."""
        return f"participants/{quote(self._me, safe='')}/{path}"

    def _call(self, call_id: str, path: str) -> str:
        return self.mine(f"calls/{quote(call_id, safe='')}/{path}")

    def _auth(self) -> dict[str, str]:
        return {"token": self._token.reveal()} if self._token is not None else {}

    async def post(self, path: str, body: Any = None, *, limit_s: float = REQUEST_LIMIT_S) -> Any:
        """Tell the node something; return its result. Raises as ``failure`` and ``transport_errors`` do."""
        status, result = await self._send(path, body, self._auth(), limit_s=limit_s)
        if status not in (200, 202, 204):
            raise failure(status, result)
        return result

    async def _send(
        self, path: str, body: Any, headers: dict[str, str], *, limit_s: float = REQUEST_LIMIT_S
    ) -> tuple[int, Any]:
        with transport_errors():
            # The limit of a whole request: a node that sends a byte now and then would hold it for ever.
            async with (
                asyncio.timeout(limit_s + CONNECT_LIMIT_S),
                self._http.stream(
                    "POST", self._base + path, json=body or {}, headers=headers, timeout=limit_s
                ) as reply,
            ):
                return reply.status_code, _result(await _read(reply, MAX_REPLY))


def base_of(target: JoinTarget) -> str:
    """Return the address under which a room's requests live."""
    return f"{target.node.rstrip('/')}/api/client/v2/conferences/{quote(target.alias, safe='')}/"


async def _read(reply: httpx.Response, limit: int) -> bytes | None:
    """Return what an answer carries, None beyond ``limit`` bytes or for one compressed unasked."""
    content = bytearray()
    if _is_compressed(reply):
        return None
    async for chunk in reply.aiter_bytes():
        content += chunk
        if len(content) > limit:
            return None
    return bytes(content)


def _is_compressed(reply: httpx.Response) -> bool:
    return str(reply.headers.get("content-encoding", "identity")).lower() != "identity"


async def _messages(reply: httpx.Response) -> AsyncIterator[Message]:
    if _is_compressed(reply):
        raise Unreadable("call.unreadable", "compressed", place="events")
    decoder = Decoder()
    async for chunk in reply.aiter_bytes():
        for message in decoder.feed(chunk):
            yield message


def _result(content: bytes | None) -> Any:
    """Return ``result`` of an answer, or None where the answer is not the API's JSON (a proxy's error page)."""
    try:
        found = json.loads(content or b"")
    except (ValueError, RecursionError):
        return None
    return found.get("result") if isinstance(found, dict) else None
