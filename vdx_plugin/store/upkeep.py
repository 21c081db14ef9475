"""What is done once a day: erasing what has been kept long enough."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from vdx_plugin import log
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import Clock
from vdx_plugin.runtime import Tasks
from vdx_plugin.store.opening import Store

_log = log.get("store.upkeep")
EVERY_S = 24 * 3600.0
AFTER_START_S = 30.0
"""A start has better things to do with the database."""


class Upkeep:
    """Erases soon after its start and then every day until closed. A store out of order is tried again the next day."""

    def __init__(self, store: Store, clock: Clock, keep: timedelta, *, after_start_s: float = AFTER_START_S) -> None:
        self._store = store
        self._clock = clock
        self._keep = keep
        self._after_start_s = after_start_s
        self._tasks = Tasks()

    def start(self) -> None:
        """Begin on the running event loop."""
        self._tasks.spawn(self._run(), "store-upkeep")

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()

    async def _run(self) -> None:
        await asyncio.sleep(self._after_start_s)
        while True:
            await self.erase()
            await asyncio.sleep(EVERY_S)

    async def erase(self) -> None:
        """Erase now what has been kept long enough."""
        try:
            count = await self._store.erase_before(self._clock.now(), keep=self._keep)
        except VdxError as error:
            _log.warning("old messages could not be erased: %s", error)
            return
        if count:
            _log.info("%d old messages and answers erased", count)
