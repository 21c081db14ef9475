"""Transport-wide congestion control: the feedback packet read and written, and the log behind it. Pure.

Source: draft-holmer-rmcat-transport-wide-cc-extensions-01, sections 2 and 3.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
RTPFB, FMT = 205, 15
_TICK_S = 0.00025
_REFERENCE_S = 0.064
_MOST_PACKETS = 1000
_NOT_RECEIVED, _SMALL, _LARGE = 0, 1, 2
_RUN_MOST = 0x1FFF


@dataclass(frozen=True)
class Feedback:
    """What a peer says of our packets: sequence number and arrival in the peer's seconds, None for not arrived."""

    arrivals: tuple[tuple[int, float | None], ...]


class ArrivalLog:
    """Notes when packets with a transport sequence number came, and reports them. Bounded."""

    def __init__(self) -> None:
        self._came: dict[int, float] = {}
        self._next: int | None = None
        self._highest = 0
        self._count = 0
        self._origin_s: float | None = None

    def note(self, sequence: int, *, at: float) -> None:
        """Note a packet that came ``at`` (seconds, any steady clock)."""
        if self._origin_s is None or self._next is None:
            self._origin_s, self._next, self._highest = at, sequence, sequence
        number = self._highest + _distance(sequence, self._highest)
        if abs(number - self._highest) > _MOST_PACKETS * 4:
            self._came.clear()
            self._next, self._highest, number = sequence, sequence, sequence
        self._came.setdefault(number, at)
        self._highest = max(self._highest, number)

    def report(self, *, ssrc: int, media_ssrc: int) -> bytes | None:
        """Return the feedback on what has come since the last, or None when nothing has."""
        if not self._came or self._next is None or self._origin_s is None:
            return None
        # A packet that comes after its report is reported again, with those after it (section 3.1).
        last = max(self._came)
        first = max(min(self._next, min(self._came)), last - _MOST_PACKETS)
        reference = int((min(self._came.values()) - self._origin_s) / _REFERENCE_S)
        body = _body(self._came, first, last, self._origin_s + reference * _REFERENCE_S)
        head = struct.pack("!HH", first & 0xFFFF, last - first + 1)
        head += (reference & 0xFFFFFF).to_bytes(3, "big") + bytes([self._count & 0xFF])
        self._count += 1
        self._next = last + 1
        self._came.clear()
        return _packet(struct.pack("!LL", ssrc, media_ssrc) + head + body)


def read_feedback(packet: bytes) -> Feedback:
    """Return what a feedback packet says, header included. ValueError when it is damaged."""
    try:
        return _read(packet)
    except (struct.error, IndexError) as error:
        raise ValueError("transport feedback is cut short") from error


def _distance(sequence: int, highest: int) -> int:
    return ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000


def _body(came: dict[int, float], first: int, last: int, reference_s: float) -> bytes:
    symbols: list[int] = []
    deltas = b""
    ticks = 0
    for number in range(first, last + 1):
        arrived = came.get(number)
        if arrived is None:
            symbols.append(_NOT_RECEIVED)
            continue
        delta = round((arrived - reference_s) / _TICK_S) - ticks
        delta = max(-0x8000, min(0x7FFF, delta))
        ticks += delta
        small = 0 <= delta <= 0xFF
        symbols.append(_SMALL if small else _LARGE)
        deltas += struct.pack("!B" if small else "!h", delta)
    return _chunks(symbols) + deltas


def _chunks(symbols: list[int]) -> bytes:
    out = b""
    position = 0
    while position < len(symbols):
        symbol = symbols[position]
        run = 1
        while position + run < len(symbols) and symbols[position + run] == symbol and run < _RUN_MOST:
            run += 1
        if run >= 7:
            out += struct.pack("!H", symbol << 13 | run)
            position += run
            continue
        seven = (symbols[position : position + 7] + [0] * 7)[:7]
        word = 0xC000
        for index, value in enumerate(seven):
            word |= value << (12 - 2 * index)
        out += struct.pack("!H", word)
        position += 7
    return out


def _packet(payload: bytes) -> bytes:
    padding = -len(payload) % 4
    if padding:
        payload += bytes(padding - 1) + bytes([padding])
    first = 0x80 | (0x20 if padding else 0) | FMT
    return struct.pack("!BBH", first, RTPFB, len(payload) // 4) + payload


def _read(packet: bytes) -> Feedback:
    base, count = struct.unpack_from("!HH", packet, 12)
    ticks_s = int.from_bytes(packet[16:19], "big") * _REFERENCE_S
    if count > _MOST_PACKETS * 4:
        raise ValueError("transport feedback on too many packets")
    symbols: list[int] = []
    position = 20
    while len(symbols) < count:
        symbols += _symbols(*struct.unpack_from("!H", packet, position))
        position += 2
    arrivals: list[tuple[int, float | None]] = []
    for index, symbol in enumerate(symbols[:count]):
        sequence = (base + index) & 0xFFFF
        if symbol == _NOT_RECEIVED:
            arrivals.append((sequence, None))
            continue
        if symbol > _LARGE:
            raise ValueError("transport feedback with a reserved symbol")
        form, length = ("!B", 1) if symbol == _SMALL else ("!h", 2)
        ticks_s += struct.unpack_from(form, packet, position)[0] * _TICK_S
        position += length
        arrivals.append((sequence, ticks_s))
    return Feedback(tuple(arrivals))


def _symbols(chunk: int) -> list[int]:
    if not chunk & 0x8000:
        return [chunk >> 13 & 3] * (chunk & _RUN_MOST)
    if not chunk & 0x4000:
        return [chunk >> (13 - index) & 1 for index in range(14)]
    return [chunk >> (12 - 2 * index) & 3 for index in range(7)]
