"""Sound devices that come and go in the middle of a call."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from vdx_plugin.errors import Unavailable
from vdx_plugin.media.devices import DeviceNames, FillBlock, OnBlock, SoundStream
from vdx_plugin.media.keeping import KeptSound
from vdx_plugin.media.sound import Samples, silence
from vdx_plugin.ports import DeviceNotice


@dataclass
class Stream:
    name: str
    is_running: bool = True
    latency_s: float = 0.02

    def close(self) -> None:
        self.is_running = False


@dataclass
class Cupboard:
    """Sound cards that can be taken out and put back; the first is the system's own choice."""

    there: list[str]
    open_streams: list[Stream] = field(default_factory=list)
    refreshed: int = 0
    fill: FillBlock | None = None

    def names(self) -> DeviceNames:
        return DeviceNames((), tuple(self.there), tuple(self.there))

    def open_microphone(self, name: str | None, on_block: OnBlock) -> SoundStream:
        return self._open("media.no_microphone", name)

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream:
        self.fill = fill
        return self._open("media.no_speaker", name)

    def _open(self, code: str, name: str | None) -> Stream:
        if not self.there or (name is not None and name not in self.there):
            raise Unavailable(code)
        self.open_streams.append(Stream(name or self.there[0]))
        return self.open_streams[-1]

    def refresh(self) -> None:
        self.refreshed += 1
        for stream in self.open_streams:
            stream.close()

    def take_out(self, name: str) -> None:
        self.there.remove(name)
        for stream in self.open_streams:
            if stream.name == name:
                stream.is_running = False

    def running(self) -> list[str]:
        return [stream.name for stream in self.open_streams if stream.is_running]


def ignore(_samples: Samples) -> None:
    pass


@pytest.fixture
def told() -> list[DeviceNotice]:
    return []


def kept(cupboard: Cupboard, told: list[DeviceNotice]) -> KeptSound:
    return KeptSound(cupboard, ignore, told.append)  # type: ignore[arg-type]  # no cameras in this cupboard


def test_a_headset_pulled_out_is_replaced_told_and_taken_back(told: list[DeviceNotice]) -> None:
    """A cable falls out in the middle of a sentence; the others must hear on, and the doctor must know by what."""
    cupboard = Cupboard(["Laptop", "Headset"])
    sound = kept(cupboard, told)
    sound.open_microphone("Headset", ignore)
    assert cupboard.running() == ["Headset"]
    cupboard.take_out("Headset")
    sound.look()
    sound.look()
    assert cupboard.running() == ["Laptop"]
    assert told == [DeviceNotice("media.microphone_replaced", "Laptop")]
    cupboard.there.append("Headset")
    sound.look()
    assert cupboard.running() == ["Headset"]
    assert told[1:] == [DeviceNotice("media.microphone_back")]


def test_a_machine_without_another_device_says_so_and_tries_again(told: list[DeviceNotice]) -> None:
    """The list is read anew, since nothing is open that this could end."""
    cupboard = Cupboard(["Headset"])
    sound = kept(cupboard, told)
    sound.open_speaker(None, silence)
    cupboard.take_out("Headset")
    sound.look()
    assert told == [DeviceNotice("media.speaker_lost")]
    assert cupboard.refreshed == 1
    cupboard.there.append("Headset")
    sound.look()
    assert told[1:] == [DeviceNotice("media.speaker_back")]
    assert cupboard.running() == ["Headset"]


def test_a_device_chosen_earlier_and_absent_now_is_stood_in_for(told: list[DeviceNotice]) -> None:
    """The headset of the other consulting room stays the choice, and the call has sound meanwhile."""
    cupboard = Cupboard(["Laptop"])
    sound = kept(cupboard, told)
    sound.open_microphone("Headset", ignore)
    assert told == [DeviceNotice("media.microphone_replaced", "Laptop")]


def test_a_device_missing_from_the_start_is_told_once_it_comes(told: list[DeviceNotice]) -> None:
    """What was told to be missing must be told to be there."""
    cupboard = Cupboard([])
    sound = kept(cupboard, told)
    sound.open_microphone(None, ignore)
    cupboard.there.append("Laptop")
    sound.look()
    assert told == [DeviceNotice("media.no_microphone"), DeviceNotice("media.microphone_back")]


def test_other_devices_end_by_a_new_list_and_are_opened_again(told: list[DeviceNotice]) -> None:
    """PortAudio forgets all streams when it reads its list; nobody may notice more than a moment of silence."""
    cupboard = Cupboard(["Laptop"])
    sound = kept(cupboard, told)
    sound.open_microphone(None, ignore)
    sound.open_speaker(None, silence)
    sound.refresh()
    assert cupboard.running() == ["Laptop", "Laptop"]
    assert told == []


def test_another_microphone_is_taken_in_the_call_and_the_first_is_freed(told: list[DeviceNotice]) -> None:
    """One click, and no new call."""
    cupboard = Cupboard(["Laptop", "Headset"])
    sound = kept(cupboard, told)
    sound.open_microphone(None, ignore)
    assert sound.microphone is not None
    sound.microphone.switch("Headset")
    assert cupboard.running() == ["Headset"]
    assert sound.microphone.name == "Headset"
    assert told == []


def test_nothing_is_opened_after_the_call(told: list[DeviceNotice]) -> None:
    """A look that began before the end must not leave a microphone open for the rest of the day."""
    cupboard = Cupboard(["Laptop"])
    sound = kept(cupboard, told)
    sound.open_microphone(None, ignore)
    sound.close()
    sound.look()
    assert cupboard.running() == []


def test_what_the_speaker_plays_is_told_as_it_is(told: list[DeviceNotice]) -> None:
    """The echo canceller takes off what it was told, and nothing else."""
    played: list[Samples] = []
    cupboard = Cupboard(["Laptop"])
    sound = KeptSound(cupboard, played.append, told.append)  # type: ignore[arg-type]  # no cameras in this cupboard
    sound.open_speaker(None, lambda count: np.arange(count, dtype=np.int16))
    assert cupboard.fill is not None
    cupboard.fill(4)
    assert played[0].tolist() == [0, 1, 2, 3]
