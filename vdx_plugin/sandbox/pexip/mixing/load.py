"""How large and how often a composed picture may be on this machine, and on one viewer's line. Pure.

Busy is the share of its time the mixer works: above TOO_BUSY for a while the picture shrinks, and it grows again when
the full size would fit well below that. A size that was given up too soon is tried again only after longer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TOO_BUSY = 0.8
ROOM_TO_GROW = 0.6
SHRINK_AFTER_S = 2.0
GROW_AFTER_S = 10.0
MOST_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Size:
    """A composed picture; ``pixels_per_s`` is what its making costs, roughly."""

    width: int
    height: int
    fps: int

    @property
    def pixels_per_s(self) -> int:
        return self.width * self.height * self.fps


LARGE = Size(1280, 720, 25)
SMALL = Size(640, 360, 20)


class LoadWatch:
    """Chooses between LARGE and SMALL. ``worked`` after every picture; ``largest`` caps the choice."""

    def __init__(self, largest: Size = LARGE) -> None:
        self._largest = largest
        self.size = largest
        self._busy = 0.0
        self._since: float | None = None
        self._patience_s = GROW_AFTER_S

    @property
    def busy(self) -> float:
        """The share of time spent working, smoothed over about a second."""
        return self._busy

    def worked(self, share: float, *, at: float) -> bool:
        """Note that the last picture took ``share`` of the time there is for one; return whether the size changed."""
        self._busy += (min(share, 2.0) - self._busy) * min(1.0, 2.0 / self.size.fps)
        if not self._wants_change():
            self._since = None
            return False
        self._since = at if self._since is None else self._since
        shrinks = self.size != SMALL
        if at - self._since < (SHRINK_AFTER_S if shrinks else self._patience_s):
            return False
        if shrinks:
            self._patience_s = min(self._patience_s * 2, MOST_PATIENCE_S)
        self.size = SMALL if shrinks else self._largest
        self._since = None
        self._busy = TOO_BUSY / 2
        return True

    def _wants_change(self) -> bool:
        if self.size != SMALL:
            return self._busy > TOO_BUSY
        growth = self._largest.pixels_per_s / SMALL.pixels_per_s
        return self.size != self._largest and self._busy * growth < ROOM_TO_GROW


@dataclass(frozen=True)
class Bounds:
    """Rates in bits a second: a size's best, and where a line becomes too narrow for it or wide enough again."""

    most: int
    too_narrow: int
    wide_enough: int


_BOUNDS = {LARGE: Bounds(1_200_000, 400_000, 650_000), SMALL: Bounds(600_000, 0, 0)}
FIRST_BPS, FELT_PER_S = 450_000, 0.5
_SOUND_BPS = 50_000
_SHARE = 0.85


class LineFit:
    """Chooses size and rate for one viewer; does not waver between sizes.

    A line of which nothing is known yet is felt out from FIRST_BPS on: what a narrow one is given too much of stands
    before its sound for seconds.
    """

    def __init__(self) -> None:
        self._narrow = False
        self._began_at: float | None = None

    def choose(self, limit_bps: int | None, largest: Size, *, at: float) -> tuple[int, Size]:
        """Return the rate and the size at a time (seconds) for a line that takes ``limit_bps`` (None: not known)."""
        self._began_at = at if self._began_at is None else self._began_at
        felt = FIRST_BPS * (1 + FELT_PER_S) ** min(at - self._began_at, 10.0)
        known = math.inf if limit_bps is None else (limit_bps - _SOUND_BPS) * _SHARE
        left = int(min(felt, known))
        bounds = _BOUNDS[LARGE]
        self._narrow = left < (bounds.wide_enough if self._narrow else bounds.too_narrow)
        size = SMALL if self._narrow else largest
        return max(50_000, min(left, _BOUNDS[size].most)), size
