"""Feeds that never fail, whatever the devices do."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from vdx_plugin.errors import Unavailable
from vdx_plugin.media.audio.decoding import PlainDecoder
from vdx_plugin.media.audio.output import SoundOutput
from vdx_plugin.media.audio.receiving import SoundReceiver
from vdx_plugin.media.devices import DeviceNames, FillBlock, OnBlock, SoundStream, camera_format, fit
from vdx_plugin.media.local_media import LocalMedia, MediaSettings
from vdx_plugin.media.sound import BLOCK, Samples, SpeechLoop, is_audible
from vdx_plugin.media.sources import CameraReader, PictureFeed, SoundFeed
from vdx_plugin.media.testcard import PictureFormat, Yuv
from vdx_plugin.ports import DeviceNotice, MediaChoice, VideoPicture

SMALL = PictureFormat(64, 64, 60)
LOUD = np.full(BLOCK, 5000, dtype=np.int16)


@dataclass
class FakeStream:
    is_running: bool = True
    is_closed: bool = False
    latency_s: float = 0.0

    def close(self) -> None:
        self.is_closed = True


@dataclass
class FakeDevices:
    """Devices that can be pulled out and put back in."""

    listed: DeviceNames = field(default_factory=DeviceNames)
    camera_present: threading.Event = field(default_factory=threading.Event)
    microphone_present: bool = True
    speaker_present: bool = True
    on_block: OnBlock | None = None
    fill: FillBlock | None = None
    streams: list[FakeStream] = field(default_factory=list)

    def names(self) -> DeviceNames:
        return self.listed

    def open_camera(self, name: str, picture: PictureFormat) -> Iterator[Yuv]:
        while self.camera_present.wait(0.005):
            yield np.full((picture.height * 3 // 2, picture.width), 77, dtype=np.uint8)
            threading.Event().wait(0.002)
        raise Unavailable("media.no_camera")

    def open_microphone(self, name: str | None, on_block: OnBlock) -> SoundStream:
        if not self.microphone_present:
            raise Unavailable("media.no_microphone")
        self.on_block = on_block
        return self._stream()

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream:
        if not self.speaker_present:
            raise Unavailable("media.no_speaker")
        self.fill = fill
        return self._stream()

    def refresh(self) -> None:
        pass

    def _stream(self) -> FakeStream:
        self.streams.append(FakeStream())
        return self.streams[-1]


@dataclass
class Heard:
    """Notices and pictures, and a way to wait for them."""

    notices: list[str] = field(default_factory=list)
    newest: VideoPicture | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def notice(self, notice: DeviceNotice) -> None:
        self.notices.append(notice.code)
        self.changed.set()

    def picture(self, picture: VideoPicture) -> None:
        self.newest = picture
        self.changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    @property
    def shows_camera(self) -> bool:
        return self.newest is not None and set(self.newest.planes[0]) == {77}


def now() -> datetime:
    return datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Shout(SoundReceiver):
    """Gives the same loud sound whatever came."""

    def read(self, count: int, at_s: float) -> Samples:
        return np.resize(LOUD, count)


@contextmanager
def loud(output: SoundOutput) -> Iterator[None]:
    """Let something loud come in meanwhile."""
    shout = Shout(PlainDecoder())
    output.attach(shout)
    try:
        yield
    finally:
        output.detach(shout)


def local_media(devices: FakeDevices, heard: Heard, choice: MediaChoice) -> LocalMedia:
    settings = MediaSettings(camera=SMALL, card=SMALL)
    return LocalMedia(devices, choice, settings, now=now, on_picture=heard.picture, on_notice=heard.notice)


async def test_a_camera_that_vanishes_becomes_the_test_card_and_comes_back() -> None:
    """The sender must never stop, and the doctor must know what the others see."""
    devices, heard = FakeDevices(), Heard()
    devices.camera_present.set()
    reader = CameraReader(devices, "c", SMALL, retry_s=0.01)
    feed = PictureFeed(SMALL, reader, now=now, on_picture=heard.picture, on_notice=heard.notice)
    task = asyncio.create_task(feed.run())
    await heard.until(lambda: heard.shows_camera)
    assert heard.notices == []
    devices.camera_present.clear()
    await heard.until(lambda: heard.notices == ["media.camera_lost"])
    await heard.until(lambda: not heard.shows_camera)
    devices.camera_present.set()
    await heard.until(lambda: heard.notices == ["media.camera_lost", "media.camera_back"])
    await heard.until(lambda: heard.shows_camera)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await feed.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "media-camera"]


async def test_a_feed_gives_each_reader_the_newest_picture_only() -> None:
    """A slow encoder must not work through old pictures."""
    heard = Heard()
    feed = PictureFeed(SMALL, None, now=now, on_picture=heard.picture, on_notice=heard.notice)
    for _ in range(5):
        await feed._publish()
    number, _ = await feed.next_after(1)
    assert number == 5
    waiting = asyncio.create_task(feed.next_after(number))
    await asyncio.sleep(0)
    assert not waiting.done()
    await feed._publish()
    assert (await waiting)[0] == 6


async def test_a_camera_turned_off_sends_black() -> None:
    """Not the last picture, and not the test card."""
    heard = Heard()
    feed = PictureFeed(SMALL, None, now=now, on_picture=heard.picture, on_notice=heard.notice)
    feed.is_on = False
    await feed._publish()
    assert heard.newest is not None
    assert set(heard.newest.planes[0]) == {16}


async def test_no_devices_at_all_are_told_and_stood_in_for() -> None:
    """A machine without anything can still hold a call to watch."""
    devices, heard = FakeDevices(microphone_present=False, speaker_present=False), Heard()
    media = local_media(devices, heard, MediaChoice())
    await media.open()
    await heard.until(lambda: heard.newest)
    assert heard.notices == ["media.no_camera", "media.no_microphone", "media.no_speaker"]
    assert not is_audible(media.sound.read(BLOCK))
    await media.close()


async def test_the_test_card_opens_no_device_and_complains_of_none() -> None:
    """It was asked for."""
    devices, heard = FakeDevices(), Heard()
    media = local_media(devices, heard, MediaChoice(use_test_card=True))
    await media.open()
    assert heard.notices == []
    assert devices.streams == []
    assert any(is_audible(media.sound.read(BLOCK)) for _ in range(50))
    await media.close()


async def test_microphone_and_speaker_are_opened_and_closed() -> None:
    """A microphone left open shows as recording for the rest of the day."""
    devices, heard = FakeDevices(), Heard()
    media = local_media(devices, heard, MediaChoice(cancel_echo=False))
    await media.open()
    assert devices.on_block is not None
    for _ in range(2):
        devices.on_block(LOUD)
    assert is_audible(media.sound.read(BLOCK))
    assert devices.fill is not None
    with loud(media.speaker.output):
        assert is_audible(devices.fill(BLOCK))
    await media.close()
    assert [stream.is_closed for stream in devices.streams] == [True, True]


async def test_without_an_echo_canceller_the_call_has_sound_and_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel may not fit the system; the others then hear themselves, and the doctor should know why."""
    monkeypatch.setitem(sys.modules, "livekit", None)
    devices, heard = FakeDevices(), Heard()
    devices.listed = DeviceNames(cameras=("c",))
    media = local_media(devices, heard, MediaChoice())
    await media.open()
    assert heard.notices == ["media.no_canceller"]
    assert devices.on_block is not None
    for _ in range(2):
        devices.on_block(LOUD)
    assert is_audible(media.sound.read(BLOCK))
    await media.close()


async def test_what_goes_to_the_sound_card_goes_to_the_echo_canceller() -> None:
    """A canceller that is told of another signal than what is played takes nothing off."""
    devices, heard = FakeDevices(), Heard()
    devices.listed = DeviceNames(cameras=("c",))
    media = local_media(devices, heard, MediaChoice(cancel_echo=False))
    await media.open()
    assert devices.fill is not None
    assert devices.on_block is not None
    with loud(media.speaker.output):
        for _ in range(3):
            devices.fill(BLOCK)
            devices.on_block(LOUD)
    assert max(level.played for level in media.voice.take_levels()) > 1000
    await media.close()


async def test_a_microphone_that_vanishes_is_silence_and_is_opened_again() -> None:
    """USB headsets lose contact."""
    devices, heard = FakeDevices(), Heard()
    devices.listed = DeviceNames(("c",), ("m",), ("s",))
    media = local_media(devices, heard, MediaChoice(cancel_echo=False))
    await media.open()
    devices.microphone_present = False
    devices.streams[0].is_running = False
    await asyncio.to_thread(media.kept.look)
    await heard.until(lambda: heard.notices == ["media.microphone_lost"])
    assert not is_audible(media.sound.read(BLOCK))
    devices.microphone_present = True
    await media.refresh()
    await heard.until(lambda: heard.notices == ["media.microphone_lost", "media.microphone_back"])
    await media.close()


async def test_another_camera_is_taken_in_the_call() -> None:
    """One click, and neither a new call nor the test card."""
    devices, heard = FakeDevices(), Heard()
    devices.listed = DeviceNames(("a", "b"), ("m",), ("s",))
    devices.camera_present.set()
    media = local_media(devices, heard, MediaChoice(cancel_echo=False))
    await media.open()
    await heard.until(lambda: heard.shows_camera)
    await media.switch(MediaChoice(camera="b", cancel_echo=False))
    assert media.pictures.camera is not None
    assert media.pictures.camera.name == "b"
    heard.newest = None
    await heard.until(lambda: heard.shows_camera)
    assert heard.notices == []
    await media.close()


async def test_a_camera_put_in_during_the_call_is_taken_where_there_was_none() -> None:
    """Somebody finds the camera in a drawer after the call has begun."""
    devices, heard = FakeDevices(), Heard()
    media = local_media(devices, heard, MediaChoice(cancel_echo=False))
    await media.open()
    assert heard.notices == ["media.no_camera"]
    devices.listed = DeviceNames(("a",), ("m",), ("s",))
    devices.camera_present.set()
    await media.refresh()
    await heard.until(lambda: heard.shows_camera)
    assert heard.notices == ["media.no_camera", "media.camera_back"]
    await media.close()


async def test_the_test_card_is_taken_in_the_call_and_given_up_again() -> None:
    """For a demonstration, without a new call."""
    devices, heard = FakeDevices(), Heard()
    devices.listed = DeviceNames(("a",), ("m",), ("s",))
    devices.camera_present.set()
    media = local_media(devices, heard, MediaChoice(cancel_echo=False))
    await media.open()
    await heard.until(lambda: heard.shows_camera)
    await media.switch(MediaChoice(use_test_card=True, cancel_echo=False))
    await heard.until(lambda: not heard.shows_camera)
    assert any(is_audible(media.sound.read(BLOCK)) for _ in range(50))
    await media.switch(MediaChoice(cancel_echo=False))
    await heard.until(lambda: heard.shows_camera)
    await media.close()


def test_what_is_said_while_muted_is_not_sent_afterwards() -> None:
    """The ring must run on while the microphone is off."""
    voice = SpeechLoop()
    feed = SoundFeed(voice)
    feed.is_on = False
    assert not any(is_audible(feed.read(BLOCK)) for _ in range(100))
    assert voice._at == 100 * BLOCK


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ((1280, 720), (1280, 720)),
        ((1920, 1080), (1280, 720)),
        ((640, 480), (640, 480)),
        ((1600, 1200), (960, 720)),
        ((3, 3), (64, 64)),
    ],
)
def test_camera_pictures_keep_their_proportions(source: tuple[int, int], size: tuple[int, int]) -> None:
    """Faces must not be stretched, and sizes must be even."""
    assert fit(*source, PictureFormat(1280, 720, 30)) == size


@pytest.mark.parametrize(("platform", "name"), [("win32", "dshow"), ("darwin", "avfoundation"), ("linux", "v4l2")])
def test_each_system_has_its_camera_interface(platform: str, name: str) -> None:
    """FFmpeg knows them by these names."""
    assert camera_format(platform) == name


def test_devices_can_be_listed_on_a_machine_that_has_none() -> None:
    """A server or a container; the answer is then empty and no error."""
    from vdx_plugin.media.devices import SystemDevices

    names: Any = SystemDevices().names()
    assert isinstance(names, DeviceNames)
