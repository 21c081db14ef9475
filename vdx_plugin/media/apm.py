"""Echo, noise and loudness of our own sound: libwebrtc's audio processing from the ``livekit`` wheel, or nothing.

The wheel is a client of another service; only its processing of raw frames is used, and no server is spoken to. It is
imported when the first call opens: that takes some 200 ms, so off the loop, and leaves three idle threads of the
library's own until the program ends.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from vdx_plugin import log
from vdx_plugin.errors import Unsupported
from vdx_plugin.media.sound import RATE_HZ, Samples

_log = log.get("media.apm")

FRAME = RATE_HZ // 100
"""Samples of one frame: 10 ms, the only length the processing takes."""


class Processor(Protocol):
    """Takes frames of ``FRAME`` samples. ``hear`` and ``clean`` may be called by two threads."""

    @property
    def cancels_echo(self) -> bool: ...

    def hear(self, frame: Samples) -> None:
        """Take what goes to the speaker now."""
        ...

    def clean(self, frame: Samples) -> Samples:
        """Return a frame of the microphone without echo and noise. Raises Unsupported(``media.no_canceller``)."""
        ...

    def expect_delay(self, delay_s: float) -> None:
        """Say how long after ``hear`` its echo comes to ``clean``, roughly; it is found without, only later."""
        ...


class NoProcessor:
    """The microphone as it is: for headsets, or where the library cannot be loaded."""

    cancels_echo = False

    def hear(self, frame: Samples) -> None:
        pass

    def clean(self, frame: Samples) -> Samples:
        return frame

    def expect_delay(self, delay_s: float) -> None:
        pass


class WebrtcProcessor:
    """libwebrtc's echo canceller (AEC3), noise suppression, high-pass filter and gain control."""

    cancels_echo = True

    def __init__(self, *, noise_suppression: bool = True, gain_control: bool = True) -> None:
        """Raises Unsupported(``media.no_canceller``) where the library is missing or does not fit the system."""
        try:
            from livekit import rtc
        except (ImportError, OSError) as error:
            raise Unsupported("media.no_canceller", type(error).__name__) from error
        # It tells of its own start, which is nobody's news.
        logging.getLogger("livekit").setLevel(logging.ERROR)
        try:
            self._apm: Any = rtc.AudioProcessingModule(
                echo_cancellation=True,
                noise_suppression=noise_suppression,
                high_pass_filter=True,
                auto_gain_control=gain_control,
            )
        except (ImportError, OSError, RuntimeError) as error:
            raise Unsupported("media.no_canceller", type(error).__name__) from error
        self._heard, self._cleaned = _Frame(rtc), _Frame(rtc)

    def hear(self, frame: Samples) -> None:
        self._heard.samples[:] = frame
        _run(self._apm.process_reverse_stream, self._heard.frame)

    def clean(self, frame: Samples) -> Samples:
        self._cleaned.samples[:] = frame
        _run(self._apm.process_stream, self._cleaned.frame)
        return self._cleaned.samples.copy()

    def expect_delay(self, delay_s: float) -> None:
        _run(self._apm.set_stream_delay_ms, max(0, min(500, round(delay_s * 1000))))


def load_canceller() -> None:
    """Read the library, if it is there, so that the first call does not wait for it."""
    try:
        importlib.import_module("livekit.rtc")
    except (ImportError, OSError) as error:
        _log.info("no echo canceller (%s)", type(error).__name__)


class _Frame:
    """One frame in memory that the library works on in place, and the same memory as numbers."""

    def __init__(self, rtc: Any) -> None:
        memory = bytearray(2 * FRAME)
        self.frame = rtc.AudioFrame(memory, RATE_HZ, 1, FRAME)
        self.samples: Samples = np.frombuffer(memory, dtype=np.int16)


def _run(work: Callable[[Any], object], what: object) -> None:
    try:
        work(what)
    except RuntimeError as error:
        raise Unsupported("media.no_canceller", "the library refused a frame") from error
