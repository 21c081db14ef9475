"""The process in which an adapter lives that must not share ours: ``python -m vdx_plugin.host.child_main MODULE``.

Reads calls from standard input and writes answers and events to standard output, one JSON object on a line. Only the
module's name stands among its arguments. Whatever the adapter prints goes nowhere: standard output is moved away
before the adapter is imported, and standard error is discarded by the parent.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, BinaryIO

import pluggy

from vdx_plugin import hookspecs
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import VdxError
from vdx_plugin.hookspecs import AdapterFactory
from vdx_plugin.host import wire
from vdx_plugin.ports import AdapterSetup, ClinicSystem, ContextChange


class _ChildClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class PipeSink:
    """``AdapterSink`` whose words go up the pipe. May be used from any thread."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self.in_call = False

    def _tell(self, event: str, *values: object) -> None:
        self._send({"event": event, "with": wire.packed(wire.EVENTS[event], values)})

    def opened(self, context: ClinicContext) -> None:
        self._tell("opened", context)

    def closed(self, reason: ContextChange = ContextChange.CLOSED) -> None:
        self._tell("closed", reason)

    def start_wanted(self, context: ClinicContext) -> None:
        self._tell("start_wanted", context)

    def invoked(self, action_id: str, context: ClinicContext) -> None:
        self._tell("invoked", action_id, context)

    def appointments_changed(self) -> None:
        self._tell("appointments_changed")

    def patient_merged(self, retired: Identifier, survivor: Identifier) -> None:
        self._tell("patient_merged", retired, survivor)

    def notice(self, code: str, **facts: str | int) -> None:
        self._tell("notice", code, facts)


class Child:
    """Serves one adapter over a pair of streams."""

    def __init__(self, factory: AdapterFactory, output: BinaryIO) -> None:
        self._factory = factory
        self._output = output
        self._lock = threading.Lock()
        self._adapter: ClinicSystem | None = None
        self._sink = PipeSink(self.send)
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, message: dict[str, Any]) -> None:
        """Write one line, whole, from whatever thread."""
        data = wire.line(message)
        with self._lock:
            self._output.write(data)
            self._output.flush()

    async def serve(self, input_: asyncio.StreamReader) -> None:
        """Carry out calls, several at a time, until the parent closes the pipe."""
        while data := await input_.readline():
            message = wire.read_line(data)
            self._sink.in_call = bool(message.get("in_call", self._sink.in_call))
            if "call" in message:
                task = asyncio.create_task(self._answer(message), name=f"call-{message['call']}")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _answer(self, message: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"id": message["id"]}
        try:
            answer["value"] = await self._carry_out(str(message["call"]), message.get("with"))
        except VdxError as error:
            answer["error"] = wire.error_out(error)
        except Exception as error:  # noqa: BLE001 - adapter call: only its kind crosses
            answer["error"] = {"kind": "", "code": type(error).__name__}
        self.send(answer)

    async def _carry_out(self, call: str, given: object) -> object:
        if call == "make":
            return self._make(*wire.unpacked(wire.SETUP, given))
        if self._adapter is None:
            raise RuntimeError("not made")
        arguments, answer = wire.CALLS[call]
        values = wire.unpacked(arguments, given)
        if call == "start":
            values = [self._sink]
        return wire.packed_one(answer, await getattr(self._adapter, call)(*values))

    def _make(self, settings: dict[str, str], folder: str, practice: Any, secrets: dict[str, str]) -> object:
        hidden = {name: Secret(value) for name, value in secrets.items()}
        self._adapter = self._factory(AdapterSetup(settings, folder, _ChildClock(), practice, hidden))
        return {"name": self._adapter.name, "can": sorted(self._adapter.capabilities.can)}


def factory_of(module: str) -> AdapterFactory:
    """Import the adapter's module and return what it registers. Raises whatever the module raises."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs.Hooks)
    manager.register(importlib.import_module(module))
    found: list[AdapterFactory] = []
    manager.hook.vdx_adapters(register=lambda _name, factory: found.append(factory))
    (factory,) = found
    return factory


async def _main(module: str, output: BinaryIO) -> None:
    reader = asyncio.StreamReader(limit=wire.MAX_LINE_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await Child(factory_of(module), output).serve(reader)


def main(arguments: list[str]) -> int:
    """Run until the pipe is closed."""
    # A copy of the pipe for us; what the adapter prints goes to standard error.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asyncio.run(_main(arguments[0], output))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
