"""The MLLP listener: each message is taken in and answered before the next is read."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

from vdx_plugin.adapters.hl7v2 import framing
from vdx_plugin.api.v1 import Tasks, Unavailable, get_logger

_log = get_logger("adapters.hl7v2")

MAX_CONNECTIONS = 16
MAX_DAMAGE = 10
"""Damaged blocks after which a connection is closed: it is not a sender of HL7."""
_READ_BYTES = 65_536


class Listener:
    """Listens on one address. ``answer`` turns a message's bytes into the acknowledgement's; it must not raise."""

    def __init__(
        self,
        answer: Callable[[bytes], Awaitable[bytes]],
        on_damage: Callable[[framing.Damaged], bytes | None],
        *,
        limit_bytes: int = framing.DEFAULT_LIMIT_BYTES,
    ) -> None:
        self._answer = answer
        self._on_damage = on_damage
        self._limit_bytes = limit_bytes
        self._server: asyncio.Server | None = None
        self.refused = 0
        """Connections turned away since the start."""
        self._tasks = Tasks()
        self._open = 0

    @property
    def is_listening(self) -> bool:
        return self._server is not None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen and return the port. Raises Unavailable(``hl7.port_taken``)."""
        try:
            self._server = await asyncio.start_server(self._accept, host, port, ssl=tls)
        except OSError as error:
            raise Unavailable("hl7.port_taken", type(error).__name__, port=port) from error
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server is None:
            return
        self._server.close()
        await self._tasks.close()
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MAX_CONNECTIONS:
            _log.warning("too many senders at once; one turned away")
            self.refused += 1
            writer.close()
            return
        self._open += 1
        # Senders keep their connection for days; one whose machine was switched off must not hold its place for ever.
        line: socket.socket = writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._tasks.spawn(self._serve(reader, writer), "hl7v2-connection")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(reader, writer)
        except OSError as error:
            _log.info("a sender's connection broke: %s", type(error).__name__)
        except asyncio.CancelledError:
            # Closing politely would wait for a sender that does not read its acknowledgements.
            writer.transport.abort()
            raise
        finally:
            self._open -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        blocks = framing.BlockReader(self._limit_bytes)
        damaged = 0
        while data := await reader.read(_READ_BYTES):
            for event in blocks.feed(data):
                if isinstance(event, framing.Block):
                    answer: bytes | None = await self._answer(event.payload)
                else:
                    damaged += 1
                    answer = self._on_damage(event)
                if answer is not None:
                    writer.write(framing.wrap(answer))
                    await writer.drain()
            if damaged >= MAX_DAMAGE:
                _log.warning("a connection sent %d damaged blocks and is closed", damaged)
                return
        for left in blocks.close():
            if isinstance(left, framing.Damaged):
                self._on_damage(left)
