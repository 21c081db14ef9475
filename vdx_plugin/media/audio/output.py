"""Where the sound of a call comes out: pulled by the sound card, or by a thread of ours while no card does.

So the same way is always gone, with a speaker and without one, and what is counted is the same. Decoding happens as a
card asks: it takes some 40 microseconds of the 10 milliseconds there are, and a queue in between would cost more delay
than it could save.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from vdx_plugin.media.audio.counting import SoundCounts
from vdx_plugin.media.audio.receiving import SoundReceiver
from vdx_plugin.media.sound import RATE_HZ, Samples, is_audible, silence

BLOCK = RATE_HZ // 100
CARD_GONE_S = 0.15
LATE_S = 0.2


class SoundOutput:
    """One for a call, whatever becomes of its paths and speakers. ``fill`` gives the card its samples."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._receiver: SoundReceiver | None = None
        self._pull: _Pull | None = None
        self._card_s = float("-inf")
        self.counts = SoundCounts()

    def fill(self, count: int) -> Samples:
        """Return the next samples. Called on the sound card's thread."""
        self._card_s = self._clock()
        return self._next(count)

    def attach(self, receiver: SoundReceiver) -> None:
        """Let this receiver be heard from now on."""
        self._receiver = receiver
        if self._pull is None:
            self._pull = _Pull(self._pull_block)

    def detach(self, receiver: SoundReceiver) -> None:
        """Silence, if it is this receiver that is heard. Nothing of ours runs then."""
        if self._receiver is receiver:
            self._receiver = None
            pull, self._pull = self._pull, None
            if pull is not None:
                pull.close()

    def _pull_block(self) -> float:
        """Take a block if no card does; return how many seconds later to come again."""
        if self._clock() - self._card_s < CARD_GONE_S:
            return CARD_GONE_S
        self._next(BLOCK)
        return BLOCK / RATE_HZ

    def _next(self, count: int) -> Samples:
        # Two threads meet here only when a card comes or goes.
        with self._guard:
            receiver = self._receiver
            if receiver is None:
                return silence(count)
            samples = receiver.read(count, self._clock())
            if is_audible(samples):
                self.counts.audible += count
            return samples


class _Pull:
    """A thread that calls ``step`` as often as that says, and makes up for coming late."""

    def __init__(self, step: Callable[[], float]) -> None:
        self._step = step
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="media-sound-clock", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._ended.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s, time.monotonic() - LATE_S) + self._step()

    def close(self) -> None:
        """End it; what it does at the moment takes less than a millisecond."""
        self._ended.set()
        self._thread.join()
