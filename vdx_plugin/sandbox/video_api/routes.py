"""The HTTP face of the video API double: binds requests, asks who calls, runs the operation, writes the answer.

Order of complaints, as in the server: token (401), organisation and role claim (403, 401), binding and validation of
the body (400), role for the end point (403), then the rules of the operation.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from vdx_plugin.sandbox.signin import NotSignedIn, SignIn
from vdx_plugin.sandbox.video_api import answers, body, searching
from vdx_plugin.sandbox.video_api.access import BOOKERS, read_caller, require
from vdx_plugin.sandbox.video_api.book import MeetingBook
from vdx_plugin.sandbox.video_api.links import without_pin
from vdx_plugin.sandbox.video_api.problems import ApiProblem, malformed
from vdx_plugin.sandbox.video_api.templates import TEMPLATE_MEMBERS
from vdx_plugin.sandbox.video_api.values import DEFAULT_LAYOUT, Caller, Layout, MeetingUser, ProvisionStatus, Role, Room

Operation = Callable[[Request, Caller], Awaitable[Response]]
_HAL = "application/hal+json"


def routes(book: MeetingBook, sign_in: SignIn, now: Callable[[], datetime]) -> list[BaseRoute]:
    """Return the API below ``/videoapi/v2`` and the short links below ``/m``."""
    app = Api(book, sign_in, now).application()

    async def short_link(request: Request) -> Response:
        found = book.by_short_id(request.path_params["short_id"])
        if found is None or found[1].portal_link is None:
            return PlainTextResponse("Linket findes ikke eller gælder ikke længere.", status_code=404)
        meeting, room = found
        link = room.portal_link or ""
        return RedirectResponse(without_pin(link) if meeting.guest_pin_required else link, status_code=302)

    return [Mount("/videoapi/v2", app=app), Route("/m/{short_id}", short_link)]


async def on_lost(request: Request, _error: Exception) -> Response:
    """Answer for an address that leads nowhere: one of the API's (a line break in it) with its plain body."""
    if not request.url.path.startswith("/videoapi/"):
        return PlainTextResponse("Not Found", status_code=404)
    return JSONResponse(ApiProblem(404).body(request.url.path, datetime.now(UTC)), status_code=404)


async def _on_not_signed_in(_request: Request, error: Exception) -> Response:
    challenge = error.challenge if isinstance(error, NotSignedIn) else "Bearer"
    return Response(status_code=401, headers={"WWW-Authenticate": challenge})


class Api:
    """The end points of version 2. Each method is an ``Operation``; ``_signed_in`` puts the caller in front."""

    def __init__(self, book: MeetingBook, sign_in: SignIn | None, now: Callable[[], datetime]) -> None:
        self._book = book
        self._sign_in = sign_in
        self._now = now

    def application(self) -> Starlette:
        """Return the end points as an application to be mounted below the version's base."""
        return Starlette(
            routes=self.routes(),
            exception_handlers={
                ApiProblem: self.on_problem,
                NotSignedIn: _on_not_signed_in,
                HTTPException: self.on_http,
            },
        )

    def routes(self) -> list[BaseRoute]:
        """Return the end points one by one."""
        table: list[tuple[str, str, Operation]] = [
            ("GET", "/info", self._info),
            ("GET", "/meetings/findByUriWithDomain", functools.partial(self._find, with_domain=True)),
            ("GET", "/meetings/findByUriWithoutDomain", functools.partial(self._find, with_domain=False)),
            ("GET", "/meetings", self._search),
            ("POST", "/meetings", self._book_meeting),
            ("GET", "/meetings/{uuid}", self._read_meeting),
            ("PUT", "/meetings/{uuid}", functools.partial(self._change, replaces=True)),
            ("PATCH", "/meetings/{uuid}", functools.partial(self._change, replaces=False)),
            ("DELETE", "/meetings/{uuid}", self._delete_meeting),
            ("GET", "/scheduling-info", self._list_rooms),
            ("POST", "/scheduling-info", self._make_pool_room),
            ("GET", "/scheduling-info/{uuid}", self._read_room),
            ("PUT", "/scheduling-info/{uuid}", self._set_status),
            ("GET", "/scheduling-info-provision", functools.partial(self._work_list, up=True)),
            ("GET", "/scheduling-info-deprovision", functools.partial(self._work_list, up=False)),
            ("GET", "/scheduling-info-reserve", self._reserve),
            ("GET", "/scheduling-info-reserve/{uuid}", self._read_reservation),
            ("GET", "/scheduling-templates", self._list_templates),
            ("POST", "/scheduling-templates", self._add_template),
            ("GET", "/scheduling-templates/{id}", self._read_template),
            ("PUT", "/scheduling-templates/{id}", self._replace_template),
            ("DELETE", "/scheduling-templates/{id}", self._delete_template),
            ("GET", "/pool", self._pool),
        ]
        paths: dict[str, dict[str, Operation]] = {}
        for method, path, operation in table:
            paths.setdefault(path, {})[method] = operation
        return [
            Route(path, self._signed_in(operations), methods=list(operations)) for path, operations in paths.items()
        ]

    def _signed_in(self, operations: Mapping[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if self._sign_in is None:
                raise NotSignedIn
            claims = self._sign_in.check(request.headers.get("authorization"))
            caller = read_caller(claims, self._book.organisations)
            method = "GET" if request.method == "HEAD" else request.method
            return await operations[method](request, caller)

        return endpoint

    async def on_problem(self, request: Request, error: Exception) -> Response:
        problem = error if isinstance(error, ApiProblem) else ApiProblem(500)
        return JSONResponse(problem.body(request.url.path, self._now()), status_code=problem.status)

    async def on_http(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return await self.on_problem(request, ApiProblem(status))

    # Meetings

    async def _search(self, request: Request, caller: Caller) -> Response:
        found = searching.search(request.query_params, caller, self._book.meetings.values(), self._book.rooms)
        person = searching.searched_person(request.query_params, caller)
        if person is not None:
            self._book.users.add(MeetingUser(caller.organisation, person))
        return _answer([answers.meeting(meeting, self._short_base) for meeting in found])

    async def _book_meeting(self, request: Request, caller: Caller) -> Response:
        values = body.bind(await self._read(request), body.CREATE_MEMBERS)
        require(caller, *BOOKERS)
        meeting = self._book.book(caller, body.booking(values))
        return _answer(answers.meeting(meeting, self._short_base))

    async def _read_meeting(self, request: Request, caller: Caller) -> Response:
        meeting = self._book.meeting(caller, body.read_uuid(request.path_params["uuid"]))
        return _answer(answers.meeting(meeting, self._short_base))

    async def _find(self, request: Request, caller: Caller, *, with_domain: bool) -> Response:
        address = request.query_params.get("uri")
        if address is None:
            raise malformed()
        meeting = self._book.find_by_address(caller, address, with_domain=with_domain)
        return _answer(answers.meeting(meeting, self._short_base))

    async def _change(self, request: Request, caller: Caller, *, replaces: bool) -> Response:
        meeting_uuid = body.read_uuid(request.path_params["uuid"])
        members = body.REPLACE_MEMBERS if replaces else body.PATCH_MEMBERS
        values = body.bind(await self._read(request), members)
        require(caller, *BOOKERS)
        meeting = self._book.change(caller, meeting_uuid, body.change(values, replaces=replaces))
        return _answer(answers.meeting(meeting, self._short_base))

    async def _delete_meeting(self, request: Request, caller: Caller) -> Response:
        meeting_uuid = body.read_uuid(request.path_params["uuid"])
        require(caller, *BOOKERS)
        self._book.delete(caller, meeting_uuid)
        return Response(status_code=204)

    # Rooms

    async def _list_rooms(self, request: Request, caller: Caller) -> Response:
        query = request.query_params
        if "from-start-time" not in query or "to-end-time" not in query:
            raise malformed()
        start, end = body.read_moment(query["from-start-time"]), body.read_moment(query["to-end-time"])
        status = body.one_of(*ProvisionStatus)(query.get("provision-status", "AWAITS_PROVISION"))
        return self._rooms(self._book.rooms_between(caller, start, end, ProvisionStatus(status)))

    async def _read_room(self, request: Request, caller: Caller) -> Response:
        room = self._book.room(caller, body.read_uuid(request.path_params["uuid"]))
        return _answer(self._room(room))

    async def _make_pool_room(self, request: Request, caller: Caller) -> Response:
        values = body.bind(await self._read(request), body.POOL_ROOM_MEMBERS)
        require(caller, Role.PROVISIONER_USER)
        organisation = values["organizationId"]
        template = self._book.templates.for_pool_room(organisation, values["schedulingTemplateId"])
        return _answer(self._room(self._book.new_pool_room(organisation, template, caller.user)))

    async def _set_status(self, request: Request, caller: Caller) -> Response:
        room_uuid = body.read_uuid(request.path_params["uuid"])
        values = body.bind(await self._read(request), body.STATUS_MEMBERS)
        require(caller, Role.PROVISIONER_USER)
        room = self._book.set_status(
            room_uuid,
            ProvisionStatus(values["provisionStatus"]),
            description=values.get("provisionStatusDescription") or "",
            vmr_id=values.get("provisionVmrId"),
            by=caller.user,
        )
        return _answer(self._room(room))

    async def _work_list(self, _request: Request, caller: Caller, *, up: bool) -> Response:
        require(caller, Role.PROVISIONER_USER)
        now = self._now()
        wanted = searching.due_rooms if up else searching.finished_rooms
        return self._rooms(wanted(self._book.rooms.values(), now))

    async def _reserve(self, request: Request, caller: Caller) -> Response:
        wanted = _asked_layout(request.query_params)
        require(caller, Role.ADMIN)
        return _answer(self._room(self._book.reserve(caller, wanted)))

    async def _read_reservation(self, request: Request, caller: Caller) -> Response:
        reservation_id = body.read_uuid(request.path_params["uuid"])
        require(caller, Role.ADMIN)
        return _answer(self._room(self._book.reservation(reservation_id)))

    # Templates, pool, info

    async def _list_templates(self, _request: Request, caller: Caller) -> Response:
        return _answer([answers.template(template) for template in self._book.templates.own(caller)])

    async def _read_template(self, request: Request, caller: Caller) -> Response:
        return _answer(answers.template(self._book.templates.get(caller, _template_id(request))))

    async def _add_template(self, request: Request, caller: Caller) -> Response:
        values = body.bind(await self._read(request), TEMPLATE_MEMBERS)
        require(caller, Role.ADMIN)
        return _answer(answers.template(self._book.templates.add(caller, values, self._now())))

    async def _replace_template(self, request: Request, caller: Caller) -> Response:
        template_id = _template_id(request)
        values = body.bind(await self._read(request), TEMPLATE_MEMBERS)
        require(caller, Role.ADMIN)
        return _answer(answers.template(self._book.templates.replace(caller, template_id, values, self._now())))

    async def _delete_template(self, request: Request, caller: Caller) -> Response:
        template_id = _template_id(request)
        require(caller, Role.ADMIN)
        self._book.templates.delete(caller, template_id)
        return Response(status_code=204)

    async def _pool(self, _request: Request, _caller: Caller) -> Response:
        pooled = [org for org in self._book.organisations.values() if org.pool_size]
        return _answer([self._pool_info(org.code, org.pool_size or 0) for org in pooled if self._listed])

    async def _info(self, _request: Request, _caller: Caller) -> Response:
        git = {"branch": "sandbox", "commit": {"id": "sandbox"}}
        build = {"artifact": "medcom-video-api", "version": "2.5.0"}
        return JSONResponse({"info": [{"key": "git", "value": git}, {"key": "build", "value": build}]})

    # Parts

    async def _read(self, request: Request) -> Any:
        """Return the body of a request as JSON."""
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            raise ApiProblem(415)
        try:
            return json.loads(await request.body())
        except ValueError as error:
            raise malformed() from error

    @property
    def _short_base(self) -> str:
        return self._book.settings.short_link_base

    @property
    def _listed(self) -> bool:
        return self._book.settings.pool_is_listed

    def _room(self, room: Room) -> dict[str, Any]:
        return answers.room(room, self._book.meetings.get(room.uuid), self._short_base)

    def _rooms(self, rooms: list[Room]) -> Response:
        return _answer([self._room(room) for room in rooms])

    def _pool_info(self, code: str, size: int) -> dict[str, Any]:
        rooms = self._book.pool_rooms(code)
        ready = [room for room in rooms if room.status is ProvisionStatus.PROVISIONED_OK]
        info: dict[str, Any] = {
            "organisationId": code,
            "desiredPoolSize": size,
            "availablePoolSize": len(ready),
            "schedulingInfoList": [self._room(room) for room in rooms],
        }
        template = self._book.templates.default_of(code)
        return info if template is None else info | {"schedulingTemplate": answers.template(template)}


def _answer(content: object) -> Response:
    return JSONResponse(content, media_type=_HAL)


def _template_id(request: Request) -> int:
    number: int = body.read_int64(request.path_params["id"])
    return number


def _asked_layout(query: Mapping[str, str]) -> Layout:
    """Read the layout from a query whose defaults act as filters (unlike in a booking, where they mean any)."""
    values = body.bind(dict(query), body.LAYOUT_MEMBERS)
    asked = body.layout(values)
    defaults = DEFAULT_LAYOUT
    return Layout(**{name: getattr(defaults, name) if value is None else value for name, value in vars(asked).items()})
