"""Which layout a viewer gets and who is in it, in order. Pure; the media half composes by the same answer.

Names are Pexip's: ``1:7`` is one large picture over a row of seven, ``4:0`` four equal ones. Source: client REST
API v2, ``transform_layout``, ``available_layouts`` and the events ``layout`` and ``stage``.
"""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.sandbox.pexip.state import Conference, Person, Role

ADAPTIVE = "ac"
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
    view = wanted if wanted in SEATS else _fitting(len(others))
    return Seating(view, tuple(person.uuid for person in others[: SEATS[view]]))


def _fitting(number: int) -> str:
    return "1:0" if number <= 1 else "4:0" if number <= 4 else "1:7"


def _prominence(conference: Conference, person: Person) -> tuple[float, int, bool]:
    """Whoever is in the spotlight comes first, then whoever spoke last, then hosts."""
    spoke = conference.stage.index(person.uuid) if person.uuid in conference.stage else len(conference.stage)
    return (-person.spotlight_at, spoke, person.role is not Role.CHAIR)
