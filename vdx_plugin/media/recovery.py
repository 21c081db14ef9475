"""What to do about a media path that is dead: a table in time. Pure.

Silence counts only where the path stands: packets of any kind, RTCP too, arrive every second or two on a path that
lives, even when the other side sends nothing. Once it is dead, the node is asked twice a second whether it can be
reached, so that the network's return is noticed at once, and the old path is kept meanwhile: after a short outage it
speaks again by itself. If it does not, a new path is offered through ``update``, because the node then keeps the call;
if that brings nothing, a new call on the same token; then a new token under the same name and PIN.
"""

from __future__ import annotations

from enum import StrEnum

DEAD_AFTER_S = 3.0
DEAD_AFTER_MOVE_S = 0.5
"""The silence that is enough where this machine's addresses have just changed."""
MOVE_COUNTS_S = 10.0
CONNECT_LIMIT_S = 8.0
TRY_S = 4.0
PROBE_EVERY_S = 0.5
GRACE_S = 0.3
"""How long the old path may take to speak once the node has answered."""
GIVE_UP_AFTER_S = 180.0
"""A router needs two minutes to start; the telephone is offered all the while."""


class PathState(StrEnum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    FAILED = "failed"


class Step(StrEnum):
    NONE = "none"
    PROBE = "probe"
    NEW_PATH = "new_path"
    NEW_CALL = "new_call"
    NEW_TOKEN = "new_token"
    GIVE_UP = "give_up"


class Found(StrEnum):
    """How a step ended."""

    DONE = "done"
    AWAY = "away"
    """The node could not be reached."""
    STRANGER = "stranger"
    """The node does not know our token."""
    FAILED = "failed"


_LADDER = (Step.NEW_PATH, Step.NEW_CALL, Step.NEW_TOKEN)


class Recovery:
    """Say what you see a few times a second; hear what to do, and say how it ended before you ask again.

    Times are seconds of any steady clock.
    """

    def __init__(self) -> None:
        self._broken_at: float | None = None
        self._moved_at: float | None = None
        self._next_at = self._asked_at = 0.0
        self._rung = 0
        self._is_reached = False
        self._is_known = True

    def tick(self, at_s: float, state: PathState, *, silent_s: float) -> Step:
        """Return the step due now. ``silent_s`` is the time since the last packet, or since the path was begun."""
        if self._broken_at is None:
            if not self._is_dead(at_s, state, silent_s):
                return Step.NONE
            self._break(at_s)
        elif self.is_mended(at_s, state, silent_s=silent_s):
            self._broken_at = self._moved_at = None
            return Step.NONE
        if self._broken_at is not None and at_s - self._broken_at >= GIVE_UP_AFTER_S:
            return Step.GIVE_UP
        if at_s < self._next_at:
            return Step.NONE
        self._asked_at = at_s
        return _LADDER[self._rung] if self._is_reached else Step.PROBE

    def is_mended(self, at_s: float, state: PathState, *, silent_s: float) -> bool:
        """Whether something came on the path after we thought that nothing would."""
        last_s, broken_at = at_s - silent_s, self._broken_at
        return self._is_known and state is PathState.CONNECTED and broken_at is not None and last_s > broken_at

    def move(self, at_s: float) -> None:
        """This machine's addresses have changed: from now on little silence is enough."""
        self._moved_at = at_s

    def forget_token(self, at_s: float) -> None:
        """The node does not know our token any longer."""
        if self._broken_at is None:
            self._break(at_s)
        self._is_known = False
        self._climb_to(len(_LADDER) - 1, at_s)

    def end(self, at_s: float, step: Step, found: Found) -> None:
        """Take how ``step`` ended."""
        if found is Found.STRANGER:
            self._is_known = False
            self._climb_to(len(_LADDER) - 1, at_s if step is not Step.NEW_TOKEN else at_s + PROBE_EVERY_S)
        elif step is Step.PROBE:
            self._is_reached = found is Found.DONE
            self._next_at = at_s + GRACE_S if self._is_reached else max(at_s, self._asked_at + PROBE_EVERY_S)
        elif found is Found.AWAY:
            self._is_reached, self._next_at = False, at_s
        elif found is Found.DONE:
            self._is_known = self._is_known or step is Step.NEW_TOKEN
            self._climb_to(self._rung + 1, at_s + TRY_S)
            self._is_reached = False
        else:
            self._climb_to(self._rung + 1, at_s + PROBE_EVERY_S)

    def _break(self, at_s: float) -> None:
        self._broken_at = self._next_at = at_s
        self._rung, self._is_reached = 0, False

    def _climb_to(self, rung: int, next_at: float) -> None:
        self._rung, self._is_reached, self._next_at = min(rung, len(_LADDER) - 1), True, next_at

    @property
    def is_active(self) -> bool:
        """Whether a path is broken and not yet mended."""
        return self._broken_at is not None

    def _is_dead(self, at_s: float, state: PathState, silent_s: float) -> bool:
        has_moved = self._moved_at is not None and at_s - self._moved_at < MOVE_COUNTS_S
        connected_s = DEAD_AFTER_MOVE_S if has_moved else DEAD_AFTER_S
        limit_s = {PathState.CONNECTED: connected_s, PathState.CONNECTING: CONNECT_LIMIT_S, PathState.FAILED: 0.0}
        return silent_s >= limit_s[state]
