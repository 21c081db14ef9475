"""The video API version 2 as it is: one method per end point, typed, without a will of its own.

Nothing is repeated here except once after a 401 (``auth``). Every call has a correlation id (``x-request-id``) that
VDX logs too, and at most ``AT_ONCE`` calls are under way. Raises the errors of ``faults``.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from pydantic import TypeAdapter, ValidationError

from vdx_plugin import log
from vdx_plugin.booking import faults
from vdx_plugin.booking.models import (
    CreateMeeting,
    Info,
    Meeting,
    PatchMeeting,
    PoolInfo,
    SchedulingInfo,
    SchedulingTemplate,
)

_log = log.get("booking.client")
T = TypeVar("T")

AT_ONCE = 4
TIME_LIMITS = httpx.Timeout(connect=5, read=10, write=10, pool=10)

_INFO = TypeAdapter(Info)
_MEETING = TypeAdapter(Meeting)
_MEETINGS = TypeAdapter(list[Meeting])
_ROOM = TypeAdapter(SchedulingInfo)
_TEMPLATE = TypeAdapter(SchedulingTemplate)
_TEMPLATES = TypeAdapter(list[SchedulingTemplate])
_POOL = TypeAdapter(list[PoolInfo])


class VdxClient:
    """Calls of one identity at one VDX. Connections belong to that identity, so they are never shared."""

    def __init__(self, base_url: str, auth: httpx.Auth, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._api_url = f"{base_url.rstrip('/')}/"
        self._places = asyncio.Semaphore(AT_ONCE)
        self._http = httpx.AsyncClient(
            auth=auth,
            timeout=TIME_LIMITS,
            transport=transport,
            headers={"Accept": "application/hal+json, application/json"},
        )
        self.server_time: datetime | None = None
        """What VDX's clock showed in its last answer, to the second."""

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def info(self) -> Info:
        """Return what the server was built from."""
        return await self._ask("info", "GET", "info", _INFO)

    async def create_meeting(self, wanted: CreateMeeting) -> Meeting:
        """Book. The answer holds no room: ask ``scheduling_info``."""
        return await self._ask("create meeting", "POST", "meetings", _MEETING, json=wanted.body())

    async def meeting(self, meeting_id: UUID) -> Meeting:
        """Read one meeting. Raises NotFound; Refused if it is another organisation's."""
        return await self._ask("read meeting", "GET", f"meetings/{meeting_id}", _MEETING)

    async def meetings_labelled(self, label: str) -> list[Meeting]:
        """Find meetings by label. It is sent alone: VDX obeys one criterion and ignores the others."""
        return await self._ask("find meetings", "GET", "meetings", _MEETINGS, params={"label": label})

    async def change_meeting(self, meeting_id: UUID, change: PatchMeeting) -> Meeting:
        """Change a meeting. A 200 does not mean that every change was taken: read back."""
        return await self._ask("change meeting", "PATCH", f"meetings/{meeting_id}", _MEETING, json=change.body())

    async def delete_meeting(self, meeting_id: UUID) -> None:
        """Delete a meeting whose room has not been made yet. Raises Conflict(``vdx.state``) afterwards."""
        await self._send("delete meeting", "DELETE", f"meetings/{meeting_id}")

    async def scheduling_info(self, meeting_id: UUID) -> SchedulingInfo:
        """Read the room of a meeting. It locks a row at VDX: not more often than every few seconds."""
        return await self._ask("read room", "GET", f"scheduling-info/{meeting_id}", _ROOM)

    async def templates(self) -> list[SchedulingTemplate]:
        """Return the organisation's own templates."""
        return await self._ask("list templates", "GET", "scheduling-templates", _TEMPLATES)

    async def template(self, template_id: int) -> SchedulingTemplate:
        """Return one template. Raises NotFound."""
        return await self._ask("read template", "GET", f"scheduling-templates/{template_id}", _TEMPLATE)

    async def pool(self) -> list[PoolInfo]:
        """Return pool levels; often empty, because organisations on the new provisioner are left out."""
        return await self._ask("read pool", "GET", "pool", _POOL)

    async def reserve(self) -> SchedulingInfo:
        """Reserve a pool room; for a meeting-admin. It changes state though it is a GET, and cannot be undone."""
        return await self._ask("reserve room", "GET", "scheduling-info-reserve", _ROOM)

    async def reservation(self, reservation_id: UUID) -> SchedulingInfo:
        """Read a reserved room. Raises NotFound."""
        return await self._ask("read reservation", "GET", f"scheduling-info-reserve/{reservation_id}", _ROOM)

    async def _ask(self, operation: str, method: str, path: str, answer: TypeAdapter[T], **request: Any) -> T:
        response = await self._send(operation, method, path, **request)
        try:
            return answer.validate_json(response.content)
        except ValidationError as error:
            place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
            raise faults.unreadable(f"{operation}: {place or 'body'}") from error

    async def _send(self, operation: str, method: str, path: str, **request: Any) -> httpx.Response:
        request_id = str(uuid4())
        started = time.monotonic()
        outcome = "no answer"
        try:
            async with self._places:
                with faults.translated(self._api_url):
                    response = await self._http.request(
                        method, self._api_url + path, headers={"x-request-id": request_id}, **request
                    )
            outcome = str(response.status_code)
        finally:
            elapsed_ms = round((time.monotonic() - started) * 1000)
            _log.info("%s: %s, %d ms, request id %s", operation, outcome, elapsed_ms, request_id)
        self._note_time(response)
        faults.raise_for(response)
        return response

    def _note_time(self, response: httpx.Response) -> None:
        try:
            self.server_time = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            self.server_time = None
