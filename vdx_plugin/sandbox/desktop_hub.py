"""A double of a FHIRcast hub, strict as the specification is, with a page that plays another program on the desktop.

Written from FHIRcast 3.0.0 (STU 3): subscription by form with 202 and an end point of its own for each subscriber
(2.4), a confirmation with topic, events and lease as the first frame, the open context again for whoever comes late
(2.6), an answer within ten seconds or a ``syncerror`` to the others (2.5.4, 2.7), leases that end, denial, and the
current context on request (2.9). It is ours, so it proves that both sides read the text alike and no more.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from vdx_plugin.sandbox.pages import page

BASE = "/fhircast"
KNOWN_EVENTS = (
    "patient-open",
    "patient-close",
    "encounter-open",
    "encounter-close",
    "imagingstudy-open",
    "imagingstudy-close",
    "syncerror",
    "userlogout",
    "userhibernate",
)
ANSWER_WITHIN_S = 10.0


@dataclass
class Subscriber:
    """One subscription. ``answers`` are the statuses it gave, by event id, newest last."""

    endpoint_id: str
    name: str
    events: tuple[str, ...]
    ends_at: datetime
    is_denied: bool = False
    line: WebSocket | None = None
    answers: dict[str, int] = field(default_factory=dict)
    _waiting: dict[str, asyncio.Future[int]] = field(default_factory=dict)

    async def send(self, frame: Mapping[str, Any], within_s: float) -> int:
        """Send an event and return the status it is answered with; 504 where no answer comes in time."""
        if self.line is None:
            return 504
        answered = self._waiting.setdefault(frame["id"], asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(within_s):
                await self.line.send_text(json.dumps(frame))
                status = await answered
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            status = 504
        self._waiting.pop(frame["id"], None)
        self.answers[frame["id"]] = status
        return status

    def take_answer(self, event_id: str, status: int) -> None:
        waiting = self._waiting.get(event_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(status)


class DesktopHub:
    """The hub of one topic. ``patients`` are FHIR Patient resources that the page can open."""

    def __init__(
        self,
        now: Callable[[], datetime],
        patients: tuple[Mapping[str, Any], ...] = (),
        *,
        topic: str = "",
        token: str = "",
        longest_lease_s: int = 7200,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self.topic = topic or secrets.token_urlsafe(16)
        self.token = token or secrets.token_urlsafe(16)
        self.denies = False
        """Set: a subscription is accepted and then denied over the websocket."""
        self.tells_context = True
        """Unset: the optional request for the current context answers 501."""
        self.subscribers: dict[str, Subscriber] = {}
        self.syncerrors: list[str] = []
        """Names of those whose refusal was told to the others."""
        self.context: list[Mapping[str, Any]] = []
        self.open_event: Mapping[str, Any] | None = None
        self._now = now
        self._patients = patients
        self._longest_lease_s = longest_lease_s
        self._answer_within_s = answer_within_s

    # --- for a person or a test at the desktop ----------------------------------------------------------------------

    async def open_patient(
        self, patient: Mapping[str, Any], encounter: str = "", at: datetime | None = None
    ) -> list[int]:
        """Open a patient at the other program; return what the subscribers answered."""
        context: list[Mapping[str, Any]] = [{"key": "patient", "resource": patient}]
        if encounter:
            context.append({"key": "encounter", "resource": {"resourceType": "Encounter", "id": encounter}})
        return await self.publish("Encounter-open" if encounter else "Patient-open", context, at)

    async def close_patient(self) -> list[int]:
        """Close what is open."""
        return await self.publish("Patient-close", self.context)

    async def publish(
        self, name: str, context: list[Mapping[str, Any]], at: datetime | None = None, event_id: str = ""
    ) -> list[int]:
        """Send an event to all who asked for it, and tell the others who could not follow."""
        frame = {
            "timestamp": (at or self._now()).isoformat(),
            "id": event_id or secrets.token_hex(8),
            "event": {
                "hub.topic": self.topic,
                "hub.event": name,
                "context": context,
                "context.versionId": secrets.token_hex(4),
            },
        }
        if name.lower().endswith("-open"):
            self.context, self.open_event = context, frame
        elif name.lower() in ("patient-close", "userlogout"):
            self.context, self.open_event = [], None
        return await self._deliver(frame)

    async def _deliver(self, frame: Mapping[str, Any]) -> list[int]:
        name = frame["event"]["hub.event"].lower()
        asked = [one for one in self._alive() if name in one.events]
        statuses = await asyncio.gather(*(one.send(frame, self._answer_within_s) for one in asked))
        for subscriber, status in zip(asked, statuses, strict=True):
            if status >= 400 and name != "syncerror":
                await self._tell_out_of_step(subscriber, frame, status)
        return list(statuses)

    async def _tell_out_of_step(self, failed: Subscriber, frame: Mapping[str, Any], status: int) -> None:
        self.syncerrors.append(failed.name)
        issue = {
            "severity": "warning",
            "code": "processing",
            "diagnostics": f"{failed.name} answered {status}",
            "details": {
                "coding": [{"system": "https://fhircast.hl7.org/events/syncerror/eventid", "code": frame["id"]}]
            },
        }
        outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
        told = {
            "timestamp": self._now().isoformat(),
            "id": secrets.token_hex(8),
            "event": {
                "hub.topic": self.topic,
                "hub.event": "syncerror",
                "context": [{"key": "operationoutcome", "resource": outcome}],
            },
        }
        others = [one for one in self._alive() if one is not failed and "syncerror" in one.events]
        await asyncio.gather(*(one.send(told, self._answer_within_s) for one in others))

    def _alive(self) -> list[Subscriber]:
        return [one for one in self.subscribers.values() if one.line is not None and one.ends_at > self._now()]

    async def hang_up(self) -> None:
        """Cut every connection, as a hub does that goes down."""
        for subscriber in list(self.subscribers.values()):
            if subscriber.line is not None:
                await subscriber.line.close(1001)

    # --- the specification's side -----------------------------------------------------------------------------------

    def routes(self) -> list[BaseRoute]:
        """Return the hub's own routes and the page of the other program."""
        return [
            Route(f"{BASE}/hub", self._ask, methods=["POST"]),
            Route(f"{BASE}/hub/{{topic}}", self._current),
            WebSocketRoute(f"{BASE}/line/{{endpoint}}", self._line),
            Route(f"{BASE}/", self._page),
            Route(f"{BASE}/open/{{place:int}}", self._open, methods=["POST"]),
            Route(f"{BASE}/close", self._close, methods=["POST"]),
        ]

    async def _ask(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Response(status_code=401)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        if form.get("hub.topic") != self.topic:
            return Response("unknown topic", status_code=404)
        match form.get("hub.mode"):
            case "subscribe":
                return self._subscribe(request, form)
            case "unsubscribe":
                self.subscribers.pop(_last_part(form.get("hub.channel.endpoint", "")), None)
                return Response(status_code=202)
            case _:
                return Response("hub.mode", status_code=400)

    def _subscribe(self, request: Request, form: Mapping[str, str]) -> Response:
        names = tuple(name.strip().lower() for name in form.get("hub.events", "").split(",") if name.strip())
        if form.get("hub.channel.type") != "websocket" or not names or not form.get("subscriber.name"):
            return Response("a field is missing", status_code=400)
        wanted = form.get("hub.lease_seconds", "")
        lease = (
            min(int(wanted), self._longest_lease_s) if wanted.isascii() and wanted.isdigit() else self._longest_lease_s
        )
        granted = tuple(name for name in names if name in KNOWN_EVENTS)
        ends_at = self._now() + timedelta(seconds=lease)
        endpoint_id = _last_part(form.get("hub.channel.endpoint", ""))
        known = self.subscribers.get(endpoint_id)
        if known is None:
            endpoint_id = secrets.token_urlsafe(16)
            known = Subscriber(endpoint_id, form["subscriber.name"], granted, ends_at, self.denies)
            self.subscribers[endpoint_id] = known
        known.events, known.ends_at = granted, ends_at
        endpoint = f"ws://{request.headers['host']}{BASE}/line/{endpoint_id}"
        return JSONResponse({"hub.channel.endpoint": endpoint}, status_code=202)

    async def _line(self, line: WebSocket) -> None:
        subscriber = self.subscribers.get(line.path_params["endpoint"])
        if subscriber is None:
            await line.close(1008)
            return
        await line.accept()
        if subscriber.is_denied:
            await line.send_json({"hub.mode": "denied", "hub.topic": self.topic, "hub.reason": "session unauthorized"})
            await line.close(1000)
            return
        await line.send_json(
            {
                "hub.mode": "subscribe",
                "hub.topic": self.topic,
                "hub.events": ",".join(subscriber.events),
                "hub.lease_seconds": int((subscriber.ends_at - self._now()).total_seconds()),
            }
        )
        subscriber.line = line
        replay = asyncio.create_task(self._replay(subscriber), name="hub-replay")
        try:
            await self._listen(line, subscriber)
        finally:
            replay.cancel()
            await asyncio.gather(replay, return_exceptions=True)
            self.subscribers.pop(subscriber.endpoint_id, None)

    async def _replay(self, subscriber: Subscriber) -> None:
        """Who comes late is sent what is open now (2.6)."""
        if self.open_event is not None:
            await subscriber.send(self.open_event, self._answer_within_s)

    async def _listen(self, line: WebSocket, subscriber: Subscriber) -> None:
        while True:
            try:
                answer = json.loads(await line.receive_text())
                subscriber.take_answer(str(answer["id"]), int(answer["status"]))
            except WebSocketDisconnect:
                return
            except (ValueError, KeyError, TypeError):
                await line.close(1003)
                return

    async def _current(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Response(status_code=401)
        if request.path_params["topic"] != self.topic:
            return Response(status_code=404)
        if not self.tells_context:
            return Response(status_code=501)
        kind = "Patient" if self.context else ""
        return JSONResponse({"context.type": kind, "context.versionId": secrets.token_hex(4), "context": self.context})

    # --- the page ---------------------------------------------------------------------------------------------------

    async def _page(self, _request: Request) -> Response:
        open_id = self.context[0]["resource"].get("id") if self.context else None
        rows = [(place, patient, patient.get("id") == open_id) for place, patient in enumerate(self._patients)]
        followers = [(one.name, list(one.answers.values())[-5:]) for one in self._alive()]
        return page("desktop_hub.html", rows=rows, followers=followers, refusals=len(self.syncerrors))

    async def _open(self, request: Request) -> Response:
        place = request.path_params["place"]
        if place < len(self._patients):
            await self.open_patient(self._patients[place])
        return RedirectResponse(f"{BASE}/", status_code=303)

    async def _close(self, _request: Request) -> Response:
        await self.close_patient()
        return RedirectResponse(f"{BASE}/", status_code=303)


def _last_part(address: str) -> str:
    return address.rpartition("/")[2]
