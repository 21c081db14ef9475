"""The doctor in tests: a whole world, the real program in the same loop, and waiting by event for what is shown.

Everything that is logged during a run is kept, and the end of every run checks that no patient, PIN or ticket is in it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from tests.e2e.signalling import SignallingEngine
from vdx_plugin import texts
from vdx_plugin.adapters.hl7v2.adapter import PORT_FILE
from vdx_plugin.app import Program, assemble
from vdx_plugin.demo.evidence import Evidence, leaks
from vdx_plugin.demo.world import FileVault, World
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import InvitationState, PartyRole, PartyStatus
from vdx_plugin.sandbox.partners import PartnerTimes
from vdx_plugin.service.desk import Desk
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.view import ConsultationView, DeskView
from vdx_plugin.settings import Settings

LIMIT_S = 20.0
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
Change = Callable[[Outside], Outside]


class MovableClock:
    """Real time, pushed forward by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class DeskDriver:
    """World and program for the length of an ``async with`` block.

    ``settings`` and ``change`` may alter the program's settings and parts before it starts; without ``change`` the
    room is entered for real and media is left out.
    """

    world: World
    program: Program

    def __init__(
        self,
        folder: Path,
        *,
        settings: Callable[[Settings], Settings] = lambda chosen: chosen,
        change: Change | None = None,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._change = change or (lambda outside: replace(outside, engine=SignallingEngine()))
        self._evidence = Evidence()
        self.clock = MovableClock()
        self.tickets: list[str] = []

    async def __aenter__(self) -> DeskDriver:
        self._evidence.__enter__()
        self._root_level = logging.getLogger().level
        logging.getLogger().setLevel(logging.DEBUG)
        for noisy in ("httpx", "httpcore", "aioice", "aiortc", "mail.log", "asyncio"):
            # As log.setup has it: what these say is never written anywhere.
            logging.getLogger(noisy).setLevel(logging.WARNING)
        times = PartnerTimes(acknowledge_s=0.05)
        self.world = World(self._folder, provision_delay_s=0.1, partner_times=times)
        await self.world.start()
        self.program = await assemble(
            self._settings(self.world.settings()),
            secrets=self.world.secret,
            vault=FileVault(),
            clock=self.clock,
            change=self._change,
        )
        await self.desk.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.program.close()
        await self.world.stop()
        logging.getLogger().setLevel(self._root_level)
        self._evidence.__exit__()
        if kind is None:
            self.check_nothing_leaked()

    def check_nothing_leaked(self) -> None:
        """No name, number, address, PIN or ticket in anything that was logged, at any level, before any masking."""
        assert self._evidence.lines
        # Digits of a uuid may look like a PIN.
        lines = [_UUID.sub("", line) for line in self._evidence.lines]
        found = leaks(lines, [*self._personal_words(), *self.tickets])
        pins = [pin for pin in self._pins() if any(re.search(rf"(?<!\w){pin}(?!\w)", line) for line in lines)]
        assert not found, f"words {found} of the patients' or a ticket are in the log"
        assert not pins, "a PIN is in the log"

    def _personal_words(self) -> list[str]:
        people = self.world.clinic.people
        parts = [part for person in people for part in person.name.split() if len(part) > 3 and part != "Test"]
        return [*parts, *(person.number for person in people if person.number), "@patient.example"]

    def _pins(self) -> list[str]:
        rooms = self.world.sandbox.meetings.rooms.values()
        return [str(pin) for room in rooms for pin in (room.host_pin, room.guest_pin) if pin is not None]

    # --- looking ------------------------------------------------------------------------------------------------

    @property
    def desk(self) -> Desk:
        return self.program.desk

    @property
    def view(self) -> DeskView:
        return self.desk.view

    @property
    def consultation(self) -> ConsultationView:
        consultation = self.view.consultation
        assert consultation is not None
        return consultation

    def party(self, role: PartyRole) -> PartyStatus:
        """Return the line of one party."""
        return next(status for status in self.consultation.parties if status.party.role is role)

    def shown(self) -> set[str]:
        """Return every problem code that the doctor sees now, wherever it stands.

        But for the word that a letter about a meeting that begins at once may be slow, which is true of all of these.
        """
        view = self.view
        codes = {notice.problem.code for notice in view.notices}
        consultation = view.consultation
        if consultation is None:
            return codes
        problems = [consultation.problem, *(step.problem for step in consultation.steps)]
        codes |= {problem.code for problem in problems if problem is not None}
        codes |= {event.problem for status in consultation.parties for event in status.history if event.problem}
        codes |= {problem.code for problem in (consultation.call.problems if consultation.call else ())}
        return codes - {"invite.soon"}

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Wait until ``holds`` is true of what is shown. Raises TimeoutError that names ``what`` and what is shown."""
        changed = asyncio.Event()
        stop = self.desk.on_view(lambda _view: changed.set())
        try:
            async with asyncio.timeout(LIMIT_S):
                while not holds():
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            raise TimeoutError(f"{what or 'it'} did not come; shown: {sorted(self.shown())}") from None
        finally:
            stop()

    async def until_told(self, code: str) -> None:
        """Wait until a problem is shown that has a sentence of its own: not the general one, nor that of its area."""
        await self.until(lambda: code in self.shown(), code)
        assert code in texts.known_problems()
        assert "(" + code + ")" not in texts.problem(code)

    async def until_stage(self, stage: Stage) -> None:
        await self.until(lambda: self.view.consultation and self.consultation.stage is stage, stage)

    async def until_invited(self, role: PartyRole, state: InvitationState) -> None:
        await self.until(lambda: self.party(role).invitation is state, f"{role} {state}")

    # --- doing --------------------------------------------------------------------------------------------------

    async def open_patient(self, number: int = 0) -> None:
        """The record sends its directory and shows one patient."""
        await self.world.clinic.send_directory()
        await self.world.clinic.open_patient(number)
        await self.until(lambda: self.view.context and self.view.context.patient.is_complete, "the open patient")

    async def click_start(self, number: int = 0) -> None:
        """Start video is clicked in the record of one patient."""
        await self.open_patient(number)
        await self.world.clinic.start_video(number)
        await self.until(lambda: self.view.consultation and self.consultation.stage is not Stage.CLOSED, "the start")

    async def ticket(self, number: int = 0) -> str:
        """Return a fresh ticket of the record's; it must not stand in the log either."""
        self.tickets.append(await self.world.clinic.ticket(number))
        return self.tickets[-1]

    async def start(self, number: int = 0) -> None:
        """Click, and wait for the call."""
        await self.click_start(number)
        await self.until_stage(Stage.IN_CALL)

    def hl7_port(self) -> int:
        """Return where the plug-in listens for HL7, as a sender on this machine finds it."""
        told = self._folder / "adapters" / "hl7v2" / PORT_FILE
        return int(json.loads(told.read_text("utf-8"))["port"])

    def count_meetings(self) -> int:
        """Return how many bookings VDX knows."""
        return len(self.world.sandbox.meetings.meetings)
