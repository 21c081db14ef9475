"""What each participant sees: rows, conference status and the events between two states. Pure.

Field names and the mixture of YES/NO, booleans and numbers are Pexip's (client REST API v2, participant object
and server-sent events).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vdx_plugin.sandbox.pexip.layouts import seating
from vdx_plugin.sandbox.pexip.state import Conference, Person, Role

SPEAKING = 100


@dataclass(frozen=True)
class Event:
    """One server-sent event; ``data`` is JSON-ready or None."""

    name: str
    data: Any = None


def visible(conference: Conference, viewer: Person) -> tuple[Person, ...]:
    """Return the rows ``viewer`` may see: chairs all, guests those inside, the waiting only themselves."""
    if viewer.waiting:
        return (viewer,)
    if viewer.role is Role.CHAIR:
        return conference.people
    return conference.inside


def row(conference: Conference, person: Person, viewer: Person) -> dict[str, Any]:
    """Return the participant object; guests see blank ``protocol``, ``uri`` and ``vendor``."""
    chair = viewer.role is Role.CHAIR
    return {
        **_identity(person),
        "protocol": _protocol(person) if chair else "",
        "uri": person.uri if chair else "",
        "vendor": "sandbox" if chair else "",
        "local_alias": conference.alias if chair else "",
        "external_node_uuid": "",
        "is_presenting": _yes(person.uuid == conference.presenter),
        **_heard_and_seen(person),
        **_abilities(person),
    }


def _identity(person: Person) -> dict[str, Any]:
    return {
        "uuid": person.uuid,
        "display_name": person.display_name,
        "overlay_text": person.overlay_text or person.display_name,
        "role": person.role.value,
        "service_type": "connecting" if person.connecting else "waiting_room" if person.waiting else "conference",
        "call_direction": "out" if person.dialled else "in",
        "call_tag": person.call_tag,
        "start_time": person.joined_at,
        "buzz_time": person.buzz_at,
        "spotlight": person.spotlight_at,
        "last_spoken_time": 0,
        "is_external": False,
        "is_conjoined": False,
        "is_idp_authenticated": False,
        "is_streaming_conference": False,
        "is_transferring": person.transferring,
    }


def _protocol(person: Person) -> str:
    return person.protocol if person.media or person.dialled else "api"


def _heard_and_seen(person: Person) -> dict[str, Any]:
    return {
        "is_muted": _yes(person.muted),
        "is_client_muted": person.client_muted,
        "is_video_muted": person.video_muted,
        "is_video_silent": False,
        "is_main_video_dropped_out": False,
        "is_audio_only_call": _yes(person.audio_only),
        "is_video_call": _yes(person.media and not person.audio_only),
        "has_media": person.media,
        "encryption": "On" if person.media else "Off",
        "rx_presentation_policy": "ALLOW" if person.takes_slides else "DENY",
        "needs_presentation_in_mix": person.slides_in_main,
        "show_live_captions": False,
        "can_receive_personal_mix": True,
        "receive_from_video_mix": {"mix_name": person.mix, "timestamp": 0},
    }


def _abilities(person: Person) -> dict[str, Any]:
    return {
        "presentation_supported": _yes(not person.audio_only),
        "disconnect_supported": "YES",
        "mute_supported": "YES",
        "transfer_supported": "YES",
        "fecc_supported": "NO",
        "supports_direct_chat": not person.dialled,
    }


def status(conference: Conference) -> dict[str, Any]:
    """Return the conference status, which is also the payload of ``conference_update``."""
    guests = [person for person in conference.inside if person.role is Role.GUEST]
    return {
        "locked": conference.locked,
        "started": conference.started,
        "guests_muted": conference.guests_muted,
        "all_muted": bool(guests) and all(person.muted for person in guests),
        "direct_media": conference.direct_media,
        "presentation_allowed": True,
        "guests_can_present": conference.guests_can_present,
        "guests_can_unmute": conference.guests_can_unmute,
        "live_captions_available": False,
        "breakout_rooms": False,
    }


def snapshot(conference: Conference, viewer: Person) -> list[Event]:
    """Return what a new event stream begins with: the roster in its bracket, the conference, what is on show."""
    rows = [Event("participant_create", row(conference, person, viewer)) for person in visible(conference, viewer)]
    return [
        Event("participant_sync_begin"),
        *rows,
        Event("participant_sync_end"),
        Event("conference_update", status(conference)),
        *_on_show(None, conference, viewer.uuid),
    ]


def events_between(before: Conference, after: Conference, viewer_uuid: str) -> list[Event]:
    """Return what one viewer must be told so that their picture of ``before`` becomes that of ``after``."""
    viewer = after.find(viewer_uuid)
    earlier = before.find(viewer_uuid)
    if viewer is None or earlier is None:
        return []
    events = _row_events(before, earlier, after, viewer)
    if status(before) != status(after) or earlier.waiting != viewer.waiting:
        events.append(Event("conference_update", status(after)))
    return events + _on_show(before, after, viewer_uuid)


def _row_events(before: Conference, earlier: Person, after: Conference, viewer: Person) -> list[Event]:
    old = {person.uuid: row(before, person, earlier) for person in visible(before, earlier)}
    new = {person.uuid: row(after, person, viewer) for person in visible(after, viewer)}
    events = [Event("participant_delete", {"uuid": uuid}) for uuid in old if uuid not in new]
    for uuid, fields in new.items():
        if uuid not in old:
            events.append(Event("participant_create", fields))
        elif old[uuid] != fields:
            events.append(Event("participant_update", fields))
    return events


def _on_show(before: Conference | None, after: Conference, viewer_uuid: str) -> list[Event]:
    """Return what has changed in slides, layout and speakers for a viewer; all of it without ``before``."""
    old = [] if before is None else _shown(before, viewer_uuid)
    events = [event for event in _shown(after, viewer_uuid) if event not in old]
    had_slides = any(event.name == "presentation_start" for event in old)
    if had_slides and not any(event.name == "presentation_start" for event in _shown(after, viewer_uuid)):
        events.insert(0, Event("presentation_stop"))
    return events


def _shown(conference: Conference, viewer_uuid: str) -> list[Event]:
    viewer = conference.find(viewer_uuid)
    if viewer is None or viewer not in conference.inside:
        return []
    return [*_slides(conference, viewer), _layout(conference, viewer), *_stage(conference)]


def _slides(conference: Conference, viewer: Person) -> list[Event]:
    """Whoever presents is not told of their own slides: the vendor's clients would take it as being stolen from."""
    presenter = conference.find(conference.presenter or "")
    if presenter is None or presenter == viewer or not viewer.takes_slides:
        return []
    data = {
        "presenter_name": presenter.display_name,
        "presenter_uri": presenter.uri or presenter.display_name,
        "presenter_uuid": presenter.uuid,
    }
    return [Event("presentation_start", data)]


def _layout(conference: Conference, viewer: Person) -> Event:
    seats = seating(conference, viewer)
    asked = {"chair_layout": conference.layout.host, "guest_layout": conference.layout.guest}
    # In direct media the one other participant stands there without a list, as on a real node.
    others = ",".join(seats.uuids) if conference.direct_media else list(seats.uuids)
    data = {
        "view": seats.view,
        "participants": others,
        "requested_layout": {"primary_screen": asked},
        "overlay_text_enabled": conference.layout.names,
    }
    return Event("layout", data)


def _stage(conference: Conference) -> list[Event]:
    if not conference.stage:
        return []
    places = [
        {"participant_uuid": uuid, "stage_index": index, "vad": SPEAKING if index == 0 else 0}
        for index, uuid in enumerate(conference.stage)
    ]
    return [Event("stage", places)]


def _yes(value: bool) -> str:
    return "YES" if value else "NO"
