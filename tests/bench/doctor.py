"""The program itself: ``python -m tests.bench.doctor [--no-window] WIDTH HEIGHT FPS``, its settings on the first line.

With windows (drawn, but shown nowhere) unless told otherwise; the test card in the given size stands in for the camera.
Whoever waits is admitted at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from tests.bench.child import Line
from vdx_plugin import log
from vdx_plugin.app import Program, assemble
from vdx_plugin.demo.world import FileVault
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.domain.patients import Identifier, Patient
from vdx_plugin.domain.secret import Secret
from vdx_plugin.media.late import LateEngine
from vdx_plugin.ports import (
    CallEngine,
    CallEvent,
    JoinTarget,
    MediaChoice,
    VideoPicture,
    WorkplaceCheck,
    ignore_picture,
)
from vdx_plugin.runtime import Tasks
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.view import DeskView, StepState
from vdx_plugin.settings import Settings

if TYPE_CHECKING:
    from vdx_plugin.media.local_media import MediaSettings

LOOK_EVERY_S = 0.0005


class Watched:
    """A call engine that remembers its calls, for their timings."""

    def __init__(self, engine: CallEngine) -> None:
        self._engine = engine
        self.call: Any = None

    async def prepare(self) -> None:
        await self._engine.prepare()

    async def check(self, choice: MediaChoice, target: JoinTarget | None) -> WorkplaceCheck:
        return await self._engine.check(choice, target)

    async def enter(
        self,
        target: JoinTarget,
        on_event: Callable[[CallEvent], None],
        *,
        on_remote_picture: Callable[[VideoPicture], None],
        on_self_picture: Callable[[VideoPicture], None],
        on_slide: Callable[[VideoPicture], None] = ignore_picture,
    ) -> Any:
        self.call = await self._engine.enter(
            target,
            on_event,
            on_remote_picture=on_remote_picture,
            on_self_picture=on_self_picture,
            on_slide=on_slide,
        )
        return self.call


class DoctorChild:
    """Answers the bench; what happens after a click is told as it is seen."""

    def __init__(self, program: Program, engine: Watched, line: Line) -> None:
        self._desk = program.desk
        self._systems = program.outside.systems
        self._clock = program.outside.clock
        self._engine = engine
        self._line = line
        self._tasks = Tasks()
        self._at_s: dict[str, float] = {}
        self._admitted: set[str] = set()
        self._clicked_s = 0.0
        self._desk.on_view(self._look)
        self._desk.on_remote_picture(self._on_picture)

    async def close(self) -> None:
        """End what is under way."""
        await self._tasks.close()

    async def is_up(self) -> None:
        """Return when the connections to clinic systems run."""
        await self._until(lambda view: any(each.name == "hl7v2" and each.state == "running" for each in view.adapters))

    # --- one consultation -------------------------------------------------------------------------------------------

    async def click(self) -> None:
        """Press Start video with the patient open in the record."""
        self._at_s.clear()
        self._admitted.clear()
        await self._desk.set_media_choice(MediaChoice(use_test_card=True))
        self._clicked_s = time.monotonic()
        await self._desk.start_video()
        if self._desk.view.consultation is None:
            raise RuntimeError(f"nothing began: {[notice.code for notice in self._desk.view.notices]}")

    def _mark(self, name: str) -> None:
        if self._clicked_s and name not in self._at_s:
            self._at_s[name] = time.monotonic()
            self._line.tell(name, after_ms=(self._at_s[name] - self._clicked_s) * 1000)

    def _look(self, view: DeskView) -> None:
        consultation = view.consultation
        if consultation is None:
            return
        if consultation.problem is not None:
            self._line.tell("problem", code=consultation.problem.code)
        for step in consultation.steps:
            if step.state is StepState.DONE:
                self._mark(f"step_{step.kind}")
        # Nobody is sent a link before the room is locked.
        if consultation.links and "step_lock" in self._at_s and "link" not in self._at_s:
            self._at_s["link"] = time.monotonic()
            patient = next(s.party for s in consultation.parties if s.party.role is PartyRole.PATIENT)
            self._line.tell("link", url=consultation.links[patient.key].reveal())
        for guest in consultation.waiting:
            if guest.participant_id not in self._admitted:
                self._admitted.add(guest.participant_id)
                self._mark("waiting")
                self._tasks.spawn(self._desk.admit(guest.participant_id), "bench-admit")

    def _on_picture(self, _picture: VideoPicture) -> None:
        if self._clicked_s and "picture" not in self._at_s:
            self._mark("picture")

    async def timings(self) -> dict[str, Any]:
        """Return where the time of our own join went."""
        return asdict(self._engine.call.timings)

    async def received(self) -> dict[str, Any]:
        """Return what was decoded so far."""
        return asdict(self._engine.call.received())

    async def open_the_door(self) -> None:
        """Unlock the room."""
        await self._desk.set_lock(on=False)

    async def end(self) -> None:
        """End for all and write no note, so that the next click finds everything as before."""
        self._clicked_s = 0.0
        await self._desk.end_for_all()
        await self._desk.decline_note()

    # --- the record -------------------------------------------------------------------------------------------------

    async def patient_is_open(self) -> None:
        """Return when a complete patient is open and the day's appointments are there."""
        await self._until(lambda view: bool(view.context and view.appointments))

    async def known(self, number: int) -> float:
        """Return the moment at which the directory answers for a record nobody had heard of."""
        patient = Patient((Identifier("urn:vdx-plugin:hl7v2:DEMOKLINIK", f"K{number}"),))
        base = self._desk.view.context
        if base is None:
            raise RuntimeError("no patient is open")
        asked = replace(base, patient=patient, appointment_id=None)
        # A directory tells nothing by itself.
        # The directory tells nobody when a patient becomes known, so it is asked until it knows.
        while (await self._systems.complete(asked)).patient.name is None:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)
        return time.monotonic()

    async def shown(self, number: int) -> float:
        """Return the moment at which the day on the desk shows an appointment nobody had heard of."""
        await self._until(lambda view: any(item.id == f"A{number}" for item in view.appointments))
        return time.monotonic()

    async def _until(self, holds: Callable[[DeskView], bool]) -> None:
        changed = asyncio.Event()
        forget = self._desk.on_view(lambda _view: changed.set())
        try:
            while not holds(self._desk.view):
                changed.clear()
                await changed.wait()
        finally:
            forget()


def handlers(child: DoctorChild) -> dict[str, Any]:
    """Return what the bench may ask."""
    names = ("click", "timings", "received", "open_the_door", "end", "patient_is_open", "known", "shown")
    return {name: getattr(child, name) for name in names}


def _first_line() -> bytes:
    """Read no further than the line, for what follows it is read by the loop."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    return line


class Given:
    """What the bench hands over: settings, secret, size of the picture."""

    def __init__(self) -> None:
        self.has_window = "--no-window" not in sys.argv
        facts = json.loads(_first_line())
        self.settings = Settings(**facts["settings"])
        self._secret = facts["secret"]
        width, height, fps = (int(word) for word in sys.argv[-3:])
        self.size = (width, height, fps)
        self.engine: Watched | None = None

    def _media(self) -> MediaSettings:
        """Make the test card's size known to the engine, once there is one: it must not be loaded by the start."""
        from vdx_plugin.media.local_media import MediaSettings
        from vdx_plugin.media.testcard import PictureFormat

        return MediaSettings(card=PictureFormat(*self.size))

    def secret(self, name: str) -> Secret:
        return Secret(self._secret if name == "vdx.client_secret" else "")

    def change(self, outside: Outside) -> Outside:
        """Put in an engine with the size of picture, and remember it."""
        self.engine = Watched(LateEngine(outside.clock, settings=self._media))
        return replace(outside, engine=self.engine)

    async def accompany(self, program: Program) -> None:
        """Answer the bench until it closes its end."""
        if self.engine is None:
            raise RuntimeError("the program was not assembled")
        line = Line()
        child = DoctorChild(program, self.engine, line)
        await child.is_up()
        try:
            await line.serve(handlers(child))
        finally:
            await child.close()


async def without_window(given: Given) -> None:
    """Run the program without its windows."""
    program = await assemble(given.settings, secrets=given.secret, vault=FileVault(), change=given.change)
    try:
        await program.desk.start()
        await given.accompany(program)
    finally:
        await program.close()


def with_window(given: Given) -> None:
    """Run the program as ``vdx-plugin run`` does."""
    from vdx_plugin.window import run_with_window

    async def accompany(program: Program) -> None:
        try:
            await given.accompany(program)
        finally:
            os.kill(os.getpid(), signal.SIGINT)  # as Ctrl+C does: the program closes by itself

    run_with_window(given.settings, secrets=given.secret, vault=FileVault(), companion=accompany, change=given.change)


def main() -> None:
    """Run until the bench closes its end."""
    log.setup()
    given = Given()
    if given.has_window:
        with_window(given)
    else:
        asyncio.run(without_window(given))


if __name__ == "__main__":
    main()
