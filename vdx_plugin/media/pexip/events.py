"""Server-sent events as frozen values. Pure: a name and a data text in, an event, None or Unreadable out.

Unknown events are None: new versions bring new ones. Source: client REST API v2, "Server sent events".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from vdx_plugin.errors import Unreadable
from vdx_plugin.media.pexip.fields import flag, mapping, text

MAX_DATA = 512_000


@dataclass(frozen=True, slots=True)
class Row:
    """One participant as the node lists it."""

    id: str
    display_name: str
    is_host: bool
    is_waiting: bool
    has_media: bool
    is_muted: bool
    call_tag: str

    def __repr__(self) -> str:
        return f"Row({self.id!r}, waiting={self.is_waiting})"


@dataclass(frozen=True, slots=True)
class SyncBegun:
    pass


@dataclass(frozen=True, slots=True)
class SyncEnded:
    pass


@dataclass(frozen=True, slots=True)
class RowSet:
    """A participant came or changed; the row is whole, not a difference."""

    row: Row


@dataclass(frozen=True, slots=True)
class RowGone:
    id: str


@dataclass(frozen=True, slots=True)
class ConferenceChanged:
    locked: bool


@dataclass(frozen=True, slots=True)
class MessageCame:
    """A chat line; ``text`` may hold anything a person wrote."""

    sender_name: str
    sender_id: str
    text: str

    def __repr__(self) -> str:
        return "MessageCame(…)"


@dataclass(frozen=True, slots=True)
class PutOut:
    """The node ends our presence."""

    reason: str


@dataclass(frozen=True, slots=True)
class MediaCallEnded:
    """The node ended the media call, not the presence."""

    call_id: str


@dataclass(frozen=True, slots=True)
class RefreshWanted:
    pass


NodeEvent: TypeAlias = (
    SyncBegun | SyncEnded | RowSet | RowGone | ConferenceChanged | MessageCame | PutOut | MediaCallEnded | RefreshWanted
)


def read_event(name: str, data: str) -> NodeEvent | None:
    """Return the event, None for one we do not use. Raises Unreadable for data that cannot be what ``name`` says."""
    reader = _READERS.get(name)
    return None if reader is None else reader(_parse(name, data))


def _parse(name: str, data: str) -> Mapping[str, Any]:
    if not data.strip():
        return {}
    if len(data) > MAX_DATA:
        raise Unreadable("call.unreadable", "too long", place=f"event {name}")
    try:
        return mapping(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise Unreadable("call.unreadable", type(error).__name__, place=f"event {name}") from None


def _row_set(data: Mapping[str, Any]) -> NodeEvent:
    return RowSet(read_row(data))


def read_row(data: Mapping[str, Any]) -> Row:
    """Read one participant object. Raises Unreadable without an id."""
    participant = text(data.get("uuid"), limit=100)
    if not participant:
        raise Unreadable("call.unreadable", place="participant")
    return Row(
        id=participant,
        display_name=text(data.get("display_name"), limit=200),
        is_host=text(data.get("role")).lower() in ("chair", "host"),
        is_waiting=text(data.get("service_type")) == "waiting_room",
        has_media=flag(data.get("has_media")),
        is_muted=any(flag(data.get(name)) for name in ("is_muted", "is_client_muted")),
        call_tag=text(data.get("call_tag"), limit=200),
    )


def _row_gone(data: Mapping[str, Any]) -> NodeEvent:
    participant = text(data.get("uuid"), limit=100)
    if not participant:
        raise Unreadable("call.unreadable", place="participant_delete")
    return RowGone(participant)


def _message(data: Mapping[str, Any]) -> NodeEvent | None:
    if text(data.get("type")) != "text/plain":
        return None
    return MessageCame(
        text(data.get("origin"), limit=200), text(data.get("uuid"), limit=100), text(data.get("payload"))
    )


_READERS: dict[str, Callable[[Mapping[str, Any]], NodeEvent | None]] = {
    "participant_sync_begin": lambda data: SyncBegun(),
    "participant_sync_end": lambda data: SyncEnded(),
    "participant_create": _row_set,
    "participant_update": _row_set,
    "participant_delete": _row_gone,
    "conference_update": lambda data: ConferenceChanged(flag(data.get("locked"))),
    "message_received": _message,
    "disconnect": lambda data: PutOut(text(data.get("reason"), limit=200)),
    "call_disconnected": lambda data: MediaCallEnded(text(data.get("call_uuid"), limit=100)),
    "refresh_token": lambda data: RefreshWanted(),
}
