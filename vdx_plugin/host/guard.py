"""One adapter's calls, made so that whatever it does stays its own affair."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from vdx_plugin import log
from vdx_plugin.errors import Unavailable, VdxError
from vdx_plugin.host.watch import watched

_log = log.get("host")
T = TypeVar("T")

FAULTS_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each call may take, in seconds."""

    start_s: float = 5.0
    """start, inject, try_settings, diagnostics."""
    ask_s: float = 3.0
    """current, complete, confirm, appointments, written, health."""
    write_back_s: float = 30.0
    stop_s: float = 3.0


class Guard:
    """Makes the calls to one adapter and keeps count of its faults.

    An error of ours that the adapter raises is its honest answer and no fault. Anything else, and a call that is
    too slow, is a fault. After three in a row the adapter is paused: no new calls are made and its events are not
    heard, but a video call that was started from it goes on, since nothing of that runs in the adapter.
    """

    def __init__(self, name: str, on_paused: Callable[[], None]) -> None:
        self.name = name
        self.faults = 0
        self.reason = ""
        self.detail = ""
        self.paused = False
        self._in_a_row = 0
        self._on_paused = on_paused
        self._tasks: set[asyncio.Task[Any]] = set()

    async def call(self, what: str, limit_s: float, work: Coroutine[Any, Any, T]) -> T:
        """Await ``work`` for at most ``limit_s`` seconds.

        Raises what the adapter raised if it is a VdxError, else Unavailable(``adapter.*``). Cancelling this
        cancels the work.
        """
        task = asyncio.create_task(self._watched(what, work), name=f"adapter-{self.name}-{what}")
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        try:
            # Not wait_for: it would wait for an adapter that does not let itself be cancelled.
            done, _ = await asyncio.wait({task}, timeout=limit_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            raise self.fault("adapter.slow", f"{what} took more than {limit_s:g} s")
        return self._outcome(what, task)

    def fault(self, reason: str, detail: str) -> Unavailable:
        """Count a fault and return the error that tells of it."""
        self.faults += 1
        self._in_a_row += 1
        self.reason, self.detail = reason, detail
        _log.warning("adapter %s: %s (%s), fault %d", self.name, reason, detail, self.faults)
        if self._in_a_row >= FAULTS_IN_A_ROW and not self.paused:
            self.paused = True
            self._on_paused()
        if self.paused:
            # Calls that were under way may still fail afterwards; the reason for its silence is the pause.
            self.reason = "adapter.paused"
        return Unavailable(reason, detail, name=self.name)

    def went_well(self) -> None:
        """A call came to an end that is no fault."""
        self._in_a_row = 0

    async def close(self, limit_s: float) -> None:
        """Cancel calls still running; one that will not end is left after ``limit_s`` and named."""
        left = set(self._tasks)
        for task in left:
            task.cancel()
        if left:
            _, stuck = await asyncio.wait(left, timeout=limit_s)
            if stuck:
                _log.error("adapter %s does not let its calls be cancelled", self.name)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        # ``runtime.Tasks`` would log the traceback, and a guest's exception may hold what stands in a record.
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    async def _watched(self, what: str, work: Coroutine[Any, Any, T]) -> T:
        def blocked(held_s: float) -> None:
            self.detail = f"{what} blocked the program for {held_s * 1000:.0f} ms"
            _log.warning("adapter %s: %s", self.name, self.detail)

        try:
            return await watched(work, blocked)
        except (VdxError, asyncio.CancelledError):
            raise
        except (Exception, SystemExit) as error:  # adapter call: a guest may raise anything, and none may end us
            raise _Foreign(error) from error

    def _outcome(self, what: str, task: asyncio.Task[T]) -> T:
        try:
            result = task.result()
        except _Foreign as foreign:
            raise self.fault("adapter.raised", f"{what} raised {type(foreign.__cause__).__name__}") from foreign
        except asyncio.CancelledError:
            raise self.fault("adapter.raised", f"{what} cancelled itself") from None
        except VdxError:
            self.went_well()
            raise
        self.went_well()
        return result


class _Foreign(Exception):
    """Carries what an adapter raised out of its task."""
