"""The media client: a presence in a Pexip room, with picture and sound.

From outside in. ``engine``, made by ``call_engine``, enters rooms and hands out calls (``call``), which join a
``presence`` (token, events and roster, by the package ``pexip``) to a ``session`` (devices, media path, look-out,
recovery). The session opens ``local_media`` (``sources`` for what is sent, ``players`` for what comes, on ``devices``)
and one ``path`` at a time, whose ``peer`` is an aiortc connection. ``bot`` is a synthetic guest.

Our voice goes by ``voice``: kept devices (``keeping``, found by ``sound_cards``), the echo canceller (``apm``) and
``elastic`` between the clocks of the sound cards. ``watchers`` look at its levels, ``search`` listens to other
microphones, and ``checking`` tries devices and line before anybody waits.

Rules that need no input or output are modules of their own and pure: ``sdp``, ``router``, ``line``, ``recovery``,
``report``, ``testcard``, ``traffic``, ``watchers``, ``sound_cards``, and in ``pexip`` admission, events, roster and
reasons. How much is sent is worked out in the package ``rate``; ``congestion`` puts it into a connection, whose lines
send by ``sound_sender`` and ``picture_sender`` with ``encoders``.

The start of the program has no time for any of this, so what ``call_engine`` gives is ``late``: it imports the engine
when a patient is first opened. aiortc and PyAV are imported by ``peer``, ``tracks``, ``encoders``, ``aiortc_hooks`` and
inside ``devices``, which ``prepare`` or the first call sees to. Importing this package imports none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vdx_plugin.ports import CallEngine, Clock


def call_engine(clock: Clock | None = None) -> CallEngine:
    """Return the call engine for Pexip nodes, with this machine's devices.

    Not named like its module, which takes the place of the name in this package as soon as somebody imports it.
    """
    from vdx_plugin.media.late import LateEngine

    return LateEngine(clock)
