"""The asyncio thread: one loop, started once, that keeps every task it is given.

``Runtime.submit`` hands a coroutine over from another thread; ``spawn`` keeps a task on the loop's own thread,
named, and logs its failure once. ``close`` cancels what is left and joins the thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from vdx_plugin import log

_log = log.get("runtime")
T = TypeVar("T")

CLOSE_LIMIT_S = 10.0


class Tasks:
    """A set of named tasks that are kept until done and can be cancelled together."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Start ``work`` on the running loop and keep it; a failure nobody awaits is logged."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("task %s failed", task.get_name(), exc_info=task.exception())

    async def finish(self, names: Collection[str]) -> None:
        """Wait for the tasks of these names; what they raise is logged as ever."""
        await asyncio.gather(*(task for task in self._tasks if task.get_name() in names), return_exceptions=True)

    async def close(self) -> None:
        """Cancel every task and wait until all are done."""
        current = asyncio.current_task()
        left = [task for task in self._tasks if task is not current]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class Runtime:
    """An asyncio loop in its own thread. Used by the desktop program; tests and commands run their own loop."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="asyncio", daemon=True)

    def start(self) -> None:
        """Start the thread and wait until its loop runs."""
        self._thread.start()
        self._ready.wait()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._loop.call_soon(self._ready.set)
            self._loop.run_forever()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the runtime has not been started")
        return self._loop

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run ``work`` on the loop from another thread; the future may be cancelled."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a plain function on the loop's thread soon."""
        self.loop.call_soon_threadsafe(function, *arguments)

    def close(self) -> None:
        """Stop the loop, cancel what is left on it, and join the thread."""
        if self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_LIMIT_S)
