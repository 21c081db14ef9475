"""The call engine, imported when first needed: numpy and the client take a tenth of a second, aiortc several."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vdx_plugin.ports import (
    Call,
    CallEngine,
    CallEvent,
    Clock,
    JoinTarget,
    MediaChoice,
    VideoPicture,
    WorkplaceCheck,
    ignore_picture,
)

if TYPE_CHECKING:
    from vdx_plugin.media.local_media import MediaSettings


class LateEngine:
    """``engine.PexipEngine`` that costs nothing before ``prepare`` or ``enter``.

    ``settings`` makes what the engine sends, once it is needed.
    """

    def __init__(self, clock: Clock | None = None, *, settings: Callable[[], MediaSettings] | None = None) -> None:
        self._clock = clock
        self._settings = settings
        self._engine: CallEngine | None = None

    async def prepare(self) -> None:
        """Import the engine and all that a call needs."""
        await (await self._made()).prepare()

    async def check(self, choice: MediaChoice, target: JoinTarget | None) -> WorkplaceCheck:
        """See ``ports.CallEngine``."""
        return await (await self._made()).check(choice, target)

    async def enter(
        self,
        target: JoinTarget,
        on_event: Callable[[CallEvent], None],
        *,
        on_remote_picture: Callable[[VideoPicture], None],
        on_self_picture: Callable[[VideoPicture], None],
        on_slide: Callable[[VideoPicture], None] = ignore_picture,
    ) -> Call:
        """See ``ports.CallEngine``."""
        engine = await self._made()
        return await engine.enter(
            target,
            on_event,
            on_remote_picture=on_remote_picture,
            on_self_picture=on_self_picture,
            on_slide=on_slide,
        )

    async def _made(self) -> CallEngine:
        if self._engine is None:
            module: Any = await asyncio.to_thread(importlib.import_module, "vdx_plugin.media.engine")
            # Whoever came second while the module was being read makes a second engine, which costs nothing.
            settings = self._settings() if self._settings is not None else None
            self._engine = module.PexipEngine(clock=self._clock, settings=settings)
        return self._engine
