"""The calendar as the desk shows it: what is booked ahead, how far its rooms are, and what is done with it.

VDX is asked only while somebody looks, or while a consultation of today waits for its time; never more often than
every fifteen seconds, since each answer costs VDX five requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.booked import BookedMeeting, RoomTemplate, occurrences
from vdx_plugin.domain.consultation import Consultation, Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.danish_time import COPENHAGEN, danish_day, day_limits
from vdx_plugin.domain.parties import PartyStatus
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.room import MeetingDraft
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Refused, VdxError
from vdx_plugin.runtime import Tasks
from vdx_plugin.service.agenda_entries import Heard, Known, foreign_entry, own_entry
from vdx_plugin.service.outside import DeskSettings, Outside
from vdx_plugin.service.recovery import parties_of
from vdx_plugin.service.scheduled import Scheduled
from vdx_plugin.service.view import AgendaEntry, AgendaView, Problem, problem_of
from vdx_plugin.texts import _

_log = log.get("service.agenda")

AT_MOST_EVERY = timedelta(seconds=15)
WHILE_SHOWN_S = 15.0
WHILE_WAITING_S = 60.0
MOST_IN_A_SERIES = 52


class Agenda:
    """All methods run on the asyncio thread. ``publish`` gets each new view, ``notice`` what the user must know.

    Commands raise nothing that belongs to the user: what goes wrong is a notice and stands at the entry.
    """

    def __init__(
        self,
        outside: Outside,
        settings: DeskSettings,
        *,
        publish: Callable[[AgendaView], None],
        notice: Callable[..., None],
    ) -> None:
        self._outside = outside
        self._publish = publish
        self._notice = notice
        self._tasks = Tasks()
        self._woken = asyncio.Event()
        self._asking = asyncio.Lock()
        self.scheduled = Scheduled(outside, settings)
        self._view = AgendaView()
        self._shown: date | None = None
        self._everyone = False
        self._heard: dict[date, Heard] = {}
        self._parties: dict[UUID, tuple[PartyStatus, ...]] = {}
        self._others: dict[UUID, Consultation | None] = {}
        self._problems: dict[UUID, Problem] = {}
        self._busy: set[UUID] = set()

    # --- life -------------------------------------------------------------------------------------------------------

    def takes(self, consultation: Consultation) -> bool:
        """Take an unfinished consultation out of the store in, if it belongs to the calendar."""
        is_ahead = consultation.stage is Stage.SCHEDULED or consultation.plan.end > self._outside.clock.now()
        if consultation.waits_for_its_time and is_ahead:
            self.scheduled.items[consultation.id] = consultation
            return True
        return False

    async def start(self) -> None:
        """Take up bookings and moves that the program died in, and begin to watch."""
        try:
            await self.scheduled.lapse()
            for one in self.scheduled.items.values():
                self._parties[one.id] = await parties_of(one, self._outside)
        except VdxError as error:
            _log.warning("the calendar could not be read: %s", error)
        for one in tuple(self.scheduled.items.values()):
            if one.stage is not Stage.SCHEDULED or one.moving_to is not None:
                self._tasks.spawn(self.retry(one.id), "take-up-booking")
        self._tasks.spawn(self._watch(), "watch-agenda")

    async def close(self) -> None:
        """Stop watching; what is under way is taken up at the next start."""
        await self._tasks.close()

    async def _watch(self) -> None:
        while True:
            self._woken.clear()
            await self.refresh()
            try:
                async with asyncio.timeout(self._pause_s()):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _pause_s(self) -> float | None:
        """None while nobody looks and nothing of today waits."""
        if self._shown is not None:
            return WHILE_SHOWN_S
        return WHILE_WAITING_S if self._today() in self._days() else None

    # --- looking ----------------------------------------------------------------------------------------------------

    async def show(self, day: date, *, everyone: bool = False) -> None:
        """Look at a day, with colleagues' meetings or without, until ``hide``."""
        self._shown, self._everyone = day, everyone
        self._rebuild()
        self._woken.set()

    async def hide(self) -> None:
        """Nobody looks any longer."""
        self._shown = None
        self._rebuild()

    async def refresh(self) -> None:
        """Ask VDX about the days that are looked at, if it was not asked just now."""
        now, problem = self._outside.clock.now(), None
        try:
            await self.scheduled.lapse()
            async with self._asking:
                for day in sorted(self._days()):
                    heard = self._heard.get(day)
                    if heard is None or now - heard.at >= AT_MOST_EVERY:
                        await self._ask(day, now)
        except VdxError as error:
            _log.warning("the calendar could not be brought up to date: %s", error)
            problem = problem_of(error)
        self._view = replace(self._view, problem=problem)
        self._rebuild()

    def _days(self) -> set[date]:
        days = {self._shown} if self._shown is not None else set()
        today = self._today()
        waits = any(danish_day(one.plan.start) == today for one in self.scheduled.items.values())
        return days | ({today} if waits else set())

    def _today(self) -> date:
        return danish_day(self._outside.clock.now())

    async def _ask(self, day: date, now: datetime) -> None:
        meetings, (start, end) = self._outside.meetings, day_limits(day)
        mine = await meetings.own(start, end, everyone=False)
        found = {one.meeting_id: one for one in meetings.known(start, end) if one.start < end}
        statuses = await meetings.statuses(start, end)
        await self._recognise(found.values())
        self._heard[day] = Heard(now, found, frozenset(one.meeting_id for one in mine), statuses)

    async def _recognise(self, meetings: Iterable[BookedMeeting]) -> None:
        """Find our own consultations among the meetings by their label, so that those begun or over have a name."""
        for meeting in meetings:
            kept = self._others.get(meeting.meeting_id)
            if kept is None or not kept.is_finished:
                self._others[meeting.meeting_id] = await self._labelled(meeting)

    async def _labelled(self, meeting: BookedMeeting) -> Consultation | None:
        for label in meeting.labels:
            try:
                found = await self._outside.consultations.get(UUID(label))
            except ValueError:
                continue
            if found is not None and found.meeting_id == meeting.meeting_id:
                return found
        return None

    def _rebuild(self) -> None:
        today = self._today()
        heard = self._heard.get(self._shown) if self._shown else None
        self._view = replace(
            self._view,
            day=self._shown,
            entries=self._entries(self._shown) if self._shown else (),
            today=tuple(one for one in self._entries(today) if one.consultation_id is not None),
            asked_at=heard.at if heard else None,
        )
        self._publish(self._view)

    def _entries(self, day: date) -> tuple[AgendaEntry, ...]:
        heard, now = self._heard.get(day), self._outside.clock.now()
        ours = {one.meeting_id: one for one in self.scheduled.items.values() if danish_day(one.plan.start) == day}
        found = [own_entry(self._known(one), heard, now) for one in ours.values()]
        for meeting in heard.meetings.values() if heard else ():
            if meeting.meeting_id not in ours:
                found += self._entry_of(meeting, heard, now) if heard else ()
        return tuple(sorted(found, key=lambda one: (one.start, one.meeting_id)))

    def _entry_of(self, meeting: BookedMeeting, heard: Heard, now: datetime) -> tuple[AgendaEntry, ...]:
        consultation = self._others.get(meeting.meeting_id)
        if consultation is None:
            is_shown = self._everyone or meeting.meeting_id in heard.mine
            return (foreign_entry(meeting, heard, now),) if is_shown else ()
        if consultation.stage in (Stage.CANCELLING, Stage.CANCELLED):
            return ()
        consultation = self.scheduled.items.get(consultation.id, consultation)
        return (own_entry(self._known(consultation), heard, now),)

    def _known(self, one: Consultation) -> Known:
        return Known(
            one,
            self._parties.get(one.id, ()),
            self._links(one),
            self._problems.get(one.id),
            is_waiting=one.id in self.scheduled.items,
            is_busy=one.id in self._busy,
        )

    def _links(self, one: Consultation) -> dict[str, Secret]:
        room = one.room
        if room is None or not room.guest_pin or one.is_finished:
            return {}
        return {party.key: self._outside.composer.guest_link(room, party) for party in one.plan.parties}

    async def search(self, text: str) -> Sequence[AgendaEntry]:
        """Find meetings by subject, organiser or patient's name, newest first. Asks nobody."""
        now, words = self._outside.clock.now(), text.casefold().split()
        ours = {one.id: one for one in [*self.scheduled.items.values(), *filter(None, self._others.values())]}
        found = [
            own_entry(self._known(one), self._heard.get(danish_day(one.plan.start)), now)
            for one in ours.values()
            if words and all(word in _searched(one.context) for word in words)
        ]
        taken = {entry.meeting_id for entry in found}
        for meeting in self._outside.meetings.search(text) if words else ():
            if meeting.meeting_id not in taken:
                heard = self._heard.get(danish_day(meeting.start), Heard(now, {meeting.meeting_id: meeting}))
                found += self._entry_of(meeting, heard, now) or (foreign_entry(meeting, heard, now),)
        return tuple(sorted(found, key=lambda one: one.start, reverse=True))

    async def templates(self) -> Sequence[RoomTemplate]:
        """Return the recipes for rooms. Raises what VDX raises."""
        return tuple(await self._outside.meetings.templates())

    async def hear(self, consultation_id: UUID) -> None:
        """Something became known about an invitation: read how far each party of that consultation is."""
        one = self.scheduled.items.get(consultation_id)
        if one is not None:
            self._parties[one.id] = await parties_of(one, self._outside)
            self._rebuild()

    # --- commands ---------------------------------------------------------------------------------------------------

    async def plan(self, context: ClinicContext, plan: Plan) -> None:
        """Book ``plan`` for the patient of ``context`` and tell everybody."""
        one = self._new(context, plan)
        try:
            await self.scheduled.begin(one)
        except VdxError as error:
            self._notice(error.code, **error.facts)
            return
        await self._carry_out(one.id, self._booked)

    async def plan_series(self, context: ClinicContext, plan: Plan, count: int, every: timedelta) -> None:
        """Book ``plan`` and ``count - 1`` more after it, ``every`` some whole days by the clock on the wall.

        One that could not be booked stands in the calendar with its problem; how many did is a notice.
        """
        if not 1 <= count <= MOST_IN_A_SERIES:
            raise ValueError("too many appointments")
        times = occurrences(plan.start, plan.end - plan.start, count, every, COPENHAGEN)
        series = [self._new(context, replace(plan, start=start, end=end)) for start, end in times]
        try:
            for one in series:
                await self.scheduled.begin(one)
            items = await self._outside.meetings.book_series([self.scheduled.draft(one) for one in series])
        except VdxError as error:
            self._notice(error.code, **error.facts)
            self._problems |= {one.id: problem_of(error) for one in series}
            self._rebuild()
            return
        for one, item in zip(series, items, strict=True):
            work = self._told if item.meeting is not None else _failing(item.problem)
            await self._carry_out(one.id, work, is_quiet=True)
        failed = sum(1 for one in series if not self._is_scheduled(one.id))
        if failed:
            self._notice("agenda.series_short", failed=failed, count=count)

    def _new(self, context: ClinicContext, plan: Plan) -> Consultation:
        # Fractions of a second are lost at VDX, and the meeting would look moved.
        start, end = plan.start.replace(microsecond=0), plan.end.replace(microsecond=0)
        ahead = replace(plan, start=start, end=end, planned_ahead=True)
        new_id, now = self._outside.new_id, self._outside.clock.now()
        return Consultation(new_id(), new_id(), Stage.PLANNED, context, ahead, now)

    def _is_scheduled(self, consultation_id: UUID) -> bool:
        one = self.scheduled.items.get(consultation_id)
        return one is not None and one.stage is Stage.SCHEDULED

    async def move(self, consultation_id: UUID, start: datetime, end: datetime) -> None:
        """Give a consultation another time and tell everybody."""

        async def work(one: UUID) -> None:
            await self.scheduled.wish(one, start, end)
            await self._moved(one)

        await self._carry_out(consultation_id, work)

    async def prolong(self, consultation_id: UUID, end: datetime) -> None:
        """Give a consultation another end and tell everybody."""
        one = self.scheduled.items.get(consultation_id)
        if one is not None:
            await self.move(consultation_id, one.plan.start, end)

    async def retry(self, consultation_id: UUID) -> None:
        """Take up a booking or a move of which it is not known what became of it."""
        one = self.scheduled.items.get(consultation_id)
        if one is not None:
            await self._carry_out(consultation_id, self._moved if one.moving_to is not None else self._booked)

    def release(self, consultation_id: UUID) -> Consultation | None:
        """Take one out of the calendar, to be begun or called off; None if it is not there or under way."""
        if consultation_id in self._busy:
            return None
        self._problems.pop(consultation_id, None)
        one = self.scheduled.items.pop(consultation_id, None)
        if one is not None:
            self.saw(one)
        return one

    def put_back(self, consultation: Consultation) -> None:
        """Return one that was not begun after all."""
        self.scheduled.items[consultation.id] = consultation
        self._rebuild()

    def saw(self, consultation: Consultation) -> None:
        """Take in what became of one that is no longer the calendar's own; VDX is asked about it again."""
        self._others[consultation.meeting_id] = consultation
        self._heard.pop(danish_day(consultation.plan.start), None)
        self._rebuild()
        self._woken.set()

    async def _booked(self, consultation_id: UUID) -> None:
        await self.scheduled.book(consultation_id)

    async def _told(self, consultation_id: UUID) -> None:
        await self.scheduled.tell(consultation_id)

    async def _moved(self, consultation_id: UUID) -> None:
        if not await self.scheduled.move(consultation_id):
            self._notice("vdx.kept_old")

    async def _carry_out(
        self, consultation_id: UUID, work: Callable[[UUID], Awaitable[None]], *, is_quiet: bool = False
    ) -> None:
        """Do one thing with a consultation, one at a time; what goes wrong is told and stands at its entry."""
        if consultation_id in self._busy or consultation_id not in self.scheduled.items:
            return
        self._busy.add(consultation_id)
        self._problems.pop(consultation_id, None)
        self._rebuild()
        try:
            await work(consultation_id)
        except VdxError as error:
            await self._failed(consultation_id, error, is_quiet=is_quiet)
        finally:
            self._busy.discard(consultation_id)
            self._forget_day(consultation_id)
            self._rebuild()
            self._woken.set()
        await self.hear(consultation_id)

    async def _failed(self, consultation_id: UUID, error: VdxError, *, is_quiet: bool) -> None:
        _log.warning("the calendar could not be changed: %s", error)
        self._problems[consultation_id] = problem_of(error)
        if not is_quiet:
            self._notice(error.code, **error.facts)
        one = self.scheduled.items[consultation_id]
        if isinstance(error, Refused) and one.stage in (Stage.BOOKING, Stage.READY):
            await self.scheduled.give_up(consultation_id, error.code)

    def _forget_day(self, consultation_id: UUID) -> None:
        """What VDX said of that day is out of date."""
        one = self.scheduled.items.get(consultation_id)
        if one is not None:
            self._heard.pop(danish_day(one.plan.start), None)


def check_time(outside: Outside, start: datetime, end: datetime, organised_by: str) -> Mapping[str, str]:
    """Return a sentence for each field at fault. VDX itself takes a start in the past without a word."""
    now = outside.clock.now()
    draft = MeetingDraft(UUID(int=0), start, end, organised_by=organised_by or None)
    past = {"startTime": _("Tiden er allerede gået.")} if start <= now else {}
    return past | dict(outside.check_draft(draft, now))


def _failing(code: str) -> Callable[[UUID], Awaitable[None]]:
    async def work(_consultation_id: UUID) -> None:
        raise VdxError(code)

    return work


def _searched(context: ClinicContext) -> str:
    name = context.patient.name
    return name.full.casefold() if name else ""
