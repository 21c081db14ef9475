"""What has been sent and what became of it, by the receiver's feedback. Pure; times in seconds of any steady clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from vdx_plugin.media.rate.feedback import TICK_S, Feedback
from vdx_plugin.media.rate.numbers import Unwrapper

REORDERING_S = (0.008, 0.1)
"""How much later a packet may be sent and yet overtake, at least and at most; in between it is what delay varies by.
Told missing before that, a packet is not yet lost."""
SPREAD_S = 2.0
KEEP_S = 3.0
MAX_PACKETS = 4000

_TICK_WRAP = 1 << 32


@dataclass(frozen=True, slots=True)
class Departure:
    """One packet on its way. ``size`` is what the line carries of it; ``cluster`` the probe it is part of, or 0.

    ``on_lost`` may be called once it is known to be lost.
    """

    number: int
    size: int
    at_s: float
    cluster: int = 0
    on_lost: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A packet that came, with its arrival on the receiver's clock, or one that is lost (None)."""

    departure: Departure
    arrived_s: float | None


class SentRecord:
    """Numbers packets as they leave and matches feedback with them. Each packet has at most one outcome."""

    def __init__(self) -> None:
        self._next = 0
        self._departures: dict[int, Departure] = {}
        self._missing: deque[Departure] = deque()
        self._unwrapper = Unwrapper()
        self._offset: int | None = None
        self._newest_told_s = float("-inf")
        self._tick: int | None = None
        self._delays: deque[tuple[float, float]] = deque(maxlen=MAX_PACKETS)
        self.heard_s: float | None = None
        """When feedback last told of a packet of ours."""
        self.spread_s = 0.0
        """By how much delay has varied of late."""

    def depart(self, size: int, at_s: float, *, cluster: int = 0, on_lost: Callable[[], None] | None = None) -> int:
        """Note a packet that leaves now; return its transport-wide number, of 16 bits."""
        number = self._next
        self._next += 1
        self._departures[number] = Departure(number, size, at_s, cluster, on_lost)
        while len(self._departures) > MAX_PACKETS:
            del self._departures[next(iter(self._departures))]
        return number & 0xFFFF

    def take(self, feedback: Feedback, now_s: float) -> list[Outcome]:
        """Return what has become certain, in the order of sending."""
        outcomes: list[Outcome] = []
        for number, tick in zip(self._places(feedback), feedback.ticks, strict=True):
            departure = self._departures.get(number)
            if departure is None:
                continue
            if tick is None:
                self._missing.append(departure)
                continue
            del self._departures[number]
            self.heard_s = now_s
            self._newest_told_s = max(self._newest_told_s, departure.at_s)
            arrived_s = self._unwrapped(tick) * TICK_S
            self._delays.append((now_s, arrived_s - departure.at_s))
            outcomes.append(Outcome(departure, arrived_s))
        outcomes += self._lost(now_s)
        self._forget(now_s)
        return sorted(outcomes, key=lambda outcome: outcome.departure.number)

    def forget(self) -> None:
        """What became of the packets under way is not to count."""
        self._departures.clear()
        self._missing.clear()

    def _places(self, feedback: Feedback) -> range:
        """Return our own numbers for what a message tells of: those of the last 32768 sent."""
        newest = self._next - 1
        base = newest - ((newest - feedback.base) & 0xFFFF)
        return range(base, base + len(feedback.ticks))

    def _unwrapped(self, tick: int) -> int:
        if self._tick is None:
            self._tick = tick
        self._tick += ((tick - self._tick + _TICK_WRAP // 2) % _TICK_WRAP) - _TICK_WRAP // 2
        return self._tick

    def _tolerance_s(self, now_s: float) -> float:
        """Return by how much delay has varied of late: so much later packets have overtaken others."""
        while self._delays and now_s - self._delays[0][0] > SPREAD_S:
            self._delays.popleft()
        delays = [delay_s for _, delay_s in self._delays]
        return min(REORDERING_S[1], max(REORDERING_S[0], max(delays, default=0.0) - min(delays, default=0.0)))

    def _lost(self, now_s: float) -> list[Outcome]:
        lost: list[Outcome] = []
        waiting: deque[Departure] = deque()
        tolerance_s = self.spread_s = self._tolerance_s(now_s)
        for departure in self._missing:
            if self._newest_told_s - departure.at_s <= tolerance_s:
                waiting.append(departure)
            elif self._departures.pop(departure.number, None) is not None:
                lost.append(Outcome(departure, None))
        self._missing = waiting
        return lost

    def _forget(self, now_s: float) -> None:
        """A message may itself be lost: of what it told nothing is known."""
        while self._departures:
            oldest = next(iter(self._departures.values()))
            if now_s - oldest.at_s <= KEEP_S:
                return
            del self._departures[oldest.number]

    @property
    def in_flight_s(self) -> float | None:
        """When the oldest packet left of which nothing is known; None if there is none."""
        return next((departure.at_s for departure in self._departures.values()), None)
