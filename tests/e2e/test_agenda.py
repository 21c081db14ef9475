"""Booking ahead all the way: desk, real store and letters, the sandbox's VDX, partners and mail.

What is looked at is what VDX and the partners have, not what the desk says of itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.e2e.signalling import SignallingCall, SignallingEngine
from vdx_plugin.app import Program, assemble
from vdx_plugin.demo.world import HOSPITAL_GLN, FileVault, World
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.context import ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.danish_time import danish, danish_day, instant_of
from vdx_plugin.domain.parties import InvitationState
from vdx_plugin.domain.patients import Patient, PersonName, cpr
from vdx_plugin.domain.plan import Plan, partner_party, patient_party
from vdx_plugin.domain.secret import Secret
from vdx_plugin.ports import CallEvent, CallOver, JoinTarget
from vdx_plugin.sandbox.clock import SandboxClock
from vdx_plugin.sandbox.partners import PartnerTimes
from vdx_plugin.sandbox.video_api.values import Meeting, ProvisionStatus, Room
from vdx_plugin.service.view import AgendaEntry, EntryAction, RoomState

LIMIT_S = 20.0
LENGTH = timedelta(minutes=30)
TUESDAY = datetime(2026, 10, 20, 7, 0, tzinfo=UTC)
SUNDAY = date(2026, 10, 25)
"""Summer time ends in its night."""
SPRING = date(2027, 3, 28)
"""Summer time begins in its night."""


@dataclass
class Clinic:
    """A practice at a VDX of its own; both tell the same time, which the test moves."""

    world: World
    clock: SandboxClock
    folder: Path
    program: Program

    def context(self) -> ClinicContext:
        """The demo clinic's first patient, a test person of MedCom's."""
        name, born = PersonName("Berggren", "Nancy Ann Test"), date(1948, 12, 25)
        patient = Patient((cpr("2512489996"),), name, born, "K1001", "nancy@patient.example")
        return ClinicContext("local", patient, ClinicUser("ke", "KE"), Organisation("Klinik"), self.clock.now())

    async def open_patient(self) -> None:
        context, desk = self.context(), self.program.desk
        desk.opened(context)
        await self.until(lambda: desk.view.context == context)

    def plan(self, start: datetime, end: datetime) -> Plan:
        """The patient by mail and the hospital by letter."""
        hospital = next(one for one in self.program.outside.partners.all() if one.gln == HOSPITAL_GLN)
        parties = (patient_party(self.context(), "patient"), partner_party(hospital, "hospital"))
        return Plan(start, end, parties)

    async def book(self, start: datetime, end: datetime) -> AgendaEntry:
        """Book and return its entry in the calendar of its day, once VDX has been asked about it."""
        await self.open_patient()
        await self.program.desk.plan_for_later(self.plan(start, end))
        return await self.look(start)

    async def look(self, day: datetime) -> AgendaEntry:
        """Return the one entry of that day as VDX knows it now."""
        desk = self.program.desk
        self.clock.advance(timedelta(seconds=15))
        asked_at = self.clock.now()
        await desk.show_agenda(danish_day(day))
        await self.until(lambda: (desk.view.agenda.asked_at or TUESDAY) >= asked_at)
        (entry,) = desk.view.agenda.entries
        return entry

    async def until(self, holds: Callable[[], bool]) -> None:
        async def asked() -> bool:
            return holds()

        await _until(asked)

    def meeting(self) -> Meeting:
        """The one meeting in VDX's own memory; pool rooms have none."""
        (meeting,) = self.world.sandbox.meetings.meetings.values()
        return meeting

    def room(self) -> Room:
        return self.world.sandbox.meetings.rooms[self.meeting().uuid]

    async def letters(self, count: int) -> list[str]:
        """Wait for that many letters at the hospital; return the words of each."""
        partners = self.world.sandbox.partners
        await self.until(lambda: len(self._incoming()) >= count)
        assert partners.findings(HOSPITAL_GLN) == []
        return [json.dumps(one.bundle, ensure_ascii=False) for one in self._incoming()]

    def _incoming(self) -> list:  # type: ignore[type-arg]  # the sandbox's own letters
        incoming = [one for one in self.world.sandbox.partners.letters(HOSPITAL_GLN) if not one.outgoing]
        return sorted(incoming, key=lambda one: one.arrived_at)

    def threads(self) -> set[str]:
        return {one.thread_id for one in self._incoming()}

    async def mails(self, count: int) -> list[str]:
        """Wait for that many mails to the patient; return the words of each."""
        caught = await self.world.sandbox.mail.wait_for(count, LIMIT_S)
        return [f"{one.subject}\n{one.text}" for one in caught]


@asynccontextmanager
async def clinic(folder: Path, now: datetime) -> AsyncIterator[Clinic]:
    """Run a practice at that time."""
    clock = SandboxClock(start=now)
    world = World(folder, provision_delay_s=0.05, partner_times=PartnerTimes(acknowledge_s=0.05), clock=clock)
    await world.start()
    try:
        program = await start(world, clock)
        try:
            yield Clinic(world, clock, folder, program)
        finally:
            await program.close()
    finally:
        await world.stop()


async def start(world: World, clock: SandboxClock) -> Program:
    program = await assemble(
        world.settings(),
        secrets=world.secret,
        vault=FileVault(),
        clock=clock,
        change=lambda outside: replace(outside, engine=SignallingEngine()),
    )
    await program.desk.start()
    return program


def at(day: date, clock: str) -> datetime:
    found = instant_of(day, time.fromisoformat(clock))
    assert found is not None
    return found


async def test_a_consultation_is_booked_moved_and_called_off_and_everybody_hears_of_each(tmp_path: Path) -> None:
    """The whole life of an appointment, seen from VDX and from the ward."""
    friday = date(2026, 10, 23)
    begins, moved_to = at(friday, "10:30"), at(friday, "13:15")
    async with clinic(tmp_path, TUESDAY) as here:
        entry = await here.book(begins, begins + LENGTH)
        assert entry.room is RoomState.AWAITS
        assert (here.meeting().start, here.meeting().end) == (begins, begins + LENGTH)
        assert here.room().host_pin != here.room().guest_pin
        (invited,) = await here.letters(1)
        assert "fredag den 23. oktober 2026 kl. 10.30-11.00 (dansk tid)" in invited
        assert str(here.room().guest_pin) in invited
        assert str(here.room().host_pin) not in invited

        desk, number = here.program.desk, entry.consultation_id
        assert number is not None
        await desk.move(number, moved_to, moved_to + LENGTH)
        assert here.meeting().start == moved_to
        told = (await here.letters(2))[1]
        assert "ÆNDRET TID" in told
        assert "10.30-11.00" in told
        assert "13.15-13.45" in told
        assert len(here.threads()) == 1
        mail = (await here.mails(2))[1]
        assert "Ændret tid" in mail
        assert "13.15-13.45" in mail
        shown = await here.look(moved_to)
        assert (shown.start, shown.problem) == (moved_to, None)

        await desk.cancel_scheduled(number)
        off = (await here.letters(3))[2]
        assert "AFLYST" in off
        assert "13.15-13.45" in off
        assert len(here.threads()) == 1
        assert "Aflyst" in (await here.mails(3))[2]
        assert here.world.sandbox.meetings.meetings == {}
        await here.until(lambda: desk.view.agenda.entries == ())


@pytest.mark.parametrize(
    ("now", "day", "clock", "in_utc", "words"),
    [
        (TUESDAY, date(2026, 10, 24), "09:00", "07:00", "lørdag den 24. oktober 2026 kl. 09.00-09.30 (dansk tid)"),
        (TUESDAY, SUNDAY, "09:00", "08:00", "søndag den 25. oktober 2026 kl. 09.00-09.30 (dansk tid)"),
        (TUESDAY, SUNDAY, "02:15", "00:15", "søndag den 25. oktober 2026 kl. 02.15-02.45 (dansk tid, sommertid)"),
        (TUESDAY, SPRING, "01:45", "00:45", "søndag den 28. marts 2027 kl. 01.45-03.15 (dansk tid)"),
        (TUESDAY, SPRING, "09:00", "07:00", "søndag den 28. marts 2027 kl. 09.00-09.30 (dansk tid)"),
    ],
)
async def test_a_meeting_around_the_change_of_summer_time_is_the_same_hour_for_everybody(
    tmp_path: Path, now: datetime, day: date, clock: str, in_utc: str, words: str
) -> None:
    """What the doctor picks is what VDX books, what the calendar shows and what the ward reads."""
    begins = at(day, clock)
    async with clinic(tmp_path, now) as here:
        entry = await here.book(begins, begins + LENGTH)
        assert here.meeting().start.astimezone(UTC).isoformat() == f"{day}T{in_utc}:00+00:00"
        assert f"{danish(entry.start):%H:%M}" == clock
        (letter,) = await here.letters(1)
        assert words in letter


async def test_the_booked_room_is_the_one_that_is_entered_at_its_time(tmp_path: Path) -> None:
    """Everybody has its link; no second letter goes out."""
    begins = TUESDAY + timedelta(hours=2)
    async with clinic(tmp_path, TUESDAY) as here:
        entry = await here.book(begins, begins + LENGTH)
        assert EntryAction.START not in entry.actions
        await here.letters(1)
        here.clock.advance(begins - here.clock.now() - timedelta(minutes=20))
        await here.open_patient()
        desk = here.program.desk
        await desk.start_video()
        await here.until(lambda: _stage(here) is Stage.IN_CALL)
        assert here.meeting().uuid == entry.meeting_id
        assert here.room().status is ProvisionStatus.PROVISIONED_OK
        assert desk.view.consultation is not None
        assert [one.invitation for one in desk.view.consultation.parties][1] is InvitationState.DELIVERED
        assert len(await here.letters(1)) == 1
        await desk.hang_up()


async def test_a_stranger_who_waited_for_the_host_is_not_inside_when_the_call_begins(tmp_path: Path) -> None:
    """Room number and PIN may be read off a letter; the link of a party may not be guessed."""
    begins = TUESDAY + timedelta(hours=1)
    async with clinic(tmp_path, TUESDAY) as here:
        await here.book(begins, begins + LENGTH)
        here.clock.advance(begins - here.clock.now() - timedelta(minutes=10))
        await here.until(lambda: here.room().status is ProvisionStatus.PROVISIONED_OK)
        seen: list[CallEvent] = []
        stranger = SignallingCall(seen.append)
        pin = Secret(str(here.room().guest_pin))
        target = JoinTarget(here.world.sandbox.node_url, here.room().uri_with_domain, pin, "Fremmed")
        await stranger.enter(target)
        await here.open_patient()
        await here.program.desk.start_video()
        await here.until(lambda: _stage(here) is Stage.IN_CALL)
        await here.until(lambda: any(isinstance(event, CallOver) for event in seen))
        consultation = here.program.desk.view.consultation
        assert consultation is not None
        assert consultation.call is not None
        assert [each.display_name for each in consultation.call.participants if not each.is_self] == []
        assert consultation.call.locked
        await stranger.leave()
        await here.program.desk.hang_up()


async def test_what_was_booked_is_there_after_a_restart_and_is_told_once(tmp_path: Path) -> None:
    """The calendar is the store's and VDX's, not the running program's."""
    begins = at(SUNDAY, "09:00")
    async with clinic(tmp_path, TUESDAY) as here:
        before = await here.book(begins, begins + LENGTH)
        await here.letters(1)
        await here.program.close()
        here.program = await start(here.world, here.clock)
        assert here.program.desk.view.recoverable == ()
        after = await here.look(begins)
        assert after.consultation_id == before.consultation_id
        assert after.context is not None
        assert after.parties[1].invitation is InvitationState.DELIVERED
        assert len(await here.letters(1)) == 1
        await here.program.close()


def _stage(here: Clinic) -> Stage | None:
    consultation = here.program.desk.view.consultation
    return consultation.stage if consultation else None


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not await holds():  # noqa: ASYNC110 - the sandbox's memory tells nobody when it changes
            await asyncio.sleep(0.02)
