"""Slides of one call, ours and the others', over whichever path stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vdx_plugin.errors import Unavailable, Unsupported
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.presence import quietly
from vdx_plugin.media.slides import SlideFeed
from vdx_plugin.media.stills import Stills
from vdx_plugin.ports import VideoPicture
from vdx_plugin.runtime import Tasks

if TYPE_CHECKING:
    from vdx_plugin.media.path import MediaPath


class SlideShow:
    """``feed`` is what we show; ``on_slide`` gets what others show where that comes as stills."""

    def __init__(self, client: PexipClient, on_slide: Callable[[VideoPicture], None]) -> None:
        self._on_slide = on_slide
        self._stills = Stills(client, on_slide)
        self._tasks = Tasks()
        self.feed = SlideFeed()

    async def present(self, path: MediaPath | None) -> None:
        """Begin to send what the feed gets. Raises Unavailable, or Unsupported where nobody takes slides."""
        if path is None:
            raise Unavailable("media.no_path", "slides before media")
        if not path.slides.can_send:
            await path.renegotiate()
        if not path.slides.can_send:
            raise Unsupported("call.no_floor", "no line for slides")
        self.feed.max_blocks = path.slides.max_blocks
        self.feed.begin()

    def on_others(self, path: MediaPath | None, *, theirs: bool) -> None:
        """Somebody else shows something, or no longer does: what we show ends in any case."""
        self.feed.end()
        if theirs and path is not None and path.slides.may_receive and not path.slides.can_receive:
            self._tasks.spawn(quietly(path.renegotiate(), "slides"), "media-slides")

    def on_still(self, path: MediaPath | None, event_id: str) -> None:
        """A still can be had; it is fetched where the slides do not come as pictures that move."""
        if path is not None and not path.slides.can_receive:
            self._stills.want(event_id)

    async def move_to(self, client: PexipClient) -> None:
        """Fetch stills as another presence from now on."""
        await self._stills.close()
        self._stills = Stills(client, self._on_slide)

    async def end(self) -> None:
        """Show nothing, and fetch nothing."""
        self.feed.end()
        await self._stills.close()
        await self._tasks.close()
