"""How much comes and goes, from totals that are looked at each second. Pure."""

from __future__ import annotations

from collections import deque

from vdx_plugin.media.line import Counts

SPAN = 4
"""Seconds that a rate is taken over: pictures come in lumps."""


class Traffic:
    """Takes the counts of each second; times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int, int]] = deque(maxlen=SPAN + 1)

    def tick(self, at_s: float, counts: Counts) -> None:
        if self._seen and counts.received_bytes < self._seen[-1][1]:
            # A new path counts from zero.
            self._seen.clear()
        self._seen.append((at_s, counts.received_bytes, counts.sent_bytes))

    @property
    def received_kbps(self) -> float | None:
        return self._kbps(1)

    @property
    def sent_kbps(self) -> float | None:
        return self._kbps(2)

    def _kbps(self, column: int) -> float | None:
        if len(self._seen) < 2:
            return None
        first, last = self._seen[0], self._seen[-1]
        return 8 * (last[column] - first[column]) / 1000 / (last[0] - first[0])
