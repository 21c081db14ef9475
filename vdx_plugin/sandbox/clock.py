"""The sandbox's clock: the real one, which a test may push forward."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """Tells an aware UTC time that starts at the real one and can be pushed forward, never back."""

    def __init__(self, *, start: datetime | None = None) -> None:
        self._shift = (start - datetime.now(UTC)) if start is not None else timedelta(0)

    def now(self) -> datetime:
        """Return the present sandbox time in UTC."""
        return datetime.now(UTC) + self._shift

    def advance(self, by: timedelta) -> None:
        """Let ``by`` pass at once: tokens run out, meetings end, rooms are taken down."""
        if by < timedelta(0):
            raise ValueError("time does not run backwards")
        self._shift += by


async def wait_until_set(event: asyncio.Event, timeout_s: float) -> bool:
    """Wait for the event at most ``timeout_s`` seconds of real time; returns whether it is set.

    WORKAROUND: up to Python 3.11 ``asyncio.wait_for`` loses a cancellation that comes in the moment the event is set
    (cpython issue 86296), and a loop around it then runs for ever. May go when 3.12 is the oldest we support.
    """
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
