"""Rooms at VDX: booked once whatever the line does, read back, made safe, waited for, and given back.

VDX has no idempotency key. What makes a repeat harmless is that we choose the meeting's uuid and keep it before
anything is sent: after a lost answer we ask for that uuid, and book again under the same one only if it is unknown.
A meeting says nothing of its room, so every answer that matters is read back from scheduling-info (facts, 3 and 7.A).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.booking import health, pins
from vdx_plugin.booking.auth import Authority
from vdx_plugin.booking.client import VdxClient
from vdx_plugin.booking.models import CreateMeeting, Meeting, PatchMeeting, SchedulingInfo, same_second
from vdx_plugin.booking.pace import POLITE_S, Pace
from vdx_plugin.domain.booked import Cancelled
from vdx_plugin.domain.room import MeetingDraft, ProvisionStatus, Room, RoomFault, fault_of
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Conflict, NotFound, OutcomeUnknown, Refused, Unavailable
from vdx_plugin.ports import Clock

_log = log.get("booking.rooms")
T = TypeVar("T")

_LEAVING = frozenset(
    {
        ProvisionStatus.STARTING_TO_DEPROVISION,
        ProvisionStatus.DEPROVISION_OK,
        ProvisionStatus.DEPROVISION_PROBLEMS,
    }
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often to try. ``poll_s`` stays at three seconds or more against the real service."""

    poll_s: float = 3.0
    ready_limit_s: float = 120.0
    """VDX's own monitor waits as long for a room."""
    tries: int = 3
    backoff_s: float = 0.5
    """The first pause between two tries; each further one is twice as long, all of them drawn by chance around it."""

    def pause_s(self, attempt: int) -> float:
        """Return the pause after ``attempt`` (0 is the first): a quarter more or less, so that clinics do not march."""
        return self.backoff_s * (2.0**attempt) * random.uniform(0.75, 1.25)

    def towards(self, environment: str) -> Patience:
        """Return the patience that is decent there: only the sandbox may be asked more often than VDX."""
        return self if environment == "sandbox" else replace(self, poll_s=max(self.poll_s, POLITE_S))


class VdxRooms:
    """Fills ``ports.RoomBooking``. One object for one identity, from ``opening.open_rooms``."""

    def __init__(
        self,
        client: VdxClient,
        auth: Authority,
        clock: Clock,
        patience: Patience,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._auth = auth
        self._clock = clock
        self._patience = patience
        self._pace = Pace(patience.poll_s, monotonic)

    async def aclose(self) -> None:
        """Close the connections to VDX; no call may be under way."""
        await self._client.aclose()

    async def check(self) -> health.VdxHealth:
        """Say whether VDX answers, which roles we have, and how far the clocks are apart."""
        return await health.look(self._client, self._auth, self._clock)

    async def is_reachable(self) -> bool:
        """Say whether VDX answers us now; see ``ports.RoomBooking``."""
        return (await self.check()).reachable

    async def book(self, draft: MeetingDraft, on_status: Callable[[ProvisionStatus], None]) -> Room:
        """Book, read back, make safe and wait; see ``ports.RoomBooking``.

        A room for later, which VDX makes shortly before the start, is returned as soon as it is booked and safe.
        Refused with a ``room.*`` code means that the booking exists and cannot be made safe: close it, and book
        anew under another id with ``own_pins``. Unavailable(``room.slow``, ``room.failed``), NotFound(``room.gone``),
        Conflict(``vdx.taken``) when the id is somebody else's.
        """
        await self._ensure_booked(wish_for(draft))
        info = await self._look(draft.meeting_id)
        on_status(info.provision_status)
        info = await self._made_safe(info)
        info = await self._waited_for(info, draft.start, on_status)
        room = room_from(info, draft.end)
        _refuse_unsafe(room)
        return room

    async def arrange(self, draft: MeetingDraft) -> Room:
        """Book, read back and make safe, without waiting for the room. Raises as ``book`` does."""
        await self._ensure_booked(wish_for(draft))
        info = await self._made_safe(await self._look(draft.meeting_id))
        return room_from(info, draft.end)

    async def change(self, meeting_id: UUID, change: PatchMeeting) -> None:
        """Send a change, waiting while VDX is making the room. What VDX made of it must be read back.

        Raises Conflict(``vdx.state``) where the room takes no change any more, Unavailable(``vdx.state``) where it
        is under way for too long.
        """
        try:
            async with asyncio.timeout(self._patience.ready_limit_s):
                while not await self._try_to_change(meeting_id, change):
                    await self._pace.turn(meeting_id)
        except TimeoutError:
            raise Unavailable("vdx.state", "the room is still being made") from None

    async def lookup(self, meeting_id: UUID) -> Room | None:
        try:
            return room_from(await self._look(meeting_id))
        except NotFound:
            return None

    async def close(self, meeting_id: UUID, now: datetime) -> None:
        """Delete a booking that has no room yet, end one that has. Raises Unavailable(``vdx.state``) if it stays."""
        await self.give_back(meeting_id, now)

    async def give_back(self, meeting_id: UUID, now: datetime) -> Cancelled:
        """Do what ``close`` does, and say how it was done."""
        try:
            async with asyncio.timeout(self._patience.ready_limit_s):
                # VDX tells nothing by itself, so there is no event to wait for.
                while (done := await self._try_to_close(meeting_id, now)) is None:
                    await self._pace.turn(meeting_id)
                return done
        except NotFound:
            return Cancelled.GONE
        except TimeoutError:
            raise Unavailable("vdx.state", "the room could not be given back in time") from None

    # --- booking once ---------------------------------------------------------------------------------------------

    async def _ensure_booked(self, wanted: CreateMeeting) -> None:
        may_exist = False
        for attempt in range(self._patience.tries):
            try:
                await self._client.create_meeting(wanted)
                return
            except Unavailable as error:
                problem = error
            may_exist = may_exist or isinstance(problem, OutcomeUnknown)
            await asyncio.sleep(self._patience.pause_s(attempt))
            found = await self._is_booked(wanted)
            if found:
                return
            # VDX answered with an error and then did not know the uuid: nothing was booked. After silence, the
            # first request may still be on its way.
            if found is False and problem.code == "vdx.server_error":
                may_exist = False
            _log.info("booking attempt %d: %s, found %s", attempt + 1, problem.code, found)
        if may_exist:
            raise OutcomeUnknown("vdx.outcome_unknown", problem.detail)
        raise Unavailable(problem.code, problem.detail) from problem

    async def _is_booked(self, wanted: CreateMeeting) -> bool | None:
        """True if VDX has our booking, False if it has not, None if it does not answer."""
        try:
            found = await self._client.meeting(wanted.uuid)
        except NotFound:
            return False
        except Unavailable:
            return None
        except Refused as error:
            raise Conflict("vdx.taken", "the meeting id belongs to another") from error
        if not _is_ours(found, wanted):
            raise Conflict("vdx.taken", "another meeting has the id")
        return True

    # --- reading, repairing, waiting ------------------------------------------------------------------------------

    async def _look(self, meeting_id: UUID) -> SchedulingInfo:
        info = await self._patiently(lambda: self._client.scheduling_info(meeting_id))
        self._pace.looked(meeting_id)
        return info

    async def _try_to_change(self, meeting_id: UUID, change: PatchMeeting) -> bool:
        """Send the change; False when VDX is making the room and takes it later."""

        async def send() -> None:
            await self._patiently(lambda: self._client.change_meeting(meeting_id, change))

        try:
            await send()
        except Conflict:
            status = (await self._look(meeting_id)).provision_status
            if status is ProvisionStatus.STARTING_TO_PROVISION:
                return False
            if status is not ProvisionStatus.PROVISIONED_OK:
                raise
            # The room may have been finished between the two questions: now VDX's word counts.
            await send()
        return True

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Repeat a request that may be repeated, as often as ``Patience`` allows."""
        for attempt in range(self._patience.tries - 1):
            try:
                return await ask()
            except Unavailable:
                await asyncio.sleep(self._patience.pause_s(attempt))
        return await ask()

    async def _made_safe(self, info: SchedulingInfo) -> SchedulingInfo:
        """Give a room without two good PINs our own, while VDX still takes them; Refused where it does not."""
        fault = _pin_fault(room_from(info))
        if fault is None:
            return info
        if info.provision_status is not ProvisionStatus.AWAITS_PROVISION:
            raise Refused(fault.value, "the room exists already, its PINs cannot be changed")
        _log.warning("repairing a room: %s", fault.value)
        pair = pins.draw()
        change = PatchMeeting(host_pin=pair.host, guest_pin=pair.guest)
        try:
            await self._patiently(lambda: self._client.change_meeting(info.uuid, change))
            # VDX builds the portal link before it stores the new PIN; an empty change has it built once more, for
            # whoever follows the short link (facts, 7.B.13).
            await self._patiently(lambda: self._client.change_meeting(info.uuid, PatchMeeting()))
        except Conflict:
            _log.info("the room was made while it was being repaired")
        # A PIN that comes too late is answered with 200 and dropped, so only reading back tells.
        repaired = await self._look(info.uuid)
        if (repaired.host_pin, repaired.guest_pin) != (pair.host, pair.guest):
            raise Refused(fault.value, "VDX did not take the PINs")
        return repaired

    async def _waited_for(
        self, info: SchedulingInfo, start: datetime, on_status: Callable[[ProvisionStatus], None]
    ) -> SchedulingInfo:
        try:
            async with asyncio.timeout(self._patience.ready_limit_s):
                while not self._is_settled(info, start):
                    await self._pace.turn(info.uuid)
                    seen, info = info.provision_status, await self._look(info.uuid)
                    if info.provision_status is not seen:
                        on_status(info.provision_status)
        except TimeoutError:
            raise Unavailable("room.slow", f"still {info.provision_status}") from None
        return info

    def _is_settled(self, info: SchedulingInfo, start: datetime) -> bool:
        """True when there is nothing to wait for. Raises when the room will never come."""
        status = info.provision_status
        if status is ProvisionStatus.PROVISION_PROBLEMS:
            raise Unavailable("room.failed", "VDX reports PROVISION_PROBLEMS")
        if status in _LEAVING:
            raise NotFound("room.gone", f"VDX reports {status}")
        made_at = start - timedelta(minutes=info.vmr_available_before)
        is_later = status is ProvisionStatus.AWAITS_PROVISION and made_at > self._clock.now()
        return status is ProvisionStatus.PROVISIONED_OK or is_later

    # --- giving back ----------------------------------------------------------------------------------------------

    async def _try_to_close(self, meeting_id: UUID, now: datetime) -> Cancelled | None:
        """Do what the room's state allows. None: the state is between two, look again. Raises NotFound when gone."""
        status = (await self._look(meeting_id)).provision_status
        if status in _LEAVING or status is ProvisionStatus.PROVISION_PROBLEMS:
            return Cancelled.GONE
        if status is ProvisionStatus.STARTING_TO_PROVISION:
            return None
        try:
            if status is ProvisionStatus.AWAITS_PROVISION:
                await self._patiently(lambda: self._client.delete_meeting(meeting_id))
                return Cancelled.DELETED
            return await self._ended(meeting_id, now)
        except Conflict:
            # The room was made between our look and our wish.
            return await self._ended(meeting_id, now)

    async def _ended(self, meeting_id: UUID, now: datetime) -> Cancelled | None:
        """Move the end to ``now`` and read it back; None when the room is in a state that takes no change."""
        change = PatchMeeting(end_time=now)
        try:
            await self._patiently(lambda: self._client.change_meeting(meeting_id, change))
        except Conflict:
            return None
        meeting = await self._patiently(lambda: self._client.meeting(meeting_id))
        return Cancelled.ENDED if same_second(meeting.end_time, now) else None


def wish_for(draft: MeetingDraft) -> CreateMeeting:
    """Say what is asked of VDX. Without own PINs a start of now takes a ready room from the pool, type NORMAL too."""
    pair = pins.draw() if draft.own_pins else None
    return CreateMeeting(
        uuid=draft.meeting_id,
        subject=draft.subject,
        start_time=draft.start,
        end_time=draft.end,
        project_code=draft.project_code or None,
        organized_by_email=draft.organised_by,
        labels=(draft.label,) if draft.label else None,
        host_pin=pair.host if pair else None,
        guest_pin=pair.guest if pair else None,
    )


def room_from(info: SchedulingInfo, end: datetime | None = None) -> Room:
    """Return scheduling-info as our own value. A portal link is kept only if it carries the guest PIN of now."""
    return Room(
        meeting_id=info.uuid,
        alias=info.uri_with_domain,
        host_pin=_secret(info.host_pin),
        guest_pin=_secret(info.guest_pin),
        status=info.provision_status,
        portal_link=_guest_link_only(info),
        short_link=_secret(info.short_link),
        end=end,
    )


def _secret(value: int | str | None) -> Secret | None:
    return None if value is None else Secret(str(value))


def _guest_link_only(info: SchedulingInfo) -> Secret | None:
    """VDX puts the host PIN into the link where there is no guest PIN, and leaves an old PIN after a change."""
    if info.portal_link is None or info.guest_pin is None or info.guest_pin == info.host_pin:
        return None
    pin = parse_qs(urlsplit(info.portal_link).query).get("pin")
    return Secret(info.portal_link) if pin == [str(info.guest_pin)] else None


def _pin_fault(room: Room) -> RoomFault | None:
    fault = fault_of(room)
    return None if fault is RoomFault.NOT_READY else fault


def _refuse_unsafe(room: Room) -> None:
    fault = _pin_fault(room)
    if fault is not None:
        raise Refused(fault.value)


def _is_ours(found: Meeting, wanted: CreateMeeting) -> bool:
    return found.subject == wanted.subject and same_second(found.start_time, wanted.start_time)
