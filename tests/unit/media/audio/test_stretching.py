"""Sound longer or shorter by whole periods."""

from __future__ import annotations

import numpy as np
import pytest

from vdx_plugin.media.audio import stretching
from vdx_plugin.media.audio.stretching import Sound


def _voice(pitch_hz: float, count: int) -> Sound:
    time_s = np.arange(count) / 48_000
    return (8000 * np.sin(2 * np.pi * pitch_hz * time_s) + 3000 * np.sin(4 * np.pi * pitch_hz * time_s)).astype("f4")


@pytest.mark.parametrize("pitch_hz", [90.0, 120.0, 200.0, 350.0])
def test_a_voice_is_changed_by_whole_periods_without_a_step(pitch_hz: float) -> None:
    """Half a period would be heard as a click: the sound must go on with no larger step than it has itself."""
    sound = _voice(pitch_hz, 3000)
    before, after = sound[:2040], sound[2040:]
    period = 48_000 / pitch_hz
    ahead, behind = stretching.ahead(before, after), stretching.behind(before, after)
    for match in (ahead, behind):
        assert match.likeness > 0.99
        assert abs(match.period / period - round(match.period / period)) * period < 2
    shorter, longer = stretching.shorten(after, ahead), stretching.lengthen(before, after, behind)
    assert shorter.size == after.size - ahead.period
    assert longer.size == after.size + behind.period
    steepest = np.abs(np.diff(sound)).max()
    for changed in (shorter, longer):
        assert np.abs(np.diff(np.concatenate([before, changed]))).max() < 1.05 * steepest


def test_noise_is_like_nothing() -> None:
    """A caller must be able to tell that there is no period to take."""
    noise = np.random.default_rng(1).normal(0, 3000, 3000).astype("f4")
    assert stretching.ahead(noise[:2000], noise[2000:]).likeness < 0.5


def test_silence_has_no_likeness_and_no_error() -> None:
    """Digital silence comes from every muted microphone."""
    nothing = np.zeros(3000, dtype="f4")
    assert stretching.ahead(nothing[:2000], nothing[2000:]).likeness == 0.0
    assert stretching.behind(nothing[:2000], nothing[2000:]).likeness == 0.0
