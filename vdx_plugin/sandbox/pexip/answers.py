"""How the client API answers and refuses, and how bodies are read without trusting them.

Every answer is ``{"status", "result"}``. Refusals carry a plain string as result and say ``failed``; the words are a
real node's where they are known. Source: Pexip Infinity client REST API v2.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vdx_plugin.errors import Refused, Unreadable, VdxError

MAX_BODY = 200_000

NOT_FOUND = "Neither conference nor gateway found"
INVALID_TOKEN = "Invalid token"
INVALID_ROLE = "Invalid role"
INVALID_PIN = "Invalid PIN"
TOO_MANY_PINS = "Participant exceeded PIN entry retries"
MAINTENANCE = "System in maintenance mode"
ILLEGAL = "Illegal value"

_REFUSALS = {
    "room.invalid_role": (403, INVALID_ROLE),
    "room.no_floor": (403, "Presentation not permitted"),
    "room.wrong_pin": (403, INVALID_PIN),
    "room.invalid_token": (403, INVALID_TOKEN),
    "room.full": (403, "Participant limit reached"),
    "room.no_participant": (404, "Participant not found"),
    "room.no_call": (404, "Call not found"),
    "room.no_peer": (504, "Peer did not answer"),
    "room.unknown": (404, NOT_FOUND),
    "sdp.unreadable": (400, "Invalid SDP"),
    "sdp.incomplete": (400, "Invalid SDP"),
}

Body: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Answer(Exception):
    """An early answer; no error of ours."""

    def __init__(self, code: int, result: Any) -> None:
        self.response = reply(result, code)


def reply(result: Any, code: int = 200) -> Response:
    """Return an answer in the API's envelope."""
    return JSONResponse({"status": "success" if code < 400 else "failed", "result": result}, code)


def guarded(handler: Handler) -> Handler:
    """Turn refusals into the answers a node gives."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Answer as early:
            return early.response
        except (Refused, Unreadable) as error:
            return _refusal(error)

    return answer


def _refusal(error: VdxError) -> Response:
    code, text = _REFUSALS.get(error.code, (400, ILLEGAL))
    return reply(text, code)


async def read_body(request: Request) -> Body:
    """Return the request's JSON object, empty without a body. Answers 400 or 413 to anything else."""
    raw = await request.body()
    if len(raw) > MAX_BODY:
        raise Answer(413, ILLEGAL)
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Answer(400, ILLEGAL) from None
    if not isinstance(body, dict):
        raise Answer(400, ILLEGAL)
    return body


def _refuse(name: str) -> NoReturn:
    """NaN and infinities are no JSON, and would come out again as none."""
    raise ValueError(name)


def text(body: Body, key: str, *, limit: int = 4000) -> str:
    """Return a text of the body, empty without. Answers 400 if it is none, too long, or half a character."""
    value = body.get(key, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > limit:
        raise Answer(400, ILLEGAL)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Answer(400, ILLEGAL) from None
    return value


def flag(body: Body, key: str) -> bool:
    """Return a true or false of the body. Answers 400 if it is neither."""
    value = body.get(key)
    if not isinstance(value, bool):
        raise Answer(400, ILLEGAL)
    return value


def choice(body: Body, key: str, allowed: tuple[str, ...]) -> str:
    """Return one of the allowed words. Answers 400 to another."""
    value = text(body, key, limit=100)
    if value not in allowed:
        raise Answer(400, ILLEGAL)
    return value
