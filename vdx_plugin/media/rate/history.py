"""What was sent of late, for those who missed it, and how often a whole picture is made on request. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

KEEP_S = 2.0
MAX_PACKETS = 2000
LEAST_PAUSE_S = 0.010
KEYFRAME_S = 0.5
EARLY_EVERY_S = 5.0


class History(Generic[T]):
    """Packets by their 16-bit sequence number, for ``KEEP_S``. Each is given out at most once a round trip."""

    def __init__(self) -> None:
        self._packets: OrderedDict[int, tuple[T, float]] = OrderedDict()
        self._given_s: dict[int, float] = {}

    def put(self, sequence: int, packet: T, at_s: float) -> None:
        self._drop(sequence)
        self._packets[sequence] = (packet, at_s)
        while self._packets:
            oldest, (_, kept_s) = next(iter(self._packets.items()))
            if at_s - kept_s <= KEEP_S and len(self._packets) <= MAX_PACKETS:
                return
            self._drop(oldest)

    def _drop(self, sequence: int) -> None:
        self._packets.pop(sequence, None)
        self._given_s.pop(sequence, None)

    def again(self, sequence: int, now_s: float, rtt_s: float) -> T | None:
        """Return a packet that was asked for; None if it is gone, or on its way already."""
        found = self._packets.get(sequence)
        if found is None or now_s - self._given_s.get(sequence, float("-inf")) < max(LEAST_PAUSE_S, rtt_s):
            return None
        self._given_s[sequence] = now_s
        return found[0]

    def find(self, sequence: int) -> T | None:
        """Return a packet, None if it is gone."""
        found = self._packets.get(sequence)
        return None if found is None else found[0]

    @property
    def newest(self) -> T | None:
        return next(reversed(self._packets.values()))[0] if self._packets else None


class KeyframeGate:
    """Requests for a whole picture in, at most one each half second out. The first picture is whole by itself.

    Once in a while one is made at once after the last: whoever enters just behind us would wait half a second for us.
    """

    def __init__(self) -> None:
        self._wanted = False
        self._made_s = self._early_s = float("-inf")

    def ask(self) -> None:
        self._wanted = True

    def passes(self, now_s: float) -> bool:
        """Return whether the picture of now is to be whole."""
        if not self._wanted:
            return False
        if now_s - self._made_s < KEYFRAME_S:
            if now_s - self._early_s < EARLY_EVERY_S:
                return False
            self._early_s = now_s
        self.made(now_s)
        return True

    def made(self, now_s: float) -> None:
        """A whole picture was made, whatever for."""
        self._wanted, self._made_s = False, now_s
