"""A port in front of another, which can be shut and opened again: a server that is away, and comes back."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress


class Gate:
    """Listens on ``port`` of this machine while open, and passes everything on to ``inner_port``."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as line:
            self.port = int(line.getsockname()[1])
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    async def open(self, inner_port: int) -> None:
        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._lines.add(task)
            task.add_done_callback(self._lines.discard)
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", inner_port)
            try:
                await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
            except asyncio.CancelledError:
                pass
            finally:
                for one in (writer, inner_writer):
                    one.transport.abort()

        self._server = await asyncio.start_server(pass_on, "127.0.0.1", self.port)

    async def shut(self) -> None:
        """Refuse new connections and cut those there are."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        lines = tuple(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
        await server.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
