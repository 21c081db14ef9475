"""What we show beside our face: pictures of a screen or window, sent on the line for slides.

Whoever takes the pictures of the screen hands them to ``show`` as often as they like; here the newest wins, at most ten
a second leave, and a screen that does not change is sent again each half second, so that somebody who comes late, or
lost something, gets a whole one. Texts must stay readable, so a picture keeps its size up to what the other side takes.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import numpy as np

from vdx_plugin.media.sdp import DEFAULT_BLOCKS
from vdx_plugin.media.testcard import Yuv
from vdx_plugin.ports import ScreenPicture

FPS = 10
REPEAT_S = 0.5
MAX_SIDE = 8192


def fitted_size(width: int, height: int, max_blocks: int) -> tuple[int, int]:
    """Return the size to send, even and of the same shape, in at most ``max_blocks`` blocks of 16 x 16. Pure."""
    scale = 1.0
    while True:
        wide, high = max(16, int(width * scale) & ~1), max(16, int(height * scale) & ~1)
        if ((wide + 15) // 16) * ((high + 15) // 16) <= max_blocks or scale < 0.05:
            return wide, high
        scale *= 0.98


def convert(picture: ScreenPicture, max_blocks: int) -> Yuv | None:
    """Return the picture as it is sent, None for one whose bytes are not what its size says. Takes milliseconds."""
    from av import VideoFrame

    width, height, stride = picture.width, picture.height, picture.stride
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and stride >= width * 4):
        return None
    if len(picture.pixels) < stride * height:
        return None
    rows = np.frombuffer(picture.pixels, dtype=np.uint8, count=stride * height).reshape(height, stride)
    pixels = np.ascontiguousarray(rows[:, : width * 4].reshape(height, width, 4))
    wide, high = fitted_size(width, height, max_blocks)
    frame = VideoFrame.from_ndarray(pixels, format="bgra")
    yuv: Yuv = frame.reformat(width=wide, height=high, format="yuv420p", interpolation="AREA").to_ndarray()
    return yuv


@dataclass(frozen=True, slots=True)
class SlidesLine:
    """How the line for slides stands on a path. ``may_receive`` is False where the other side rejected it for good."""

    can_send: bool = False
    can_receive: bool = False
    may_receive: bool = False
    max_blocks: int = DEFAULT_BLOCKS


class SlideFeed:
    """The pictures of one call's screen; it outlives the paths that read it, as the other feeds do."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: ScreenPicture | None = None
        self._latest: tuple[int, Yuv] | None = None
        self._wake = asyncio.Event()
        self._last_s = float("-inf")
        self._is_on = False
        self.max_blocks = DEFAULT_BLOCKS

    @property
    def is_on(self) -> bool:
        """Whether we show something."""
        return self._is_on

    def begin(self) -> None:
        self._is_on = True
        self._wake.set()

    def end(self) -> None:
        """Nothing leaves any more, and nothing is kept."""
        self._is_on, self._waiting, self._latest = False, None, None

    def show(self, picture: ScreenPicture) -> None:
        """Take the newest picture; on any thread."""
        self._waiting = picture
        self._loop.call_soon_threadsafe(self._wake.set)

    async def next_after(self, number: int) -> tuple[int, Yuv]:
        """Return the next picture to send: a new one, or the last one once more."""
        while True:
            await self._rest()
            found = await self._next()
            if found is not None:
                return found

    async def _rest(self) -> None:
        """Keep the rate, and wait for something to send."""
        early_s = self._last_s + 1 / FPS - time.monotonic()
        if early_s > 0:
            await asyncio.sleep(early_s)
        if self._is_on and self._waiting is not None:
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(REPEAT_S if self._latest is not None else None):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _next(self) -> tuple[int, Yuv] | None:
        picture, self._waiting = self._waiting, None
        if not self._is_on:
            return None
        if picture is not None:
            yuv = await asyncio.to_thread(convert, picture, self.max_blocks)
            if yuv is not None and self._is_on:
                self._latest = ((self._latest[0] if self._latest else 0) + 1, yuv)
        if self._latest is None:
            return None
        self._last_s = time.monotonic()
        return self._latest
