"""When each packet leaves. Pure.

A picture's packets leave a few at a time instead of in one burst, which a short queue at the narrow place would not
hold. Sound never waits. Retransmissions go before new pictures.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum
from typing import Generic, TypeVar

from vdx_plugin.media.rate.probing import Probe

T = TypeVar("T")

FACTOR, THIN_FACTOR = 2.5, 1.25
WIDE_BPS, THIN_BPS = 1_000_000.0, 400_000.0
"""On a thin line a picture's packets fill the narrow place whatever the pace; sound must find room between them."""
QUANTUM_S = 0.005
MOST_WAIT_S = 0.4
"""What waits longer, after the target has fallen for instance, raises the rate."""
MAX_DEBT_S = 0.1
CREDIT_S = 0.020
"""How much of a late wake-up is made good for; clocks of Windows tick sixteen milliseconds."""


class Rank(IntEnum):
    """Who goes first."""

    AGAIN = 0
    PICTURE = 1


def _factor(target_bps: float) -> float:
    part = (target_bps - THIN_BPS) / (WIDE_BPS - THIN_BPS)
    return THIN_FACTOR + (FACTOR - THIN_FACTOR) * min(1.0, max(0.0, part))


class Pacer(Generic[T]):
    """``put`` what is to be sent, ``take`` what may leave. Times in seconds, sizes in bytes."""

    def __init__(self, target_bps: float) -> None:
        self._queues: dict[Rank, deque[tuple[T, int]]] = {rank: deque() for rank in Rank}
        self._bits = 0
        self._target_bps = target_bps
        self._debt = 0.0
        self._paid_s: float | None = None
        self._probe: Probe | None = None
        self._probe_bits = 0.0
        self._probe_packets = 0

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    @property
    def wait_s(self) -> float:
        """How long what is waiting would take at the target's own rate."""
        return self._bits / self._target_bps

    @property
    def cluster(self) -> int:
        """The trial under way; 0 for none."""
        return self._probe.cluster if self._probe is not None else 0

    def set_target(self, target_bps: float) -> None:
        self._target_bps = max(1.0, target_bps)

    def put(self, item: T, size: int, rank: Rank) -> None:
        self._queues[rank].append((item, size))
        self._bits += size * 8

    def clear(self) -> None:
        """Forget what waits."""
        for queue in self._queues.values():
            queue.clear()
        self._bits = 0

    def spend(self, size: int, now_s: float) -> None:
        """Sound has left, which waits for nobody: what follows waits a little longer."""
        self._pay(now_s)
        self._debt = min(self._debt + size * 8, self._rate_bps * MAX_DEBT_S)

    def begin(self, probe: Probe) -> None:
        """Send faster for the length of a trial."""
        self._probe, self._probe_bits, self._probe_packets = probe, 0.0, 0
        self._debt = 0.0

    def take(self, now_s: float) -> tuple[T, int] | None:
        """Return the next packet that may leave now with its trial, None if none may or none waits."""
        self._pay(now_s)
        if self._debt > self._rate_bps * QUANTUM_S / 2:
            return None
        queue = next((queue for _, queue in sorted(self._queues.items()) if queue), None)
        if queue is None:
            return None
        item, size = queue.popleft()
        self._bits -= size * 8
        return item, self._sent(size)

    def pad(self, size: int, now_s: float) -> int:
        """A packet of padding leaves as part of the trial; return the trial."""
        self._pay(now_s)
        return self._sent(size)

    def wants_padding(self, now_s: float) -> bool:
        """Whether a trial lacks packets that are due now."""
        self._pay(now_s)
        return self._probe is not None and not len(self) and self._debt <= self._rate_bps * QUANTUM_S / 2

    def due_s(self, now_s: float) -> float | None:
        """Return when to ask again, None while nothing waits."""
        if not len(self) and self._probe is None:
            return None
        over = self._debt - self._rate_bps * QUANTUM_S / 2
        return now_s + max(0.0, over / self._rate_bps)

    @property
    def _rate_bps(self) -> float:
        if self._probe is not None:
            return self._probe.rate_bps
        return max(_factor(self._target_bps) * self._target_bps, self._bits / MOST_WAIT_S)

    def _pay(self, now_s: float) -> None:
        if self._paid_s is not None:
            least = -self._rate_bps * CREDIT_S if len(self) or self._probe is not None else 0.0
            self._debt = max(least, self._debt - self._rate_bps * max(0.0, now_s - self._paid_s))
        self._paid_s = now_s

    def _sent(self, size: int) -> int:
        self._debt += size * 8
        probe = self._probe
        if probe is None:
            return 0
        self._probe_bits += size * 8
        self._probe_packets += 1
        if self._probe_bits >= probe.bits and self._probe_packets >= probe.packets:
            self._probe = None
        return probe.cluster
