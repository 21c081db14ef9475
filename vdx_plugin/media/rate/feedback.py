"""Transport-wide feedback: which packets arrived and when, as RTCP of format 15. Pure.

Source: draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1. Times travel as multiples of 250 µs from a
reference of 64 ms steps; packets are told in the order of their transport-wide sequence number, received or not.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vdx_plugin.errors import Unreadable

RTPFB = 205
FORMAT = 15
TICK_S = 0.00025
REFERENCE_S = 0.064
MAX_STATUSES = 400
"""Of one message, so that it fits a datagram whatever the deltas are."""

_TICKS_PER_REFERENCE = 256
_REFERENCE_WRAP = 1 << 24
_RUN_MAX = (1 << 13) - 1
_MISSING, _SMALL, _LARGE = 0, 1, 2
_HEAD = struct.Struct("!BBHLLHHL")


@dataclass(frozen=True, slots=True)
class Feedback:
    """One message. ``ticks`` holds for each packet from ``base`` on its arrival, in units of 250 µs; None if missing.

    Ticks count from an origin of the receiver's own, which wraps after twelve days.
    """

    sender_ssrc: int
    media_ssrc: int
    count: int
    base: int
    ticks: tuple[int | None, ...]

    @property
    def arrivals(self) -> Iterator[tuple[int, float | None]]:
        """Sequence numbers, modulo 2^16, with arrival in seconds of the receiver's clock."""
        for offset, tick in enumerate(self.ticks):
            yield (self.base + offset) & 0xFFFF, None if tick is None else tick * TICK_S


# --- packing ----------------------------------------------------------------------------------------------------


def pack(feedback: Feedback) -> bytes:
    """Return the message as one RTCP packet.

    ValueError where no packet is told as received or two arrivals lie more than 8 s apart: begin a new message there.
    """
    received = [tick for tick in feedback.ticks if tick is not None]
    if not received or len(feedback.ticks) > 0xFFFF:
        raise ValueError("nothing to tell")
    reference = received[0] // _TICKS_PER_REFERENCE
    deltas = list(_deltas(received, reference * _TICKS_PER_REFERENCE))
    sizes = iter(_SMALL if 0 <= delta <= 0xFF else _LARGE for delta in deltas)
    symbols = [_MISSING if tick is None else next(sizes) for tick in feedback.ticks]
    body = b"".join(struct.pack("!H", chunk) for chunk in _chunks(symbols))
    body += b"".join(struct.pack("!B" if 0 <= delta <= 0xFF else "!h", delta) for delta in deltas)
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    head = _HEAD.pack(
        0x80 | (0x20 if padding else 0) | FORMAT,
        RTPFB,
        (_HEAD.size + len(body)) // 4 - 1,
        feedback.sender_ssrc,
        feedback.media_ssrc,
        feedback.base & 0xFFFF,
        len(feedback.ticks),
        ((reference % _REFERENCE_WRAP) << 8) | (feedback.count & 0xFF),
    )
    return head + body


def _deltas(ticks: list[int], previous: int) -> Iterator[int]:
    for tick in ticks:
        if not -0x8000 <= tick - previous <= 0x7FFF:
            raise ValueError("two arrivals too far apart for one message")
        yield tick - previous
        previous = tick


def _chunks(symbols: list[int]) -> Iterator[int]:
    """Runs where they are longer than a vector, else vectors of 14 symbols, or of 7 where a large delta is among."""
    place = 0
    while place < len(symbols):
        run = _run(symbols, place)
        two_bits = _LARGE in symbols[place : place + 14]
        width = 7 if two_bits else 14
        if run >= width or place + run == len(symbols):
            yield (symbols[place] << 13) | run
            place += run
            continue
        chosen = symbols[place : place + width]
        chosen += [_MISSING] * (width - len(chosen))
        bits = 2 if two_bits else 1
        value = 0
        for symbol in chosen:
            value = (value << bits) | symbol
        yield 0x8000 | (0x4000 if two_bits else 0) | value
        place += width


def _run(symbols: list[int], place: int) -> int:
    end = place
    while end < len(symbols) and symbols[end] == symbols[place] and end - place < _RUN_MAX:
        end += 1
    return end - place


# --- unpacking --------------------------------------------------------------------------------------------------


def unpack(data: bytes) -> Feedback:
    """Return what one RTCP packet of format 15 tells. Raises Unreadable(``media.feedback``)."""
    if len(data) < _HEAD.size:
        raise _bad("head")
    first, kind, words, sender, media, base, count, stamp = _HEAD.unpack_from(data)
    if first >> 6 != 2 or first & 0x1F != FORMAT or kind != RTPFB or len(data) < (words + 1) * 4:
        raise _bad("head")
    body = data[_HEAD.size : (words + 1) * 4]
    if first & 0x20:
        if not body or not 0 < body[-1] <= len(body):
            raise _bad("padding")
        body = body[: -body[-1]]
    symbols, place = _symbols(body, count)
    ticks = _ticks(body[place:], symbols, (stamp >> 8) * _TICKS_PER_REFERENCE)
    return Feedback(sender, media, stamp & 0xFF, base, ticks)


def _symbols(body: bytes, count: int) -> tuple[list[int], int]:
    symbols: list[int] = []
    place = 0
    while len(symbols) < count:
        if place + 2 > len(body):
            raise _bad("chunks")
        chunk = (body[place] << 8) | body[place + 1]
        place += 2
        if not chunk & 0x8000:
            # No longer than was announced: a hostile run grows nothing.
            symbols += [chunk >> 13] * min(chunk & _RUN_MAX, count - len(symbols))
            if not chunk & _RUN_MAX:
                raise _bad("chunks")
        elif chunk & 0x4000:
            symbols += [(chunk >> shift) & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [(chunk >> shift) & 1 for shift in range(13, -1, -1)]
    return symbols[:count], place


def _ticks(data: bytes, symbols: list[int], tick: int) -> tuple[int | None, ...]:
    ticks: list[int | None] = []
    place = 0
    for symbol in symbols:
        size = symbol if symbol in (_SMALL, _LARGE) else 0
        if place + size > len(data):
            raise _bad("deltas")
        if size:
            tick += data[place] if size == 1 else struct.unpack_from("!h", data, place)[0]
            place += size
        # The reserved symbol says received, without a time; nothing can be made of it here.
        ticks.append(tick if size else None)
    return tuple(ticks)


def _bad(place: str) -> Unreadable:
    return Unreadable("media.feedback", place=place)


def split(compound: bytes) -> tuple[list[bytes], bytes]:
    """Return the feedback messages of a compound packet and the rest of it, which may be empty.

    What is no RTCP is all rest. A message here may still be unreadable inside.
    """
    mine: list[bytes] = []
    rest: list[bytes] = []
    place = 0
    while place + 4 <= len(compound):
        size = (int.from_bytes(compound[place + 2 : place + 4], "big") + 1) * 4
        part = compound[place : place + size]
        is_mine = part[1] == RTPFB and part[0] & 0x1F == FORMAT and part[0] >> 6 == 2
        (mine if is_mine else rest).append(part)
        place += size
    return mine, b"".join(rest) + compound[place:]


def ticks_of(arrivals: Mapping[int, float], base: int, end: int) -> tuple[int | None, ...]:
    """Return the ticks of unwrapped sequence numbers ``base`` to ``end``, exclusive, out of arrivals in seconds."""
    return tuple(None if (at := arrivals.get(number)) is None else round(at / TICK_S) for number in range(base, end))
