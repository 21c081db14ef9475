"""Receivers of notes that behave badly, each in one way seen in the wild."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from vdx_plugin.adapters.hl7v2.framing import Block, BlockReader, wrap

Answer = Callable[[str], bytes | None]


def control_id(message: str) -> str:
    return message.split("|")[9]


def ack(code: str, of: str, error: str = "") -> bytes:
    """Return an acknowledgement of the message ``of`` as one MLLP block."""
    text = f"MSH|^~\\&|EJ||VDX||20261123120000||ACK|1|T|2.5.1\rMSA|{code}|{of}\r{error}"
    return wrap(text.encode())


@asynccontextmanager
async def receiver(answer: Answer, received: list[str] | None = None, *, port: int = 0) -> AsyncIterator[int]:
    """Listen and answer each message with the bytes of ``answer``; None closes without a word. Gives the port."""
    finished = asyncio.Event()
    open_ones: set[asyncio.Task[None]] = set()
    lines: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        lines.add(writer)
        blocks = BlockReader()
        try:
            while data := await reader.read(65536):
                for event in blocks.feed(data):
                    assert isinstance(event, Block)
                    message = event.payload.decode()
                    if received is not None:
                        received.append(message)
                    given = answer(message)
                    if given is None:
                        return
                    if given == b"":
                        await finished.wait()
                    writer.write(given)
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
            lines.discard(writer)
            open_ones.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        finished.set()
        server.close()
        for line in list(lines):
            # As when the machine is switched off: the other end would keep the connection for ever.
            line.transport.abort()
        await asyncio.gather(*open_ones, return_exceptions=True)
        await server.wait_closed()
