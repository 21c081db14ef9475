"""The syntax of the event stream, whole, in pieces and broken."""

from __future__ import annotations

import random

import pytest

from vdx_plugin.media.pexip.sse import MAX_LINE, Decoder, Message

STREAM = b': hello\n\nid: 7\nevent: a\ndata: {"x":\ndata: 1}\n\nevent: b\ndata:\n\nevent: c\r\n\r\ndata: nameless\n\n'
MESSAGES = [Message("a", '{"x":\n1}', "7"), Message("b", "", "7"), Message("c", "", "7")]


def test_a_stream_is_read_as_its_messages() -> None:
    """Comments keep the line alive; an event without data is one all the same."""
    assert Decoder().feed(STREAM) == MESSAGES


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pieces_of_any_size_give_the_same(size: int) -> None:
    """A network cuts where it likes, between the two halves of a line break too."""
    decoder = Decoder()
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [message for piece in pieces for message in decoder.feed(piece)] == MESSAGES


def test_a_line_without_end_is_not_kept() -> None:
    """It would fill the memory; what follows it is read again."""
    decoder = Decoder()
    for _ in range(20):
        assert decoder.feed(b"x" * 100_000) == []
        assert len(decoder._rest) <= MAX_LINE
    assert decoder.feed(b"\n\n" + STREAM) == MESSAGES


def test_a_message_without_end_is_not_kept() -> None:
    """A hundred lines are more than any node needs."""
    decoder = Decoder()
    for _ in range(5_000):
        decoder.feed(b"data: " + b"x" * 1000 + b"\n")
    assert sum(map(len, decoder._data)) <= MAX_LINE


def test_noise_gives_messages_or_nothing() -> None:
    """Fixed seed; nothing is raised and nothing grows."""
    chance = random.Random(3)
    decoder = Decoder()
    parts = [b"event:", b"data:", b"id:", b"\n", b"\r", b"\r\n", b"\n\n", b"\xff\xfe", b"\x00", b":", b"x" * 500]
    for _ in range(3000):
        for message in decoder.feed(b"".join(chance.choices(parts, k=chance.randrange(1, 30)))):
            assert len(message.name) <= 200
        assert len(decoder._rest) <= MAX_LINE
