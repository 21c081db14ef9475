"""VDX's two neighbours, as far as anything is known of them: the history of calls, and text messages with links.

History (``/apikey/history/v1/conference``, key in ``X-API-KEY``) answers in the form of Pexip's own history, which is a
guess; a call is written down when its room is taken down. The SMS service (``/sms/v1/meeting/{uuid}``) keeps what it is
given and calls it delivered. Nothing leaves the machine.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.video_api import MeetingBook, ProvisionStatus

HISTORY_PATH = "/apikey/history/v1/conference"
SMS_PATH = "/certproxy/sms/v1/meeting/{uuid}"
HISTORY_KEY = "sandbox-history-key"
_PLACE_OF_LINK = "%meeting_url%"


@dataclass(frozen=True)
class Conference:
    """One call that took place."""

    name: str
    start: datetime
    end: datetime

    def written(self, number: int) -> dict[str, object]:
        """Return it as Pexip's history would."""
        return {
            "id": number,
            "name": self.name,
            "start_time": self.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
            "end_time": self.end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
            "duration": int((self.end - self.start).total_seconds()),
            "participant_count": 2,
            "participants": [],
        }


@dataclass(frozen=True)
class Sms:
    """A message as the phone would show it."""

    to: str = field(repr=False)
    text: str = field(repr=False)


class Neighbours:
    """What both remember. ``book`` is asked when the first request comes; ``deliver`` gets number and text."""

    def __init__(
        self,
        book: Callable[[], MeetingBook],
        now: Callable[[], datetime],
        deliver: Callable[[str, str], object] = lambda _to, _text: None,
    ) -> None:
        self.conferences: list[Conference] = []
        self.messages: dict[UUID, list[Sms]] = {}
        self._book = book
        self._now = now
        self._deliver = deliver
        self._seen: set[UUID] = set()

    def watch(self) -> None:
        """Write down the calls of rooms that were taken down since the last look."""
        for uuid, room in self._book().rooms.items():
            if room.status is ProvisionStatus.DEPROVISION_OK and room.has_meeting and uuid not in self._seen:
                self._seen.add(uuid)
                start = self._book().meetings[uuid].start
                self.conferences.append(Conference(room.uri_with_domain, start, self._now()))

    def routes(self) -> list[BaseRoute]:
        """Return the end points of both."""
        return [Route(HISTORY_PATH, self._history), Route(SMS_PATH, self._sms, methods=["GET", "POST"])]

    async def _history(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("x-api-key", "").encode(), HISTORY_KEY.encode()):
            return Response(status_code=401)
        try:
            start, end = (_time(request.query_params[name]) for name in ("start_time__gte", "end_time__lt"))
            offset, limit = int(request.query_params.get("offset", 0)), int(request.query_params.get("limit", 20))
        except (KeyError, ValueError):
            return Response(status_code=400)
        found = [one for one in self.conferences if start <= one.start and one.end < end]
        rows = [one.written(number + 1) for number, one in enumerate(found)][offset : offset + limit]
        more = f"{HISTORY_PATH}?offset={offset + limit}" if offset + limit < len(found) else None
        meta = {"limit": limit, "next": more, "offset": offset, "previous": None, "total_count": len(found)}
        return JSONResponse({"meta": meta, "objects": rows})

    async def _sms(self, request: Request) -> Response:
        try:
            uuid = UUID(request.path_params["uuid"])
        except ValueError:
            return Response(status_code=400)
        meeting = self._book().meetings.get(uuid)
        if meeting is None:
            return Response(status_code=404)
        if request.method == "GET":
            return JSONResponse([{"status": "DELIVERED"} for _sms in self.messages.get(uuid, [])])
        try:
            body = json.loads(await request.body())
            message, to = str(body["message"]), str(body["to"])
        except (ValueError, KeyError, TypeError):
            return Response(status_code=400)
        if not re.fullmatch(r"\+?\d{8,15}", to):
            return Response(status_code=400)
        link = self._book().settings.short_link_base + meeting.short_id
        text = message.replace(_PLACE_OF_LINK, link)
        self.messages.setdefault(uuid, []).append(Sms(to, text))
        self._deliver(to, text)
        return Response(status_code=200)


def _time(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
