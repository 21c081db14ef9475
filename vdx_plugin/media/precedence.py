"""A call's precedence over other work of this machine, such as a virus scanner's, as browsers take it for their sound.

Taken for the whole process: where another program takes the processor from one thread that holds Python's lock, the
thread of the sound waits too.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from vdx_plugin import log

_log = log.get("media.precedence")

NICENESS = -10
"""What Chromium gives its sound on Linux."""
_TASKS = Path("/proc/self/task")
_ABOVE_NORMAL = 0x8000
"""``ABOVE_NORMAL_PRIORITY_CLASS`` (Windows, ``SetPriorityClass``). Above it, the machine's other windows stutter."""


class Precedence:
    """Taken while something runs that people hear; given up with the last that took it.

    On Windows always granted, on Linux where the user may (``RLIMIT_NICE``), on macOS never: there the system
    gives it to threads of sound cards by itself. A refusal changes nothing.
    """

    def __init__(self) -> None:
        self._holders: set[object] = set()
        self._before = 0

    def take(self, holder: object) -> None:
        if not self._holders:
            try:
                self._before = _raise()
            except OSError as error:
                _log.debug("no precedence: %s", type(error).__name__)
        self._holders.add(holder)

    def give_up(self, holder: object) -> None:
        if self._holders == {holder}:
            with suppress(OSError):
                _restore(self._before)
        self._holders.discard(holder)


if sys.platform == "win32":
    import ctypes

    def _raise() -> int:
        kernel = ctypes.windll.kernel32
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        before = int(kernel.GetPriorityClass(ctypes.c_void_p(kernel.GetCurrentProcess())))
        _restore(_ABOVE_NORMAL)
        return before

    def _restore(priority: int) -> None:
        kernel = ctypes.windll.kernel32
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        if priority and not kernel.SetPriorityClass(ctypes.c_void_p(kernel.GetCurrentProcess()), priority):
            raise ctypes.WinError()

elif sys.platform == "linux":

    def _raise() -> int:
        before = os.getpriority(os.PRIO_PROCESS, 0)
        _restore(min(before, NICENESS))
        return before

    def _restore(niceness: int) -> None:
        """Each thread has its own on Linux; those begun later have that of the one that began them."""
        for task in _TASKS.iterdir():
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, int(task.name), niceness)

else:

    def _raise() -> int:
        raise OSError("not on this system")

    def _restore(_priority: int) -> None:
        return


PRECEDENCE = Precedence()
"""This process's."""
