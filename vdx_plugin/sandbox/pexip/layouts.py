"""Which layout a viewer gets and who is in it, in order. Pure; the media half composes by the same answer.

Names are Pexip's: ``1:7`` is one large picture over a row of seven, ``4:0`` four equal ones. Source: client REST
API v2, ``transform_layout``, ``available_layouts`` and the events ``layout`` and ``stage``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vdx_plugin.sandbox.pexip.state import Conference, Person, Role

ADAPTIVE = "ac"
MAIN_MIX = "main"
# Name, and how many of the others it has room for.
SEATS = {"1:0": 1, "4:0": 4, "9:0": 9, "16:0": 16, "25:0": 25, "1:7": 8, "1:21": 22, "2:21": 23, "1:33": 34}
NAMES = (*SEATS, ADAPTIVE)


@dataclass(frozen=True)
class Seating:
    """``view`` is a key of ``SEATS``; ``uuids`` those in it, the most prominent first, never the viewer."""

    view: str
    uuids: tuple[str, ...]


def seating(conference: Conference, viewer: Person) -> Seating:
    """Return what ``viewer`` is shown: the layout asked for by the hosts, else one that fits the number."""
    others = [person for person in conference.inside if person.uuid != viewer.uuid]
    others.sort(key=lambda person: _prominence(conference, person))
    wanted = conference.layout.host if viewer.role is Role.CHAIR else conference.layout.guest
    if viewer.own_layout and viewer.mix != MAIN_MIX:
        wanted = viewer.own_layout
    view = wanted if wanted in SEATS else _fitting(len(others))
    return Seating(view, tuple(person.uuid for person in others[: SEATS[view]]))


def _fitting(number: int) -> str:
    return "1:0" if number <= 1 else "4:0" if number <= 4 else "1:7"


def _prominence(conference: Conference, person: Person) -> tuple[float, int, bool]:
    """Whoever is in the spotlight comes first, then whoever spoke last, then hosts."""
    spoke = conference.stage.index(person.uuid) if person.uuid in conference.stage else len(conference.stage)
    return (-person.spotlight_at, spoke, person.role is not Role.CHAIR)


def drawing(name: str) -> str:
    """Return a small picture of a layout, as ``layout_svgs`` gives it: large ones on top, the others below."""
    large, _, small = name.partition(":") if name in SEATS else ("1", "", "7")
    tiles = _tiles(int(large), 0, 24 if int(small) else 36) + _tiles(min(int(small), 7), 26, 10)
    shapes = "".join(f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}"/>' for x, y, w, h in tiles)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 36">{shapes}</svg>'


def _tiles(number: int, top: float, height: float) -> list[tuple[float, float, float, float]]:
    """Cut the full width of 64 and the given height into equal tiles, in as many rows as columns from four on."""
    if not number:
        return []
    columns = math.isqrt(number) if math.isqrt(number) ** 2 == number else number
    rows = -(-number // columns)
    width, deep = 64 / columns, height / rows
    places = [divmod(index, columns) for index in range(number)]
    return [(column * width + 0.5, top + line * deep + 0.5, width - 1, deep - 1) for line, column in places]
