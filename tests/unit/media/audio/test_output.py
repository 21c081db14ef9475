"""Who takes the sound out: the sound card, or a thread of ours while there is none."""

from __future__ import annotations

import threading

import numpy as np

from vdx_plugin.media.audio.decoding import PlainDecoder
from vdx_plugin.media.audio.output import BLOCK, CARD_GONE_S, SoundOutput
from vdx_plugin.media.audio.receiving import SoundReceiver
from vdx_plugin.media.sound import Samples, is_audible

LIMIT_S = 20


class Hum(SoundReceiver):
    """Something to hear; notes who took it."""

    def __init__(self) -> None:
        super().__init__(PlainDecoder())
        self.takers: list[str] = []
        self.was_taken = threading.Event()

    def read(self, count: int, at_s: float) -> Samples:
        self.takers.append(threading.current_thread().name)
        self.was_taken.set()
        return np.full(count, 1000, dtype=np.int16)


def _clocks() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "media-sound-clock"]


def test_without_a_sound_card_sound_is_taken_out_all_the_same() -> None:
    """The bot, the demo and a doctor whose headset was pulled out: what came is counted, and nothing piles up."""
    output, hum = SoundOutput(), Hum()
    output.attach(hum)
    assert hum.was_taken.wait(LIMIT_S)
    output.detach(hum)
    assert output.counts.audible >= BLOCK
    assert set(hum.takers) == {"media-sound-clock"}
    assert not _clocks()


def test_a_sound_card_takes_it_alone() -> None:
    """Two takers would each hear half."""
    now_s = [100.0]
    output, hum = SoundOutput(lambda: now_s[0]), Hum()
    assert not is_audible(output.fill(480))
    output.attach(hum)
    try:
        assert output._pull_block() == CARD_GONE_S
        hum.takers.clear()
        assert is_audible(output.fill(480))
        assert hum.takers == [threading.current_thread().name]
        now_s[0] += 1.0
        assert output._pull_block() == BLOCK / 48_000
        assert len(hum.takers) >= 2
    finally:
        output.detach(hum)


def test_a_path_that_ends_late_does_not_silence_the_new_one() -> None:
    """The new path may stand before the old one is quite gone."""
    output, old, new = SoundOutput(), Hum(), Hum()
    output.attach(old)
    output.attach(new)
    output.detach(old)
    try:
        assert is_audible(output.fill(480))
        assert len(_clocks()) == 1
    finally:
        output.detach(new)
    assert not is_audible(output.fill(480))
