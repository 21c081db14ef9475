"""The picture that stands in for a camera: it says so, shows the time and never stands still. Pure.

Whoever sees it must neither take it for a frozen line nor for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from vdx_plugin.media.glyphs import dots
from vdx_plugin.texts import _

Yuv = npt.NDArray[np.uint8]
"""Planar YUV 4:2:0 in one array of height * 3/2 rows: the picture, then the two colour planes."""

_DARK, _LIGHT, _BRIGHT = 40, 200, 235
# Three calm tints (blue, green, grey) as (U, V), so that colour shows without shouting.
_TINTS = ((150, 110), (118, 118), (128, 128))


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """Size in pixels, both even, and pictures per second."""

    width: int
    height: int
    fps: int

    def __post_init__(self) -> None:
        if self.width < 64 or self.height < 64 or self.width % 2 or self.height % 2 or not 1 <= self.fps <= 60:
            raise ValueError("a picture needs an even size of at least 64 and 1 to 60 pictures per second")


CAMERA_FORMAT = PictureFormat(1280, 720, 30)
CARD_FORMAT = PictureFormat(640, 360, 15)
"""Small, because a card says the same at any size and a small machine stays quiet."""


def black(picture: PictureFormat) -> Yuv:
    """Return a black picture."""
    found = np.full((picture.height * 3 // 2, picture.width), 128, dtype=np.uint8)
    found[: picture.height] = 16
    return found


class TestCard:
    """Draws the card. ``title`` is what stands on it; the rest is the time given to ``draw`` and a moving bar."""

    __test__ = False  # pytest would take the name for a test class

    def __init__(self, picture: PictureFormat, title: str = "") -> None:
        self._format = picture
        self._scale = max(1, picture.width // 110)
        self._ground = self._draw_ground(title or _("TESTBILLEDE"))

    def draw(self, at: datetime, number: int) -> Yuv:
        """Return picture ``number`` for local time ``at``; each number looks different from the one before."""
        picture = self._ground.copy()
        clock = f"{at:%H:%M:%S}.{at.microsecond // 100_000}"
        self._write(picture, clock, self._format.height // 2, self._scale, _BRIGHT)
        self._draw_bar(picture, number)
        return picture

    def _draw_ground(self, title: str) -> Yuv:
        height, width = self._format.height, self._format.width
        ground = black(self._format)
        ground[:height] = np.linspace(_DARK, _DARK + 50, width, dtype=np.uint8)
        colours = ground[height:].reshape(2, height // 2, width // 2)
        for index, (blue, red) in enumerate(_TINTS):
            columns = slice(index * width // 6, (index + 1) * width // 6)
            colours[0, :, columns], colours[1, :, columns] = blue, red
        fits = max(1, min(self._scale, (width - 8) // (6 * len(title))))
        self._write(ground, title, height // 5, fits, _LIGHT)
        return ground

    def _write(self, picture: Yuv, words: str, top: int, scale: int, brightness: int) -> None:
        marks = dots(words, scale)
        rows = min(marks.shape[0], self._format.height - top)
        columns = min(marks.shape[1], self._format.width)
        left = (self._format.width - columns) // 2
        area = picture[top : top + rows, left : left + columns]
        area[marks[:rows, :columns]] = brightness

    def _draw_bar(self, picture: Yuv, number: int) -> None:
        """Let a bar cross the lower edge in two seconds."""
        width, height = self._format.width, self._format.height
        bar = max(4, width // 20)
        step = max(2, width // (2 * self._format.fps))
        left = (number * step) % (width - bar)
        picture[height - height // 8 : height - height // 24, left : left + bar] = _BRIGHT
