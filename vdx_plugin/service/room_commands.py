"""What the doctor does in the room beyond the door: mute, spotlight, layout, call somebody up, show a screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.secret import Secret
from vdx_plugin.ports import DialOut, ScreenPicture
from vdx_plugin.service.session import Session


class RoomCommands:
    """Commands raise ``Refused`` when no consultation runs; other problems are shown, as those of ``Conduct``."""

    def __init__(
        self,
        running: Callable[[], Session],
        busy: Callable[[Session, Awaitable[None]], Awaitable[bool]],
        audit: Callable[[str, Consultation], Awaitable[None]],
    ) -> None:
        self._running = running
        self._busy = busy
        self._audit = audit
        self._presenting: Session | None = None

    async def mute(self, participant_id: str, *, muted: bool) -> None:
        """Mute one participant for everybody, or lift that."""
        session = self._running()
        await self._busy(session, session.running_call().mute(participant_id, muted=muted))

    async def mute_guests(self, *, muted: bool) -> None:
        """Mute everybody but the hosts, or lift that."""
        session = self._running()
        await self._busy(session, session.running_call().mute_guests(muted=muted))

    async def spotlight(self, participant_id: str, *, on: bool) -> None:
        """Let one participant fill everybody's picture, or let the room choose again."""
        session = self._running()
        await self._busy(session, session.running_call().spotlight(participant_id, on=on))

    async def set_host(self, participant_id: str, *, host: bool) -> bool:
        """Share what a host may do with somebody, or take it back. Return whether that succeeded."""
        session = self._running()
        done = await self._busy(session, session.running_call().set_host(participant_id, host=host))
        if done:
            await self._audit("make_host" if host else "make_guest", session.consultation)
        return done

    async def send_elsewhere(self, participant_id: str, alias: str, pin: Secret) -> bool:
        """Send somebody out of this room into another. Return whether that succeeded."""
        session = self._running()
        done = await self._busy(session, session.running_call().move(participant_id, alias, pin))
        if done:
            await self._audit("send_elsewhere", session.consultation)
        return done

    async def set_layout(self, name: str) -> None:
        """Have the room arrange the pictures otherwise."""
        session = self._running()
        await self._busy(session, session.running_call().set_layout(name))

    async def dial(self, call: DialOut) -> None:
        """Call somebody up into the room, once: a failure is told and never tried again by itself."""
        session = self._running()
        if await self._busy(session, session.running_call().dial(call)):
            await self._audit("dial", session.consultation)

    async def present(self) -> bool:
        """Begin to show a screen; its pictures follow through ``show_screen``. Return whether the room lets us."""
        session = self._running()
        self._presenting = session if await self._busy(session, session.running_call().present()) else None
        return self._presenting is not None

    def show_screen(self, picture: ScreenPicture) -> None:
        """Show this picture of the screen, on any thread; the newest wins. Goes nowhere unless we present."""
        session = self._presenting
        call = session.call if session is not None else None
        if call is not None:
            call.show_screen(picture)

    async def stop_presenting(self) -> None:
        """Show the screen no longer."""
        self._presenting = None
        session = self._running()
        if session.call is not None:
            await self._busy(session, session.call.stop_presenting())
