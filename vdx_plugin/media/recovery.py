"""What to do about a media path that is dead: a table in time. Pure.

A new path is offered through ``update`` first, because the node then keeps the call; if that brings nothing, a new
call on the same token; in the end the call is given up. Silence counts only where the path stands: packets of any
kind, RTCP too, arrive every second or two on a path that lives, even when the other side sends nothing.
"""

from __future__ import annotations

from enum import StrEnum

DEAD_AFTER_S = 3.0
CONNECT_LIMIT_S = 8.0
PATH_TRY_S = 4.0
CALL_TRY_S = 6.0
GIVE_UP_AFTER_S = 60.0


class PathState(StrEnum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    FAILED = "failed"


class Step(StrEnum):
    NONE = "none"
    NEW_PATH = "new_path"
    NEW_CALL = "new_call"
    GIVE_UP = "give_up"


class Recovery:
    """Say what you see each second; hear what to do. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._broken_at: float | None = None
        self._next_at = 0.0
        self._tries = 0

    def tick(self, at_s: float, state: PathState, *, silent_s: float) -> Step:
        """Return the step due now. ``silent_s`` is the time since the last packet, or since the path was begun."""
        if self._broken_at is None:
            if not _is_dead(state, silent_s):
                return Step.NONE
            self._broken_at, self._tries, self._next_at = at_s, 0, at_s
        elif state is PathState.CONNECTED and silent_s < DEAD_AFTER_S:
            self._broken_at = None
            return Step.NONE
        if at_s - self._broken_at >= GIVE_UP_AFTER_S:
            return Step.GIVE_UP
        if at_s < self._next_at:
            return Step.NONE
        return self._next_try(at_s)

    def _next_try(self, at_s: float) -> Step:
        self._tries += 1
        step = Step.NEW_PATH if self._tries == 1 else Step.NEW_CALL
        self._next_at = at_s + (PATH_TRY_S if step is Step.NEW_PATH else CALL_TRY_S)
        return step

    @property
    def is_active(self) -> bool:
        return self._broken_at is not None


def _is_dead(state: PathState, silent_s: float) -> bool:
    limit_s = {PathState.CONNECTED: DEAD_AFTER_S, PathState.CONNECTING: CONNECT_LIMIT_S, PathState.FAILED: 0.0}
    return silent_s >= limit_s[state]
