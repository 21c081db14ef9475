"""How often one room is looked at, whoever asks: VDX locks a row for every look."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from uuid import UUID

POLITE_S = 3.0
"""The shortest time between two looks at one room of a real VDX."""


class Pace:
    """Turns at a room, at least ``gap_s`` apart and up to a quarter more, so that clinics do not march in step.

    Two tasks that wait for the same room share its turns. ``monotonic`` gives seconds that never go back.
    """

    def __init__(self, gap_s: float, monotonic: Callable[[], float]) -> None:
        self._gap_s = gap_s
        self._monotonic = monotonic
        self._next: dict[UUID, float] = {}

    def looked(self, room: UUID) -> None:
        """Note that the room has been looked at now."""
        self._next[room] = self._monotonic() + self._gap_s * random.uniform(1.0, 1.25)

    async def turn(self, room: UUID) -> None:
        """Wait until the room may be looked at again; takes the turn."""
        now = self._monotonic()
        at = max(now, self._next.get(room, now))
        # Taken before the wait, so that whoever comes meanwhile queues up behind.
        self._next[room] = at + self._gap_s
        await asyncio.sleep(at - now)
        self._forget_old(self._monotonic())

    def _forget_old(self, now: float) -> None:
        for room in [room for room, at in self._next.items() if at < now - self._gap_s]:
            del self._next[room]
