"""The one thread on which the database is used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine

from vdx_plugin.store.engine import WRITES
from vdx_plugin.store.faults import translated

T = TypeVar("T")


class StoreThread:
    """Hands work from asyncio to a thread named ``store``, one piece after the other.

    A piece of work is one transaction: it happens whole or not at all. If the waiting task is cancelled, work that
    has begun is finished all the same, and work that has not is dropped.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._engine: Engine | None = None

    async def open(self, make: Callable[[], Engine]) -> None:
        """Make the engine on the thread. Raises Unavailable(``store.*``) and what ``make`` raises of ours."""
        try:
            self._engine = await self._run(make)
        except BaseException:
            self._executor.shutdown(wait=False)
            raise

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one transaction that writes. Raises Unavailable(``store.*``)."""
        return await self._run(lambda: self._transact(work, writes=True))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one transaction that only reads. Raises Unavailable(``store.*``)."""
        return await self._run(lambda: self._transact(work, writes=False))

    async def close(self) -> None:
        """Finish what waits, close the database and end the thread. May be called twice."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await self._run(engine.dispose)
            self._executor.shutdown(wait=True)

    def _transact(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        if self._engine is None:
            raise RuntimeError("the store is closed")
        with self._engine.connect() as connection:
            connection = connection.execution_options(**{WRITES: writes})
            with connection.begin():
                return work(connection)

    async def _run(self, work: Callable[[], T]) -> T:
        with translated():
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
