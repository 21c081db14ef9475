"""The bad line keeps to its figures, and to its seed."""

from __future__ import annotations

import itertools

import pytest

from tests.bench.line_model import BY_NAME, CONDITIONS, Condition, Line, Pipe, VirtualTime

PACKETS = 50_000


def fates(condition: Condition, seed: int = 1, *, flow: str = "", every_s: float = 0.01) -> list[float | None]:
    """Return the delay of each of many packets of 200 bytes; None for a lost one."""
    line = Line(condition, seed)
    arrivals = ((count * every_s, line.fate(200, count * every_s, flow)) for count in range(PACKETS))
    return [None if arrival is None else arrival - sent for sent, arrival in arrivals]


def runs(lost: list[bool]) -> list[int]:
    return [len(list(group)) for is_lost, group in itertools.groupby(lost) if is_lost]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
def test_a_condition_loses_its_share_and_delays_within_its_bounds(condition: Condition) -> None:
    """Everything measured on the bench rests on these figures."""
    found = fates(condition)
    arrived = [delay for delay in found if delay is not None]
    assert 1 - len(arrived) / PACKETS == pytest.approx(condition.loss, rel=0.1)
    wait_s = 0.0 if condition.rate_bps is None else 228 * 8 / condition.rate_bps
    assert min(arrived) == pytest.approx(condition.delay_s + wait_s, abs=0.001)
    assert max(arrived) == pytest.approx(condition.delay_s + condition.jitter_s + wait_s, abs=0.001)


def test_bursts_are_four_long_on_average() -> None:
    """A burst is what forward error correction of one packet cannot mend; single losses would flatter it."""
    lengths = runs([delay is None for delay in fates(BY_NAME["10% bursty"])])
    assert sum(lengths) / len(lengths) == pytest.approx(4.0, rel=0.1)


def test_the_same_seed_gives_the_same_fate_and_another_seed_another() -> None:
    """Two receivers are compared on the same losses or not at all."""
    condition = BY_NAME["5% jitter"]
    assert fates(condition) == fates(condition)
    assert fates(condition) != fates(condition, seed=2)


def test_pictures_between_do_not_change_what_sound_meets() -> None:
    """A receiver that makes its sender send more pictures must not get other losses in its sound."""
    alone, busy = Line(BY_NAME["10%"], 1), Line(BY_NAME["10%"], 1)
    for count in range(1000):
        for _ in range(count % 4):
            busy.fate(1200, count * 0.02, "video")
        assert alone.fate(100, count * 0.02, "audio") == busy.fate(100, count * 0.02, "audio")


def test_a_narrow_place_passes_its_rate_and_drops_the_last() -> None:
    """Twice the rate goes in: half comes out, after the second that the queue holds."""
    line, passed, last_s = Line(BY_NAME["300 kbit/s"], 1), 0, 0.0
    for count in range(10_000):
        arrives_s = line.fate(722, count * 0.01)
        if arrives_s is not None:
            assert arrives_s > last_s
            passed, last_s = passed + 1, arrives_s
    assert passed * 750 * 8 / 100 == pytest.approx(300_000, rel=0.02)
    assert last_s - 100 == pytest.approx(1.03, abs=0.05)


def test_virtual_time_delivers_in_the_order_of_arrival() -> None:
    """Jitter makes packets overtake each other, and a receiver must see them so."""
    time, arrived = VirtualTime(), []
    pipe = Pipe(time, Line(BY_NAME["5% jitter"], 3), lambda packet, at_s: arrived.append((at_s, packet)))
    numbers = itertools.count()
    time.every(0.02, lambda _at_s: pipe.send(next(numbers).to_bytes(4, "big")))
    time.run(until_s=10.0)
    assert pipe.sent == 501
    assert [at_s for at_s, _ in arrived] == sorted(at_s for at_s, _ in arrived)
    assert [packet for _, packet in arrived] != sorted(packet for _, packet in arrived)


def test_what_is_due_again_and_again_does_not_drift() -> None:
    """A tick every 10 ms is the thousandth time at 9.99 s, not a rounding later."""
    time, ticks = VirtualTime(), []
    time.every(0.010, ticks.append)
    time.run(until_s=9.995)
    assert ticks[-1] == pytest.approx(9.99, abs=1e-9)
    assert len(ticks) == 1000
