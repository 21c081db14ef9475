"""Sixteen-bit sequence numbers laid out on a line without end. Pure."""

from __future__ import annotations


class Unwrapper:
    """Gives each number its place on the line, taking the nearest to the highest seen so far."""

    def __init__(self) -> None:
        self._highest: int | None = None

    def unwrap(self, number: int) -> int:
        if self._highest is None:
            # Room below for what comes out of order at the very start.
            self._highest = number + 0x10000
            return self._highest
        distance = ((number - self._highest + 0x8000) & 0xFFFF) - 0x8000
        place = self._highest + distance
        self._highest = max(self._highest, place)
        return place
