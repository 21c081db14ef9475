"""What one packet carries of a picture: VP8 (RFC 7741) and H.264 (RFC 6184, packetization modes 0 and 1). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_START = b"\0\0\0\1"
_VP8_START_CODE = b"\x9d\x01\x2a"

_SLICE, _IDR, _PARAMETERS, _DELIMITER, _LAST_SINGLE, _STAP_A, _FU_A = 1, 5, 7, 9, 23, 24, 28


@dataclass(frozen=True, slots=True)
class Piece:
    """A packet's part of a picture, as the decoder wants it.

    ``begins`` says that it is certainly a picture's first; H.264 does not always tell. ``is_key`` says that the picture
    needs no earlier one, ``is_delta`` that it does; of a VP8 picture only the first piece knows. ``picture_id`` counts
    pictures in a ring of ``id_ring``, where the sender counts them.
    """

    data: bytes
    begins: bool
    is_key: bool
    is_delta: bool
    picture_id: int | None = None
    id_ring: int = 1 << 15


def piece_of(codec: str, payload: bytes) -> Piece | None:
    """Return what a payload carries; None for what breaks its format or is of another codec."""
    try:
        if codec == "VP8":
            return _vp8(payload)
        return _h264(payload) if codec == "H264" else None
    except IndexError:
        return None


def _vp8(payload: bytes) -> Piece | None:
    first, at = payload[0], 1
    picture_id, ring = None, 1 << 15
    if first & 0x80:
        flags, at = payload[1], 2
        if flags & 0x80:
            picture_id, at = payload[at], at + 1
            ring = 1 << 7
            if picture_id & 0x80:
                picture_id, at, ring = (picture_id & 0x7F) << 8 | payload[at], at + 1, 1 << 15
        # TL0PICIDX, and TID with KEYIDX.
        at += bool(flags & 0x40) + bool(flags & 0x30)
    data = payload[at:]
    if not data:
        return None
    begins = bool(first & 0x10) and not first & 0x07
    is_key = begins and not data[0] & 1 and data[3:6] == _VP8_START_CODE
    return Piece(data, begins, is_key, begins and not is_key, picture_id, ring)


def _h264(payload: bytes) -> Piece | None:
    kind = payload[0] & 0x1F
    if kind == _FU_A:
        return _fragment(payload)
    if kind == _STAP_A:
        units = list(_aggregated(payload))
    elif 0 < kind <= _LAST_SINGLE and len(payload) > 1:
        units = [payload]
    else:
        return None
    if not units or not all(units):
        return None
    begins = units[0][0] & 0x1F in (_PARAMETERS, _DELIMITER)
    kinds = {unit[0] & 0x1F for unit in units}
    data = b"".join(_START + unit for unit in units)
    return Piece(data, begins, is_key=_IDR in kinds, is_delta=_SLICE in kinds)


def _fragment(payload: bytes) -> Piece | None:
    header = payload[1]
    if len(payload) < 3:
        return None
    data = payload[2:]
    if header & 0x80:
        data = _START + bytes([payload[0] & 0xE0 | header & 0x1F]) + data
    kind = header & 0x1F
    return Piece(data, begins=False, is_key=kind == _IDR, is_delta=kind == _SLICE)


def _aggregated(payload: bytes) -> Iterator[bytes]:
    """Yield the units of a STAP-A; an empty one where a length leads beyond the end."""
    at = 1
    while at < len(payload):
        size = payload[at] << 8 | payload[at + 1]
        unit = payload[at + 2 : at + 2 + size]
        yield unit if len(unit) == size else b""
        at += 2 + size
