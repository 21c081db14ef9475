"""How long a start takes: from making the process to the first paint of the strip beside the record."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.child import ROOT, ChildFailed
from tests.bench.figures import Figures

PART = "Start: process made -> strip painted"
# From one stamp of dock_start to the next: what the time went to.
_SPLIT = (
    ("interpreter", "  of this: interpreter"),
    ("qt", "  of this: importing Qt"),
    ("program", "  of this: importing the program"),
    ("windows", "  of this: importing the windows"),
    ("settings", "  of this: reading settings"),
    ("application", "  of this: QApplication, asyncio thread"),
    ("store", "  of this: assembling, opening the store"),
    ("painted", "  of this: building and painting the strip"),
)
# Somebody's settings; nothing is asked of these addresses before a click.
_SETTINGS = {
    "ENVIRONMENT": "sandbox",
    "VDX__API_URL": "http://127.0.0.1:9/v2",
    "VDX__TOKEN_URL": "http://127.0.0.1:9/token",
    "VDX__CLIENT_ID": "bench",
    "VDX__NODE": "http://127.0.0.1:9",
    "VDX__PORTAL": "http://127.0.0.1:9/guest",
    "PRACTICE__NAME": "Lægehuset Eksempel",
    "PRACTICE__AUTHOR_FAMILY": "Eksempel",
}


async def measure(figures: Figures, runs: int) -> None:
    """Start the program ``runs`` times on the data of earlier starts, after one start on none."""
    with tempfile.TemporaryDirectory(prefix="vdx-bench-") as folder:
        figures.add(PART, "first start ever (database made)", "ms", (await start(Path(folder)))["at_ms"]["painted"])
        for _run in range(runs):
            seen = await start(Path(folder))
            _add(figures, seen)


def _add(figures: Figures, seen: dict[str, Any]) -> None:
    figures.add(PART, "every other start", "ms", seen["at_ms"]["painted"])
    before = 0.0
    for stamp, name in _SPLIT:
        figures.add(PART, name, "ms", seen["at_ms"][stamp] - before)
        before = seen["at_ms"][stamp]
    figures.note(f"Heavy libraries loaded before the strip is painted: {', '.join(seen['heavy']) or 'none'}.")
    media = [name for name in ("aiortc", "av") if name in seen["heavy"]]
    figures.note(f"aiortc and PyAV loaded before the strip is painted: {', '.join(media) or 'no'}.")


async def start(folder: Path) -> dict[str, Any]:
    """Start once with the data in ``folder``; return what ``dock_start`` printed. Raises ChildFailed."""
    settings = {f"VDX_PLUGIN_{name}": value for name, value in _SETTINGS.items()}
    places = {"VDX_PLUGIN_DATA_DIR": str(folder), "XDG_CONFIG_HOME": str(folder)}
    stand_ins = {"QT_QPA_PLATFORM": "offscreen", "PYTHON_KEYRING_BACKEND": "tests.bench.fixed_keyring.FixedKeyring"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.dock_start", str(time.time())),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **settings, **places, **stand_ins},
    )
    said, trouble = await process.communicate()
    if process.returncode != 0 or not said:
        raise ChildFailed(f"the program did not start:\n{trouble.decode(errors='replace')[-2000:]}")
    found: dict[str, Any] = json.loads(said.splitlines()[0])
    return found
