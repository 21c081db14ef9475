"""The far end on our own client: ``python -m tests.bench.guest``. Media is loaded before the first link comes."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any

from tests.bench.child import Line
from vdx_plugin.demo.guests import target_of
from vdx_plugin.media.bot import Bot
from vdx_plugin.media.session import load_media
from vdx_plugin.media.sound import speechlike
from vdx_plugin.media.testcard import CARD_FORMAT, PictureFormat

VOICE_HZ = 190.0


class GuestChild:
    """Answers the bench. One room at a time."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._bot: Bot | None = None

    async def enter(self, link: str, node: str, picture: list[int] | None = None) -> dict[str, Any]:
        """Follow a link; return when the call stands, perhaps outside a locked room."""
        began_s = time.monotonic()
        size = PictureFormat(*picture) if picture else CARD_FORMAT
        self._bot = await self._stack.enter_async_context(
            Bot(target_of(link, node), picture=size, voice_pitch_hz=VOICE_HZ)
        )
        return {"began_s": began_s}

    async def seen(self) -> dict[str, Any]:
        """Wait for the first picture; return the seconds from entering to it, and where they went."""
        bot = self._current()
        report = await bot.wait_until(lambda report: report.first_video_at_s is not None)
        return {"first_video_s": report.first_video_at_s, "timings": asdict(bot.call.timings)}

    async def received(self) -> dict[str, Any]:
        """Return what was decoded so far."""
        return asdict(self._current().call.received())

    async def leave(self) -> None:
        """Leave the room."""
        await self._stack.aclose()
        self._stack, self._bot = AsyncExitStack(), None

    def _current(self) -> Bot:
        if self._bot is None:
            raise RuntimeError("the guest is in no room")
        return self._bot


async def main() -> None:
    """Run until the bench closes its end."""
    await load_media()
    await asyncio.to_thread(speechlike, VOICE_HZ)
    child = GuestChild()
    line = Line()
    try:
        await line.serve({"enter": child.enter, "seen": child.seen, "received": child.received, "leave": child.leave})
    finally:
        await child.leave()


if __name__ == "__main__":
    asyncio.run(main())
