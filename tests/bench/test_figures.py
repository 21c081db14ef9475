"""The arithmetic and the table of the bench."""

from __future__ import annotations

import json
import os

import pytest

from tests.bench import usage
from tests.bench.figures import Figures, Spread, spread


def test_a_spread_tells_median_and_percentiles_apart() -> None:
    """A table whose p90 is the maximum would hide how rare the slow ones are."""
    found = spread([float(value) for value in range(1, 12)])
    assert (found.n, found.median, found.p10, found.p90, found.p95) == (11, 6, 2, 10, 10.5)
    assert (found.least, found.most) == (1, 11)


def test_one_value_is_its_own_spread() -> None:
    """``--runs 1`` is how one tries the bench."""
    assert spread([3.0]) == Spread(1, *[3.0] * 6)


def test_nothing_measured_is_an_error_and_not_a_zero() -> None:
    """Zero milliseconds would be the best figure of all."""
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_what_did_not_happen_stands_in_neither_table_nor_file() -> None:
    """A call without sound has no time to its first sound."""
    figures = Figures()
    figures.add("Part", "seen", "ms", 4.0)
    figures.add("Part", "not seen", "ms", None)
    figures.note("A note.")
    figures.note("A note.")
    table = figures.table()
    assert "not seen" not in table
    assert table.count("A note.") == 1
    assert json.loads(figures.as_json(at="now"))["figures"] == [
        {"part": "Part", "name": "seen", "unit": "ms", "values": [4.0]}
    ]


@pytest.mark.skipif(not usage.is_readable(), reason="reads /proc")
def test_the_cost_of_this_process_can_be_read() -> None:
    """A field too far to the left in /proc would give faults or priorities for processor time."""
    before = usage.cpu_s([os.getpid()])
    times = os.times()
    assert before == pytest.approx(times.user + times.system, abs=0.05)
    assert usage.peak_mb(os.getpid()) > 10
    assert os.getpid() in usage.family(os.getppid())
