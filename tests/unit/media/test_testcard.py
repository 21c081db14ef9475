"""The card says what it is, shows the time and moves."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from vdx_plugin.media.glyphs import dots
from vdx_plugin.media.pictures import picture_of_array
from vdx_plugin.media.testcard import CARD_FORMAT, PictureFormat, TestCard, black

AT = datetime(2026, 11, 23, 10, 15, 30, 400_000, tzinfo=UTC)


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (320, 180), (64, 64)])
def test_the_card_is_a_planar_picture_of_the_stated_size(size: tuple[int, int]) -> None:
    """Encoders read past the end of anything else."""
    picture = TestCard(PictureFormat(*size, 15)).draw(AT, 0)
    assert picture.shape == (size[1] * 3 // 2, size[0])
    assert picture.dtype == np.uint8


def test_two_cards_in_a_row_are_never_the_same() -> None:
    """A frozen line and a standing card must be told apart, even within one tenth of a second."""
    card = TestCard(CARD_FORMAT)
    drawn = [card.draw(AT, number) for number in range(40)]
    assert all(not np.array_equal(one, other) for one, other in pairwise(drawn))


def test_the_clock_is_drawn_from_the_time_given() -> None:
    """The digits on the card are the digits of the clock."""
    card = TestCard(CARD_FORMAT)
    marks = dots("10:15:30.4", 640 // 110)
    height, left = marks.shape[0], (640 - marks.shape[1]) // 2
    area = card.draw(AT, 0)[180 : 180 + height, left : left + marks.shape[1]]
    assert np.all(area[marks] == 235)
    assert np.all(area[~marks] < 235)


def test_a_title_too_long_is_made_smaller_or_cut_but_never_fails() -> None:
    """The title comes from settings."""
    TestCard(PictureFormat(64, 64, 15), "Æ" * 300).draw(AT, 1)


def test_letters_without_a_shape_are_drawn_as_boxes() -> None:
    """A name in another alphabet is still something to see."""
    assert dots("Ж", 1).any()


@pytest.mark.parametrize("size", [(0, 0), (641, 360), (640, 361), (32, 32)])
def test_a_size_no_encoder_takes_is_refused(size: tuple[int, int]) -> None:
    """4:2:0 needs even sizes."""
    with pytest.raises(ValueError, match="even size"):
        PictureFormat(*size, 15)


def test_a_picture_value_has_its_three_planes() -> None:
    """What a window gets of our own picture."""
    picture = picture_of_array(black(CARD_FORMAT))
    assert [len(plane) for plane in picture.planes] == [640 * 360, 320 * 180, 320 * 180]
    assert picture.strides == (640, 320, 320)
    assert set(picture.planes[0]) == {16}
