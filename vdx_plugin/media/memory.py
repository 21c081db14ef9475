"""Memory during and after a call."""

from __future__ import annotations

import ctypes
import gc
import sys


def set_aside() -> None:
    """Keep the collector of garbage from looking through all that there is now, until ``give_back``.

    While it looks, every thread stands still, the sound card's too: 0.1 to 0.2 s for the program and its libraries,
    which is as long a gap in what is heard. What a call makes is little, and is looked through in some milliseconds.
    """
    gc.freeze()


def give_back() -> None:
    """Free what a call's objects hold only through each other, and return it to the system. Takes some 0.1 s.

    glibc keeps the space of a call's pictures for itself, a megabyte more with each call, though nothing is in use.
    """
    gc.unfreeze()
    clear_up()


def clear_up() -> None:
    """The same within a call, where a path was given up: ten megabytes each time. Takes some milliseconds then."""
    gc.collect()
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        return
