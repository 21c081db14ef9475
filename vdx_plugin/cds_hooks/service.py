"""The service over HTTP: discovery open to all, hooks and feedback to the records that may call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vdx_plugin import log
from vdx_plugin.cds_hooks import calls, cards
from vdx_plugin.cds_hooks.bearer import Bearer, Seen, Trusted
from vdx_plugin.cds_hooks.cards import Links
from vdx_plugin.cds_hooks.feedback import FeedbackFile
from vdx_plugin.cds_hooks.keys import KeySets
from vdx_plugin.errors import NotFound, Refused, Unavailable, Unreadable, VdxError

_log = log.get("cds")

PATH = "/cds-services"
MAX_BODY = 256_000
_STATUS: tuple[tuple[type[VdxError], int, str], ...] = (
    (NotFound, 404, "not-found"),
    (Refused, 401, "login"),
    (Unreadable, 400, "invalid"),
    (Unavailable, 503, "transient"),
)
"""Each kind of error, its status, and its code in an OperationOutcome."""


class CardService:
    """The service as an ASGI app. ``public_url`` is the base under which records call it: ``aud`` must name it."""

    def __init__(
        self,
        public_url: str,
        trusted: tuple[Trusted, ...],
        links: Links,
        feedback: FeedbackFile,
        keys: KeySets,
        now: Callable[[], datetime],
        origins: tuple[str, ...] = (),
    ) -> None:
        self._base = public_url.rstrip("/") + PATH
        self._trusted = trusted
        self._links = links
        self._feedback = feedback
        self._keys = keys
        self._now = now
        self._seen = Seen()
        self.app = Starlette(
            routes=[
                Route(PATH, self._on_discovery),
                Route(f"{PATH}/{{service}}", self._on_call, methods=["POST"]),
                Route(f"{PATH}/{{service}}/feedback", self._on_feedback, methods=["POST"]),
            ],
            middleware=_cors(origins),
            # Starlette's types want handlers of Exception.
            exception_handlers={VdxError: _on_error, ClientDisconnect: _on_disconnect},
        )

    async def _on_discovery(self, _request: Request) -> Response:
        return JSONResponse(cards.discovery())

    async def _on_call(self, request: Request) -> Response:
        service, hook = _service_of(request)
        await self._believe(request, f"{self._base}/{service}")
        call = calls.read_call(await _body(request), hook)
        _log.info("called: %s", hook)
        return JSONResponse(cards.cards(call, self._links, [uuid4()]), headers={"Cache-Control": "no-store"})

    async def _on_feedback(self, request: Request) -> Response:
        service, _hook = _service_of(request)
        await self._believe(request, f"{self._base}/{service}/feedback")
        outcomes = calls.read_feedback(await _body(request), frozenset(cards.override_reasons()))
        await self._feedback.add(service, outcomes, self._now().date())
        return Response(status_code=200)

    async def _believe(self, request: Request, endpoint: str) -> None:
        """Check who calls. Raises Refused(``cds.bearer``), Unavailable."""
        bearer = Bearer.of(request.headers.get("authorization"), self._trusted)
        now = self._now().timestamp()
        keys = await self._keys.of(bearer.jku, bearer.kid, now)
        iss, jti, ends = bearer.issuer(keys, self._trusted, endpoint, now)
        self._seen.take(iss, jti, ends, now)


def _service_of(request: Request) -> tuple[str, str]:
    service = request.path_params["service"]
    hook = cards.hook_of(service)
    if hook is None:
        raise NotFound("cds.service")
    return service, hook


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Unreadable("cds.request", place="content type")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_BODY:
            raise Unreadable("cds.request", "too large", place="body")
    return bytes(content)


def _cors(origins: tuple[str, ...]) -> list[Middleware]:
    """Let browser pages of these origins call; of none unless told, and never of all."""
    if not origins:
        return []
    headers = ["authorization", "content-type"]
    return [Middleware(CORSMiddleware, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=headers)]


async def _on_error(_request: Request, error: Exception) -> Response:
    """Answer in the form of CDS Hooks 3.0: an OperationOutcome, which says what is wrong and nothing that was sent."""
    assert isinstance(error, VdxError)
    status, code = next((status, code) for kind, status, code in _STATUS if isinstance(error, kind))
    if status == 401:
        _log.warning("a call was refused: %s", error)
    told: dict[str, Any] = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": str(error)}],
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(told, status_code=status, headers=headers, media_type="application/fhir+json")


async def _on_disconnect(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)
