"""Asks a gateway what became of text messages it took: nobody calls us, so we look.

What is watched is kept in memory; after a restart delivery begins again with what the outbox has of the last hours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from vdx_plugin import log
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import Clock, OutboxDraft

_log = log.get("invitations.arrivals")


class Arrival(Enum):
    """What is known of a message that was taken."""

    OPEN = auto()
    ARRIVED = auto()
    """The receiver's telephone has it."""
    LOST = auto()
    """It will not get there."""


class Reports(Protocol):
    """Tells what became of a message."""

    async def look(self, draft: OutboxDraft, receipt: str) -> Arrival:
        """Ask once. Raises as ``Carrier.send``."""
        ...


OnArrival = Callable[[OutboxDraft, Arrival], Awaitable[None]]


class ArrivalWatch:
    """Looks every ``every_s`` until a message has arrived, is lost, or ``give_up`` has passed. ``run`` never ends."""

    def __init__(
        self,
        reports: Reports,
        clock: Clock,
        on_arrival: OnArrival,
        *,
        every_s: float = 15.0,
        give_up: timedelta = timedelta(hours=2),
    ) -> None:
        self._reports = reports
        self._clock = clock
        self._on_arrival = on_arrival
        self._every_s = every_s
        self.give_up = give_up
        self._open: dict[str, tuple[OutboxDraft, str, datetime]] = {}
        self._has_some = asyncio.Event()

    def watch(self, draft: OutboxDraft, receipt: str, sent_at: datetime | None = None) -> None:
        """Begin to ask about a message that was taken, just now unless told otherwise."""
        self._open[draft.key] = (draft, receipt, (sent_at or self._clock.now()) + self.give_up)
        self._has_some.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self._has_some.wait()
            await asyncio.sleep(self._every_s)
            await self.look()

    async def look(self) -> None:
        """Ask about every message once."""
        for key, (draft, receipt, until) in list(self._open.items()):
            arrival = await self._ask(draft, receipt)
            if arrival is not Arrival.OPEN or self._clock.now() >= until:
                del self._open[key]
            if arrival is not Arrival.OPEN:
                await self._on_arrival(draft, arrival)
        if not self._open:
            self._has_some.clear()

    async def _ask(self, draft: OutboxDraft, receipt: str) -> Arrival:
        try:
            return await self._reports.look(draft, receipt)
        except VdxError as error:
            _log.info("what became of %s cannot be asked now: %s", draft.key, error)
            return Arrival.OPEN
