"""Decoded pictures as plain values. Imports PyAV's types for checking only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vdx_plugin.ports import VideoPicture

if TYPE_CHECKING:
    from vdx_plugin.media.testcard import Yuv

_PLANAR = ("yuv420p", "yuvj420p")


def picture_of_frame(frame: Any) -> VideoPicture:
    """Return a decoded ``av.VideoFrame`` as a picture; the bytes are copies."""
    if frame.format.name not in _PLANAR:
        frame = frame.reformat(format="yuv420p")
    y, u, v = frame.planes[:3]
    return VideoPicture(
        frame.width, frame.height, (bytes(y), bytes(u), bytes(v)), (y.line_size, u.line_size, v.line_size)
    )


def picture_of_array(yuv: Yuv) -> VideoPicture:
    """Return one of our own pictures as a value; the bytes are copies."""
    height, width = yuv.shape[0] * 2 // 3, yuv.shape[1]
    colours = yuv[height:].reshape(2, height // 2, width // 2)
    planes = (yuv[:height].tobytes(), colours[0].tobytes(), colours[1].tobytes())
    return VideoPicture(width, height, planes, (width, width // 2, width // 2))
