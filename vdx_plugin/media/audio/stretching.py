"""Sound made longer or shorter by whole periods of the voice, so that nobody hears it (WSOLA). Pure.

Sound is float32 at 48 kHz in full scale of 16 bit. ``before`` is what was played last, ``after`` what comes; only
``after`` is changed. A period is found where the sound is most like itself, and the ends are faded into each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]

SHORTEST = 120
"""2.5 ms: a voice of 400 Hz."""
LONGEST = 720
"""15 ms: a voice of 67 Hz."""
HALF = 240
"""Half of the stretch that is compared."""
FADE = 240
NEEDED_BEFORE = LONGEST + HALF
NEEDED_AFTER = LONGEST + HALF
_COARSE = 6


@dataclass(frozen=True, slots=True)
class Match:
    """The sound is most like itself ``period`` samples on; ``likeness`` is 1 for the same and 0 for unrelated."""

    period: int
    likeness: float


def shorten(after: Sound, match: Match) -> Sound:
    """Return ``after`` without one period of ``match``, which ``ahead`` found."""
    fade = min(FADE, after.size - match.period)
    return np.concatenate(
        [faded(after[:fade], after[match.period : match.period + fade]), after[match.period + fade :]]
    )


def lengthen(before: Sound, after: Sound, match: Match) -> Sound:
    """Return ``after`` with one period more, which ``behind`` found in ``before``."""
    sound = np.concatenate([before[-match.period :], after])
    fade = min(FADE, after.size)
    return np.concatenate([faded(after[:fade], sound[:fade]), sound[fade:]])


def faded(old: Sound, new: Sound) -> Sound:
    """Return a fade from ``old`` to ``new``, which are of one length."""
    rise = np.linspace(0.0, 1.0, old.size, dtype=np.float32)
    mixed: Sound = old + (new - old) * rise
    return mixed


def ahead(before: Sound, after: Sound, longest: int = LONGEST) -> Match:
    """Find the period between the border and what comes after it. Needs ``HALF`` before and ``NEEDED_AFTER`` after."""
    sound = np.concatenate([before[-HALF:], after[: longest + HALF]])
    return _match(sound[: 2 * HALF], sound)


def behind(before: Sound, after: Sound) -> Match:
    """Find the period between the border and what came before it. Needs ``NEEDED_BEFORE`` before, ``HALF`` after."""
    sound = np.concatenate([before[-NEEDED_BEFORE:], after[:HALF]])
    # Reversed in time, so that the border is again the beginning and the period lies ahead.
    return _match(sound[: -2 * HALF - 1 : -1], sound[::-1])


def _match(pattern: Sound, sound: Sound) -> Match:
    """Return where ``pattern``, the beginning of ``sound``, comes again: roughly at 8 kHz first, then exactly."""
    rough = _best(_coarse(pattern), _coarse(sound), SHORTEST // _COARSE, (sound.size - pattern.size) // _COARSE)
    first = max(SHORTEST, (rough.period - 1) * _COARSE)
    last = min(sound.size - pattern.size, (rough.period + 1) * _COARSE)
    return _best(pattern, sound, first, last)


def _coarse(sound: Sound) -> Sound:
    whole = sound.size // _COARSE * _COARSE
    return np.asarray(sound[:whole].reshape(-1, _COARSE).mean(axis=1), dtype=np.float32)


def _best(pattern: Sound, sound: Sound, first: int, last: int) -> Match:
    """Return the best of the periods ``first`` to ``last`` by normalised correlation."""
    part = sound[first : last + pattern.size]
    products = np.correlate(part, pattern, mode="valid")
    sums = np.concatenate([[0.0], np.cumsum(np.square(part, dtype=np.float64))])
    energies = sums[pattern.size :] - sums[: -pattern.size]
    likeness = products / np.sqrt(energies * float(np.dot(pattern, pattern)) + 1.0)
    found = int(np.argmax(likeness))
    return Match(first + found, float(likeness[found]))
