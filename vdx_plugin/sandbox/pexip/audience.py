"""The open event streams of one room: who is told what, in order, without anybody being waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator

from vdx_plugin.sandbox.pexip.roster import Event

_STREAM_LIMIT = 500


class EventStream:
    """One open ``events`` request. A reader too slow to keep up is cut off and will come again."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(_STREAM_LIMIT)
        self._ended = False

    def put(self, event: Event) -> None:
        """Queue an event."""
        if self._ended:
            return
        if self._queue.full():
            self.end(keep=False)
        else:
            self._queue.put_nowait(event)

    def end(self, *, keep: bool = True) -> None:
        """Finish after what is queued, or at once."""
        while not self._queue.empty() and (not keep or self._queue.full()):
            self._queue.get_nowait()
        self._ended = True
        self._queue.put_nowait(None)

    async def read(self, *, keep_alive_s: float) -> AsyncIterator[Event | None]:
        """Yield events; None when nothing has happened for ``keep_alive_s`` seconds."""
        while True:
            try:
                async with asyncio.timeout(keep_alive_s):
                    event = await self._queue.get()
            except TimeoutError:
                yield None
                continue
            if event is None:
                return
            yield event


class Audience:
    """All streams of a room, by participant; one participant may have several."""

    def __init__(self) -> None:
        self._streams: dict[str, set[EventStream]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._streams))

    def open(self, uuid: str, first: Iterable[Event]) -> EventStream:
        """Open a stream for a participant that begins with ``first``."""
        stream = EventStream()
        for event in first:
            stream.put(event)
        self._streams.setdefault(uuid, set()).add(stream)
        return stream

    def discard(self, uuid: str, stream: EventStream) -> None:
        """Forget one stream; the participant's others stay."""
        streams = self._streams.get(uuid, set())
        streams.discard(stream)
        if not streams:
            self._streams.pop(uuid, None)

    def tell(self, uuid: str, event: Event) -> None:
        """Put an event on every stream of a participant."""
        for stream in self._streams.get(uuid, set()):
            stream.put(event)

    def end(self, uuid: str) -> None:
        """End a participant's streams after what has been said."""
        for stream in self._streams.pop(uuid, set()):
            stream.end()

    def cut(self) -> None:
        """End every stream at once, in the middle of whatever is being said; the participants stay."""
        for streams in self._streams.values():
            for stream in streams:
                stream.end(keep=False)

    def close(self) -> None:
        """End every stream."""
        for uuid in list(self._streams):
            self.end(uuid)
