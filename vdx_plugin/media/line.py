"""How good the line is: counts of each second in, a state a doctor can act on and figures for the measures out. Pure.

Thresholds: Pexip calls loss below 1 % good, below 3 % acceptable and 3 % and more bad, and puts a line one class
lower above 40 ms of jitter (media statistics guide); G.114 puts the end of good conversation at 400 ms one way,
which leaves 400 ms round trip for the network. The score is the E-model of ITU-T G.107 with Opus' resistance.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from vdx_plugin.domain.measures import LineFigures
from vdx_plugin.ports import LineChanged, LineQuality

BAD_LOSS = 0.03
BAD_JITTER_MS = 40.0
BAD_RTT_MS = 400.0
SILENT_AFTER_S = 1.0
WINDOW_TICKS = 5
CALM_TICKS = 3
REPORT_TICKS = 5
MAX_SAMPLES = 4 * 3600


@dataclass(frozen=True, slots=True)
class Counts:
    """Totals of RTP packets since the media path came up."""

    received: int = 0
    lost: int = 0
    sent: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    jitter_ms: float | None = None
    rtt_ms: float | None = None


def quality_of(loss: float, jitter_ms: float | None, rtt_ms: float | None) -> LineQuality:
    """Return GOOD or UNSTABLE for a line on which packets arrive. ``loss`` is a share 0..1."""
    if loss >= BAD_LOSS or (jitter_ms or 0) > BAD_JITTER_MS or (rtt_ms or 0) > BAD_RTT_MS:
        return LineQuality.UNSTABLE
    return LineQuality.GOOD


def listening_score(loss: float, rtt_ms: float, *, buffer_ms: float = 80.0) -> float:
    """Return the estimated mean opinion score 1..4.5 (ITU-T G.107; packet loss robustness 20 for Opus with FEC)."""
    delay_ms = rtt_ms / 2 + buffer_ms
    delay_cost = 0.024 * delay_ms + (0.11 * (delay_ms - 177.3) if delay_ms > 177.3 else 0.0)
    percent = min(max(loss, 0.0), 1.0) * 100
    rating = min(max(93.2 - delay_cost - 95 * percent / (percent + 20), 0.0), 100.0)
    return 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile, None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class LineWatch:
    """Takes the counts of each second. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._last: Counts | None = None
        self._last_at = 0.0
        self._window: deque[tuple[int, int]] = deque(maxlen=WINDOW_TICKS)
        self._silent_s = 0.0
        self._calm = 0
        self._ticks_since_report = 0
        self._quality = LineQuality.NONE
        self._losses: deque[float] = deque(maxlen=MAX_SAMPLES)
        self._jitters: deque[float] = deque(maxlen=MAX_SAMPLES)
        self._rtts: deque[float] = deque(maxlen=MAX_SAMPLES)
        self.two_way_s = 0.0

    def restart(self) -> None:
        """A new media path counts from zero; what was measured before stays."""
        self._last = None
        self._window.clear()

    def tick(self, at_s: float, counts: Counts, *, expected: bool) -> LineChanged | None:
        """Take the counts of now; return the line's state when it changed, and every few seconds.

        ``expected`` says that somebody else has media, so that silence means a broken line and not an empty room.
        """
        last, elapsed_s = self._last, at_s - self._last_at
        self._last, self._last_at = counts, at_s
        if last is None:
            return None
        received = max(0, counts.received - last.received)
        lost = max(0, counts.lost - last.lost)
        self._silent_s = 0.0 if received else self._silent_s + elapsed_s
        if received and counts.sent > last.sent:
            self.two_way_s += elapsed_s
        self._window.append((received, lost))
        self._keep(received, lost, counts)
        return self._report(self._judge(counts, expected=expected), counts)

    @property
    def is_lost(self) -> bool:
        """Whether the last word told was that the line is lost."""
        return self._quality is LineQuality.LOST

    def lose(self) -> LineChanged:
        """The path is known to be broken before a second of silence has shown it."""
        self._quality, self._ticks_since_report, self._calm = LineQuality.LOST, 0, 0
        self._silent_s = max(self._silent_s, SILENT_AFTER_S)
        return LineChanged(LineQuality.LOST)

    def _keep(self, received: int, lost: int, counts: Counts) -> None:
        if received + lost:
            self._losses.append(lost / (received + lost))
        if counts.jitter_ms is not None and received:
            self._jitters.append(counts.jitter_ms)
        if counts.rtt_ms is not None and received:
            self._rtts.append(counts.rtt_ms)

    @property
    def _loss(self) -> float:
        received, lost = sum(row[0] for row in self._window), sum(row[1] for row in self._window)
        return lost / (received + lost) if received + lost else 0.0

    def _judge(self, counts: Counts, *, expected: bool) -> LineQuality:
        if self._silent_s >= SILENT_AFTER_S:
            self._calm = 0
            return LineQuality.LOST if expected else LineQuality.NONE
        found = quality_of(self._loss, counts.jitter_ms, counts.rtt_ms)
        self._calm = self._calm + 1 if found is LineQuality.GOOD else 0
        if found is LineQuality.GOOD and self._quality is LineQuality.UNSTABLE and self._calm < CALM_TICKS:
            return LineQuality.UNSTABLE
        return found

    def _report(self, quality: LineQuality, counts: Counts) -> LineChanged | None:
        self._ticks_since_report += 1
        if quality is self._quality and self._ticks_since_report < REPORT_TICKS:
            return None
        if quality is LineQuality.NONE and self._quality is LineQuality.NONE:
            return None
        self._quality, self._ticks_since_report = quality, 0
        return LineChanged(quality, loss=self._loss, rtt_ms=counts.rtt_ms)

    @property
    def loss(self) -> float:
        """Share of packets lost in the last seconds."""
        return self._loss

    def figures(
        self, *, width: int | None = None, height: int | None = None, fps: float | None = None, reconnects: int = 0
    ) -> LineFigures:
        """Return what was measured so far, with what the caller knows of the picture."""
        loss, rtt_ms = percentile(self._losses, 0.5), percentile(self._rtts, 0.5)
        mean = sum(self._losses) / len(self._losses) if self._losses else None
        return LineFigures(
            loss_p50=loss,
            loss_p95=percentile(self._losses, 0.95),
            jitter_ms_p95=percentile(self._jitters, 0.95),
            rtt_ms_p50=rtt_ms,
            rtt_ms_p95=percentile(self._rtts, 0.95),
            mos=None if mean is None else listening_score(mean, rtt_ms or 0.0),
            width=width,
            height=height,
            fps=fps,
            reconnects=reconnects,
        )
