"""Our feeds as aiortc tracks. Each media path has its own two: aiortc ends a track with its path.

``recv`` never raises for the device's sake: a track that raises silences its sender for good (aiortc issue 1137).
"""

from __future__ import annotations

import asyncio
import fractions
import time
from typing import Any, Protocol

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from vdx_plugin.media.sound import BLOCK, RATE_HZ
from vdx_plugin.media.sources import SoundFeed
from vdx_plugin.media.testcard import Yuv

_VIDEO_HZ = 90_000
_BLOCK_S = BLOCK / RATE_HZ
_LATE_S = 0.2


class Pictures(Protocol):
    """Whoever has pictures to send: a camera or a screen."""

    async def next_after(self, number: int) -> tuple[int, Yuv]:
        """Return the newest picture and its number, waiting until it is due."""
        ...


class PictureTrack(MediaStreamTrack):  # type: ignore[misc]
    """The newest picture of a feed, stamped with the time it was taken from it."""

    kind = "video"

    def __init__(self, feed: Pictures) -> None:
        super().__init__()
        self._feed = feed
        self._number = 0
        self._began_s: float | None = None

    async def recv(self) -> Any:
        if self.readyState != "live":
            raise MediaStreamError
        self._number, yuv = await self._feed.next_after(self._number)
        now_s = time.monotonic()
        if self._began_s is None:
            self._began_s = now_s
        frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame.pts = int((now_s - self._began_s) * _VIDEO_HZ)
        frame.time_base = fractions.Fraction(1, _VIDEO_HZ)
        return frame


class SoundTrack(MediaStreamTrack):  # type: ignore[misc]
    """Sound of a feed, 20 ms at a time on a steady beat."""

    kind = "audio"

    def __init__(self, feed: SoundFeed) -> None:
        super().__init__()
        self._feed = feed
        self._samples = 0
        self._due_s: float | None = None

    async def recv(self) -> Any:
        if self.readyState != "live":
            raise MediaStreamError
        await self._beat()
        frame = av.AudioFrame.from_ndarray(self._feed.read(BLOCK).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts = self._samples
        frame.time_base = fractions.Fraction(1, RATE_HZ)
        self._samples += BLOCK
        return frame

    async def _beat(self) -> None:
        now_s = time.monotonic()
        if self._due_s is None or now_s - self._due_s > _LATE_S:
            # After a stall, begin anew instead of sending the missed blocks in one burst.
            self._due_s = now_s
        else:
            self._due_s += _BLOCK_S
            await asyncio.sleep(max(0.0, self._due_s - now_s))
