"""Which packets of our voice are sent again when the other side asks. Pure.

A browser asks for everything it missed, and then holds all sound back by a round trip so that the answers are in time.
On a short line that is nothing; on a long one it is worth it only for what the redundancy in the next packet does not
mend already, which is what went lost together with that next packet.
"""

from __future__ import annotations

from collections.abc import Sequence

SHORT_S = 0.04
"""Up to this round trip everything is repeated."""
REMEMBERED_S = 1.0
MAX_ASKED = 200


class Repeating:
    """Takes requests in the order they come."""

    def __init__(self) -> None:
        self._asked_s: dict[int, float] = {}

    def wanted(self, sequences: Sequence[int], now_s: float, rtt_s: float | None) -> list[int]:
        """Return those to send now, which may be such as were asked for before."""
        if rtt_s is not None and rtt_s <= SHORT_S:
            return list(sequences)
        self._remember(sequences, now_s)
        near = dict.fromkeys(each for sequence in sequences for each in ((sequence - 1) & 0xFFFF, sequence))
        return [each for each in near if each in self._asked_s and (each + 1) & 0xFFFF in self._asked_s]

    def _remember(self, sequences: Sequence[int], now_s: float) -> None:
        for sequence in sequences:
            self._asked_s.pop(sequence, None)
            self._asked_s[sequence] = now_s
        while self._asked_s:
            oldest, asked_s = next(iter(self._asked_s.items()))
            if now_s - asked_s <= REMEMBERED_S and len(self._asked_s) <= MAX_ASKED:
                return
            del self._asked_s[oldest]
