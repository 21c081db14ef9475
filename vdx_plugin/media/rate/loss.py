"""What loss says about the rate. Pure.

A radio loses packets whatever is sent; a narrow place with a short queue loses what is too much. Only the second is a
reason to send less. They are told apart by how loss follows the rate: of several explanations, each a share that is
lost anyway and a rate beyond which everything is lost, the likeliest is taken, and one that needs no limit unless a
limit explains clearly more.

Where much is lost for whatever reason, pictures of fewer packets come through whole more often, so the rate has a
second limit that follows loss alone.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from vdx_plugin.media.rate.sent import Outcome

SPAN_S = 0.25
MIN_PACKETS = 15
SPANS = 60
FADE = 0.97
CLEAR = 6.0
"""By how much, in natural logarithm, a limit must explain more."""
RECENT_SPANS = 8

_SHARES = np.array([0.0, 0.005, 0.01, 0.02, 0.035, 0.05, 0.07, 0.1, 0.13, 0.17, 0.22, 0.3, 0.4, 0.5, 0.65])
_STEPS = np.geomspace(0.3, 1.0, 25)
_WHOLE = (
    (0.025, 3_000_000.0),
    (0.05, 1_700_000.0),
    (0.10, 1_200_000.0),
    (0.15, 800_000.0),
    (0.20, 450_000.0),
    (0.30, 300_000.0),
    (0.50, 150_000.0),
)


@dataclass(slots=True)
class _Span:
    began_s: float
    sent: int = 0
    lost: int = 0
    bits: int = 0
    until_s: float = 0.0

    @property
    def rate_bps(self) -> float:
        return self.bits / max(SPAN_S / 2, self.until_s - self.began_s)


class LossWatch:
    """Takes outcomes; ``share`` is what was lost of late, ``limit_bps`` what may be sent for all loss says."""

    def __init__(self) -> None:
        self._spans: deque[_Span] = deque(maxlen=SPANS)
        self._now: _Span | None = None
        self.share = 0.0
        self.limit_bps = math.inf

    def take(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            departure = outcome.departure
            if self._now is None:
                self._now = _Span(departure.at_s)
            self._now.sent += 1
            self._now.lost += outcome.arrived_s is None
            self._now.bits += departure.size * 8
            self._now.until_s = max(self._now.until_s, departure.at_s)
            if self._now.until_s - self._now.began_s >= SPAN_S and self._now.sent >= MIN_PACKETS:
                self._spans.append(self._now)
                self._now = None
                self._judge()

    def _judge(self) -> None:
        recent = list(self._spans)[-RECENT_SPANS:]
        self.share = sum(span.lost for span in recent) / sum(span.sent for span in recent)
        self.limit_bps = min(self._explained(), whole_picture_bps(self.share))

    def _explained(self) -> float:
        """Return the rate beyond which everything is lost, infinite where loss does not tell of one."""
        sent = np.array([span.sent for span in self._spans], dtype=float)
        lost = np.array([span.lost for span in self._spans], dtype=float)
        if lost[-RECENT_SPANS:].sum() < 5:
            return math.inf
        rates = np.array([span.rate_bps for span in self._spans])
        weights = FADE ** np.arange(len(rates) - 1, -1, -1)
        limits = np.append(rates.max() * _STEPS, np.inf)
        beyond = np.maximum(0.0, 1 - limits[:, None, None] / rates)
        chance = np.clip(beyond + (1 - beyond) * _SHARES[:, None], 1e-4, 1 - 1e-4)
        found = (weights * (lost * np.log(chance) + (sent - lost) * np.log(1 - chance))).sum(axis=2).max(axis=1)
        best = int(found.argmax())
        return math.inf if found[best] - found[-1] < CLEAR else float(limits[best])


def whole_picture_bps(share: float) -> float:
    """Return the rate up to which pictures still come through whole enough at this loss."""
    low_share, low_bps = _WHOLE[0]
    if share <= low_share:
        return math.inf
    for high_share, high_bps in _WHOLE[1:]:
        if share <= high_share:
            part = (share - low_share) / (high_share - low_share)
            return float(low_bps ** (1 - part) * high_bps**part)
        low_share, low_bps = high_share, high_bps
    return low_bps
