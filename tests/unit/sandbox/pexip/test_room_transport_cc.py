"""Transport feedback: what is written is read again, and what a peer may send never does more than be refused."""

from __future__ import annotations

import random

import pytest

from vdx_plugin.sandbox.pexip.transport_cc import ArrivalLog, read_feedback


def written(*came: tuple[int, float]) -> list[tuple[int, float | None]]:
    log = ArrivalLog()
    for sequence, at in came:
        log.note(sequence, at=at)
    report = log.report(ssrc=1, media_ssrc=2)
    assert report is not None
    return list(read_feedback(report).arrivals)


def test_arrivals_and_losses_come_out_as_they_went_in() -> None:
    """To a quarter of a millisecond, over the wrap of the numbers, also where packets changed places."""
    found = written((65534, 10.0), (65535, 10.0105), (2, 10.4), (1, 10.401))
    assert [sequence for sequence, _ in found] == [65534, 65535, 0, 1, 2]
    base = found[0][1]
    assert base is not None
    distances = [None if at is None else round(at - base, 5) for _, at in found]
    assert distances == [0.0, 0.0105, None, 0.401, 0.4]


def test_a_long_even_stretch_is_written_as_one_run() -> None:
    """One chunk for a hundred packets; the line is for pictures."""
    log = ArrivalLog()
    for sequence in range(100):
        log.note(sequence, at=sequence * 0.001)
    report = log.report(ssrc=1, media_ssrc=2)
    assert report is not None
    assert len(report) == 4 + 8 + 8 + 2 + 100 + 2
    assert int.from_bytes(report[2:4], "big") * 4 + 4 == len(report)


def test_what_was_reported_missing_is_reported_when_it_comes() -> None:
    """It was late and not lost."""
    log = ArrivalLog()
    log.note(5, at=1.0)
    log.note(7, at=1.01)
    assert log.report(ssrc=1, media_ssrc=2) is not None
    log.note(6, at=1.2)
    log.note(8, at=1.21)
    again = log.report(ssrc=1, media_ssrc=2)
    assert again is not None
    assert [sequence for sequence, at in read_feedback(again).arrivals if at is not None] == [6, 8]
    assert log.report(ssrc=1, media_ssrc=2) is None


def test_a_peer_that_leaps_in_its_numbers_costs_no_memory() -> None:
    """A report covers a bounded stretch whatever the numbers are."""
    dice = random.Random(3)
    log = ArrivalLog()
    for _ in range(3000):
        log.note(dice.randrange(65536), at=dice.random() * 1000)
    report = log.report(ssrc=1, media_ssrc=2)
    assert report is not None
    assert len(read_feedback(report).arrivals) <= 1001


def test_damaged_feedback_is_refused_and_nothing_else() -> None:
    """It comes from the net; only ValueError may come out."""
    log = ArrivalLog()
    for sequence in range(0, 60, 2):
        log.note(sequence, at=sequence * 0.01)
    whole = log.report(ssrc=1, media_ssrc=2)
    assert whole is not None
    dice = random.Random(11)
    for _ in range(3000):
        text = bytearray(whole[: dice.randint(0, len(whole))])
        for _ in range(min(len(text), dice.randint(0, 6))):
            text[dice.randrange(len(text))] = dice.randrange(256)
        try:
            read_feedback(bytes(text))
        except ValueError:
            continue


def test_a_status_nobody_knows_is_refused() -> None:
    """Symbol 3 is reserved; without knowing its length the rest cannot be read."""
    head = bytes(12) + (0).to_bytes(2, "big") + (7).to_bytes(2, "big") + bytes(4)
    with pytest.raises(ValueError, match="reserved"):
        read_feedback(head + (0xFFFF).to_bytes(2, "big") + bytes(20))
