"""Recorded sound of both ends against each other: how late it came, and how well it can be understood.

Both recordings lie on one clock. Each stretch of what was sent is looked for in what was played some time later; the
distance is the delay of that stretch, and STOI (Taal and others, 2011; ``pystoi``) tells how much of it is understood.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from vdx_plugin.media.sound import RATE_HZ, Samples

LONGEST_S = 1.0
"""Sound later than this is not looked for."""
STRETCH_S = 1.5
LEAST_SPEECH_S = 0.7
_FRAME = RATE_HZ // 40


@dataclass(frozen=True, slots=True)
class Recording:
    """Samples at 48 kHz without a gap, the first of them at ``start_s``."""

    samples: Samples
    start_s: float

    @classmethod
    def of_blocks(cls, samples: Samples, blocks: Sequence[tuple[float, int]], rate_hz: float = RATE_HZ) -> Self:
        """Return the recording of blocks whose moments shiver: the promptest of them tell when it began."""
        counts = np.cumsum([0, *(count for _, count in blocks)])[: len(blocks)]
        starts = np.array([at_s for at_s, _ in blocks]) - counts / rate_hz
        return cls(_at_our_rate(samples, rate_hz), float(np.percentile(starts, 10)) if len(blocks) else 0.0)

    def cut(self, from_s: float, until_s: float) -> npt.NDArray[np.float64] | None:
        """Return a stretch; None where the recording does not reach."""
        first, last = round((from_s - self.start_s) * RATE_HZ), round((until_s - self.start_s) * RATE_HZ)
        if first < 0 or last > self.samples.size:
            return None
        return self.samples[first:last].astype(np.float64)


@dataclass(frozen=True, slots=True)
class Compared:
    """What each stretch with speech in it came to."""

    delays_ms: tuple[float, ...] = ()
    stoi: tuple[float, ...] = ()


def compare(sent: Recording, got: Recording) -> Compared:
    """Return delay and intelligibility of each stretch of what was sent."""
    delays, scores = [], []
    at_s = sent.start_s
    while at_s + STRETCH_S < sent.start_s + sent.samples.size / RATE_HZ:
        ours, theirs = sent.cut(at_s, at_s + STRETCH_S), got.cut(at_s, at_s + STRETCH_S + LONGEST_S)
        at_s += STRETCH_S / 2
        if ours is None or theirs is None or _speech_s(ours) < LEAST_SPEECH_S:
            continue
        lag = _lag(ours, theirs)
        delays.append(lag / RATE_HZ * 1000)
        scores.append(_stoi(ours, theirs[lag : lag + ours.size]))
    return Compared(tuple(delays), tuple(scores))


def _at_our_rate(samples: Samples, rate_hz: float) -> Samples:
    if rate_hz == RATE_HZ:
        return samples
    from scipy.signal import resample_poly

    found: Samples = np.clip(resample_poly(samples.astype(np.float64), RATE_HZ, int(rate_hz)), -32768, 32767)
    return found.astype(np.int16)


def _speech_s(ours: npt.NDArray[np.float64]) -> float:
    """Return how much of it is no pause, by STOI's rule: within 40 dB of the loudest frame, if that is speech."""
    frames = ours[: ours.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    strength = np.sqrt(np.mean(frames**2, axis=1))
    return float(np.sum(strength > max(20.0, strength.max() / 100))) * _FRAME / RATE_HZ


def _lag(ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]) -> int:
    """Return where in ``theirs`` the sound of ``ours`` begins."""
    size = theirs.size + ours.size
    product = np.fft.irfft(np.fft.rfft(theirs, size) * np.conj(np.fft.rfft(ours, size)), size)
    return int(np.argmax(product[: theirs.size - ours.size]))


def _stoi(ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]) -> float:
    from pystoi import stoi

    with warnings.catch_warnings():
        # It warns where too little speech is left, and gives almost nothing then.
        warnings.simplefilter("ignore")
        return float(stoi(ours, theirs, RATE_HZ, extended=False))
