"""A running call in numbers, for support."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallFigures:
    """What is measured of a call now. Nothing of a patient or of an address; None or empty where nothing is known.

    Shares are 0..1, times milliseconds, rates kilobits a second over the last seconds.
    """

    received_kbps: float | None = None
    sent_kbps: float | None = None
    estimate_kbps: float | None = None
    """What the line is thought to take of ours."""
    loss: float | None = None
    jitter_ms: float | None = None
    rtt_ms: float | None = None
    reconnects: int = 0
    path: str = ""
    """``direct`` or ``relay``."""

    sound_delay_ms: float | None = None
    concealed: float | None = None
    """Share of what was heard that was made up for lost packets."""
    recovered_s: float = 0.0
    """Lost sound that came along in the next packet."""

    video_codec: str = ""
    width: int = 0
    height: int = 0
    fps: float | None = None
    freezes: int = 0
    frozen_s: float = 0.0
    picture_delay_ms: float | None = None
    asked_again: int = 0
    """Packets of pictures that were asked for again."""
    slides_width: int = 0
    slides_height: int = 0
    """Of what others showed last; 0 where nobody has."""
    slides_fps: float = 0.0

    camera: str = ""
    microphone: str = ""
    speaker: str = ""
    cancels_echo: bool = False
    echo_loss_db: float | None = None
    """How much echo is taken off; None while the others have not spoken."""
    drift_ppm: float = 0.0
    """By how much the speaker's clock runs faster than the microphone's."""
