"""The delay of pictures and the count of freezes, in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from vdx_plugin.media.video.freezes import Freezes
from vdx_plugin.media.video.keyframes import KeyframeRule
from vdx_plugin.media.video.playout import MAX_DELAY_S, PlayoutDelay


def played(lateness_s: Callable[[int], float], count: int = 900, delay: PlayoutDelay | None = None) -> list[float]:
    """Play pictures of 30 a second that are late by so much; return when each is shown, in order."""
    delay = delay or PlayoutDelay()
    shown, ready_s = [], 0.0
    for number in range(count):
        ready_s = max(ready_s, number / 30 + lateness_s(number))
        shown.append(max(delay.due_s(number * 3000, ready_s), shown[-1] if shown else 0.0))
    return shown


def freezes(shown: list[float]) -> Freezes:
    counted = Freezes()
    for at_s in shown:
        counted.shown(at_s)
    return counted


def test_pictures_of_a_steady_line_are_shown_at_once() -> None:
    """Each millisecond of delay is one in which people talk into each other."""
    delay = PlayoutDelay()
    shown = played(lambda number: 0.002 * (number % 2), delay=delay)
    assert max(at_s - number / 30 for number, at_s in enumerate(shown)) < 0.003
    assert delay.delay_s < 0.003


def test_jitter_is_smoothed_after_a_moment() -> None:
    """Shown as they come, pictures stutter."""
    chance = random.Random(3)
    late = [chance.random() * 0.06 for _ in range(900)]
    shown = played(lambda number: late[number])
    gaps = [after - before for before, after in pairwise(shown[300:])]
    assert max(gaps) < 0.05
    assert max(at_s - number / 30 for number, at_s in enumerate(shown)) < 0.065


def test_a_rare_late_picture_is_no_freeze() -> None:
    """One in a hundred comes 250 ms late, which shown as they come is a freeze each time."""

    def late(number: int) -> float:
        return 0.25 if number % 100 == 50 else 0.0

    assert freezes([number / 30 + late(number) for number in range(50)] + [5.0]).count == 1
    delay = PlayoutDelay()
    shown = played(late, count=1800, delay=delay)
    assert freezes(shown[450:]).count == 0
    assert delay.delay_s < 0.15


def test_the_delay_comes_back_down() -> None:
    """A bad minute must not leave the call slow."""
    delay = PlayoutDelay()
    played(lambda number: 0.1 * (number % 3 == 0) if number < 900 else 0.0, count=2000, delay=delay)
    assert delay.delay_s == 0.0


def test_the_delay_has_a_limit() -> None:
    """Beyond it, a stutter is better than a walkie-talkie."""
    delay = PlayoutDelay()
    played(lambda number: 0.8 * (number % 60 == 0), delay=delay)
    assert delay.delay_s == MAX_DELAY_S


def test_a_long_line_and_a_very_bad_one_may_take_more() -> None:
    """There, what is asked for again comes later, or only when asked for twice."""
    reached = []
    for rtt_s, loss in ((0.06, 0.1), (0.06, 0.2), (0.2, 0.0), (2.0, 0.5)):
        delay = PlayoutDelay()
        delay.set_line(rtt_s, loss)
        played(lambda number: 0.8 * (number % 60 == 0), delay=delay)
        reached.append(round(delay.delay_s, 3))
    assert reached == [0.13, 0.21, 0.26, 0.3]


def test_a_jump_of_the_senders_clock_starts_anew() -> None:
    """Otherwise everything would be due an hour from now."""
    delay = PlayoutDelay()
    played(lambda _: 0.0, delay=delay)
    assert delay.due_s(90_000 * 3600, 30.1) == 30.1
    assert delay.due_s(3000, 30.2) == 30.2


def test_freezes_are_counted_by_chromiums_rule() -> None:
    """A gap of three times the usual one, and 150 ms more than it."""
    steady = [number / 30 for number in range(40)]
    assert freezes([*steady, steady[-1] + 0.18]).count == 0
    frozen = freezes([*steady, steady[-1] + 0.2])
    assert frozen.count == 1
    assert frozen.frozen_s == pytest.approx(0.2)
    slow = [number / 5 for number in range(40)]
    assert freezes([*slow, slow[-1] + 0.5]).count == 0
    assert freezes([*slow, slow[-1] + 0.7]).count == 1


def asked(rule: KeyframeRule, until_s: float) -> list[float]:
    found = []
    while rule.next_s <= until_s:
        at_s = rule.next_s
        assert rule.due(at_s)
        found.append(round(at_s, 3))
    return found


def test_key_pictures_are_asked_for_until_one_decodes() -> None:
    """The request may be lost, or its answer."""
    rule = KeyframeRule()
    assert asked(rule, 100.0) == []
    rule.began(1.0)
    assert asked(rule, 1.75) == [1.2, 1.4, 1.6]
    rule.decoded(1.7, is_key=False)
    assert asked(rule, 1.9) == [1.8]
    rule.decoded(1.9, is_key=True)
    assert asked(rule, 4.0) == []


def test_one_that_is_on_its_way_is_not_asked_for_again() -> None:
    """It may take a second over a thin line; each request would start another."""
    rule = KeyframeRule()
    rule.began(0.0)
    for tenth in range(10):
        rule.key_came(tenth / 10)
    assert asked(rule, 1.05) == []
    assert asked(rule, 1.15) == [1.1]


def test_hopeless_pictures_are_told_at_once_but_not_all_the_time() -> None:
    """Joining in the middle must not cost 200 ms, nor a request for each packet."""
    rule = KeyframeRule()
    rule.began(0.0)
    rule.wanted()
    assert rule.due(0.0)
    rule.wanted()
    assert not rule.due(0.1)
    assert rule.due(0.2)


def test_pictures_that_stop_are_asked_for_after_three_seconds() -> None:
    """The sender may think all is well."""
    rule = KeyframeRule()
    rule.began(0.0)
    rule.decoded(0.1, is_key=True)
    assert asked(rule, 7.0) == [3.1, 6.1]
