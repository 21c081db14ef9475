"""What good looks like, as numbers, and whether a figure meets it. Pure.

Source: the project's goals, set against the Danish pilot of 2019-20 and published trials: 90 % connected and
feasibility at 80 % elsewhere, 97 % video and 99.5 % contact here; room and media within 2 s and 6 s for 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TOO_FEW = 5
"""Below this many visits a figure is shown, but not judged."""


class Verdict(StrEnum):
    MET = "met"
    MISSED = "missed"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for the figure of that key, in the figure's own unit."""

    key: str
    bound: float
    at_least: bool

    def judge(self, value: float | None, n: int) -> Verdict:
        if value is None or n < TOO_FEW:
            return Verdict.TOO_FEW
        return Verdict.MET if (value >= self.bound if self.at_least else value <= self.bound) else Verdict.MISSED


GOALS = (
    Goal("video_share", 0.97, at_least=True),
    Goal("contact_share", 0.995, at_least=True),
    Goal("room_ready_ms_p95", 2000, at_least=False),
    Goal("mos_p50", 4.0, at_least=True),
)
"""Shown at the top of the page, in this order."""
