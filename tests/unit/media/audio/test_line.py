"""The sink of a line of sound on a running loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from tests.unit.media.audio.lines import encoded, packet
from vdx_plugin.media.audio.line import SoundLine
from vdx_plugin.media.audio.output import SoundOutput
from vdx_plugin.media.packets import MediaPacket, SenderReport
from vdx_plugin.media.sync import LipSync

LIMIT_S = 20


class Asked:
    """The other side, 10 ms away."""

    rtt_s = 0.01

    def __init__(self) -> None:
        self.sequences: list[int] = []

    def nack(self, ssrc: int, sequences: Sequence[int]) -> None:
        self.sequences += sequences

    def pli(self, ssrc: int) -> None:
        raise AssertionError("sound has no pictures")


async def test_first_sound_is_told_on_the_loop_and_a_hole_is_asked_for() -> None:
    """What the window shows as „sound“, and what saves a burst of losses on a short line."""
    output, asked, first = SoundOutput(), Asked(), asyncio.Event()
    line = SoundLine(output, LipSync(), first.set)
    line.begin(asked)
    # Two in a row, for the redundancy of the next packet mends one; and several, for what would be answered too late is
    # not asked for, and this machine may be busy.
    holes = {first_lost + each for first_lost in range(40, 400, 20) for each in (0, 1)}
    async with asyncio.timeout(LIMIT_S):
        for number, payload in enumerate(encoded(400)):
            if number not in holes:
                line.take(packet(number, time.monotonic(), payload))
            await asyncio.sleep(0.02)
            if {(65_500 + hole) % 65_536 for hole in holes} & set(asked.sequences):
                break
        else:
            pytest.fail("what was lost was not asked for")
        await first.wait()
    line.end()
    assert output.counts.figures().decoded_s > 0
    assert output.counts.figures().asked >= 1


async def test_what_is_not_opus_is_passed_over_and_after_the_end_nothing_happens() -> None:
    """Telephone tones share the line, and packets may come while everything is being closed."""
    output = SoundOutput()
    line = SoundLine(output, LipSync(), lambda: None)
    one = packet(1, 1.0, encoded(2)[1])
    tone = MediaPacket(7, 1, 1, False, b"\x01\x0a\x00\xa0", "TELEPHONE-EVENT", 8000, 1.0)
    line.take(one)
    line.begin(Asked())
    line.take(tone)
    line.take_report(SenderReport(99, 1.0, 1, 1.0))
    line.end()
    line.take(one)
    line.end()
    assert output.counts.packets == 0
