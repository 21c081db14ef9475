"""Where on one picture somebody is seen. Pure; who that is, is said elsewhere.

The picture is thought of as 1280 by 720; ``scaled`` gives the places of another size. One other person fills it;
of two the one who speaks, with the other in a corner; three or four stand in a grid; more are one large and up to
five small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WIDTH, HEIGHT = 1280, 720
MOST_TILES = 6


@dataclass(frozen=True)
class Place:
    """A rectangle in even pixels."""

    left: int
    top: int
    width: int
    height: int

    def scaled(self, width: int) -> Place:
        """Return this place on a picture ``width`` wide; edges are rounded so that neighbours still meet."""
        left, top = _even(self.left, width), _even(self.top, width)
        right, bottom = _even(self.left + self.width, width), _even(self.top + self.height, width)
        return Place(left, top, right - left, bottom - top)


_FULL = (Place(0, 0, 1280, 720),)
_CORNER = (*_FULL, Place(944, 528, 320, 180))
_GRID = (Place(0, 0, 640, 360), Place(640, 0, 640, 360), Place(320, 360, 640, 360))
_LARGE_AND_SMALL = (
    Place(0, 0, 848, 480),
    Place(848, 0, 432, 240),
    Place(848, 240, 432, 240),
    Place(848, 480, 432, 240),
    Place(424, 480, 424, 240),
    Place(0, 480, 424, 240),
)


def places(count: int, view: str = "") -> tuple[Place, ...]:
    """Return the places for this many people in a view of Pexip's, the most important first."""
    if count <= 1 or view == "1:0":
        return _FULL[:count]
    if (view.endswith(":0") and view != "4:0") or (count == 4 and view == "4:0"):
        return _grid(count)
    if count <= 3:
        return _CORNER if count == 2 else _GRID
    return _LARGE_AND_SMALL[: min(count, MOST_TILES)]


def _grid(count: int) -> tuple[Place, ...]:
    """Return equal places, as many in a row as there are rows."""
    side = math.isqrt(count - 1) + 1
    width, height = WIDTH // side // 2 * 2, HEIGHT // side // 2 * 2
    return tuple(Place(index % side * width, index // side * height, width, height) for index in range(count))


def _even(value: int, width: int) -> int:
    return value * width // WIDTH // 2 * 2
