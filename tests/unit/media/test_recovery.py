"""What is done about a dead path, as columns of seconds and steps."""

from __future__ import annotations

from vdx_plugin.media.recovery import GIVE_UP_AFTER_S, PathState, Recovery, Step

CONNECTED, CONNECTING, FAILED = PathState.CONNECTED, PathState.CONNECTING, PathState.FAILED


def steps(recovery: Recovery, column: list[tuple[float, PathState, float]]) -> list[str]:
    return [str(recovery.tick(at, state, silent_s=silent)) for at, state, silent in column]


def test_a_living_path_is_left_alone() -> None:
    """Silence below three seconds is weather."""
    column = [(float(second), CONNECTED, 2.9) for second in range(30)]
    assert set(steps(Recovery(), column)) == {"none"}


def test_three_silent_seconds_bring_a_new_path_then_new_calls() -> None:
    """The node keeps the call through an update; if that does not help, the call itself may be broken."""
    column = [(float(second), CONNECTED, float(second)) for second in range(16)]
    found = steps(Recovery(), column)
    assert [(at, step) for at, step in enumerate(found) if step != "none"] == [
        (3, "new_path"),
        (7, "new_call"),
        (13, "new_call"),
    ]


def test_a_failed_connection_is_not_waited_for() -> None:
    """ICE said so itself."""
    assert steps(Recovery(), [(0.0, FAILED, 0.0)]) == ["new_path"]


def test_a_path_still_coming_up_is_given_time() -> None:
    """A slow TURN server is no dead path."""
    assert steps(Recovery(), [(1.0, CONNECTING, 7.9), (2.0, CONNECTING, 8.0)]) == ["none", "new_path"]


def test_a_path_that_came_back_begins_anew_with_the_gentle_step() -> None:
    """The next loss may be a short one again."""
    recovery = Recovery()
    assert steps(recovery, [(0.0, CONNECTED, 3.0), (1.0, CONNECTED, 0.2)]) == ["new_path", "none"]
    assert not recovery.is_active
    assert steps(recovery, [(2.0, CONNECTED, 3.0)]) == ["new_path"]


def test_after_a_minute_the_call_is_given_up() -> None:
    """The doctor must be told to take the phone instead of watching it try."""
    recovery = Recovery()
    recovery.tick(0.0, FAILED, silent_s=0.0)
    assert recovery.tick(GIVE_UP_AFTER_S - 1, FAILED, silent_s=59) is Step.NEW_CALL
    assert recovery.tick(GIVE_UP_AFTER_S, FAILED, silent_s=60) is Step.GIVE_UP
