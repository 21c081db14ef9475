"""Drives targets, watches what gets out of them, and makes what is found small."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.bench import usage
from tests.fuzz.node_targets import JsonTarget, SseTarget
from tests.fuzz.targets import Input, RtcpTarget, RtpTarget, SdpTarget, StunTarget, Target
from vdx_plugin.media.memory import give_back

TARGETS: dict[str, Callable[[], Target]] = {
    "rtp": RtpTarget,
    "rtcp": RtcpTarget,
    "stun": StunTarget,
    "sdp": SdpTarget,
    "sse": SseTarget,
    "json": JsonTarget,
}
PAUSE_EVERY = 25
"""Inputs after which threads and tasks of the target get some time of their own."""
SLOW_S = 0.5
"""Processor time that no single input may take: the loop stands still meanwhile."""
MAX_GROWTH_MB = 48.0
MAX_TRIES = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """What went wrong, after which inputs."""

    kind: str
    seed: str
    error: str
    inputs: tuple[Input, ...]

    @property
    def name(self) -> str:
        """What it is, without what differs from time to time."""
        lines = [line.strip() for line in self.error.strip().splitlines()]
        places = [line.split(",", 2)[-1] for line in lines if line.startswith("File ")]
        return f"{lines[-1].partition(':')[0]} {places[-1] if places else lines[-1]}"


@dataclass
class Tally:
    """What became of one kind of input."""

    inputs: int = 0
    took_s: float = 0.0
    slowest_s: float = 0.0
    grown_mb: float = 0.0
    findings: list[Finding] = field(default_factory=list)


class Watch(logging.Handler):
    """What got out of the engine elsewhere than where the input went in: in tasks, threads and callbacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += "\n" + "".join(traceback.format_exception(record.exc_info[1]))
        if record.levelno >= logging.ERROR or "Traceback" in text:
            self.seen.append(text)

    def on_loop(self, _loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.seen.append("".join(traceback.format_exception(error)) if error else str(context.get("message")))

    def on_thread(self, facts: Any) -> None:
        kind: type[BaseException] = facts.exc_type
        trace: TracebackType | None = facts.exc_traceback
        self.seen.append("".join(traceback.format_exception(kind, facts.exc_value, trace)))

    def take(self) -> str:
        """Return what was seen since the last time, empty when nothing was."""
        found, self.seen = "\n".join(self.seen), []
        return found


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch the loop, its threads and the log."""
    watch, loop, root = Watch(), asyncio.get_running_loop(), logging.getLogger()
    before, hook, others = loop.get_exception_handler(), threading.excepthook, root.handlers[:]
    loop.set_exception_handler(watch.on_loop)
    threading.excepthook = watch.on_thread
    root.handlers[:] = [watch]
    try:
        yield watch
    finally:
        root.handlers[:] = others
        threading.excepthook = hook
        loop.set_exception_handler(before)


async def fuzz(kind: str, seed: str, *, inputs: int, until_s: float, tally: Tally) -> Finding | None:
    """Put up to ``inputs`` inputs into a fresh target; return what was found first, None if nothing was."""
    chance, given = random.Random(seed), []
    target = TARGETS[kind]()

    def draw() -> Iterator[Input]:
        for _ in range(inputs):
            if time.monotonic() >= until_s:
                return
            given.append(target.next(chance))
            yield given[-1]

    error = await _put_in(target, draw(), tally)
    return Finding(kind, seed, error, tuple(given)) if error else None


async def _put_in(target: Target, items: Iterator[Input], tally: Tally) -> str:
    """Put in and check; return what went wrong, empty when nothing did."""
    with watching() as watch:
        await target.open()
        try:
            for number, item in enumerate(items):
                began_s = time.monotonic()
                took_s = await _feed(target, item)
                tally.inputs, tally.slowest_s = tally.inputs + 1, max(tally.slowest_s, took_s)
                tally.took_s += time.monotonic() - began_s
                assert took_s < SLOW_S, f"an input took {took_s:.1f} s"
                if number % PAUSE_EVERY == 0:
                    await asyncio.sleep(0.002)
                if found := watch.take():
                    return found
            await target.check()
        except Exception:  # noqa: BLE001 - a finding is whatever gets out; its trace is returned and fails the run
            return traceback.format_exc()
        finally:
            await target.close()
        return watch.take()


async def _feed(target: Target, item: Input) -> float:
    """Put one in; return what processor time it takes. A slow one is put in again: the machine may be to blame."""
    took_s: list[float] = []
    while len(took_s) < 1 or (len(took_s) < 3 and min(took_s) >= SLOW_S):
        began_s = time.thread_time()
        await target.feed(item)
        took_s.append(time.thread_time() - began_s)
    return min(took_s)


async def smaller(found: Finding) -> Finding:
    """Return the finding with as few inputs as are found to be enough within ``MAX_TRIES`` tries."""
    tries = 0

    async def shows(items: Sequence[Input]) -> bool:
        nonlocal tries
        tries += 1
        error = await _put_in(TARGETS[found.kind](), iter(items), Tally())
        return bool(error) and Finding(found.kind, found.seed, error, ()).name == found.name

    best, last = list(found.inputs), list(found.inputs[-1:])
    if last and await shows(last):
        return Finding(found.kind, found.seed, found.error, tuple(last))
    size = max(1, len(best) // 2)
    while tries < MAX_TRIES:
        for at in range(0, len(best), size):
            rest = best[:at] + best[at + size :]
            if rest and tries < MAX_TRIES and await shows(rest):
                best = rest
                break
        else:
            if size == 1:
                break
            size = max(1, size // 2)
    return Finding(found.kind, found.seed, found.error, tuple(best))


def write(found: Finding, folder: Path) -> Path:
    """Keep a finding as a file that ``--again`` reads; return the file."""
    path = folder / f"fuzz-{found.kind}-{abs(hash(found.name)) % 10**6:06}.json"
    inputs = [{"way": item.way, "hex": item.data.hex()} for item in found.inputs]
    facts = {"kind": found.kind, "seed": found.seed, "inputs": inputs, "error": found.error}
    path.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return path


async def again(kept: str) -> str:
    """Put in what a file keeps, given as its text; return what goes wrong, empty when nothing does any more."""
    facts = json.loads(kept)
    items = [Input(item["way"], bytes.fromhex(item["hex"])) for item in facts["inputs"]]
    return await _put_in(TARGETS[facts["kind"]](), iter(items), Tally())


async def run(
    kinds: Sequence[str], seed: int, minutes: float, *, per_round: int = 400
) -> tuple[dict[str, Tally], list[float]]:
    """Take the kinds in turns for that long; return their tallies, and the memory in MB after each round."""
    tallies = {kind: Tally() for kind in kinds}
    known: set[str] = set()
    until_s, memory, number = time.monotonic() + 60 * minutes, [], 0
    while time.monotonic() < until_s or number == 0:
        for kind in kinds:
            before_mb = _memory_mb()
            found = await fuzz(kind, f"{seed}/{kind}/{number}", inputs=per_round, until_s=until_s, tally=tallies[kind])
            if number:
                tallies[kind].grown_mb += _memory_mb() - before_mb
            if found is not None and found.name not in known:
                known.add(found.name)
                print(f"{kind}: {found.name}", file=sys.stderr)
                tallies[kind].findings.append(await smaller(found))
        memory.append(_memory_mb())
        number += 1
    return tallies, memory


def _memory_mb() -> float:
    give_back()
    return usage.resident_mb(os.getpid())
