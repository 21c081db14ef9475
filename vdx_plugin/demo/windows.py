"""The demo with windows: the world on the asyncio thread, the program beside it, bots on request."""

from __future__ import annotations

import asyncio
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path

from vdx_plugin.app import Program
from vdx_plugin.demo.guests import Visit, visiting
from vdx_plugin.demo.world import FileVault, World
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.runtime import Runtime
from vdx_plugin.service.view import ConsultationView, DeskView
from vdx_plugin.settings import Transport
from vdx_plugin.texts import _
from vdx_plugin.window import CLOSE_LIMIT_S, run_with_window

BOT_COMES_AFTER_S = 3.0
_ENDED = (Stage.ENDED, Stage.CLOSED, Stage.CANCELLING, Stage.CANCELLED)


def run_windows(
    say: Callable[[str], None],
    data: Path | None,
    *,
    guests: int,
    browser: bool = True,
    transport: Transport = "hub",
) -> int:
    """Run the demo until its user quits; return the exit status."""
    runtime = Runtime()
    runtime.start()
    try:
        with tempfile.TemporaryDirectory(prefix="vdx-demo-") as folder:
            world = World(data or Path(folder), transport=transport)
            runtime.submit(world.start()).result()
            _tell(world, say, is_kept=data is not None)
            if browser:
                webbrowser.open(world.clinic_url)
            try:
                return run_with_window(
                    world.settings(),
                    runtime=runtime,
                    secrets=world.secret,
                    vault=FileVault(),
                    companion=lambda program: accompany(world, program, guests=guests),
                )
            finally:
                runtime.submit(world.stop()).result(CLOSE_LIMIT_S)
    finally:
        runtime.close()


def _tell(world: World, say: Callable[[str], None], *, is_kept: bool) -> None:
    kept = f"ligger i {world.data_dir}" if is_kept else "glemmes, når du lukker programmet"
    say(f"Demoen kører. Alt er opdigtet og {kept}.")
    say(f"  Journalen   {world.clinic_url}")
    say(f"  Partnerne   {world.partners_url}")
    say(f"  Sygehuset   {world.hospital_url}")
    say(f"  E-mail      {world.sandbox.base_url}/mail/")


async def accompany(world: World, program: Program, *, guests: int) -> None:
    """Play the clinic and, on request, the hospital's doctor who follows the link in the letter."""
    await _until_listening(world)
    if not guests:
        await asyncio.Event().wait()
    while True:
        consultation = await _called(program)
        await asyncio.sleep(BOT_COMES_AFTER_S)
        await _take_part(world, program, consultation, guests)


async def _until_listening(world: World) -> None:
    """Send the directory as soon as the plug-in's HL7 listener is there."""
    while True:
        try:
            await world.clinic.send_directory()
        except OSError:
            await asyncio.sleep(0.2)
        else:
            return


async def _called(program: Program) -> ConsultationView:
    """Return the next consultation that is in its call."""

    def in_call(view: DeskView) -> bool:
        return view.consultation is not None and view.consultation.stage is Stage.IN_CALL

    view = await _view_in_which(program, in_call)
    if view.consultation is None:
        raise AssertionError("a consultation in its call")
    return view.consultation


async def _take_part(world: World, program: Program, consultation: ConsultationView, guests: int) -> None:
    """Join as the invited organisations, then as the patient, and stay until the call is over."""
    if not consultation.parties:
        await _view_in_which(program, lambda view: view.consultation is None or view.consultation.stage in _ENDED)
        return
    parties = sorted(consultation.parties, key=lambda status: status.party.role is PartyRole.PATIENT)
    links = [consultation.links[status.party.key].reveal() for status in parties]
    async with visiting(Visit(links, world.sandbox.node_url, guests, _("TESTGÆST"))):
        await _view_in_which(program, lambda view: view.consultation is None or view.consultation.stage in _ENDED)


async def _view_in_which(program: Program, holds: Callable[[DeskView], bool]) -> DeskView:
    changed = asyncio.Event()
    stop = program.desk.on_view(lambda _view: changed.set())
    try:
        while not holds(program.desk.view):
            changed.clear()
            await changed.wait()
        return program.desk.view
    finally:
        stop()
