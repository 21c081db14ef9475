"""Pictures become smaller and fewer with the rate, and come back, without going to and fro."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from vdx_plugin.media.rate.ladder import RUNGS, SLIDES, Beat, Ladder, size_on

EVERY_S = 0.1


def walked(ladder: Ladder, course: Sequence[tuple[float, float]], *, from_s: float = 0.0) -> list[int]:
    """Return the heights stood on, without repeats, while pictures may use so much for so many seconds each."""
    heights, now_s = [ladder.rung.height], from_s
    for seconds, bps in course:
        for _ in range(round(seconds / EVERY_S)):
            now_s += EVERY_S
            height = ladder.step(bps, now_s).height
            if height != heights[-1]:
                heights.append(height)
    return heights


@pytest.mark.parametrize(
    ("bps", "height"), [(1_200_000, 720), (700_000, 540), (300_000, 360), (120_000, 180), (20_000, 0)]
)
def test_each_rate_has_its_size_down_to_none(bps: float, height: int) -> None:
    """A large picture at a low rate is a blur that moves in jerks."""
    assert walked(Ladder(), [(30, bps)])[-1] == height


def test_a_dip_does_not_change_the_size() -> None:
    """Each change costs a whole picture, on a line that has just become narrow."""
    assert walked(Ladder(), [(5, 1_500_000), (0.8, 600_000), (5, 1_500_000)]) == [360, 720]


def test_a_call_begins_small_and_what_its_first_trials_show_is_taken_at_once() -> None:
    """A good line is known a moment later, and a thin one would be full of the first large picture for a second."""
    assert walked(Ladder(), [(0.2, 220_000), (0.1, 1_400_000)]) == [360, 720]
    assert walked(Ladder(), [(3.0, 220_000), (3.0, 1_400_000)]) == [360], "later it must have lasted"


def test_the_first_seconds_are_left_to_the_search_for_the_lines_rate() -> None:
    """The first trial, or the word of it, may be lost."""
    assert walked(Ladder(), [(1.8, 100_000), (0.1, 2_000_000)]) == [360, 720]


def test_a_line_that_is_back_is_begun_on_as_at_the_start() -> None:
    """It may have become a thin one meanwhile."""
    ladder = Ladder()
    walked(ladder, [(5, 2_000_000)])
    ladder.begin_again()
    assert ladder.rung.height == 360
    assert walked(ladder, [(0.3, 220_000)], from_s=5.0) == [360]


def test_sound_alone_comes_only_after_a_while_and_the_picture_by_itself() -> None:
    """Both are told to people, who should not be told twice a minute."""
    assert walked(Ladder(), [(3, 80_000), (2, 20_000)])[-1] == 180
    assert walked(Ladder(), [(3, 80_000), (5, 20_000)])[-1] == 0
    assert walked(Ladder(), [(3, 80_000), (5, 20_000), (10, 90_000)])[-1] == 0
    assert walked(Ladder(), [(3, 80_000), (5, 20_000), (30, 1_500_000)])[-1] == 720


def test_pictures_are_tried_again_where_sound_alone_proves_nothing() -> None:
    """A receiver's estimate that follows what arrives would keep them away for the rest of the call."""
    alone = [(3.0, 80_000.0), (5.0, 20_000.0)]
    assert walked(Ladder(), [*alone, (12, 45_000)])[-1] == 0
    tried = walked(Ladder(), [*alone, (120, 45_000)])
    assert tried[-5:] == [0, 180, 0, 180, 0]
    assert tried.count(180) <= 4
    assert walked(Ladder(), [*alone, (20, 45_000), (10, 140_000)])[-1] == 180
    assert walked(Ladder(), [*alone, (120, 20_000)])[-1] == 0


def test_it_goes_up_only_with_room_to_spare() -> None:
    """Else the next whole picture brings it down again."""
    assert walked(Ladder(), [(10, 700_000), (20, 950_000)]) == [360, 540]
    assert walked(Ladder(), [(10, 700_000), (20, 1_100_000)]) == [360, 540, 720]


def test_a_rate_that_wanders_about_a_threshold_changes_the_size_seldom() -> None:
    """Ten minutes of a rate that is drawn anew each second."""
    rng = random.Random(5)
    heights = walked(Ladder(), [(1.0, rng.uniform(750_000, 1_150_000)) for _ in range(600)])
    assert len(heights) < 40


def test_a_machine_that_cannot_keep_up_sends_smaller_pictures_and_later_tries_again() -> None:
    """The encoder must leave time for sound."""
    ladder, now_s = Ladder(), 0.0
    heights = []
    for load, seconds in [(0.95, 5), (0.3, 30), (0.5, 5)]:
        for _ in range(seconds * 10):
            now_s += EVERY_S
            ladder.step(2_000_000, now_s, load=load)
        heights.append(ladder.rung.height)
    assert heights == [540, 720, 720]
    for _ in range(1000):
        now_s += EVERY_S
        assert ladder.step(2_000_000, now_s, load=1.5).has_pictures


def test_slides_keep_their_size_and_come_less_often() -> None:
    """Text must stay readable."""
    ladder = Ladder(SLIDES)
    assert set(walked(ladder, [(10, 10_000), (10, 2_000_000)])) == {1080}
    assert ladder.rung.fps == 10


@pytest.mark.parametrize(
    ("size", "sent"),
    [((1280, 720), (640, 360)), ((640, 480), (480, 360)), ((320, 240), (320, 240)), ((853, 480), (640, 360))],
)
def test_pictures_keep_their_shape_and_are_never_made_larger(size: tuple[int, int], sent: tuple[int, int]) -> None:
    """And their sides even, as 4:2:0 wants it."""
    assert size_on(RUNGS[2], *size) == sent


@pytest.mark.parametrize(("source", "fps", "least", "most"), [(30, 30, 29, 30), (30, 20, 19, 21), (30, 10, 9, 11)])
def test_pictures_are_let_through_evenly(source: int, fps: int, least: int, most: int) -> None:
    """With the small unevenness every camera has."""
    rng, beat = random.Random(1), Beat()
    passed = sum(beat.passes(n / source + rng.uniform(0, 0.004), fps) for n in range(source * 10))
    assert least * 10 <= passed <= most * 10
