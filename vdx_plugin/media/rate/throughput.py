"""How much was sent and how much of it has come through. Pure."""

from __future__ import annotations

from collections import deque

from vdx_plugin.media.rate.sent import Outcome

SPAN_S = 0.5
RECENT_S = 0.2
MIN_SPAN_S = 0.1
MIN_PACKETS = 5


class _Flow:
    """Bits by time, over the last half second."""

    def __init__(self) -> None:
        self._rows: deque[tuple[float, int]] = deque()
        self._newest_s = float("-inf")

    def add(self, at_s: float, bits: int) -> None:
        self._rows.append((at_s, bits))
        self._newest_s = max(self._newest_s, at_s)
        while self._newest_s - self._rows[0][0] > SPAN_S:
            self._rows.popleft()

    def bps(self, span_s: float) -> float | None:
        rows = [row for row in self._rows if self._newest_s - row[0] <= span_s]
        first_s, first_bits = min(rows, default=(self._newest_s, 0))
        lasted_s = self._newest_s - first_s
        if len(rows) < MIN_PACKETS or lasted_s < MIN_SPAN_S:
            return None
        # The first only begins the span: on a thin line, where few packets come, it would add a fifth.
        return (sum(bits for _, bits in rows) - first_bits) / lasted_s


class Throughput:
    """Rates over the last half second; None before there is enough of it."""

    def __init__(self) -> None:
        self._came = _Flow()
        self._sent = _Flow()

    def take(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            bits = outcome.departure.size * 8
            self._sent.add(outcome.departure.at_s, bits)
            if outcome.arrived_s is not None:
                self._came.add(outcome.arrived_s, bits)

    @property
    def came_bps(self) -> float | None:
        """What arrived, by the receiver's clock."""
        return self._came.bps(SPAN_S)

    @property
    def draining_bps(self) -> float | None:
        """The same of the last fifth of a second: what a queue at the narrow place lets through."""
        return self._came.bps(RECENT_S) or self.came_bps

    @property
    def sent_bps(self) -> float | None:
        """What was sent of that about which something is known."""
        return self._sent.bps(SPAN_S)
