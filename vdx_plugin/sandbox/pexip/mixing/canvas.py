"""Composing: decoded pictures scaled into tiles with their names, tiles laid on one picture, and the cards.

All pictures are planar YUV 4:2:0 (``Planes``). A tile keeps its source's proportions on black.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from vdx_plugin.sandbox.pexip.mixing.labels import mask_of
from vdx_plugin.sandbox.pexip.mixing.layout import Place

Plane = npt.NDArray[np.uint8]
_BLACK, _NEUTRAL, _CARD, _WHITE = 16, 128, 44, 235
_LABEL_SHARE = 22


class Planes(NamedTuple):
    """Luma and the two colour planes, the latter half as wide and high."""

    y: Plane
    u: Plane
    v: Plane


class Scaler:
    """Makes tiles of one source in one size; keeps what its library sets up between pictures."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def tile(self, frame: Any, place: Place, name: str) -> Planes:
        """Return ``frame`` (an ``av.VideoFrame``) as large as fits into ``place``, with ``name`` below left."""
        width, height = _fit(frame.width, frame.height, place)
        # More threads than this one would cost more in waking them than a tile takes.
        scaled = self._reformatter.reformat(frame, width, height, "yuv420p", interpolation="FAST_BILINEAR", threads=1)
        picture = planes_of(scaled)
        if (width, height) != (place.width, place.height):
            ground = _filled(place.width, place.height, _BLACK)
            left, top = (place.width - width) // 4 * 2, (place.height - height) // 4 * 2
            lay(ground, picture, left, top)
            picture = ground
        _write_name(picture, name)
        return picture


def name_tile(place: Place, name: str) -> Planes:
    """Return the tile of somebody without a picture: their name on a dark ground."""
    return card(place.width, place.height, name)


def card(width: int, height: int, text: str) -> Planes:
    """Return a dark picture with ``text`` in its middle."""
    ground = _filled(width, height, _CARD)
    mask = mask_of(text, max(14, height // 14), width * 9 // 10)
    top, left = (height - mask.shape[0]) // 2, (width - mask.shape[1]) // 2
    _blend(ground.y[top : top + mask.shape[0], left : left + mask.shape[1]], mask)
    return ground


def compose(frame: Any, tiles: list[tuple[Place, Planes]]) -> Any:
    """Lay ``tiles`` on ``frame``, an ``av.VideoFrame`` in yuv420p, black where none is; return it."""
    ground = planes_of(frame)
    if not tiles or (tiles[0][0].width, tiles[0][0].height) != (frame.width, frame.height):
        ground.y[:], ground.u[:], ground.v[:] = _BLACK, _NEUTRAL, _NEUTRAL
    for place, tile in tiles:
        lay(ground, tile, place.left, place.top)
    return frame


def new_frame(width: int, height: int) -> Any:
    """Return an ``av.VideoFrame`` to compose on; what is on it is undefined."""
    return av.VideoFrame(width, height, "yuv420p")


def planes_of(frame: Any) -> Planes:
    """Return the planes of a yuv420p ``av.VideoFrame`` as arrays that share its memory."""
    y, u, v = frame.planes[:3]
    half_width, half_height = (frame.width + 1) // 2, (frame.height + 1) // 2
    return Planes(
        _array(y, frame.width, frame.height), _array(u, half_width, half_height), _array(v, half_width, half_height)
    )


def lay(ground: Planes, tile: Planes, left: int, top: int) -> None:
    """Copy ``tile`` onto ``ground``; left and top are even."""
    height, width = tile.y.shape
    ground.y[top : top + height, left : left + width] = tile.y
    rows, columns = slice(top // 2, (top + height) // 2), slice(left // 2, (left + width) // 2)
    ground.u[rows, columns] = tile.u[: height // 2, : width // 2]
    ground.v[rows, columns] = tile.v[: height // 2, : width // 2]


def _array(plane: Any, width: int, height: int) -> Plane:
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:height, :width]


def _filled(width: int, height: int, luma: int) -> Planes:
    return Planes(
        np.full((height, width), luma, np.uint8),
        np.full((height // 2, width // 2), _NEUTRAL, np.uint8),
        np.full((height // 2, width // 2), _NEUTRAL, np.uint8),
    )


def _fit(width: int, height: int, place: Place) -> tuple[int, int]:
    """Return the largest even size of these proportions in ``place``; a pixel or two of difference is filled."""
    scale = min(place.width / width, place.height / height)
    fitted_width, fitted_height = int(width * scale) // 2 * 2, int(height * scale) // 2 * 2
    near = place.width - fitted_width <= 16 and place.height - fitted_height <= 16
    return (place.width, place.height) if near else (max(2, fitted_width), max(2, fitted_height))


def _write_name(picture: Planes, name: str) -> None:
    if not name:
        return
    height, width = picture.y.shape
    mask = mask_of(name, max(11, height // _LABEL_SHARE), width * 3 // 4)
    rows, columns = mask.shape
    margin = max(4, height // 60)
    top, left = height - rows - margin, margin
    if top < 0 or columns + 2 * margin > width:
        return
    strip = picture.y[top - margin // 2 : height - margin // 2, left // 2 : left + columns + margin]
    strip //= 3
    area = picture.y[top : top + rows, left : left + columns]
    _blend(area, mask)
    colours = (slice(top // 2, (top + rows) // 2), slice(left // 2, (left + columns) // 2))
    picture.u[colours], picture.v[colours] = _NEUTRAL, _NEUTRAL


def _blend(area: Plane, mask: Plane) -> None:
    area[:] = np.where(mask > 0, (area * (255 - mask.astype(np.uint16)) + _WHITE * mask.astype(np.uint16)) // 255, area)
