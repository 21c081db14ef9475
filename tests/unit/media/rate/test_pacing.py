"""When packets leave, what is sent again, and how often a whole picture is made."""

from __future__ import annotations

from vdx_plugin.media.rate.history import KEEP_S, History, KeyframeGate
from vdx_plugin.media.rate.pacing import FACTOR, MOST_WAIT_S, Pacer, Rank
from vdx_plugin.media.rate.probing import MIN_PACKETS, Probe, Prober
from vdx_plugin.media.rate.sent import Departure, Outcome

SIZE = 1250
TARGET = 1_000_000.0


def left(pacer: Pacer[str], until_s: float, *, every_s: float = 0.001, from_s: float = 0.0) -> list[tuple[float, str]]:
    """Return what left and when, asked every so often."""
    gone = []
    for step in range(round((until_s - from_s) / every_s) + 1):
        now_s = from_s + step * every_s
        while (taken := pacer.take(now_s)) is not None:
            gone.append((now_s, taken[0]))
    return gone


def filled(count: int) -> Pacer[str]:
    pacer: Pacer[str] = Pacer(TARGET)
    for number in range(count):
        pacer.put(f"p{number}", SIZE, Rank.PICTURE)
    return pacer


def test_a_whole_picture_never_leaves_in_one_burst() -> None:
    """Thirty packets at once overflow the short queue of a home router."""
    gone = left(filled(30), 1.0)
    assert len(gone) == 30
    assert max(sum(at_s <= each_s < at_s + 0.005 for each_s, _ in gone) for at_s, _ in gone) <= 3
    assert abs(gone[-1][0] - 29 * SIZE * 8 / (FACTOR * TARGET)) < 0.01


def test_a_clock_of_sixteen_milliseconds_does_not_slow_it() -> None:
    """Windows wakes no earlier."""
    gone = left(filled(30), 1.0, every_s=0.016)
    assert len(gone) == 30
    assert gone[-1][0] < 0.2


def test_what_was_asked_for_again_goes_before_new_pictures() -> None:
    """Somebody's picture stands still until it comes."""
    pacer = filled(3)
    pacer.put("again", SIZE, Rank.AGAIN)
    assert left(pacer, 0.2)[0][1] == "again"


def test_a_rate_that_falls_under_a_full_queue_does_not_hold_it_back_for_seconds() -> None:
    """Old pictures are worth nothing."""
    pacer = filled(50)
    pacer.set_target(60_000)
    assert left(pacer, 5.0)[-1][0] <= 4 * MOST_WAIT_S


def test_sound_is_counted_in_the_rate() -> None:
    """Else both together are more than the line takes."""
    alone, beside = filled(10), filled(10)
    beside.spend(10 * SIZE, 0.0)
    assert left(beside, 1.0)[-1][0] > left(alone, 1.0)[-1][0]


def test_a_trial_is_sent_at_its_rate_and_filled_up() -> None:
    """With what waits first, then with packets that carry nothing."""
    pacer = filled(2)
    pacer.begin(Probe(7, 4_000_000))
    now_s, clusters = 0.0, []
    while pacer.cluster:
        now_s += 0.001
        while (taken := pacer.take(now_s)) is not None:
            clusters.append(taken[1])
        while pacer.wants_padding(now_s):
            clusters.append(pacer.pad(SIZE, now_s))
    assert set(clusters) == {7}
    assert len(clusters) >= MIN_PACKETS
    assert 0.010 < now_s < 0.03
    assert not pacer.wants_padding(now_s + 1)


def trial(prober: Prober, spread_s: float, *, came: int = 6) -> float | None:
    """Return what a trial of six packets a millisecond apart shows that arrive so far apart."""
    probe = prober.wanted(0.0, target_bps=500_000, limit_bps=9e6, calm=True)
    assert probe is not None
    for _ in range(6):
        prober.sent(probe.cluster)
    outcomes = [
        Outcome(Departure(n, SIZE, 1 + n * 0.001, probe.cluster), 50 + n * spread_s if n < came else None)
        for n in range(6)
    ]
    return prober.take(outcomes, 0.2)


def test_a_trial_shows_the_rate_at_which_its_packets_came() -> None:
    """Sent at 10 Mbit/s, drained at 2."""
    shown = trial(Prober(500_000), 0.005)
    assert shown is not None
    assert abs(shown - 0.95 * 2_000_000) < 1000
    assert trial(Prober(500_000), 0.001) is not None


def test_a_trial_that_was_lost_or_cannot_be_true_shows_nothing() -> None:
    """Packets that came at once after a stall of the receiver say nothing of the line."""
    assert trial(Prober(500_000), 0.005, came=2) is None
    assert trial(Prober(500_000), 0.0001) is None


def test_trials_stop_where_the_limit_is_reached_or_a_queue_has_grown() -> None:
    """They cost the line something."""
    prober = Prober(500_000)
    assert prober.wanted(0.0, target_bps=1e6, limit_bps=1e6, calm=True) is None
    assert prober.wanted(0.0, target_bps=1e6, limit_bps=9e6, calm=True)
    assert prober.wanted(0.1, target_bps=1e6, limit_bps=9e6, calm=True) is None
    assert prober.wanted(30.0, target_bps=1e6, limit_bps=9e6, calm=False) is None
    assert prober.wanted(30.1, target_bps=1e6, limit_bps=9e6, calm=True)


def test_a_packet_is_sent_again_at_most_once_a_round_trip_and_kept_for_two_seconds() -> None:
    """A receiver asks several times before the answer can have come; aiortc keeps 128, half a second's worth."""
    history: History[str] = History()
    for number in range(800):
        history.put((65_000 + number) & 0xFFFF, f"p{number}", number / 400)
    assert history.again(65_000, 2.0, 0.06) == "p0"
    assert history.again(65_000, 2.05, 0.06) is None
    assert history.again(65_000, 2.07, 0.06) == "p0"
    assert history.again(40_000, 2.0, 0.06) is None
    assert history.newest == "p799"
    history.put(1000, "new", 2.0 + KEEP_S)
    assert history.again(65_000, 4.0, 0.06) is None


def test_a_history_stays_small_whatever_is_put_in() -> None:
    """A minute at a hundred thousand packets a second."""
    history: History[int] = History()
    for number in range(10_000):
        history.put(number & 0xFFFF, number, number / 100_000)
    assert len(history._packets) <= 2001


def test_of_many_requests_one_whole_picture_comes_each_half_second() -> None:
    """A receiver in trouble asks every 200 ms, and each whole picture makes its trouble worse."""
    gate, made = KeyframeGate(), []
    for step in range(100):
        gate.ask()
        if gate.passes(step / 50):
            made.append(step / 50)
    assert made == [0.0, 0.02, 0.52, 1.02, 1.52]
    assert KeyframeGate().passes(0.0) is False


def test_whoever_comes_just_after_our_first_picture_does_not_wait_for_the_next() -> None:
    """The doctor's first picture of a patient came half a second late; those who ask again soon do wait."""
    gate = KeyframeGate()
    gate.made(0.0)
    for at_s, is_made in (
        (0.1, True),
        (0.2, False),
        (0.59, False),
        (0.7, True),
        (5.3, True),
        (5.4, True),
        (5.5, False),
    ):
        gate.ask()
        assert gate.passes(at_s) is is_made
