"""A voice on a line with a given fate for each packet, and what our receiver makes of it, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np

from vdx_plugin.media.audio import libopus
from vdx_plugin.media.audio.decoding import sound_decoder
from vdx_plugin.media.audio.playing import STEP
from vdx_plugin.media.audio.receiving import SoundReceiver
from vdx_plugin.media.packets import MediaPacket
from vdx_plugin.media.sound import BLOCK, RATE_HZ, Samples, SpeechLoop

Fate = Callable[[int], float | None]
"""Says of the nth packet how many seconds it is under way, None if it is lost."""

PACKET_S = BLOCK / RATE_HZ
SEQUENCE, TIMESTAMP = 65_500, 2**32 - 48_000
"""Both wrap round within the first second."""
FIRST_S = 100.0


LONGEST = 1500


def encoded(count: int) -> tuple[bytes, ...]:
    """Return so many packets of babble, encoded with redundancy."""
    return _all_encoded()[:count]


@lru_cache(maxsize=1)
def _all_encoded() -> tuple[bytes, ...]:
    encoder, voice = libopus.LibopusEncoder(libopus.library(), 32_000, 10), SpeechLoop()
    return tuple(encoder.encode(voice.read(BLOCK)) for _ in range(LONGEST))


def packet(number: int, arrived_s: float, payload: bytes, *, ssrc: int = 7, jump: int = 0) -> MediaPacket:
    """Return the nth packet of a stream."""
    sequence, timestamp = (SEQUENCE + number) % 2**16, (TIMESTAMP + number * BLOCK + jump) % 2**32
    return MediaPacket(ssrc, sequence, timestamp, False, payload, "OPUS", RATE_HZ, arrived_s)


def sent_s(number: int) -> float:
    return FIRST_S + number * PACKET_S


class Call:
    """Packets that arrive at their times, and a sound card that takes 10 ms at a time from ``FIRST_S`` on."""

    def __init__(self, receiver: SoundReceiver | None = None) -> None:
        self.receiver = receiver or SoundReceiver(sound_decoder())
        self.heard: list[Samples] = []
        self.delays_ms: list[int] = []
        self._arrivals: list[tuple[float, int, MediaPacket]] = []

    def add(self, packets: Iterable[MediaPacket]) -> None:
        self._arrivals += [(one.arrived_s, len(self._arrivals), one) for one in packets]

    def send(self, count: int, fate: Fate) -> None:
        """Let ``count`` packets of babble meet their fate."""
        for number, payload in enumerate(encoded(count)):
            way_s = fate(number)
            if way_s is not None:
                self.add([packet(number, sent_s(number) + way_s, payload)])

    def play(self, seconds: float, card_s: float = FIRST_S + 0.0037) -> Call:
        """Run from the beginning for so long."""
        self._arrivals.sort()
        for step in range(round(seconds * RATE_HZ / STEP)):
            at_s = card_s + step * STEP / RATE_HZ
            while self._arrivals and self._arrivals[0][0] <= at_s:
                self.receiver.take(self._arrivals.pop(0)[2])
            self.heard.append(self.receiver.read(STEP, at_s))
            self.delays_ms.append(round(1000 * self.receiver.player.delay_s))
        return self

    @property
    def sound(self) -> Samples:
        return np.concatenate(self.heard)
