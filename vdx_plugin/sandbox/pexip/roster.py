"""What each participant sees: rows, conference status and the events between two states. Pure.

Field names and the mixture of YES/NO, booleans and numbers are Pexip's (client REST API v2, participant object
and server-sent events).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vdx_plugin.sandbox.pexip.rules import Conference, Person, Role


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


def row(person: Person, viewer: Person) -> dict[str, Any]:
    """Return the participant object; guests see blank ``protocol``, ``uri`` and ``vendor``."""
    chair = viewer.role is Role.CHAIR
    return {
        "uuid": person.uuid,
        "display_name": person.display_name,
        "overlay_text": person.overlay_text or person.display_name,
        "role": person.role.value,
        "service_type": "waiting_room" if person.waiting else "conference",
        "protocol": ("webrtc" if person.media else "api") if chair else "",
        "uri": "",
        "vendor": "sandbox" if chair else "",
        "call_direction": "in",
        "call_tag": person.call_tag,
        "start_time": person.joined_at,
        "is_muted": _yes(person.muted),
        "is_client_muted": person.client_muted,
        "is_video_muted": person.video_muted,
        "is_audio_only_call": _yes(person.audio_only),
        "is_video_call": _yes(person.media and not person.audio_only),
        "has_media": person.media,
        "is_presenting": "NO",
        "rx_presentation_policy": "ALLOW",
        "presentation_supported": "NO",
        "disconnect_supported": "YES",
        "mute_supported": "YES",
        "transfer_supported": "NO",
        "fecc_supported": "NO",
        "spotlight": person.spotlight_at,
        "buzz_time": person.buzz_at,
        "last_spoken_time": 0,
        "encryption": "On" if person.media else "Off",
        "is_external": False,
        "is_streaming_conference": False,
        "supports_direct_chat": True,
    }


def status(conference: Conference) -> dict[str, Any]:
    """Return the conference status, which is also the payload of ``conference_update``."""
    guests = [person for person in conference.inside if person.role is Role.GUEST]
    return {
        "locked": conference.locked,
        "started": conference.started,
        "guests_muted": conference.guests_muted,
        "all_muted": bool(guests) and all(person.muted for person in guests),
        "direct_media": False,
        "presentation_allowed": False,
        "guests_can_present": False,
        "guests_can_unmute": not conference.guests_muted,
        "live_captions_available": False,
        "breakout_rooms": False,
    }


def snapshot(conference: Conference, viewer: Person) -> list[Event]:
    """Return what a new event stream begins with: the roster in its bracket, then the conference."""
    rows = [Event("participant_create", row(person, viewer)) for person in visible(conference, viewer)]
    return [
        Event("participant_sync_begin"),
        *rows,
        Event("participant_sync_end"),
        Event("conference_update", status(conference)),
    ]


def events_between(before: Conference, after: Conference, viewer_uuid: str) -> list[Event]:
    """Return what one viewer must be told so that their picture of ``before`` becomes that of ``after``."""
    viewer = after.find(viewer_uuid)
    earlier = before.find(viewer_uuid)
    if viewer is None or earlier is None:
        return []
    old = {person.uuid: person for person in visible(before, earlier)}
    new = {person.uuid: person for person in visible(after, viewer)}
    events = [Event("participant_delete", {"uuid": uuid}) for uuid in old if uuid not in new]
    for uuid, person in new.items():
        if uuid not in old:
            events.append(Event("participant_create", row(person, viewer)))
        elif row(old[uuid], earlier) != row(person, viewer):
            events.append(Event("participant_update", row(person, viewer)))
    if status(before) != status(after) or earlier.waiting != viewer.waiting:
        events.append(Event("conference_update", status(after)))
    return events


def _yes(value: bool) -> str:
    return "YES" if value else "NO"
