"""Samples between two clocks that do not agree: a queue that stretches by parts in a thousand to keep its length.

A sound card's 48 000 samples a second are its own seconds; another card's, or the computer's, differ by some parts in
a hundred thousand, a cheap headset's by more. A plain queue between them grows until it is late or runs dry and clicks.
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from vdx_plugin.media.sound import RATE_HZ, Samples, silence

WAIT = RATE_HZ // 100
GAIN_PER_SAMPLE = 2e-6
"""Correction per sample of wrong length: half of an error is gone in seven seconds, which nobody hears."""
MAX_STRETCH = 1e-3
SMOOTHING = 0.02
"""Share of the newest length in the mean: one late block is no drift."""
FIRST_LOOKS = 50
MAX_WAIT = RATE_HZ // 10
MAX_EXCESS = RATE_HZ // 10

_TAPS = 16
_FRONT = _TAPS // 2
_MARGIN = 2 * _TAPS
_PHASES = 512

_Floats = npt.NDArray[np.float64]


class Elastic:
    """Written by one thread and read by another, neither of which ever waits. Times are of one steady clock.

    ``wait`` samples are kept in hand beyond what a read takes. A reader that found too little gets silence until the
    queue has filled again, and more is kept in hand from then on: a driver that delivers in bursts is learnt once. What
    is queued ``MAX_EXCESS`` above that is late and is dropped.
    """

    def __init__(self, wait: int = WAIT) -> None:
        self._guard = threading.Lock()
        self._store = np.zeros(0, dtype=np.int16)
        self._wait = wait
        self._written_s = 0.0
        self._place = 0.0
        self._mean = self._goal = 0.0
        self._looks = 0
        self._is_filling = True
        self.gaps = 0
        """How often the reader found too little."""
        self.stretch = 0.0
        """How much faster than written it is read now: 1e-4 is 100 parts in a million."""

    def __len__(self) -> int:
        return int(self._store.size)

    def write(self, samples: Samples, at_s: float) -> None:
        """Add samples that became known at ``at_s``."""
        with self._guard:
            self._store, self._written_s = np.concatenate((self._store, samples)), at_s

    def read(self, count: int, at_s: float) -> Samples:
        """Return exactly ``count`` samples, silence where there are none."""
        with self._guard:
            if self._is_filling and not self._has_filled(count, at_s):
                return silence(count)
            self._drop_excess(count, at_s)
            self._steer(count, at_s)
            if self._store.size < int(self._place + count * (1 + self.stretch)) + _MARGIN:
                return self._run_dry(count)
            return self._take(count)

    def clear(self) -> None:
        """Forget what is queued; what was learnt of the two clocks stays."""
        with self._guard:
            self._store, self._is_filling, self._place = self._store[:0], True, 0.0

    def _length(self, count: int, at_s: float) -> float:
        """Return what a read leaves behind, with what the writer has by now but has not delivered as a block."""
        underway = min(max(at_s - self._written_s, 0.0) * RATE_HZ, MAX_WAIT)
        return self._store.size + underway - count

    def _has_filled(self, count: int, at_s: float) -> bool:
        if self._store.size < self._wait + count + _MARGIN:
            return False
        self._is_filling, self._looks = False, 0
        self._mean = self._length(count, at_s)
        return True

    def _drop_excess(self, count: int, at_s: float) -> None:
        kept = self._wait + count + _MARGIN
        if self._store.size > kept + MAX_EXCESS:
            self._store, self._looks = self._store[-kept:], 0
            self._mean = self._length(count, at_s)

    def _steer(self, count: int, at_s: float) -> None:
        """Keep the length of the first looks, however reader and writer happened to stand to each other."""
        self._looks += 1
        self._mean += max(SMOOTHING, 1 / self._looks) * (self._length(count, at_s) - self._mean)
        if self._looks <= FIRST_LOOKS:
            self._goal = self._mean
        error = self._mean - self._goal
        self.stretch = float(np.clip(error * GAIN_PER_SAMPLE, -MAX_STRETCH, MAX_STRETCH))

    def _run_dry(self, count: int) -> Samples:
        self.gaps += 1
        self._is_filling, self._place, self.stretch = True, 0.0, 0.0
        self._wait = min(self._wait + WAIT, MAX_WAIT)
        found = silence(count)
        left = self._store[_FRONT : _FRONT + count]
        found[: left.size] = left
        self._store = self._store[left.size :]
        return found

    def _take(self, count: int) -> Samples:
        """Interpolate at places that move a little more or less than a sample each, and let go of what is past."""
        end = self._place + count * self.stretch
        window = self._store[: count + _MARGIN].astype(np.float64)
        first, last = (_shifted(window, place, count) for place in (self._place, end))
        found = np.rint(first + (last - first) * (np.arange(count) / count))
        whole = int(np.floor(end))
        self._place = end - whole
        self._store = self._store[count + whole :]
        return np.asarray(np.clip(found, -32768, 32767), dtype=np.int16)


def _kernels() -> _Floats:
    """Return windowed sincs for each part of a sample, reversed for convolution."""
    distance = np.arange(_TAPS)[np.newaxis, :] - (_FRONT - 1) - np.arange(_PHASES + 1)[:, np.newaxis] / _PHASES
    table = np.sinc(distance) * np.cos(np.pi * distance / (_TAPS + 2)) ** 2
    return np.ascontiguousarray((table / table.sum(axis=1, keepdims=True))[:, ::-1])


_KERNELS = _kernels()


def _shifted(window: _Floats, place: float, count: int) -> _Floats:
    """Return ``count`` samples of ``window`` beginning at a place between two of them, which is -1..2."""
    whole = int(np.floor(place))
    part = window[1 + whole : 1 + whole + count + _TAPS - 1]
    return np.convolve(part, _KERNELS[round((place - whole) * _PHASES)], mode="valid")
