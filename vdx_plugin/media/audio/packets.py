"""Sound as it comes from the line, and as it waits to be played."""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.media.audio.opus_packet import OpusPacket


@dataclass(frozen=True, slots=True)
class SoundPacket:
    """An RTP packet of Opus; ``arrived_s`` of any steady clock."""

    ssrc: int
    sequence: int
    timestamp: int
    payload: bytes
    arrived_s: float


@dataclass(frozen=True, slots=True)
class Unit:
    """A packet in its place: sequence and start (samples) go on without wrapping round.

    ``run`` tells streams apart: what belongs to another one has nothing to do with what was played before.
    """

    run: int
    sequence: int
    start: int
    opus: OpusPacket
    payload: bytes
    arrived_s: float

    @property
    def end(self) -> int:
        return self.start + self.opus.samples


@dataclass(frozen=True, slots=True)
class Schedule:
    """When sound is due. Sample 0 is played best at ``origin_s + target_s``."""

    origin_s: float = 0.0
    """When sample 0 came, or would have come, on the fastest way."""
    target_s: float = 0.04
    patience_s: float = 0.02
    """What is later than this after its time is most likely lost."""
