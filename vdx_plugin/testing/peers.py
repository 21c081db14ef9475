"""Servers that misbehave, each in one way seen in the wild, for adapters that speak to one over a line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import StrEnum


class Misbehaviour(StrEnum):
    """What the server does once somebody has connected and said something."""

    SILENT = "silent"
    """Takes everything and never answers."""
    CLOSES = "closes"
    """Hangs up without a word."""
    HALF = "half"
    """Answers the first half of what it should, and hangs up."""
    GARBAGE = "garbage"
    """Answers bytes that are no message."""
    DRIPS = "drips"
    """Answers one byte at a time, for ever too slowly."""


GARBAGE = bytes(range(256)) * 16
_Writer = asyncio.StreamWriter


@asynccontextmanager
async def misbehaving(kind: Misbehaviour, answer: bytes = GARBAGE, *, port: int = 0) -> AsyncGenerator[int, None]:
    """Listen on 127.0.0.1 and misbehave; gives the port. ``answer`` is what a good server would say."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: _Writer) -> None:
        with suppress(ConnectionError):
            await reader.read(1)
            await _ACTS[kind](writer, answer, ended)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        ended.set()
        server.close()
        await server.wait_closed()


async def _silent(_writer: _Writer, _answer: bytes, ended: asyncio.Event) -> None:
    await ended.wait()


async def _closes(_writer: _Writer, _answer: bytes, _ended: asyncio.Event) -> None:
    return


async def _half(writer: _Writer, answer: bytes, _ended: asyncio.Event) -> None:
    writer.write(answer[: len(answer) // 2])
    await writer.drain()


async def _garbage(writer: _Writer, _answer: bytes, _ended: asyncio.Event) -> None:
    writer.write(GARBAGE)
    await writer.drain()


async def _drips(writer: _Writer, answer: bytes, ended: asyncio.Event) -> None:
    for byte in answer:
        if ended.is_set():
            return
        writer.write(bytes([byte]))
        await writer.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await ended.wait()


_ACTS: dict[Misbehaviour, Callable[[_Writer, bytes, asyncio.Event], Awaitable[None]]] = {
    Misbehaviour.SILENT: _silent,
    Misbehaviour.CLOSES: _closes,
    Misbehaviour.HALF: _half,
    Misbehaviour.GARBAGE: _garbage,
    Misbehaviour.DRIPS: _drips,
}
