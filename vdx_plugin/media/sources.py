"""What we send: one feed of pictures and one of sound, fed by a device or by what stands in for it.

A feed outlives the media paths that read it, never fails and never blocks: a camera that vanishes becomes the test
card and is tried again until it is back. It lives on a thread of its own; the newest picture wins and is the only one
kept.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import datetime

from vdx_plugin import log
from vdx_plugin.domain.danish_time import danish
from vdx_plugin.errors import VdxError
from vdx_plugin.media.devices import Devices
from vdx_plugin.media.keeping import Tell
from vdx_plugin.media.pictures import picture_of_array
from vdx_plugin.media.sound import Samples, SpeechLoop, silence
from vdx_plugin.media.testcard import PictureFormat, TestCard, Yuv, black
from vdx_plugin.media.voice import VoicePath
from vdx_plugin.ports import DeviceNotice, VideoPicture

_log = log.get("media.sources")

STALL_S = 5.0
RETRY_S = 2.0
JOIN_LIMIT_S = 2.0


class CameraReader:
    """Reads a camera on a thread. ``newest`` is (number, picture), or None while there is no picture."""

    def __init__(self, devices: Devices, name: str, picture: PictureFormat, *, retry_s: float = RETRY_S) -> None:
        self._devices = devices
        self.name = name
        self._format = picture
        self._retry_s = retry_s
        self._stop = threading.Event()
        self._newest: tuple[int, Yuv] | None = None
        self._read_at_s = time.monotonic()
        self._number = 0
        self._thread = threading.Thread(target=self._run, name="media-camera", daemon=True)
        self._thread.start()

    @property
    def newest(self) -> tuple[int, Yuv] | None:
        if time.monotonic() - self._read_at_s > STALL_S:
            return None
        return self._newest

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for yuv in self._devices.open_camera(self.name, self._format):
                    self._number += 1
                    self._newest, self._read_at_s = (self._number, yuv), time.monotonic()
                    if self._stop.is_set():
                        break
            except VdxError as error:
                _log.debug("camera: %s", error.code)
            self._newest = None
            self._stop.wait(self._retry_s)

    def close(self) -> None:
        """Stop reading; blocks up to ``JOIN_LIMIT_S`` for a driver that does not answer."""
        self._stop.set()
        self._thread.join(JOIN_LIMIT_S)


class PictureFeed:
    """Our picture at a steady rate. Run ``run`` as a task; ``next_after`` waits for the next picture.

    ``on_picture`` gets each picture as the others see it; ``on_notice`` hears ``media.camera_lost`` and
    ``media.camera_back``, and ``media.no_camera`` when the camera chosen gives nothing from the start.
    """

    def __init__(
        self,
        picture: PictureFormat,
        camera: CameraReader | None,
        *,
        now: Callable[[], datetime],
        on_picture: Callable[[VideoPicture], None],
        on_notice: Tell,
        title: str = "",
    ) -> None:
        self._title = title
        self._now = now
        self._on_picture = on_picture
        self._on_notice = on_notice
        self._arrived = asyncio.Condition()
        self._take(picture, camera)
        self._latest: tuple[int, Yuv] = (0, self._black)
        self.is_on = True

    def _take(self, picture: PictureFormat, camera: CameraReader | None) -> None:
        self._format = picture
        self.camera = camera
        self._card = TestCard(picture, self._title)
        self._black = black(picture)
        self._camera_state = "expected" if camera else "none"
        self._expected_until_s = time.monotonic() + STALL_S

    async def use(self, picture: PictureFormat, camera: CameraReader | None) -> None:
        """Take pictures from another camera, or from none, from now on."""
        before, was_missing = self.camera, self._camera_state in ("lost", "none")
        self._take(picture, camera)
        if was_missing and camera is not None:
            # What was told of the other camera holds no longer.
            self._on_notice(DeviceNotice("media.camera_back"))
        if before is not None:
            await asyncio.to_thread(before.close)

    async def run(self) -> None:
        """Publish pictures until cancelled."""
        due_s = time.monotonic()
        while True:
            await self._publish()
            interval_s = 1 / self._format.fps
            due_s = max(due_s + interval_s, time.monotonic() - interval_s)
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    async def _publish(self) -> None:
        number = self._latest[0] + 1
        yuv = self._compose(number)
        self._on_picture(picture_of_array(yuv))
        async with self._arrived:
            self._latest = (number, yuv)
            self._arrived.notify_all()

    def _compose(self, number: int) -> Yuv:
        newest = self.camera.newest if self.camera else None
        self._note_camera(present=newest is not None)
        if not self.is_on:
            return self._black
        return newest[1] if newest is not None else self._card.draw(danish(self._now()), number)

    def _note_camera(self, *, present: bool) -> None:
        state = self._camera_state
        if present and state != "live":
            self._camera_state = "live"
            if state != "expected":
                self._on_notice(DeviceNotice("media.camera_back"))
        elif not present and state == "live":
            self._camera_state = "lost"
            self._on_notice(DeviceNotice("media.camera_lost"))
        elif not present and state == "expected" and time.monotonic() > self._expected_until_s:
            self._camera_state = "lost"
            self._on_notice(DeviceNotice("media.no_camera"))

    async def next_after(self, number: int) -> tuple[int, Yuv]:
        """Return the newest picture, waiting for one newer than ``number``."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: self._latest[0] > number)
            return self._latest

    async def close(self) -> None:
        """Let go of the camera."""
        if self.camera is not None:
            await asyncio.to_thread(self.camera.close)


class SoundFeed:
    """Our sound, from the way of the voice, a generated voice or nothing at all."""

    def __init__(self, source: VoicePath | SpeechLoop | None) -> None:
        self.source = source
        self.is_on = True

    def use(self, source: VoicePath | SpeechLoop | None) -> None:
        """Take sound from elsewhere from now on."""
        self.source = source

    def read(self, count: int) -> Samples:
        """Return the next samples; silence while the microphone is off or gone."""
        # Read even while off, so that what was said meanwhile is not sent when it is on again.
        samples = self.source.read(count) if self.source is not None else silence(count)
        return samples if self.is_on else silence(count)
