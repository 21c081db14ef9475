"""Congestion control of one connection, both ways: what leaves goes through one outlet, what comes is told of.

Made with the connection, before its offer. ``agree`` takes what the answer says, ``run`` does the work while it is up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from vdx_plugin.media import aiortc_hooks as hooks
from vdx_plugin.media.encoders import encoder_for
from vdx_plugin.media.picture_sender import PictureSender
from vdx_plugin.media.rate.ladder import SLIDES, Rung
from vdx_plugin.media.rate.outlet import HEADER_SHARE, SOUND_BPS, Outlet
from vdx_plugin.media.rate.remb import Remb
from vdx_plugin.media.rate.reporting import Reporter
from vdx_plugin.media.sdp import TRANSPORT_CC_URI
from vdx_plugin.media.sound_sender import SoundSender
from vdx_plugin.runtime import Tasks

HEADERS_BYTES = 80
"""RTP with its extensions, SRTP, UDP and IPv4."""


def _ignore(_: Rung) -> None:
    """Slides are sent at any rate."""


class Congestion:
    """Puts our senders into a connection's lines. ``on_pictures`` hears when none can be sent, and when one can."""

    def __init__(self, connection: Any, on_pictures: Callable[[bool], None]) -> None:
        self._connection = connection
        self._on_pictures = on_pictures
        self._had_pictures = True
        self._is_agreed = False
        self.outlet = Outlet(connection.wire.send)
        self._reporter: Reporter | None = None
        self._remb = Remb()
        self._tasks = Tasks()
        for transceiver in connection.getTransceivers():
            hooks.use_sender(transceiver, self._sender(transceiver))
            hooks.silence_estimator(transceiver.receiver)

    def rtt_s(self) -> float | None:
        """Return the round trip that the peer's reports tell of, None while there are none."""
        return self.outlet.estimate.rtt_s

    def _sender(self, transceiver: Any) -> Any:
        transport = transceiver.sender.transport
        if transceiver.kind == "audio":
            return SoundSender(transport, self.outlet)
        is_first = all(each.kind != "video" for each in self._before(transceiver))
        if is_first:
            return PictureSender(transport, self.outlet, self._on_rung)
        return PictureSender(transport, self.outlet, _ignore, rungs=SLIDES)

    def _before(self, transceiver: Any) -> list[Any]:
        every = self._connection.getTransceivers()
        return list(every[: every.index(transceiver)])

    def _on_rung(self, rung: Rung) -> None:
        if rung.has_pictures is not self._had_pictures:
            self._had_pictures = rung.has_pictures
            self._on_pictures(rung.has_pictures)

    def agree(self, numbers: Mapping[str, int], limits_bps: Mapping[str, int]) -> None:
        """Take the ids under which packets are numbered, by mid, and what the peer takes at most of each line."""
        for transceiver in self._connection.getTransceivers():
            if transceiver.mid in numbers:
                hooks.add_header_extension(transceiver, numbers[transceiver.mid], TRANSPORT_CC_URI)
            if transceiver.sender.encoder is None and transceiver.currentDirection not in (None, "inactive"):
                codec = hooks.first_codec(transceiver)
                transceiver.sender.encoder = encoder_for(codec) or hooks.stock_encoder(transceiver)
        self._limit(limits_bps)
        if self._is_agreed:
            return
        self._is_agreed = True
        if numbers:
            self._number_packets()
        else:
            self._connection.wire.on_packet = self._estimate

    def _limit(self, limits_bps: Mapping[str, int]) -> None:
        """Keep each line, and all of them together, to what the peer said."""
        videos = [each for each in self._connection.getTransceivers() if each.kind == "video" and each.mid]
        for transceiver in videos:
            transceiver.sender.limit_bps = limits_bps.get(transceiver.mid, float("inf"))
        main = limits_bps.get(videos[0].mid) if videos else None
        if main is not None:
            rest_bps = sum(limits_bps.get(each.mid, 0) for each in videos[1:])
            self.outlet.estimate.limit((main + rest_bps) / HEADER_SHARE + SOUND_BPS)

    def begin_again(self) -> None:
        """The line is back after it was gone: send as at the start of a call, instead of creeping up from nothing."""
        self.outlet.estimate.begin_again()
        for transceiver in self._connection.getTransceivers():
            if transceiver.kind == "video":
                transceiver.sender.begin_again()

    @property
    def _own_ssrc(self) -> int:
        return int(self._connection.getTransceivers()[0].sender._ssrc)

    def _number_packets(self) -> None:
        wire = self._connection.wire
        self.outlet.has_feedback = True
        self._reporter = reporter = Reporter(self._own_ssrc, wire.send)
        wire.on_feedback = self.outlet.take_feedback

        def note(packet: Any) -> None:
            number = packet.extensions.transport_sequence_number
            if number is not None:
                reporter.take(number, packet.arrived_s, ssrc=packet.ssrc, size=_size(packet))

        wire.on_packet = note

    def _estimate(self, packet: Any) -> None:
        """Tell a sender of pictures that understands nothing else what the line takes."""
        stamp = packet.extensions.abs_send_time
        bps = None if stamp is None else self._remb.take(stamp, _size(packet), packet.arrived_s)
        if bps is not None:
            remb = hooks.remb(bps, own_ssrc=self._own_ssrc, ssrc=packet.ssrc)
            self._tasks.spawn(self._tell(remb), "media-remb")

    async def _tell(self, data: bytes) -> None:
        with suppress(ConnectionError):
            await self._connection.wire.send(data)

    async def run(self) -> None:
        """Send and tell until cancelled or the connection is gone."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.outlet.run(), name="media-outlet")
            if self._reporter is not None:
                group.create_task(self._reporter.run(), name="media-feedback")

    async def close(self) -> None:
        """Nothing is told any more."""
        await self._tasks.close()


def _size(packet: Any) -> int:
    return len(packet.payload) + int(packet.padding_size) + HEADERS_BYTES
