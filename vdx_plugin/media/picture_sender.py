"""Our pictures on their way out."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import av
from aiortc.rtp import wrap_rtx

from vdx_plugin import log
from vdx_plugin.media.encoders import PictureEncoder
from vdx_plugin.media.rate.history import History, KeyframeGate
from vdx_plugin.media.rate.ladder import RUNGS, Beat, Ladder, Rung, size_on
from vdx_plugin.media.rate.outlet import Outlet, Parcel
from vdx_plugin.media.rate.pacing import Rank
from vdx_plugin.media.sender import EncodedFrame, Sender

_log = log.get("media.send")

TWICE_FROM_LOSS, TWICE_AFTER_S = 0.02, 0.015
"""Repetitions are sent twice from this loss on; what is sent twice, so much later, as losses come in bursts."""
PADDING_BYTES = 240
THIN_BPS = 1_000_000


class PictureSender(Sender):
    """Pictures: sized and timed by the ladder, encoded off the loop, paced, kept for those who miss some.

    ``on_rung`` hears of each change of step, with the rung; on the last one no picture is sent.
    """

    encoder: PictureEncoder | None

    def __init__(
        self, transport: Any, outlet: Outlet, on_rung: Callable[[Rung], None], *, rungs: tuple[Rung, ...] = RUNGS
    ) -> None:
        super().__init__("video", transport, outlet)
        self._on_rung = on_rung
        self._ladder = Ladder(rungs)
        self._beat = Beat()
        self._gate = KeyframeGate()
        self._history: History[Parcel] = History()
        self._rtx_sequence = random.randrange(1 << 15)
        self._load = 0.0
        self._size = (0, 0)
        self.limit_bps = float("inf")
        """What the peer takes of pictures."""

    @property
    def rung(self) -> Rung:
        """Where we stand."""
        return self._ladder.rung

    async def stop(self) -> None:
        self._outlet.close(self)
        await super().stop()

    async def _next_frame(self) -> EncodedFrame | None:
        frame, taken_s = await self.track.recv(), time.monotonic()
        if not self._enabled or self.encoder is None:
            return None
        self._outlet.open(self, self._padding)
        rung = self._step(taken_s)
        if not rung.has_pictures or self._outlet.is_behind or not self._beat.passes(taken_s, rung.fps):
            return None
        return await self._encode(self.encoder, frame, rung, taken_s)

    def begin_again(self) -> None:
        """The line is back after it was gone."""
        before = self._ladder.rung
        self._ladder.begin_again()
        if self._ladder.rung is not before:
            self._on_rung(self._ladder.rung)

    def _step(self, now_s: float) -> Rung:
        before, bps = self._ladder.rung, min(self._outlet.picture_bps, self.limit_bps)
        rung = self._ladder.step(bps, now_s, load=self._load)
        if rung is not before:
            _log.info("pictures of %d lines at %d a second", rung.height, rung.fps)
            self._on_rung(rung)
        if self.encoder is not None and rung.has_pictures:
            self.encoder.target_bitrate = round(min(bps, rung.most_bps))
        return rung

    async def _encode(self, encoder: PictureEncoder, frame: Any, rung: Rung, taken_s: float) -> EncodedFrame | None:
        size = size_on(rung, frame.width, frame.height)
        whole = self._gate.passes(taken_s)
        if size != self._size:
            self._size = size
            self._gate.made(taken_s)
        began_s = time.perf_counter()
        payloads, timestamp = await asyncio.to_thread(_encoded, encoder, frame, size, whole)
        share = (time.perf_counter() - began_s) * rung.fps
        self._load = 0.9 * self._load + 0.1 * share
        return EncodedFrame(payloads, timestamp, taken_s) if payloads else None

    async def _send_frame(self, frame: EncodedFrame) -> None:
        first = self._sequence
        await super()._send_frame(frame)
        if self._outlet.sends_twice:
            sequences = [(first + place) & 0xFFFF for place in range(len(frame.payloads))]
            parcels = [each for each in map(self._history.find, sequences) if each is not None]
            asyncio.get_running_loop().call_later(TWICE_AFTER_S, self._repeat, parcels)

    async def _dispatch(self, packet: Any) -> None:
        parcel = Parcel(packet, self._extensions, partial(self._send_again, [packet.sequence_number]))
        self._history.put(packet.sequence_number, parcel, time.monotonic())
        self._outlet.put(parcel, Rank.PICTURE)

    def _send_again(self, sequences: list[int]) -> None:
        now_s, rtt_s = time.monotonic(), self._rtt_s or 0.0
        parcels = [self._history.again(sequence, now_s, rtt_s) for sequence in sequences]
        found = [parcel for parcel in parcels if parcel is not None]
        self._repeat(found)
        if found and self._outlet.estimate.loss >= TWICE_FROM_LOSS:
            # A repetition that is lost too costs another round trip, which is what is seen as a freeze.
            asyncio.get_running_loop().call_later(TWICE_AFTER_S, self._repeat, found)

    def _repeat(self, parcels: list[Parcel]) -> None:
        for parcel in parcels:
            self._outlet.put(self._again(parcel), Rank.AGAIN)

    def _again(self, parcel: Parcel) -> Parcel:
        """Return what is sent instead: a packet of the stream for repetitions, else the same once more."""
        if self._rtx_payload_type is None:
            return parcel
        sequence, self._rtx_sequence = self._rtx_sequence, (self._rtx_sequence + 1) & 0xFFFF
        payload_type, ssrc = self._rtx_payload_type, self._rtx_ssrc
        wrapped = wrap_rtx(parcel.packet, payload_type=payload_type, sequence_number=sequence, ssrc=ssrc)
        return Parcel(wrapped, self._extensions)

    def _padding(self) -> Parcel | None:
        """Return a packet for a trial: the newest once more, where retransmissions have a stream of their own.

        One of padding alone where that would be too much for a thin line, or there is no such stream; then it stands
        at the end of a picture and takes its place in the sequence (RFC 3550 5.1).
        """
        newest = self._history.newest
        if newest is None:
            return None
        if self._rtx_payload_type is not None:
            again = self._again(newest)
            if self._outlet.estimate.target_bps < THIN_BPS:
                again.packet.payload, again.packet.padding_size = b"", PADDING_BYTES
            return again
        padding = Parcel(self._packet(newest.packet.timestamp, b""), self._extensions)
        padding.packet.padding_size = PADDING_BYTES
        self._history.put(padding.packet.sequence_number, padding, time.monotonic())
        return padding

    def _ask_for_keyframe(self) -> None:
        self._gate.ask()


def _encoded(encoder: PictureEncoder, frame: Any, size: tuple[int, int], whole: bool) -> tuple[list[bytes], int]:
    if (frame.width, frame.height) != size:
        scaled = frame.reformat(width=size[0], height=size[1], format="yuv420p")
        scaled.pts, scaled.time_base = frame.pts, frame.time_base
        frame = scaled
    try:
        return encoder.encode(frame, whole)
    except av.FFmpegError:
        _log.warning("a picture could not be encoded")
        return [], 0
