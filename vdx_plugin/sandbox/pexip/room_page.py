"""The page about the video rooms in use: who is in them, what their clients measure, and what may be done to them.

What is done here comes from the node or from the other end of a telephone, never from a participant: a call put on
hold, an answer at the telephone, a token asked to be renewed. Nothing under ``/_sandbox/`` is ever hit by a fault.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.errors import VdxError
from vdx_plugin.sandbox.pages import page
from vdx_plugin.sandbox.pexip.meeting import Meeting
from vdx_plugin.sandbox.pexip.roster import Event
from vdx_plugin.sandbox.pexip.state import Answered, Leave, Person, Role

if TYPE_CHECKING:
    from vdx_plugin.sandbox.pexip.server import RoomServer

PATH = "/_sandbox/rooms/"
_FIGURES = {
    "tx_bitrate": ("sender", " kbit/s"),
    "rx_bitrate": ("modtager", " kbit/s"),
    "tx_resolution": ("sender", ""),
    "rx_resolution": ("modtager", ""),
    "rx_windowed_packet_loss": ("taber", " %"),
}


def routes(server: RoomServer) -> list[BaseRoute]:
    """Return the page, its actions and what the clients have measured as JSON."""

    async def show(_request: Request) -> Response:
        return page("rooms.html", rooms=[_room(server, meeting) for meeting in server.meetings])

    async def act(request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()}
        meeting = next((found for found in server.meetings if found.state.alias == form.get("room")), None)
        do = _ACTIONS.get(form.get("action", ""))
        if meeting is None or do is None:
            return JSONResponse({"error": "no such room or action"}, 404)
        try:
            await do(server, meeting, form.get("who", ""))
        except VdxError:
            return JSONResponse({"error": "not possible now"}, 409)
        return RedirectResponse(PATH, status_code=303)

    async def statistics(_request: Request) -> Response:
        return JSONResponse({meeting.state.alias: _measured(meeting) for meeting in server.meetings})

    return [
        Route(PATH, show, methods=["GET"]),
        Route(f"{PATH}act", act, methods=["POST"]),
        Route(f"{PATH}statistics", statistics, methods=["GET"]),
    ]


Action = Callable[["RoomServer", Meeting, str], Awaitable[None]]


async def _hold(_server: RoomServer, meeting: Meeting, _who: str) -> None:
    meeting.tell_everybody(Event("on_hold", {"setting": True}))


async def _resume(_server: RoomServer, meeting: Meeting, _who: str) -> None:
    meeting.tell_everybody(Event("on_hold", {"setting": False}))


async def _renew(_server: RoomServer, meeting: Meeting, _who: str) -> None:
    meeting.tell_everybody(Event("refresh_token"))


async def _answer(_server: RoomServer, meeting: Meeting, who: str) -> None:
    await meeting.perform(Answered(who))


async def _put_down(_server: RoomServer, meeting: Meeting, who: str) -> None:
    person = meeting.state.find(who)
    if person is not None and person.dialled:
        await meeting.perform(Leave(who))


async def _toggle_direct(server: RoomServer, meeting: Meeting, _who: str) -> None:
    """Takes effect when the room is next entered empty."""
    room = server.directory.find(meeting.state.alias)
    if room is not None:
        server.directory.open(replace(room, direct_media=not room.direct_media))


_ACTIONS: dict[str, Action] = {
    "hold": _hold,
    "resume": _resume,
    "renew": _renew,
    "answer": _answer,
    "put_down": _put_down,
    "direct": _toggle_direct,
}


def _room(server: RoomServer, meeting: Meeting) -> dict[str, Any]:
    state, room = meeting.state, server.directory.find(meeting.state.alias)
    return {
        "alias": state.alias,
        "locked": state.locked,
        "direct_now": state.direct_media,
        "direct_next": room is not None and room.direct_media,
        "people": [_person(meeting, person) for person in state.people],
    }


def _person(meeting: Meeting, person: Person) -> dict[str, Any]:
    call = meeting.calls.get(person.uuid)
    return {
        "uuid": person.uuid,
        "name": person.display_name,
        "role": "vært" if person.role is Role.CHAIR else "gæst",
        "where": "ringes op" if person.connecting else "venter" if person.waiting else "inde",
        "telephone": person.dialled,
        "connecting": person.connecting,
        "presents": meeting.state.presenter == person.uuid,
        "figures": _figures(call.statistics if call else {}),
    }


def _figures(statistics: dict[str, Any]) -> str:
    """Return what a client has measured of its picture, as far as it is what it should be."""
    video = statistics.get("video")
    found = video if isinstance(video, dict) else {}
    parts = [
        f"{word} {value if isinstance(value, str) else round(value, 1)}{unit}"
        for name, (word, unit) in _FIGURES.items()
        if isinstance(value := found.get(name), int | float | str) and not isinstance(value, bool)
    ]
    return ", ".join(part[:60] for part in parts)


def _measured(meeting: Meeting) -> dict[str, dict[str, Any]]:
    return {uuid: call.statistics for uuid, call in meeting.calls.items()}
