"""The streams of one participant's call, each way, and what is counted of them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtpPacket

from vdx_plugin.sandbox.pexip.sdp import Line
from vdx_plugin.sandbox.pexip.streams import GapWatch, History, KeyFrameGate, Renumberer

KINDS = ("audio", "video", "slides")
PICTURES = ("video", "slides")
KEY_FRAME_INTERVAL_S = 0.5
FRAME_TICKS = 960


@dataclass
class MediaCount:
    """What has passed for one kind; ``frames`` counts marked packets, so for pictures complete frames."""

    received_packets: int = 0
    received_frames: int = 0
    sent_packets: int = 0
    sent_frames: int = 0
    sent_bytes: int = 0
    resent_packets: int = 0

    def note_sent(self, packet: RtpPacket) -> None:
        """Count a packet that goes out."""
        self.sent_packets += 1
        self.sent_frames += packet.marker
        self.sent_bytes += len(packet.payload)


@dataclass
class Incoming:
    """One stream from the participant."""

    ssrc: int
    clock_rate: int
    gaps: GapWatch = field(default_factory=GapWatch)
    report: Any = None
    report_at: float = 0.0
    statistics: Any = None
    codec: str = ""

    def __post_init__(self) -> None:
        self.statistics = StreamStatistics(self.clock_rate)


@dataclass
class KeyFrameRequests:
    """Whole pictures wanted of the participant, not asked for more often than it can make them."""

    wanted: bool = False
    asked_at: float = float("-inf")

    def due(self, *, at: float) -> bool:
        """Whether to ask now; counts as asked."""
        if not self.wanted or at - self.asked_at < KEY_FRAME_INTERVAL_S:
            return False
        self.wanted, self.asked_at = False, at
        return True


class Outgoing:
    """One stream to the participant, made of whatever source is theirs at the moment."""

    def __init__(self, line: Line, clock_rate: int) -> None:
        self.ssrc = secrets.randbits(32)
        self.mid = line.mid
        self.take(line)
        self.history = History()
        self.gate = KeyFrameGate()
        # The lower half, since SRTP cannot tell an early wrap-around from a late packet (RFC 3711 3.3.1).
        self.numbers = Renumberer(
            clock_rate=clock_rate,
            first_sequence=secrets.randbelow(32768),
            first_timestamp=secrets.randbits(32),
            # Two sounds must not lie over each other where one source follows another.
            shortest_step=FRAME_TICKS if line.kind == "audio" else 1,
        )

    def take(self, line: Line) -> None:
        """Go on as another offer wants it."""
        self.wanted = line.wants
        self.sends = line.direction in ("sendrecv", "sendonly")
        self.preferred = line.codecs[0]
        self.max_bps = line.max_kbps * 1000
        self.codecs = {codec.name: codec for codec in line.codecs}
