"""Cameras, microphones and speakers by name, and how they are opened.

``Devices`` is what the media path needs; ``SystemDevices`` is the machine's own, by PyAV (pictures) and sounddevice
(sound). Both libraries are imported when first used. Opening and listing may take a second: call them off the loop.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from vdx_plugin import log
from vdx_plugin.errors import Unavailable
from vdx_plugin.media.sound import RATE_HZ, Samples
from vdx_plugin.media.testcard import PictureFormat, Yuv

_log = log.get("media.devices")

OnBlock = Callable[[Samples], None]
"""Takes a block from the microphone, on the sound card's thread: copy and return."""
FillBlock = Callable[[int], Samples]
"""Returns the next samples for the speaker, on the sound card's thread."""


@dataclass(frozen=True, slots=True)
class DeviceNames:
    """What there is, in the system's order; the first of each is the default."""

    cameras: tuple[str, ...] = ()
    microphones: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()


class SoundStream(Protocol):
    """An open microphone or speaker."""

    @property
    def is_running(self) -> bool: ...

    def close(self) -> None: ...


class Devices(Protocol):
    """What a machine has. All methods may block; failures are Unavailable(``media.*``)."""

    def names(self) -> DeviceNames: ...

    def open_camera(self, name: str, picture: PictureFormat) -> Iterator[Yuv]:
        """Yield pictures until the device goes away, which raises Unavailable. Closing the iterator frees it."""
        ...

    def open_microphone(self, name: str | None, on_block: OnBlock) -> SoundStream: ...

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream: ...


def camera_format(platform: str = sys.platform) -> str:
    """Return FFmpeg's name for the system's cameras."""
    return {"win32": "dshow", "darwin": "avfoundation"}.get(platform, "v4l2")


def fit(width: int, height: int, picture: PictureFormat) -> tuple[int, int]:
    """Return the largest even size within ``picture`` that keeps the proportions, never larger than the source."""
    scale = min(picture.width / width, picture.height / height, 1.0)
    return max(64, int(width * scale) // 2 * 2), max(64, int(height * scale) // 2 * 2)


class TappedDevices:
    """Devices whose speakers tell ``on_played`` exactly what they give to the sound card."""

    def __init__(self, devices: Devices, on_played: OnBlock) -> None:
        self._devices = devices
        self._on_played = on_played
        self.names = devices.names
        self.open_camera = devices.open_camera
        self.open_microphone = devices.open_microphone

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream:
        def told(count: int) -> Samples:
            samples = fill(count)
            self._on_played(samples)
            return samples

        return self._devices.open_speaker(name, told)


class SystemDevices:
    """The devices of this machine."""

    def names(self) -> DeviceNames:
        return DeviceNames(_camera_names(), _sound_names("max_input_channels"), _sound_names("max_output_channels"))

    def open_camera(self, name: str, picture: PictureFormat) -> Iterator[Yuv]:
        import av

        kind = camera_format()
        options = {"video_size": f"{picture.width}x{picture.height}", "framerate": str(picture.fps)}
        try:
            address = _camera_address(name)
            with av.open(f"video={address}" if kind == "dshow" else address, format=kind, options=options) as source:
                for frame in source.decode(video=0):
                    width, height = fit(frame.width, frame.height, picture)
                    yield frame.reformat(width=width, height=height, format="yuv420p").to_ndarray()
        except (av.FFmpegError, OSError, ValueError, IndexError) as error:
            raise Unavailable("media.no_camera", type(error).__name__) from error
        raise Unavailable("media.no_camera", "the device ended")

    def open_microphone(self, name: str | None, on_block: OnBlock) -> SoundStream:
        with _sound_errors("media.no_microphone") as sound:

            def take(indata: Any, frames: int, time: Any, status: Any) -> None:
                on_block(indata[:, 0])

            return _Stream(sound.InputStream(device=name, callback=take, **_STREAM))

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream:
        with _sound_errors("media.no_speaker") as sound:

            def give(outdata: Any, frames: int, time: Any, status: Any) -> None:
                outdata[:, 0] = fill(frames)

            return _Stream(sound.OutputStream(device=name, callback=give, **_STREAM))


_STREAM = {"samplerate": RATE_HZ, "channels": 1, "dtype": "int16", "blocksize": RATE_HZ // 100}


class _Stream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        stream.start()

    @property
    def is_running(self) -> bool:
        return bool(self._stream.active)

    def close(self) -> None:
        self._stream.close()


@contextmanager
def _sound_errors(code: str) -> Iterator[Any]:
    """Give sounddevice and turn its errors into ours. It raises OSError on import where PortAudio is missing."""
    try:
        import sounddevice
    except OSError as error:
        raise Unavailable(code, "no PortAudio") from error
    try:
        yield sounddevice
    except (sounddevice.PortAudioError, ValueError, OSError) as error:
        raise Unavailable(code, type(error).__name__) from error


def _sound_names(channels: str) -> tuple[str, ...]:
    try:
        with _sound_errors("media.no_microphone") as sound:
            found = [str(device["name"]) for device in sound.query_devices() if device[channels] > 0]
    except Unavailable:
        return ()
    return tuple(dict.fromkeys(found))


def _camera_names() -> tuple[str, ...]:
    return tuple(dict.fromkeys(seen for seen, _ in _cameras()))


def _camera_address(name: str) -> str:
    """Return what FFmpeg opens for a name a person has seen; a name it does not list is tried as it is."""
    return next((address for seen, address in _cameras() if seen == name), name)


def _cameras() -> list[tuple[str, str]]:
    """Return (name for people, FFmpeg's address) of each camera."""
    import av
    import av.device

    try:
        found = av.device.enumerate_input_devices(camera_format())
    except (av.FFmpegError, OSError, ValueError, RuntimeError) as error:
        _log.info("cameras could not be listed (%s)", type(error).__name__)
        return []
    videos = [device for device in found if "video" in (device.media_types or ["video"])]
    return [(str(device.description or device.name), str(device.name)) for device in videos]
