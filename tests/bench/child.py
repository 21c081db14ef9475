"""Talking to a process of the bench: one JSON object a line, questions in, answers and events out.

A question is ``{"id", "do", ...}`` and its answer ``{"id", "result"}`` or ``{"id", "error"}``; an event is
``{"event", ...}``. Times that cross a process border are ``time.monotonic``: one clock for the whole machine.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ANSWER_LIMIT_S = 40.0
CLOSE_LIMIT_S = 20.0
_LINE_BYTES = 4 * 1024 * 1024
ROOT = Path(__file__).resolve().parents[2]

Handler = Callable[..., Awaitable[Any]]


class ChildFailed(Exception):
    """A process of the bench failed, ended or did not answer in time; the text says which and what it said last."""


class Child:
    """``async with Child("tests.bench.guest") as guest: await guest.ask("enter", ...)``.

    ``given`` is written to the process first, for what does not belong on a command line.
    """

    def __init__(self, module: str, *arguments: str, given: dict[str, Any] | None = None) -> None:
        self._given = given
        self._module = module
        self._arguments = arguments
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._events: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._process: asyncio.subprocess.Process
        self._reader: asyncio.Task[None]
        self._words: asyncio.Task[bytes]

    async def __aenter__(self) -> Self:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module, *self._arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
            cwd=ROOT,
            env=environment,
        )
        self._reader = asyncio.create_task(self._read(), name=f"bench-read-{self._module}")
        self._words = asyncio.create_task(_all_of(self._process.stderr), name=f"bench-words-{self._module}")
        if self._given is not None:
            self._write(self._given)
        try:
            await self.event("ready")
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await asyncio.gather(self._reader, self._words, return_exceptions=True)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    async def ask(self, do: str, **facts: Any) -> Any:
        """Ask and return the answer. Raises ChildFailed."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._write({"id": number, "do": do, **facts})
        return await self._within(answer, do)

    async def event(self, name: str) -> dict[str, Any]:
        """Return the next event of that name, one that has come already included. Raises ChildFailed."""
        found: dict[str, Any] = await self._within(self._queue(name).get(), name)
        return found

    def forget(self) -> None:
        """Throw away the events that have come and were not asked for."""
        self._events.clear()

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    def _queue(self, name: str) -> asyncio.Queue[dict[str, Any]]:
        return self._events.setdefault(name, asyncio.Queue())

    async def _within(self, work: Awaitable[Any], what: str) -> Any:
        wanted = asyncio.ensure_future(work)
        await asyncio.wait({wanted, self._reader}, timeout=ANSWER_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        if wanted.done():
            return wanted.result()
        wanted.cancel()
        if self._reader.done():
            said = (await self._words).decode(errors="replace")[-2000:]
            raise ChildFailed(f"{self._module} ended while asked for {what}:\n{said}")
        raise ChildFailed(f"{self._module} did not answer to {what} within {ANSWER_LIMIT_S:g} s")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._take(json.loads(line))

    def _take(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self._queue(message["event"]).put_nowait(message)
            return
        answer = self._answers.pop(message["id"])
        if answer.done():
            return
        if "error" in message:
            answer.set_exception(ChildFailed(f"{self._module}: {message['error']}"))
        else:
            answer.set_result(message["result"])


async def _all_of(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream is not None else b""


class Line:
    """The child's end. ``serve`` answers until the parent closes its end."""

    def __init__(self) -> None:
        # Whatever else prints must not come between the lines.
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        os.dup2(2, 1)
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, event: str, **facts: Any) -> None:
        """Send an event; from any thread."""
        self._write({"event": event, **facts})

    async def serve(self, handlers: dict[str, Handler]) -> None:
        """Answer questions, each in a task of its own; return when there will be no more."""
        reader = asyncio.StreamReader(limit=_LINE_BYTES)
        loop = asyncio.get_running_loop()
        transport, _protocol = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        self.tell("ready")
        while line := await reader.readline():
            task = loop.create_task(self._answer(json.loads(line), handlers), name="bench-answer")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        transport.close()

    async def _answer(self, question: dict[str, Any], handlers: dict[str, Handler]) -> None:
        number, do = question.pop("id"), question.pop("do")
        try:
            self._write({"id": number, "result": await handlers[do](**question)})
        except Exception as error:  # noqa: BLE001 - the parent decides what a failure means, and needs to hear of it
            self._write({"id": number, "error": f"{do}: {type(error).__name__} {error}"})

    def _write(self, message: dict[str, Any]) -> None:
        self._out.write(json.dumps(message) + "\n")
