"""The receiving half of transport-wide congestion control: what arrived when, and when to tell. Pure.

One record for all that comes over one transport, sound and pictures alike. Times are seconds of any steady clock.
"""

from __future__ import annotations

from vdx_plugin.media.rate.feedback import MAX_STATUSES, Feedback, ticks_of
from vdx_plugin.media.rate.numbers import Unwrapper

FASTEST_S = 0.05
SLOWEST_S = 0.1
SHARE = 0.05
"""Of the rate received, for feedback; as RFC 3550 6.2 has it for all of RTCP."""
KEEP_S = 0.5
MAX_GAP = 3000
"""A jump beyond this is a new beginning and not a loss."""

_MESSAGE_BITS = 60 * 8
_SPAN_S = 4.0


class Arrivals:
    """Takes each packet's number and arrival; gives out feedback when it is due."""

    def __init__(self, sender_ssrc: int) -> None:
        self._ssrc = sender_ssrc
        self._media_ssrc = 0
        self._unwrapper = Unwrapper()
        self._arrivals: dict[int, float] = {}
        self._next = 0
        self._end = 0
        self._count = 0
        self._due_s: float | None = None
        self._bits = 0
        self._told_s = 0.0

    def take(self, number: int, at_s: float, *, ssrc: int, size: int) -> None:
        """Note a packet with transport-wide number ``number`` and ``size`` bytes. Repeated numbers count once."""
        place = self._unwrapper.unwrap(number)
        if not self._end or place > self._end + MAX_GAP:
            self._arrivals.clear()
            self._next = place
        if place in self._arrivals or place < self._next - MAX_GAP:
            return
        self._arrivals[place] = at_s
        self._media_ssrc = ssrc
        self._bits += size * 8
        # One that was told as missing is told again, with what has been told since (as libwebrtc does).
        self._next, self._end = min(self._next, place), max(self._end, place + 1)
        if self._due_s is None:
            self._due_s, self._told_s = at_s + FASTEST_S, at_s

    @property
    def due_s(self) -> float | None:
        """When feedback is due; None while there has been nothing to tell."""
        return self._due_s

    def feedback(self, now_s: float) -> list[Feedback]:
        """Return what is to be told now: nothing before it is due."""
        if self._due_s is None or now_s < self._due_s:
            return []
        self._due_s = None if self._next >= self._end else now_s + self._interval_s(now_s)
        told: list[Feedback] = []
        while (first := self._first_received()) is not None:
            told.append(self._message(first))
        self._next = self._end
        self._forget(now_s)
        return told

    def _first_received(self) -> int | None:
        return next((number for number in range(self._next, self._end) if number in self._arrivals), None)

    def _interval_s(self, now_s: float) -> float:
        rate_bps = self._bits / max(0.01, now_s - self._told_s)
        self._bits, self._told_s = 0, now_s
        return min(SLOWEST_S, max(FASTEST_S, _MESSAGE_BITS / max(1.0, SHARE * rate_bps)))

    def _message(self, first: int) -> Feedback:
        """Tell of what is missing up to ``first``, and of as much from there on as one message holds."""
        base, start_s = self._next, self._arrivals[first]
        end = first + 1
        while end < min(self._end, base + MAX_STATUSES):
            if abs(self._arrivals.get(end, start_s) - start_s) > _SPAN_S:
                break
            end += 1
        self._next = end
        count, self._count = self._count, (self._count + 1) & 0xFF
        ticks = ticks_of(self._arrivals, base, end)
        return Feedback(self._ssrc, self._media_ssrc, count, base & 0xFFFF, ticks)

    def _forget(self, now_s: float) -> None:
        for number in [number for number, at_s in self._arrivals.items() if now_s - at_s > KEEP_S]:
            del self._arrivals[number]
