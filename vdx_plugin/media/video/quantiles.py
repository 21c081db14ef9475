"""Quantiles of the newest values. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque


class Recent:
    """The last ``size`` values, kept in order too."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: deque[float] = deque()
        self._ordered: list[float] = []

    def __len__(self) -> int:
        return len(self._values)

    def add(self, value: float) -> None:
        """Take a value in place of the oldest."""
        if len(self._values) == self._size:
            oldest = self._values.popleft()
            del self._ordered[bisect_left(self._ordered, oldest)]
        self._values.append(value)
        insort(self._ordered, value)

    def at(self, share: float) -> float:
        """Return the value below which about this share lies. IndexError if there is none."""
        return self._ordered[min(int(share * len(self._ordered)), len(self._ordered) - 1)]

    def clear(self) -> None:
        self._values.clear()
        self._ordered.clear()
