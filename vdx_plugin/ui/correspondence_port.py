"""What the windows ask about dead letters and stray answers (``service.correspondence``)."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.parties import Channel


class CorrespondencePort(Protocol):
    """Every coroutine runs on the asyncio thread; errors are ours."""

    async def refresh(self) -> None: ...

    async def resend(self, key: str) -> None: ...

    async def other_channel(self, key: str, channel: Channel) -> None: ...

    async def by_phone(self, key: str) -> None: ...

    async def match(self, message_id: str, consultation_id: UUID, party_key: str) -> None: ...

    async def put_aside(self, message_id: str) -> None: ...

    async def take_back(self, message_id: str) -> None: ...
