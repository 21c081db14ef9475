"""Sound at a rate a device has, when it cannot do ours: Bluetooth headsets speak at 16 or 8 kHz, old cards at 44.1."""

from __future__ import annotations

import av
import numpy as np

from vdx_plugin.media.sound import RATE_HZ, Samples, silence


class RateChange:
    """Carries one stream from one rate to another, block by block."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._from_hz = from_hz
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=to_hz)
        self._count = 0

    def carry(self, samples: Samples) -> Samples:
        """Return what is ready of the stream so far; about as long as the block, in time."""
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = self._from_hz, self._count
        self._count += samples.size
        parts = [part.to_ndarray().reshape(-1) for part in self._resampler.resample(frame)]
        return np.concatenate(parts) if parts else silence(0)


class SlowSpeaker:
    """Fills blocks of a speaker that runs at ``rate_hz`` from a source that gives ours."""

    def __init__(self, rate_hz: int) -> None:
        self._change = RateChange(RATE_HZ, rate_hz)
        self._rest = silence(0)

    def take(self, samples: Samples) -> None:
        """Queue sound at our rate."""
        self._rest = np.concatenate((self._rest, self._change.carry(samples)))

    def give(self, count: int) -> Samples | None:
        """Return a block at the speaker's rate, None while more must be taken first."""
        if self._rest.size < count:
            return None
        found, self._rest = self._rest[:count], self._rest[count:]
        return found
