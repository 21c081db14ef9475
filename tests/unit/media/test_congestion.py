"""Congestion control in a real connection of two of ours, with and without feedback about packets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.media.rate.test_reporting import connected, joined
from tests.unit.media.test_sender import Pictures, Sound
from vdx_plugin.media import aiortc_hooks as hooks
from vdx_plugin.media.congestion import Congestion
from vdx_plugin.media.rate.estimate import START_BPS
from vdx_plugin.media.rate.ladder import RUNGS
from vdx_plugin.media.rate.remb import FIRST_BPS
from vdx_plugin.runtime import Tasks

LIMIT_S = 20


class Pair:
    """Two connections that send each other pictures."""

    def __init__(self) -> None:
        self.ends = [hooks.new_connection([], relay_only=False, loopback=True) for _ in range(2)]
        self.told: list[bool] = []
        self.controls = [Congestion(end, self.told.append) for end in self.ends]
        self._tracks = [Pictures() for _ in self.ends]
        self._tasks = Tasks()
        self._beat = asyncio.Event()

    async def join(self, *, numbered: bool, limit_bps: int | None = None) -> None:
        for end, track in zip(self.ends, self._tracks, strict=True):
            audio, video = end.getTransceivers()[:2]
            audio.sender.replaceTrack(Sound())
            video.sender.replaceTrack(track)
        await joined(*self.ends)
        for end, control in zip(self.ends, self.controls, strict=True):
            mids = [each.mid for each in end.getTransceivers()]
            limits = {} if limit_bps is None else {mids[1]: limit_bps}
            control.agree(dict.fromkeys(mids, 9) if numbered else {}, limits)
            control.agree(dict.fromkeys(mids, 9) if numbered else {}, limits)
        await asyncio.gather(*map(connected, self.ends))
        for number, control in enumerate(self.controls):
            self._tasks.spawn(control.run(), f"control-{number}")
        self._tasks.spawn(self._film(), "film")

    async def _film(self) -> None:
        while True:
            for track in self._tracks:
                track.give()
            await asyncio.sleep(1 / 30)
            self._beat.set()

    async def until(self, holds: Callable[[float], bool]) -> None:
        """Wait until the first end's target is such."""
        async with asyncio.timeout(LIMIT_S):
            while not holds(self.target_bps):
                await self.next_picture()

    async def next_picture(self) -> None:
        self._beat.clear()
        await self._beat.wait()

    @property
    def target_bps(self) -> float:
        return self.controls[0].outlet.estimate.target_bps

    async def close(self) -> None:
        await self._tasks.close()
        for end, control in zip(self.ends, self.controls, strict=True):
            await control.close()
            await end.close()


@pytest.mark.parametrize("numbered", [True, False])
async def test_the_rate_rises_by_feedback_or_else_by_the_receivers_word(numbered: bool) -> None:
    """A node may understand one, the other, or both."""
    pair, before = Pair(), asyncio.all_tasks()
    assert pair.target_bps == START_BPS
    await pair.join(numbered=numbered)
    await pair.until(lambda bps: bps >= 0.9 * FIRST_BPS)
    assert pair.controls[0].outlet.has_feedback is numbered
    await pair.close()
    left = asyncio.all_tasks() - before
    if left:
        await asyncio.wait(left, timeout=5)
    assert asyncio.all_tasks() == before


async def test_what_the_peer_takes_at_most_bounds_the_rate() -> None:
    """Its b= line stands above every estimate."""
    pair = Pair()
    await pair.join(numbered=True, limit_bps=700_000)
    await pair.until(lambda bps: bps > 650_000)
    for _ in range(10):
        await pair.next_picture()
    assert pair.target_bps < 850_000
    await pair.close()


async def test_it_is_told_once_that_there_is_room_for_sound_alone_and_once_that_there_is_more() -> None:
    """A doctor who is told at every step of the ladder reads nothing any more."""
    pair = Pair()
    sender: Any = pair.ends[0].getTransceivers()[1].sender
    for rung in (RUNGS[1], RUNGS[3], RUNGS[4], RUNGS[4], RUNGS[3], RUNGS[0]):
        sender._on_rung(rung)
    assert pair.told == [False, True]
    await pair.close()
