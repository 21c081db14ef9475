"""What an outage leaves behind in the rate of sending: nothing."""

from __future__ import annotations

from vdx_plugin.media.rate.estimate import START_BPS, Estimate
from vdx_plugin.media.rate.feedback import Feedback
from vdx_plugin.media.rate.growth import FLOOR_BPS
from vdx_plugin.media.rate.ladder import Ladder

EVERY_S = 0.02


def send(estimate: Estimate, from_s: float, until_s: float, *, arrives: bool, number: int = 0) -> int:
    """Send sound until then, with feedback every fifth packet if it arrives; return the next number."""
    at_s = from_s
    while at_s < until_s:
        number = estimate.depart(120, at_s) + 1
        if arrives and number % 5 == 0:
            ticks = tuple(round((at_s - back * EVERY_S + 0.03) / 0.00025) for back in reversed(range(5)))
            estimate.take_feedback(Feedback(1, 2, 0, (number - 5) & 0xFFFF, ticks), at_s + 0.06)
        estimate.tick(at_s)
        at_s += EVERY_S
    return number


def test_after_an_outage_a_call_sends_as_at_its_start() -> None:
    """Creeping up from nothing would leave the other side without a picture for seconds after the sound is back."""
    estimate = Estimate()
    number = send(estimate, 0.0, 3.0, arrives=True)
    lost_from = number
    number = send(estimate, 3.0, 13.0, arrives=False, number=number)
    assert estimate.target_bps == FLOOR_BPS
    estimate.begin_again()
    assert estimate.target_bps >= START_BPS
    missing = (None,) * (number - lost_from)
    estimate.take_feedback(Feedback(1, 2, 0, lost_from, missing), 13.1)
    send(estimate, 13.1, 14.0, arrives=True, number=number)
    assert estimate.target_bps >= START_BPS
    assert estimate.loss == 0.0


def test_after_an_outage_pictures_are_sent_at_once() -> None:
    """The step down to sound alone was the outage's doing."""
    ladder = Ladder()
    for tenth in range(100):
        ladder.step(20_000.0, tenth / 10)
    assert not ladder.rung.has_pictures
    ladder.begin_again()
    assert ladder.step(500_000.0, 10.1).has_pictures
