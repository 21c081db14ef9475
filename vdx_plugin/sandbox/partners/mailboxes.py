"""Mailboxes by location number, and what is to be put into them later."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from vdx_plugin.sandbox.clock import wait_until_set
from vdx_plugin.sandbox.partners.values import MailboxEntry, Parcel

# The clock may be pushed forward while we wait, so we look again at least this often.
_LONGEST_WAIT_S = 0.5


class Mailboxes:
    """Parcels wait here until fetched and confirmed. ``run`` must be running for later ones to come."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._boxes: dict[str, dict[str, MailboxEntry]] = defaultdict(dict)
        self._due: list[tuple[datetime, int, Parcel, Callable[[], None]]] = []
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._closed = False
        self.changed = asyncio.Condition()

    def __contains__(self, gln: str) -> bool:
        return gln in self._boxes

    async def deliver(self, parcel: Parcel) -> str:
        """Put a parcel into its receiver's mailbox; returns the entry's receipt."""
        entry = MailboxEntry(str(uuid.uuid4()), parcel, self._now())
        async with self.changed:
            self._boxes[parcel.receiver_gln][entry.receipt] = entry
            self.changed.notify_all()
        return entry.receipt

    def deliver_after(self, seconds: float, parcel: Parcel, delivered: Callable[[], None]) -> None:
        """Deliver later, and call ``delivered`` then."""
        due = self._now() + timedelta(seconds=seconds)
        heapq.heappush(self._due, (due, next(self._order), parcel, delivered))
        self._wake.set()

    async def waiting(self, gln: str, wait_s: float) -> list[MailboxEntry]:
        """Return what waits for ``gln``, oldest first; an empty mailbox is watched for ``wait_s`` seconds."""
        # Whoever looks into a mailbox has one from then on.
        box = self._boxes[gln]
        await self._until(lambda: bool(box) or self._closed, wait_s)
        return list(box.values())

    async def taken(self, gln: str, receipt: str, wait_s: float) -> None:
        """Wait until an entry has been confirmed, at most ``wait_s`` seconds."""
        await self._until(lambda: receipt not in self._boxes[gln] or self._closed, wait_s)

    async def confirm(self, gln: str, receipt: str) -> bool:
        """Take an entry out of a mailbox; False if it is not there (any longer)."""
        async with self.changed:
            there = self._boxes[gln].pop(receipt, None) is not None
            self.changed.notify_all()
        return there

    async def run(self) -> None:
        """Deliver what is due, until cancelled."""
        while True:
            self._wake.clear()
            while self._due and self._due[0][0] <= self._now():
                _, _, parcel, delivered = heapq.heappop(self._due)
                delivered()
                await self.deliver(parcel)
            next_s = (self._due[0][0] - self._now()).total_seconds() if self._due else _LONGEST_WAIT_S
            await wait_until_set(self._wake, max(0.0, min(next_s, _LONGEST_WAIT_S)))

    async def close(self) -> None:
        """Let everybody who watches a mailbox go."""
        async with self.changed:
            self._closed = True
            self.changed.notify_all()

    async def _until(self, seen: Callable[[], bool], wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s), self.changed:
                await self.changed.wait_for(seen)
        except TimeoutError:
            # What was seen too late is found by whoever looks next.
            pass
