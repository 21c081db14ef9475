"""Sound as it waits to be played, and when it is due. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.media.audio.opus_packet import RATE_HZ, OpusPacket


@dataclass(frozen=True, slots=True)
class Unit:
    """A packet in its place: sequence and start (in samples) go on without wrapping round.

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
    """When sound is due: sample 0 is best played at ``origin_s + target_s``."""

    origin_s: float = 0.0
    """When sample 0 came, or would have come, on the fastest way."""
    target_s: float = 0.04
    patience_s: float = 0.02
    """What is later than this after its time is most likely lost."""

    def lateness_s(self, sample: int, at_s: float) -> float:
        """Return how long after its fastest arrival a sample is at ``at_s``."""
        return at_s - self.origin_s - sample / RATE_HZ
