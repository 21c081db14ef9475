"""Freezes as Chromium counts them: a gap between two pictures above three times the usual one, and above
it the usual one by 150 ms. Pure.
"""

from __future__ import annotations

from collections import deque

LONGER_S = 0.150
USUAL_OF = 30
MIN_SAMPLES = 5


class Freezes:
    """Told when each picture is shown."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=USUAL_OF)
        self._shown_s: float | None = None
        self.count = 0
        self.frozen_s = 0.0

    def shown(self, at_s: float) -> None:
        """A picture is shown."""
        last_s, self._shown_s = self._shown_s, at_s
        if last_s is None:
            return
        gap_s = at_s - last_s
        self._gaps.append(gap_s)
        usual_s = sum(self._gaps) / len(self._gaps)
        if len(self._gaps) >= MIN_SAMPLES and gap_s >= max(3 * usual_s, usual_s + LONGER_S):
            self.count += 1
            self.frozen_s += gap_s

    def interrupted(self) -> None:
        """The sender stopped on purpose, or the line is a new one: no gap is counted across it."""
        self._shown_s = None
