"""Packets of sound in, sound out, in whatever time the caller has.

Two threads meet here, and neither waits for the other: the loop gives packets (``take``) and asks for lost ones
(``asks``), the sound card takes sound (``read``). Between them is one queue with a limit; everything else each side
knows of the other is a single value, read as it is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from vdx_plugin.media.audio.arrivals import Arrivals
from vdx_plugin.media.audio.asking import Asking
from vdx_plugin.media.audio.counting import SoundCounts
from vdx_plugin.media.audio.decoding import SoundDecoder
from vdx_plugin.media.audio.playing import Player
from vdx_plugin.media.audio.units import Unit
from vdx_plugin.media.packets import MediaPacket
from vdx_plugin.media.sound import Samples

MAX_UNTAKEN = 256


class SoundReceiver:
    """One line's sound. Times are of one steady clock; what is counted is added to ``counts``."""

    def __init__(self, decoder: SoundDecoder, counts: SoundCounts | None = None) -> None:
        self.counts = counts or SoundCounts()
        self.arrivals = Arrivals()
        self.player = Player(decoder, self.counts)
        self.extra_wait_s = 0.0
        """What lip sync adds to the delay."""
        self._asking = Asking(self.arrivals, self.counts)
        self._untaken: deque[Unit] = deque(maxlen=MAX_UNTAKEN)

    def take(self, packet: MediaPacket, rtt_s: float | None = None) -> None:
        """Take a packet as it arrives."""
        self._untaken.extend(self.arrivals.take(packet))
        self._asking.learn(self.arrivals.fates, rtt_s)

    def asks(self, at_s: float, rtt_s: float | None = None) -> list[int]:
        """Return the sequence numbers to ask for now."""
        return self._asking.due(at_s, self.player.delay_s, rtt_s)

    def read(self, count: int, at_s: float) -> Samples:
        """Return the next ``count`` samples, which are heard from ``at_s`` on."""
        while self._untaken:
            self.player.put(self._untaken.popleft())
        schedule = self.arrivals.schedule
        target_s = max(schedule.target_s, self._asking.wait_s) + self.extra_wait_s
        return self.player.read(count, at_s, replace(schedule, target_s=target_s))
