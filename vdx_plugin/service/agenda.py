"""The calendar as the desk shows it: what is booked ahead, how far its rooms are, and what is done with it.

VDX is asked only while somebody looks, or while a consultation of today waits for its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from heapq import nlargest
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.booked import RoomTemplate, occurrences
from vdx_plugin.domain.consultation import Consultation, Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.danish_time import COPENHAGEN, danish, danish_day
from vdx_plugin.domain.parties import PartyStatus
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.room import MeetingDraft
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import VdxError
from vdx_plugin.runtime import Tasks
from vdx_plugin.service.agenda_entries import Heard, Known, foreign_entry, in_order, own_entry
from vdx_plugin.service.agenda_hearing import Hearing
from vdx_plugin.service.agenda_work import AgendaWork, Doing
from vdx_plugin.service.kept import parties_of
from vdx_plugin.service.outside import DeskSettings, Outside
from vdx_plugin.service.scheduled import Scheduled, is_overdue
from vdx_plugin.service.view import AgendaEntry, AgendaView, Undoable, problem_of
from vdx_plugin.texts import _

_log = log.get("service.agenda")

WHILE_SHOWN_S = 15.0
WHILE_WAITING_S = 60.0
MOST_IN_A_SERIES = 52
MOST_FOUND = 50
"""More hits than this are no help to who looks, and a list of thousands takes the window a while."""


class Agenda:
    """All methods run on the asyncio thread. ``publish`` gets each new view, ``notice`` what the user must know.

    ``running`` returns the consultation under way, ``undoable`` what can be taken back of a command about parties.
    Commands raise nothing that belongs to the user: what goes wrong is a notice and stands at the entry.
    """

    def __init__(
        self,
        outside: Outside,
        settings: DeskSettings,
        *,
        publish: Callable[[AgendaView], None],
        notice: Callable[..., None],
        running: Callable[[], Consultation | None],
        undoable: Callable[[UUID], Undoable | None] = lambda _number: None,
    ) -> None:
        self._outside = outside
        self._undoable = undoable
        self._publish = publish
        self._notice = notice
        self._running = running
        self._tasks = Tasks()
        self._woken = asyncio.Event()
        self._asking = asyncio.Lock()
        self.scheduled = Scheduled(outside, settings)
        self._work = AgendaWork(self.scheduled, outside.clock, changed=self._changed, notice=notice)
        self._view = AgendaView()
        self._shown: date | None = None
        self._everyone = False
        self._hearing = Hearing(outside)
        self._followed: tuple[UUID, Stage] | None = None
        self._parties: dict[UUID, tuple[PartyStatus, ...]] = {}
        self._told_overdue: set[UUID] = set()

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
            await self._lapse()
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
            await self._take_up_again()
            try:
                async with asyncio.timeout(self._pause_s()):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _pause_s(self) -> float | None:
        """None while nobody looks, nothing of today waits and nothing is in doubt."""
        if self._shown is not None:
            return WHILE_SHOWN_S
        return WHILE_WAITING_S if self._work.is_in_doubt or self._today() in self._days() else None

    async def _take_up_again(self) -> None:
        for number in self._work.doubtful():
            one = self.scheduled.items[number]
            # What becomes of a move after the old time is no longer seen by looking at the day.
            is_quiet = not is_overdue(one, self._outside.clock.now())
            await self._carry_out(number, self._unfinished_work(one), is_quiet=is_quiet)

    async def _lapse(self) -> None:
        """Close what is over, and tell of moves that came to nothing, or have not come to anything in time."""
        for one in await self.scheduled.lapse():
            self._notice("agenda.never_moved", **_day_and_time(one))
        for one in self.scheduled.overdue():
            if one.id not in self._told_overdue:
                self._told_overdue.add(one.id)
                self._notice("agenda.not_moved_yet", **_day_and_time(one))

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
            await self._lapse()
            async with self._asking:
                for day in sorted(self._days()):
                    await self._hearing.ask(day, now)
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

    def _rebuild(self) -> None:
        today = self._today()
        heard = self._hearing.of(self._shown) if self._shown else None
        self._view = replace(
            self._view,
            day=self._shown,
            entries=self._entries(self._shown) if self._shown else (),
            today=tuple(one for one in self._entries(today) if one.consultation_id is not None),
            answered=self._answered(),
            asked_at=heard.at if heard else None,
        )
        self._publish(self._view)

    def _answered(self) -> tuple[AgendaEntry, ...]:
        """Return the entries that wait for the user to read an answer."""
        now, waiting = self._outside.clock.now(), self.scheduled.items.values()
        own = (own_entry(self._known(one), self._hearing.of(danish_day(one.plan.start)), now) for one in waiting)
        return in_order(entry for entry in own if entry.has_unread_answer)

    def parties(self, consultation_id: UUID) -> tuple[PartyStatus, ...]:
        """Return how the parties of a consultation of the calendar stand."""
        one = self.scheduled.items[consultation_id]
        return self._parties.get(consultation_id) or tuple(PartyStatus(party) for party in one.plan.parties)

    def _entries(self, day: date) -> tuple[AgendaEntry, ...]:
        heard, now, is_today = self._hearing.of(day), self._outside.clock.now(), day == self._today()
        ours = [one for one in self._ours() if day == danish_day(one.plan.start) or (is_today and is_overdue(one, now))]
        found = [own_entry(self._known(one), self._hearing.of(danish_day(one.plan.start)), now) for one in ours]
        for meeting in heard.meetings.values() if heard else ():
            is_shown = self._everyone or (heard is not None and meeting.meeting_id in heard.mine)
            if heard is not None and is_shown and self._hearing.consultations.get(meeting.meeting_id) is None:
                found.append(foreign_entry(meeting, heard, now))
        return in_order(found)

    def _ours(self) -> list[Consultation]:
        """Return every consultation the calendar knows, those begun or over too, as they are now."""
        found = {one.id: one for one in self._hearing.consultations.values() if one is not None} | self.scheduled.items
        running = self._running()
        if running is not None and running.id in found:
            found[running.id] = running
        return [one for one in found.values() if not one.stage.is_off]

    def _known(self, one: Consultation) -> Known:
        return Known(
            one,
            self._parties.get(one.id, ()),
            self._links(one),
            self._work.problems.get(one.id),
            is_waiting=one.id in self.scheduled.items,
            is_busy=one.id in self._work.busy,
            undoable=self._undoable(one.id),
        )

    def _links(self, one: Consultation) -> dict[str, Secret]:
        room = one.room
        if room is None or not room.guest_pin or one.is_finished:
            return {}
        return {party.key: self._outside.composer.guest_link(room, party) for party in one.plan.parties}

    async def search(self, text: str) -> Sequence[AgendaEntry]:
        """Find the newest meetings by subject, organiser or patient's name, at most ``MOST_FOUND``. Asks nobody."""
        now, words = self._outside.clock.now(), text.casefold().split()
        if not words:
            return ()
        ours = [one for one in self._ours() if all(word in _searched(one.context) for word in words)]
        newest = nlargest(MOST_FOUND, ours, key=lambda one: one.plan.start)
        found = [own_entry(self._known(one), self._hearing.of(danish_day(one.plan.start)), now) for one in newest]
        taken = {entry.meeting_id for entry in found}
        for meeting in self._outside.meetings.search(text):
            if meeting.meeting_id not in taken and self._hearing.consultations.get(meeting.meeting_id) is None:
                heard = self._hearing.of(danish_day(meeting.start)) or Heard(now, {meeting.meeting_id: meeting})
                found.append(foreign_entry(meeting, heard, now))
        return in_order(found)[::-1][:MOST_FOUND]

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
            self._work.problems |= {one.id: problem_of(error) for one in series}
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
            await self._carry_out(consultation_id, self._unfinished_work(one))

    def _unfinished_work(self, one: Consultation) -> Doing:
        return self._moved if one.moving_to is not None else self._booked

    def release(self, consultation_id: UUID) -> Consultation | None:
        """Take one out of the calendar, to be begun or called off; None if it is not there or under way."""
        if consultation_id in self._work.busy:
            return None
        self._work.forget(consultation_id)
        one = self.scheduled.items.pop(consultation_id, None)
        if one is not None:
            self.saw(one)
        return one

    def put_back(self, consultation: Consultation) -> None:
        """Return one that was not begun after all."""
        self.scheduled.items[consultation.id] = consultation
        self._rebuild()

    def follow(self) -> None:
        """The consultation under way may have come further: show it so."""
        one = self._running()
        now_at = (one.id, one.stage) if one is not None else None
        if now_at != self._followed:
            self._followed = now_at
            self._rebuild()

    def saw(self, consultation: Consultation) -> None:
        """Take in what became of one that is no longer the calendar's own; VDX is asked about it again."""
        self._hearing.consultations[consultation.meeting_id] = consultation
        self._hearing.forget(danish_day(consultation.plan.start))
        self._rebuild()
        self._woken.set()

    async def _booked(self, consultation_id: UUID) -> None:
        await self.scheduled.book(consultation_id)

    async def _told(self, consultation_id: UUID) -> None:
        await self.scheduled.tell(consultation_id)

    async def _moved(self, consultation_id: UUID) -> None:
        if not await self.scheduled.move(consultation_id):
            self._notice("vdx.kept_old")

    async def attend(self, consultation_id: UUID, work: Callable[[], Awaitable[None]]) -> None:
        """Do one thing with the parties of a consultation."""
        await self._work.attend(consultation_id, work)

    async def _carry_out(self, consultation_id: UUID, doing: Doing, *, is_quiet: bool = False) -> None:
        await self._work.carry_out(consultation_id, doing, is_quiet=is_quiet)
        await self.hear(consultation_id)

    def _changed(self, consultation_id: UUID) -> None:
        self._forget_day(consultation_id)
        self._rebuild()
        self._woken.set()

    def _forget_day(self, consultation_id: UUID) -> None:
        """What VDX said of that day is out of date."""
        one = self.scheduled.items.get(consultation_id)
        if one is not None:
            self._hearing.forget(danish_day(one.plan.start))


def check_time(outside: Outside, start: datetime, end: datetime, organised_by: str) -> Mapping[str, str]:
    """Return a sentence for each field at fault. VDX itself takes a start in the past without a word."""
    now = outside.clock.now()
    draft = MeetingDraft(UUID(int=0), start, end, organised_by=organised_by or None)
    past = {"startTime": _("Tiden er allerede gået.")} if start <= now else {}
    return past | dict(outside.check_draft(draft, now))


def _failing(code: str) -> Doing:
    async def work(_consultation_id: UUID) -> None:
        raise VdxError(code)

    return work


def _day_and_time(one: Consultation) -> dict[str, str]:
    start = danish(one.plan.start)
    return {"day": f"{start:%d.%m.}", "time": f"{start:%H.%M}"}


def _searched(context: ClinicContext) -> str:
    name = context.patient.name
    return name.full.casefold() if name else ""
