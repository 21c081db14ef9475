"""The one source of time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The one source of time for the core, so that tests own it."""

    def now(self) -> datetime:
        """Return the present as an aware time in UTC."""
        ...
