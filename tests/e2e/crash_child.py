"""The process that is killed: the real program, without window and media, doing one job and no more.

``python -m tests.e2e.crash_child`` imports everything once and then reads jobs from its standard input, one JSON object
to a line. Each job is done in a fork of its own, so that a kill costs twenty milliseconds and not a second of imports;
the answer is the fork's exit status (negative: the signal), one line for each job.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

# Imported here so that forks need not: nothing of it starts a thread.
import vdx_plugin.adapters.local
import vdx_plugin.media.engine  # noqa: F401
from tests.e2e.crash_points import Tripwire
from tests.e2e.nursery import serve
from tests.e2e.signalling import SignallingEngine
from tests.fakes_clinic import summary
from tests.unit.invitations import samples
from vdx_plugin.adapters.hl7v2 import mapping
from vdx_plugin.app import Program, assemble
from vdx_plugin.demo.world import FileVault
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.context import ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.parties import Channel, InvitationState, PartyRole
from vdx_plugin.domain.patients import Patient, PersonName, cpr
from vdx_plugin.domain.plan import Plan, partner_party, patient_party
from vdx_plugin.domain.secret import Secret
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.view import ConsultationView, DeskView
from vdx_plugin.settings import Settings

HELD, CALLED_OFF, RESUME, DROP = "held", "called off", "resume", "drop"
WHOLE_CALL = "in the call"
PARTNERS = ("hospital-geriatrics", "nursing-home")


@dataclass(frozen=True)
class Job:
    """``what`` is one of the four words above. ``record`` is where effects are written, ``result`` what was seen."""

    what: str
    settings: str
    """As JSON."""
    client_secret: str
    record: str
    result: str
    crash_at: str = ""


def main() -> None:
    """Do jobs until standard input ends."""
    rehearse()
    serve(Job, do)


def rehearse() -> None:
    """Write a letter, a mail and a note for nobody: what is imported at first use is imported here, and not forked."""
    parties = (samples.HOSPITAL_PARTY, samples.PATIENT_PARTY)
    meeting = samples.consultation(*parties)
    for party in parties:
        samples.composer().invitation(meeting, party, samples.ROOM, samples.NOW, samples.ids())
    mapping.note(meeting.context, summary(), mapping.Addressing("", "", "", "T"), samples.NOW)


async def do(job: Job) -> None:
    """Do one job from the start of the program to its end."""
    wire = Tripwire(Path(job.record), job.crash_at)
    program = await assemble(
        Settings.model_validate_json(job.settings),
        secrets=lambda name: Secret(job.client_secret if name == "vdx.client_secret" else ""),
        vault=FileVault(),
        change=_without_media,
    )
    wire.lay()
    await program.desk.start()
    seen: list[ConsultationView] = []
    program.desk.on_view(lambda view: seen.append(view.consultation) if view.consultation else None)
    await {HELD: _hold, CALLED_OFF: _call_off, RESUME: _resume, DROP: _drop}[job.what](program, wire)
    await _until_nothing_is_open(program)
    await program.close()
    _write_result(Path(job.result), seen[-1] if seen else None)


def _without_media(outside: Outside) -> Outside:
    return replace(outside, engine=SignallingEngine())


# --- the four jobs ------------------------------------------------------------------------------------------------


async def _hold(program: Program, wire: Tripwire) -> None:
    """From the click to the note."""
    await _start(program)
    wire.note(WHOLE_CALL)
    await _end_with_note(program)


async def _call_off(program: Program, wire: Tripwire) -> None:
    """From the click into the call, and then everybody is told that it is off."""
    await _start(program)
    wire.note(WHOLE_CALL)
    await program.desk.cancel()
    await _until_delivered(program)


async def _resume(program: Program, _wire: Tripwire) -> None:
    """Take up what was found, and go on to the note."""
    for found in program.desk.view.recoverable:
        await program.desk.resume(found.id)
        if found.stage is not Stage.ENDED:
            await _until_in_call(program)
        await _end_with_note(program)


async def _drop(program: Program, _wire: Tripwire) -> None:
    """Call off what was found."""
    for found in program.desk.view.recoverable:
        await program.desk.drop(found.id)


async def _start(program: Program) -> None:
    program.desk.opened(_context())
    await _until(program, lambda view: view.context is not None)
    await program.desk.start_video(_plan(program))
    await _until_in_call(program)


async def _until_in_call(program: Program) -> None:
    def in_call(view: DeskView) -> bool:
        consultation = view.consultation
        if consultation is not None and consultation.problem is not None:
            raise AssertionError(f"the start failed: {consultation.problem.code}")
        return consultation is not None and consultation.stage is Stage.IN_CALL

    await _until(program, in_call)
    await _until_delivered(program)


async def _until_delivered(program: Program) -> None:
    """Wait until the view shows that every message has arrived, or that it is in doubt."""
    arrived = {
        Channel.MEDCOM: (InvitationState.DELIVERED, InvitationState.WITHDRAWN),
        Channel.EMAIL: (InvitationState.SENT, InvitationState.UNKNOWN, InvitationState.WITHDRAWN),
    }

    def holds(view: DeskView) -> bool:
        consultation = view.consultation
        return consultation is not None and all(
            status.invitation in arrived[status.party.channel] for status in consultation.parties
        )

    await _until(program, holds)


async def _end_with_note(program: Program) -> None:
    desk = program.desk
    if desk.view.consultation is not None and desk.view.consultation.summary is None:
        await desk.end_for_all()
    consultation = desk.view.consultation
    assert consultation is not None
    assert consultation.summary is not None
    await desk.write_back(consultation.summary.note)


async def _until(program: Program, holds: Callable[[DeskView], bool]) -> None:
    changed = asyncio.Event()
    stop = program.desk.on_view(lambda _view: changed.set())
    try:
        while not holds(program.desk.view):
            changed.clear()
            await changed.wait()
    finally:
        stop()


async def _until_nothing_is_open(program: Program) -> None:
    """Wait for a cancellation that the program takes up by itself; the store tells nobody, so it is asked."""
    while await program.outside.consultations.unfinished():  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.02)


# --- what it is about ---------------------------------------------------------------------------------------------


def _context() -> ClinicContext:
    """The demo clinic's first patient, a test person of MedCom's."""
    patient = Patient(
        (cpr("2512489996"),),
        PersonName("Berggren", "Nancy Ann Test"),
        date(1948, 12, 25),
        "K1001",
        "nancy@patient.example",
    )
    return ClinicContext("local", patient, ClinicUser("ke", "KE"), Organisation("Klinik"), datetime.now(UTC))


def _plan(program: Program) -> Plan:
    """The patient by mail, hospital and nursing home by MedCom letter."""
    now = datetime.now(UTC)
    partners = {partner.id: partner for partner in program.outside.partners.all()}
    parties = [patient_party(_context(), "patient")] + [partner_party(partners[name], name) for name in PARTNERS]
    assert [party.role for party in parties] == [PartyRole.PATIENT, PartyRole.HOSPITAL, PartyRole.NURSING_HOME]
    return Plan(now, now + timedelta(minutes=30), tuple(parties))


def _write_result(path: Path, view: ConsultationView | None) -> None:
    found: dict[str, Any] = {}
    if view is not None:
        found = {
            "stage": view.stage,
            "invitations": {status.party.key: status.invitation for status in view.parties},
        }
    path.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
