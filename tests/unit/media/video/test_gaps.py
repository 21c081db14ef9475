"""Missing packets: when each is asked for, in virtual time."""

from __future__ import annotations

import random

import pytest

from vdx_plugin.media.video.gaps import MAX_ASKED, Answers, Gaps


def taken(*sequences: int, at_s: float = 0.0) -> Gaps:
    gaps = Gaps()
    gaps.set_rtt(0.06)
    for sequence in sequences:
        gaps.take(sequence, at_s, is_retransmission=False)
    return gaps


def asked(gaps: Gaps, until_s: float) -> list[tuple[float, list[int]]]:
    """Run until then; return when what was asked for, in whole milliseconds."""
    found = []
    while gaps.next_s <= until_s:
        at_s = gaps.next_s
        numbers = gaps.due(at_s)
        if numbers:
            found.append((round(at_s * 1000), numbers))
    return found


def test_a_gap_is_asked_for_at_once_twice_and_again_by_the_round_trip() -> None:
    """The second request stands in for the first, which may be lost too."""
    requests = asked(taken(1, 2, 5), until_s=0.2)
    assert requests[:3] == [(0, [3, 4]), (12, [3, 4]), (78, [3, 4])]
    assert requests[3:] == [(90, [3, 4]), (156, [3, 4]), (168, [3, 4])]


def test_nothing_is_asked_for_more_than_ten_times() -> None:
    """A sender that has forgotten it will not remember."""
    assert len(asked(taken(1, 3), until_s=60.0)) == 2 * MAX_ASKED


def test_what_has_come_or_is_not_needed_is_not_asked_for() -> None:
    """Each request costs a packet."""
    gaps = taken(1, 4, 2, 7)
    gaps.forget_before(5)
    assert gaps.due(0.0) == [5, 6]


def test_overtaken_packets_are_waited_for_once_that_is_known_to_be_the_rule() -> None:
    """Jitter must not ask for half the stream twice."""
    gaps = Gaps()
    gaps.set_rtt(0.06)
    for number in range(0, 200, 2):
        at_s = number / 60
        gaps.take(number + 1, at_s, is_retransmission=False)
        gaps.due(at_s)
        gaps.take(number, at_s + 0.02, is_retransmission=False)
    gaps.take(205, 10.0, is_retransmission=False)
    assert gaps.due(10.0) == []
    assert gaps.next_s == pytest.approx(10.02)


def test_where_loss_is_the_rule_nothing_is_waited_for() -> None:
    """A late request is a late picture. Answers come under a flag, or too late to be anything else."""
    for flagged in (True, False):
        gaps = Gaps()
        gaps.set_rtt(0.06)
        for number in range(0, 400, 2):
            at_s = number / 60
            gaps.take(number + 1, at_s, is_retransmission=False)
            gaps.due(at_s)
            gaps.take(number, at_s + 0.065, is_retransmission=flagged)
        gaps.take(405, 10.0, is_retransmission=False)
        assert gaps.next_s == 10.0


def test_answers_are_waited_for_as_long_as_they_take() -> None:
    """Asking again too early sends everything twice over a slow line."""
    answers = Answers()
    assert answers.again_after_s(0.06) == pytest.approx(0.066)
    assert answers.again_after_s(0.001) == 0.02
    for _ in range(50):
        answers.take(0.3)
    assert answers.again_after_s(0.06) == pytest.approx(0.33, abs=0.01)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2])
def test_what_must_be_asked_for_again_is_loss_and_what_was_overtaken_is_not(share: float) -> None:
    """Heavy loss is answered by more delay, jitter is not."""
    gaps, chance = Gaps(), random.Random(4)
    for number in range(0, 4000, 2):
        at_s = number / 100
        is_lost = chance.random() < 2 * share
        gaps.take(number + 1, at_s, is_retransmission=False)
        gaps.due(at_s)
        gaps.take(number, at_s + (0.07 if is_lost else 0.02), is_retransmission=is_lost)
    assert gaps.loss == pytest.approx(share, abs=0.02)
