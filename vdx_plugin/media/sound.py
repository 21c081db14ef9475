"""Sound as numbers: generated speech-like sound, loudness, and the ring between a sound card and the loop.

Everything is mono, 48 kHz, 16 bit signed, in numpy arrays of one dimension.
"""

from __future__ import annotations

import threading
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

RATE_HZ = 48_000
BLOCK = 960
"""Samples of one packet: 20 ms."""
AUDIBLE_RMS = 100.0
"""About -50 dB below full scale: above the noise of a quiet microphone, below any speech."""

# Centre of the first three formants (Hz) of five vowels, rounded from Peterson and Barney (1952), male voices.
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
_SYLLABLE_S = 0.25
_LOOP_SYLLABLES = 16
_PAUSES = frozenset({5, 11, 15})


def silence(count: int) -> Samples:
    return np.zeros(count, dtype=np.int16)


def loudness(samples: Samples) -> float:
    """Return the root mean square of a block, 0 of nothing; full scale is 32768."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0


def is_audible(samples: Samples) -> bool:
    """Whether a block is more than silence."""
    return loudness(samples) >= AUDIBLE_RMS


@lru_cache(maxsize=4)
def speechlike(pitch_hz: float = 120.0) -> Samples:
    """Return four seconds of synthetic babble that can be repeated: vowels in syllables, with pauses.

    It is no recording of anybody. Takes some 20 ms the first time: not for the event loop.
    """
    syllables = [_syllable(pitch_hz * (1 + 0.03 * np.sin(index)), index) for index in range(_LOOP_SYLLABLES)]
    loop = np.concatenate(syllables)
    scaled: Samples = (loop / np.max(np.abs(loop)) * 9000).astype(np.int16)
    return scaled


def _syllable(pitch_hz: float, index: int) -> npt.NDArray[np.float64]:
    time_s = np.arange(int(_SYLLABLE_S * RATE_HZ)) / RATE_HZ
    if index in _PAUSES:
        return np.zeros_like(time_s)
    harmonics = np.arange(1, int(3800 / pitch_hz)) * pitch_hz
    gains = sum(np.exp(-(((harmonics - centre) / 140.0) ** 2)) for centre in _VOWELS[index % len(_VOWELS)])
    # Harmonics are the powers of one turning pointer, so one sine is enough for all of them.
    turning = np.exp(2j * np.pi * pitch_hz * time_s)
    voice = np.polynomial.polynomial.polyval(turning, np.concatenate(([0.0], gains + 0.02))).imag
    return np.asarray(voice * np.sin(np.pi * time_s / _SYLLABLE_S) ** 2, dtype=np.float64)


class SpeechLoop:
    """Endless ``speechlike`` sound, block by block."""

    def __init__(self, pitch_hz: float = 120.0) -> None:
        self._loop = speechlike(pitch_hz)
        self._at = 0

    def read(self, count: int) -> Samples:
        """Return the next ``count`` samples."""
        places = (self._at + np.arange(count)) % self._loop.size
        self._at = int((self._at + count) % self._loop.size)
        return self._loop[places]


class Ring:
    """Samples between two threads. A full ring drops the oldest: late sound is worth less than new sound."""

    def __init__(self, capacity: int = RATE_HZ // 4) -> None:
        self._store = silence(capacity)
        self._start = 0
        self._count = 0
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def write(self, samples: Samples) -> None:
        """Add samples; never waits."""
        samples = samples[-self._store.size :]
        with self._guard:
            end = (self._start + self._count + np.arange(samples.size)) % self._store.size
            self._store[end] = samples
            overflow = max(0, self._count + samples.size - self._store.size)
            self._start = (self._start + overflow) % self._store.size
            self._count += samples.size - overflow

    def read(self, count: int) -> Samples:
        """Return exactly ``count`` samples; what is missing is silence at the end."""
        found = silence(count)
        with self._guard:
            taken = min(count, self._count)
            found[:taken] = self._store[(self._start + np.arange(taken)) % self._store.size]
            self._start = (self._start + taken) % self._store.size
            self._count -= taken
        return found

    def clear(self) -> None:
        """Forget everything."""
        with self._guard:
            self._start = self._count = 0
