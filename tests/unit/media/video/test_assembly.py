"""Pictures out of packets: when each is given out, and what is waited for."""

from __future__ import annotations

import pytest

from vdx_plugin.media.video.assembly import MAX_BYTES, MAX_PACKETS, Assembly
from vdx_plugin.media.video.payloads import Piece


class Line:
    """Packets for an assembly: ``key`` and ``delta`` are pictures of so many packets, as lists of packets."""

    def __init__(self, *, ids: bool = True, begins: bool = True) -> None:
        self.assembly = Assembly()
        self.sequence, self.number = 100, 0
        self._ids, self._begins = ids, begins

    def picture(self, count: int, *, is_key: bool = False) -> list[tuple[int, int, Piece, bool]]:
        packets = []
        for index in range(count):
            first = index == 0
            picture_id = (self.number + 126) % 128 if self._ids else None
            data = b"%d.%d " % (self.number, index)
            piece = Piece(data, first and self._begins, is_key and first, first and not is_key, picture_id, 128)
            packets.append((self.sequence, self.number * 3000, piece, index == count - 1))
            self.sequence += 1
        self.number += 1
        return packets

    def key(self, count: int) -> list[tuple[int, int, Piece, bool]]:
        return self.picture(count, is_key=True)

    def take(self, *packets: tuple[int, int, Piece, bool]) -> list[str]:
        found = []
        for sequence, timestamp, piece, marker in packets:
            pictures = self.assembly.take(sequence, timestamp, piece, "VP8", 0.0, marker=marker)
            found += [picture.data.decode().strip() for picture in pictures]
        return found


def test_a_picture_is_given_out_with_its_last_packet() -> None:
    """Waiting for the next one shows everything an interval late."""
    line = Line()
    key, delta = line.key(2), line.picture(2)
    assert line.take(key[0]) == []
    assert line.take(key[1]) == ["0.0 0.1"]
    assert line.take(delta[1]) == []
    assert line.take(delta[0]) == ["1.0 1.1"]


def test_what_follows_a_hole_waits_for_it_and_comes_in_order() -> None:
    """A picture without the one before shows blocks."""
    line = Line()
    key, one, two = line.key(1), line.picture(2), line.picture(1)
    assert line.take(*key, one[0], *two) == ["0.0"]
    assert line.take(one[1]) == ["1.0 1.1", "2.0"]


def test_nothing_is_given_out_before_a_key_picture() -> None:
    """We may join in the middle."""
    line = Line()
    assert line.take(*line.picture(2)) == []
    assert line.assembly.needs_key
    assert line.take(*line.key(2)) == ["1.0 1.1"]
    assert line.take(*line.picture(1)) == ["2.0"]


def test_a_key_picture_does_not_wait_for_what_it_does_not_need() -> None:
    """It was asked for because the rest will not come."""
    line = Line()
    first, lost, key, after = line.key(1), line.picture(1), line.key(2), line.picture(1)
    assert line.take(*first, *key, *after) == ["0.0", "2.0 2.1", "3.0"]
    assert line.take(*lost) == []


def test_lost_padding_between_two_pictures_holds_nothing_up_where_pictures_are_counted() -> None:
    """Browsers probe with padding; by its number alone it could be a picture."""
    line = Line()
    key = line.key(1)
    line.sequence += 2
    one = line.picture(2)
    assert line.take(*key, *one) == ["0.0", "1.0 1.1"]
    uncounted = Line(ids=False)
    key = uncounted.key(1)
    uncounted.sequence += 2
    assert uncounted.take(*key, *uncounted.picture(2)) == ["0.0"]
    assert uncounted.assembly.take_padding(101, 0.0) == []
    assert [each.data for each in uncounted.assembly.take_padding(102, 0.0)] == [b"1.0 1.1 "]


def test_a_missing_picture_is_not_skipped_by_its_id() -> None:
    """Two further is not the next one, also where ids wrap."""
    line = Line()
    key, _lost, two = line.key(1), line.picture(1), line.picture(1)
    assert line.take(*key, *two) == ["0.0"]


@pytest.mark.parametrize("is_key", [True, False])
def test_h264_pictures_begin_where_the_last_one_ended(is_key: bool) -> None:
    """Their packets do not say so."""
    line = Line(ids=False)
    first = line.key(1)
    line._begins = False
    second = line.picture(2, is_key=is_key)
    assert line.take(*first, second[1], second[0]) == ["0.0", "1.0 1.1"]


def test_a_sender_that_marks_nothing_is_served_with_the_next_picture() -> None:
    """The marker is what RFC 6184 and 7741 ask for, and some leave it out."""
    line = Line()
    packets = [(*packet[:3], False) for packet in [*line.key(2), *line.picture(1)]]
    assert line.take(*packets) == ["0.0 0.1"]


def test_a_packet_that_comes_twice_counts_once() -> None:
    """Retransmissions may cross with what was only late."""
    line = Line()
    key, one = line.key(2), line.picture(1)
    assert line.take(key[0], key[0], key[1], key[1], one[0], one[0]) == ["0.0 0.1", "1.0"]


def test_what_never_becomes_whole_is_bounded_and_a_later_key_picture_still_helps() -> None:
    """A sender may leave one packet out for ever."""
    line = Line(ids=False)
    line.take(*line.key(1))
    line.sequence += 1
    for _ in range(3 * MAX_PACKETS):
        line.take(*line.picture(1))
    assert len(line.assembly._owner) <= MAX_PACKETS
    assert line.assembly.needs_key
    assert line.take(*line.key(2)) != []


def test_large_packets_are_bounded_by_their_bytes() -> None:
    """UDP carries 64 kB."""
    assembly = Assembly()
    for number in range(400):
        piece = Piece(bytes(60_000), False, False, True)
        assembly.take(number, number, piece, "VP8", 0.0, marker=False)
        assert assembly._bytes <= MAX_BYTES
    assert len(assembly._owner) == len(assembly._parts) <= 400
    assert (
        sum(len(each.data) for parts in assembly._parts.values() for each in parts.pieces.values()) == assembly._bytes
    )
