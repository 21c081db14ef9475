"""Foreign HL7 programs as processes: started once for a module, told what to do in JSON lines, killed at the end."""

from __future__ import annotations

import base64
import json
import queue
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.peers import prepare

FOLDER = Path(prepare.HERE) / "hl7"
PATIENCE_S = 20.0


class Program:
    """One program. ``told`` returns the next thing it says that has a certain name."""

    def __init__(self, script: str, *arguments: str) -> None:
        run = sys.executable if script.endswith(".py") else prepare.node()
        command = [run, str(FOLDER / script), str(prepare.folder("hl7")), *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, name=f"hears-{script}", daemon=True)
        self._listener.start()
        self.script = script
        self.told("ready")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))

    def tell(self, **told: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()

    def told(self, name: str) -> dict[str, Any]:
        while True:
            said = self._lines.get(timeout=PATIENCE_S)
            if name in said:
                return said

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


class Server(Program):
    """A record system that takes what we send."""

    def __init__(self, script: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as line:
            self.port = int(line.getsockname()[1])
        super().__init__(script, str(self.port))

    def answer(self, mode: str, code: str = "AA") -> None:
        """Say how the next messages are answered; forgets what came before."""
        self.tell(mode=mode, code=code)
        self.told("mode")

    def received(self) -> tuple[str, str, str]:
        """Return type, event and MSH-10 of the next message that its own parser has read."""
        said = self.told("control")
        return said["kind"], said["event"], said["control"]


class Client(Program):
    """An interface engine that sends to us."""

    def connect(self, port: int) -> None:
        self.tell(connect=port)
        self.told("connected")

    def send(self, text: str) -> tuple[str, str]:
        """Send a message and return MSA-1 and MSA-2 as its own parser reads them."""
        self.tell(text=text)
        return self.answered()

    def raw(self, data: bytes) -> None:
        self.tell(raw=base64.b64encode(data).decode("ascii"))

    def answered(self) -> tuple[str, str]:
        said = self.told("code")
        return said["code"], said["control"]

    def close(self) -> None:
        self.tell(close=True)
        self.told("closed")
