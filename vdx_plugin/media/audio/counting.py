"""What became of the sound of a call, over all its paths. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.media.audio.opus_packet import RATE_HZ


@dataclass(frozen=True, slots=True)
class SoundFigures:
    """Totals of the call in seconds of sound, except where the name says otherwise; ``delay_ms`` is that of now."""

    decoded_s: float = 0.0
    recovered_s: float = 0.0
    """Lost, and taken from the redundancy in the packet after it."""
    concealed_s: float = 0.0
    """Lost or late, and made up."""
    absent_s: float = 0.0
    """Part of ``concealed_s``: gone for so long that there was nothing to make up from, so silence."""
    left_out_s: float = 0.0
    """Lost, and the gap closed instead of filled."""
    stretched_s: float = 0.0
    """By how much sound was made longer or shorter to keep the delay."""
    audible_s: float = 0.0
    """Louder than silence."""
    packets: int = 0
    late: int = 0
    """Packets that came after their time."""
    asked: int = 0
    """Packets asked for again."""
    answered: int = 0
    delay_ms: float = 0.0
    """How long sound waits here so that late packets are in time."""

    @property
    def concealed_share(self) -> float:
        """Return the share of sound that was made up or left out, 0..1; pauses in which nothing came do not count."""
        made_up = self.concealed_s - self.absent_s + self.left_out_s
        heard = self.decoded_s + self.recovered_s + made_up
        return made_up / heard if heard > 0 else 0.0


@dataclass(slots=True)
class SoundCounts:
    """Samples by where they came from, and packets, as they are counted. ``concealed`` has ``silent`` in it."""

    played: int = 0
    decoded: int = 0
    recovered: int = 0
    concealed: int = 0
    silent: int = 0
    left_out: int = 0
    paused: int = 0
    """Stood in for while the sender paused on purpose."""
    shortened: int = 0
    lengthened: int = 0
    audible: int = 0
    packets: int = 0
    late: int = 0
    broken: int = 0
    asked: int = 0
    answered: int = 0
    waited_s: float = 0.0
    """All the time packets waited between arrival and decoding."""
    delay_s: float = 0.0

    def figures(self) -> SoundFigures:
        """Return the counts of now."""
        return SoundFigures(
            decoded_s=self.decoded / RATE_HZ,
            recovered_s=self.recovered / RATE_HZ,
            concealed_s=self.concealed / RATE_HZ,
            absent_s=self.silent / RATE_HZ,
            left_out_s=self.left_out / RATE_HZ,
            stretched_s=(self.shortened + self.lengthened) / RATE_HZ,
            audible_s=self.audible / RATE_HZ,
            packets=self.packets,
            late=self.late,
            asked=self.asked,
            answered=self.answered,
            delay_ms=self.delay_s * 1000,
        )
