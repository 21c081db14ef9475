"""The way in and out of a room: tokens asked for, refreshed and given back.

403 answers are steps on the way, not errors: which PIN is wanted, which room behind a reception, or that a PIN was
wrong. Source: Pexip Infinity client REST API v2, ``request_token``, ``refresh_token``, ``release_token``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from vdx_plugin.sandbox.pexip.admission import Asked, Holder, Passed, Verdict, Wrong, judge
from vdx_plugin.sandbox.pexip.answers import (
    INVALID_PIN,
    INVALID_TOKEN,
    MAINTENANCE,
    NOT_FOUND,
    TOO_MANY_PINS,
    Answer,
    Body,
    read_body,
    reply,
    text,
)
from vdx_plugin.sandbox.pexip.config import RoomServerConfig
from vdx_plugin.sandbox.pexip.state import Person, Role
from vdx_plugin.sandbox.rooms import VirtualRoom

if TYPE_CHECKING:
    from vdx_plugin.sandbox.pexip.server import RoomServer

_VERSION = {"version_id": "39", "pseudo_version": "39.0.0-sandbox"}
DATA_CHANNEL = 3
# What the vendor's client writes where it has nothing.
_NOTHING = ("", "none")


def holder_of(server: RoomServer, request: Request) -> Holder:
    """Return whose token the request carries. Answers 403 if it is not good in this room."""
    token = request.headers.get("token") or request.query_params.get("token") or ""
    holder = server.tokens.holder(token, at=server.clock())
    room = server.directory.find(request.path_params["alias"])
    if holder is None or room is None or room.alias not in (holder.alias, holder.via):
        raise Answer(403, INVALID_TOKEN)
    return holder


class Door:
    """Tokens: asking, refreshing, giving back."""

    def __init__(self, server: RoomServer) -> None:
        self._server = server

    async def request_token(self, request: Request) -> Response:
        """Let somebody in, or say what is wanted of them."""
        server = self._server
        body = await read_body(request)
        if server.faults.take("node_maintenance"):
            return reply(MAINTENANCE, 503)
        addressed = server.directory.find(request.path_params["alias"])
        if addressed is None:
            return reply(NOT_FOUND, 404)
        name = text(body, "display_name", limit=200).strip()
        if not name:
            return reply({"display_name": "required"}, 403)
        room = self._behind_reception(addressed, body)
        role = self._role(request, room, name, body)
        token, person = await server.enter(
            room,
            Person("", name, role, call_tag=text(body, "call_tag", limit=200)),
            via=addressed.alias,
            direct_media=body.get("direct_media") is True,
        )
        return reply(_token_reply(server.config, token, person, addressed.alias, room))

    def _behind_reception(self, addressed: VirtualRoom, body: Body) -> VirtualRoom:
        """A virtual reception asks which room is meant, and passes the caller on."""
        if not addressed.reception:
            return addressed
        extension = text(body, "conference_extension", limit=200)
        if extension in _NOTHING:
            raise Answer(403, {"conference_extension": "required", "conference_extension_type": "standard"})
        room = self._server.directory.find(extension)
        if room is None or room.reception:
            raise Answer(404, NOT_FOUND)
        return room

    def _role(self, request: Request, room: VirtualRoom, name: str, body: Body) -> Role:
        """Return what a one-time token or the PIN is worth."""
        server, at = self._server, self._server.clock()
        ticket = text(body, "token", limit=1000)
        if ticket not in _NOTHING:
            role = server.passes.redeem(ticket, room.alias, at=at)
            if role is None:
                raise Answer(403, INVALID_TOKEN)
            return role
        caller = (room.alias, request.client.host if request.client else "", name)
        if server.pin_guard.is_shut(caller, at=at):
            raise Answer(403, TOO_MANY_PINS)
        verdict = judge(room, request.headers.get("pin"))
        if isinstance(verdict, Wrong):
            server.pin_guard.note_wrong(caller, at=at)
        if isinstance(verdict, Passed):
            server.pin_guard.note_right(caller)
        return _passed(verdict)

    async def refresh_token(self, request: Request) -> Response:
        """Give a new token; the old one is worthless at once."""
        server = self._server
        holder = holder_of(server, request)
        await server.maybe_lose(holder)
        person = server.meeting(holder.alias).state.find(holder.uuid)
        token = server.tokens.issue(holder, at=server.clock())
        role = person.role if person else Role.GUEST
        return reply(
            {
                "token": token,
                "expires": _expires(server.config),
                "role": _token_role(role),
                "client_stats_update_interval": server.config.statistics_interval_ms,
            }
        )

    async def release_token(self, request: Request) -> Response:
        """Also sent by ``navigator.sendBeacon`` with the token in the address, so the body is not looked at."""
        await self._server.leave(holder_of(self._server, request))
        return reply(True)


def _passed(verdict: Verdict) -> Role:
    match verdict:
        case Passed(role):
            return role
        case Asked(pin, guest_pin):
            raise Answer(403, {"pin": pin, "guest_pin": guest_pin, "version": _VERSION})
        case Wrong():
            raise Answer(403, INVALID_PIN)


def _expires(config: RoomServerConfig) -> str:
    return str(int(config.token_life_s))


def _token_role(role: Role) -> str:
    return "HOST" if role is Role.CHAIR else "GUEST"


def _token_reply(config: RoomServerConfig, token: str, person: Person, alias: str, room: VirtualRoom) -> Body:
    service = "test_call" if room.test_call else "conference"
    return {
        "token": token,
        "expires": _expires(config),
        "participant_uuid": person.uuid,
        "display_name": person.display_name,
        "role": _token_role(person.role),
        "call_tag": person.call_tag,
        "service_type": service,
        "current_service_type": "waiting_room" if person.waiting else service,
        "conference_name": room.alias,
        "service_name": alias,
        "version": _VERSION,
        **_abilities(config, room),
        **_media(config, person),
    }


def _abilities(config: RoomServerConfig, room: VirtualRoom) -> Body:
    return {
        "call_type": "video",
        "chat_enabled": True,
        "guests_can_present": room.guests_can_present,
        "fecc_enabled": False,
        "rtmp_enabled": False,
        "rtsp_enabled": False,
        "analytics_enabled": False,
        "breakout_rooms": False,
        "client_stats_update_interval": config.statistics_interval_ms,
    }


def _media(config: RoomServerConfig, person: Person) -> Body:
    """What a client builds its connection by. An empty list of servers is left out: browsers refuse one."""
    media: Body = {
        "trickle_ice_enabled": True,
        "vp9_enabled": False,
        "allow_1080p": False,
        "bandwidth_in": config.max_video_kbps,
        "bandwidth_out": config.max_video_kbps,
        "direct_media": person.direct_media,
        "use_relay_candidates_only": config.relay_only,
    }
    if config.stun:
        media["stun"] = [{"url": url} for url in config.stun]
    if config.turn:
        media["turn"] = [server.as_json() for server in config.turn]
    if person.direct_media:
        media["pex_datachannel_id"] = DATA_CHANNEL
    return media
