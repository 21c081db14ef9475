"""``python -m tests.bench.main_job [--runs 20] [--seconds 20] [--json FILE] [--parts dock,feed,click,many,cold,load]``.

Prints a table: for each figure its number of values, median, 10th, 90th and 95th percentile, least and most.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Error as PlaywrightError

from tests.bench import browser, click, dock, feed, load, usage
from tests.bench.child import ChildFailed
from tests.bench.figures import Figures

PARTS = ("dock", "feed", "click", "many", "cold", "load")
MANY_AT_LEAST = 40


async def measure(figures: Figures, parts: list[str], runs: int, seconds: int) -> list[str]:
    """Measure the named parts, one after the other; return those that stopped on the way."""
    with_browser = browser.chromium() is not None
    if not with_browser:
        figures.note("No Chromium on this machine: nothing to compare with. VDX_CHROMIUM may name one.")
    if "load" in parts and not usage.is_readable():
        figures.note("This system has no /proc: what a call costs was not measured.")
        parts = [part for part in parts if part != "load"]
    measures: dict[str, Callable[[], Awaitable[None]]] = {
        "dock": lambda: dock.measure(figures, runs),
        "feed": lambda: feed.measure(figures, runs),
        "click": lambda: click.measure(figures, runs, with_browser=with_browser),
        "many": lambda: click.measure_many(figures, max(runs, MANY_AT_LEAST)),
        "cold": lambda: click.measure_cold(figures, runs),
        "load": lambda: load.measure(figures, seconds, with_browser=with_browser),
    }
    return [part for part in PARTS if part in parts and not await _through(figures, part, measures[part])]


async def _through(figures: Figures, part: str, measuring: Callable[[], Awaitable[None]]) -> bool:
    """Measure one part; what was measured before it failed is kept. Return whether it came through."""
    try:
        await measuring()
    except (ChildFailed, PlaywrightError, TimeoutError) as failure:
        figures.note(f"{part} STOPPED: {type(failure).__name__} {failure}")
        return False
    return True


def machine() -> str:
    """Return what the figures were taken on."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if usage.is_readable() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")
    return f"{os.cpu_count()} cores ({model}), {platform.system()}, Python {platform.python_version()}"


def busy() -> str:
    """Return how busy the machine is, in the words of uptime(1)."""
    return ", ".join(f"{load:.2f}" for load in os.getloadavg()) if hasattr(os, "getloadavg") else "?"


def main() -> int:
    """Measure, print, and keep; return 1 if a part could not be measured to its end."""
    options = argparse.ArgumentParser(prog="tests.bench.main_job")
    options.add_argument("--runs", type=int, default=20)
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--json", type=Path)
    options.add_argument("--parts", default=",".join(PARTS))
    given = options.parse_args()
    parts = given.parts.split(",")
    if unknown := set(parts) - set(PARTS):
        options.error(f"no such part: {', '.join(sorted(unknown))}")
    figures, before = Figures(), busy()
    stopped = asyncio.run(measure(figures, parts, given.runs, given.seconds))
    print(f"{machine()}\nload average before: {before}; after: {busy()}")
    print(figures.table())
    if given.json:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        given.json.write_text(figures.as_json(machine=machine(), at=at, load_before=before), encoding="utf-8")
    return 1 if stopped else 0


if __name__ == "__main__":
    sys.exit(main())
