"""How long a whole picture waits before it is shown, so that one that comes late does not stop the movement. Pure.

A picture's lateness is how much later it could be decoded than the quickest ones of the last seconds, whatever held it
up: jitter, its size, or packets that had to be asked for again. The delay covers what is usual, and as much of the rare
as is needed to keep the gap below what is seen as a freeze. It grows with the picture that needs it, and shrinks
slowly, so that neither is seen; on a steady line it is next to nothing.
"""

from __future__ import annotations

from vdx_plugin.media.video.freezes import LONGER_S
from vdx_plugin.media.video.quantiles import Recent

REMEMBERED = 450
"""Pictures: 15 s at 30 a second."""
MAX_DELAY_S = 0.13
"""More gains little; on a long line, as much as one answer to a request takes and ``OVER_ROUND_TRIP_S`` more."""
OVER_ROUND_TRIP_S = 0.06
HEAVY_LOSS = 0.12
"""Above it, movement is worth more than lips: 10 ms more for each per cent."""
LONGEST_DELAY_S = 0.3
USUAL = 0.9
RARE = 0.995
MARGIN_S = 0.03
WORTH_WAITING_S = 0.008
JUMP_S = 3.0
"""A step of the sender's timestamps that is none of the line's."""

_GROW_PER_S = 0.1
_SHRINK_PER_S = 0.03


class PlayoutDelay:
    """Told of each decodable picture, in order; returns when it is to be shown."""

    def __init__(self, clock_hz: int = 90_000) -> None:
        self._clock_hz = clock_hz
        self._offsets = Recent(REMEMBERED)
        self._delay_s = 0.0
        self._longest_s = MAX_DELAY_S
        self._last: tuple[float, float] | None = None

    @property
    def delay_s(self) -> float:
        """What is added to the quickest way now."""
        return self._delay_s

    def set_line(self, rtt_s: float | None, loss: float) -> None:
        """What the line's round trip is said to be, and what share of its packets has to be asked for again."""
        longest_s = max(MAX_DELAY_S + max(0.0, loss - HEAVY_LOSS), (rtt_s or 0.0) + OVER_ROUND_TRIP_S)
        self._longest_s = min(LONGEST_DELAY_S, longest_s)

    def restart(self) -> None:
        """Another stream, with timestamps of its own."""
        self._offsets.clear()
        self._last = None

    def due_s(self, timestamp: int, decodable_s: float, wait_s: float = 0.0) -> float:
        """Return when to show it; ``wait_s`` is what lip sync wants on top. Never before ``decodable_s``."""
        media_s = timestamp / self._clock_hz
        offset_s = decodable_s - media_s
        if self._last is not None and abs(offset_s - self._last[1]) > JUMP_S:
            self.restart()
        self._offsets.add(offset_s)
        quickest_s = self._offsets.at(0.0)
        self._move(media_s, offset_s - quickest_s)
        self._last = (media_s, offset_s)
        due_s = media_s + quickest_s + self._delay_s + wait_s
        return due_s if due_s - decodable_s > WORTH_WAITING_S else decodable_s

    def _move(self, media_s: float, late_s: float) -> None:
        passed_s = 0.0 if self._last is None else min(max(media_s - self._last[0], 0.0), 1.0)
        target_s = self.target_s()
        if target_s > self._delay_s:
            # A late picture is shown late anyhow: what follows may keep that distance at no cost.
            grown_s = max(self._delay_s + _GROW_PER_S * passed_s, min(late_s, target_s))
            self._delay_s = min(target_s, grown_s)
        else:
            self._delay_s = max(target_s, self._delay_s - _SHRINK_PER_S * passed_s)

    def target_s(self) -> float:
        """Return the delay that the lateness of the last seconds asks for."""
        quickest_s = self._offsets.at(0.0)
        usual_s = self._offsets.at(USUAL) - quickest_s
        rare_s = self._offsets.at(RARE) - quickest_s
        return min(self._longest_s, max(usual_s, rare_s - (LONGER_S - MARGIN_S)))
