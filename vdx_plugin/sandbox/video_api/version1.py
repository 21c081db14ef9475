"""Version 1 of the video API as it is met behind MedCom's local certificate proxy: plain HTTP, nobody asks who calls.

The proxy speaks for one certificate, so every request comes from the same caller. Data and rules are version 2's;
what differs (notes, 2.8): times have a space before the offset and no fractions, lists are packed as HAL, a short id
gives one object, deleting answers 200, errors have numbers of their own, null in a PATCH deletes (70 where it may not),
and a search wants exactly one criterion. Taking away a PIN by null is not done here: it stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount

from vdx_plugin.sandbox.video_api.access import read_caller
from vdx_plugin.sandbox.video_api.book import MeetingBook
from vdx_plugin.sandbox.video_api.problems import ApiProblem, crashed, malformed, refusal
from vdx_plugin.sandbox.video_api.routes import Api, Operation
from vdx_plugin.sandbox.video_api.values import Caller

Claims = Callable[[], Mapping[str, Any]]

PROXY_PATH = "/certproxy/videoapi"
_TIMES = frozenset({"startTime", "endTime", "createdTime", "updatedTime", "provisionTimestamp"})
_SENT_TIME = re.compile(r"(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d) ?(Z|[+-]\d\d(?::?\d\d)?)")
_CRITERIA = ("short-id", "label", "subject", "organizedBy", "search", "uriWithDomain")
_NUMBERS = {
    12: 10,
    13: 11,
    14: 20,
    15: 21,
    16: 30,
    17: 31,
    18: 32,
    19: 10,
    20: 11,
    21: 12,
    22: 13,
    23: 14,
    24: 20,
    25: 30,
    26: 40,
    27: 41,
    28: 50,
    29: 60,
    30: 70,
    31: 80,
    32: 90,
    33: 100,
    34: 110,
    35: 120,
}
"""Version 1's number of each of version 2's codes."""


def routes(book: MeetingBook, now: Callable[[], datetime], certificate: Claims) -> list[BaseRoute]:
    """Return version 1 below ``PROXY_PATH``; ``certificate`` gives the claims of the caller."""
    return [Mount(PROXY_PATH, app=_Version1(book, now, certificate).application())]


class _Version1(Api):
    def __init__(self, book: MeetingBook, now: Callable[[], datetime], certificate: Claims) -> None:
        # Nobody signs in here, so there is no sign-in service to ask.
        super().__init__(book, None, now)
        self._certificate = certificate

    def _signed_in(self, operations: Mapping[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            caller = read_caller(self._certificate(), self._book.organisations)
            method = "GET" if request.method == "HEAD" else request.method
            if method == "DELETE":
                await operations[method](request, caller)
                return Response(status_code=200)
            return _rewritten(await operations[method](request, caller), request)

        return endpoint

    async def on_problem(self, request: Request, error: Exception) -> Response:
        problem = error if isinstance(error, ApiProblem) else ApiProblem(500)
        return JSONResponse(_problem(problem, request.url.path, self._now()), status_code=problem.status)

    async def _read(self, request: Request) -> Any:
        sent = await super()._read(request)
        if not isinstance(sent, dict):
            return sent
        if request.method == "PATCH":
            sent = {name: _deleted(name) if value is None else value for name, value in sent.items()}
        return {name: _read_time(value) if name in ("startTime", "endTime") else value for name, value in sent.items()}

    async def _search(self, request: Request, caller: Caller) -> Response:
        given = [name for name in _CRITERIA if request.query_params.get(name)]
        if len(given) > 1:
            raise crashed("Ambiguous handler methods mapped for the search")
        if not given and "from-start-time" not in request.query_params:
            raise malformed()
        return await super()._search(request, caller)


def _read_time(value: object) -> object:
    found = _SENT_TIME.fullmatch(value) if isinstance(value, str) else None
    if value is not None and found is None:
        raise malformed()
    return None if found is None else found.group(1) + found.group(2)


def _deleted(name: str) -> object:
    if name in ("subject", "startTime", "endTime"):
        raise refusal(30)
    return [] if name in ("labels", "additionalInformation") else "" if name in ("description", "projectCode") else None


def _problem(problem: ApiProblem, path: str, now: datetime) -> dict[str, Any]:
    body: dict[str, Any] = {
        "timestamp": now.isoformat(timespec="milliseconds"),
        "status": problem.status,
        "error": HTTPStatus(problem.status).phrase,
        "message": problem.text or "",
        "path": path,
    }
    if problem.code in _NUMBERS:
        body |= {"errorCode": _NUMBERS[problem.code], "errorText": problem.text}
    return body


def _rewritten(answer: Response, request: Request) -> Response:
    content = _with_spaces(json.loads(bytes(answer.body)))
    if isinstance(content, list):
        content = content[0] if request.query_params.get("short-id") and content else _packed(content)
    return JSONResponse(content, status_code=answer.status_code, media_type="application/hal+json")


def _packed(rows: list[Any]) -> dict[str, Any]:
    links = {"_links": {"self": {"href": "https://video-api.internal/videoapi"}}}
    return {"_embedded": {"resourceList": rows}, **links} if rows else links


def _with_spaces(content: Any) -> Any:
    if isinstance(content, list):
        return [_with_spaces(one) for one in content]
    if not isinstance(content, dict):
        return content
    return {
        name: _spaced(value) if name in _TIMES and isinstance(value, str) else _with_spaces(value)
        for name, value in content.items()
    }


def _spaced(value: str) -> str:
    return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S +0000")
