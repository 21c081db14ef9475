"""Sends feedback about what arrives over one connection, for as long as it runs. The shell around ``arrivals``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from vdx_plugin.media.rate.arrivals import FASTEST_S, Arrivals
from vdx_plugin.media.rate.feedback import pack

Send = Callable[[bytes], Awaitable[None]]


class Reporter:
    """``take`` each packet that carries a transport-wide number; ``run`` as a task until the connection ends."""

    def __init__(self, sender_ssrc: int, send: Send) -> None:
        self._arrivals = Arrivals(sender_ssrc)
        self._send = send

    def take(self, number: int, at_s: float, *, ssrc: int, size: int) -> None:
        """Note a packet, ``at_s`` by ``time.monotonic``."""
        self._arrivals.take(number, at_s, ssrc=ssrc, size=size)

    async def run(self) -> None:
        """Send what is due until cancelled or the connection is gone."""
        try:
            while True:
                now_s = time.monotonic()
                for feedback in self._arrivals.feedback(now_s):
                    await self._send(pack(feedback))
                due_s = self._arrivals.due_s
                await asyncio.sleep(FASTEST_S if due_s is None else max(0.005, due_s - now_s))
        except ConnectionError:
            return
