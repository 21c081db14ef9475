"""Median and 95th percentile against columns worked out by hand."""

from __future__ import annotations

import pytest

from vdx_plugin.monitoring.spread import NOTHING, Spread, spread


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], NOTHING),
        ([None, None], NOTHING),
        ([7.0], Spread(1, 7.0, 7.0)),
        ([10.0, 20.0], Spread(2, 15.0, 19.5)),
        ([5.0, 1.0, 3.0], Spread(3, 3.0, 4.8)),
        ([float(n) for n in range(1, 22)], Spread(21, 11.0, 20.0)),
        ([None, 4.0, 8.0], Spread(2, 6.0, 7.8)),
    ],
)
def test_the_spread_is_that_of_a_spreadsheet(values: list[float | None], expected: Spread) -> None:
    """A practice must get the same median and percentile when it checks us in its own spreadsheet."""
    found = spread(values)
    assert found.n == expected.n
    assert found.p50 == pytest.approx(expected.p50)
    assert found.p95 == pytest.approx(expected.p95)
