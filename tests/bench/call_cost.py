"""``python -m tests.bench.call_cost [--runs 3] [--seconds 20]``: what a call costs, our client beside Chromium.

Both hold the same call with a Chromium of its own at the far end, over this machine's own network: 1280x720 at 30
pictures a second and speech, both ways, VP8, with echo cancellation, noise suppression and gain control. Camera and
microphone play the bench's picture and speech, the speaker takes sound on the beat of a card. The near ends take turns,
so that a machine that becomes busier meets both.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import AsyncExitStack

from tests.bench import media_content as content
from tests.bench.figures import Figures
from tests.bench.media_ends import MediaEnd, chromium_end, our_end

SETTLE_S = 10.0
OURS, CHROMIUM = "Our client", "Chromium, all its processes"


async def measure(figures: Figures, runs: int, seconds: float, *, settle_s: float = SETTLE_S) -> None:
    """Hold ``runs`` calls with each kind of near end, each for ``seconds`` after settling."""
    for run in range(runs):
        for near in (OURS, CHROMIUM) if run % 2 == 0 else (CHROMIUM, OURS):
            await _call(figures, near, seconds, settle_s)
    figures.note(
        "Cores are those of the near end, over the whole time of each call. Our pictures are not painted here;"
    )
    figures.note("`tests.bench.main_job --parts load` tells what the program takes with its windows and without.")


async def _call(figures: Figures, part: str, seconds: float, settle_s: float) -> None:
    async with AsyncExitStack() as stack:
        far = await stack.enter_async_context(chromium_end("VP8", echo=True))
        near: MediaEnd = await stack.enter_async_context((our_end if part == OURS else chromium_end)("VP8", echo=True))
        await near.accept(await far.answer(await near.offer()))
        await asyncio.sleep(settle_s)
        before = [(await end.shown(), end.cpu_s()) for end in (near, far)]
        began_s = time.monotonic()
        await asyncio.sleep(seconds)
        took_s = time.monotonic() - began_s
        after = [(await end.shown(), end.cpu_s()) for end in (near, far)]
    near_cores, far_cores = ((late[1] - early[1]) / took_s for early, late in zip(before, after, strict=True))
    near_fps, far_fps = ((late[0].frames - early[0].frames) / took_s for early, late in zip(before, after, strict=True))
    figures.add(part, "cores", "%", near_cores * 100)
    figures.add(part, "cores of the far end", "%", far_cores * 100)
    figures.add(part, "pictures shown", "fps", near_fps)
    figures.add(part, "pictures the far end shows", "fps", far_fps)
    figures.add(part, "width shown", "px", after[0][0].width)
    figures.add(part, "width the far end shows", "px", after[1][0].width)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.call_cost", description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=20.0)
    given = options.parse_args()
    content.picture_file(), content.sound_file()
    figures = Figures()
    asyncio.run(measure(figures, given.runs, given.seconds))
    print(figures.table())


if __name__ == "__main__":
    main()
