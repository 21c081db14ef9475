"""Decoding in one thread, with a queue that drops to the next key picture rather than grow. Imports PyAV."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import av
from av.codec.context import Flags

from vdx_plugin import log
from vdx_plugin.media.video.assembly import CodedPicture

_log = log.get("media.picture")

MAX_WAITING = 30
"""Pictures, a second's worth: what comes at once when a lost packet arrives at last is far less."""
MAX_PIXELS = 4096 * 2304
CLOSE_LIMIT_S = 2.0
_DECODERS = {"VP8": "libvpx", "H264": "h264"}


class Decoder:
    """Start, ``offer`` pictures, ``close``. The two listeners are called on the loop that started it.

    ``on_decoded`` gets an ``av.VideoFrame`` and what was offered with it; ``on_failed`` hears that only a key picture
    helps now. Until one is offered, others are passed over.
    """

    def __init__(self, on_decoded: Callable[[Any, CodedPicture, float], None], on_failed: Callable[[], None]) -> None:
        self._on_decoded = on_decoded
        self._on_failed = on_failed
        self._waiting: deque[tuple[CodedPicture, float]] = deque()
        self._changed = threading.Condition()
        self._needs_key = True
        self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="media-picture-decoder", daemon=True)
        self._contexts: tuple[str, Any] | None = None

    def start(self) -> None:
        """Start the thread; called on the loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def offer(self, picture: CodedPicture, due_s: float) -> bool:
        """Queue a picture. False says that there was no room: all that waited is gone, and a key picture is needed."""
        with self._changed:
            if len(self._waiting) >= MAX_WAITING:
                self._waiting.clear()
                self._needs_key = True
                return False
            self._waiting.append((picture, due_s))
            self._changed.notify()
        return True

    def close(self) -> None:
        """Stop; what waits is dropped. Does not wait for the thread, which ends with the picture it has in hand."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify()

    async def closed(self) -> None:
        """Wait until the thread has ended, off the loop."""
        if self._loop is not None:
            await asyncio.to_thread(self._thread.join, CLOSE_LIMIT_S)

    def _next(self) -> tuple[CodedPicture, float] | None:
        with self._changed:
            while not self._is_closed:
                if not self._waiting:
                    self._changed.wait()
                    continue
                picture, due_s = self._waiting.popleft()
                if picture.is_key or not self._needs_key:
                    self._needs_key = False
                    return picture, due_s
        return None

    def _run(self) -> None:
        while (found := self._next()) is not None:
            self._decode(*found)
        self._contexts = None

    def _decode(self, picture: CodedPicture, due_s: float) -> None:
        try:
            frames = self._context(picture).decode(_packet(picture))
        except (av.FFmpegError, ValueError) as error:
            _log.debug("a picture could not be decoded (%s)", type(error).__name__)
            frames = []
            self._fail()
        for frame in frames:
            self._call(self._on_decoded, frame, picture, due_s)

    def _fail(self) -> None:
        with self._changed:
            self._needs_key = True
        self._call(self._on_failed)

    def _call(self, listener: Callable[..., None], *arguments: Any) -> None:
        if self._loop is None or self._is_closed:
            return
        try:
            self._loop.call_soon_threadsafe(listener, *arguments)
        except RuntimeError:
            # The loop was closed while a picture was in hand; nobody is left to show it to.
            self._is_closed = True

    def _context(self, picture: CodedPicture) -> Any:
        if self._contexts is None or self._contexts[0] != picture.codec:
            self._contexts = picture.codec, _new_context(picture.codec)
        if picture.codec == "VP8" and picture.is_key and _vp8_pixels(picture.data) > MAX_PIXELS:
            # libvpx makes room for what the header says before FFmpeg gets to judge it.
            raise ValueError("too large")
        return self._contexts[1]


def _new_context(codec: str) -> Any:
    context = av.CodecContext.create(_DECODERS[codec], "r")
    context.flags |= Flags.low_delay
    context.thread_count = 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    return context


def _packet(picture: CodedPicture) -> Any:
    packet = av.Packet(picture.data)
    packet.pts = picture.timestamp
    return packet


def _vp8_pixels(data: bytes) -> int:
    """Return the size that a key picture claims (RFC 6386 9.1)."""
    width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return width * height
