"""The microphone that hears us, among those that were not chosen."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tests.bench.echo_room import as_samples, voice
from vdx_plugin.errors import Unavailable
from vdx_plugin.media.devices import OnBlock, SoundStream
from vdx_plugin.media.search import find_voice
from vdx_plugin.media.sound import Samples


@dataclass
class Stream:
    is_running: bool = True
    latency_s: float = 0.0

    def close(self) -> None:
        self.is_running = False


@dataclass
class Room:
    """Microphones by name, each with what it hears."""

    hears: dict[str, Samples]
    streams: list[Stream] = field(default_factory=list)
    listening: tuple[str, OnBlock] | None = None

    def open_microphone(self, name: str | None, on_block: OnBlock) -> SoundStream:
        if name not in self.hears:
            raise Unavailable("media.no_microphone")
        self.listening = (name, on_block)
        self.streams.append(Stream())
        return self.streams[-1]

    def wait(self, _seconds: float) -> None:
        assert self.listening is not None
        name, on_block = self.listening
        on_block(self.hears[name])


SPEECH = as_samples(voice(2.0, 120, 1))
NOISE = np.random.default_rng(1).normal(0, 20, 96_000).astype(np.int16)


def found(room: Room, *names: str, is_needed: bool = True) -> str:
    return find_voice(room, names, lambda: is_needed, room.wait)  # type: ignore[arg-type]  # only microphones


def test_the_one_that_hears_a_voice_is_found_and_none_stays_open() -> None:
    """A microphone left open shows as recording."""
    room = Room({"Docking": NOISE, "Headset": SPEECH, "Webcam": (SPEECH // 4).astype(np.int16)})
    assert found(room, "Docking", "Broken", "Webcam", "Headset") == "Headset"
    assert not any(stream.is_running for stream in room.streams)


def test_noise_and_a_slammed_door_are_no_voice() -> None:
    """Better no advice than the wrong microphone."""
    door = NOISE.copy()
    door[4800:9600] = 9000
    assert found(Room({"Docking": NOISE, "Webcam": door}), "Docking", "Webcam") == ""


def test_who_has_muted_meanwhile_is_not_listened_to() -> None:
    """Muted means that no microphone is opened."""
    room = Room({"Headset": SPEECH})
    assert found(room, "Headset", is_needed=False) == ""
    assert room.streams == []
