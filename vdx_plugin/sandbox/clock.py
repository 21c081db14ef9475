"""The sandbox's clock: the real one, which a test may push forward."""

from __future__ import annotations

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
