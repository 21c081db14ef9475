"""Slides as stills, where a node gives no line for them: fetched one at a time, the newest that was announced.

Source: client REST API v2, event ``presentation_frame`` and ``presentation_high.jpeg``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from vdx_plugin import log
from vdx_plugin.errors import VdxError
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.pictures import picture_of_frame
from vdx_plugin.ports import VideoPicture
from vdx_plugin.runtime import Tasks

_log = log.get("media.slides")

MAX_SIDE = 4096


class Stills:
    """``want`` tells of a still; ``on_slide`` gets its picture. ``close`` forgets what is on its way."""

    def __init__(self, client: PexipClient, on_slide: Callable[[VideoPicture], None]) -> None:
        self._client = client
        self._on_slide = on_slide
        self._tasks = Tasks()
        self._wanted = ""
        self._work: asyncio.Task[None] | None = None

    def want(self, event_id: str) -> None:
        """A still can be fetched; one not yet begun is passed over."""
        self._wanted = event_id
        if self._work is None:
            self._work = self._tasks.spawn(self._fetch(), "media-stills")

    async def _fetch(self) -> None:
        try:
            while self._wanted:
                event_id, self._wanted = self._wanted, ""
                frame = await asyncio.to_thread(decode_still, await self._client.still(event_id))
                if frame is not None:
                    self._on_slide(picture_of_frame(frame))
        except VdxError as error:
            _log.info("a still of the slides could not be fetched (%s)", error.code)
        finally:
            self._work = None

    async def close(self) -> None:
        self._wanted = ""
        await self._tasks.close()


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height as a JPEG's head says, None for what is none. Pure (ITU-T T.81, B.2.2)."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at] != 0xFF or length < 2:
            return None
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + length
    return None


def decode_still(data: bytes) -> Any:
    """Return a JPEG as an ``av.VideoFrame``, None for what cannot be decoded or is larger than a screen."""
    from av import CodecContext, Packet
    from av.error import FFmpegError

    size = jpeg_size(data)
    if size is None or not all(0 < side <= MAX_SIDE for side in size):
        return None
    try:
        frames = CodecContext.create("mjpeg", "r").decode(Packet(data))
    except (FFmpegError, ValueError):
        return None
    return frames[0] if frames else None
