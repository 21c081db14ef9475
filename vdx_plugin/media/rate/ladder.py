"""How large and how often pictures are sent at a given rate, down to none. Pure; times in seconds.

Down soon, up late and with room to spare: every change of size costs a whole picture and is seen.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rung:
    """Pictures of at most ``height`` lines, ``fps`` a second, from ``least_bps`` on; height 0 is sound alone."""

    height: int
    fps: int
    least_bps: float
    most_bps: float

    @property
    def has_pictures(self) -> bool:
        return self.height > 0


RUNGS = (
    Rung(720, 30, 900_000, 2_500_000),
    Rung(540, 25, 500_000, 1_600_000),
    Rung(360, 30, 130_000, 900_000),
    Rung(180, 15, 60_000, 400_000),
    Rung(0, 0, 0, 0),
)
"""On a thin line many small pictures: a large one fills the narrow place, and sound waits behind it."""
SLIDES = (Rung(1080, 10, 400_000, 2_500_000), Rung(1080, 5, 150_000, 1_500_000), Rung(1080, 2, 0, 1_500_000))
"""Text must stay readable, so slides keep their size and come less often."""
PICTURE_BACK_BPS = 100_000.0
START_HEIGHT, START_S = 360, 2.0
"""A whole picture of 720 lines would fill a thin line for a second, and the far end's sound remembers that for ten.
While the first trials find the line's rate, what they show is taken at once, and only what is far too much given up."""
FAR, FAR_EARLY = 0.5, 0.25
DOWN_S, FAR_DOWN_S, NONE_S = 1.0, 0.3, 3.0
UP_S = 4.0
TRY_S, TRY_MOST_S = 15.0, 60.0
"""With sound alone, how long until pictures are tried though nothing shows that there is room, twice as long after each
vain try. A receiver whose estimate follows what arrives would never let them back."""
ROOM = 1.2
BUSY, EASY = 0.8, 0.4
BUSY_S, EASY_S = 3.0, 20.0


class Ladder:
    """``step`` with what pictures may use; ``rung`` is where we stand."""

    def __init__(self, rungs: tuple[Rung, ...] = RUNGS) -> None:
        self._rungs = rungs
        self._cpu_top = 0
        self._index = self._first = next((at for at, rung in enumerate(rungs) if rung.height <= START_HEIGHT), 0)
        self._began_s: float | None = None
        self._below_s: float | None = None
        self._far_below_s: float | None = None
        self._above_s: float | None = None
        self._busy_s: float | None = None
        self._easy_s: float | None = None
        self._none_s: float | None = None
        self._try_s = TRY_S

    @property
    def rung(self) -> Rung:
        return self._rungs[self._index]

    def begin_again(self) -> None:
        """Stand where a call starts, where the machine allows it."""
        self._began_s = None
        self._stand(max(self._first, self._cpu_top))

    def step(self, bps: float, now_s: float, *, load: float = 0.0) -> Rung:
        """Take what pictures may use now and how much of its time the encoder needs; return where to stand."""
        self._began_s = now_s if self._began_s is None else self._began_s
        self._mind_load(load, now_s)
        self._below_s = _since(self._below_s, bps < self.rung.least_bps, now_s)
        far = FAR_EARLY if self._is_early(now_s) else FAR
        self._far_below_s = _since(self._far_below_s, bps < far * self.rung.least_bps, now_s)
        if self._must_go_down(now_s):
            self._stand(max(self._index + 1, self._fitting(bps)))
        elif self._may_go_up(bps, now_s):
            self._try_s = TRY_S
            self._stand(max(self._cpu_top, min(self._index - 1, self._fitting(bps / ROOM))))
        elif self._must_try(bps, now_s):
            self._try_s = min(TRY_MOST_S, 2 * self._try_s)
            self._stand(self._index - 1)
        return self.rung

    def _must_try(self, bps: float, now_s: float) -> bool:
        """Whether it is time to see if pictures go, where sound alone leaves half of what the smallest need."""
        self._none_s = _since(self._none_s, not self.rung.has_pictures, now_s)
        return _lasts(self._none_s, self._try_s, now_s) and bps >= FAR * self._rungs[self._index - 1].least_bps

    def _must_go_down(self, now_s: float) -> bool:
        last = self._index == len(self._rungs) - 2
        if _lasts(self._far_below_s, NONE_S if last else FAR_DOWN_S, now_s):
            return self.rung.has_pictures
        if self._is_early(now_s):
            return False
        return self.rung.has_pictures and _lasts(self._below_s, NONE_S if last else DOWN_S, now_s)

    def _may_go_up(self, bps: float, now_s: float) -> bool:
        above = self._index > self._cpu_top
        if above:
            upper = self._rungs[self._index - 1]
            least_bps = ROOM * upper.least_bps if self.rung.has_pictures else PICTURE_BACK_BPS
            above = bps >= least_bps
        self._above_s = _since(self._above_s, above, now_s)
        return _lasts(self._above_s, 0.0 if self._is_early(now_s) else UP_S, now_s)

    def _is_early(self, now_s: float) -> bool:
        return self._began_s is None or now_s - self._began_s < START_S

    def _fitting(self, bps: float) -> int:
        return next(
            index for index, rung in enumerate(self._rungs) if bps >= rung.least_bps or index == len(self._rungs) - 1
        )

    def _mind_load(self, load: float, now_s: float) -> None:
        """A machine that cannot keep up sends smaller pictures, but never none for that."""
        self._busy_s = _since(self._busy_s, load > BUSY, now_s)
        self._easy_s = _since(self._easy_s, load < EASY, now_s)
        if _lasts(self._busy_s, BUSY_S, now_s) and self._index < len(self._rungs) - 2:
            self._cpu_top = self._index + 1
            self._stand(self._cpu_top)
        elif _lasts(self._easy_s, EASY_S, now_s) and self._cpu_top > 0:
            self._cpu_top, self._easy_s = self._cpu_top - 1, None

    def _stand(self, index: int) -> None:
        self._index = min(index, len(self._rungs) - 1)
        self._below_s = self._far_below_s = self._above_s = self._busy_s = self._easy_s = None


def _since(since_s: float | None, holds: bool, now_s: float) -> float | None:
    if not holds:
        return None
    return now_s if since_s is None else since_s


def _lasts(since_s: float | None, for_s: float, now_s: float) -> bool:
    return since_s is not None and now_s - since_s >= for_s


def size_on(rung: Rung, width: int, height: int) -> tuple[int, int]:
    """Return the size in which a picture of ``width`` x ``height`` is sent, never larger than it is."""
    lines = min(rung.height, height)
    return max(2, round(width * lines / height / 2) * 2), max(2, lines // 2 * 2)


class Beat:
    """Lets through at most so many pictures a second, evenly."""

    def __init__(self) -> None:
        self._due_s = float("-inf")

    def passes(self, now_s: float, fps: int) -> bool:
        period_s = 1 / fps
        # A source at just this rate comes a little early at times; a tenth of a period is no reason to skip.
        if now_s < self._due_s - 0.25 * period_s:
            return False
        self._due_s = max(self._due_s + period_s, now_s - period_s)
        return True
