"""The client REST API v2 as HTTP: paths, headers, bodies and answers, translated to commands and back.

Source: Pexip Infinity client REST API v2.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.clock import wait_until_set
from vdx_plugin.sandbox.pexip.admission import Holder
from vdx_plugin.sandbox.pexip.answers import (
    ILLEGAL,
    INVALID_ROLE,
    MAINTENANCE,
    MAX_BODY,
    Answer,
    Body,
    choice,
    guarded,
    read_body,
    reply,
    text,
)
from vdx_plugin.sandbox.pexip.audience import EventStream
from vdx_plugin.sandbox.pexip.commands import ANSWERED_WITH_NOTHING, CONFERENCE, PARTICIPANT, mix_command
from vdx_plugin.sandbox.pexip.direct import BACKGROUND, THEME
from vdx_plugin.sandbox.pexip.door import Door, holder_of
from vdx_plugin.sandbox.pexip.layouts import NAMES, drawing
from vdx_plugin.sandbox.pexip.meeting import Meeting
from vdx_plugin.sandbox.pexip.roster import Event, status
from vdx_plugin.sandbox.pexip.state import Command, Person, Role, Transfer
from vdx_plugin.sandbox.pexip.telephones import shown_name

if TYPE_CHECKING:
    from vdx_plugin.sandbox.pexip.server import RoomServer

_ROOT = "/api/client/v2"
_ROOM = _ROOT + "/conferences/{alias}"
_PERSON = _ROOM + "/participants/{uuid}"
_PROTOCOLS = ("sip", "h323", "rtmp", "mssip", "auto")
_CALL_TYPES = ("", "video", "video-only", "audio")


def routes(server: RoomServer) -> list[BaseRoute]:
    """Return the routes of the client API."""
    door, room = Door(server), _Room(server)
    gets = {
        f"{_ROOM}/events": room.events,
        f"{_ROOM}/conference_status": room.conference_status,
        f"{_ROOM}/participants": room.participants,
        f"{_ROOM}/available_layouts": room.available_layouts,
        f"{_ROOM}/layout_svgs": room.layout_drawings,
        f"{_ROOM}/theme/": room.theme,
        f"{_ROOM}/theme/{{path:path}}": room.theme_file,
        f"{_ROOM}/presentation.jpeg": room.presentation,
        f"{_ROOM}/presentation_high.jpeg": room.presentation,
        f"{_PERSON}/avatar.jpg": room.avatar,
    }
    posts = {
        f"{_ROOM}/request_token": door.request_token,
        f"{_ROOM}/refresh_token": door.refresh_token,
        f"{_ROOM}/release_token": door.release_token,
        f"{_ROOM}/dial": room.dial,
        f"{_ROOM}/video_mixes/{{action}}": room.on_mix,
        f"{_ROOM}/video_mixes/{{mix}}/{{action}}": room.on_mix,
        f"{_PERSON}/calls": room.call,
        f"{_PERSON}/calls/{{call}}/{{command}}": room.on_call,
        f"{_PERSON}/transfer": room.transfer,
        f"{_PERSON}/{{command}}": room.on_participant,
        f"{_ROOM}/{{command}}": room.on_conference,
    }

    async def node_status(_request: Request) -> Response:
        ill = server.faults.waits("node_maintenance")
        return PlainTextResponse(MAINTENANCE if ill else "OK", 503 if ill else 200)

    return [
        Route(f"{_ROOT}/status", node_status, methods=["GET"]),
        *(Route(path, guarded(handler), methods=["GET"]) for path, handler in gets.items()),
        *(Route(path, guarded(handler), methods=["POST"]) for path, handler in posts.items()),
    ]


class _Room:
    """Everything that takes a token."""

    def __init__(self, server: RoomServer) -> None:
        self._server = server

    async def _where(self, request: Request) -> tuple[Holder, Meeting]:
        holder = holder_of(self._server, request)
        await self._server.maybe_lose(holder)
        return holder, self._server.meeting(holder.alias)

    async def _own(self, request: Request) -> tuple[Holder, Meeting]:
        holder, meeting = await self._where(request)
        if request.path_params["uuid"] != holder.uuid:
            raise Answer(403, INVALID_ROLE)
        return holder, meeting

    async def events(self, request: Request) -> Response:
        holder, meeting = await self._where(request)
        stream = meeting.subscribe(holder.uuid)
        lines = _lines(meeting, holder.uuid, stream, self._server.config.keep_alive_s)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(lines, media_type="text/event-stream", headers=headers)

    async def conference_status(self, request: Request) -> Response:
        _, meeting = await self._where(request)
        return reply(status(meeting.state))

    async def participants(self, request: Request) -> Response:
        holder, meeting = await self._where(request)
        return reply(meeting.rows(holder.uuid))

    async def available_layouts(self, request: Request) -> Response:
        await self._where(request)
        annotated = request.query_params.get("annotate", "").lower() == "true"
        return reply([{"name": name, "tags": []} for name in NAMES] if annotated else list(NAMES))

    async def layout_drawings(self, request: Request) -> Response:
        await self._where(request)
        return reply({name: drawing(name) for name in NAMES})

    async def theme(self, request: Request) -> Response:
        """Only direct media needs one: there the client itself draws what a server would have put in the picture."""
        _, meeting = await self._where(request)
        return reply(THEME) if meeting.state.direct_media else Response(status_code=204)

    async def theme_file(self, request: Request) -> Response:
        if request.path_params["path"] != BACKGROUND:
            return reply("Not found", 404)
        return Response(drawing("1:0"), media_type="image/svg+xml")

    async def presentation(self, request: Request) -> Response:
        """The slides as a still picture, for clients that cannot take them as a stream."""
        _, meeting = await self._where(request)
        image = await meeting.slide_image()
        return reply("No image available", 404) if image is None else Response(image, media_type="image/jpeg")

    async def avatar(self, request: Request) -> Response:
        await self._where(request)
        return reply("No image available", 404)

    async def on_conference(self, request: Request) -> Response:
        holder, meeting = await self._where(request)
        make = CONFERENCE.get(request.path_params["command"])
        if make is None:
            return reply("Not found", 404)
        return await _carry_out(meeting, make(holder.uuid, await read_body(request)))

    async def on_mix(self, request: Request) -> Response:
        holder, meeting = await self._where(request)
        command = mix_command(holder.uuid, request.path_params["action"], await read_body(request))
        return await _carry_out(meeting, command)

    async def on_participant(self, request: Request) -> Response:
        holder, meeting = await self._where(request)
        make = PARTICIPANT.get(request.path_params["command"])
        if make is None:
            return reply("Not found", 404)
        uuid = request.path_params["uuid"]
        done = await _carry_out(meeting, make(holder.uuid, uuid, await read_body(request), self._server.clock()))
        return reply(None) if request.path_params["command"] in ANSWERED_WITH_NOTHING else done

    async def dial(self, request: Request) -> Response:
        """Answers at once with whom is being called; whether they answer comes as events."""
        holder, meeting = await self._where(request)
        body = await read_body(request)
        destination = text(body, "destination", limit=200).strip()
        if not destination:
            return reply(ILLEGAL, 400)
        protocol = choice(body, "protocol", _PROTOCOLS) if "protocol" in body else "auto"
        role = choice(body, "role", ("HOST", "GUEST")) if "role" in body else "GUEST"
        name = text(body, "remote_display_name", limit=200) or shown_name(destination)
        person = Person(
            "",
            name,
            Role.CHAIR if role == "HOST" else Role.GUEST,
            protocol="sip" if protocol == "auto" else protocol,
            uri=destination,
            audio_only=choice(body, "call_type", _CALL_TYPES) == "audio",
        )
        uuid = await self._server.dial(meeting, person, by=holder.uuid)
        return reply([uuid])

    async def transfer(self, request: Request) -> Response:
        holder, meeting = await self._where(request)
        body = await read_body(request)
        role = Role.CHAIR if choice(body, "role", ("host", "guest")) == "host" else Role.GUEST
        pin = text(body, "pin", limit=100) or None
        alias = text(body, "conference_alias", limit=200)
        destination, role = self._server.destination(alias, role, pin)
        await meeting.perform(Transfer(holder.uuid, request.path_params["uuid"], destination, role))
        return reply(True)

    async def call(self, request: Request) -> Response:
        holder, meeting = await self._own(request)
        body = await read_body(request)
        if text(body, "call_type", limit=20) not in ("", "WEBRTC") or text(body, "present") not in ("", "main"):
            return reply(ILLEGAL, 400)
        answer = await meeting.call(
            holder.uuid,
            text(body, "sdp", limit=MAX_BODY),
            audio_only=text(body, "media_type") == "audio",
            slides_in_main=text(body, "present") == "main",
        )
        result: Body = {"call_uuid": answer.call_uuid, "sdp": answer.sdp}
        if answer.ignored:
            result["offer_ignored"] = True
        elif self._server.config.turn_after_call:
            result["turn"] = [server.as_json() for server in self._server.config.turn_after_call]
        return reply(result)

    async def on_call(self, request: Request) -> Response:
        holder, meeting = await self._own(request)
        body = await read_body(request)
        call, command = request.path_params["call"], request.path_params["command"]
        match command:
            case "ack":
                slow = self._server.faults.take_fault("slow_ack")
                if slow is not None:
                    await wait_until_set(self._server.faults.released, slow.delay_s)
                ignored = body.get("offer_ignored") is True
                await meeting.acknowledge(holder.uuid, call, text(body, "sdp", limit=MAX_BODY), ignored=ignored)
                return reply(True)
            case "update":
                return await self._update(holder, meeting, call, text(body, "sdp", limit=MAX_BODY))
            case "new_candidate":
                await meeting.add_candidate(holder.uuid, call, _candidate(body))
            case "statistics":
                meeting.note_statistics(holder.uuid, call, body)
            case "disconnect":
                await meeting.hang_up(holder.uuid, call)
            case "dtmf" | "fecc":
                return reply(True)
            case _:
                return reply("Not found", 404)
        return reply(None)

    async def _update(self, holder: Holder, meeting: Meeting, call: str, sdp: str) -> Response:
        answer = await meeting.update(holder.uuid, call, sdp)
        if self._server.config.update_answers_text and not answer.ignored:
            return reply(answer.sdp)
        result: Body = {"call_uuid": call, "sdp": answer.sdp}
        return reply(result | ({"offer_ignored": True} if answer.ignored else {}))


async def _carry_out(meeting: Meeting, command: Command | None) -> Response:
    if command is not None:
        await meeting.perform(command)
    return reply(True)


def _candidate(body: Body) -> dict[str, str]:
    return {key: text(body, key) for key in ("candidate", "mid", "ufrag", "pwd") if key in body}


async def _lines(meeting: Meeting, uuid: str, stream: EventStream, keep_alive_s: float) -> AsyncIterator[str]:
    number = 0
    try:
        async for event in stream.read(keep_alive_s=keep_alive_s):
            number += 1
            yield ": keep-alive\n\n" if event is None else _line(event, number)
    finally:
        meeting.audience.discard(uuid, stream)


def _line(event: Event, number: int) -> str:
    """An event without data says ``null``: the vendor's client passes over one that says nothing."""
    return f"id: {number}\nevent: {event.name}\ndata: {json.dumps(event.data)}\n\n"
