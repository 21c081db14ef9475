"""Pictures of a screen on their way out."""

from __future__ import annotations

import asyncio

import pytest

from vdx_plugin.media.sdp import DEFAULT_BLOCKS
from vdx_plugin.media.slides import SlideFeed, convert, fitted_size
from vdx_plugin.ports import ScreenPicture


def screen(width: int = 64, height: int = 48, *, blue: int = 255, stride: int | None = None) -> ScreenPicture:
    stride = stride or width * 4
    row = bytes((blue, 0, 0, 0)) * width
    return ScreenPicture(width, height, stride, (row + bytes(stride - len(row))) * height)


@pytest.mark.parametrize(
    ("width", "height", "blocks"),
    [(1920, 1080, 3600), (1920, 1080, 8160), (3840, 2160, 3600), (1081, 1921, 3600), (333, 11, 3600), (8192, 16, 3600)],
)
def test_a_screen_keeps_its_shape_within_what_the_other_side_takes(width: int, height: int, blocks: int) -> None:
    """Encoders take even sizes only, and a decoder may refuse more than it said it takes."""
    wide, high = fitted_size(width, height, blocks)
    assert wide % 2 == high % 2 == 0
    assert ((wide + 15) // 16) * ((high + 15) // 16) <= blocks
    assert abs(wide / high - width / height) < 0.05 * width / height or min(wide, high) <= 16
    if blocks >= ((width + 15) // 16) * ((height + 15) // 16):
        assert wide in (width, width - 1)


@pytest.mark.parametrize("stride", [256, 320])
def test_a_blue_screen_is_blue_when_it_leaves(stride: int) -> None:
    """Bytes in another order would make it red; rows may be longer than the picture."""
    yuv = convert(screen(stride=stride), DEFAULT_BLOCKS)
    assert yuv is not None
    assert yuv.shape == (72, 64)
    blue, red = yuv[48:60], yuv[60:]
    assert blue.min() > 200
    assert red.max() < 128


@pytest.mark.parametrize(
    "picture",
    [
        ScreenPicture(64, 48, 256, b"short"),
        ScreenPicture(64, 48, 100, bytes(64 * 48 * 4)),
        ScreenPicture(0, 48, 256, b""),
        ScreenPicture(10**6, 10**6, 4 * 10**6, b""),
    ],
)
def test_a_picture_that_is_not_what_it_says_is_left_out(picture: ScreenPicture) -> None:
    """Reading beyond its bytes would end the program."""
    assert convert(picture, DEFAULT_BLOCKS) is None


async def test_nothing_leaves_before_it_is_begun_and_nothing_after_it_ended() -> None:
    """A screen holds what nobody else is to see."""
    feed = SlideFeed()
    feed.show(screen())
    waiting = asyncio.create_task(feed.next_after(0))
    await asyncio.sleep(0)
    assert not waiting.done()
    feed.begin()
    feed.show(screen())
    number, yuv = await waiting
    assert (number, yuv.shape) == (1, (72, 64))
    feed.end()
    later = asyncio.create_task(feed.next_after(number))
    feed.show(screen())
    done, _ = await asyncio.wait({later}, timeout=0.7)
    assert not done
    later.cancel()
    await asyncio.gather(later, return_exceptions=True)


async def test_a_screen_that_does_not_change_is_sent_again() -> None:
    """Whoever comes late asks for a whole picture, and there must be one to make it of."""
    feed = SlideFeed()
    feed.begin()
    feed.show(screen())
    assert (await feed.next_after(0))[0] == 1
    assert (await feed.next_after(1))[0] == 1
    feed.show(screen(blue=0))
    assert (await feed.next_after(1))[0] == 2


async def test_of_many_pictures_the_newest_is_sent() -> None:
    """An old one would only make the screen lag."""
    feed = SlideFeed()
    feed.begin()
    for blue in (0, 10, 255):
        feed.show(screen(blue=blue))
    assert (await feed.next_after(0))[1][48:60].min() > 200
