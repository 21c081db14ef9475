"""The sandbox's clock and its waiting."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from vdx_plugin.sandbox.clock import SandboxClock, wait_until_set


def test_the_clock_starts_where_told_and_is_pushed_forward_only() -> None:
    """Tokens, rooms and mailboxes rely on time not going back."""
    start = datetime(2026, 10, 14, 12, 0, tzinfo=UTC)
    clock = SandboxClock(start=start)
    clock.advance(timedelta(hours=1))
    assert timedelta(hours=1) <= clock.now() - start < timedelta(hours=2)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(timedelta(seconds=-1))


async def test_a_cancellation_in_the_moment_of_the_event_is_not_lost() -> None:
    """With wait_for a worker cancelled just then ran on for ever, and so did the sandbox's stop."""
    event = asyncio.Event()

    async def work() -> None:
        while True:
            event.clear()
            await wait_until_set(event, 60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    event.set()
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    assert task in done
    assert await wait_until_set(asyncio.Event(), 0) is False
