"""The room server: all rooms in use, who holds which token, and the housekeeping in time."""

from __future__ import annotations

import asyncio
import time
import uuid as uuids
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from starlette.routing import BaseRoute

from vdx_plugin import log
from vdx_plugin.errors import NotFound
from vdx_plugin.sandbox.pexip import endpoints, guest_page
from vdx_plugin.sandbox.pexip.admission import Holder, Passes, PinGuard, TokenBook
from vdx_plugin.sandbox.pexip.config import RoomServerConfig
from vdx_plugin.sandbox.pexip.leg import MediaCount
from vdx_plugin.sandbox.pexip.meeting import Meeting
from vdx_plugin.sandbox.pexip.rules import BY_END
from vdx_plugin.sandbox.pexip.state import Close, Enter, Leave, Person, Role, TimePassed
from vdx_plugin.sandbox.rooms import RoomDirectory, VirtualRoom

_log = log.get("sandbox.pexip")


class RoomServer:
    """Serves the rooms of ``directory``: ``routes()`` into an application, ``start()``, and ``close()`` at the end.

    ``close`` must come before the HTTP server waits for its connections, because event streams end only then.
    ``clock`` gives seconds since 1970. Everything runs on the event loop ``start`` was called on.
    """

    def __init__(
        self,
        directory: RoomDirectory,
        config: RoomServerConfig | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.directory = directory
        self.config = config or RoomServerConfig()
        self.clock = clock
        self.tokens = TokenBook(life_s=self.config.token_life_s)
        self.passes = Passes(life_s=self.config.token_life_s)
        self.pin_guard = PinGuard(tries=self.config.pin_tries, lock_s=self.config.pin_lock_s)
        self._meetings: dict[str, Meeting] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = False
        directory.on_close(self._room_closed)

    def routes(self) -> list[BaseRoute]:
        """Return the client API below ``/api/client/v2`` and the guest page below ``/guest``."""
        return [*endpoints.routes(self), *guest_page.routes()]

    async def start(self) -> None:
        """Begin housekeeping: token expiry and time-outs."""
        self._running = True
        self._spawn(self._keep_house(), name="room-housekeeping")

    async def close(self) -> None:
        """Put everybody out and stop all tasks and sockets."""
        self._running = False
        for meeting in list(self._meetings.values()):
            await meeting.perform(Close(BY_END))
            await meeting.close()
        self._meetings.clear()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def counts(self, alias: str) -> dict[str, dict[str, MediaCount]]:
        """Return media counters of a room by participant uuid and kind; empty when nobody is there."""
        meeting = self._meetings.get(alias)
        return meeting.counts() if meeting else {}

    def meeting(self, alias: str) -> Meeting:
        """Return the room in use. NotFound ``room.unknown`` when nobody is there."""
        room = self.directory.find(alias)
        meeting = self._meetings.get(room.alias) if room else None
        if meeting is None:
            raise NotFound("room.unknown")
        return meeting

    async def enter(self, room: VirtualRoom, *, name: str, role: Role, call_tag: str) -> tuple[str, Person]:
        """Put a new participant into ``room``; return the token and the row. Refused: ``room.full``."""
        meeting = self._meetings.get(room.alias)
        if meeting is None:
            meeting = self._meetings[room.alias] = Meeting(
                room,
                self.config,
                clock=self.clock,
                on_gone=self.tokens.revoke,
                spawn=self._spawn,
                admission=lambda alias, role: self.passes.issue(alias, role, at=self.clock()),
            )
        uuid = str(uuids.uuid4())
        await meeting.perform(Enter(Person(uuid, name, role, call_tag=call_tag)))
        token = self.tokens.issue(Holder(room.alias, uuid), at=self.clock())
        person = meeting.state.find(uuid)
        if person is None:
            raise NotFound("room.no_participant")
        _log.info("a participant came in as %s, waiting: %s", role.value, person.waiting)
        return token, person

    async def leave(self, holder: Holder) -> None:
        """Take a participant out; unknown ones are ignored."""
        self.tokens.revoke(holder.uuid)
        meeting = self._meetings.get(holder.alias)
        if meeting is not None and meeting.state.find(holder.uuid) is not None:
            await meeting.perform(Leave(holder.uuid))
        await self._clear_away()

    def _spawn(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _room_closed(self, alias: str) -> None:
        meeting = self._meetings.pop(alias, None)
        if meeting is not None and self._running:
            self._spawn(self._put_out(meeting), name="room-closed")

    async def _put_out(self, meeting: Meeting) -> None:
        await meeting.perform(Close(BY_END))
        await meeting.close()

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(self.config.housekeeping_s)
            await self.housekeep()

    async def housekeep(self) -> None:
        """Do once what time asks for: drop whoever has not refreshed, and end waits that took too long."""
        for holder in self.tokens.expired(at=self.clock()):
            _log.info("a participant was dropped: token not refreshed")
            await self.leave(holder)
        for meeting in list(self._meetings.values()):
            await meeting.perform(TimePassed())
        await self._clear_away()

    async def _clear_away(self) -> None:
        for alias, meeting in list(self._meetings.items()):
            if not meeting.state.people:
                with suppress(KeyError):
                    del self._meetings[alias]
                await meeting.close()
