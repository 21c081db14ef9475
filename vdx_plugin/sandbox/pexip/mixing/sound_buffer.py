"""Puts one sender's sound packets in order and gives one when one is due. Pure: the caller keeps the time.

It begins when DEPTH packets are there, answers a gap with the packet after it where that has come (its redundancy
holds the lost one), waits longer after running dry, and comes back to DEPTH by leaving one out now and then.
"""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.sandbox.pexip.streams import is_newer

DEPTH = 3
MOST = 50
DRY_TICKS = 5
SHRINK_AFTER_TICKS = 150


@dataclass(frozen=True)
class Sound:
    """Play this packet."""

    payload: bytes


@dataclass(frozen=True)
class Lost:
    """A packet is missing; ``following`` is the one after it, or empty."""

    following: bytes = b""


Due = Sound | Lost | None


class SoundBuffer:
    """``add`` what comes, ``take`` one for every 20 ms; None is silence."""

    def __init__(self) -> None:
        self._packets: dict[int, bytes] = {}
        self._next: int | None = None
        self._newest: int | None = None
        self._dry = 0
        self._shallowest = MOST
        self._ticks = 0

    def add(self, sequence: int, payload: bytes) -> None:
        """Take a packet; one that comes too late is left out, and so is what would be too much."""
        if self._next is not None and is_newer(self._next, sequence):
            return
        if self._newest is not None and abs((sequence - self._newest + 0x8000 & 0xFFFF) - 0x8000) > MOST * 4:
            self._restart()
        self._packets[sequence] = payload
        if self._newest is None or is_newer(sequence, self._newest):
            self._newest = sequence
        if len(self._packets) > MOST:
            self._restart()

    def take(self) -> Due:
        """Return what is to be heard now."""
        if self._next is None and not self._begin():
            return None
        assert self._next is not None
        self._shrink()
        payload = self._packets.pop(self._next, None)
        if payload is None and not self._packets:
            return self._run_dry()
        self._next = (self._next + 1) & 0xFFFF
        self._dry = 0
        return Lost(self._packets.get(self._next, b"")) if payload is None else Sound(payload)

    def _begin(self) -> bool:
        if len(self._packets) < DEPTH or self._newest is None:
            return False
        newest = self._newest
        self._next = min(self._packets, key=lambda sequence: (sequence - newest - 1) & 0xFFFF)
        self._ticks, self._shallowest = 0, MOST
        return True

    def _run_dry(self) -> Due:
        """Conceal for a moment without going on, so that what comes late is still heard; then wait for more."""
        self._dry += 1
        if self._dry <= DRY_TICKS:
            return Lost()
        self._next = None
        return None

    def _shrink(self) -> None:
        assert self._next is not None
        self._shallowest = min(self._shallowest, len(self._packets))
        self._ticks += 1
        if self._ticks < SHRINK_AFTER_TICKS:
            return
        if self._shallowest > DEPTH:
            self._packets.pop(self._next, None)
            self._next = (self._next + 1) & 0xFFFF
        self._ticks, self._shallowest = 0, MOST

    def _restart(self) -> None:
        self._packets.clear()
        self._next = self._newest = None
        self._dry = 0
