"""Cameras, microphones and speakers by name, and how they are opened.

``Devices`` is what the media path needs; ``SystemDevices`` is the machine's own, by PyAV (pictures) and sounddevice
(sound). Both libraries are imported when first used. Opening and listing may take a second: call them off the loop.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from vdx_plugin import log
from vdx_plugin.errors import Unavailable
from vdx_plugin.media.sound import RATE_HZ, Samples
from vdx_plugin.media.sound_cards import SoundCard, default_card, find_card, names_of, sound_cards
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

    @property
    def latency_s(self) -> float:
        """How long sound takes through the card, as its driver says."""
        ...

    def close(self) -> None: ...


class Speakers(Protocol):
    """Where a speaker can be had."""

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream:
        """Open one. Raises Unavailable(``media.no_speaker``)."""
        ...


class Devices(Protocol):
    """What a machine has. All methods may block; failures are Unavailable(``media.*``)."""

    def names(self) -> DeviceNames: ...

    def open_camera(self, name: str, picture: PictureFormat) -> Iterator[Yuv]:
        """Yield pictures until the device goes away, which raises Unavailable. Closing the iterator frees it."""
        ...

    def open_microphone(self, name: str | None, on_block: OnBlock) -> SoundStream: ...

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream: ...

    def refresh(self) -> None:
        """Notice sound cards that came or went. Open microphones and speakers may end by it."""
        ...


def camera_format(platform: str = sys.platform) -> str:
    """Return FFmpeg's name for the system's cameras."""
    return {"win32": "dshow", "darwin": "avfoundation"}.get(platform, "v4l2")


def fit(width: int, height: int, picture: PictureFormat) -> tuple[int, int]:
    """Return the largest even size within ``picture`` that keeps the proportions, never larger than the source."""
    scale = min(picture.width / width, picture.height / height, 1.0)
    return max(64, int(width * scale) // 2 * 2), max(64, int(height * scale) // 2 * 2)


class SystemDevices:
    """The devices of this machine."""

    def __init__(self) -> None:
        self._guard = threading.RLock()
        self._open_streams: weakref.WeakSet[_Stream] = weakref.WeakSet()

    def names(self) -> DeviceNames:
        with self._guard:
            return DeviceNames(_camera_names(), _sound_names(is_input=True), _sound_names(is_input=False))

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
        def callback(rate_hz: int) -> _Callback:
            from vdx_plugin.media.rates import RateChange

            change = None if rate_hz == RATE_HZ else RateChange(rate_hz, RATE_HZ)

            def take(indata: Any, frames: int, time: Any, status: Any) -> None:
                on_block(indata[:, 0] if change is None else change.carry(indata[:, 0]))

            return take

        return self._open("media.no_microphone", name, callback, is_input=True)

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream:
        def callback(rate_hz: int) -> _Callback:
            from vdx_plugin.media.rates import SlowSpeaker

            slow = None if rate_hz == RATE_HZ else SlowSpeaker(rate_hz)

            def give(outdata: Any, frames: int, time: Any, status: Any) -> None:
                if slow is None:
                    outdata[:, 0] = fill(frames)
                    return
                while (samples := slow.give(frames)) is None:
                    slow.take(fill(RATE_HZ // 100))
                outdata[:, 0] = samples

            return give

        return self._open("media.no_speaker", name, callback, is_input=False)

    def _open(
        self, code: str, name: str | None, callback: Callable[[int], _Callback], *, is_input: bool
    ) -> SoundStream:
        """Open a sound card at our rate, or at its own where it cannot do ours."""
        with self._guard, _sound_errors(code) as sound:
            card = _card(sound, name, is_input=is_input)
            if card is None:
                raise Unavailable(code, "not there")
            try:
                stream = _Stream(sound, card, RATE_HZ, callback(RATE_HZ), is_input=is_input)
            except sound.PortAudioError:
                if card.rate_hz == RATE_HZ:
                    raise
                stream = _Stream(sound, card, card.rate_hz, callback(card.rate_hz), is_input=is_input)
            self._open_streams.add(stream)
            return stream

    def refresh(self) -> None:
        """Read the system's sound cards anew.

        PortAudio can only do that from its beginning: every open microphone and speaker ends and must be opened again.
        """
        with self._guard:
            for stream in tuple(self._open_streams):
                stream.close()
            self._open_streams.clear()
            try:
                with _sound_errors("media.no_microphone") as sound:
                    sound._terminate()
                    sound._initialize()
            except Unavailable as error:
                _log.info("sound cards could not be listed anew: %s", error)


_Callback = Callable[[Any, int, Any, Any], None]


class _Stream:
    def __init__(self, sound: Any, card: SoundCard, rate_hz: int, callback: _Callback, *, is_input: bool) -> None:
        # Without it, Windows' shared mode takes no rate but the one that is set in its control panel.
        extra = sound.WasapiSettings(auto_convert=True) if "WASAPI" in card.interface else None
        self._stream = (sound.InputStream if is_input else sound.OutputStream)(
            device=card.index,
            callback=callback,
            samplerate=rate_hz,
            channels=1,
            dtype="int16",
            blocksize=rate_hz // 100,
            extra_settings=extra,
        )
        self._stream.start()

    @property
    def is_running(self) -> bool:
        return not self._stream.closed and bool(self._stream.active)

    @property
    def latency_s(self) -> float:
        return float(self._stream.latency)

    def close(self) -> None:
        self._stream.close(ignore_errors=True)


def _card(sound: Any, name: str | None, *, is_input: bool) -> SoundCard | None:
    interfaces = sound.query_hostapis()
    cards = sound_cards(sound.query_devices(), interfaces)
    if name is None:
        return default_card(cards, interfaces, is_input=is_input)
    return find_card(name, cards, is_input=is_input)


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


def _sound_names(*, is_input: bool) -> tuple[str, ...]:
    try:
        with _sound_errors("media.no_microphone") as sound:
            return names_of(sound_cards(sound.query_devices(), sound.query_hostapis()), is_input=is_input)
    except Unavailable:
        return ()


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
