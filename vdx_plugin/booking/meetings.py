"""Meetings for later: fills ``ports.MeetingBook`` on top of ``rooms``.

VDX is asked in the narrowest way that works and its answers are narrowed once more: a token with an unknown extra role
sees the whole organisation, one with the administrator's role alone finds other organisations' short ids, and any role
may read every PIN of its organisation (facts, 7.D). What is not ours is dropped here, and no room is read before its
meeting was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.booking.auth import PLANNERS, Authority
from vdx_plugin.booking.client import AT_ONCE, VdxClient
from vdx_plugin.booking.models import Meeting, PatchMeeting, SchedulingTemplate
from vdx_plugin.booking.rooms import VdxRooms
from vdx_plugin.booking.shelf import MeetingShelf
from vdx_plugin.domain.booked import (
    BookedMeeting,
    Cancelled,
    EditOutcome,
    MeetingEdit,
    RoomTemplate,
    SeriesItem,
    outcome_of,
)
from vdx_plugin.domain.room import MeetingDraft, ProvisionStatus, Room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, NotFound, OutcomeUnknown, Refused, SignInNeeded, Unavailable, VdxError
from vdx_plugin.ports import Clock

_log = log.get("booking.meetings")
T = TypeVar("T")

WINDOW = timedelta(days=10)
"""A search has no pages, so a long time is asked for in pieces that are read without holding up the loop."""

SHOWN = (ProvisionStatus.AWAITS_PROVISION, ProvisionStatus.PROVISIONED_OK, ProvisionStatus.PROVISION_PROBLEMS)


class VdxMeetings:
    """Fills ``ports.MeetingBook``. Shares connections and identity with ``rooms``, which closes them."""

    def __init__(self, client: VdxClient, auth: Authority, rooms: VdxRooms, clock: Clock) -> None:
        self._client = client
        self._auth = auth
        self._rooms = rooms
        self._clock = clock
        self._shelf = MeetingShelf()

    # --- finding --------------------------------------------------------------------------------------------------

    async def own(self, start: datetime, end: datetime, *, everyone: bool = False) -> list[BookedMeeting]:
        """See ``ports.MeetingBook``. ``everyone`` shows colleagues' meetings too, where the role lets us see them."""
        pieces = await _together(self._client.meetings_between(*piece) for piece in _pieces(start, end))
        heard = {one.uuid: _booked(one) for found in pieces for one in found if self._is_ours(one)}
        self._shelf.heard(start, end, heard.values())
        mine = [meeting for meeting in heard.values() if everyone or self._is_mine(meeting)]
        return sorted(mine, key=lambda meeting: meeting.start)

    def known(self, start: datetime, end: datetime) -> list[BookedMeeting]:
        """See ``ports.MeetingBook``."""
        return self._shelf.between(start, end)

    def search(self, text: str, *, limit: int = 50) -> list[BookedMeeting]:
        """See ``ports.MeetingBook``. VDX's own text search is not used: it falls over for a plain user."""
        return self._shelf.search(text, limit=limit)

    async def with_short_id(self, short_id: str) -> BookedMeeting | None:
        """Return our organisation's meeting behind a short link, None if there is none."""
        found = [meeting for meeting in await self._client.meetings_with_short_id(short_id) if self._is_ours(meeting)]
        return _booked(found[0]) if found else None

    async def at_address(self, address: str) -> BookedMeeting | None:
        """Return our meeting whose room has this address, the latest where a number was used again."""
        found = [meeting for meeting in await self._client.meetings_at(address) if self._is_ours(meeting)]
        return _booked(max(found, key=lambda meeting: meeting.start_time)) if found else None

    async def statuses(self, start: datetime, end: datetime) -> dict[UUID, ProvisionStatus]:
        """See ``ports.MeetingBook``. One request for each status; the PINs in the answers are dropped unread."""
        answers = await _together(self._client.scheduling_infos(start, end, status) for status in SHOWN)
        return {info.uuid: info.provision_status for rooms in answers for info in rooms}

    async def room(self, meeting_id: UUID) -> Room:
        """See ``ports.MeetingBook``."""
        await self._client.meeting(meeting_id)
        found = await self._rooms.lookup(meeting_id)
        if found is None:
            raise NotFound("vdx.not_found", "the meeting has no room")
        return found

    async def templates(self) -> list[RoomTemplate]:
        """See ``ports.MeetingBook``."""
        return [_template(found) for found in await self._client.templates() if found.id is not None]

    # --- booking --------------------------------------------------------------------------------------------------

    async def book(self, draft: MeetingDraft) -> BookedMeeting:
        """See ``ports.MeetingBook``."""
        if draft.organised_by is not None:
            await self._check_may_plan_for(draft.organised_by)
        await self._rooms.arrange(replace(draft, own_pins=True))
        meeting = _booked(await self._client.meeting(draft.meeting_id))
        if draft.organised_by is not None and not _same_person(meeting.organised_by, draft.organised_by):
            # VDX drops the organiser without a word (facts, 7.A.11), and the colleague would never see the meeting.
            await self._rooms.close(draft.meeting_id, self._clock.now())
            raise _not_for_colleagues("VDX booked it in our own name")
        self._shelf.put(meeting)
        return meeting

    async def book_series(self, drafts: Sequence[MeetingDraft]) -> list[SeriesItem]:
        """See ``ports.MeetingBook``. As many at once as the client lets through."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(draft: MeetingDraft) -> SeriesItem:
            async with places:
                return await self._one_of_series(draft)

        return await _together(one(draft) for draft in drafts)

    async def _one_of_series(self, draft: MeetingDraft) -> SeriesItem:
        try:
            return SeriesItem(draft.start, await self.book(draft))
        except (SignInNeeded, Misconfigured):
            raise
        except VdxError as error:
            _log.warning("an appointment of a series was not booked: %s", error.code)
            return SeriesItem(draft.start, problem=error.code)

    # --- changing -------------------------------------------------------------------------------------------------

    async def edit(self, meeting_id: UUID, edit: MeetingEdit) -> EditOutcome:
        """See ``ports.MeetingBook``. Always a PATCH: a PUT would clear what is left out and move the organiser."""
        if edit.organised_by is not None:
            await self._check_may_plan_for(edit.organised_by)
        before = _booked(await self._client.meeting(meeting_id))
        await self._rooms.change(
            meeting_id,
            PatchMeeting(
                subject=edit.subject,
                start_time=edit.start,
                end_time=edit.end,
                organized_by_email=edit.organised_by,
            ),
        )
        outcome = outcome_of(before, edit, await self._read_back(meeting_id))
        for field in sorted(outcome.kept | outcome.moved):
            _log.warning("VDX %s %s", "kept" if field in outcome.kept else "moved", field)
        return outcome

    async def move(self, meeting_id: UUID, start: datetime, end: datetime) -> EditOutcome:
        """Give a meeting another time."""
        return await self.edit(meeting_id, MeetingEdit(start=start, end=end))

    async def prolong(self, meeting_id: UUID, end: datetime) -> EditOutcome:
        """Give a meeting another end; works while its room is up."""
        return await self.edit(meeting_id, MeetingEdit(end=end))

    async def cancel(self, meeting_id: UUID, now: datetime) -> Cancelled:
        """See ``ports.MeetingBook``."""
        done = await self._rooms.give_back(meeting_id, now)
        self._shelf.drop(meeting_id)
        return done

    async def _read_back(self, meeting_id: UUID) -> BookedMeeting:
        try:
            meeting = _booked(await self._client.meeting(meeting_id))
        except Unavailable as error:
            raise OutcomeUnknown("vdx.outcome_unknown", "the change could not be read back") from error
        self._shelf.put(meeting)
        return meeting

    # --- who we are -----------------------------------------------------------------------------------------------

    async def _check_may_plan_for(self, email: str) -> None:
        """Raise Refused when the token says that VDX would drop the organiser. Silent where it does not tell."""
        if self._auth.identity() is None:
            await self._client.info()
        identity = self._auth.identity()
        if identity is None or _same_person(identity.email, email):
            return
        if not PLANNERS.intersection(identity.roles):
            raise _not_for_colleagues("the role is not planner")

    def _is_ours(self, meeting: Meeting) -> bool:
        identity = self._auth.identity()
        if identity is None or meeting.organized_by is None:
            return True
        return meeting.organized_by.organisation_id in ("", identity.organisation)

    def _is_mine(self, meeting: BookedMeeting) -> bool:
        identity = self._auth.identity()
        return identity is None or _same_person(meeting.organised_by, identity.email)


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all at once, in order of their results. The first failure ends the others before it is raised."""
    tasks = [asyncio.get_running_loop().create_task(one, name="booking-together") for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _not_for_colleagues(detail: str) -> Refused:
    return Refused("vdx.colleague", detail, field="organizedByEmail")


def _same_person(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _pieces(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Cut a window into pieces. VDX counts both ends in, so neighbours share a moment."""
    pieces = []
    while start + WINDOW < end:
        pieces.append((start, start + WINDOW))
        start += WINDOW
    return [*pieces, (start, end)]


def _booked(meeting: Meeting) -> BookedMeeting:
    return BookedMeeting(
        meeting.uuid,
        meeting.subject,
        meeting.start_time,
        meeting.end_time,
        meeting.organized_by.email if meeting.organized_by else "",
        meeting.labels,
        Secret(meeting.short_link) if meeting.short_link else None,
    )


def _template(found: SchedulingTemplate) -> RoomTemplate:
    return RoomTemplate(
        id=found.id or 0,
        is_safe=found.host_pin_required and found.guest_pin_required,
        is_default=found.is_default_template,
        is_pool=found.is_pool_template,
        ready_before=timedelta(minutes=found.vmr_available_before or 0),
        max_participants=found.max_participants,
    )
