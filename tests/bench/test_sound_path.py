"""The bars of received sound, on lines that are bad in the same way every time."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.line_model import BY_NAME
from tests.bench.sound_path import run
from vdx_plugin.media.sound import RATE_HZ, speechlike

SAID = np.resize(speechlike(), 20 * RATE_HZ)


@pytest.mark.parametrize(
    ("line", "concealed_percent", "wait_ms"),
    [
        ("clean", 0.0, 40),
        ("5%", 1.5, 45),
        ("10%", 3.5, 50),
        ("20%", 5.5, 90),
        ("10% bursty", 4.0, 80),
        ("5% jitter", 2.0, 85),
    ],
)
def test_sound_stays_within_its_bars(line: str, concealed_percent: float, wait_ms: float) -> None:
    """What a change of the receive path may cost at most; the figures it is tuned by have more seeds and speech."""
    found = run(BY_NAME[line], 1, SAID, repeats=True)
    assert 100 * found.concealed <= concealed_percent
    assert found.wait_ms <= wait_ms


def test_a_line_that_repeats_is_better_than_one_that_does_not_where_much_is_lost() -> None:
    """Otherwise all the asking is for nothing."""
    line = BY_NAME["20%"]
    assert run(line, 1, SAID, repeats=True).concealed < 0.8 * run(line, 1, SAID, repeats=False).concealed
