"""What the windows ask of the room itself, beyond its door. Coroutines run on the asyncio thread."""

from __future__ import annotations

from typing import Protocol

from vdx_plugin.domain.secret import Secret
from vdx_plugin.ports import DialOut, ScreenPicture


class RoomPort(Protocol):
    """``service.room_commands`` as the user interface sees it."""

    async def mute(self, participant_id: str, *, muted: bool) -> None: ...

    async def mute_guests(self, *, muted: bool) -> None: ...

    async def spotlight(self, participant_id: str, *, on: bool) -> None: ...

    async def set_host(self, participant_id: str, *, host: bool) -> bool:
        """Share what a host may do with somebody, or take it back; return whether that succeeded."""
        ...

    async def send_elsewhere(self, participant_id: str, alias: str, pin: Secret) -> bool:
        """Send somebody to another room; return whether that succeeded."""
        ...

    async def set_layout(self, name: str) -> None: ...

    async def dial(self, call: DialOut) -> None: ...

    async def present(self) -> bool:
        """Begin to show a screen; return whether the room lets us."""
        ...

    def show_screen(self, picture: ScreenPicture) -> None:
        """Show this picture of the screen; on any thread."""
        ...

    async def stop_presenting(self) -> None: ...
