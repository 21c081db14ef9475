"""A camera that can be pulled out and put back in, a silent microphone, and a speaker nobody hears."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vdx_plugin.errors import Unavailable
from vdx_plugin.media.devices import DeviceNames, FillBlock, OnBlock, SoundStream
from vdx_plugin.media.testcard import PictureFormat, Yuv
from vdx_plugin.ports import VideoPicture

CAMERA = "Kamera"
_SHADE = 77


@dataclass
class _Stream:
    is_running: bool = True
    latency_s: float = 0.0

    def close(self) -> None:
        self.is_running = False


class PluggableDevices:
    """``media.devices.Devices`` without any device."""

    def __init__(self) -> None:
        self._plugged = threading.Event()
        self._plugged.set()

    def pull_camera(self) -> None:
        self._plugged.clear()

    def plug_camera(self) -> None:
        self._plugged.set()

    def is_its_picture(self, picture: VideoPicture) -> bool:
        """Tell a picture of the camera's from the test card."""
        return set(picture.planes[0]) == {_SHADE}

    def names(self) -> DeviceNames:
        return DeviceNames((CAMERA,), ("Mikrofon",), ("Højttaler",))

    def open_camera(self, name: str, picture: PictureFormat) -> Iterator[Yuv]:
        while self._plugged.is_set():
            yield np.full((picture.height * 3 // 2, picture.width), _SHADE, dtype=np.uint8)
            threading.Event().wait(1 / picture.fps)
        raise Unavailable("media.no_camera")

    def open_microphone(self, name: str | None, on_block: OnBlock) -> SoundStream:
        return _Stream()

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream:
        return _Stream()

    def refresh(self) -> None:
        pass
