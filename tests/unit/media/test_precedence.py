"""Precedence over other work while a call runs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vdx_plugin.media.precedence import NICENESS, Precedence

# Elsewhere there is no list of a process' threads with their priorities to compare with.
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what each thread was given is read from Linux")


def of_all_threads() -> set[int]:
    return {os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in Path("/proc/self/task").iterdir()}


def granted() -> bool:
    """Ask the system in a process of its own whether this user may."""
    asked = f"import os; os.setpriority(os.PRIO_PROCESS, 0, {NICENESS})"
    return subprocess.run([sys.executable, "-S", "-c", asked], check=False, stderr=subprocess.DEVNULL).returncode == 0


def test_every_thread_has_precedence_until_the_last_call_has_ended() -> None:
    """A thread left behind would hold Python's lock while the machine does something else."""
    before = of_all_threads()
    during = {NICENESS} if granted() else before
    first, second = object(), object()
    precedence, done = Precedence(), threading.Event()
    old = threading.Thread(target=done.wait)
    old.start()
    try:
        precedence.take(first)
        precedence.take(second)
        assert of_all_threads() == during
        precedence.give_up(first)
        precedence.give_up(first)
        assert of_all_threads() == during
        precedence.give_up(second)
        assert of_all_threads() == before
    finally:
        done.set()
        old.join()


def test_giving_up_what_was_never_taken_changes_nothing() -> None:
    """A call that could not open its devices closes them all the same."""
    before = of_all_threads()
    Precedence().give_up(object())
    assert of_all_threads() == before
