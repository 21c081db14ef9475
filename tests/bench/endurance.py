"""Whether a long call and many short ones leave anything behind: ``python -m tests.bench.endurance [--minutes 30]``.

The long call is the program without windows, talking to our client through the sandbox's room server; the memory of
each process is read every ten seconds and drawn with ``--plot FILE``. Then the far end enters and leaves the room, a
hundred times; its memory, threads and open files are read after the tenth and after the last.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import place, usage
from tests.bench.child import Child
from tests.bench.place import CARD, Place

EVERY_S = 10.0
SETTLE_S = 120.0
WARM_CYCLES = 10


@dataclass
class Memory:
    """Resident memory of one process in a call: seconds since its beginning, MB of 10**6 bytes."""

    at_s: list[float] = field(default_factory=list)
    mb: list[float] = field(default_factory=list)

    def growth_mb_per_h(self) -> float | None:
        """Return the slope of the line through what was read after the first two minutes; None of too little."""
        late = [(at, mb) for at, mb in zip(self.at_s, self.mb, strict=True) if at >= SETTLE_S]
        if len(late) < 3:
            return None
        return statistics.linear_regression([at for at, _ in late], [mb for _, mb in late]).slope * 3600


@dataclass(frozen=True)
class Left:
    """What a process holds."""

    mb: float
    threads: int
    files: int


def left_by(pid: int) -> Left:
    """Read it from /proc."""
    return Left(usage.resident_mb(pid), usage.threads(pid), usage.files(pid))


async def call(here: Place, guest: Child, minutes: float) -> dict[str, Memory]:
    """Hold a call and return the memory of each process."""
    async with here.doctor(CARD, has_window=False) as doctor:
        pids = {"program": doctor.pid, "far end": guest.pid, "room server": here.sandbox.pid}
        kept = {name: Memory() for name in pids}
        await doctor.ask("click")
        await guest.ask("enter", link=(await doctor.event("link"))["url"], node=here.node, picture=list(CARD))
        await doctor.event("picture")
        began_s = time.monotonic()
        frames = [int((await doctor.ask("received"))["frames"])]
        while (at_s := time.monotonic() - began_s) < minutes * 60:
            for name, pid in pids.items():
                kept[name].at_s.append(at_s)
                kept[name].mb.append(usage.resident_mb(pid))
            await asyncio.sleep(EVERY_S)
            frames.append(int((await doctor.ask("received"))["frames"]))
        rates = [(after - before) / EVERY_S for before, after in itertools.pairwise(frames)]
        said = f"{statistics.median(rates):.1f} in the median of ten seconds, {min(rates):.1f} at least"
        print(f"pictures a second decoded by the program: {said}; without any: {rates.count(0.0)} of {len(rates)}")
        await guest.ask("leave")
        await doctor.ask("end")
    return kept


async def cycles(here: Place, guest: Child, count: int) -> tuple[Left, Left]:
    """Let the far end enter a room and leave it, and return what it held early and at the end."""
    async with here.doctor(CARD, has_window=False) as doctor:
        await doctor.ask("click")
        link = (await doctor.event("link"))["url"]
        early = left_by(guest.pid)
        for number in range(count):
            await guest.ask("enter", link=link, node=here.node, picture=list(CARD))
            await guest.ask("seen")
            await guest.ask("leave")
            if number + 1 == min(WARM_CYCLES, count):
                early = left_by(guest.pid)
        late = left_by(guest.pid)
        await doctor.ask("end")
    return early, late


def draw(kept: dict[str, Memory], file: Path) -> None:
    """Draw memory over time."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4))
    for name, memory in kept.items():
        axes.plot([at / 60 for at in memory.at_s], memory.mb, label=name)
    axes.set_xlabel("minutes of the call")
    axes.set_ylabel("resident memory, MB")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=120)


async def measure(minutes: float, count: int, plot: Path | None) -> None:
    """Do both and print what was read."""
    async with place.sandbox() as here, Child("tests.bench.guest") as guest:
        kept = await call(here, guest, minutes)
        for name, memory in kept.items():
            growth = memory.growth_mb_per_h()
            said = "too short to say" if growth is None else f"{growth:+.1f} MB an hour"
            print(
                f"{name}: {memory.mb[0]:.0f} MB at first, {memory.mb[-1]:.0f} MB at the end; {said} after two minutes"
            )
        if plot:
            draw(kept, plot)
    if count:
        async with place.sandbox() as here, Child("tests.bench.guest") as guest:
            early, late = await cycles(here, guest, count)
            print(f"{min(WARM_CYCLES, count)} cycles: {early}\n{count} cycles: {late}")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.endurance", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--plot", type=Path, help="draw the memory of the long call into this file")
    asked = parser.parse_args(arguments)
    asyncio.run(measure(asked.minutes, asked.cycles, asked.plot))


if __name__ == "__main__":
    main(sys.argv[1:])
