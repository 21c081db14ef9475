"""A network that goes away and comes back: when the doctor is told, and when sound and picture are there again.

One consultation after the other in a locked room of the sandbox's room server, each with one silent outage on the
doctor's side: requests hang, packets vanish. Times are those of the doctor's end.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from tests.bench.figures import Figures
from tests.bench.main_job import busy, machine
from tests.contract.bad_network import BadNetwork
from tests.contract.outages import Doctor, consultation
from vdx_plugin.ports import LineQuality


async def measure(figures: Figures, outages: int, seconds: float) -> None:
    """Let the network go away ``outages`` times for ``seconds``."""
    part = f"{seconds:g} s without a network"
    for _number in range(outages):
        network = BadNetwork()
        async with consultation(network) as (_, doctor, _guest):
            for name, after_s in (await _outage(network, doctor, seconds)).items():
                figures.add(part, name, "ms", after_s * 1000)
            figures.add(part, "new paths", "", doctor.call.figures().reconnects)


async def _outage(network: BadNetwork, doctor: Doctor, seconds: float) -> dict[str, float]:
    cut_s = time.monotonic()
    network.cut()
    await doctor.until(lambda: LineQuality.LOST in [quality for _, quality in doctor.lines(cut_s)])
    told_s = next(at_s for at_s, quality in doctor.lines(cut_s) if quality is LineQuality.LOST)
    await asyncio.sleep(seconds - (time.monotonic() - cut_s))
    seen_s, heard_s = doctor.picture_s, doctor.call.received().audible_s
    mended_s = time.monotonic()
    network.mend()
    picture = asyncio.create_task(doctor.until(lambda: doctor.picture_s > seen_s))
    while doctor.call.received().audible_s <= heard_s:  # noqa: ASYNC110 - sound is counted, and tells nobody of itself
        await asyncio.sleep(0.005)
    sound_s = time.monotonic()
    await picture
    return {
        "cut -> the doctor is told": told_s - cut_s,
        "back -> sound": sound_s - mended_s,
        "back -> picture": doctor.picture_s - mended_s,
    }


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.outage", description=__doc__)
    parser.add_argument("--outages", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args(arguments)
    figures, before = Figures(), busy()
    asyncio.run(measure(figures, asked.outages, asked.seconds))
    print(f"{machine()}\nload average before: {before}; after: {busy()}")
    print(figures.table())


if __name__ == "__main__":
    main(sys.argv[1:])
