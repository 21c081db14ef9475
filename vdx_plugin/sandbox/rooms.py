"""The one thing the sandbox's video API and its room server share: which rooms exist.

The video API opens a room when its provisioner is done and closes it at deprovisioning. The room server looks
rooms up by alias and is told when one disappears, so that it can put everybody out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class VirtualRoom:
    """A virtual meeting room as Pexip knows it. ``host_pin`` and ``guest_pin`` are digits or None.

    ``direct_media``: two participants connect to each other. ``reception``: no room, but a door that asks for one.
    ``test_call``: everybody is alone in it and gets their own sound and picture back, for a short while.
    """

    alias: str
    host_pin: str | None
    guest_pin: str | None
    max_participants: int = 0
    guests_can_present: bool = True
    direct_media: bool = False
    reception: bool = False
    test_call: bool = False

    def __repr__(self) -> str:
        return f"VirtualRoom({self.alias!r})"


class RoomDirectory:
    """Rooms that can be dialled now, by alias (``123456@rooms.sandbox.test``; the number alone also matches)."""

    def __init__(self) -> None:
        self._rooms: dict[str, VirtualRoom] = {}
        self._on_close: list[Callable[[str], None]] = []

    def open(self, room: VirtualRoom) -> None:
        """Make ``room`` reachable, replacing one of the same alias."""
        self._rooms[room.alias] = room

    def close(self, alias: str) -> None:
        """Forget the room and tell the listeners; unknown aliases are ignored."""
        if self._rooms.pop(alias, None) is not None:
            for listener in self._on_close:
                listener(alias)

    def find(self, alias: str) -> VirtualRoom | None:
        """Return the room with this alias or with this number before the at sign."""
        exact = self._rooms.get(alias)
        if exact is not None:
            return exact
        return next((room for room in self._rooms.values() if room.alias.split("@")[0] == alias), None)

    def on_close(self, listener: Callable[[str], None]) -> None:
        """Call ``listener(alias)`` whenever a room is closed."""
        self._on_close.append(listener)
