"""One request and its answer, with every foreign error turned into ours and no content in any of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from vdx_plugin.api.v1 import OutcomeUnknown, Unavailable, Unreadable

LIMIT_S = 10.0
MAX_ANSWER_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]
    """Names are found in any case."""
    content: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


async def send(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    form: Mapping[str, str] | None = None,
    changes: bool = False,
) -> Answer:
    """Send and return the answer; redirects are not followed.

    Raises Unavailable(``smart.unreachable``). ``changes`` says that the request writes: where it may have been
    carried out and no answer came, OutcomeUnknown(``writeback.unknown``) is raised instead.
    """
    try:
        async with http.stream(method, url, headers=headers, content=content, data=form, timeout=LIMIT_S) as answer:
            return Answer(answer.status_code, answer.headers, await _content(answer))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise away(type(error).__name__) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if changes:
            raise OutcomeUnknown("writeback.unknown", type(error).__name__) from error
        raise away(type(error).__name__) from error


async def _content(answer: httpx.Response) -> bytes:
    """Read an answer up to the limit: one that never ends must not fill the memory."""
    content = bytearray()
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > MAX_ANSWER_BYTES:
            raise Unreadable("smart.unreadable", "too large", place="answer")
    return bytes(content)


def away(detail: str) -> Unavailable:
    """Return the error of a server that is not there or out of order."""
    return Unavailable("smart.unreachable", detail)


def json_of(answer: Answer, place: str) -> dict[str, Any]:
    """Return the answer's JSON object. Raises Unreadable(``smart.unreadable``)."""
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        # Without its cause, which would quote what came.
        raise Unreadable("smart.unreadable", "not JSON", place=place) from None
    if not isinstance(found, dict):
        raise Unreadable("smart.unreadable", "not an object", place=place)
    return found
