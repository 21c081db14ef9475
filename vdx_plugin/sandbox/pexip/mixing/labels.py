"""Names and sentences as pictures of letters, Danish ones included, for laying over other pictures.

The letters are DejaVu's, which matplotlib brings; Pillow's own font has no Danish.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Mask = npt.NDArray[np.uint8]
MAX_LETTERS = 60


@lru_cache(maxsize=256)
def mask_of(text: str, height: int, max_width: int) -> Mask:
    """Return ``text`` on one line of letters about ``height`` pixels high: 255 where ink is, 0 where none.

    What is wider than ``max_width`` ends in an ellipsis. Width and height of the mask are even.
    """
    font = _font(max(8, height))
    line = " ".join(text[:MAX_LETTERS].split()) or " "
    while len(line) > 1 and font.getlength(line) > max_width:
        line = line.rstrip("…")[:-1].rstrip() + "…"
    ascent, descent = font.getmetrics()
    size = (_even(int(font.getlength(line)) + 2), _even(ascent + descent))
    image = Image.new("L", size, 0)
    ImageDraw.Draw(image).text((1, 0), line, font=font, fill=255)
    return np.asarray(image, dtype=np.uint8).copy()


@lru_cache(maxsize=32)
def _font(height: int) -> Any:
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        return ImageFont.load_default(height)
    return ImageFont.truetype(str(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"), height)


def _even(value: int) -> int:
    return value + value % 2
