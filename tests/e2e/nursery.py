"""Processes that have everything imported and do one job at a time, each in a fork of its own.

So a kill costs twenty milliseconds and not a second of imports. ``Nursery`` is the side of the test; ``serve`` is what
a module of jobs does when it is run: it answers the fork's exit status (negative: the signal), one line for each job.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from vdx_plugin import log

PROCESSES = 4
JOB_LIMIT_S = 40.0
CHILD_LIMIT_S = 30.0
TOO_SLOW = 3
CRASHED = -signal.SIGKILL if hasattr(signal, "SIGKILL") else None


class Recorded(Protocol):
    """A job, as a dataclass; ``record`` is the path beside which the fork writes its log."""

    @property
    def record(self) -> str: ...


class Nursery:
    """Runs ``module`` in four processes for the length of an ``async with`` block."""

    def __init__(self, module: str, no_certificates: Path) -> None:
        """``no_certificates`` is a folder without any: all addresses are loopback, and reading them takes longer than
        most jobs."""
        self._module = module
        # One thread, so that forks are sound.
        self._env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "SSL_CERT_DIR": str(no_certificates)}
        self._free: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()
        self._all: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> Nursery:
        for _number in range(PROCESSES):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self._module,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=self._env,
            )
            self._all.append(process)
            self._free.put_nowait(process)
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for process in self._all:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()

    async def do(self, job: Any) -> int:
        """Return the exit status of the fork that did the job; negative: killed by that signal."""
        process = await self._free.get()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
        await process.stdin.drain()
        async with asyncio.timeout(JOB_LIMIT_S):
            status = int(await process.stdout.readline())
        self._free.put_nowait(process)
        return status


def trace_of(job: Recorded) -> str:
    """Return the end of what the fork logged, which is where its mistake stands."""
    path = Path(f"{job.record}.log")
    return path.read_text("utf-8")[-1500:] if path.exists() else ""


def serve(read: Callable[..., Any], do: Callable[[Any], Awaitable[None]]) -> None:
    """Do jobs until standard input ends; ``read`` makes one of a line's values."""
    for line in sys.stdin:
        job = read(**json.loads(line))
        child = os.fork()
        if child == 0:
            _do_in_fork(job, do)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _do_in_fork(job: Recorded, do: Callable[[Any], Awaitable[None]]) -> None:
    status = 1
    errors = os.open(f"{job.record}.log", os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(errors, 2)
    try:
        log.setup(stream=sys.stderr)
        asyncio.run(_within_limit(job, do))
        status = 0
    except TimeoutError:
        status = TOO_SLOW
        traceback.print_exc()
    except BaseException:  # noqa: BLE001 - a fork must never come back into its parent's loop
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


async def _within_limit(job: Recorded, do: Callable[[Any], Awaitable[None]]) -> None:
    async with asyncio.timeout(CHILD_LIMIT_S):
        await do(job)
