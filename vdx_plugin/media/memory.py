"""Memory after a call."""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> None:
    """Free what a call's objects hold only through each other, and return it to the system. Takes some 0.1 s.

    glibc keeps the space of a call's pictures for itself, a megabyte more with each call, though nothing is in use.
    """
    gc.collect()
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        return
