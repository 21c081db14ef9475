"""A queue between two clocks."""

from __future__ import annotations

import numpy as np
import pytest

from vdx_plugin.media.elastic import Elastic
from vdx_plugin.media.sound import RATE_HZ, Samples

BLOCK = 480


def tone(first: int, count: int) -> Samples:
    wave: Samples = np.rint(8000 * np.sin(2 * np.pi * 1000 * np.arange(first, first + count) / RATE_HZ)).astype(
        np.int16
    )
    return wave


def carried(queue: Elastic, ppm: float, seconds: float) -> Samples:
    """Return what a reader gets of a tone whose writer's clock is off by ``ppm``."""
    found, written = [], 0
    due_s = 0.0
    for number in range(int(seconds * 100)):
        now_s = 0.005 + number * 0.01
        while due_s <= now_s:
            queue.write(tone(written, BLOCK), due_s)
            written, due_s = written + BLOCK, due_s + 0.01 / (1 + ppm * 1e-6)
        found.append(queue.read(BLOCK, now_s))
    return np.concatenate(found)


@pytest.mark.parametrize("ppm", [0.0, 100.0, -100.0, 300.0, -300.0])
def test_two_clocks_that_disagree_are_brought_together_without_a_gap(ppm: float) -> None:
    """Half a minute of a plain queue at 300 parts in a million would have lost or made up nine milliseconds."""
    queue = Elastic()
    sound = carried(queue, ppm, 60.0)
    assert queue.gaps == 0
    assert queue.stretch * 1e6 == pytest.approx(ppm, abs=2)
    assert len(queue) < 3 * BLOCK
    # The tone is still one: nothing but it above -50 dB.
    part = sound[-RATE_HZ:].astype(np.float64) * np.hanning(RATE_HZ)
    power = np.abs(np.fft.rfft(part)) ** 2
    peak = int(power.argmax())
    assert power[peak - 5 : peak + 6].sum() > 1e5 * (power.sum() - power[peak - 5 : peak + 6].sum())


def test_a_driver_that_delivers_in_bursts_costs_few_gaps_and_is_then_waited_for() -> None:
    """A gap each second would be worse than some milliseconds more of delay."""
    queue = Elastic()
    for number in range(3000):
        if number % 4 == 0:
            queue.write(tone(number * BLOCK, 4 * BLOCK), number * 0.01)
        queue.read(BLOCK, number * 0.01 + 0.005)
        if number == 200:
            early = queue.gaps
    assert 1 <= early <= 4
    assert queue.gaps == early


def test_nothing_written_is_silence_and_no_gap() -> None:
    """Without a speaker there is nothing to hear, which is no fault."""
    queue = Elastic()
    assert not queue.read(BLOCK, 0.0).any()
    assert queue.gaps == 0


def test_what_piled_up_while_nobody_read_is_dropped() -> None:
    """After a stall of the reader, sound of a second ago would stay late for the whole call."""
    queue = Elastic()
    for number in range(100):
        queue.write(tone(number * BLOCK, BLOCK), number * 0.01)
    queue.read(BLOCK, 1.0)
    assert len(queue) < 3 * BLOCK
