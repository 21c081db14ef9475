"""Decoded pictures as Qt takes them. Qt multimedia is imported with the first picture, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from vdx_plugin.ports import VideoPicture

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QVideoFrame

Plane = npt.NDArray[np.uint8]

# ITU-R BT.601 with the narrow range of values that video has, for each value of a byte.
_BYTES = np.arange(256)
_LUMA = np.round((_BYTES - 16) * 255 / 219).astype(np.int16)
_RED_OF_V = np.round((_BYTES - 128) * 1.596).astype(np.int16)
_GREEN_OF_U = np.round((_BYTES - 128) * -0.392).astype(np.int16)
_GREEN_OF_V = np.round((_BYTES - 128) * -0.813).astype(np.int16)
_BLUE_OF_U = np.round((_BYTES - 128) * 2.017).astype(np.int16)


def frame_of(picture: VideoPicture) -> QVideoFrame:
    """Return the picture as a frame that owns its bytes. Raises ValueError for planes that are too short."""
    from PySide6.QtMultimedia import QVideoFrame, QVideoFrameFormat

    form = QVideoFrameFormat(QSize(picture.width, picture.height), QVideoFrameFormat.PixelFormat.Format_YUV420P)
    form.setColorSpace(QVideoFrameFormat.ColorSpace.ColorSpace_BT601)
    frame = QVideoFrame(form)
    if not frame.map(QVideoFrame.MapMode.WriteOnly):
        return QVideoFrame()
    try:
        for index, (width, height) in enumerate(_plane_sizes(picture)):
            source = memoryview(picture.planes[index])
            target = memoryview(frame.bits(index))
            _copy(source, picture.strides[index], target, frame.bytesPerLine(index), width, height)
    finally:
        frame.unmap()
    return frame


def image(picture: VideoPicture) -> QImage:
    """Return the picture as a QImage that owns its bytes. Raises ValueError for planes that are too short.

    Qt's own way of doing this goes through OpenGL, and where that is a program, it takes five times as long.
    """
    y, u, v = _lines_of(picture)
    luma = _LUMA[y]
    mixed = np.empty((picture.height, picture.width, 4), np.uint8)
    for channel, colour in enumerate((_BLUE_OF_U[u], _GREEN_OF_U[u] + _GREEN_OF_V[v], _RED_OF_V[v])):
        whole = colour.repeat(2, axis=0).repeat(2, axis=1)[: picture.height, : picture.width]
        mixed[..., channel] = np.clip(luma + whole, 0, 255)
    mixed[..., 3] = 255
    return QImage(mixed.data, picture.width, picture.height, 4 * picture.width, QImage.Format.Format_RGB32).copy()


def _lines_of(picture: VideoPicture) -> list[Plane]:
    """Return the planes without what pads their lines."""
    planes = []
    for plane, stride, (width, height) in zip(picture.planes, picture.strides, _plane_sizes(picture), strict=True):
        if len(plane) < stride * (height - 1) + width:
            raise ValueError("a plane is shorter than its picture")
        whole = np.frombuffer(plane, np.uint8, count=stride * (height - 1) + width)
        planes.append(np.lib.stride_tricks.as_strided(whole, (height, width), (stride, 1), writeable=False))
    return planes


def _plane_sizes(picture: VideoPicture) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    colour = (picture.width + 1) // 2, (picture.height + 1) // 2
    return (picture.width, picture.height), colour, colour


def _copy(source: memoryview, stride: int, target: memoryview, pitch: int, width: int, height: int) -> None:
    if len(source) < stride * (height - 1) + width:
        raise ValueError("a plane is shorter than its picture")
    if stride == pitch and len(source) >= stride * height:
        target[: stride * height] = source[: stride * height]
        return
    for line in range(height):
        target[line * pitch : line * pitch + width] = source[line * stride : line * stride + width]


def shrunk(picture: VideoPicture, height: int) -> VideoPicture:
    """Return the picture halved until it is at most so high: what the processor must paint is to be small.

    Sizes that cannot be halved evenly are left as they are. Raises ValueError for planes that are too short.
    """
    while picture.height > height and picture.width % 4 == 0 and picture.height % 4 == 0:
        picture = _halved(picture)
    return picture


def _halved(picture: VideoPicture) -> VideoPicture:
    planes = []
    for lines in _lines_of(picture):
        pairs = (lines[0::2] >> 1) + (lines[1::2] >> 1)
        planes.append(((pairs[:, 0::2] >> 1) + (pairs[:, 1::2] >> 1)).tobytes())
    y, u, v = planes
    width = picture.width // 2
    return VideoPicture(width, picture.height // 2, (y, u, v), (width, width // 2, width // 2))
