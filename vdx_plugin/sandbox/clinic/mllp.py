"""MLLP as the clinic speaks it: a block is VT, message, FS, CR (HL7 v2.5.1, appendix C). Both directions, plain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

START, END = b"\x0b", b"\x1c\x0d"
LIMIT_BYTES = 4 * 1024 * 1024


async def send(host: str, port: int, messages: list[str], *, timeout_s: float = 10.0) -> list[str]:
    """Send messages over one connection, each after the answer to the last; return the answers.

    Raises OSError or TimeoutError when the other side does not answer.
    """
    answers = []
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(host, port, limit=LIMIT_BYTES)
        try:
            for message in messages:
                writer.write(START + message.encode("utf-8") + END)
                await writer.drain()
                answers.append(_unwrap(await reader.readuntil(END)))
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
    return answers


class Receiver:
    """Listens on loopback and answers each message with what ``answer`` returns."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen on a free port of this machine and return it."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LIMIT_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and close what is open."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                block = await reader.readuntil(END)
                writer.write(START + self._answer(_unwrap(block)).encode("utf-8") + END)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()


def _unwrap(block: bytes) -> str:
    return block.removesuffix(END).lstrip(START).decode("utf-8", "replace")
