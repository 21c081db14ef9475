"""MLLP framing, without input or output: bytes in, whole blocks and reports of damage out.

A block is VT, the message, FS, CR (HL7 v2 Implementation Guide, Minimal Lower Layer Protocol). Bytes outside a block
are dropped and reported, except line ends, which some senders leave between blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

START = b"\x0b"
END = b"\x1c"
CARRIAGE_RETURN = b"\x0d"
DEFAULT_LIMIT_BYTES = 8_000_000
"""A note with a scanned letter in it has some three million."""


class Damage(StrEnum):
    GARBAGE = "garbage outside a block"
    CUT_SHORT = "block without an end"
    TOO_LARGE = "block larger than the limit"
    BAD_END = "FS without CR"


@dataclass(frozen=True, slots=True)
class Block:
    """The bytes of one message, as they stood between VT and FS."""

    payload: bytes

    def __repr__(self) -> str:
        return f"Block({len(self.payload)} bytes)"


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that were thrown away, how many, and why."""

    damage: Damage
    size_bytes: int


def wrap(payload: bytes) -> bytes:
    """Return ``payload`` as one block. Raises ValueError if it holds a framing byte."""
    if START in payload or END in payload:
        raise ValueError("a message cannot hold VT or FS")
    return START + payload + END + CARRIAGE_RETURN


class BlockReader:
    """Takes the bytes of one connection as they come, in pieces of any size.

    Never holds more than ``limit_bytes`` and a little; whatever is damaged is skipped up to the next VT.
    """

    def __init__(self, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._held = bytearray()
        self._inside = False
        self._dropped = 0
        """Bytes of an over-long block or of garbage that were already thrown away."""

    def feed(self, data: bytes) -> list[Block | Damaged]:
        """Return what became whole or was found damaged with ``data``."""
        self._held += data
        events: list[Block | Damaged] = []
        while self._step(events):
            pass
        return events

    def close(self) -> list[Block | Damaged]:
        """The other side has closed: return what was left halfway."""
        left = len(self._held) + self._dropped
        if self._inside:
            return [Damaged(Damage.CUT_SHORT, left)]
        return [Damaged(Damage.GARBAGE, left)] if self._held.strip(b"\r\n") or self._dropped else []

    def _step(self, events: list[Block | Damaged]) -> bool:
        return self._end_block(events) if self._inside else self._find_start(events)

    def _find_start(self, events: list[Block | Damaged]) -> bool:
        at = self._held.find(START)
        garbage = self._held if at < 0 else self._held[:at]
        self._dropped += len(garbage.strip(b"\r\n"))
        del self._held[: len(garbage)]
        if at < 0:
            return False
        if self._dropped:
            events.append(Damaged(Damage.GARBAGE, self._dropped))
            self._dropped = 0
        del self._held[:1]
        self._inside = True
        return True

    def _end_block(self, events: list[Block | Damaged]) -> bool:
        end, again = self._held.find(END), self._held.find(START)
        if again >= 0 and (end < 0 or again < end):
            # The sender gave up and began anew: the first half is lost, the second is whole.
            self._drop(events, Damage.CUT_SHORT, again)
            return True
        if end < 0:
            self._drop_what_is_too_much()
            return False
        if end + 1 == len(self._held):
            return False
        self._take(events, end)
        return True

    def _take(self, events: list[Block | Damaged], end: int) -> None:
        size = end + self._dropped
        if self._held[end + 1 : end + 2] != CARRIAGE_RETURN:
            self._drop(events, Damage.BAD_END, end + 1)
        elif size > self._limit:
            self._drop(events, Damage.TOO_LARGE, end + 2)
        else:
            events.append(Block(bytes(self._held[:end])))
            del self._held[: end + 2]
            self._inside = False

    def _drop(self, events: list[Block | Damaged], damage: Damage, up_to: int) -> None:
        events.append(Damaged(damage, up_to + self._dropped))
        del self._held[:up_to]
        self._dropped = 0
        self._inside = False

    def _drop_what_is_too_much(self) -> None:
        if len(self._held) + self._dropped > self._limit:
            self._dropped += len(self._held)
            self._held.clear()
