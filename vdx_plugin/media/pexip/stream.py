"""The event stream, kept open: read, reconnect, read again, until closed or the token is gone.

Each connection starts with the whole roster, so nothing is lost by reconnecting. A lost stream is logged once
when lost and once when back.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

from vdx_plugin import log
from vdx_plugin.errors import Refused, Unavailable, Unreadable, VdxError
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.pexip.event_reading import read_event
from vdx_plugin.media.pexip.events import NodeEvent
from vdx_plugin.media.pexip.sse import Message

_log = log.get("media.events")

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 10.0


def wait_s(tries: int, chance: float) -> float:
    """Return how long to wait before the next try: doubling from 0.1 s to 10 s, shaken by a fifth. Pure."""
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(tries, 10)) * (0.8 + 0.4 * chance))


class Events:
    """Reads events to ``on_event``. ``run`` ends only by cancellation or when the node refuses the token."""

    def __init__(self, client: PexipClient, on_event: Callable[[NodeEvent], None]) -> None:
        self._client = client
        self._on_event = on_event
        self._tries = 0
        self._is_lost = False
        self._turn: asyncio.Timeout | None = None

    async def run(self) -> None:
        """Keep reading. Raises Refused or NotFound when the node no longer knows us."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(None) as self._turn:
                    await self._read_and_rest()

    def begin_anew(self) -> None:
        """Open another connection at once: after an outage the old one may be dead and never say so."""
        self._tries = 0
        if self._turn is not None:
            self._turn.reschedule(asyncio.get_running_loop().time())

    async def _read_and_rest(self) -> None:
        try:
            await self._read_once()
        except Refused:
            raise
        except (Unavailable, VdxError) as error:
            self._note_lost(error.code)
        await asyncio.sleep(wait_s(self._tries, random.random()))  # a spread, not a secret
        self._tries += 1

    async def _read_once(self) -> None:
        async with self._client.events() as messages:
            async for message in messages:
                self._note_back()
                self._take(message)

    def _take(self, message: Message) -> None:
        try:
            event = read_event(message.name, message.data, message.id)
        except Unreadable as error:
            _log.warning("an event was left out: %s", error)
            return
        if event is not None:
            self._on_event(event)

    def _note_lost(self, code: str) -> None:
        if not self._is_lost:
            _log.warning("the event stream is lost (%s); trying again", code)
        self._is_lost = True

    def _note_back(self) -> None:
        if self._is_lost:
            _log.info("the event stream is back")
        self._is_lost, self._tries = False, 0
