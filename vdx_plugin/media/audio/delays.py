"""How late packets come, and how long to wait for them. Pure.

The relative delay of a packet is how much later it came than the fastest of late, after what its timestamp says. A
histogram of it, which forgets, gives the wait that costs least: a millisecond of delay against the share of sound that
it saves. Sound that comes by another way (redundancy in the next packet, a repeat) counts when it came that way.
"""

from __future__ import annotations

from collections import deque

import numpy as np

BIN_S = 0.005
BINS = 120
FORGET = 0.996
"""Each packet weighs so much less with each that follows: half of it is forgotten in 3.5 s of sound."""
COST_MS_PER_PERCENT = 20.0
"""One per cent of sound not there in time weighs as much as so many milliseconds of delay."""
WINDOW_S = 2.0
SLOWER_S = 0.03
"""Less than this is jitter, more is another way through the net."""


class FastestLately:
    """The least of the values of the last ``WINDOW_S``: the clock offset to the sender, plus the shortest way."""

    def __init__(self) -> None:
        self._falling: deque[tuple[float, float]] = deque()

    def note(self, at_s: float, offset_s: float) -> float:
        """Take a value and return the least one."""
        while self._falling and self._falling[-1][1] >= offset_s:
            self._falling.pop()
        self._falling.append((at_s, offset_s))
        while self._falling[0][0] < at_s - WINDOW_S:
            self._falling.popleft()
        return self._falling[0][1]

    def clear(self) -> None:
        self._falling.clear()


class Histogram:
    """Shares of relative delays in bins of 5 ms. It begins with an opinion that the first packets replace."""

    def __init__(self, prior_s: float) -> None:
        self._shares = np.zeros(BINS)
        self._shares[_bin(prior_s)] = 1.0
        self._seen = 0
        self._origin_s: float | None = None

    def note(self, delay_s: float | None) -> None:
        """Take a delay, or None for sound that never came."""
        self._seen += 1
        keep = min(FORGET, 1 - 1 / (self._seen + 1))
        self._shares *= keep
        self._shares[BINS - 1 if delay_s is None else _bin(delay_s)] += 1 - keep

    def move_origin(self, origin_s: float) -> None:
        """Count from ``origin_s`` from now on. When the whole line has become slower, what was late before is not now.

        A line that has become faster is another matter: what it did before, it may do again.
        """
        slower_s = 0.0 if self._origin_s is None else origin_s - self._origin_s
        self._origin_s = origin_s
        if slower_s >= SLOWER_S:
            places = np.maximum(np.arange(BINS - 1) - round(slower_s / BIN_S), 0)
            self._shares[:-1] = np.bincount(places, weights=self._shares[:-1], minlength=BINS - 1)

    def forget_origin(self) -> None:
        """Another stream begins, whose clock says nothing about that of the one before."""
        self._origin_s = None

    def late_shares(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return, for a wait until the end of each bin, the share that would come too late."""
        return 1.0 - np.cumsum(self._shares)

    def quantile_s(self, share: float) -> float:
        """Return the delay that ``share`` of the packets keep within."""
        return float(np.searchsorted(np.cumsum(self._shares), share * self._shares.sum()) + 1) * BIN_S

    def cheapest_s(self) -> float:
        """Return the wait that costs least."""
        waits_ms = np.arange(1, BINS) * BIN_S * 1000
        return float(np.argmin(waits_ms + COST_MS_PER_PERCENT * 100 * self.late_shares()[:-1]) + 1) * BIN_S


def _bin(delay_s: float) -> int:
    return min(max(int(delay_s / BIN_S), 0), BINS - 2)
