"""The sink of a line of pictures: packets in, pictures to show out, each at its time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from vdx_plugin.media.packets import Feedback, MediaPacket, SenderReport
from vdx_plugin.media.sync import LipSync
from vdx_plugin.media.video.assembly import CodedPicture
from vdx_plugin.media.video.decoder import Decoder
from vdx_plugin.media.video.figures import PictureTally
from vdx_plugin.media.video.playout import PlayoutDelay
from vdx_plugin.media.video.reception import Reception

MAX_HELD = 30
"""Decoded pictures that wait for their time."""
_EARLY_S = 0.001


class PictureReceiver:
    """One line's pictures. ``show`` gets each ``av.VideoFrame`` when it is due; of several due at once, the newest.

    ``sync`` holds pictures back to their sound; a line without sound, such as slides, has none.
    """

    def __init__(self, show: Callable[[Any], None], tally: PictureTally, sync: LipSync | None = None) -> None:
        self._show = show
        self._tally = tally
        self._sync = sync
        self._reception = Reception()
        self._playout = PlayoutDelay()
        self._decoder = Decoder(self._on_decoded, self._on_failed)
        self._held: deque[tuple[float, Any]] = deque()
        self._feedback: Feedback | None = None
        self._asking: asyncio.TimerHandle | None = None
        self._showing: asyncio.TimerHandle | None = None
        self._streams = self._given_up = 0
        self._is_over = False

    # --- the line's side --------------------------------------------------------------------------------------------

    def begin(self, feedback: Feedback) -> None:
        self._feedback = feedback
        self._decoder.start()

    def take(self, packet: MediaPacket) -> None:
        if self._feedback is None or self._is_over:
            return
        rtt_s = self._feedback.rtt_s
        self._reception.set_rtt(rtt_s)
        self._playout.set_line(rtt_s, self._reception.loss)
        pictures = self._reception.take(packet)
        self._note_stream()
        if self._sync is not None and not packet.is_retransmission:
            self._sync.picture.arrived(packet.timestamp, packet.arrived_s)
        for picture in pictures:
            self._hand_over(picture)
        self._watch()

    def take_report(self, report: SenderReport) -> None:
        if self._sync is not None and report.ssrc == self._reception.ssrc:
            self._sync.picture.reported(report.ntp_s, report.timestamp)

    def end(self) -> None:
        self._is_over = True
        self._decoder.close()
        self._held.clear()
        for timer in (self._asking, self._showing):
            if timer is not None:
                timer.cancel()

    async def closed(self) -> None:
        """Wait, after ``end``, until nothing of it is left running."""
        await self._decoder.closed()

    def _note_stream(self) -> None:
        if self._reception.streams == self._streams:
            return
        self._streams = self._reception.streams
        self._playout.restart()
        if self._sync is not None:
            self._sync.picture.restart()

    # --- from packets to pictures -----------------------------------------------------------------------------------

    def _hand_over(self, picture: CodedPicture) -> None:
        wait_s = 0.0 if self._sync is None else self._sync.picture_wait_s
        due_s = self._playout.due_s(picture.timestamp, picture.completed_s, wait_s)
        self._tally.delay_s = self._playout.delay_s + wait_s
        if self._sync is not None:
            self._sync.picture.played(picture.timestamp % (1 << 32), due_s)
            self._sync.step(picture.completed_s)
        if not self._decoder.offer(picture, due_s):
            self._on_failed()

    def _on_decoded(self, frame: Any, picture: CodedPicture, due_s: float) -> None:
        if self._is_over:
            return
        now_s = time.monotonic()
        self._reception.decoded(now_s, is_key=picture.is_key)
        self._tally.decoded(now_s, frame.width, frame.height, is_key=picture.is_key)
        self._held.append((due_s, frame))
        if len(self._held) > MAX_HELD:
            self._held.popleft()
        self._show_due()

    def _on_failed(self) -> None:
        if not self._is_over:
            self._reception.failed()
            self._watch()

    # --- showing ----------------------------------------------------------------------------------------------------

    def _show_due(self) -> None:
        now_s, newest = time.monotonic(), None
        while self._held and self._held[0][0] <= now_s + _EARLY_S:
            newest = self._held.popleft()[1]
        if newest is not None:
            self._tally.shown(now_s)
            self._show(newest)
        if self._showing is not None:
            self._showing.cancel()
            self._showing = None
        if self._held:
            self._showing = asyncio.get_running_loop().call_at(self._held[0][0], self._show_due)

    # --- asking -----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Be back when there is something to ask for."""
        self._tally.given_up += self._reception.given_up - self._given_up
        self._given_up = self._reception.given_up
        next_s, timer = self._reception.next_s, self._asking
        if next_s == float("inf") or (timer is not None and timer.when() <= next_s):
            return
        if timer is not None:
            timer.cancel()
        self._asking = asyncio.get_running_loop().call_at(next_s, self._ask)

    def _ask(self) -> None:
        self._asking = None
        requests = self._reception.tick(time.monotonic())
        if requests is not None and self._feedback is not None:
            if requests.again:
                self._feedback.nack(requests.ssrc, requests.again)
            if requests.keyframe:
                self._feedback.pli(requests.ssrc)
            self._tally.asked_again += len(requests.again)
            self._tally.asked_keyframes += requests.keyframe
        self._watch()
