"""What comes in: sound to the speaker, pictures to the window, and the count of both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vdx_plugin.media.audio.counting import SoundFigures
from vdx_plugin.media.audio.output import SoundOutput
from vdx_plugin.media.devices import SoundStream, Speakers
from vdx_plugin.media.pictures import picture_of_frame
from vdx_plugin.media.sync import LipSync
from vdx_plugin.media.video.figures import PictureFigures, PictureTally
from vdx_plugin.ports import VideoPicture


@dataclass(frozen=True, slots=True)
class Received:
    """What was decoded so far. ``audible_s`` is sound louder than silence."""

    frames: int = 0
    width: int = 0
    height: int = 0
    picture: PictureFigures = field(default_factory=PictureFigures)
    sound: SoundFigures = field(default_factory=SoundFigures)
    sound_s: float = 0.0
    """Sound that was there, as it was sent or from the redundancy; what was made up does not count."""
    audible_s: float = 0.0


class Speaker:
    """A speaker, which takes what comes out of ``output``; without an open one the output runs all the same."""

    def __init__(self) -> None:
        self.output = SoundOutput()
        self._stream: SoundStream | None = None

    async def open(self, devices: Speakers, name: str | None) -> None:
        """Open it. Raises what ``devices`` raises."""
        self._stream = await asyncio.to_thread(devices.open_speaker, name, self.output.fill)

    async def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await asyncio.to_thread(stream.close)


class Playout:
    """Takes what is decoded on any media path, when it is due. ``on_first`` hears ``video`` and ``audio`` once each.

    ``tally``, ``output`` and ``sync`` are for whoever receives the pictures and the sound of a path.
    """

    def __init__(
        self, on_picture: Callable[[VideoPicture], None], on_first: Callable[[str], None], speaker: Speaker
    ) -> None:
        self._on_picture = on_picture
        self._on_first = on_first
        self._heard: set[str] = set()
        self.output = speaker.output
        self.tally = PictureTally()
        self.sync = LipSync()

    @property
    def received(self) -> Received:
        """What was decoded so far."""
        picture = self.tally.figures(time.monotonic())
        sound = self.output.counts.figures()
        return Received(
            frames=picture.decoded,
            width=picture.width,
            height=picture.height,
            picture=picture,
            sound=sound,
            sound_s=sound.decoded_s + sound.recovered_s,
            audible_s=sound.audible_s,
        )

    def take_picture(self, frame: Any) -> None:
        """Show an ``av.VideoFrame``, now."""
        self._first("video")
        self._on_picture(picture_of_frame(frame))

    def note_sound(self) -> None:
        """Sound louder than silence has come out."""
        self._first("audio")

    def _first(self, kind: str) -> None:
        if kind not in self._heard:
            self._heard.add(kind)
            self._on_first(kind)
