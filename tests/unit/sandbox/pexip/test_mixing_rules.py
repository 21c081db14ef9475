"""Places, groups and sizes of composed pictures."""

from __future__ import annotations

import pytest

from vdx_plugin.sandbox.pexip.mixing.groups import Wish, share_out
from vdx_plugin.sandbox.pexip.mixing.layout import places
from vdx_plugin.sandbox.pexip.mixing.load import (
    GROW_AFTER_S,
    LARGE,
    SHRINK_AFTER_S,
    SMALL,
    LineFit,
    LoadWatch,
)


@pytest.mark.parametrize("width", [1280, 640])
@pytest.mark.parametrize("view", ["1:0", "4:0", "9:0", "1:7", ""])
@pytest.mark.parametrize("count", range(7))
def test_places_lie_inside_and_apart(count: int, view: str, width: int) -> None:
    """Even pixels, since colours have half the resolution; only the corner picture lies on another."""
    found = [place.scaled(width) for place in places(count, view)]
    assert len(found) == (min(count, 1) if view == "1:0" else count)
    for index, place in enumerate(found):
        assert all(value % 2 == 0 for value in (place.left, place.top, place.width, place.height))
        assert place.left + place.width <= width
        assert place.top + place.height <= width * 9 // 16
        for other in found[index + 1 :] if len(found) != 2 or view == "9:0" else []:
            beside = place.left + place.width <= other.left or other.left + other.width <= place.left
            below = place.top + place.height <= other.top or other.top + other.height <= place.top
            assert beside or below


def wish(viewer: str, tiles: str, bps: int, codec: str = "VP8") -> Wish:
    return Wish(viewer, codec, tuple(tiles), bps, LARGE)


def test_the_same_picture_is_encoded_once_for_like_lines() -> None:
    """Two who only watch, on lines a fifth apart, share one stream at the rate of the weaker."""
    groups = share_out([wish("x", "ab", 1000), wish("a", "b", 1000), wish("y", "ab", 1200), wish("z", "ab", 1400)])
    assert [(group.viewers, group.bps) for group in groups] == [(("x", "y"), 1000), (("z",), 1400), (("a",), 1000)]
    assert len(share_out([wish("x", "ab", 1000), wish("y", "ab", 1000, "H264")])) == 2


def test_a_busy_machine_makes_smaller_pictures_and_recovers() -> None:
    """Down after two seconds of strain; up only when the large size would fit well, and later each time."""
    watch = LoadWatch()
    at = 0.0
    while watch.size == LARGE:
        at += 0.04
        watch.worked(1.5, at=at)
    assert SHRINK_AFTER_S <= at <= SHRINK_AFTER_S + 1
    shrunk_at = at
    while watch.size == SMALL:
        at += 0.05
        watch.worked(0.05, at=at)
    assert at - shrunk_at >= GROW_AFTER_S * 2
    for _ in range(1000):
        at += 0.04
        watch.worked(0.7, at=at)
    assert watch.size == LARGE


def test_no_growth_beyond_what_is_set() -> None:
    """Where only the small size is wanted, an idle machine does not change that."""
    watch = LoadWatch(SMALL)
    assert not any(watch.worked(0.01, at=step / 20) for step in range(2000))


def test_a_narrow_line_gets_a_small_picture_and_does_not_waver() -> None:
    """Large squares at 200 kbit/s are worse than a small sharp picture."""
    fit = LineFit()
    assert fit.choose(None, LARGE, at=0) == (450_000, LARGE)
    assert fit.choose(None, LARGE, at=5) == (1_200_000, LARGE)
    assert fit.choose(300_000, LARGE, at=6)[1] == SMALL
    assert fit.choose(700_000, LARGE, at=7)[1] == SMALL
    assert fit.choose(900_000, LARGE, at=8)[1] == LARGE
    assert fit.choose(700_000, LARGE, at=9)[1] == LARGE
    assert fit.choose(None, SMALL, at=9) == (600_000, SMALL)
    assert fit.choose(10_000, LARGE, at=9) == (50_000, SMALL)
