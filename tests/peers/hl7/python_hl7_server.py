"""python-hl7 as a record system, with the commands of ``talk.cjs``."""

from __future__ import annotations

import asyncio
import json
import re
import sys

import hl7
from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server

MODE = {"mode": "whole", "code": "AA"}


def say(**told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def spoiled(block: bytes) -> bytes:
    """Return what reaches the line in place of the library's own answer."""
    text = block.decode("utf-8")
    match MODE["mode"]:
        case "none":
            return b""
        case "half" | "close":
            return block[: len(block) // 2]
        case "twice":
            return block * 2
        case "wrong":
            return re.sub(r"(MSA\|\w+\|)[^|\r\x1c]*", r"\1OTHER", text).encode()
        case "latin1":
            return re.sub(r"(MSA\|\w+\|[^|\r\x1c]*)", r"\1|Modtaget på øen", text).encode("latin-1")
    return block


async def serve(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
    while not writer.is_closing():
        try:
            message = await reader.readmessage()
        except (asyncio.IncompleteReadError, ConnectionError):
            break
        say(kind=str(message["MSH.F9.R1.C1"]), event=str(message["MSH.F9.R1.C2"]), control=str(message["MSH.F10"]))
        answer: hl7.Message = message.create_ack(MODE["code"])
        writer.write(spoiled(b"\x0b" + str(answer).encode("utf-8") + b"\x1c\r"))
        if MODE["mode"] == "close":
            break
    writer.close()


async def main() -> None:
    async with await start_hl7_server(serve, host="127.0.0.1", port=int(sys.argv[2]), encoding="utf-8"):
        say(ready=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            MODE.update(json.loads(line))
            say(mode=MODE["mode"])


asyncio.run(main())
