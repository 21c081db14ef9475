"""What an Opus packet says about itself before anybody decodes it (RFC 6716, section 3). Pure.

Every packet from the network passes ``read`` before it reaches C code: what breaks a rule of section 3.4 gives None.
"""

from __future__ import annotations

from dataclasses import dataclass

RATE_HZ = 48_000
MAX_BYTES = 4000
MAX_SAMPLES = RATE_HZ * 120 // 1000
"""No packet lasts longer than 120 ms (R5)."""
MAX_FRAME_BYTES = 1275
_SILK_SAMPLES = (480, 960, 1920, 2880)
_HYBRID_SAMPLES = (480, 960)
_CELT_SAMPLES = (120, 240, 480, 960)


@dataclass(frozen=True, slots=True)
class OpusPacket:
    """A packet that keeps the rules. ``has_redundancy``: it carries the packet before it again, at a lower rate."""

    samples: int
    """How long it lasts, at 48 kHz."""
    has_redundancy: bool
    is_pause: bool
    """The sender stops until further notice (discontinuous transmission): there is next to nothing in it."""


def read(payload: bytes) -> OpusPacket | None:
    """Return what ``payload`` is, None if it is no Opus packet."""
    if not 1 <= len(payload) <= MAX_BYTES:
        return None
    frame_samples = _frame_samples(payload[0] >> 3)
    frames = _frames(payload)
    if frames is None or frame_samples * frames.count > MAX_SAMPLES:
        return None
    redundant = frames.first_bytes > 0 and _has_redundancy(payload, payload[frames.first_at], frame_samples)
    return OpusPacket(frame_samples * frames.count, redundant, len(payload) <= 2)


def _frame_samples(config: int) -> int:
    if config < 12:
        return _SILK_SAMPLES[config % 4]
    return _HYBRID_SAMPLES[config % 2] if config < 16 else _CELT_SAMPLES[config % 4]


def _has_redundancy(payload: bytes, first_byte: int, frame_samples: int) -> bool:
    """Whether the flag for low-bit-rate redundancy stands in the first frame (RFC 6716, 4.2.4). CELT has none."""
    if payload[0] & 0x80:
        return False
    parts = max(1, frame_samples // 960)
    mono = bool((first_byte >> (7 - parts)) & 1)
    side = bool(payload[0] & 0x04) and bool((first_byte >> max(0, 6 - 2 * parts)) & 1)
    return mono or side


@dataclass(frozen=True, slots=True)
class _Frames:
    count: int
    first_at: int
    first_bytes: int


def _frames(payload: bytes) -> _Frames | None:
    code, body = payload[0] & 3, len(payload) - 1
    if code == 0:
        return _Frames(1, 1, body) if body <= MAX_FRAME_BYTES else None
    if code == 1:
        return _Frames(2, 1, body // 2) if body % 2 == 0 and body // 2 <= MAX_FRAME_BYTES else None
    if code == 2:
        found = _length(payload, 1)
        if found is None:
            return None
        size, at = found
        rest = len(payload) - at - size
        return _Frames(2, at, size) if 0 <= rest <= MAX_FRAME_BYTES else None
    return _many(payload)


def _length(payload: bytes, at: int) -> tuple[int, int] | None:
    """Return the frame length written at ``at`` and the place after it (RFC 6716, 3.2.1)."""
    if at >= len(payload):
        return None
    first = payload[at]
    if first < 252:
        return first, at + 1
    return (first + 4 * payload[at + 1], at + 2) if at + 1 < len(payload) else None


def _many(payload: bytes) -> _Frames | None:
    """Any number of frames with padding (code 3; RFC 6716, 3.2.5)."""
    if len(payload) < 2 or not payload[1] & 0x3F:
        return None
    count, at, end = payload[1] & 0x3F, 2, len(payload)
    if payload[1] & 0x40:
        padded = _padding(payload)
        if padded is None:
            return None
        at, end = padded
    if payload[1] & 0x80:
        return _variable(payload, count, at, end)
    size, rest = divmod(end - at, count)
    return _Frames(count, at, size) if end >= at and rest == 0 and size <= MAX_FRAME_BYTES else None


def _padding(payload: bytes) -> tuple[int, int] | None:
    """Return where the frames begin and where they end before the padding."""
    at, end = 2, len(payload)
    while at < len(payload):
        value = payload[at]
        at += 1
        end -= min(value, 254)
        if value < 255:
            return (at, end) if end >= at else None
    return None


def _variable(payload: bytes, count: int, at: int, end: int) -> _Frames | None:
    sizes = []
    for _ in range(count - 1):
        found = _length(payload[:end], at)
        if found is None or found[0] > MAX_FRAME_BYTES:
            return None
        size, at = found
        sizes.append(size)
    last = end - at - sum(sizes)
    if not 0 <= last <= MAX_FRAME_BYTES:
        return None
    return _Frames(count, at, sizes[0] if sizes else last)
