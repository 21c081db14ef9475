"""What the node's reason for putting us out means to the user. Pure.

The texts are those of the node's ``disconnect`` event; vendor clients map the same ones to their #pex numbers.
"""

from __future__ import annotations

_BEGINNINGS = (
    ("conference terminated by another participant", "call.ended_by_host"),
    ("disconnected by another participant", "call.put_out"),
    ("api initiated participant disconnect", "call.put_out"),
    ("timeout waiting for conference host", "call.not_admitted"),
    ("all conference hosts departed", "call.room_closed"),
    ("last remaining participant", "call.room_closed"),
    ("participant exceeded pin entry retries", "call.pin_locked"),
    ("insufficient licenses", "call.no_capacity"),
    ("out of resource", "call.no_capacity"),
    ("system in maintenance mode", "call.maintenance"),
    ("ice failure", "call.media_blocked"),
    ("media process disconnected", "call.cut_off"),
    ("signaling node disconnected", "call.cut_off"),
    ("timer expired awaiting token refresh", "call.token_gone"),
    ("invalid token", "call.token_gone"),
)


def code_for(reason: str) -> str:
    """Return the problem code for ``reason``; ``call.cut_off`` for those that are the node's or the line's fault."""
    words = reason.strip().lower()
    for beginning, code in _BEGINNINGS:
        if words.startswith(beginning):
            return code
    return "call.cut_off"


def loggable(reason: str) -> str:
    """Return ``reason`` if it is one of the node's known texts, else only its length: it might name a person."""
    words = reason.strip().lower()
    if any(words.startswith(beginning) for beginning, _ in _BEGINNINGS):
        return reason.strip()[:80]
    return f"unknown, {len(reason)} characters"
