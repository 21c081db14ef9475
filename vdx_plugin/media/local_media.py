"""Camera, microphone and speaker of one call, opened together and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from vdx_plugin.errors import Unsupported, VdxError
from vdx_plugin.media.apm import WebrtcProcessor
from vdx_plugin.media.devices import DeviceNames, Devices, TappedDevices
from vdx_plugin.media.players import Speaker
from vdx_plugin.media.sound import SpeechLoop, speechlike
from vdx_plugin.media.sources import CameraReader, Microphone, PictureFeed, SoundFeed
from vdx_plugin.media.testcard import CAMERA_FORMAT, CARD_FORMAT, PictureFormat
from vdx_plugin.media.voice import VoicePath
from vdx_plugin.ports import MediaChoice, VideoPicture
from vdx_plugin.runtime import Tasks


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """What is sent: sizes, rates and what the test card says."""

    camera: PictureFormat = CAMERA_FORMAT
    card: PictureFormat = CARD_FORMAT
    video_kbps: int = 1500
    card_title: str = ""
    voice_pitch_hz: float = 120.0


class LocalMedia:
    """What this end sends and hears with. Missing devices are told to ``on_notice`` and stood in for."""

    def __init__(
        self,
        devices: Devices,
        choice: MediaChoice,
        settings: MediaSettings,
        *,
        now: Callable[[], datetime],
        on_picture: Callable[[VideoPicture], None],
        on_notice: Callable[[str], None],
    ) -> None:
        self.voice = VoicePath()
        self._devices = TappedDevices(devices, self.voice.on_played)
        self._choice = choice
        self._settings = settings
        self._now = now
        self._on_picture = on_picture
        self._on_notice = on_notice
        self._tasks = Tasks()
        self.speaker = Speaker()
        self.pictures: PictureFeed
        self.sound: SoundFeed

    async def open(self) -> None:
        """Open what there is. Never fails for want of a device."""
        names = DeviceNames() if self._choice.use_test_card else await asyncio.to_thread(self._devices.names)
        self.pictures = self._open_pictures(names)
        self.sound = await self._open_sound()
        await self._open_speaker()
        self._tasks.spawn(self.pictures.run(), "media-pictures")
        if self.sound.microphone is not None:
            self._tasks.spawn(self.sound.microphone.watch(), "media-microphone")

    def _open_pictures(self, names: DeviceNames) -> PictureFeed:
        name = None if self._choice.use_test_card else self._choice.camera or next(iter(names.cameras), None)
        camera = None if name is None else CameraReader(self._devices, name, self._settings.camera)
        if camera is None and not self._choice.use_test_card:
            self._on_notice("media.no_camera")
        return PictureFeed(
            self._settings.card if camera is None else self._settings.camera,
            camera,
            now=self._now,
            on_picture=self._on_picture,
            on_notice=self._on_notice,
            title=self._settings.card_title,
        )

    async def _open_sound(self) -> SoundFeed:
        if self._choice.use_test_card:
            await asyncio.to_thread(speechlike, self._settings.voice_pitch_hz)
            return SoundFeed(SpeechLoop(self._settings.voice_pitch_hz))
        if self._choice.cancel_echo:
            await self._cancel_echo()
        microphone = Microphone(self._devices, self._choice.microphone, self._on_notice, self.voice)
        try:
            await microphone.open()
        except VdxError as error:
            # It stays, and is tried again: a microphone plugged in later is taken up.
            self._on_notice(error.code)
        return SoundFeed(microphone)

    async def _cancel_echo(self) -> None:
        try:
            self.voice.use(await asyncio.to_thread(WebrtcProcessor))
        except Unsupported as error:
            self._on_notice(error.code)

    async def _open_speaker(self) -> None:
        if self._choice.use_test_card and self._choice.speaker is None:
            return
        try:
            await self.speaker.open(self._devices, self._choice.speaker)
        except VdxError as error:
            self._on_notice(error.code)

    async def close(self) -> None:
        """Free every device."""
        await self._tasks.close()
        await self.pictures.close()
        if self.sound.microphone is not None:
            await self.sound.microphone.close()
        await self.speaker.close()
