"""Headsets that speak at 16 kHz."""

from __future__ import annotations

import numpy as np
import pytest

from vdx_plugin.media.rates import RateChange, SlowSpeaker
from vdx_plugin.media.sound import RATE_HZ, Samples


def tone(rate_hz: int, seconds: float) -> Samples:
    return np.asarray(8000 * np.sin(2 * np.pi * 440 * np.arange(int(rate_hz * seconds)) / rate_hz), dtype=np.int16)


def pitch_hz(samples: Samples, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(spectrum.argmax() * rate_hz / samples.size)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_a_microphone_at_another_rate_sounds_the_same_and_loses_nothing(rate_hz: int) -> None:
    """At the wrong rate a voice would be a third as fast, or gone."""
    change, sound = RateChange(rate_hz, RATE_HZ), tone(rate_hz, 2.0)
    block = rate_hz // 100
    found = np.concatenate([change.carry(sound[at : at + block]) for at in range(0, sound.size, block)])
    assert found.size == pytest.approx(2 * RATE_HZ, abs=RATE_HZ // 50)
    assert pitch_hz(found[RATE_HZ // 2 : RATE_HZ], RATE_HZ) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_a_speaker_at_another_rate_gets_blocks_of_its_own_size(rate_hz: int) -> None:
    """The sound card asks for exactly so many samples, each time."""
    speaker, sound, at = SlowSpeaker(rate_hz), tone(RATE_HZ, 3.0), 0
    found = []
    while len(found) < 200:
        block = speaker.give(rate_hz // 100)
        if block is None:
            speaker.take(sound[at : at + 480])
            at += 480
        else:
            found.append(block)
    assert at <= 2.1 * RATE_HZ
    assert pitch_hz(np.concatenate(found)[rate_hz // 2 : rate_hz], rate_hz) == pytest.approx(440, abs=2)
