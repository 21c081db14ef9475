"""What a call costs: 1280x720 at 30 pictures a second both ways, processor and memory of each process.

The values are those of single seconds, as a share of one core. The test card stands in for the camera, so decoding a
camera's MJPEG is not in it, and drawing the card is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.bench import browser, place, usage
from tests.bench.child import Child
from tests.bench.figures import Figures
from tests.bench.place import CAMERA, Place

SETTLE_S = 8.0
WITH_WINDOW = "Call at 720p30 both ways: the program with its windows, far end our client"
WITHOUT = "Call at 720p30 both ways: the program without windows, far end our client"
CHROMIUM = "Call at 720p30 both ways: the program with its windows, far end Chromium"


@dataclass(frozen=True, slots=True)
class FarEnd:
    """Who the program talks to: its name in the table, its processes, and how many pictures it has decoded."""

    name: str
    pids: Callable[[], list[int]]
    frames: Callable[[], Awaitable[int]]


async def measure(figures: Figures, seconds: int, *, with_browser: bool) -> None:
    """Hold two calls, a third with Chromium, each for ``seconds`` after settling."""
    for part, has_window in ((WITH_WINDOW, True), (WITHOUT, False)):
        async with (
            place.sandbox() as here,
            Child("tests.bench.guest") as guest,
            here.doctor(CAMERA, has_window=has_window) as doctor,
        ):
            await _call_guest(figures, part, seconds, here, doctor, guest)
    if with_browser:
        async with place.sandbox() as here, browser.running() as chromium, here.doctor(CAMERA) as doctor:
            await _call_chromium(figures, seconds, here, doctor, chromium)


async def _call_guest(figures: Figures, part: str, seconds: int, here: Place, doctor: Child, guest: Child) -> None:
    await doctor.ask("click")
    await guest.ask("enter", link=(await doctor.event("link"))["url"], node=here.node, picture=CAMERA)

    async def frames() -> int:
        return int((await guest.ask("received"))["frames"])

    await _watch(figures, part, seconds, here, doctor, FarEnd("far end (our client)", lambda: [guest.pid], frames))
    await guest.ask("leave")
    await doctor.ask("end")


async def _call_chromium(
    figures: Figures, seconds: int, here: Place, doctor: Child, chromium: browser.Chromium
) -> None:
    await doctor.ask("click")
    await chromium.enter((await doctor.event("link"))["url"])

    async def frames() -> int:
        return int((await chromium.received())["framesDecoded"])

    far_end = FarEnd("far end (Chromium, all processes)", lambda: usage.family_with(chromium.flag), frames)
    await _watch(figures, CHROMIUM, seconds, here, doctor, far_end)
    await chromium.leave()
    await doctor.ask("end")


async def _watch(figures: Figures, part: str, seconds: int, here: Place, doctor: Child, far_end: FarEnd) -> None:
    await doctor.event("picture")
    await asyncio.sleep(SETTLE_S)
    pids = {
        "program": [doctor.pid],
        "room server, hub and clinic": [here.sandbox.pid],
        far_end.name: far_end.pids(),
    }
    before = await _sample(pids, doctor, far_end)
    for _second in range(seconds):
        await asyncio.sleep(1.0)
        now = await _sample(pids, doctor, far_end)
        passed_s = now["at_s"] - before["at_s"]
        for name in pids:
            figures.add(part, f"{name}: processor", "%", (now[name] - before[name]) / passed_s * 100)
        figures.add(part, "pictures decoded by the program", "fps", (now["ours"] - before["ours"]) / passed_s)
        figures.add(part, "pictures decoded by the far end", "fps", (now["theirs"] - before["theirs"]) / passed_s)
        figures.add(part, "width of the far end's picture", "px", now["width"])
        before = now
    figures.add(part, "program: most memory ever resident", "MB", usage.peak_mb(doctor.pid))
    for name, members in pids.items():
        figures.add(part, f"{name}: memory, shared parts by share", "MB", usage.proportional_mb(members))


async def _sample(pids: dict[str, list[int]], doctor: Child, far_end: FarEnd) -> dict[str, Any]:
    received = await doctor.ask("received")
    seen = {"ours": received["frames"], "width": received["width"], "theirs": await far_end.frames()}
    return {**seen, "at_s": time.monotonic(), **{name: usage.cpu_s(members) for name, members in pids.items()}}
