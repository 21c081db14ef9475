"""A small VDX in memory for one test, written from the facts about medcom-video-api 2.5.0.

It knows the steps a room goes through only as far as the test tells it: ``steps`` are the provision statuses that
successive looks at a room show. ``trouble`` holds what happens to the next calls of an operation instead of, or
(``Lost``) after, the work.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from vdx_plugin.booking import Patience, VdxAccess, VdxRooms, open_rooms
from vdx_plugin.domain.room import MeetingDraft
from vdx_plugin.domain.secret import Secret

NOW = datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC)
MEETING = UUID("6b2f1b7e-6f0e-4d0e-9f6e-0a4b6c1d2e3f")
ACCESS = VdxAccess("https://vdx.test/videoapi/v2", "https://signin.test/token", "clinic", Secret("s+cret"), "sandbox")
COPENHAGEN = ZoneInfo("Europe/Copenhagen")


@dataclass(frozen=True)
class FixedClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Answer:
    """Answer with this instead of doing the work."""

    status: int
    code: str | int | None = None
    text: str = "something"


@dataclass(frozen=True)
class Lost:
    """Do the work, then lose the answer."""

    error: type[httpx.TransportError] = httpx.ReadTimeout


@dataclass(frozen=True)
class Broken:
    """Never reach the work."""

    error: type[httpx.TransportError] = httpx.ConnectError


def jwt(**claims: Any) -> str:
    """A token that can be looked into, and that nobody could check."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


@dataclass
class VdxDouble:
    steps: list[str] = field(default_factory=lambda: ["PROVISIONED_OK"])
    host_pin: int | None = 482913
    guest_pin: int | None = 771204
    roles: tuple[str, ...] = ("meeting-planner",)
    trouble: dict[str, list[Answer | Lost | Broken]] = field(default_factory=lambda: defaultdict(list))
    meetings: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, httpx.Request]] = field(default_factory=list)
    token_calls: list[httpx.Request] = field(default_factory=list)
    good_tokens: set[str] = field(default_factory=set)
    takes_no_token: bool = False
    vmr_available_before: int = 15
    portal_pin: int | None = None
    ignores_pin_patch: bool = False
    foreign: bool = False

    def rooms(self, **patience: Any) -> VdxRooms:
        quick = {"poll_s": 0.0, "ready_limit_s": 5.0, "backoff_s": 0.0} | patience
        transport = httpx.MockTransport(self.handle)
        return open_rooms(ACCESS, FixedClock(), patience=Patience(**quick), transport=transport)

    def named(self, operation: str) -> list[httpx.Request]:
        return [request for name, request in self.calls if name == operation]

    def order(self) -> list[str]:
        return [name for name, _ in self.calls]

    # --- the server -------------------------------------------------------------------------------------------

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "signin.test":
            return self._token(request)
        operation = _operation(request)
        self.calls.append((operation, request))
        if self.takes_no_token or request.headers["Authorization"].removeprefix("Bearer ") not in self.good_tokens:
            return httpx.Response(401, headers={"WWW-Authenticate": "Bearer"})
        trouble = self.trouble[operation].pop(0) if self.trouble[operation] else None
        if isinstance(trouble, Broken):
            raise trouble.error("no line", request=request)
        if isinstance(trouble, Answer):
            return self._problem(trouble)
        response = self._work(operation, request)
        if isinstance(trouble, Lost):
            raise trouble.error("gone", request=request)
        return response

    def _token(self, request: httpx.Request) -> httpx.Response:
        self.token_calls.append(request)
        trouble = self.trouble["token"].pop(0) if self.trouble["token"] else None
        if isinstance(trouble, Broken):
            raise trouble.error("no line", request=request)
        if isinstance(trouble, Answer):
            return httpx.Response(trouble.status, json={"error": "unauthorized_client"})
        token = jwt(**{"n": len(self.token_calls)}, **({"dk:medcom:video:role": self.roles} if self.roles else {}))
        self.good_tokens.add(token)
        return httpx.Response(200, json={"access_token": token, "token_type": "Bearer", "expires_in": 300})

    def _problem(self, answer: Answer) -> httpx.Response:
        body: dict[str, Any] = {"timestamp": "2026-03-02T10:00:00+01:00", "status": answer.status, "path": "/v2/x"}
        if answer.code is not None:
            body |= {"detailed_error_code": answer.code, "detailed_error": answer.text}
        return httpx.Response(answer.status, json=body)

    def _work(self, operation: str, request: httpx.Request) -> httpx.Response:
        uuid = request.url.path.rsplit("/", 1)[-1]
        if operation == "info":
            date = {"Date": "Mon, 02 Mar 2026 08:59:40 GMT"}
            return httpx.Response(200, json={"info": [{"key": "git", "value": "{branch=x}"}]}, headers=date)
        if operation == "POST meeting":
            return self._create(json.loads(request.content))
        if uuid not in self.meetings:
            return self._problem(Answer(404, "11", "Resource: meeting in field: uuid not found."))
        if operation == "GET meeting":
            return self._problem(Answer(403, "11")) if self.foreign else self._meeting(uuid)
        if operation == "GET room":
            return self._room(uuid)
        if operation == "PATCH meeting":
            return self._patch(uuid, json.loads(request.content))
        assert operation == "DELETE meeting"
        if self._status() != "AWAITS_PROVISION":
            return self._problem(Answer(406, "13"))
        del self.meetings[uuid]
        return httpx.Response(204)

    def _create(self, body: dict[str, Any]) -> httpx.Response:
        # An explicit null for a primitive is a NullPointerException at the server.
        if any(value is None for value in body.values()):
            return self._problem(Answer(500, "11"))
        if body["uuid"] in self.meetings:
            return self._problem(Answer(400, "24", "Unable to generate unique shortId. Try again."))
        self.meetings[body["uuid"]] = body
        self.host_pin = body.get("hostPin", self.host_pin)
        self.guest_pin = body.get("guestPin", self.guest_pin)
        return self._meeting(body["uuid"])

    def _patch(self, uuid: str, body: Mapping[str, Any]) -> httpx.Response:
        if self._status() not in ("AWAITS_PROVISION", "PROVISIONED_OK"):
            return self._problem(Answer(406, "12"))
        self.meetings[uuid] |= body
        if self._status() == "AWAITS_PROVISION" and not self.ignores_pin_patch:
            self.host_pin = body.get("hostPin", self.host_pin)
            self.guest_pin = body.get("guestPin", self.guest_pin)
        return self._meeting(uuid)

    def _meeting(self, uuid: str) -> httpx.Response:
        kept = self.meetings[uuid]
        answer = {name: kept[name] for name in ("subject", "uuid") if name in kept} | {
            "startTime": _normalised(kept["startTime"]),
            "endTime": _normalised(kept["endTime"]),
            "labels": kept.get("labels", []),
            "updatedBy": {},
            "shortId": "abcdefghijkl",
            "shortLink": "https://m.vdx.test/abcdefghijkl",
            "shortlink": "https://m.vdx.test/abcdefghijkl",
            "_links": {"self": {"href": "https://inner.vdx.test/x"}},
        }
        return httpx.Response(200, json=answer, headers={"Content-Type": "application/hal+json"})

    def _status(self) -> str:
        return self.steps[0]

    def _room(self, uuid: str) -> httpx.Response:
        pin = self.portal_pin or self.guest_pin or self.host_pin or ""
        answer = {
            "uuid": uuid,
            "uriWithDomain": "122081@rooms.vdx.test",
            "provisionStatus": self._status(),
            "vmrAvailableBefore": self.vmr_available_before,
            "portalLink": f"https://portal.vdx.test/?conference=122081%40rooms.vdx.test&pin={pin}",
            "hostPin": self.host_pin,
            "guestPin": self.guest_pin,
            "directMedia": "never",
            "aFieldOfNextYear": {"x": 1},
        }
        if len(self.steps) > 1:
            self.steps.pop(0)
        return httpx.Response(200, json={name: value for name, value in answer.items() if value is not None})


def _operation(request: httpx.Request) -> str:
    if request.url.path.endswith("/info"):
        return "info"
    return f"{request.method} {'room' if '/scheduling-info/' in request.url.path else 'meeting'}"


def _normalised(time: str) -> str:
    """VDX drops fractions and answers in its own zone."""
    return datetime.fromisoformat(time).replace(microsecond=0).astimezone(COPENHAGEN).isoformat()


def draft(**changes: Any) -> MeetingDraft:
    values: dict[str, Any] = {"meeting_id": MEETING, "start": NOW, "end": NOW + timedelta(minutes=30), "label": "b-1"}
    return MeetingDraft(**(values | changes))
