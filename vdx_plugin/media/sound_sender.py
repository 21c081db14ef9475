"""Our sound on its way out."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from vdx_plugin.media.audio.repeating import Repeating
from vdx_plugin.media.audio.speaking import SpeechEncoder
from vdx_plugin.media.rate.history import History
from vdx_plugin.media.rate.outlet import Outlet, Parcel
from vdx_plugin.media.sender import EncodedFrame, Sender

SILENCE_DBOV = -127


class SoundSender(Sender):
    """Sound: never paced, but counted in the connection's estimate, and repeated where that helps."""

    def __init__(self, transport: Any, outlet: Outlet) -> None:
        super().__init__("audio", transport, outlet)
        self._history: History[Parcel] = History()
        self._repeating = Repeating()

    async def _next_frame(self) -> EncodedFrame | None:
        frame, taken_s = await self.track.recv(), time.monotonic()
        if not self._enabled or self.encoder is None:
            return None
        if isinstance(self.encoder, SpeechEncoder):
            self.encoder.expect_loss(self._outlet.estimate.loss)
            self.encoder.expect_rate(self._outlet.estimate.target_bps)
        # Some 0.2 ms, which is less than going to another thread takes on a busy machine.
        payloads, timestamp = self.encoder.encode(frame)
        return EncodedFrame(payloads, timestamp, taken_s, level_dbov(frame)) if payloads else None

    async def _dispatch(self, packet: Any) -> None:
        parcel = Parcel(packet, self._extensions)
        await self._outlet.send_now(parcel)
        self._history.put(packet.sequence_number, parcel, time.monotonic())

    def _send_again(self, sequences: list[int]) -> None:
        now_s = time.monotonic()
        for sequence in self._repeating.wanted(sequences, now_s, self._rtt_s):
            parcel = self._history.again(sequence, now_s, self._rtt_s or 0.0)
            if parcel is not None:
                self._tasks.spawn(self._outlet.send_now(parcel), "media-audio-again")


def level_dbov(frame: Any) -> int:
    """Return the level of a frame of sound as RFC 6464 has it: 0 is the loudest, -127 silence."""
    samples = frame.to_ndarray().astype(np.float32)
    mean = float(np.sqrt(np.mean(samples * samples))) / 32767 if samples.size else 0.0
    return max(SILENCE_DBOV, min(0, round(20 * float(np.log10(mean))))) if mean > 0 else SILENCE_DBOV
