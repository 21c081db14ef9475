"""Pictures out of packets that come late, twice, not at all or damaged."""

from __future__ import annotations

import random

from vdx_plugin.sandbox.pexip.mixing.frames import MAX_PACKETS, PATIENCE_S, EncodedPicture, FrameAssembler

KEY, DELTA, MORE = b"\x10\x00key", b"\x10\x01delta", b"\x00more"


def start(assembler: FrameAssembler, sequence: int = 65534) -> list[EncodedPicture]:
    """Give a key frame of two packets."""
    done = assembler.add(sequence, 0, False, KEY, at=0)
    return done + assembler.add((sequence + 1) & 0xFFFF, 0, True, MORE, at=0)


def test_nothing_comes_before_a_key_frame() -> None:
    """A decoder could do nothing with it."""
    assembler = FrameAssembler("VP8")
    assert assembler.add(1, 0, True, DELTA, at=0) == []
    assert assembler.needs_key_frame
    assert start(assembler) == [EncodedPicture("VP8", b"\x00keymore", 0)]
    assert not assembler.needs_key_frame


def test_a_late_packet_is_waited_for_and_the_rest_kept() -> None:
    """Asked for again it comes a moment later; pictures stay in order, over the wrap of the numbers."""
    assembler = FrameAssembler("VP8")
    start(assembler)
    assert assembler.add(2, 6000, True, DELTA, at=0.1) == []
    assembler.give_up(at=0.1 + PATIENCE_S - 0.01)
    assert [picture.timestamp for picture in assembler.add(1, 3000, True, DELTA, at=0.2)] == []
    done = assembler.add(0, 3000, False, DELTA, at=0.2)
    assert [picture.timestamp for picture in done] == [3000, 6000]


def test_what_never_comes_is_given_up_until_a_key_frame() -> None:
    """A picture built on one that is missing is a smear."""
    assembler = FrameAssembler("VP8")
    start(assembler)
    assembler.add(1, 3000, True, DELTA, at=0.1)
    assembler.give_up(at=0.1 + PATIENCE_S)
    assert assembler.needs_key_frame
    assert assembler.add(2, 6000, True, DELTA, at=1) == []
    assert len(start(assembler, 3)) == 1


def test_a_picture_ends_where_the_next_begins_and_padding_is_nothing() -> None:
    """Some senders set no marker, browsers send packets of padding after a picture."""
    assembler = FrameAssembler("VP8")
    start(assembler)
    assert assembler.add(0, 0, False, b"", at=0) == []
    assert assembler.add(1, 3000, False, DELTA, at=0) == []
    done = assembler.add(2, 6000, True, DELTA, at=0)
    assert [(picture.timestamp, picture.data) for picture in done] == [(3000, b"\x01delta"), (6000, b"\x01delta")]


def test_twice_is_once_and_a_new_count_begins_anew() -> None:
    """Sent again on suspicion; and a sender that starts over must not be taken for a late one for ever."""
    assembler = FrameAssembler("VP8")
    start(assembler)
    assert start(assembler) == []
    assert assembler.add(40000, 3000, True, DELTA, at=0) == []
    assert assembler.needs_key_frame


def test_anything_may_come_and_memory_stays_bounded() -> None:
    """Fuzzed: numbers, payloads and markers of a hostile sender, both codecs."""
    dice = random.Random(5)
    for codec in ("VP8", "H264"):
        assembler = FrameAssembler(codec)
        for step in range(20000):
            payload = dice.choice([KEY, DELTA, dice.randbytes(dice.randint(0, 20)), b"\x65key", b"\x78\x00\x04\x67"])
            sequence = step if dice.random() < 0.9 else dice.randrange(65536)
            assembler.add(sequence & 0xFFFF, dice.randrange(9), dice.random() < 0.3, payload, at=step / 1000)
            assembler.give_up(at=step / 1000)
            assert len(assembler._pieces) <= MAX_PACKETS + 1
