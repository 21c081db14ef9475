"""The engine that is imported with the first click."""

from __future__ import annotations

import subprocess
import sys

_PRELUDE = "import asyncio, sys; from vdx_plugin.media import call_engine; engine = call_engine(); "
_HEAVY = "print(*[name for name in ('numpy', 'aiortc', 'av') if name in sys.modules])"


def loaded_after(script: str) -> list[str]:
    """Return which of the heavy libraries a fresh process has loaded after ``script``."""
    done = subprocess.run(
        [sys.executable, "-c", f"{_PRELUDE}{script}; {_HEAVY}"], check=True, timeout=60, capture_output=True, text=True
    )
    return done.stdout.split()


def test_making_an_engine_loads_none_of_what_a_call_needs() -> None:
    """The start of the program makes one, and numpy alone would hold up the strip by a tenth of a second."""
    assert loaded_after("pass") == []


def test_preparing_loads_all_of_it() -> None:
    """What is missing then would be loaded while the doctor waits for the call."""
    assert loaded_after("asyncio.run(engine.prepare())") == ["numpy", "aiortc", "av"]
