"""What is wrong with the sound of a call and can be mended by one click. Pure: levels of 10 ms in, advice out.

Each watcher would rather be late than wrong: a doctor who is warned for nothing stops reading warnings. Time spans come
from those who have tried them on many: a microphone is silent after four seconds without any signal, and somebody
speaks while muted when six tenths of a span are speech (Jitsi Meet's no-audio and talk-while-muted detection).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vdx_plugin.media.voice import ACTIVE_RMS, FRAMES_PER_S, Level
from vdx_plugin.ports import DeviceNotice

DEAD_RMS = 2.0
"""About -84 dB: below the noise of any open microphone, and what a blocked one gives."""
SPEECH_RMS = 300.0
"""About -41 dB after the noise is taken out: quiet speech an arm's length away."""
DEAD_AFTER_S = 4
DEAD_LATER_S = 60
"""A microphone that has worked may have a gate that closes in each pause."""
MUTED_SPAN_S = 2
MUTED_SHARE = 0.6
MUTED_CALM_S = 10
SEARCH_AFTER_S = 20
"""So long without a word from us, although the microphone is open and others are there, before others are tried."""

ECHO_SPAN_S = 12
ECHO_LIKENESS = 0.5
ECHO_ACTIVE_S = 4.0
OWN_LAGS_S = (0.0, 0.4)
THEIR_LAGS_S = (0.16, 1.5)
_STEP = 2
"""Envelopes are compared by 20 ms: syllables are ten times as long."""

_Floats = npt.NDArray[np.float64]


class DeadMicrophone:
    """The microphone gives nothing at all: switched off at its own button, blocked by the system, or broken."""

    def __init__(self) -> None:
        self._dead_frames = 0
        self._has_lived = False

    def tick(self, levels: Sequence[Level]) -> bool:
        for level in levels:
            if level.heard > DEAD_RMS:
                self._dead_frames, self._has_lived = 0, True
            elif level.played < ACTIVE_RMS:
                # Who listens is silent, and a headset may then close its gate.
                self._dead_frames += 1
        limit_s = DEAD_LATER_S if self._has_lived else DEAD_AFTER_S
        return self._dead_frames >= limit_s * FRAMES_PER_S


class MutedSpeech:
    """Somebody speaks here while the microphone is off."""

    def __init__(self) -> None:
        self._spoken: deque[bool] = deque(maxlen=MUTED_SPAN_S * FRAMES_PER_S)
        self._calm_frames = MUTED_CALM_S * FRAMES_PER_S

    def tick(self, levels: Sequence[Level], *, is_on: bool) -> bool:
        if is_on:
            self._spoken.clear()
            self._calm_frames = MUTED_CALM_S * FRAMES_PER_S
            return False
        for level in levels:
            # While the others speak, what is heard here may be they.
            if level.played < ACTIVE_RMS:
                self._spoken.append(level.sent >= SPEECH_RMS)
            self._calm_frames += 1
        if len(self._spoken) == self._spoken.maxlen and sum(self._spoken) >= MUTED_SHARE * len(self._spoken):
            self._calm_frames = 0
        return self._calm_frames < MUTED_CALM_S * FRAMES_PER_S


class UnheardVoice:
    """Nothing like a voice comes from the microphone for long. ``wants_search`` is True once each time."""

    def __init__(self) -> None:
        self._quiet_frames = 0
        self._next_search_s = SEARCH_AFTER_S

    def tick(self, levels: Sequence[Level], *, is_expected: bool) -> bool:
        if not is_expected or any(level.sent >= SPEECH_RMS and level.played < ACTIVE_RMS for level in levels):
            self._quiet_frames, self._next_search_s = 0, SEARCH_AFTER_S
            return False
        self._quiet_frames += len(levels)
        if self._quiet_frames < self._next_search_s * FRAMES_PER_S:
            return False
        # Each search opens other microphones for a moment; a patient who tells a long story must not cause many.
        self._next_search_s = self._next_search_s * 3
        return True


class Echo:
    """What one side plays comes back from the other, some while later and like itself, syllable by syllable.

    Turns of talk follow each other too, so the slow rise and fall is taken out before the two are compared.
    """

    def __init__(self, lags_s: tuple[float, float]) -> None:
        self._lags = tuple(round(lag * FRAMES_PER_S / _STEP) for lag in lags_s)
        self._source: deque[float] = deque(maxlen=ECHO_SPAN_S * FRAMES_PER_S)
        self._return: deque[float] = deque(maxlen=ECHO_SPAN_S * FRAMES_PER_S)
        self._was_alike = False

    def tick(self, source: Sequence[float], returned: Sequence[float]) -> bool:
        """Take another second of both; True when it has looked like an echo twice."""
        self._source.extend(source)
        self._return.extend(returned)
        is_alike = len(self._source) == self._source.maxlen and self._looks_alike()
        found, self._was_alike = is_alike and self._was_alike, is_alike
        return found

    def _looks_alike(self) -> bool:
        source, returned = np.array(self._source), np.array(self._return)
        active = source >= ACTIVE_RMS
        if active.sum() < ECHO_ACTIVE_S * FRAMES_PER_S or np.median(returned[active]) < SPEECH_RMS / 4:
            return False
        return _likeness(_syllables(source), _syllables(returned), self._lags) >= ECHO_LIKENESS


def _syllables(levels: _Floats) -> _Floats:
    """Return the rise and fall within words, in a logarithmic scale with a floor, without that of whole turns."""
    steps = levels[: levels.size // _STEP * _STEP].reshape(-1, _STEP).mean(axis=1)
    loud = np.log10(np.maximum(steps, SPEECH_RMS / 6))
    width = FRAMES_PER_S // _STEP // 2
    return np.asarray(loud - np.convolve(loud, np.ones(width) / width, mode="same"))


def _likeness(source: _Floats, returned: _Floats, lags: tuple[int, ...]) -> float:
    """Return the largest correlation of the two for any of the lags."""
    best = 0.0
    for lag in range(lags[0], lags[1] + 1):
        ours, theirs = source[: source.size - lag], returned[lag:]
        strength = float(np.sqrt(np.sum(ours**2) * np.sum(theirs**2)))
        if strength > 0:
            best = max(best, float(np.sum(ours * theirs)) / strength)
    return best


class SoundWatch:
    """All watchers of one call. ``tick`` takes each second's levels."""

    def __init__(self) -> None:
        self._dead = DeadMicrophone()
        self._muted = MutedSpeech()
        self._unheard = UnheardVoice()
        self._own_echo, self._their_echo = Echo(OWN_LAGS_S), Echo(THEIR_LAGS_S)
        self._better = ""
        self.wants_search = False
        """Whether other microphones should be listened to, to find the one that hears us."""

    def found_better(self, microphone: str) -> None:
        """A search found that this one hears us; empty when none does."""
        self._better = microphone

    def changed(self) -> None:
        """Another microphone is in use: what was found of the one before holds no longer."""
        self._dead, self._unheard, self._better = DeadMicrophone(), UnheardVoice(), ""

    def tick(
        self, levels: Sequence[Level], *, is_on: bool, are_others_there: bool, cancels_echo: bool
    ) -> tuple[DeviceNotice, ...]:
        """Return what should be said now, the most urgent first."""
        is_dead = self._dead.tick(levels)
        self.wants_search = self._unheard.tick(levels, is_expected=is_on and are_others_there) and not self._better
        sent = [level.sent if is_on else 0.0 for level in levels]
        played = [level.played for level in levels]
        has_own_echo = self._own_echo.tick(played, sent)
        has_their_echo = self._their_echo.tick(sent, played)
        if any(level.sent >= SPEECH_RMS and level.played < ACTIVE_RMS for level in levels):
            self._better = ""
        found = []
        if self._muted.tick(levels, is_on=is_on):
            found.append(DeviceNotice("media.speaking_muted"))
        if self._better:
            found.append(DeviceNotice("media.wrong_microphone", self._better))
        elif is_dead:
            found.append(DeviceNotice("media.silent_microphone"))
        if has_own_echo:
            found.append(DeviceNotice("media.own_echo") if cancels_echo else DeviceNotice("media.echo_not_cancelled"))
        elif has_their_echo:
            found.append(DeviceNotice("media.their_echo"))
        return tuple(found)
