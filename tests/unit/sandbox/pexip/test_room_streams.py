"""Numbers, gaps, key frames and speakers of forwarded media."""

from __future__ import annotations

import pytest
from aiortc.rtp import RtpPacket

from vdx_plugin.sandbox.pexip.streams import (
    GIVE_UP_AFTER_S,
    KEY_FRAME_PATIENCE_S,
    RESEND_AFTER_S,
    GapWatch,
    History,
    KeyFrameGate,
    Renumbered,
    Renumberer,
    begins_key_frame,
)


def video() -> Renumberer:
    return Renumberer(clock_rate=90000, first_sequence=100, first_timestamp=5000)


def test_one_source_keeps_its_distances() -> None:
    """A loss on the way in stays a loss on the way out, or nobody would ask for it again."""
    numbers = video()
    out = [
        numbers.renumber(7, sequence, time, at=0) for sequence, time in [(65534, 10), (65535, 10), (1, 3010), (0, 3010)]
    ]
    assert out == [
        Renumbered(100, 5000),
        Renumbered(101, 5000),
        Renumbered(103, 8000),
        Renumbered(102, 8000),
    ]


def test_a_new_source_goes_on_where_the_last_stopped() -> None:
    """The viewer's decoder sees one stream; time moves by what has passed."""
    numbers = video()
    numbers.renumber(7, 10, 1000, at=1.0)
    numbers.renumber(7, 11, 4000, at=1.0)
    assert numbers.renumber(8, 500, 77, at=1.5) == Renumbered(102, 5000 + 3000 + 45000)


def test_two_sounds_do_not_lie_over_each_other() -> None:
    """Where mixed sound takes over from forwarded a moment after its last packet, there is a packet's time between."""
    numbers = Renumberer(clock_rate=48000, first_sequence=1, first_timestamp=0, shortest_step=960)
    numbers.renumber(7, 10, 1000, at=1.0)
    assert numbers.renumber(8, 50, 0, at=1.001) == Renumbered(2, 960)


def test_a_packet_from_before_the_beginning_is_left_out() -> None:
    """Its number is taken by the source before."""
    numbers = video()
    numbers.renumber(7, 10, 1000, at=0)
    assert numbers.renumber(7, 9, 1000, at=0) is None


def test_a_long_call_goes_on_where_the_numbers_come_round() -> None:
    """Sound has used half of them up after eleven minutes, pictures after five."""
    numbers = video()
    for count in range(70_000):
        sent = numbers.renumber(7, (65_000 + count) & 0xFFFF, count * 3000 & 0xFFFFFFFF, at=count * 0.02)
        assert sent is not None
        assert sent.sequence == (100 + count) & 0xFFFF


def test_after_a_restart_the_same_source_leaves_no_hole() -> None:
    """A minute of mute must not look like three thousand lost packets."""
    numbers = video()
    numbers.renumber(7, 10, 1000, at=0)
    numbers.restart()
    resumed = numbers.renumber(7, 3000, 99000, at=1)
    assert resumed is not None
    assert resumed.sequence == 101


def test_history_forgets_the_oldest() -> None:
    """A second or two is what anybody asks for."""
    history = History(size=2)
    for sequence in (1, 2, 3):
        history.keep(sequence, RtpPacket(sequence_number=sequence))
    found = [history.find(sequence, at=0) for sequence in (1, 2, 3)]
    assert [packet and packet.sequence_number for packet in found] == [None, 2, 3]


def test_a_packet_on_its_way_is_not_sent_again() -> None:
    """Behind a full queue a viewer asks several times before the first answer can have come."""
    history = History()
    history.keep(1, RtpPacket(sequence_number=1))
    given = [history.find(1, at=at, patience_s=0.3) is not None for at in (0.0, 0.1, 0.29, 0.3, 0.4)]
    assert given == [True, False, False, True, False]


def test_a_gap_is_asked_for_at_once_again_and_then_given_up() -> None:
    """A request may be lost as well as a packet."""
    gaps = GapWatch()
    assert gaps.arrived(65534, at=0) == []
    assert gaps.arrived(1, at=0) == [65535, 0]
    assert gaps.arrived(0, at=0.01) == []
    assert gaps.due(at=0.01) == []
    assert gaps.due(at=RESEND_AFTER_S) == [65535]
    assert gaps.due(at=RESEND_AFTER_S + 0.01) == []
    assert gaps.due(at=GIVE_UP_AFTER_S) == []
    assert gaps.due(at=GIVE_UP_AFTER_S + 1) == []


def test_a_leap_is_not_a_gap() -> None:
    """After a long pause there is nothing to ask for."""
    gaps = GapWatch()
    gaps.arrived(1, at=0)
    assert gaps.arrived(2000, at=0) == []


@pytest.mark.parametrize(
    ("codec", "payload", "expected"),
    [
        ("VP8", bytes([0x10, 0x00]), True),
        ("VP8", bytes([0x10, 0x01]), False),
        ("VP8", bytes([0x00, 0x00]), False),
        ("VP8", bytes([0x11, 0x00]), False),
        ("VP8", bytes([0x90, 0x80, 0x05, 0x00]), True),
        ("VP8", bytes([0x90, 0x80, 0x85, 0x01, 0x00]), True),
        ("VP8", bytes([0x90, 0xE0, 0x85, 0x01, 0x09, 0x20, 0x01]), False),
        ("VP8", b"", False),
        ("VP8", bytes([0x90]), False),
        ("H264", bytes([0x65]), True),
        ("H264", bytes([0x67, 1]), True),
        ("H264", bytes([0x41]), False),
        ("H264", bytes([0x78, 0, 4, 0x67]), True),
        ("H264", bytes([0x78, 0, 4, 0x41]), False),
        ("H264", bytes([0x7C, 0x85]), True),
        ("H264", bytes([0x7C, 0x05]), False),
        ("H264", bytes([0x7C, 0x81]), False),
        ("H264", b"\x78", False),
    ],
)
def test_where_a_key_frame_begins(codec: str, payload: bytes, expected: bool) -> None:
    """A viewer who comes late is shown nothing until a whole picture; cut payloads are no key frames."""
    assert begins_key_frame(codec, payload) is expected


def test_the_gate_opens_for_a_key_frame_and_stays_open() -> None:
    """What comes before it cannot be decoded."""
    gate = KeyFrameGate()
    assert not gate.lets_through("VP8", b"\x10\x01", at=0)
    assert gate.lets_through("VP8", b"\x10\x00", at=0.1)
    assert gate.lets_through("VP8", b"\x10\x01", at=0.2)
    gate.shut()
    assert not gate.lets_through("VP8", b"\x10\x01", at=0.3)


def test_the_gate_does_not_wait_for_ever() -> None:
    """An encoder whose key frames we do not recognise must not leave the picture black."""
    gate = KeyFrameGate()
    assert not gate.lets_through("VP8", b"\x10\x01", at=10)
    assert gate.lets_through("VP8", b"\x10\x01", at=10 + KEY_FRAME_PATIENCE_S)
