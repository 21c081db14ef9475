"""Transport-wide feedback as bytes and as values."""

from __future__ import annotations

import random

import pytest
from aiortc.rtp import RtcpPacket, RtcpRrPacket
from hypothesis import given
from hypothesis import strategies as st

from vdx_plugin.errors import Unreadable
from vdx_plugin.media.rate.feedback import Feedback, pack, split, unpack

GOLDEN = {
    # Three in a row, 0, 10 and 20 ms after the reference: one run of small deltas.
    "run": (
        Feedback(0x01020304, 0x0A0B0C0D, 7, 100, (256 * 5, 256 * 5 + 40, 256 * 5 + 80)),
        "afcd0006 01020304 0a0b0c0d 0064 0003 000005 07 2003 00 28 28 000003",
    ),
    # One missing, one that overtook it: a vector of two bits and a negative delta of two bytes.
    "overtaken": (
        Feedback(1, 2, 0, 65535, (256, None, 255, 296)),
        "afcd0006 00000001 00000002 ffff 0004 000001 00 d240 00 ffff 29 0002",
    ),
    # Fourteen and a few more with a hole each: vectors of one bit.
    "holes": (
        Feedback(1, 2, 255, 0, tuple(None if n % 2 else 512 for n in range(16))),
        "8fcd0007 00000001 00000002 0000 0010 000002 ff aaaa a000 00 00 00 00 00 00 00 00",
    ),
}


def read(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_message_is_packed_to_the_golden_bytes_and_back(name: str) -> None:
    """Other makers' senders read these bytes."""
    message, golden = GOLDEN[name]
    assert pack(message).hex() == read(golden).hex()
    assert unpack(read(golden)) == message


deltas = st.lists(st.one_of(st.none(), st.integers(-200, 300), st.integers(-0x7000, 0x7000)), min_size=1, max_size=200)


@given(deltas, st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0x7000 * 256, 1 << 28))
def test_whatever_arrived_comes_through_packing_unchanged(
    steps: list[int | None], base: int, count: int, start: int
) -> None:
    """Rates are computed from these times; a tick off is a queue that is not there."""
    ticks: list[int | None] = []
    at = start
    for step in steps:
        at += step or 0
        ticks.append(None if step is None else at)
    if all(tick is None for tick in ticks):
        ticks.append(at)
    message = Feedback(1, 2, count, base, tuple(ticks))
    data = pack(message)
    assert len(data) % 4 == 0
    assert unpack(data) == message


def test_times_beyond_the_references_24_bits_wrap() -> None:
    """A computer's clock may have run for years."""
    far = (1 << 24) * 256 + 1000
    assert unpack(pack(Feedback(1, 2, 0, 5, (far, far + 4)))).ticks == (1000, 1004)


@pytest.mark.parametrize("ticks", [(), (None,), (0, 40_000)])
def test_what_no_message_can_say_is_refused(ticks: tuple[int | None, ...]) -> None:
    """Nothing received, or more than eight seconds between two."""
    with pytest.raises(ValueError, match=r"nothing to tell|too far apart"):
        pack(Feedback(1, 2, 0, 0, ticks))


def test_feedback_is_taken_out_of_a_compound_packet_and_the_rest_left_as_it_was() -> None:
    """aiortc reads it as a NACK, and drops the whole compound where it is padded."""
    report, mine = bytes(RtcpRrPacket(ssrc=9)), pack(GOLDEN["run"][0])
    found, rest = split(report + mine + report)
    assert found == [mine]
    assert rest == report + report
    assert RtcpPacket.parse(rest) == [RtcpRrPacket(ssrc=9)] * 2
    assert split(b"\x80") == ([], b"\x80")


def test_damaged_messages_are_read_or_unreadable_and_nothing_else() -> None:
    """They come from the net. Three thousand of them, the same every time."""
    rng = random.Random(11)
    good = [pack(message) for message, _ in GOLDEN.values()]
    outcomes = {"read": 0, "unreadable": 0}
    for _ in range(3000):
        data = bytearray(rng.choice(good))
        for _ in range(rng.randint(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        data = data[: rng.choice([len(data), rng.randint(0, len(data))])]
        split(bytes(data))
        try:
            assert len(unpack(bytes(data)).ticks) <= 0xFFFF
            outcomes["read"] += 1
        except Unreadable:
            outcomes["unreadable"] += 1
    assert min(outcomes.values()) > 100


def test_a_run_of_nothing_does_not_turn_for_ever() -> None:
    """A chunk that tells of no packet at all, sixty thousand announced."""
    data = bytearray(pack(GOLDEN["holes"][0]))
    data[14:16], data[20:24] = b"\xff\xff", b"\x00\x00\x00\x00"
    with pytest.raises(Unreadable):
        unpack(bytes(data))
