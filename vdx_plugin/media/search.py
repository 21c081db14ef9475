"""Which microphone hears us, when the chosen one does not: each of the others is listened to for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from vdx_plugin import log
from vdx_plugin.errors import VdxError
from vdx_plugin.media.devices import Devices
from vdx_plugin.media.sound import RATE_HZ, Samples, loudness
from vdx_plugin.media.watchers import SPEECH_RMS

_log = log.get("media.devices")

LISTEN_S = 2.0
MAX_TRIED = 4
SPEECH_SHARE = 0.25
"""So much of the time is speech, with its pauses between words, of somebody who speaks all the while."""
_FRAME = RATE_HZ // 100


def find_voice(
    devices: Devices, names: Sequence[str], is_needed: Callable[[], bool], wait: Callable[[float], object] = time.sleep
) -> str:
    """Return the microphone among ``names`` that hears speech best; empty when none does. Takes seconds.

    Nothing that is heard is kept. Stops as soon as ``is_needed`` says no, and leaves no microphone open.
    """
    best, best_share = "", SPEECH_SHARE
    for name in names[:MAX_TRIED]:
        if not is_needed():
            break
        share = _speech_share(devices, name, wait)
        if share > best_share:
            best, best_share = name, share
    return best


def _speech_share(devices: Devices, name: str, wait: Callable[[float], object]) -> float:
    loud: list[bool] = []

    def listen(samples: Samples) -> None:
        begins = range(0, samples.size - _FRAME + 1, _FRAME)
        loud.extend(loudness(samples[at : at + _FRAME]) >= SPEECH_RMS for at in begins)

    try:
        stream = devices.open_microphone(name, listen)
    except VdxError as error:
        _log.debug("a microphone could not be tried (%s)", error.code)
        return 0.0
    try:
        wait(LISTEN_S)
    finally:
        stream.close()
    return sum(loud) / len(loud) if loud else 0.0
