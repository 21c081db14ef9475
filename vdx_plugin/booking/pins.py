"""PINs we choose ourselves."""

from __future__ import annotations

import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class PinPair:
    """Two different PINs of six digits. VDX takes numbers, so none begins with zero."""

    host: int
    guest: int


def draw() -> PinPair:
    """Draw a pair from the system's source of chance."""
    host = _six_digits()
    guest = _six_digits()
    while guest == host:
        guest = _six_digits()
    return PinPair(host, guest)


def _six_digits() -> int:
    return 100_000 + secrets.randbelow(900_000)
