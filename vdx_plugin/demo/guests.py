"""The guests of the demo with windows, in a process of their own.

Each draws, encodes and decodes. In the program's own process four of them left it too little time for its windows and
the room server, and the delay was taken for that of a line which carries sound alone.

``python -m vdx_plugin.demo.guests`` reads a ``Visit`` as one line of JSON from standard input, since links hold PINs,
and stays until standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from urllib.parse import parse_qs, urlsplit

from vdx_plugin import log
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import VdxError
from vdx_plugin.media.bot import Bot
from vdx_plugin.ports import JoinTarget

_log = log.get("demo")

LEAVE_LIMIT_S = 5.0
_VOICES_HZ = (190.0, 120.0, 220.0, 150.0, 250.0)


def target_of(link: str, node: str) -> JoinTarget:
    """Read a guest link as the guest's browser would."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    return JoinTarget(node, query["conference"], Secret(query["pin"]), query["name"], query["tag"])


def targets_of(links: Sequence[str], node: str, count: int) -> list[JoinTarget]:
    """Return how ``count`` guests enter: by a link each, and where there are more of them by the same ones again.

    Several people may follow one link, as the doctor and the nurse of a ward do; their names tell them apart.
    """
    found = [target_of(links[number % len(links)], node) for number in range(count)]
    return [
        replace(target, display_name=f"{target.display_name} {number // len(links) + 1}")
        if number >= len(links)
        else target
        for number, target in enumerate(found)
    ]


@dataclass(frozen=True)
class Visit:
    """How ``count`` guests come to the rooms of ``node``; ``title`` and a number stand on what each of them shows."""

    links: Sequence[str]
    node: str
    count: int
    title: str


@asynccontextmanager
async def visiting(visit: Visit) -> AsyncIterator[None]:
    """Have guests for the length of an ``async with`` block. Those who cannot enter are told in the log."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE)
    door = process.stdin
    if door is None:
        raise AssertionError("a process with a pipe")
    try:
        with suppress(ConnectionError):
            door.write(json.dumps(asdict(visit)).encode() + b"\n")
            await door.drain()
        yield
    finally:
        door.close()
        try:
            async with asyncio.timeout(LEAVE_LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _stay(visit: Visit, end: Awaitable[object]) -> None:
    async with AsyncExitStack() as stack:
        for number, target in enumerate(targets_of(visit.links, visit.node, visit.count)):
            title, pitch_hz = f"{visit.title} {number + 1}", _VOICES_HZ[number % len(_VOICES_HZ)]
            try:
                await stack.enter_async_context(Bot(target, title=title, voice_pitch_hz=pitch_hz))
            except VdxError as error:
                _log.warning("a guest could not join: %s", error)
        await end


async def _main() -> None:
    visit = Visit(**json.loads(await asyncio.to_thread(sys.stdin.readline)))
    await _stay(visit, asyncio.to_thread(sys.stdin.read))


if __name__ == "__main__":
    log.setup()
    # Ctrl+C in the demo's terminal reaches us too; the program closes the pipe when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_main())
