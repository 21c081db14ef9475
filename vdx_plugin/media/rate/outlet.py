"""Where everything of one connection leaves: numbered for the whole transport, pictures paced, sound at once.

The shell around ``estimate`` and ``pacing``: it has the clock, and the task that sends.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from vdx_plugin import log
from vdx_plugin.errors import Unreadable
from vdx_plugin.media.rate.estimate import Estimate
from vdx_plugin.media.rate.feedback import unpack
from vdx_plugin.media.rate.pacing import Pacer, Rank

_log = log.get("media.rate")

IDLE_S = 0.05
LEAST_SLEEP_S = 0.002
CARRIED_BYTES = 16 + 28
"""What SRTP, UDP and IPv4 add to a packet."""
SOUND_BPS = 60_000.0
"""What is kept for sound: 32 kbit/s of speech and the headers of fifty packets a second."""
HEADER_SHARE = 0.95
MOST_WAIT_S = 0.25
TWICE_FROM_LOSS, TWICE_UNTIL_LOSS = 0.03, 0.02
TWICE_FROM_REPAIR_S = 0.11
RESTING_S = 2.0
"""A sender that has had no picture for so long leaves its part to the others: nobody shows slides at the moment."""


@dataclass(slots=True, eq=False)
class Parcel:
    """A packet to send, with the map of the header extensions that its line agreed on.

    ``on_lost`` is called where feedback shows that it did not come, which may be before anybody asks for it again.
    ``wire`` is how it left. Sent once more it leaves the same: SRTP makes its key stream of the packet's number
    (RFC 3711 4.1, RFC 7714 8.1), and the same number with another header, a new time in it say, would give away what
    proves packets genuine.
    """

    packet: Any
    extensions: Any
    on_lost: Callable[[], None] | None = None
    wire: bytes | None = None

    @property
    def size(self) -> int:
        return len(self.packet.payload) + int(self.packet.padding_size) + 36 + CARRIED_BYTES


class Outlet:
    """One for each connection. ``run`` as a task while it is up; after that nothing is sent and nothing fails."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]], estimate: Estimate | None = None) -> None:
        self._send = send
        self.estimate = estimate or Estimate()
        self._pacer: Pacer[Parcel] = Pacer(self.estimate.target_bps)
        self._wake = asyncio.Event()
        self._pads: dict[object, tuple[Callable[[], Parcel | None], float]] = {}
        self.has_feedback = False
        """Whether both sides number packets for the transport; without, only the receiver's estimate counts."""
        self.sends_twice = False
        """Whether pictures are to be sent twice: much is lost, and repair on request would come too late."""

    # --- for senders ------------------------------------------------------------------------------------------------

    def open(self, sender: object, pad: Callable[[], Parcel | None]) -> None:
        """A sender has a picture to send; ``pad`` makes a packet that carries nothing new, for trials."""
        self._pads[sender] = (pad, time.monotonic())

    def close(self, sender: object) -> None:
        """It has ended."""
        self._pads.pop(sender, None)

    @property
    def picture_bps(self) -> float:
        """What one sender of pictures may make of them: its part of what sound and repetitions leave."""
        rest_bps = self.estimate.target_bps * (1 - min(0.3, self.estimate.loss)) - SOUND_BPS
        if self.sends_twice:
            rest_bps /= 2
        since_s = time.monotonic() - RESTING_S
        busy = sum(opened_s >= since_s for _, opened_s in self._pads.values())
        return max(0.0, HEADER_SHARE * rest_bps) / max(1, busy)

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that the next picture had better not be made."""
        return self._pacer.wait_s > MOST_WAIT_S

    def put(self, parcel: Parcel, rank: Rank) -> None:
        """Send in turn."""
        self._pacer.put(parcel, parcel.size, rank)
        self._wake.set()

    async def send_now(self, parcel: Parcel) -> None:
        """Send at once: sound."""
        self._pacer.spend(parcel.size, time.monotonic())
        with suppress(ConnectionError):
            await self._leave(parcel, 0)

    # --- what is heard ----------------------------------------------------------------------------------------------

    def take_feedback(self, data: bytes) -> None:
        """Take an RTCP packet of format 15; one that cannot be read counts as lost."""
        try:
            feedback = unpack(data)
        except Unreadable:
            _log.debug("unreadable feedback")
            return
        self.estimate.take_feedback(feedback, time.monotonic())
        self._wake.set()

    def take_remb(self, bps: int) -> None:
        """Take the receiver's estimate."""
        self.estimate.take_remb(float(bps))

    def take_report(self, lost: float, rtt_s: float | None) -> None:
        """Take what a receiver report says of loss and round trip."""
        self.estimate.take_report(lost, rtt_s, time.monotonic())

    # --- sending ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send what is due until cancelled or the connection is gone."""
        try:
            while True:
                await self._send_due()
                await self._sleep()
        except ConnectionError:
            _log.debug("the connection is gone")
        finally:
            self._pacer.clear()

    async def _send_due(self) -> None:
        now_s = time.monotonic()
        self.estimate.tick(now_s)
        self._pacer.set_target(self.estimate.target_bps)
        lossy = self.estimate.loss > (TWICE_UNTIL_LOSS if self.sends_twice else TWICE_FROM_LOSS)
        self.sends_twice = lossy and self.estimate.repair_s > TWICE_FROM_REPAIR_S
        if self.has_feedback and self._pads and not self._pacer.cluster:
            probe = self.estimate.probe(now_s)
            if probe is not None:
                self._pacer.begin(probe)
        while (taken := self._pacer.take(time.monotonic())) is not None:
            await self._leave(*taken)
        await self._pad()

    async def _pad(self) -> None:
        while self._pacer.wants_padding(time.monotonic()):
            parcel = next((made for pad, _ in self._pads.values() if (made := pad()) is not None), None)
            if parcel is None:
                return
            await self._leave(parcel, self._pacer.pad(parcel.size, time.monotonic()))

    async def _leave(self, parcel: Parcel, cluster: int) -> None:
        if parcel.wire is not None:
            await self._send(parcel.wire)
            return
        now_s, packet = time.monotonic(), parcel.packet
        packet.extensions.abs_send_time = int((now_s % 64) * (1 << 18)) & 0xFFFFFF
        if self.has_feedback:
            number = self.estimate.depart(parcel.size, now_s, cluster=cluster, on_lost=parcel.on_lost)
            packet.extensions.transport_sequence_number = number
        parcel.wire = packet.serialize(parcel.extensions)
        await self._send(parcel.wire)

    async def _sleep(self) -> None:
        now_s = time.monotonic()
        due_s = self._pacer.due_s(now_s)
        wait_s = IDLE_S if due_s is None else min(IDLE_S, max(LEAST_SLEEP_S, due_s - now_s))
        if not math.isclose(wait_s, IDLE_S):
            await asyncio.sleep(wait_s)
            return
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
