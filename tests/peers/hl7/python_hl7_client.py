"""python-hl7 as an interface engine, with the commands of ``talk.cjs``."""

from __future__ import annotations

import base64
import json
import sys
import threading

import hl7
from hl7.client import MLLPClient


def say(**told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def listen(client: MLLPClient) -> None:
    held = b""
    while data := client.socket.recv(65536):
        held += data
        while b"\x1c\r" in held:
            block, _end, held = held.partition(b"\x1c\r")
            answer = hl7.parse(block.lstrip(b"\x0b").decode("utf-8"))
            say(code=str(answer["MSA.F1"]), control=str(answer["MSA.F2"]))


def handle(told: dict[str, str], line: list[MLLPClient]) -> None:
    if "connect" in told:
        line[:] = [MLLPClient("127.0.0.1", int(told["connect"]))]
        threading.Thread(target=listen, args=line, name="answers", daemon=True).start()
        say(connected=True)
    if "text" in told:
        # Its send() reads the socket once and may get half an answer; answers are read beside it.
        line[0].socket.sendall(b"\x0b" + str(hl7.parse(told["text"])).encode("utf-8") + b"\x1c\r")
    if "raw" in told:
        line[0].socket.sendall(base64.b64decode(told["raw"]))
    if "close" in told:
        line[0].socket.shutdown(2)
        line[0].close()
        say(closed=True)


say(ready=True)
connection: list[MLLPClient] = []
for given in sys.stdin:
    handle(json.loads(given), connection)
