"""Reception as a whole: requests, new streams, seeded bad lines, and packets from nobody's encoder."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.bench.line_model import BY_NAME
from tests.bench.picture_path import run
from vdx_plugin.media.packets import MediaPacket
from vdx_plugin.media.video.assembly import MAX_PACKETS
from vdx_plugin.media.video.gaps import MAX_MISSING
from vdx_plugin.media.video.reception import Reception, Requests

KEY = b"\x10\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00"
DELTA = b"\x10\x11\x02\x00"
REST = b"\x00rest"


def packet(sequence: int, at_s: float = 0.0, payload: bytes = DELTA, **facts: object) -> MediaPacket:
    made = MediaPacket(7, sequence % 65536, sequence * 3000 % (1 << 32), True, payload, "VP8", 90_000, at_s)
    return replace(made, **facts)  # type: ignore[arg-type]


def begun(first: int = 100) -> Reception:
    """A reception that has given its first key picture out."""
    reception = Reception()
    reception.set_rtt(0.06)
    pictures = reception.take(packet(first, payload=KEY))
    assert [picture.is_key for picture in pictures] == [True]
    reception.decoded(0.0, is_key=True)
    return reception


def asked(reception: Reception, until_s: float) -> list[tuple[int, Requests]]:
    """Run until then; return what was asked for at which millisecond."""
    found = []
    while reception.next_s <= until_s:
        at_s = reception.next_s
        requests = reception.tick(at_s)
        if requests is not None:
            found.append((round(at_s * 1000), requests))
    return found


def test_a_lost_packet_is_asked_for_and_its_answer_brings_the_pictures_out() -> None:
    """In order, over the wrap of the sequence numbers."""
    reception = begun(65_535)
    assert reception.take(packet(65_537, 0.03)) == []
    assert reception.tick(0.03) == Requests(7, (0,))
    pictures = reception.take(packet(65_536, 0.1, is_retransmission=True))
    assert [picture.timestamp for picture in pictures] == [65_536 * 3000, 65_537 * 3000]
    assert asked(reception, 2.9) == []


def test_what_does_not_come_is_given_up_for_a_key_picture() -> None:
    """400 ms; then nothing but a new beginning helps, asked for until it decodes."""
    reception = begun()
    reception.take(packet(102, 0.03))
    keyframes = [at_ms for at_ms, requests in asked(reception, 0.9) if requests.keyframe]
    assert keyframes == [430, 630, 830]
    assert reception.given_up == 1
    assert reception.take(packet(103, 0.9)) == []
    assert len(reception.take(packet(104, 0.95, KEY))) == 1
    reception.decoded(0.95, is_key=True)
    assert asked(reception, 3.0) == []


def test_where_key_pictures_take_long_what_is_missing_is_waited_for_longer() -> None:
    """Over 100 kbit/s one takes a second, and what was asked for again is there before."""
    reception = Reception()
    reception.set_rtt(0.06)
    reception.take(packet(100, 0.0, KEY, timestamp=5, marker=False))
    assert len(reception.take(packet(101, 0.7, REST, timestamp=5))) == 1
    reception.decoded(0.7, is_key=True)
    reception.take(packet(103, 1.0))
    keyframes = [at_ms for at_ms, requests in asked(reception, 2.6) if requests.keyframe]
    assert keyframes == [2520]


def test_a_key_picture_on_its_way_is_waited_for_when_the_rest_is_given_up() -> None:
    """Asking for another would start it over, on a line that is too thin already."""
    reception = begun()
    reception.take(packet(102, 0.03))
    for part in range(8):
        first = KEY if part == 0 else REST
        reception.take(packet(103 + part, 0.1 + 0.1 * part, first, timestamp=999_999, marker=False))
        assert not any(requests.keyframe for _, requests in asked(reception, 0.15 + 0.1 * part))
    assert reception.given_up == 1
    assert len(reception.take(packet(111, 0.9, REST, timestamp=999_999))) == 1


def test_joining_in_the_middle_asks_for_a_key_picture_at_once() -> None:
    """The first picture is to be there within half a second of the click."""
    reception = Reception()
    reception.take(packet(5, 1.0))
    assert reception.tick(1.0) == Requests(7, (), True)


def test_a_picture_that_does_not_decode_costs_one_request() -> None:
    """And nothing is given out until it is answered."""
    reception = begun()
    reception.failed()
    assert reception.tick(0.0) == Requests(7, (), True)
    assert reception.take(packet(101, 0.01)) == []
    assert reception.tick(0.01) is None


def test_another_source_takes_over_with_its_own_numbers() -> None:
    """A node changes what it sends when a meeting grows."""
    reception = begun()
    later = packet(40_000, 1.0, KEY, ssrc=8)
    assert len(reception.take(later)) == 1
    assert reception.streams == 2
    assert reception.take(packet(101, 1.1, is_retransmission=True)) == []
    assert reception.streams == 2


def test_the_same_source_may_begin_anew() -> None:
    """Two packets in a row from elsewhere are a restart, one is a stray (RFC 3550 A.1)."""
    reception = begun()
    assert reception.take(packet(30_000, 1.0, KEY)) == []
    assert len(reception.take(packet(101, 1.0))) == 1
    assert reception.take(packet(30_001, 1.0, KEY)) == []
    assert len(reception.take(packet(30_002, 1.0, KEY))) == 1
    assert reception.streams == 2


@pytest.mark.parametrize(
    ("name", "freezes", "delay_ms", "again"),
    [("clean", 0, 25, 0), ("5%", 1, 100, 1.1), ("10%", 2, 140, 1.1), ("20%", 4, 210, 1.1), ("5% jitter", 2, 230, 3.5)],
)
def test_pictures_move_on_a_bad_line(name: str, freezes: int, delay_ms: float, again: float) -> None:
    """25 s of 720p30 in virtual time: freezes, delay, and packets sent again per packet lost."""
    found = run(BY_NAME[name], seed=1, seconds=25)
    assert found.freezes <= freezes
    assert found.delay_ms <= delay_ms
    assert found.repeats <= again * found.lost
    assert found.shown > 725


def test_anything_may_come_and_memory_stays() -> None:
    """Bytes, numbers and times from a hostile peer: nothing is raised, and nothing grows."""
    chance = random.Random(11)
    reception, sequence, at_s = Reception(), 0, 0.0
    heads = [KEY, DELTA, REST, b"\x90\x80\x06\x11", b"", b"\x65x", b"\x67x", b"\x7c\x85x", b"\x78\x00\x01\x65"]
    for _ in range(40_000):
        sequence += chance.choice([1, 1, 1, 1, 2, 3, -1, -2, 40, chance.randrange(65_536)])
        at_s += chance.choice([0.0, 0.001, 0.01])
        odd = packet(
            sequence,
            at_s,
            chance.choice(heads) + chance.randbytes(chance.randrange(6)),
            ssrc=7 if chance.random() < 0.999 else chance.randrange(1 << 32),
            timestamp=chance.randrange(1 << 32) if chance.random() < 0.2 else sequence // 4 * 3000 % (1 << 32),
            marker=chance.random() < 0.3,
            codec=chance.choice(["VP8", "VP8", "H264", "AV1"]),
            is_retransmission=chance.random() < 0.1,
        )
        for picture in reception.take(odd):
            assert picture.data
            if chance.random() < 0.5:
                reception.decoded(at_s, is_key=picture.is_key)
            else:
                reception.failed()
        reception.tick(at_s)
        assert len(reception._gaps) <= MAX_MISSING + 2_000
        assert len(reception._assembly._owner) <= MAX_PACKETS
