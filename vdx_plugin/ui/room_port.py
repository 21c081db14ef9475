"""What the windows ask of the room itself, beyond its door. Coroutines run on the asyncio thread."""

from __future__ import annotations

from typing import Protocol

from vdx_plugin.ports import DialOut, ScreenPicture


class RoomPort(Protocol):
    """``service.room_commands`` as the user interface sees it."""

    async def mute(self, participant_id: str, *, muted: bool) -> None: ...

    async def mute_guests(self, *, muted: bool) -> None: ...

    async def spotlight(self, participant_id: str, *, on: bool) -> None: ...

    async def set_layout(self, name: str) -> None: ...

    async def dial(self, call: DialOut) -> None: ...

    async def present(self) -> bool:
        """Begin to show a screen; return whether the room lets us."""
        ...

    def show_screen(self, picture: ScreenPicture) -> None:
        """Show this picture of the screen; on any thread."""
        ...

    async def stop_presenting(self) -> None: ...
