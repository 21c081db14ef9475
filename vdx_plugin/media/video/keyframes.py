"""When the sender is asked for a whole picture. Pure.

At once when it is known that nothing else helps, and again every 200 ms until one decodes, but not while one is on its
way. Also when nothing has been decoded 200 ms after the first packet, and when pictures have stopped for 3 s.
"""

from __future__ import annotations

ASK_EVERY_S = 0.2
STALL_S = 3.0


class KeyframeRule:
    """Told what happens; ``due`` says whether to ask now."""

    def __init__(self) -> None:
        self._is_wanted = False
        self._asked_s = float("-inf")
        self._hold_s = float("-inf")
        self._moved_s: float | None = None
        """When a picture was last decoded, or the first packet came."""

    def began(self, at_s: float) -> None:
        """The first packet of a stream came."""
        self._moved_s = at_s
        self._is_wanted = True
        self._hold_s = at_s + ASK_EVERY_S

    def wanted(self) -> None:
        """Without a key picture nothing can be decoded: ask at once, if that was not done just now."""
        self._is_wanted = True
        self._hold_s = float("-inf")

    def key_came(self, at_s: float) -> None:
        """A packet of a key picture came."""
        self._hold_s = at_s + ASK_EVERY_S

    def decoded(self, at_s: float, *, is_key: bool) -> None:
        """A picture was decoded."""
        self._moved_s = at_s
        self._is_wanted = self._is_wanted and not is_key

    def due(self, at_s: float) -> bool:
        """Return whether to ask now, and take it as asked."""
        if at_s < self.next_s:
            return False
        self._asked_s = at_s
        return True

    @property
    def next_s(self) -> float:
        """When ``due`` will be true if nothing happens; infinity before the first packet."""
        if self._moved_s is None:
            return float("inf")
        if self._is_wanted:
            return max(self._asked_s + ASK_EVERY_S, self._hold_s)
        return max(self._moved_s, self._asked_s) + STALL_S
