"""The client REST API v2 as HTTP: paths, headers, bodies and answers, translated to commands and back.

Every answer is ``{"status", "result"}``. Refusals carry a plain string as result and say ``failed``; the words
are a real node's where they are known. Source: Pexip Infinity client REST API v2.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from vdx_plugin.errors import Refused, Unreadable, VdxError
from vdx_plugin.sandbox.pexip.admission import Asked, Holder, Wrong, judge
from vdx_plugin.sandbox.pexip.audience import EventStream
from vdx_plugin.sandbox.pexip.meeting import Meeting
from vdx_plugin.sandbox.pexip.roster import Event, status
from vdx_plugin.sandbox.pexip.state import (
    Admit,
    ChangeRole,
    Command,
    EndForAll,
    Expel,
    Mark,
    MuteGuests,
    Person,
    ReleaseFloor,
    Role,
    Say,
    SetLock,
    Start,
    TakeFloor,
)

if TYPE_CHECKING:
    from vdx_plugin.sandbox.pexip.server import RoomServer

_ROOT = "/api/client/v2"
_ROOM = _ROOT + "/conferences/{alias}"
_MAX_BODY = 200_000

NOT_FOUND = "Neither conference nor gateway found"
INVALID_TOKEN = "Invalid token"
INVALID_PIN = "Invalid PIN"
TOO_MANY_PINS = "Participant exceeded PIN entry retries"
ILLEGAL = "Illegal value"

_REFUSALS = {
    "room.invalid_role": (403, "Invalid role"),
    "room.no_floor": (403, "Presentation not permitted"),
    "room.full": (403, "Participant limit reached"),
    "room.no_participant": (404, "Participant not found"),
    "room.no_call": (404, "Call not found"),
    "room.unknown": (404, NOT_FOUND),
    "sdp.unreadable": (400, "Invalid SDP"),
    "sdp.incomplete": (400, "Invalid SDP"),
}

Body: TypeAlias = dict[str, Any]


class _Answer(Exception):
    """An early answer; no error of ours."""

    def __init__(self, code: int, result: Any) -> None:
        self.response = _reply(result, code)


def routes(server: RoomServer) -> list[BaseRoute]:
    """Return the routes of the client API."""
    door = _Door(server)
    room = _Room(server)
    return [
        Route(f"{_ROOT}/status", _node_status, methods=["GET"]),
        Route(f"{_ROOM}/request_token", _guarded(door.request_token), methods=["POST"]),
        Route(f"{_ROOM}/refresh_token", _guarded(door.refresh_token), methods=["POST"]),
        Route(f"{_ROOM}/release_token", _guarded(door.release_token), methods=["POST"]),
        Route(f"{_ROOM}/events", _guarded(room.events), methods=["GET"]),
        Route(f"{_ROOM}/conference_status", _guarded(room.conference_status), methods=["GET"]),
        Route(f"{_ROOM}/participants", _guarded(room.participants), methods=["GET"]),
        Route(f"{_ROOM}/participants/{{uuid}}/calls", _guarded(room.call), methods=["POST"]),
        Route(f"{_ROOM}/participants/{{uuid}}/calls/{{call}}/{{command}}", _guarded(room.on_call), methods=["POST"]),
        Route(f"{_ROOM}/participants/{{uuid}}/{{command}}", _guarded(room.on_participant), methods=["POST"]),
        Route(f"{_ROOM}/{{command}}", _guarded(room.on_conference), methods=["POST"]),
    ]


async def _node_status(request: Request) -> Response:
    return PlainTextResponse("OK")


def _reply(result: Any, code: int = 200) -> Response:
    return JSONResponse({"status": "success" if code < 400 else "failed", "result": result}, code)


def _guarded(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Turn refusals into the answers a node gives."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except _Answer as early:
            return early.response
        except (Refused, Unreadable) as error:
            return _refusal(error)

    return answer


def _refusal(error: VdxError) -> Response:
    code, text = _REFUSALS.get(error.code, (400, ILLEGAL))
    return _reply(text, code)


async def _body(request: Request) -> Body:
    raw = await request.body()
    if len(raw) > _MAX_BODY:
        raise _Answer(413, ILLEGAL)
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise _Answer(400, ILLEGAL) from None
    if not isinstance(body, dict):
        raise _Answer(400, ILLEGAL)
    return body


def _text(body: Body, key: str, *, limit: int = 4000) -> str:
    value = body.get(key, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > limit:
        raise _Answer(400, ILLEGAL)
    return value


def _holder(server: RoomServer, request: Request) -> Holder:
    token = request.headers.get("token") or request.query_params.get("token") or ""
    holder = server.tokens.holder(token, at=server.clock())
    room = server.directory.find(request.path_params["alias"])
    if holder is None or room is None or room.alias != holder.alias:
        raise _Answer(403, INVALID_TOKEN)
    return holder


class _Door:
    """Tokens: asking, refreshing, giving back."""

    def __init__(self, server: RoomServer) -> None:
        self._server = server

    async def request_token(self, request: Request) -> Response:
        """403 answers are steps on the way, not errors: which PIN is wanted, or that it was wrong."""
        server = self._server
        body = await _body(request)
        room = server.directory.find(request.path_params["alias"])
        if room is None:
            return _reply(NOT_FOUND, 404)
        name = _text(body, "display_name", limit=200).strip()
        if not name:
            return _reply({"display_name": "required"}, 403)
        caller = (room.alias, request.client.host if request.client else "", name)
        if server.pin_guard.is_shut(caller, at=server.clock()):
            return _reply(TOO_MANY_PINS, 403)
        verdict = judge(room, request.headers.get("pin"))
        if isinstance(verdict, Asked):
            return _reply({"pin": verdict.pin, "guest_pin": verdict.guest_pin}, 403)
        if isinstance(verdict, Wrong):
            server.pin_guard.note_wrong(caller, at=server.clock())
            return _reply(INVALID_PIN, 403)
        server.pin_guard.note_right(caller)
        token, person = await server.enter(
            room, name=name, role=verdict.role, call_tag=_text(body, "call_tag", limit=200)
        )
        return _reply(_token_reply(server, token, person, room.alias))

    async def refresh_token(self, request: Request) -> Response:
        server = self._server
        holder = _holder(server, request)
        person = server.meeting(holder.alias).state.find(holder.uuid)
        token = server.tokens.issue(holder, at=server.clock())
        role = person.role if person else Role.GUEST
        return _reply({"token": token, "expires": _expires(server), "role": _token_role(role)})

    async def release_token(self, request: Request) -> Response:
        """Also sent by ``navigator.sendBeacon`` with the token in the address, so the body is not looked at."""
        await self._server.leave(_holder(self._server, request))
        return _reply(True)


def _expires(server: RoomServer) -> str:
    return str(int(server.config.token_life_s))


def _token_role(role: Role) -> str:
    return "HOST" if role is Role.CHAIR else "GUEST"


def _token_reply(server: RoomServer, token: str, person: Person, alias: str) -> Body:
    return {
        "token": token,
        "expires": _expires(server),
        "participant_uuid": person.uuid,
        "display_name": person.display_name,
        "role": _token_role(person.role),
        "call_tag": person.call_tag,
        "service_type": "conference",
        "current_service_type": "waiting_room" if person.waiting else "conference",
        "call_type": "video",
        "conference_name": alias,
        "service_name": alias,
        "version": {"version_id": "39", "pseudo_version": "39.0.0-sandbox"},
        "chat_enabled": True,
        "guests_can_present": False,
        "fecc_enabled": False,
        "rtmp_enabled": False,
        "rtsp_enabled": False,
        "analytics_enabled": False,
        "trickle_ice_enabled": True,
        "vp9_enabled": False,
        "allow_1080p": False,
        "bandwidth_in": server.config.max_video_kbps,
        "bandwidth_out": server.config.max_video_kbps,
        "direct_media": False,
        "use_relay_candidates_only": False,
        "client_stats_update_interval": 5000,
        "stun": [],
        "turn": [],
        "breakout_rooms": False,
    }


class _Room:
    """Everything that takes a token."""

    def __init__(self, server: RoomServer) -> None:
        self._server = server

    def _where(self, request: Request) -> tuple[Holder, Meeting]:
        holder = _holder(self._server, request)
        return holder, self._server.meeting(holder.alias)

    async def events(self, request: Request) -> Response:
        holder, meeting = self._where(request)
        stream = meeting.subscribe(holder.uuid)
        lines = _lines(meeting, holder.uuid, stream, self._server.config.keep_alive_s)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(lines, media_type="text/event-stream", headers=headers)

    async def conference_status(self, request: Request) -> Response:
        _, meeting = self._where(request)
        return _reply(status(meeting.state))

    async def participants(self, request: Request) -> Response:
        holder, meeting = self._where(request)
        return _reply(meeting.rows(holder.uuid))

    async def on_conference(self, request: Request) -> Response:
        holder, meeting = self._where(request)
        make = _CONFERENCE_COMMANDS.get(request.path_params["command"])
        if make is None:
            return _reply("Not found", 404)
        await meeting.perform(make(holder.uuid, await _body(request)))
        return _reply(True)

    async def on_participant(self, request: Request) -> Response:
        holder, meeting = self._where(request)
        make = _PARTICIPANT_COMMANDS.get(request.path_params["command"])
        if make is None:
            return _reply("Not found", 404)
        command = make(holder.uuid, request.path_params["uuid"], await _body(request), self._server.clock())
        await meeting.perform(command)
        return _reply(True)

    async def call(self, request: Request) -> Response:
        holder, meeting = self._own(request)
        body = await _body(request)
        audio_only = _text(body, "media_type") == "audio"
        sdp = _text(body, "sdp", limit=_MAX_BODY)
        call_uuid, answer = await meeting.call(holder.uuid, sdp, audio_only=audio_only)
        return _reply({"call_uuid": call_uuid, "sdp": answer})

    async def on_call(self, request: Request) -> Response:
        holder, meeting = self._own(request)
        body = await _body(request)
        call, command = request.path_params["call"], request.path_params["command"]
        match command:
            case "ack":
                await meeting.acknowledge(holder.uuid, call)
            case "update":
                sdp = _text(body, "sdp", limit=_MAX_BODY)
                return _reply({"call_uuid": call, "sdp": await meeting.update(holder.uuid, call, sdp)})
            case "new_candidate":
                await meeting.add_candidate(holder.uuid, call, _text(body, "candidate"))
            case "statistics":
                meeting.note_statistics(holder.uuid, call, body)
            case "disconnect":
                await meeting.hang_up(holder.uuid, call)
                return _reply(None)
            case _:
                return _reply("Not found", 404)
        return _reply(True)

    def _own(self, request: Request) -> tuple[Holder, Meeting]:
        holder, meeting = self._where(request)
        if request.path_params["uuid"] != holder.uuid:
            raise _Answer(403, "Invalid role")
        return holder, meeting


def _say(by: str, to: str | None, body: Body) -> Command:
    return Say(by, _text(body, "type", limit=100) or "text/plain", _text(body, "payload"), to)


def _change_role(by: str, uuid: str, body: Body, at: float) -> Command:
    try:
        return ChangeRole(by, uuid, Role(_text(body, "role")))
    except ValueError:
        raise _Answer(400, ILLEGAL) from None


_CONFERENCE_COMMANDS: dict[str, Callable[[str, Body], Command]] = {
    "lock": lambda by, body: SetLock(by, locked=True),
    "unlock": lambda by, body: SetLock(by, locked=False),
    "start_conference": lambda by, body: Start(by),
    "muteguests": lambda by, body: MuteGuests(by, muted=True),
    "unmuteguests": lambda by, body: MuteGuests(by, muted=False),
    "disconnect": lambda by, body: EndForAll(by),
    "message": lambda by, body: _say(by, None, body),
}


def _mark(field: str, value: bool | float | str | None = None) -> Callable[[str, str, Body, float], Command]:
    """Return a maker of marks; without a value the mark is the time."""
    return lambda by, uuid, body, at: Mark(by, uuid, field, at if value is None else value)


_PARTICIPANT_COMMANDS: dict[str, Callable[[str, str, Body, float], Command]] = {
    "disconnect": lambda by, uuid, body, at: Expel(by, uuid),
    "unlock": lambda by, uuid, body, at: Admit(by, uuid),
    "role": _change_role,
    "take_floor": lambda by, uuid, body, at: TakeFloor(by, uuid),
    "release_floor": lambda by, uuid, body, at: ReleaseFloor(by, uuid),
    "message": lambda by, uuid, body, at: _say(by, uuid, body),
    "overlaytext": lambda by, uuid, body, at: Mark(by, uuid, "overlay_text", _text(body, "text", limit=200)),
    "mute": _mark("muted", True),
    "unmute": _mark("muted", False),
    "client_mute": _mark("client_muted", True),
    "client_unmute": _mark("client_muted", False),
    "video_muted": _mark("video_muted", True),
    "video_unmuted": _mark("video_muted", False),
    "buzz": _mark("buzz_at"),
    "clearbuzz": _mark("buzz_at", 0.0),
    "spotlighton": _mark("spotlight_at"),
    "spotlightoff": _mark("spotlight_at", 0.0),
}


async def _lines(meeting: Meeting, uuid: str, stream: EventStream, keep_alive_s: float) -> AsyncIterator[str]:
    number = 0
    try:
        async for event in stream.read(keep_alive_s=keep_alive_s):
            number += 1
            yield ": keep-alive\n\n" if event is None else _line(event, number)
    finally:
        meeting.audience.discard(uuid, stream)


def _line(event: Event, number: int) -> str:
    data = "" if event.data is None else json.dumps(event.data, ensure_ascii=False)
    return f"id: {number}\nevent: {event.name}\ndata: {data}\n\n"
