"""Those a room can call, acted out: what becomes of a call depends on the number alone. Pure.

A number ending in 00 is engaged and refuses, one ending in 99 rings until the room gives up, every other one is
answered after a few rings. An address (``sip:``, ``h323:``) goes by the digits at the end of its first part.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Fate(StrEnum):
    """What becomes of a call."""

    ANSWERED = "answered"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


def fate(destination: str) -> Fate:
    """Return what becomes of a call to ``destination``."""
    user = re.sub(r"^\w+:", "", destination).split("@")[0]
    digits = re.sub(r"\D", "", user)
    if digits.endswith("00"):
        return Fate.REFUSED
    return Fate.UNANSWERED if digits.endswith("99") else Fate.ANSWERED


def shown_name(destination: str) -> str:
    """Return what the roster calls somebody of whom no more is known than where they were called."""
    return re.sub(r"^\w+:", "", destination)
