"""What the studio is to make at this moment, from who is in the room and what each one is fed. Pure.

Those who are to be forwarded again are mixed for until forwarding has begun.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from vdx_plugin.sandbox.pexip.feeds import MIXED
from vdx_plugin.sandbox.pexip.mixing.groups import Wish
from vdx_plugin.sandbox.pexip.mixing.layout import MOST_TILES
from vdx_plugin.sandbox.pexip.mixing.load import Size
from vdx_plugin.sandbox.pexip.mixing.studio import Scene
from vdx_plugin.texts import _

_SLIDES = "/slides"
_SLIDES_VIEW = "1:7"


@dataclass(frozen=True)
class Member:
    """A participant whose call is acknowledged; what they may be heard and seen with, and what they are shown.

    A ``waiting`` one is not inside: neither heard nor seen, and shown nobody. ``presents``: their slides are the ones
    on show. ``takes_slides``: they may be sent slides on a line of their own; ``slides_in_main``: they want them in
    the main picture instead. ``seats`` are those in their picture, the most prominent first, and ``view`` how.
    A ``phone`` is acted out: it has no connection here and yet is a member.
    """

    uuid: str
    is_chair: bool
    audio: bool = True
    video: bool = True
    name: str = ""
    waiting: bool = False
    presents: bool = False
    takes_slides: bool = True
    slides_in_main: bool = False
    view: str = "1:0"
    seats: tuple[str, ...] = ()
    names: bool = True
    phone: bool = False


class Viewer(Protocol):
    """What is asked of a participant's connection."""

    def wanted_picture(self, largest: Size) -> tuple[str, int, Size] | None:
        """Return codec, rate and size of the picture it takes now, None while it takes none."""
        ...


def slides_of(uuid: str) -> str:
    """Return the name under which a participant's slides are a picture of their own."""
    return uuid + _SLIDES


def shows_slides_in_main(members: Collection[Member]) -> bool:
    """Whether somebody has to be composed a picture because the slides belong into it."""
    return any(member.presents for member in members) and any(
        member.slides_in_main and not member.presents for member in members
    )


def scene_of(
    members: Mapping[str, Member],
    viewers: Mapping[str, Viewer],
    fed: Mapping[tuple[str, str], str],
    size: Size,
    *,
    mixes: bool,
) -> Scene:
    """Return the scene for pictures of at most ``size``; ``fed`` says by (viewer, kind) what each one gets now."""
    inside = {uuid: member for uuid, member in members.items() if not member.waiting}
    seeing = [uuid for uuid in inside if uuid in viewers and (mixes or fed.get((uuid, "video")) == MIXED)]
    hearing = [uuid for uuid in inside if uuid in viewers and (mixes or fed.get((uuid, "audio")) == MIXED)]
    waiting = [uuid for uuid, member in members.items() if member.waiting and uuid in viewers]
    wishes = [_wish(inside[uuid], viewers[uuid], inside, size) for uuid in seeing]
    wishes += [_card(uuid, viewers[uuid], size) for uuid in waiting]
    return Scene(
        wishes=tuple(wish for wish in wishes if wish is not None),
        names={uuid: member.name for uuid, member in inside.items()},
        hidden=frozenset(uuid for uuid, member in inside.items() if not member.video),
        heard=frozenset(uuid for uuid, member in inside.items() if member.audio) if hearing else frozenset(),
        listeners=frozenset(hearing),
        silent=frozenset(waiting),
        phones=frozenset(uuid for uuid, member in inside.items() if member.phone),
    )


def _wish(member: Member, viewer: Viewer, inside: Mapping[str, Member], largest: Size) -> Wish | None:
    picture = viewer.wanted_picture(largest)
    tiles = tuple(uuid for uuid in member.seats if uuid in inside and uuid != member.uuid)[:MOST_TILES]
    presenter = next((other.uuid for other in inside.values() if other.presents and other is not member), None)
    view = member.view
    if member.slides_in_main and presenter is not None:
        tiles, view = (slides_of(presenter), *tiles[: MOST_TILES - 1]), _SLIDES_VIEW
    if picture is None or not tiles:
        return None
    codec, bps, size = picture
    return Wish(member.uuid, codec, tiles, bps, size, view=view, names=member.names)


def _card(uuid: str, viewer: Viewer, largest: Size) -> Wish | None:
    picture = viewer.wanted_picture(largest)
    if picture is None:
        return None
    codec, bps, size = picture
    return Wish(uuid, codec, (), bps, size, card=_("Venter på værten"))
