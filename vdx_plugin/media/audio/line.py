"""The sink of a line of sound: packets in, requests out, and word of the first sound."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from vdx_plugin.media.audio.decoding import sound_decoder
from vdx_plugin.media.audio.output import SoundOutput
from vdx_plugin.media.audio.receiving import SoundReceiver
from vdx_plugin.media.packets import Feedback, MediaPacket, SenderReport
from vdx_plugin.media.sync import LipSync

LOOK_EVERY_S = 0.01


class SoundLine:
    """One line's sound for ``output``. ``on_first`` is called when sound louder than silence was heard."""

    def __init__(self, output: SoundOutput, sync: LipSync, on_first: Callable[[], None]) -> None:
        self._output = output
        self._sync = sync
        self._on_first = on_first
        self._receiver = SoundReceiver(sound_decoder(), output.counts)
        self._feedback: Feedback | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ssrc = 0
        self._was_heard = output.counts.audible > 0

    def begin(self, feedback: Feedback) -> None:
        self._feedback = feedback
        self._output.attach(self._receiver)
        self._look()

    def take(self, packet: MediaPacket) -> None:
        if packet.codec != "OPUS" or self._feedback is None:
            return
        # Of use from now on, and not from when it reached this machine: the loop may have had other things to do.
        self._receiver.take(replace(packet, arrived_s=time.monotonic()), self._feedback.rtt_s)
        arrivals = self._receiver.arrivals
        if arrivals.ssrc != self._ssrc:
            self._ssrc = arrivals.ssrc
            self._sync.sound.restart()
        if packet.ssrc == self._ssrc:
            self._sync.sound.arrived(packet.timestamp, packet.arrived_s)

    def take_report(self, report: SenderReport) -> None:
        if report.ssrc == self._ssrc:
            self._sync.sound.reported(report.ntp_s, report.timestamp)

    def end(self) -> None:
        self._feedback = None
        if self._timer is not None:
            self._timer.cancel()
        self._output.detach(self._receiver)

    def _look(self) -> None:
        """Do a hundred times a second what takes no packet to be due."""
        if self._feedback is None:
            return
        now_s = time.monotonic()
        found = self._receiver.asks(now_s, self._feedback.rtt_s)
        if found:
            self._feedback.nack(self._receiver.arrivals.ssrc, found)
        if self._receiver.player.heard is not None:
            self._sync.sound.played(*self._receiver.player.heard)
        self._receiver.extra_wait_s = self._sync.sound_wait_s
        if not self._was_heard and self._output.counts.audible:
            self._was_heard = True
            self._on_first()
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)
