"""What packets carry, from VP8 and H.264 payloads as encoders make them and as nobody should."""

from __future__ import annotations

import random

import pytest
from aiortc.codecs.h264 import H264PayloadDescriptor
from aiortc.codecs.vpx import VpxPayloadDescriptor

from vdx_plugin.media.video.payloads import Piece, piece_of

KEY = b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00picture"
DELTA = b"\x11\x02\x00picture"


def piece(codec: str, payload: bytes) -> Piece:
    found = piece_of(codec, payload)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("descriptor", "picture_id", "ring"),
    [
        (b"\x10", None, 1 << 15),
        (b"\x90\x80\x05", 5, 1 << 7),
        (b"\x90\x80\x81\x05", 261, 1 << 15),
        (b"\x90\xf0\x81\x05\x07\x40", 261, 1 << 15),
        (b"\x90\x40\x07", None, 1 << 15),
        (b"\x90\x10\x1f", None, 1 << 15),
    ],
)
def test_every_form_of_the_vp8_descriptor_is_read(descriptor: bytes, picture_id: int | None, ring: int) -> None:
    """RFC 7741 4.2: one octet to six, and the picture follows at once."""
    found = piece("VP8", descriptor + KEY)
    assert found == Piece(KEY, True, True, False, picture_id, ring)
    assert piece("VP8", descriptor + DELTA).is_delta


def test_only_the_first_partition_begins_a_vp8_picture() -> None:
    """Further partitions start too, and are no picture of their own."""
    assert not piece("VP8", b"\x11" + KEY).begins
    assert not piece("VP8", b"\x00" + KEY).begins


def test_h264_units_come_with_start_codes() -> None:
    """Alone, in aggregates and in fragments, as the decoder wants them."""
    assert piece("H264", b"\x67abc") == Piece(b"\0\0\0\1\x67abc", True, False, False)
    aggregate = piece("H264", b"\x78\x00\x04\x67abc\x00\x03\x65de")
    assert aggregate == Piece(b"\0\0\0\1\x67abc\0\0\0\1\x65de", True, True, False)
    assert piece("H264", b"\x7c\x85abc") == Piece(b"\0\0\0\1\x65abc", False, True, False)
    assert piece("H264", b"\x7c\x45def") == Piece(b"def", False, True, False)
    assert piece("H264", b"\x41abc").is_delta
    assert piece("H264", b"\x5c\x81abc").is_delta


@pytest.mark.parametrize(
    ("codec", "payload"),
    [
        ("VP8", b""),
        ("VP8", b"\x90"),
        ("VP8", b"\x90\x80"),
        ("VP8", b"\x90\x80\x81"),
        ("VP8", b"\x90\x80\x81\x05"),
        ("H264", b""),
        ("H264", b"\x7c"),
        ("H264", b"\x7c\x85"),
        ("H264", b"\x78\x00\x09\x67"),
        ("H264", b"\x78\x00"),
        ("H264", b"\x78\x00\x00"),
        ("H264", b"\x78"),
        ("H264", b"\x79abc"),
        ("AV1", b"abc"),
    ],
)
def test_what_breaks_its_format_is_nothing(codec: str, payload: bytes) -> None:
    """An empty picture given to FFmpeg is the end of the stream."""
    assert piece_of(codec, payload) is None


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_any_bytes_give_what_aiortc_reads_or_nothing(codec: str) -> None:
    """Two readings of one standard, on bytes of every length."""
    chance = random.Random(5)
    read = 0
    for _ in range(20_000):
        payload = chance.randbytes(chance.randrange(0, 12))
        found = piece_of(codec, payload)
        try:
            theirs = (VpxPayloadDescriptor if codec == "VP8" else H264PayloadDescriptor).parse(payload)[1]
        except ValueError:
            theirs = b""
        if found is not None:
            assert found.data == theirs
            read += 1
    assert read > 1000
