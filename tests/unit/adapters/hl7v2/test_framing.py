"""MLLP blocks from bytes in any pieces."""

from __future__ import annotations

import random

import pytest

from vdx_plugin.adapters.hl7v2.framing import Block, BlockReader, Damage, Damaged, wrap

ONE, TWO = wrap(b"MSH|one\r"), wrap(b"MSH|two\r")

COLUMN = [
    ("one whole block", [ONE], [Block(b"MSH|one\r")]),
    ("two in one packet", [ONE + TWO], [Block(b"MSH|one\r"), Block(b"MSH|two\r")]),
    ("cut anywhere", [ONE[:3], ONE[3:9], ONE[9:-1], ONE[-1:]], [Block(b"MSH|one\r")]),
    ("the end split between FS and CR", [ONE[:-1], ONE[-1:] + TWO], [Block(b"MSH|one\r"), Block(b"MSH|two\r")]),
    ("line ends between blocks", [ONE + b"\r\n" + TWO], [Block(b"MSH|one\r"), Block(b"MSH|two\r")]),
    ("garbage first", [b"GET / HTTP/1.1", ONE], [Damaged(Damage.GARBAGE, 14), Block(b"MSH|one\r")]),
    ("half a block and anew", [ONE[:5], TWO], [Damaged(Damage.CUT_SHORT, 4), Block(b"MSH|two\r")]),
    (
        "FS without CR",
        [ONE[:-1] + b"x" + TWO],
        [Damaged(Damage.BAD_END, 9), Damaged(Damage.GARBAGE, 1), Block(b"MSH|two\r")],
    ),
    ("an empty block", [wrap(b"")], [Block(b"")]),
]


@pytest.mark.parametrize(("pieces", "expected"), [row[1:] for row in COLUMN], ids=[row[0] for row in COLUMN])
def test_blocks_and_damage_come_out_in_order(pieces, expected):
    """Each row is a way in which real senders deliver or spoil a block."""
    reader = BlockReader()
    assert [event for piece in pieces for event in reader.feed(piece)] == expected


def test_a_block_over_the_limit_is_dropped_without_being_held():
    """A sender that never ends its message must not fill the memory; the next message is read as ever."""
    reader = BlockReader(limit_bytes=1000)
    events = reader.feed(b"\x0b")
    for _piece in range(100):
        events += reader.feed(b"x" * 500)
        assert len(reader._held) <= 1500
    events += reader.feed(b"\x1c\r" + ONE)
    assert events == [Damaged(Damage.TOO_LARGE, 50_002), Block(b"MSH|one\r")]


def test_a_block_over_the_limit_in_one_piece_is_dropped():
    """The limit holds however the bytes come."""
    assert BlockReader(limit_bytes=10).feed(wrap(b"x" * 11)) == [Damaged(Damage.TOO_LARGE, 13)]
    assert BlockReader(limit_bytes=11).feed(wrap(b"x" * 11)) == [Block(b"x" * 11)]


def test_what_is_left_when_the_sender_closes_is_told():
    """A message cut off by the network was never acknowledged, and support must be able to see that it came."""
    reader = BlockReader()
    reader.feed(ONE[:6])
    assert reader.close() == [Damaged(Damage.CUT_SHORT, 5)]
    assert BlockReader().close() == []


def test_a_message_with_a_framing_byte_cannot_be_sent():
    """It would end the block in the middle of somebody's record."""
    with pytest.raises(ValueError, match="VT or FS"):
        wrap(b"a\x1cb")


@pytest.mark.parametrize("seed", range(30))
def test_any_bytes_give_blocks_or_damage_and_the_split_does_not_matter(seed):
    """The network cuts where it likes; what is understood must not depend on it."""
    chance = random.Random(seed)
    data = b"".join(
        chance.choice([ONE, TWO, b"\x0b", b"\x1c", b"\r", b"\x1c\r", chance.randbytes(7), b"MSH|"]) for _ in range(40)
    )
    whole, split = BlockReader(), BlockReader()
    expected = [event for event in whole.feed(data) if isinstance(event, Block)]
    got = []
    rest = data
    while rest:
        cut = chance.randint(1, 9)
        got += [event for event in split.feed(rest[:cut]) if isinstance(event, Block)]
        rest = rest[cut:]
    assert got == expected
    assert [type(event) for event in whole.close()] == [type(event) for event in split.close()]
