"""A record system that feeds patients and appointments over MLLP and files notes under their TXA-12."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from uuid import UUID

from tests.unit.adapters.hl7v2.peers import ack, control_id, receiver
from tests.unit.adapters.hl7v2.samples import good
from vdx_plugin.adapters.hl7v2 import Hl7System, reading
from vdx_plugin.adapters.hl7v2.framing import wrap
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.ports import ClinicSystem
from vdx_plugin.testing import Peer, Place

LOCKED = "ERR||PID^1^3|206^Application record locked^HL70357|E\r"
UNKNOWN_KEY = "ERR||PID^1^3|204^Unknown key identifier^HL70357|E\r"


class Hl7Peer(Peer):
    loses_answers = hangs = conflicts = False

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._notes: dict[UUID, str] = {}
        self._stack = AsyncExitStack()
        self._port = 0
        self._numbers = {"8512484901"}
        self.settings = {}

    async def start(self) -> None:
        self._port = await self._stack.enter_async_context(receiver(self._file, port=self._port))
        self.settings = {"port": "0", "processing_id": "T", "note_port": str(self._port)}

    async def ready(self, adapter: ClinicSystem) -> None:
        assert isinstance(adapter, Hl7System)
        self.listens_on = adapter.port

    async def stop(self) -> None:
        await self._stack.aclose()

    async def fill(self) -> None:
        await self._send(good("adt_a04_email"), good("siu_s12_hospital"))

    async def merge(self, retired: Identifier, survivor: Identifier) -> None:
        text = good("adt_a40_merge").decode("utf-8").replace("P1002", "P1001").replace("7103792202", survivor.value)
        number = f"{retired.value}^^^CPR&1.2.208.176.1.2&ISO^NNDNK"
        await self._send(text.replace("P1090^^^EKSEMPELJOURNAL^PI", number).encode("utf-8"))

    async def notes(self) -> Mapping[UUID, str]:
        return self._notes

    async def send_garbage(self, data: bytes) -> None:
        _reader, writer = await asyncio.open_connection("127.0.0.1", self.listens_on)
        # It may hang up when it has heard enough.
        with suppress(ConnectionError):
            writer.write(b"\x0b" + data)
            await writer.drain()
        writer.close()

    async def _send(self, *messages: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.listens_on)
        for message in messages:
            writer.write(wrap(message))
            assert b"|AA|" in await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 5)
        writer.close()
        await writer.wait_closed()

    def _file(self, message: str) -> bytes | None:
        if self.hangs:
            return b""
        if self.conflicts:
            return ack("AE", control_id(message), LOCKED)
        read = reading.read(message)
        numbers = {field.part(1) for field in read.need("PID").repetitions(3)}
        if numbers.isdisjoint(self._numbers):
            return ack("AE", control_id(message), UNKNOWN_KEY)
        key = UUID(read.need("TXA").text(12))
        self._notes.setdefault(key, "\n".join(segment.text(5) for segment in read.all("OBX")))
        return None if self.loses_answers else ack("AA", control_id(message))
