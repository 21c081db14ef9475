"""Which layout a viewer gets and who is in it, in order. Pure; the media half composes by the same answer.

Names are Pexip's: ``1:7`` is one large picture over a row of seven, ``4:0`` four equal ones. Source: client REST
API v2, ``transform_layout``, ``available_layouts`` and the events ``layout`` and ``stage``.

Pexip leaves each one out of their own picture, and so do we up to five people. From six on, those who see the same
one large are all small in the same picture, themselves too: it is then encoded once for them instead of once for each,
without which six cost a processor core at a size that is worth looking at. Whoever is large is shown the others alone.
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
SHARED_FROM = 6
_SHARED_VIEW = "1:7"


@dataclass(frozen=True)
class Seating:
    """``view`` is a key of ``SEATS``; ``uuids`` those in it, the most prominent first; the viewer if many share it."""

    view: str
    uuids: tuple[str, ...]


def seating(conference: Conference, viewer: Person) -> Seating:
    """Return what ``viewer`` is shown: the layout asked for by the hosts, else one that fits the number."""
    everybody = sorted(conference.inside, key=lambda person: _prominence(conference, person))
    others = [person for person in everybody if person.uuid != viewer.uuid]
    wanted = conference.layout.host if viewer.role is Role.CHAIR else conference.layout.guest
    if viewer.own_layout and viewer.mix != MAIN_MIX:
        wanted = viewer.own_layout
    view = wanted if wanted in SEATS else _fitting(len(others))
    shares = view == _SHARED_VIEW and len(everybody) >= SHARED_FROM and everybody[0].uuid != viewer.uuid
    return Seating(view, tuple(person.uuid for person in (everybody if shares else others)[: SEATS[view]]))


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
