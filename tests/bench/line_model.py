"""A bad line in virtual time: loss, delay, jitter, a narrow place. Pure and seeded: the same calls give the same fate.

A ``Line`` is one direction. It is asked for the fate of one packet at a time and remembers what it must: the state of
a burst, the length of its queue. ``VirtualTime`` runs whatever is given to it in the order of time, so that receivers
and senders without a clock of their own are driven through minutes of a bad line in a moment::

    time, line = VirtualTime(), Line(BY_NAME["10%"], seed=1)
    pipe = Pipe(time, line, receiver.take)          # receiver.take(packet, at_s)
    time.every(0.020, lambda at_s: pipe.send(next_packet(at_s)))
    time.every(0.010, receiver.tick, first_s=0.005)
    time.run(until_s=30.0)

Random loss and jitter are drawn per ``flow``: the nth packet of sound meets the same fate however many pictures went
between, so that two receivers are compared on the same losses. A burst belongs to the line and takes what comes.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Generic, TypeVar

ROUND_TRIP_S = 0.060
OVERHEAD_BYTES = 28
"""IPv4 and UDP, which a narrow place carries too."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What one direction of a line does to packets."""

    name: str
    loss: float = 0.0
    burst: float = 1.0
    """Mean number of packets lost in a row; 1 draws each packet for itself."""
    delay_s: float = ROUND_TRIP_S / 2
    jitter_s: float = 0.0
    """Up to this much more delay, evenly, for each packet alone: packets overtake each other."""
    rate_bps: int | None = None
    queue_s: float = 1.0
    """How much the narrow place holds before it drops what comes last."""


CONDITIONS = (
    Condition("clean"),
    Condition("5%", loss=0.05),
    Condition("10%", loss=0.10),
    Condition("20%", loss=0.20),
    Condition("10% bursty", loss=0.10, burst=4.0),
    Condition("5% jitter", loss=0.05, jitter_s=0.060),
    Condition("300 kbit/s", rate_bps=300_000),
)
BY_NAME = {condition.name: condition for condition in CONDITIONS}


class Line:
    """One direction of a line under ``condition``. ``way`` tells the two directions of one seed apart."""

    def __init__(self, condition: Condition, seed: int, way: str = "there") -> None:
        self.condition = condition
        self._root = f"{seed}/{way}"
        self._chances: dict[str, random.Random] = {}
        self._in_burst = False
        self._free_at_s = 0.0

    def fate(self, packet: Sized | int, at_s: float, flow: str = "") -> float | None:
        """Return when a packet (or one of so many bytes) sent at ``at_s`` arrives; None if it never does.

        Calls come in the order of ``at_s``.
        """
        size = packet if isinstance(packet, int) else len(packet)
        # Drawn for every packet, lost or not, so that one packet's fate does not shift the next one's.
        lost, jitter_s = self._is_lost(flow), self._chance(f"{flow}/jitter").random() * self.condition.jitter_s
        out_s = self._through(size, at_s)
        return None if lost or out_s is None else out_s + self.condition.delay_s + jitter_s

    def queue_s(self, at_s: float) -> float:
        """Return how long a packet sent now would wait at the narrow place."""
        return max(0.0, self._free_at_s - at_s)

    def _through(self, size: int, at_s: float) -> float | None:
        """Return when the narrow place has passed it on; None if its queue is full."""
        if self.condition.rate_bps is None:
            return at_s
        if self.queue_s(at_s) > self.condition.queue_s:
            return None
        self._free_at_s = max(at_s, self._free_at_s) + (size + OVERHEAD_BYTES) * 8 / self.condition.rate_bps
        return self._free_at_s

    def _is_lost(self, flow: str) -> bool:
        loss, burst = self.condition.loss, self.condition.burst
        if burst <= 1.0:
            return self._chance(f"{flow}/loss").random() < loss
        # Gilbert and Elliott's two states: everything lost in the bad one, which lasts ``burst`` packets on average.
        draw = self._chance("burst").random()
        self._in_burst = draw >= 1 / burst if self._in_burst else draw < loss / (1 - loss) / burst
        return self._in_burst

    def _chance(self, name: str) -> random.Random:
        if name not in self._chances:
            self._chances[name] = random.Random(f"{self._root}/{name}")
        return self._chances[name]


class VirtualTime:
    """A clock that jumps from one event to the next. Events of one moment run in the order they were set."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[float], object]]] = []

    def at(self, at_s: float, call: Callable[[float], object]) -> None:
        """Call ``call(at_s)`` then; at once next, if that has passed."""
        heapq.heappush(self._events, (max(at_s, self.now_s), next(self._order), call))

    def every(self, period_s: float, call: Callable[[float], object], first_s: float = 0.0) -> None:
        """Call ``call(at_s)`` at ``first_s`` and then every ``period_s``."""

        def step(count: int, at_s: float) -> None:
            call(at_s)
            self.at(first_s + (count + 1) * period_s, lambda then_s: step(count + 1, then_s))

        self.at(first_s, lambda then_s: step(0, then_s))

    def run(self, until_s: float) -> None:
        """Run everything due up to and with ``until_s``."""
        while self._events and self._events[0][0] <= until_s:
            self.now_s, _, call = heapq.heappop(self._events)
            call(self.now_s)
        self.now_s = until_s


Packet = TypeVar("Packet", bound=Sized)


class Pipe(Generic[Packet]):
    """Carries packets over a line to ``take(packet, at_s)``. Its three counts are for reports."""

    def __init__(self, time: VirtualTime, line: Line, take: Callable[[Packet, float], object]) -> None:
        self._time = time
        self._line = line
        self._take = take
        self.sent = self.dropped = self.bytes_sent = 0

    def send(self, packet: Packet, flow: str = "") -> None:
        """Send it now."""
        self.sent += 1
        self.bytes_sent += len(packet)
        arrives_s = self._line.fate(packet, self._time.now_s, flow)
        if arrives_s is None:
            self.dropped += 1
            return
        self._time.at(arrives_s, lambda at_s: self._take(packet, at_s))


def both_ways(condition: Condition, seed: int, *, back: Condition | None = None) -> tuple[Line, Line]:
    """Return the two directions of a line; ``back`` is as bad as ``condition`` unless named."""
    return Line(condition, seed, "there"), Line(back or condition, seed, "back")
