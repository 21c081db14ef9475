"""python-hl7 as a record system: its client sends us the feed, its server files our note."""

from __future__ import annotations

import asyncio

import hl7
import pytest
from hl7.client import MLLPClient
from hl7.mllp import start_hl7_server

from tests.fakes_clinic import NOON, PRACTICE, HandClock, RememberingSink, context_of, summary
from tests.unit.adapters.hl7v2.samples import GOOD, good
from vdx_plugin.adapters.hl7v2 import make
from vdx_plugin.domain.patients import Patient, cpr
from vdx_plugin.errors import Refused
from vdx_plugin.ports import AdapterSetup

FILES = [file for file in GOOD if "latin1" not in file.name]


async def started(**settings: str):
    system = make(AdapterSetup({"port": "0", "processing_id": "T", **settings}, "", HandClock(), PRACTICE))
    await system.start(RememberingSink())
    return system


async def test_its_client_gets_an_acknowledgement_for_every_message():
    """Over one connection, as ``mllp_send`` does; and its parser understands our answers."""
    system = await started()

    def send() -> list[tuple[str, str]]:
        with MLLPClient("127.0.0.1", system.port) as client:
            answers = []
            for file in FILES:
                raw = client.send_message(file.read_bytes())
                parsed = hl7.parse(raw.strip(b"\x0b\x1c\r").decode())
                sent = hl7.parse(file.read_bytes().decode())
                answers.append((str(parsed["MSA.F1"]), str(parsed["MSA.F2"]) == str(sent["MSH.F10"])))
            return answers

    try:
        assert await asyncio.to_thread(send) == [("AA", True)] * len(FILES)
    finally:
        await system.stop()


@pytest.mark.parametrize("accepts", [True, False])
async def test_its_server_files_our_note(accepts):
    """Its ``create_ack`` answers with AA or AE, and its parser finds patient, key and text."""
    filed: list[hl7.Message] = []

    async def serve(reader, writer):
        while not writer.is_closing():
            try:
                message = await reader.readmessage()
            except asyncio.IncompleteReadError:
                break
            filed.append(message)
            writer.writemessage(message.create_ack("AA" if accepts else "AE"))
            await writer.drain()
        writer.close()

    async with await start_hl7_server(serve, host="127.0.0.1", port=0, encoding="utf-8") as server:
        port = server.sockets[0].getsockname()[1]
        system = await started(note_port=str(port))
        await system._answer(good("adt_a04_email"))
        context = await system.complete(context_of("local", Patient((cpr("8512484901"),))))
        try:
            if accepts:
                receipt = await system.write_back(context, summary())
                assert receipt.at == NOON
            else:
                with pytest.raises(Refused):
                    await system.write_back(context, summary())
        finally:
            await system.stop()
    (message,) = filed
    assert str(message["TXA.F12.R1.C1"]) == str(summary().key)
    assert "8512484901" in str(message.segment("PID")(3))
    assert "Aftalt kontrol" in str(message.segment("OBX")(5))
