"""The video API as it is: one method per end point, typed, without a will of its own.

Version 2, or version 1 with another ``wire``. Nothing is repeated here except once after a 401 (``auth``). Every call
has a correlation id (``x-request-id``) that VDX logs too, and at most ``AT_ONCE`` calls are under way. What only the
provisioner of rooms may call is left out. Raises the errors of ``faults``.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from pydantic import TypeAdapter, ValidationError

from vdx_plugin import log
from vdx_plugin.booking import faults, limits
from vdx_plugin.booking.models import (
    CreateMeeting,
    Info,
    Layout,
    Meeting,
    PatchMeeting,
    PoolInfo,
    SchedulingInfo,
    SchedulingTemplate,
    TemplateWish,
    UpdateMeeting,
)
from vdx_plugin.booking.wire import Version2, Wire
from vdx_plugin.domain.room import ProvisionStatus
from vdx_plugin.errors import Refused

_log = log.get("booking.client")
T = TypeVar("T")

AT_ONCE = 4
TIME_LIMITS = httpx.Timeout(connect=5, read=10, write=10, pool=10)

_INFO = TypeAdapter(Info)
_MEETING = TypeAdapter(Meeting)
_MEETINGS = TypeAdapter(list[Meeting])
_ROOM = TypeAdapter(SchedulingInfo)
_ROOMS = TypeAdapter(list[SchedulingInfo])
_TEMPLATE = TypeAdapter(SchedulingTemplate)
_TEMPLATES = TypeAdapter(list[SchedulingTemplate])
_POOL = TypeAdapter(list[PoolInfo])


class VdxClient:
    """Calls of one identity at one VDX.

    Connections belong to that identity and are never shared: behind a certificate the connection *is* the identity.
    """

    def __init__(
        self,
        base_url: str,
        auth: httpx.Auth,
        *,
        wire: Wire | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._api_url = f"{base_url.rstrip('/')}/"
        self.wire = wire or Version2()
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

    # --- meetings -------------------------------------------------------------------------------------------------

    async def create_meeting(self, wanted: CreateMeeting) -> Meeting:
        """Book. The answer holds no room: ask ``scheduling_info``."""
        return await self._ask("create meeting", "POST", "meetings", _MEETING, body=wanted.body())

    async def meeting(self, meeting_id: UUID) -> Meeting:
        """Read one meeting. Raises NotFound; Refused if it is another organisation's."""
        return await self._ask("read meeting", "GET", f"meetings/{meeting_id}", _MEETING)

    async def change_meeting(self, meeting_id: UUID, change: PatchMeeting) -> Meeting:
        """Change a meeting. A 200 does not mean that every change was taken: read back."""
        return await self._ask("change meeting", "PATCH", f"meetings/{meeting_id}", _MEETING, body=change.body())

    async def replace_meeting(self, meeting_id: UUID, wanted: UpdateMeeting) -> Meeting:
        """Replace what is said of a meeting; all that is left out is cleared, the organiser included. Read back."""
        return await self._ask("replace meeting", "PUT", f"meetings/{meeting_id}", _MEETING, body=wanted.body())

    async def delete_meeting(self, meeting_id: UUID) -> None:
        """Delete a meeting whose room has not been made yet. Raises Conflict(``vdx.state``) afterwards."""
        await self._send("delete meeting", "DELETE", f"meetings/{meeting_id}")

    # VDX obeys one criterion of a search and ignores the others, so there is one method for each.

    async def meetings_between(self, start: datetime, end: datetime) -> list[Meeting]:
        """Find meetings that start in the window, both ends included."""
        return await self._find(**self._window(start, end, "to-start-time"))

    async def meetings_labelled(self, label: str) -> list[Meeting]:
        """Find meetings by label."""
        return await self._find(label=label)

    async def meetings_called(self, subject: str) -> list[Meeting]:
        """Find meetings by their whole subject."""
        return await self._find(subject=subject)

    async def meetings_of(self, email: str) -> list[Meeting]:
        """Find meetings by organiser. For a planner VDX keeps a user of that address for ever: ask known ones only.

        Raises Refused(``vdx.input``) for an address that VDX cannot hold and would fall over.
        """
        if limits.units(email) > limits.EMAIL:
            raise Refused("vdx.input", "too long", field="organizedByEmail")
        return await self._find(organizedBy=email)

    async def meetings_with_short_id(self, short_id: str) -> list[Meeting]:
        """Find the meeting behind a short link. An admin-only token finds other organisations' as well."""
        return await self._find(**{"short-id": short_id})

    async def meetings_at(self, address: str) -> list[Meeting]:
        """Find meetings by the whole address of their room."""
        return await self._find(uriWithDomain=address)

    async def meetings_matching(self, text: str, start: datetime, end: datetime) -> list[Meeting]:
        """Find meetings by a piece of text and a window, both ends excluded.

        Both times are always sent: with one of the two the server falls over. It falls over too when a plain
        meeting-user searches for anything but the own address; ``meetings`` therefore searches on our side.
        """
        return await self._find(search=text, **self._window(start, end, "to-start-time"))

    async def meeting_at(self, address: str) -> Meeting:
        """Return the one meeting with this room address. Raises NotFound; Unavailable where a number was reused."""
        return await self._ask(
            "find by address", "GET", "meetings/findByUriWithDomain", _MEETING, params={"uri": address}
        )

    async def meeting_at_number(self, number: str) -> Meeting:
        """Return the one meeting whose room has this number now. Raises NotFound."""
        return await self._ask(
            "find by number", "GET", "meetings/findByUriWithoutDomain", _MEETING, params={"uri": number}
        )

    # --- rooms ----------------------------------------------------------------------------------------------------

    async def scheduling_info(self, meeting_id: UUID) -> SchedulingInfo:
        """Read the room of a meeting. It locks a row at VDX: not more often than every few seconds."""
        return await self._ask("read room", "GET", f"scheduling-info/{meeting_id}", _ROOM)

    async def scheduling_infos(self, start: datetime, end: datetime, status: ProvisionStatus) -> list[SchedulingInfo]:
        """Return rooms of one status that come up or end within the window, of the whole organisation."""
        params = self._window(start, end, "to-end-time") | {"provision-status": status.value}
        return await self._ask("list rooms", "GET", "scheduling-info", _ROOMS, params=params)

    async def reserve(self, layout: Layout | None = None) -> SchedulingInfo:
        """Reserve a pool room that looks so; for a meeting-admin. Raises NotFound where none fits.

        It changes state though it is a GET, and cannot be undone: never ahead of need, never again by itself. What is
        left out of ``layout`` is not "any" but VDX's default, and filters.
        """
        wanted = (layout or Layout()).body()
        params = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in wanted.items()}
        return await self._ask("reserve room", "GET", "scheduling-info-reserve", _ROOM, params=params)

    async def reservation(self, reservation_id: UUID) -> SchedulingInfo:
        """Read a reserved room. Raises NotFound."""
        return await self._ask("read reservation", "GET", f"scheduling-info-reserve/{reservation_id}", _ROOM)

    async def pool(self) -> list[PoolInfo]:
        """Return pool levels; often empty, because organisations on the new provisioner are left out."""
        return await self._ask("read pool", "GET", "pool", _POOL)

    # --- templates ------------------------------------------------------------------------------------------------

    async def templates(self) -> list[SchedulingTemplate]:
        """Return the organisation's own templates."""
        return await self._ask("list templates", "GET", "scheduling-templates", _TEMPLATES)

    async def template(self, template_id: int) -> SchedulingTemplate:
        """Return one template. Raises NotFound."""
        return await self._ask("read template", "GET", f"scheduling-templates/{template_id}", _TEMPLATE)

    async def add_template(self, wanted: TemplateWish) -> SchedulingTemplate:
        """Make a template; for a meeting-admin. Raises Misconfigured for a second template of the pool."""
        return await self._ask("add template", "POST", "scheduling-templates", _TEMPLATE, body=wanted.body())

    async def replace_template(self, template_id: int, wanted: TemplateWish) -> SchedulingTemplate:
        """Put another recipe in a template's place; for a meeting-admin."""
        path = f"scheduling-templates/{template_id}"
        return await self._ask("replace template", "PUT", path, _TEMPLATE, body=wanted.body())

    async def delete_template(self, template_id: int) -> None:
        """Take a template out of use; for a meeting-admin. Rooms made from it stay."""
        await self._send("delete template", "DELETE", f"scheduling-templates/{template_id}")

    # --- one request ----------------------------------------------------------------------------------------------

    async def _find(self, **criteria: str) -> list[Meeting]:
        return await self._ask("find meetings", "GET", "meetings", _MEETINGS, params=criteria)

    def _window(self, start: datetime, end: datetime, name_of_end: str) -> dict[str, str]:
        return {"from-start-time": self.wire.query_time(start), name_of_end: self.wire.query_time(end)}

    async def _ask(
        self,
        operation: str,
        method: str,
        path: str,
        answer: TypeAdapter[T],
        *,
        body: dict[str, Any] | None = None,
        params: dict[str, str] | None = None,
    ) -> T:
        response = await self._send(operation, method, path, body=body, params=params)
        try:
            is_list = answer in (_MEETINGS, _ROOMS, _TEMPLATES, _POOL)
            return answer.validate_json(self.wire.unpack(response.content) if is_list else response.content)
        except ValidationError as error:
            place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
            raise faults.unreadable(f"{operation}: {place or 'body'}") from error
        except json.JSONDecodeError as error:
            raise faults.unreadable(f"{operation}: body") from error

    async def _send(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        params: dict[str, str] | None = None,
    ) -> httpx.Response:
        request_id = str(uuid4())
        started = time.monotonic()
        outcome = "no answer"
        try:
            async with self._places:
                with faults.translated(self._api_url):
                    response = await self._http.request(
                        method,
                        self._api_url + path,
                        headers={"x-request-id": request_id},
                        json=None if body is None else self.wire.body(body),
                        params=params,
                    )
            outcome = str(response.status_code)
        finally:
            elapsed_ms = round((time.monotonic() - started) * 1000)
            _log.info("%s: %s, %d ms, request id %s", operation, outcome, elapsed_ms, request_id)
        self._note_time(response)
        faults.raise_for(response, self.wire)
        return response

    def _note_time(self, response: httpx.Response) -> None:
        try:
            self.server_time = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            self.server_time = None
