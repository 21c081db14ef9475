"""Is this workplace ready for a call? Camera, microphone and speaker for a moment, and the line by a real test call.

Nothing that is seen or heard is kept, and nobody hears a tone: this may run by itself in the morning.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from vdx_plugin import log
from vdx_plugin.errors import VdxError
from vdx_plugin.media.devices import Devices
from vdx_plugin.media.line import quality_of
from vdx_plugin.media.sound import Samples, loudness, silence
from vdx_plugin.media.testcard import PictureFormat
from vdx_plugin.media.watchers import DEAD_RMS
from vdx_plugin.ports import Call, CallFigures, CheckedPart, CheckFinding, LineQuality, MediaChoice

_log = log.get("media.check")

CAMERA_WAIT_S = 5.0
LISTEN_S = 1.5
LINE_WAIT_S = 6.0
LINE_SPAN_S = 4.0
WEAK_KBPS = 150.0
"""Below it there is hardly a picture (``rate.ladder``); a test call is too short to tell finer."""
DEVICES = (CheckedPart.CAMERA, CheckedPart.MICROPHONE, CheckedPart.SPEAKER)


@dataclass(frozen=True, slots=True)
class LineFound:
    """What a test call showed."""

    problem: str = ""
    figures: CallFigures | None = None


async def check_devices(devices: Devices, choice: MediaChoice, picture: PictureFormat) -> tuple[CheckFinding, ...]:
    """Open each device as a call would, all at once."""
    found = await asyncio.gather(
        asyncio.to_thread(_camera_problem, devices, choice, picture),
        asyncio.to_thread(_microphone_problem, devices, choice),
        asyncio.to_thread(_speaker_problem, devices, choice),
    )
    return tuple(CheckFinding(part, problem) for part, problem in zip(DEVICES, found, strict=True))


def _camera_problem(devices: Devices, choice: MediaChoice, picture: PictureFormat) -> str:
    if choice.use_test_card:
        return ""
    name = choice.camera or next(iter(devices.names().cameras), None)
    if name is None:
        return "media.no_camera"
    until_s = time.monotonic() + CAMERA_WAIT_S
    pictures = devices.open_camera(name, picture)
    try:
        next(pictures)
    except (VdxError, StopIteration):
        return "media.no_camera"
    finally:
        with suppress(AttributeError):
            pictures.close()  # type: ignore[attr-defined]  # a generator frees the camera by it
    return "" if time.monotonic() < until_s else "media.no_camera"


def _microphone_problem(devices: Devices, choice: MediaChoice) -> str:
    if choice.use_test_card:
        return ""
    loudest = [0.0]

    def listen(samples: Samples) -> None:
        loudest[0] = max(loudest[0], loudness(samples))

    try:
        stream = devices.open_microphone(choice.microphone, listen)
    except VdxError as error:
        return error.code
    time.sleep(LISTEN_S)
    stream.close()
    return "" if loudest[0] > DEAD_RMS else "media.silent_microphone"


def _speaker_problem(devices: Devices, choice: MediaChoice) -> str:
    if choice.use_test_card and choice.speaker is None:
        return ""
    try:
        devices.open_speaker(choice.speaker, silence).close()
    except VdxError as error:
        return error.code
    return ""


async def check_line(
    enter: Callable[[], Awaitable[Call]], wait: Callable[[float], Awaitable[object]] = asyncio.sleep
) -> LineFound:
    """Make a test call that sends back what it gets, and judge the line by it. Takes ten seconds at most."""
    try:
        call = await enter()
    except VdxError as error:
        return LineFound(error.code)
    try:
        await call.start_media(MediaChoice(use_test_card=True))
        return await _measure(call, wait)
    except VdxError as error:
        return LineFound(error.code)
    finally:
        with suppress(VdxError):
            await call.leave()


async def _measure(call: Call, wait: Callable[[float], Awaitable[object]]) -> LineFound:
    waited_s = 0.0
    while call.two_way_media_s() <= 0 and waited_s < LINE_WAIT_S:
        await wait(0.5)
        waited_s += 0.5
    if call.two_way_media_s() <= 0:
        return LineFound("media.no_path")
    await wait(LINE_SPAN_S)
    figures = call.now()
    is_bad = quality_of(figures.loss or 0.0, figures.jitter_ms, figures.rtt_ms) is not LineQuality.GOOD
    is_narrow = figures.estimate_kbps is not None and figures.estimate_kbps < WEAK_KBPS
    return LineFound("check.line_weak" if is_bad or is_narrow else "", figures)
