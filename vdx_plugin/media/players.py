"""What comes in: sound to the speaker, pictures to the window, and the count of both.

Remote tracks are always read, whether anybody looks or not: a track nobody reads eats memory (aiortc issue 554).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vdx_plugin.media.devices import SoundStream, Speakers
from vdx_plugin.media.pictures import picture_of_frame
from vdx_plugin.media.sound import RATE_HZ, Ring, Samples, is_audible
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
    sound_s: float = 0.0
    audible_s: float = 0.0


class Speaker:
    """A speaker fed through a ring: the sound card takes what is there and silence otherwise."""

    def __init__(self) -> None:
        self._ring = Ring()
        self._stream: SoundStream | None = None

    async def open(self, devices: Speakers, name: str | None) -> None:
        """Open it. Raises what ``devices`` raises."""
        self._stream = await asyncio.to_thread(devices.open_speaker, name, self._ring.read)

    def play(self, samples: Samples) -> None:
        """Queue samples; without an open speaker they go nowhere."""
        if self._stream is not None:
            self._ring.write(samples)

    async def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await asyncio.to_thread(stream.close)


class Playout:
    """Takes what is decoded on any media path, when it is due. ``on_first`` hears ``video`` and ``audio`` once each.

    ``tally`` and ``sync`` are for whoever receives the pictures and the sound of a path.
    """

    def __init__(
        self, on_picture: Callable[[VideoPicture], None], on_first: Callable[[str], None], speaker: Speaker
    ) -> None:
        self._on_picture = on_picture
        self._on_first = on_first
        self._speaker = speaker
        self._heard: set[str] = set()
        self._sound = Received()
        self.tally = PictureTally()
        self.sync = LipSync()

    @property
    def received(self) -> Received:
        """What was decoded so far."""
        picture = self.tally.figures(time.monotonic())
        return replace(self._sound, frames=picture.decoded, width=picture.width, height=picture.height, picture=picture)

    def take_picture(self, frame: Any) -> None:
        """Show an ``av.VideoFrame``, now."""
        self._first("video")
        self._on_picture(picture_of_frame(frame))

    def take_sound(self, frame: Any) -> None:
        """Take an ``av.AudioFrame`` of 48 kHz, 16 bit."""
        samples = mono(frame)
        self._speaker.play(samples)
        seconds, audible = samples.size / RATE_HZ, is_audible(samples)
        self._sound = replace(
            self._sound,
            sound_s=self._sound.sound_s + seconds,
            audible_s=self._sound.audible_s + (seconds if audible else 0.0),
        )
        if audible:
            self._first("audio")

    def _first(self, kind: str) -> None:
        if kind not in self._heard:
            self._heard.add(kind)
            self._on_first(kind)


def mono(frame: Any) -> Samples:
    """Return a decoded audio frame (packed 16 bit, one or two channels) as mono samples."""
    channels = frame.layout.nb_channels
    samples: Samples = frame.to_ndarray().reshape(-1, channels)
    if channels == 1:
        return samples[:, 0]
    mixed: Samples = samples.mean(axis=1).astype(np.int16)
    return mixed
