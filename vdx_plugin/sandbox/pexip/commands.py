"""The commands of the client API as commands of the rules: names and bodies in, values out. Pure.

Sources: Pexip Infinity client REST API v2, "Conference control functions" and "Participant functions".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from vdx_plugin.sandbox.pexip.answers import ILLEGAL, Answer, Body, choice, flag, text
from vdx_plugin.sandbox.pexip.layouts import MAIN_MIX, NAMES
from vdx_plugin.sandbox.pexip.state import (
    Admit,
    AllowGuests,
    ChangeRole,
    ClearBuzz,
    Command,
    EndForAll,
    Expel,
    Mark,
    MuteGuests,
    ReleaseFloor,
    Role,
    Say,
    SetLayout,
    SetLock,
    Start,
    TakeFloor,
)

MESSAGE_TYPES = ("text/plain", "application/json")
MAX_NAME = 200

ConferenceMaker: TypeAlias = Callable[[str, Body], Command | None]
ParticipantMaker: TypeAlias = Callable[[str, str, Body, float], Command | None]


def _say(by: str, to: str | None, body: Body) -> Command:
    kind = text(body, "type", limit=100) or MESSAGE_TYPES[0]
    if kind.split(";")[0] not in MESSAGE_TYPES:
        raise Answer(400, ILLEGAL)
    return Say(by, kind, text(body, "payload"), to)


def _set_layout(by: str, body: Body) -> Command:
    asked = body.get("transforms")
    if not isinstance(asked, dict):
        raise Answer(400, ILLEGAL)
    both = _layout(asked, "layout")
    host, guest = _layout(asked, "host_layout"), _layout(asked, "guest_layout")
    names = flag(asked, "enable_overlay_text") if "enable_overlay_text" in asked else None
    return SetLayout(by, both if host is None else host, both if guest is None else guest, names)


def _layout(asked: Body, key: str) -> str | None:
    return choice(asked, key, NAMES) if key in asked else None


def _accepted(*_values: Any) -> None:
    """Commands about what this server has none of are taken and do nothing."""


# A node answers these with nothing, the rest with true; the vendor's client takes the wrong one as a failure.
ANSWERED_WITH_NOTHING = frozenset({"take_floor", "release_floor", "show_live_captions", "hide_live_captions"})

CONFERENCE: dict[str, ConferenceMaker] = {
    "lock": lambda by, body: SetLock(by, locked=True),
    "unlock": lambda by, body: SetLock(by, locked=False),
    "start_conference": lambda by, body: Start(by),
    "muteguests": lambda by, body: MuteGuests(by, muted=True),
    "unmuteguests": lambda by, body: MuteGuests(by, muted=False),
    "set_guests_can_unmute": lambda by, body: AllowGuests(by, "guests_can_unmute", flag(body, "setting")),
    "set_guests_can_present": lambda by, body: AllowGuests(by, "guests_can_present", flag(body, "setting")),
    "disconnect": lambda by, body: EndForAll(by),
    "message": lambda by, body: _say(by, None, body),
    "transform_layout": _set_layout,
    "clearallbuzz": lambda by, body: ClearBuzz(by),
    "silent_video_detection": _accepted,
}


def mix_command(by: str, action: str, body: Body) -> Command | None:
    """Return the command for ``video_mixes``: a picture of one's own, laid out by oneself."""
    match action:
        case "create":
            return Mark(by, by, "mix", text(body, "mix_name", limit=MAX_NAME) or MAIN_MIX)
        case "configure":
            asked = body.get("transform_layout")
            if not isinstance(asked, dict):
                raise Answer(400, ILLEGAL)
            return Mark(by, by, "own_layout", choice(asked, "layout", NAMES) if "layout" in asked else "")
        case "delete":
            return Mark(by, by, "mix", MAIN_MIX)
        case _:
            raise Answer(404, "Not found")


def _mark(field: str, value: bool | float | str | None = None) -> ParticipantMaker:
    """Return a maker of marks; without a value the mark is the time."""
    return lambda by, uuid, body, at: Mark(by, uuid, field, at if value is None else value)


def _change_role(by: str, uuid: str, body: Body, at: float) -> Command:
    return ChangeRole(by, uuid, Role(choice(body, "role", ("chair", "guest"))))


PARTICIPANT: dict[str, ParticipantMaker] = {
    "disconnect": lambda by, uuid, body, at: Expel(by, uuid),
    "unlock": lambda by, uuid, body, at: Admit(by, uuid),
    "role": _change_role,
    "take_floor": lambda by, uuid, body, at: TakeFloor(by, uuid),
    "release_floor": lambda by, uuid, body, at: ReleaseFloor(by, uuid),
    "message": lambda by, uuid, body, at: _say(by, uuid, body),
    "overlaytext": lambda by, uuid, body, at: Mark(by, uuid, "overlay_text", text(body, "text", limit=MAX_NAME)),
    "pres_in_mix": lambda by, uuid, body, at: Mark(by, uuid, "slides_in_main", flag(body, "state")),
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
    "allowrxpresentation": _mark("takes_slides", True),
    "denyrxpresentation": _mark("takes_slides", False),
    "show_live_captions": _accepted,
    "hide_live_captions": _accepted,
    "preferred_aspect_ratio": _accepted,
    "notify_not_afk": _accepted,
    "dtmf": _accepted,
    "fecc": _accepted,
}
