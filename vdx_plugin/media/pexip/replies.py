"""What the node answers, as frozen values. Pure.

Source: client REST API v2, ``request_token``, ``refresh_token``, ``calls``, ``calls/<id>/update``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Unreadable
from vdx_plugin.media.pexip.fields import flag, mapping, number, rows, text

DEFAULT_EXPIRES_S = 120.0
MAX_SDP = 256_000


@dataclass(frozen=True, slots=True)
class IceServer:
    """One STUN or TURN server: its addresses in the node's order, and what to sign in with."""

    urls: tuple[str, ...]
    username: Secret | None = None
    credential: Secret | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A token and what comes with it. ``stats_interval_s`` is None when the node asks for no statistics."""

    token: Secret
    expires_s: float
    participant_id: str
    is_host: bool
    is_waiting: bool
    ice_servers: tuple[IceServer, ...]
    relay_only: bool
    stats_interval_s: float | None
    version: str
    direct_media: bool = False
    """Two ends send to each other; the node only carries their offers."""
    channel_id: int | None = None
    """The number of the data channel that carries chat between two ends."""
    chat_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Renewal:
    """A new token; the old one is worthless. ``is_host`` is None where the node does not say."""

    token: Secret
    expires_s: float
    is_host: bool | None = None


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """The node's answer to an offer. ``sdp`` is empty where the offer was ignored (direct media)."""

    call_id: str
    sdp: str
    offer_ignored: bool = False
    turn: tuple[IceServer, ...] = ()
    """Servers to be used from now on ("TURN443"): a new path is to be offered with them."""

    def __repr__(self) -> str:
        return f"CallAnswer({self.call_id!r}, {len(self.sdp)} characters)"


def read_grant(result: Any) -> Grant:
    """Read the result of ``request_token``. Raises Unreadable where the token or the participant is missing."""
    data = mapping(result)
    token, participant = text(data.get("token")), text(data.get("participant_uuid"), limit=100)
    if not token or not participant:
        raise Unreadable("call.unreadable", place="request_token")
    interval = number(data.get("client_stats_update_interval"))
    return Grant(
        token=Secret(token),
        expires_s=_expires(data),
        participant_id=participant,
        is_host=_is_host(data.get("role")),
        is_waiting=text(data.get("current_service_type")) in ("waiting_room", "connecting"),
        ice_servers=read_ice_servers(data),
        relay_only=flag(data.get("use_relay_candidates_only")),
        stats_interval_s=interval / 1000 if interval and interval >= 1000 else None,
        version=text(mapping(data.get("version")).get("version_id"), limit=40),
        direct_media=flag(data.get("direct_media")),
        channel_id=_channel(data),
        chat_enabled=flag(data.get("chat_enabled", True)),
    )


def _is_host(role: Any) -> bool:
    return text(role).upper() in ("HOST", "CHAIR")


def _channel(data: Mapping[str, Any]) -> int | None:
    found = number(data.get("pex_datachannel_id"))
    return int(found) if found is not None and 0 <= found < 1024 else None


def read_renewal(result: Any) -> Renewal:
    """Read the result of ``refresh_token``. Raises Unreadable without a token."""
    data = mapping(result)
    token = text(data.get("token"))
    if not token:
        raise Unreadable("call.unreadable", place="refresh_token")
    role = data.get("role")
    return Renewal(Secret(token), _expires(data), _is_host(role) if isinstance(role, str) else None)


def read_call(result: Any, *, call_id: str = "") -> CallAnswer:
    """Read the result of ``calls`` or ``update``; the latter is a bare SDP text on some versions.

    Raises Unreadable where there is no call id to speak of.
    """
    if isinstance(result, str):
        data: Mapping[str, Any] = {"sdp": result}
    else:
        data = mapping(result)
    found = text(data.get("call_uuid"), limit=100) or call_id
    if not found:
        raise Unreadable("call.unreadable", place="calls")
    sdp = text(data.get("sdp"), limit=MAX_SDP)
    ignored = flag(data.get("offer_ignored")) or not sdp.strip()
    return CallAnswer(found, sdp, offer_ignored=ignored, turn=_turn_servers(data))


def read_ice_servers(data: Mapping[str, Any]) -> tuple[IceServer, ...]:
    """Return the STUN and TURN servers of a token reply; none listed means none, never a public default."""
    stun = [IceServer((url,)) for row in rows(data.get("stun"), limit=8) if (url := text(row.get("url"), limit=300))]
    return (*stun, *_turn_servers(data))


def _turn_servers(data: Mapping[str, Any]) -> tuple[IceServer, ...]:
    return tuple(
        IceServer(urls, Secret(text(row.get("username"))), Secret(text(row.get("credential"))))
        for row in rows(data.get("turn"), limit=8)
        if (urls := _texts(row.get("urls")))
    )


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value[:300],)
    return tuple(item[:300] for item in value[:10] if isinstance(item, str)) if isinstance(value, list) else ()


def _expires(data: Mapping[str, Any]) -> float:
    found = number(data.get("expires"))
    return min(max(found, 5.0), 3600.0) if found is not None else DEFAULT_EXPIRES_S
