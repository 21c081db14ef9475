"""How much comes and goes."""

from __future__ import annotations

import pytest

from vdx_plugin.media.line import Counts
from vdx_plugin.media.traffic import Traffic


def test_rates_are_those_of_the_last_seconds() -> None:
    """Not of the whole call: support asks what is wrong now."""
    traffic = Traffic()
    for second in range(10):
        megabytes = second if second < 5 else 5
        traffic.tick(float(second), Counts(received_bytes=megabytes * 125_000, sent_bytes=second * 12_500))
    assert traffic.received_kbps == 0
    assert traffic.sent_kbps == pytest.approx(100)


def test_a_new_path_counts_from_zero_and_gives_no_negative_rate() -> None:
    """After a reconnect the totals begin anew."""
    traffic = Traffic()
    traffic.tick(0.0, Counts(received_bytes=500_000))
    traffic.tick(1.0, Counts(received_bytes=1_000))
    assert traffic.received_kbps is None
    traffic.tick(2.0, Counts(received_bytes=126_000))
    assert traffic.received_kbps == pytest.approx(1000)
