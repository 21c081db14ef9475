"""What became of the pictures of a call, over all its paths. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from vdx_plugin.media.video.freezes import Freezes

_RATE_OVER_S = 1.0
_MAX_TIMES = 240


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """Totals of the call; ``fps``, ``delay_ms`` and the size are those of now."""

    decoded: int = 0
    keyframes: int = 0
    fps: float = 0.0
    """Pictures decoded in the last second."""
    freezes: int = 0
    """As Chromium counts them."""
    frozen_s: float = 0.0
    delay_ms: float = 0.0
    """How long pictures wait so that late ones do not stop the movement, with what lip sync adds."""
    asked_again: int = 0
    """Packets, each as often as it was asked for."""
    asked_keyframes: int = 0
    given_up: int = 0
    """How often what was missing was given up for a new key picture."""
    width: int = 0
    height: int = 0


class PictureTally:
    """Counts. One lasts for the whole call, so that a gap between two paths is a freeze too."""

    def __init__(self) -> None:
        self._freezes = Freezes()
        self._times: deque[float] = deque(maxlen=_MAX_TIMES)
        self._decoded = self._keyframes = self._width = self._height = 0
        self.asked_again = self.asked_keyframes = self.given_up = 0
        self.delay_s = 0.0

    def decoded(self, at_s: float, width: int, height: int, *, is_key: bool) -> None:
        """A picture came out of the decoder."""
        self._decoded += 1
        self._keyframes += is_key
        self._width, self._height = width, height
        self._times.append(at_s)

    def shown(self, at_s: float) -> None:
        """A picture was handed on to be painted."""
        self._freezes.shown(at_s)

    def figures(self, at_s: float) -> PictureFigures:
        """Return the counts of now."""
        return PictureFigures(
            decoded=self._decoded,
            keyframes=self._keyframes,
            fps=sum(1 for each in self._times if each > at_s - _RATE_OVER_S) / _RATE_OVER_S,
            freezes=self._freezes.count,
            frozen_s=self._freezes.frozen_s,
            delay_ms=self.delay_s * 1000,
            asked_again=self.asked_again,
            asked_keyframes=self.asked_keyframes,
            given_up=self.given_up,
            width=self._width,
            height=self._height,
        )
