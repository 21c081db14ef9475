"""Waiting for what an end of a call is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

LIMIT_S = 25.0
"""A machine that is busy takes longer; longer than this nothing happens any more."""


@dataclass
class Listening:
    """Whoever is told something sets ``changed``."""

    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until it holds; looked at after each change."""
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                self.changed.clear()
                await self.changed.wait()
