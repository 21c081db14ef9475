"""What is measured of a call, over all its paths: the line each second, and everything there is for support."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vdx_plugin.domain.measures import LineFigures
from vdx_plugin.media.line import Counts, LineWatch
from vdx_plugin.media.local_media import LocalFigures
from vdx_plugin.media.players import Received
from vdx_plugin.media.traffic import Traffic
from vdx_plugin.media.video.figures import PictureFigures
from vdx_plugin.ports import CallEvent, CallFigures

if TYPE_CHECKING:
    from vdx_plugin.media.path import MediaPath

COUNT_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class JoinTimings:
    """Where the time of joining went, in milliseconds; None for what has not happened."""

    token_ms: int | None = None
    """Token and first roster."""
    devices_ms: int | None = None
    offer_ms: int | None = None
    answer_ms: int | None = None
    connect_ms: int | None = None
    """ICE and DTLS."""
    first_video_ms: int | None = None
    """From ``start_media`` on, as the next."""
    first_audio_ms: int | None = None


class Measured:
    """``on_event`` hears of the line's changes. Times are seconds of the steady clock."""

    def __init__(self, on_event: Callable[[CallEvent], None]) -> None:
        self._on_event = on_event
        self._watch = LineWatch()
        self._traffic = Traffic()
        self._counted_s = 0.0
        self.counts = Counts()

    def restart(self) -> None:
        """A new path counts from zero."""
        self._watch.restart()

    def is_due(self, at_s: float) -> bool:
        """Whether it is time to count again."""
        return at_s - self._counted_s >= COUNT_EVERY_S

    async def count(self, path: MediaPath, at_s: float, *, expected: bool) -> None:
        """Read the path's counters. ``expected`` says that somebody else has media, so that silence is a fault."""
        self._counted_s = at_s
        self.counts = await path.counts()
        self._traffic.tick(at_s, self.counts)
        change = self._watch.tick(at_s, self.counts, expected=expected)
        if change is not None:
            self._on_event(change)

    def lose(self) -> None:
        """The path is known to be broken; told once."""
        if not self._watch.is_lost:
            self._on_event(self._watch.lose())

    @property
    def two_way_s(self) -> float:
        """Seconds during which media came in and went out."""
        return self._watch.two_way_s

    def figures(self, received: Received, reconnects: int) -> LineFigures:
        """Return the quality so far."""
        return self._watch.figures(
            width=received.width or None,
            height=received.height or None,
            fps=received.picture.fps,
            reconnects=reconnects,
        )

    def now(self, path: MediaPath | None, received: Received, local: LocalFigures, reconnects: int) -> CallFigures:
        """Return what is measured now."""
        slides = path.slides_seen if path is not None else PictureFigures()
        return CallFigures(
            received_kbps=self._traffic.received_kbps,
            sent_kbps=self._traffic.sent_kbps,
            estimate_kbps=path.estimate_kbps if path is not None else None,
            loss=self._watch.loss,
            jitter_ms=self.counts.jitter_ms,
            reconnects=reconnects,
            path=path.way if path is not None else "",
            sound_delay_ms=received.sound.delay_ms if received.sound.packets else None,
            concealed=received.sound.concealed_share if received.sound.packets else None,
            recovered_s=received.sound.recovered_s,
            video_codec=path.video_codec if path is not None else "",
            width=received.width,
            height=received.height,
            fps=received.picture.fps,
            freezes=received.picture.freezes,
            frozen_s=received.picture.frozen_s,
            picture_delay_ms=received.picture.delay_ms,
            asked_again=received.picture.asked_again,
            slides_width=slides.width,
            slides_height=slides.height,
            slides_fps=slides.fps,
            camera=local.camera,
            microphone=local.microphone,
            speaker=local.speaker,
            cancels_echo=local.echo.is_on,
            echo_loss_db=local.echo.return_loss_db,
            drift_ppm=local.echo.drift_ppm,
        )
