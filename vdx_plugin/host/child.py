"""An adapter in a process of its own, seen from here: the same contract over JSON lines.

For code that blocks, crashes or needs another architecture. Its crash costs nothing but itself: calls under way end as
Unavailable, the record it had open is closed, the process is started again after a pause that doubles each time, and
the user is told. Nothing about a patient stands in its arguments or its environment, and what it prints is discarded.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.errors import Misconfigured, OutcomeUnknown, Unavailable, Unreadable
from vdx_plugin.host import wire
from vdx_plugin.ports import (
    Action,
    AdapterSetup,
    AdapterSink,
    Capabilities,
    Capability,
    ContextChange,
    Health,
    HealthState,
    Manifest,
    RecordIncoming,
    RecordLetter,
)
from vdx_plugin.runtime import Tasks

_log = log.get("host.child")

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0
MAKE_LIMIT_S = 10.0
END_LIMIT_S = 2.0
_PASSED_ON = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "APPDATA", "LOCALAPPDATA")
"""The environment of the child: what a process needs to run, and nothing that the program was started with."""


class ProcessAdapter:
    """``ports.ClinicSystem`` in a child process. ``pause_s`` is how long the first restart waits."""

    def __init__(self, module: str, manifest: Manifest, setup: AdapterSetup, *, pause_s: float = FIRST_PAUSE_S) -> None:
        self.name = manifest.name
        self.capabilities = Capabilities(manifest.capabilities)
        self._module, self._manifest, self._setup = module, manifest, setup
        self._first_pause_s = self._pause_s = pause_s
        self._tasks = Tasks()
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._sink: AdapterSink | None = None
        self._actions: Sequence[Action] = ()

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self, sink: AdapterSink) -> None:
        """Start the process and the adapter in it. Raises Unavailable, Misconfigured, and what the adapter raises."""
        self._sink = sink
        self._pause_s = self._first_pause_s
        await self._begin()
        self._tasks.spawn(self._keep_alive(), f"child-{self.name}")

    async def _begin(self) -> None:
        await self._launch()
        await self._call("start")
        if self._actions:
            await self._call("inject", self._actions)

    async def _launch(self) -> None:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "vdx_plugin.host.child_main",
            self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            limit=wire.MAX_LINE_BYTES,
        )
        self._tasks.spawn(self._read(self._process), f"read-{self.name}")
        try:
            async with asyncio.timeout(MAKE_LIMIT_S):
                made = await self._ask("make", wire.SETUP, self._made_from())
        except TimeoutError:
            await self._end()
            raise Unavailable("adapter.slow", "its process did not begin in time", name=self.name) from None
        self._take_in(made)

    def _made_from(self) -> tuple[object, ...]:
        secrets = {name: secret.reveal() for name, secret in self._setup.secrets.items()}
        return (dict(self._setup.settings), self._setup.data_dir, self._setup.organisation, secrets)

    def _take_in(self, made: object) -> None:
        """Offer what it offers, and never more than its manifest declares."""
        can = made.get("can", ()) if isinstance(made, dict) else ()
        offered = frozenset(ability for ability in Capability if str(ability) in can)
        if not isinstance(made, dict) or made.get("name") != self.name or offered - self._manifest.capabilities:
            raise Misconfigured("adapter.invalid", "not what its manifest says", name=self.name)
        self.capabilities = Capabilities(offered)

    async def _keep_alive(self) -> None:
        """Start it again when it has ended by itself, ever more seldom."""
        while self._process is not None:
            await self._process.wait()
            self._lost()
            while self._process is not None:
                wait_s = self._pause_s
                self._tell_lost(wait_s)
                self._pause_s = min(2 * wait_s, LONGEST_PAUSE_S)
                await asyncio.sleep(wait_s)
                try:
                    await self._begin()
                    break
                except (OSError, Unavailable, Misconfigured, Unreadable) as error:
                    _log.warning("adapter %s: its process could not be started: %s", self.name, type(error).__name__)

    def _lost(self) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Unavailable("adapter.process_gone", "its process ended", name=self.name, wait_s=0))
        self._waiting.clear()

    def _tell_lost(self, wait_s: float) -> None:
        _log.warning("adapter %s: its process ended; again in %g s", self.name, wait_s)
        if self._sink is not None:
            self._sink.closed(ContextChange.CLOSED)
            self._sink.notice("adapter.process_gone", name=self.name, wait_s=round(wait_s))

    async def stop(self) -> None:
        """Stop the adapter and end its process."""
        process, self._sink = self._process, None
        if process is not None and process.returncode is None:
            try:
                async with asyncio.timeout(END_LIMIT_S):
                    await self._call("stop")
            except (TimeoutError, Unavailable):
                _log.warning("adapter %s: its process did not stop by itself", self.name)
        await self._end()
        await self._tasks.close()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(END_LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    # --- the pipe -----------------------------------------------------------------------------------------------------

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        try:
            while data := await process.stdout.readline():
                self._hear(wire.read_line(data))
        except (ValueError, Unreadable):
            # A line too long or no message at all: what follows cannot be trusted either.
            _log.warning("adapter %s: its process sent what is no message, and is ended", self.name)
            process.kill()

    def _hear(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self._pass_on(str(message["event"]), message.get("with"))
            return
        future = self._waiting.pop(message.get("id", 0), None)
        if future is None or future.done():
            return
        if "error" not in message:
            future.set_result(message.get("value"))
            return
        error = wire.error_in(message["error"])
        # A foreign error has no name here; the guard makes a fault of it.
        future.set_exception(error if error is not None else RuntimeError("failed in its process"))

    def _pass_on(self, event: str, given: object) -> None:
        kinds = wire.EVENTS.get(event)
        if kinds is None or self._sink is None:
            return
        values = wire.unpacked(kinds, given)
        if event == "notice":
            self._sink.notice(values[0], **values[1])
        else:
            getattr(self._sink, event)(*values)

    async def _ask(self, call: str, kinds: Sequence[Any], values: Sequence[object]) -> Any:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise Unavailable("adapter.process_gone", "its process does not run", name=self.name, wait_s=0)
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        in_call = self._sink is not None and self._sink.in_call
        message = {"id": number, "call": call, "with": wire.packed(kinds, values), "in_call": in_call}
        try:
            process.stdin.write(wire.line(message))
            await process.stdin.drain()
            return await future
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Unavailable("adapter.process_gone", type(error).__name__, name=self.name, wait_s=0) from error
        finally:
            self._waiting.pop(number, None)

    async def _call(self, call: str, *values: object) -> Any:
        kinds, answer = wire.CALLS[call]
        return wire.unpacked_one(answer, await self._ask(call, kinds, values))

    # --- the contract -------------------------------------------------------------------------------------------------

    async def current(self) -> ClinicContext | None:
        found: ClinicContext | None = await self._call("current")
        return found

    async def confirm(self, context: ClinicContext) -> bool:
        return await self._call("confirm", context) is True

    async def complete(self, context: ClinicContext) -> ClinicContext:
        completed: ClinicContext = await self._call("complete", context)
        return completed

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        found: list[Appointment] = await self._call("appointments", start, end)
        return found

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """After a crash in between nobody knows whether it was written, so that is OutcomeUnknown."""
        try:
            receipt: WriteBackReceipt = await self._call("write_back", context, summary)
        except Unavailable as error:
            if error.code == "adapter.process_gone":
                raise OutcomeUnknown("writeback.unknown", error.detail) from error
            raise
        return receipt

    async def written(self, context: ClinicContext, key: UUID) -> WriteBackReceipt | None:
        found: WriteBackReceipt | None = await self._call("written", context, key)
        return found

    async def send_letter(self, letter: RecordLetter) -> str:
        return str(await self._call("send_letter", letter))

    async def letters(self) -> Sequence[RecordIncoming]:
        found: list[RecordIncoming] = await self._call("letters")
        return found

    async def settle_letter(self, receipt: str) -> None:
        await self._call("settle_letter", receipt)

    async def inject(self, actions: Sequence[Action]) -> None:
        self._actions = tuple(actions)
        await self._call("inject", self._actions)

    async def health(self) -> Health:
        if self._process is None or self._process.returncode is not None:
            facts: dict[str, str | int] = {"name": self.name, "wait_s": round(self._pause_s)}
            return Health(HealthState.BAD, "adapter.process_gone", facts)
        found: Health = await self._call("health")
        return found

    async def try_settings(self) -> Health:
        """In a process for this question alone."""
        await self._launch()
        try:
            found: Health = await self._call("try_settings")
            return found
        finally:
            await self._end()
            await self._tasks.close()

    async def diagnostics(self) -> Mapping[str, str]:
        found: dict[str, str] = await self._call("diagnostics")
        return found
