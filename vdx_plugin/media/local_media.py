"""Camera, microphone and speaker of one call, opened together and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from vdx_plugin.errors import Unsupported
from vdx_plugin.media.apm import NoProcessor, WebrtcProcessor
from vdx_plugin.media.devices import Devices
from vdx_plugin.media.keeping import KeptSound, Tell
from vdx_plugin.media.players import Speaker
from vdx_plugin.media.precedence import PRECEDENCE
from vdx_plugin.media.search import find_voice
from vdx_plugin.media.sound import SpeechLoop, speechlike
from vdx_plugin.media.sources import CameraReader, PictureFeed, SoundFeed
from vdx_plugin.media.testcard import CAMERA_FORMAT, CARD_FORMAT, PictureFormat
from vdx_plugin.media.voice import NO_ECHO_STATE, EchoState, VoicePath
from vdx_plugin.media.watchers import SoundWatch
from vdx_plugin.ports import AdviceChanged, DeviceNotice, MediaChoice, VideoPicture
from vdx_plugin.runtime import Tasks

LOOK_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """What is sent: sizes, rates and what the test card says."""

    camera: PictureFormat = CAMERA_FORMAT
    card: PictureFormat = CARD_FORMAT
    video_kbps: int = 1500
    card_title: str = ""
    voice_pitch_hz: float = 120.0


@dataclass(frozen=True, slots=True)
class LocalFigures:
    """Which devices are in use, by name where they have one, and how the echo canceller does."""

    camera: str = ""
    microphone: str = ""
    speaker: str = ""
    echo: EchoState = NO_ECHO_STATE


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
        on_notice: Tell,
        on_advice: Callable[[AdviceChanged], None] = lambda _advice: None,
        are_others_there: Callable[[], bool] = lambda: False,
    ) -> None:
        self.voice = VoicePath()
        self._watch = SoundWatch()
        self._on_advice = on_advice
        self._are_others_there = are_others_there
        self._search: asyncio.Task[None] | None = None
        self.kept = KeptSound(devices, self.voice.on_played, self._tell_from_thread)
        self._devices = devices
        self._choice = choice
        self._settings = settings
        self._now = now
        self._on_picture = on_picture
        self._on_notice = on_notice
        self._tasks = Tasks()
        self._changing = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self.speaker = Speaker()
        self.pictures: PictureFeed
        self.sound: SoundFeed

    def _tell_from_thread(self, notice: DeviceNotice) -> None:
        self._loop.call_soon_threadsafe(self._on_notice, notice)

    async def open(self) -> None:
        """Open what there is. Never fails for want of a device."""
        PRECEDENCE.take(self)
        camera = await self._open_camera()
        self.pictures = PictureFeed(
            self._settings.card if camera is None else self._settings.camera,
            camera,
            now=self._now,
            on_picture=self._on_picture,
            on_notice=self._on_notice,
            title=self._settings.card_title,
        )
        self.sound = await self._open_sound()
        await self._open_speaker()
        self._expect_delay()
        self._tasks.spawn(self.pictures.run(), "media-pictures")
        self._tasks.spawn(self._look_after(), "media-devices")
        self._tasks.spawn(self._watch_sound(), "media-watchers")

    async def _open_camera(self) -> CameraReader | None:
        choice = self._choice
        if choice.use_test_card:
            return None
        name = choice.camera or next(iter((await asyncio.to_thread(self._devices.names)).cameras), None)
        if name is None:
            self._on_notice(DeviceNotice("media.no_camera"))
            return None
        return CameraReader(self._devices, name, self._settings.camera)

    async def _open_sound(self) -> SoundFeed:
        if self._choice.use_test_card:
            await asyncio.to_thread(speechlike, self._settings.voice_pitch_hz)
            return SoundFeed(SpeechLoop(self._settings.voice_pitch_hz))
        await self._cancel_echo()
        await asyncio.to_thread(self.kept.open_microphone, self._choice.microphone, self.voice.on_captured)
        return SoundFeed(self.voice)

    async def _cancel_echo(self) -> None:
        if not self._choice.cancel_echo:
            self.voice.use(NoProcessor())
            return
        try:
            self.voice.use(await asyncio.to_thread(WebrtcProcessor))
        except Unsupported as error:
            self._on_notice(DeviceNotice(error.code))

    async def _open_speaker(self) -> None:
        if self._choice.use_test_card and self._choice.speaker is None:
            return
        await self.speaker.open(self.kept, self._choice.speaker)

    def _expect_delay(self) -> None:
        if self.kept.delay_s:
            self.voice.expect_delay(self.kept.delay_s)

    # --- while it runs ------------------------------------------------------------------------------------------------

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.to_thread(self.kept.look)

    async def _watch_sound(self) -> None:
        said = AdviceChanged()
        while True:
            await asyncio.sleep(1.0)
            now = AdviceChanged(self._look_at_sound())
            if now != said:
                said = now
                self._on_advice(now)

    def _look_at_sound(self) -> tuple[DeviceNotice, ...]:
        levels = self.voice.take_levels()
        if self.kept.microphone is None or not self.kept.microphone.is_running:
            # That there is none has been told already.
            return ()
        found = self._watch.tick(
            levels,
            is_on=self.sound.is_on,
            are_others_there=self._are_others_there(),
            cancels_echo=self.voice.echo.is_on,
        )
        if self._watch.wants_search and (self._search is None or self._search.done()):
            self._search = self._tasks.spawn(self._find_voice(), "media-search")
        return found

    async def _find_voice(self) -> None:
        names = (await asyncio.to_thread(self._devices.names)).microphones
        mine = self.kept.microphone.name if self.kept.microphone is not None else ""
        others = [name for name in names if name != (mine or names[0])]
        found = await asyncio.to_thread(find_voice, self._devices, others, lambda: self.sound.is_on)
        self._watch.found_better(found)

    async def refresh(self) -> None:
        """The system says that devices came or went: take back what was lost, and a camera where there was none."""
        async with self._changing:
            await asyncio.to_thread(self.kept.refresh)
            self._expect_delay()
            if not self._choice.use_test_card and self.pictures.camera is None:
                camera = await self._open_camera()
                if camera is not None:
                    await self.pictures.use(self._settings.camera, camera)

    async def switch(self, choice: MediaChoice) -> None:
        """Use other devices from now on, without a break in what is sent."""
        async with self._changing:
            before, self._choice = self._choice, choice
            if (choice.camera, choice.use_test_card) != (before.camera, before.use_test_card):
                await self._switch_camera()
            if choice.use_test_card != before.use_test_card:
                await self._switch_sound()
                return
            if choice.cancel_echo != before.cancel_echo:
                await self._cancel_echo()
            await asyncio.to_thread(self.kept.switch, choice.microphone, choice.speaker)
            if choice.microphone != before.microphone:
                self._watch.changed()
            self._expect_delay()

    async def _switch_camera(self) -> None:
        camera = await self._open_camera()
        await self.pictures.use(self._settings.card if camera is None else self._settings.camera, camera)

    async def _switch_sound(self) -> None:
        await asyncio.to_thread(self.kept.close)
        self.sound.use((await self._open_sound()).source)
        await self._open_speaker()

    def names(self) -> LocalFigures:
        """Return what is in use now."""
        kept = self.kept
        return LocalFigures(
            self.pictures.camera.name if self.pictures.camera is not None else "",
            kept.microphone.name if kept.microphone is not None else "",
            kept.speaker.name if kept.speaker is not None else "",
            self.voice.echo,
        )

    async def close(self) -> None:
        """Free every device."""
        PRECEDENCE.give_up(self)
        await self._tasks.close()
        await self.pictures.close()
        await self.speaker.close()
        await asyncio.to_thread(self.kept.close)
