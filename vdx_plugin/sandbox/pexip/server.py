"""The room server: all rooms in use, who holds which token, and the housekeeping in time."""

from __future__ import annotations

import asyncio
import time
import uuid as uuids
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from starlette.routing import BaseRoute

from vdx_plugin import log
from vdx_plugin.errors import NotFound, Refused
from vdx_plugin.sandbox.faults import FaultPanel
from vdx_plugin.sandbox.pexip import endpoints, guest_page, room_page
from vdx_plugin.sandbox.pexip.admission import Holder, Passed, Passes, PinGuard, TokenBook, judge
from vdx_plugin.sandbox.pexip.config import RoomServerConfig
from vdx_plugin.sandbox.pexip.leg_streams import MediaCount
from vdx_plugin.sandbox.pexip.meeting import Meeting
from vdx_plugin.sandbox.pexip.rules import BY_END
from vdx_plugin.sandbox.pexip.state import Answered, Close, Dial, Enter, Leave, Person, Role, TimePassed
from vdx_plugin.sandbox.pexip.switch import AnswerWishes
from vdx_plugin.sandbox.pexip.telephones import Fate, fate
from vdx_plugin.sandbox.rooms import RoomDirectory, VirtualRoom

TEST_CALL = "linjetest"

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
        faults: FaultPanel | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.directory = directory
        self.faults = faults or FaultPanel()
        self.config = config or RoomServerConfig()
        self.clock = clock
        self.tokens = TokenBook(life_s=self.config.token_life_s)
        self.passes = Passes(life_s=self.config.token_life_s)
        self.pin_guard = PinGuard(tries=self.config.pin_tries, lock_s=self.config.pin_lock_s)
        self._meetings: dict[str, Meeting] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = False
        directory.on_close(self._room_closed)
        directory.open(VirtualRoom(TEST_CALL, None, None, test_call=True))
        self.faults.at_once("events_cut", self._cut_events)
        self.faults.at_once("refer", self._refer_all)

    def routes(self) -> list[BaseRoute]:
        """Return the client API, the guest page and the page about rooms."""
        return [*endpoints.routes(self), *room_page.routes(self), *guest_page.routes()]

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
        meeting = self._meetings.get(room.alias if room else alias)
        if meeting is None:
            raise NotFound("room.unknown")
        return meeting

    @property
    def meetings(self) -> tuple[Meeting, ...]:
        """Return the rooms in use."""
        return tuple(self._meetings.values())

    async def enter(
        self, room: VirtualRoom, person: Person, *, via: str = "", direct_media: bool = False
    ) -> tuple[str, Person]:
        """Put a new participant into ``room`` under a uuid of their own; return the token and the row.

        ``direct_media``: they can connect to another participant directly. Refused: ``room.full``.
        """
        uuid = str(uuids.uuid4())
        # In a test call everybody is alone.
        place = f"{room.alias}/{uuid}" if room.test_call else room.alias
        meeting = self._meetings.get(place)
        if meeting is None:
            meeting = self._meetings[place] = self._open(room)
        await meeting.perform(Enter(replace(person, uuid=uuid, direct_media=direct_media)))
        token = self.tokens.issue(Holder(place, uuid, via), at=self.clock())
        entered = meeting.state.find(uuid)
        if entered is None:
            raise NotFound("room.no_participant")
        _log.info("a participant came in as %s, waiting: %s", entered.role.value, entered.waiting)
        return token, entered

    def _open(self, room: VirtualRoom) -> Meeting:
        return Meeting(
            room,
            self.config,
            clock=self.clock,
            on_gone=self.tokens.revoke,
            spawn=self._spawn,
            admission=lambda alias, role: self.passes.issue(alias, role, at=self.clock()),
            wishes=self._wishes,
        )

    def _wishes(self) -> AnswerWishes:
        """Say how the next answer is to be written, faults considered."""
        capped = self.faults.take_fault("rate_capped")
        return AnswerWishes(
            names_ssrc=not self.faults.take("answer_without_ssrc"),
            max_video_kbps=capped.kbps if capped else 0,
            rejects_slides=self.faults.take("slides_rejected"),
        )

    async def dial(self, meeting: Meeting, person: Person, *, by: str) -> str:
        """Call somebody into ``meeting``; return the uuid of their row. Refused: not allowed, or ``room.full``."""
        uuid = str(uuids.uuid4())
        await meeting.perform(Dial(by, replace(person, uuid=uuid)))
        self._spawn(self._let_ring(meeting, uuid, fate(person.uri)), name="room-ringing")
        return uuid

    async def _let_ring(self, meeting: Meeting, uuid: str, outcome: Fate) -> None:
        await asyncio.sleep(self.config.ring_s)
        person = meeting.state.find(uuid)
        if person is None or not person.connecting or outcome is Fate.UNANSWERED:
            return
        await meeting.perform(Answered(uuid) if outcome is Fate.ANSWERED else Leave(uuid))

    def destination(self, alias: str, role: Role, pin: str | None) -> tuple[str, Role]:
        """Return the room somebody is sent to and as what. NotFound ``room.unknown``; Refused ``room.wrong_pin``.

        Without a PIN a host's word is enough, but only to enter as a guest.
        """
        room = self.directory.find(alias)
        if room is None or room.reception:
            raise NotFound("room.unknown")
        verdict = judge(room, pin or ("none" if role is Role.GUEST else None))
        if isinstance(verdict, Passed):
            return room.alias, role if verdict.role is Role.CHAIR else Role.GUEST
        if pin is None and role is Role.GUEST:
            return room.alias, role
        raise Refused("room.wrong_pin")

    async def maybe_lose(self, holder: Holder) -> None:
        """Act out a token that has run out unnoticed, if the panel asks for one. Refused ``room.invalid_token``."""
        if self.faults.take("room_token_dies"):
            await self.leave(holder)
            raise Refused("room.invalid_token")

    def _cut_events(self) -> None:
        for meeting in self.meetings:
            meeting.audience.cut()

    def _refer_all(self) -> None:
        for meeting in self.meetings:
            meeting.refer_all()

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
