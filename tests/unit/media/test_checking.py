"""The check of devices and line before anybody waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from vdx_plugin.errors import Unavailable
from vdx_plugin.media import checking
from vdx_plugin.media.checking import check_devices, check_line
from vdx_plugin.media.devices import DeviceNames, FillBlock, OnBlock, SoundStream
from vdx_plugin.media.testcard import PictureFormat, Yuv
from vdx_plugin.ports import CallFigures, CheckedPart, MediaChoice

SMALL = PictureFormat(64, 64, 30)


@dataclass
class Stream:
    is_running: bool = True
    latency_s: float = 0.0

    def close(self) -> None:
        self.is_running = False


@dataclass
class Workplace:
    """A camera, a microphone that hears ``noise``, and perhaps a speaker."""

    has_camera: bool = True
    has_speaker: bool = True
    noise: int = 20
    streams: list[Stream] = field(default_factory=list)
    freed: threading.Event = field(default_factory=threading.Event)

    def names(self) -> DeviceNames:
        return DeviceNames(("Kamera",) if self.has_camera else (), ("Mikrofon",), ())

    def open_camera(self, name: str, picture: PictureFormat) -> Iterator[Yuv]:
        try:
            while True:
                yield np.zeros((96, 64), dtype=np.uint8)
        finally:
            self.freed.set()

    def open_microphone(self, name: str | None, on_block: OnBlock) -> SoundStream:
        on_block(np.full(480, self.noise, dtype=np.int16))
        self.streams.append(Stream())
        return self.streams[-1]

    def open_speaker(self, name: str | None, fill: FillBlock) -> SoundStream:
        if not self.has_speaker:
            raise Unavailable("media.no_speaker")
        self.streams.append(Stream())
        return self.streams[-1]

    def refresh(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "LISTEN_S", 0.0)


async def problems(workplace: Workplace) -> dict[CheckedPart, str]:
    found = await check_devices(workplace, MediaChoice(), SMALL)
    return {each.part: each.problem for each in found}


async def test_a_workplace_in_order_is_well_and_everything_is_freed() -> None:
    """A camera left open shines at the doctor all morning."""
    workplace = Workplace()
    assert set((await problems(workplace)).values()) == {""}
    assert workplace.freed.is_set()
    assert not any(stream.is_running for stream in workplace.streams)


async def test_each_part_that_is_missing_or_dead_is_named() -> None:
    """With the same code, and so the same sentence, as in a call."""
    assert await problems(Workplace(has_camera=False, has_speaker=False, noise=0)) == {
        CheckedPart.CAMERA: "media.no_camera",
        CheckedPart.MICROPHONE: "media.silent_microphone",
        CheckedPart.SPEAKER: "media.no_speaker",
    }


@dataclass
class TestCall:
    """A call whose media stands after a while, or never."""

    __test__ = False
    figures: CallFigures
    two_way_s: float = 3.0
    has_left: bool = False

    async def start_media(self, choice: MediaChoice) -> None:
        assert choice.use_test_card

    def two_way_media_s(self) -> float:
        return self.two_way_s

    def now(self) -> CallFigures:
        return self.figures

    async def leave(self) -> None:
        self.has_left = True


async def wait(_seconds: float) -> None:
    """Time that need not pass."""


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (TestCall(CallFigures(loss=0.0, rtt_ms=30, jitter_ms=5, estimate_kbps=900)), ""),
        (TestCall(CallFigures(loss=0.08, rtt_ms=30, jitter_ms=5, estimate_kbps=900)), "check.line_weak"),
        (TestCall(CallFigures(loss=0.0, rtt_ms=30, jitter_ms=5, estimate_kbps=120)), "check.line_weak"),
        (TestCall(CallFigures(), two_way_s=0.0), "media.no_path"),
    ],
    ids=["good", "lossy", "narrow", "no media"],
)
async def test_the_line_is_judged_by_what_comes_back(call: TestCall, problem: str) -> None:
    """And the test room is left in any case."""

    async def enter() -> TestCall:
        return call

    found = await check_line(enter, wait)  # type: ignore[arg-type]  # as much of a call as a check needs
    assert found.problem == problem
    assert call.has_left


async def test_a_node_that_does_not_answer_is_the_finding() -> None:
    """It is no failure of the check."""

    async def enter() -> TestCall:
        raise Unavailable("call.unreachable")

    assert (await check_line(enter, wait)).problem == "call.unreachable"  # type: ignore[arg-type]  # as above
