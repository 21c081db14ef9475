"""Packets of sound in, sound out, in whatever time the caller has. Pure."""

from __future__ import annotations

from vdx_plugin.media.audio.arrivals import Arrivals
from vdx_plugin.media.audio.asking import Asking
from vdx_plugin.media.audio.decoding import SoundDecoder
from vdx_plugin.media.audio.playing import Player
from vdx_plugin.media.packets import MediaPacket
from vdx_plugin.media.sound import Samples


class SoundReceiver:
    """``take`` packets, ``asks`` for what is missing, ``read`` what is to be heard. Times are of one steady clock."""

    def __init__(self, decoder: SoundDecoder) -> None:
        self.arrivals = Arrivals()
        self.asking = Asking(self.arrivals)
        self.player = Player(decoder)

    def take(self, packet: MediaPacket) -> None:
        for unit in self.arrivals.take(packet):
            self.player.put(unit)
        if self.arrivals.filled is not None:
            self.asking.came(self.arrivals.filled, packet.arrived_s, None)

    def asks(self, at_s: float, rtt_s: float | None = None) -> list[int]:
        """Return the sequence numbers to ask for now."""
        return self.asking.due(at_s, self.player.delay_s, rtt_s)

    def read(self, count: int, at_s: float) -> Samples:
        return self.player.read(count, at_s, self.arrivals.schedule)
