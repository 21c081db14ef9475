"""The asyncio thread and the keeping of tasks."""

from __future__ import annotations

import asyncio
import threading

import pytest

from vdx_plugin.runtime import Runtime, Tasks


def test_work_runs_on_its_own_named_thread_and_the_thread_ends() -> None:
    """Qt keeps the main thread for itself."""
    runtime = Runtime()
    runtime.start()

    async def where() -> str:
        return threading.current_thread().name

    assert runtime.submit(where()).result(5) == "asyncio"
    runtime.close()
    assert not any(thread.name == "asyncio" for thread in threading.enumerate())


async def test_closing_cancels_every_task_and_waits_for_it() -> None:
    """No task may outlive the program part that started it."""
    tasks, ended = Tasks(), asyncio.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    tasks.spawn(forever(), "forever")
    await asyncio.sleep(0)
    await tasks.close()
    assert ended.is_set()


async def test_a_failure_that_nobody_awaits_is_logged_with_the_task_s_name(caplog: pytest.LogCaptureFixture) -> None:
    """A lost exception is a silent fault."""
    tasks = Tasks()

    async def fails() -> None:
        raise ValueError("broken")

    task = tasks.spawn(fails(), "the-failing-one")
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert "the-failing-one" in caplog.text
