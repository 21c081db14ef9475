"""To whom a packet belongs when several streams share one connection. Pure.

The order is that of RFC 9143 9.2: the MID header extension, then a known SSRC, then a payload type only one
receiver uses. A MID or payload type teaches the SSRC. So no picture is lost where an answer names no ``a=ssrc``,
which is where aiortc's own router gives up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_LEARNED = 64


class Routes(Generic[T]):
    """Receivers by what their packets carry."""

    def __init__(self) -> None:
        self._mids: dict[str, T] = {}
        self._declared: dict[int, T] = {}
        self._learned: dict[int, T] = {}
        self._payloads: dict[int, list[T]] = {}

    def add(self, receiver: T, *, mid: str | None, ssrcs: Sequence[int], payload_types: Sequence[int]) -> None:
        """Make a receiver known."""
        if mid:
            self._mids[mid] = receiver
        for ssrc in ssrcs:
            self._declared[ssrc] = receiver
        for payload_type in payload_types:
            takers = self._payloads.setdefault(payload_type, [])
            if receiver not in takers:
                takers.append(receiver)

    def remove(self, receiver: T) -> None:
        """Forget a receiver and all that led to it."""
        for table in (self._declared, self._learned):
            for ssrc in [ssrc for ssrc, found in table.items() if found is receiver]:
                del table[ssrc]
        self._mids = {mid: found for mid, found in self._mids.items() if found is not receiver}
        for takers in self._payloads.values():
            if receiver in takers:
                takers.remove(receiver)

    def by_ssrc(self, ssrc: int) -> T | None:
        """Return the receiver of a known stream, for its RTCP."""
        return self._learned.get(ssrc) or self._declared.get(ssrc)

    def route(self, *, mid: str | None, ssrc: int, payload_type: int) -> T | None:
        """Return the receiver of a packet, None if it belongs to nobody."""
        takers = self._payloads.get(payload_type, [])
        found = self._mids.get(mid) if mid else None
        if found is not None and found in takers:
            self._learn(ssrc, found)
            return found
        known = self.by_ssrc(ssrc)
        if known is not None:
            return known if known in takers else None
        if len(takers) == 1:
            self._learn(ssrc, takers[0])
            return takers[0]
        return None

    def _learn(self, ssrc: int, receiver: T) -> None:
        if ssrc in self._learned or len(self._learned) < MAX_LEARNED:
            self._learned[ssrc] = receiver
