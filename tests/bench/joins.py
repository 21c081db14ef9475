"""Joining on a bad line: how long until ICE stands, until DTLS stands, and until each end shows its first picture.

Many short calls through ``line_proxy``, a Chromium at the far end and our client's media or another Chromium at the
near one, as in ``media``. Every join has a line of its own, seeded by its number; the two near ends get the same lines.
Times count from the beginning of the call at the end that tells them; the far end's begins with the offer it gets.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack

from tests.bench import media_content as content
from tests.bench.child import Child
from tests.bench.line_model import CONDITIONS
from tests.bench.media_ends import End, chromium_end, our_end
from tests.bench.media_run import connect
from vdx_plugin.media.line import percentile

LIMIT_S = 12.0
"""A call without pictures after this counts as so long, and is told."""
_LOOK_S = 0.1
_NEAR = ("ice", "dtls", "picture")
Firsts = dict[str, list[float]]


def main(arguments: list[str]) -> None:
    """Run what was asked for and print the table."""
    asked = _parser().parse_args(arguments)
    content.picture_file(), content.sound_file()
    print(_HEAD)
    for condition in asked.conditions.split(","):
        for near in asked.near.split(","):
            seeds = range(asked.first_seed, asked.first_seed + asked.joins)
            print(_row(condition, near, asyncio.run(measure(condition, near, seeds, asked.codec))), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.joins", description=__doc__)
    names = ", ".join(condition.name for condition in CONDITIONS).replace("%", "%%")
    parser.add_argument("--conditions", default="5%,10%,20%", help=f"of: {names}")
    parser.add_argument("--near", default="chromium,ours", help="of: chromium, ours")
    parser.add_argument("--joins", type=int, default=20, help="of each")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--codec", choices=("VP8", "H264"), default="VP8")
    return parser


async def measure(condition: str, near: str, seeds: Sequence[int], codec: str = "VP8") -> Firsts:
    """Join once for each seed; return the times of each kind, milliseconds."""
    found: Firsts = defaultdict(list)
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(Child("tests.bench.line_proxy"))
        far: End = await stack.enter_async_context(chromium_end(codec))
        near_end: End = await stack.enter_async_context(our_end(codec) if near == "ours" else chromium_end(codec))
        for seed in seeds:
            ports = await relay.ask("open", condition=condition, seed=seed)
            await connect(far, near_end, relay, ports)
            ours, theirs = await _pictures(near_end, far)
            for name in _NEAR:
                found[name].append(ours.get(name, LIMIT_S * 1000))
            found["far picture"].append(theirs.get("picture", LIMIT_S * 1000))
            print(f"{condition}, {near}, seed {seed}: near {_said(ours)}; far {_said(theirs)}", file=sys.stderr)
            await asyncio.gather(near_end.again(), far.again())
    return found


async def _pictures(near: End, far: End) -> tuple[dict[str, float], dict[str, float]]:
    """Return what both ends tell once each of them shows pictures, or when the time is over."""
    began_s = time.monotonic()
    while True:
        ours, theirs = await asyncio.gather(near.firsts(), far.firsts())
        if ("picture" in ours and "picture" in theirs) or time.monotonic() - began_s > LIMIT_S:
            return ours, theirs
        await asyncio.sleep(_LOOK_S)


def _said(firsts: dict[str, float]) -> str:
    return ", ".join(f"{name} {ms:.0f}" for name, ms in firsts.items())


_HEAD = f"{'milliseconds: median / 95 % / most':<40}{'ICE':>24}{'DTLS':>24}{'first picture':>24}{'at the far end':>24}"


def _row(condition: str, near: str, found: Firsts) -> str:
    first = f"{condition}, {near}, {len(found['ice'])} joins"
    return f"{first:<40}" + "".join(f"{_spread(found[name]):>24}" for name in (*_NEAR, "far picture"))


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} / {percentile(values, 0.95) or 0:.0f} / {max(values):.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
