"""What is done about a dead path, as columns of times and steps."""

from __future__ import annotations

from collections.abc import Callable

from vdx_plugin.media.recovery import GIVE_UP_AFTER_S, Found, PathState, Recovery, Step

CONNECTED, CONNECTING, FAILED = PathState.CONNECTED, PathState.CONNECTING, PathState.FAILED
TICK_S = 0.25


def always(found: Found) -> Callable[[Step, float], Found]:
    return lambda _step, _at_s: found


def run(
    recovery: Recovery,
    until_s: float,
    answer: Callable[[Step, float], Found],
    *,
    state: PathState = CONNECTED,
    last_s: float = 0.0,
    from_s: float = 0.0,
) -> list[tuple[float, str]]:
    """Return the steps taken while nothing comes on the path after ``last_s``; each is answered at once."""
    taken = []
    for count in range(round(from_s / TICK_S), round(until_s / TICK_S) + 1):
        at_s = count * TICK_S
        step = recovery.tick(at_s, state, silent_s=at_s - last_s)
        if step is not Step.NONE:
            taken.append((at_s, str(step)))
            recovery.end(at_s, step, answer(step, at_s))
    return taken


def test_a_living_path_is_left_alone() -> None:
    """Silence below three seconds is weather."""
    recovery = Recovery()
    assert {recovery.tick(float(at), CONNECTED, silent_s=2.9) for at in range(30)} == {Step.NONE}


def test_three_silent_seconds_bring_a_new_path_then_a_new_call_then_a_new_token() -> None:
    """The node keeps the call through an update; if that does not help, the call itself may be broken, or our token."""
    found = run(Recovery(), 17.0, always(Found.DONE))
    assert found == [
        (3.0, "probe"),
        (3.5, "new_path"),
        (7.5, "probe"),
        (8.0, "new_call"),
        (12.0, "probe"),
        (12.5, "new_token"),
        (16.5, "probe"),
        (17.0, "new_token"),
    ]


def test_while_the_network_is_away_it_is_asked_for_twice_a_second_and_nothing_else_is_done() -> None:
    """Its return is noticed at once, and the old path may still come back by itself."""
    found = run(Recovery(), 10.0, lambda step, at_s: Found.AWAY if at_s < 9.9 else Found.DONE)
    assert found == [(3.0 + count * 0.5, "probe") for count in range(15)]


def test_a_path_that_speaks_again_by_itself_is_not_replaced() -> None:
    """After a short outage the old path is good, and a new one would cost a second of black."""
    recovery = Recovery()
    run(recovery, 10.0, always(Found.AWAY))
    assert recovery.is_active
    recovery.end(10.0, Step.PROBE, Found.DONE)
    assert recovery.tick(10.25, CONNECTED, silent_s=0.1) is Step.NONE
    assert not recovery.is_active
    assert run(recovery, 14.0, always(Found.DONE), last_s=10.2, from_s=10.5)[0] == (13.25, "probe")


def test_a_node_that_answers_and_a_path_that_stays_silent_bring_a_new_path_within_a_second() -> None:
    """The old path had its third of a second; more would be felt."""
    found = run(Recovery(), 12.0, lambda step, at_s: Found.AWAY if at_s < 10.0 else Found.DONE)
    assert found[-2:] == [(10.0, "probe"), (10.5, "new_path")]


def test_a_new_address_of_our_own_makes_half_a_second_enough() -> None:
    """The old path ends with the old address."""
    recovery = Recovery()
    recovery.move(0.25)
    assert run(recovery, 1.0, always(Found.DONE)) == [(0.5, "probe"), (1.0, "new_path")]


def test_an_address_that_changes_under_a_path_that_speaks_on_changes_nothing() -> None:
    """A cable plugged in beside Wi-Fi that goes on working."""
    recovery = Recovery()
    recovery.move(1.0)
    assert {recovery.tick(float(at), CONNECTED, silent_s=0.1) for at in range(1, 30)} == {Step.NONE}


def test_what_is_just_heard_before_the_break_does_not_count_as_mended() -> None:
    """With a changed address a path is dead after half a second, and its last packet is no older than that."""
    recovery = Recovery()
    recovery.move(0.0)
    assert recovery.tick(0.6, CONNECTED, silent_s=0.5) is Step.PROBE
    recovery.end(0.6, Step.PROBE, Found.AWAY)
    recovery.tick(0.85, CONNECTED, silent_s=0.75)
    assert recovery.is_active


def test_a_node_that_does_not_know_our_token_gets_no_offers_with_it() -> None:
    """After two minutes without a network the token has run out."""
    found = run(Recovery(), 4.0, lambda step, _: Found.STRANGER if step is Step.PROBE else Found.DONE)
    assert found == [(3.0, "probe"), (3.25, "new_token")]


def test_a_token_that_is_gone_is_replaced_though_packets_still_come() -> None:
    """The node has put us out of its book; what it sends is about to end."""
    recovery = Recovery()
    recovery.forget_token(5.0)
    assert recovery.tick(5.25, CONNECTED, silent_s=0.0) is Step.NEW_TOKEN
    recovery.end(5.5, Step.NEW_TOKEN, Found.DONE)
    assert recovery.tick(6.0, CONNECTED, silent_s=0.0) is Step.NONE
    assert not recovery.is_active


def test_an_update_the_node_refuses_is_followed_by_a_new_call() -> None:
    """Not after four seconds: there is no path that could still come up."""
    found = run(Recovery(), 5.0, lambda step, _: Found.FAILED if step is Step.NEW_PATH else Found.DONE)
    assert found == [(3.0, "probe"), (3.5, "new_path"), (4.0, "new_call")]


def test_a_failed_connection_is_not_waited_for() -> None:
    """ICE said so itself."""
    assert Recovery().tick(0.0, FAILED, silent_s=0.0) is Step.PROBE


def test_a_path_still_coming_up_is_given_time() -> None:
    """A slow TURN server is no dead path."""
    recovery = Recovery()
    assert recovery.tick(1.0, CONNECTING, silent_s=7.9) is Step.NONE
    assert recovery.tick(2.0, CONNECTING, silent_s=8.0) is Step.PROBE


def test_a_path_that_came_back_begins_anew_with_the_gentle_step() -> None:
    """The next loss may be a short one again."""
    recovery = Recovery()
    run(recovery, 8.0, always(Found.DONE))
    assert recovery.tick(8.25, CONNECTED, silent_s=0.0) is Step.NONE
    found = run(recovery, 12.0, always(Found.DONE), last_s=8.25, from_s=8.5)
    assert [step for _, step in found] == ["probe", "new_path"]


def test_after_three_minutes_the_call_is_given_up() -> None:
    """Somebody has to be told that it will not come back by itself."""
    found = run(Recovery(), GIVE_UP_AFTER_S + 3, always(Found.AWAY))
    assert found[-1] == (GIVE_UP_AFTER_S + 3, "give_up")
    assert [step for _, step in found].count("give_up") == 1
