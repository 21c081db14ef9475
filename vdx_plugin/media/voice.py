"""Our voice on its way from the microphone to the sender, and what is heard meanwhile.

The sound card of the speaker says what it plays (``on_played``), that of the microphone what it hears
(``on_captured``), each on its own thread and by its own clock. Both are brought to the microphone's clock, go through
the ``Processor`` frame by frame, and are read by the sender at the pace of the computer's clock (``read``).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vdx_plugin import log
from vdx_plugin.errors import VdxError
from vdx_plugin.media.apm import FRAME, NoProcessor, Processor
from vdx_plugin.media.elastic import WAIT, Elastic
from vdx_plugin.media.sound import RATE_HZ, Samples, loudness, silence

_log = log.get("media.voice")

FRAMES_PER_S = RATE_HZ // FRAME
KEPT_FRAMES = 5 * FRAMES_PER_S
"""Levels are asked for each second; more than some seconds of them are not kept for somebody who does not ask."""
ACTIVE_RMS = 300.0
"""About -40 dB: speech from a speaker, loud enough that what is left of its echo can be measured."""
_SENDER_WAIT = WAIT * 3 // 2


@dataclass(frozen=True, slots=True)
class Level:
    """How loud 10 ms were, as root mean square of 16 bit samples: heard, sent after cleaning, and played."""

    heard: float
    sent: float
    played: float


@dataclass(frozen=True, slots=True)
class EchoState:
    """How the echo canceller stands. ``return_loss_db`` is what it took off lately; None while nobody else spoke."""

    is_on: bool = False
    return_loss_db: float | None = None
    drift_ppm: float = 0.0
    """By how much the speaker's clock runs faster than the microphone's."""
    gaps: int = 0


NO_ECHO_STATE = EchoState()


class VoicePath:
    """One call's way of the voice. ``read`` is called on the loop, the other two on the sound cards' threads."""

    def __init__(self, processor: Processor | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._processor: Processor = processor or NoProcessor()
        self._clock = clock
        self._played = Elastic()
        self._ready = Elastic(_SENDER_WAIT)
        self._rest = silence(0)
        self._levels: deque[Level] = deque(maxlen=KEPT_FRAMES)
        self._heard_power = self._left_power = 0.0

    def use(self, processor: Processor) -> None:
        """Take another processor, in the middle of a call too."""
        self._processor = processor

    def expect_delay(self, delay_s: float) -> None:
        """Say how long sound takes through both sound cards, as far as their drivers tell."""
        self._try(lambda: self._processor.expect_delay(delay_s))

    def on_played(self, samples: Samples) -> None:
        """Take exactly what goes to the sound card."""
        self._played.write(samples, self._clock())

    def on_captured(self, samples: Samples) -> None:
        """Take what the microphone heard."""
        at_s = self._clock()
        waiting = np.concatenate((self._rest, samples)) if self._rest.size else samples
        whole = waiting.size // FRAME * FRAME
        for begin in range(0, whole, FRAME):
            self._ready.write(self.clean_frame(waiting[begin : begin + FRAME], at_s), at_s)
        self._rest = waiting[whole:].copy()

    def clean_frame(self, frame: Samples, at_s: float) -> Samples:
        played = self._played.read(FRAME, at_s)
        cleaned = frame
        try:
            self._processor.hear(played)
            cleaned = self._processor.clean(frame)
        except VdxError as error:
            _log.warning("the echo canceller stopped: %s", error)
            self._processor = NoProcessor()
        level = Level(loudness(frame), loudness(cleaned), loudness(played))
        self._levels.append(level)
        self._measure(level)
        return cleaned

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except VdxError as error:
            _log.info("%s", error)

    def _measure(self, level: Level) -> None:
        """Compare heard and sent while the others speak; our own voice in it makes the figure too low, never high."""
        if level.played >= ACTIVE_RMS and level.heard > 0:
            self._heard_power += 0.01 * (level.heard**2 - self._heard_power)
            self._left_power += 0.01 * (level.sent**2 - self._left_power)

    def read(self, count: int) -> Samples:
        """Return the next samples to send; silence while there are none."""
        return self._ready.read(count, self._clock())

    def take_levels(self) -> list[Level]:
        """Return the levels since the last time, the newest last."""
        found = []
        while self._levels:
            found.append(self._levels.popleft())
        return found

    @property
    def echo(self) -> EchoState:
        """How the echo canceller does."""
        loss = 10 * float(np.log10(self._heard_power / max(self._left_power, 0.1))) if self._heard_power else None
        return EchoState(self._processor.cancels_echo, loss, self._played.stretch * 1e6, self._played.gaps)
