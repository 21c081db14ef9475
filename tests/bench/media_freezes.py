"""Freezes as Chromium counts them, from the times at which pictures were shown (W3C webrtc-stats, ``freezeCount``)."""

from __future__ import annotations

from collections.abc import Sequence

WINDOW = 30
FEWEST = 5
MORE_S = 0.150


def freezes_of(shown_s: Sequence[float], from_s: float, until_s: float) -> list[float]:
    """Return the length of each freeze that ended between two moments.

    A gap is a freeze if it is at least three times the mean of the last thirty, itself included, or 150 ms longer,
    whichever is more. A picture that never comes ends nothing, so the time since the last one counts as a gap too.
    """
    times = [at_s for at_s in shown_s if at_s <= until_s]
    if not times:
        return [until_s - from_s]
    gaps: list[float] = []
    found = []
    for before_s, at_s in zip(times, [*times[1:], until_s], strict=True):
        gap_s = at_s - before_s
        gaps = [*gaps, gap_s][-WINDOW:]
        mean_s = sum(gaps) / len(gaps)
        if len(gaps) >= FEWEST and gap_s >= max(3 * mean_s, mean_s + MORE_S) and at_s >= from_s:
            found.append(gap_s)
    return found
