"""Makes events of what the stream carries. Pure: a name and a data text in, an event, None or Unreadable out.

Unknown events are None, for new versions bring new ones. Left alone on purpose are camera control (``fecc``), captions
(``live_captions``) and breakout rooms, which VDX does not use, and ``cancel_refer``, which comes too late for a client
that follows at once. Source: client REST API v2, "Server sent events".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Unreadable
from vdx_plugin.media.pexip.events import (
    CandidateCame,
    ConferenceChanged,
    HoldChanged,
    LayoutChanged,
    MediaCallEnded,
    MessageCame,
    NodeEvent,
    OfferCame,
    OtherSideGone,
    PutOut,
    Referred,
    RefreshWanted,
    Row,
    RowGone,
    RowSet,
    SlideReady,
    SlidesBegan,
    SlidesEnded,
    SlidesRevoked,
    SpeakersChanged,
    SplashShown,
    SyncBegun,
    SyncEnded,
)
from vdx_plugin.media.pexip.fields import flag, mapping, number, rows, text
from vdx_plugin.media.pexip.replies import MAX_SDP

MAX_DATA = 512_000
_SPEAKING_FROM = 1


def read_event(name: str, data: str, event_id: str = "") -> NodeEvent | None:
    """Return the event, None for one we do not use. Raises Unreadable for data that cannot be what ``name`` says."""
    if name == "presentation_frame":
        return SlideReady(event_id[:200]) if event_id else None
    if name == "stage":
        return _stage(_parse(name, data))
    reader = _READERS.get(name)
    return None if reader is None else reader(mapping(_parse(name, data)))


def _parse(name: str, data: str) -> Any:
    if not data.strip():
        return {}
    if len(data) > MAX_DATA:
        raise Unreadable("call.unreadable", "too long", place=f"event {name}")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable("call.unreadable", type(error).__name__, place=f"event {name}") from None


def _row_set(data: Mapping[str, Any]) -> NodeEvent:
    return RowSet(read_row(data))


def read_row(data: Mapping[str, Any]) -> Row:
    """Read one participant object. Raises Unreadable without an id."""
    return Row(
        id=_id(data, "participant"),
        display_name=text(data.get("display_name"), limit=200),
        is_host=text(data.get("role")).lower() in ("chair", "host"),
        is_waiting=text(data.get("service_type")) == "waiting_room",
        has_media=flag(data.get("has_media")),
        is_muted=any(flag(data.get(name)) for name in ("is_muted", "is_client_muted")),
        call_tag=text(data.get("call_tag"), limit=200),
        is_spotlit=(number(data.get("spotlight")) or 0) > 0,
        is_presenting=flag(data.get("is_presenting")),
        is_called_up=text(data.get("call_direction")).lower() == "out",
    )


def _id(data: Mapping[str, Any], place: str) -> str:
    participant = text(data.get("uuid"), limit=100)
    if not participant:
        raise Unreadable("call.unreadable", place=place)
    return participant


def _row_gone(data: Mapping[str, Any]) -> NodeEvent:
    return RowGone(_id(data, "participant_delete"))


def _conference(data: Mapping[str, Any]) -> NodeEvent:
    def known(name: str) -> bool | None:
        return flag(data[name]) if name in data else None

    return ConferenceChanged(known("locked"), known("guests_muted"), known("direct_media"))


def _slides_began(data: Mapping[str, Any]) -> NodeEvent:
    # Newer versions say None where older ones say nothing; three empty texts mean: stop presenting, nothing comes.
    name = text(data.get("presenter_name"), limit=200)
    presenter = text(data.get("presenter_uuid"), limit=100)
    if not (presenter or name or text(data.get("presenter_uri"))):
        return SlidesRevoked()
    return SlidesBegan(presenter, name)


def _message(data: Mapping[str, Any]) -> NodeEvent | None:
    if text(data.get("type")) != "text/plain":
        return None
    return MessageCame(
        text(data.get("origin"), limit=200), text(data.get("uuid"), limit=100), text(data.get("payload"))
    )


def _stage(data: Any) -> NodeEvent:
    found = [
        (number(row.get("stage_index")) or 0.0, participant, number(row.get("vad")) or 0.0)
        for row in rows(data)
        if (participant := text(row.get("participant_uuid"), limit=100))
    ]
    found.sort(key=lambda each: each[0])
    speaking = frozenset(participant for _, participant, vad in found if vad >= _SPEAKING_FROM)
    return SpeakersChanged(tuple(participant for _, participant, _ in found), speaking)


def _layout(data: Mapping[str, Any]) -> NodeEvent | None:
    wanted = mapping(mapping(data.get("requested_layout")).get("primary_screen"))
    view = text(wanted.get("chair_layout"), limit=40) or text(data.get("view"), limit=40)
    return LayoutChanged(view) if view else None


def _referred(data: Mapping[str, Any]) -> NodeEvent:
    alias, token = text(data.get("alias"), limit=300), text(data.get("token"))
    if not alias or not token:
        raise Unreadable("call.unreadable", place="refer")
    return Referred(alias, Secret(token), text(data.get("target"), limit=40))


def _offer(data: Mapping[str, Any], *, is_update: bool) -> NodeEvent | None:
    sdp = text(data.get("sdp"), limit=MAX_SDP)
    return OfferCame(sdp, is_update) if sdp.strip() else None


def _candidate(data: Mapping[str, Any]) -> NodeEvent:
    return CandidateCame(
        text(data.get("candidate"), limit=1000),
        text(data.get("mid"), limit=40),
        text(data.get("ufrag"), limit=256),
    )


_READERS: dict[str, Callable[[Mapping[str, Any]], NodeEvent | None]] = {
    "participant_sync_begin": lambda data: SyncBegun(),
    "participant_sync_end": lambda data: SyncEnded(),
    "participant_create": _row_set,
    "participant_update": _row_set,
    "participant_delete": _row_gone,
    "conference_update": _conference,
    "presentation_start": _slides_began,
    "presentation_stop": lambda data: SlidesEnded(),
    "presentation_ended": lambda data: SlidesEnded(),
    "message_received": _message,
    "layout": _layout,
    "on_hold": lambda data: HoldChanged(flag(data.get("setting"))),
    "splash_screen": lambda data: SplashShown(text(data.get("screen_key"), limit=80)),
    "refer": _referred,
    "disconnect": lambda data: PutOut(text(data.get("reason"), limit=200)),
    "call_disconnected": lambda data: MediaCallEnded(
        text(data.get("call_uuid"), limit=100), text(data.get("reason"), limit=200)
    ),
    "refresh_token": lambda data: RefreshWanted(),
    "new_offer": lambda data: _offer(data, is_update=False),
    "update_sdp": lambda data: _offer(data, is_update=True),
    "new_candidate": _candidate,
    "peer_disconnect": lambda data: OtherSideGone(),
}
