"""A kill at every outside effect of a consultation, and what is found when the program starts again.

The world (VDX, room server, message hub, mail server, record) runs here; the program runs in a process of its own that
is killed with SIGKILL before or after one effect, each in its turn. A second process starts on the same data and goes
on, or calls off. Afterwards the world's memory, not the program's, says whether anything was lost or done twice.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.crash_child import CALLED_OFF, DROP, HELD, RESUME, WHOLE_CALL, Job
from tests.e2e.crash_points import AFTER, points_after, points_of
from tests.e2e.nursery import CRASHED, PROCESSES, Nursery, trace_of
from vdx_plugin.app import STORE_FILE, WallClock, open_the_store
from vdx_plugin.demo.world import HOSPITAL_GLN, FileVault, World
from vdx_plugin.sandbox.partners import PartnerTimes
from vdx_plugin.sandbox.video_api.values import ProvisionStatus
from vdx_plugin.settings import Settings

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL"),
    pytest.mark.timeout(400),
]

NURSING_HOME_GLN = "5790000000401"
MAY_STAY_AWAY = ("claim", "settle", "scheduling-info", "set_answer")
"""How often these come depends on who is faster (what became of two messages is written at once, or one by one); a run
in which one stays away is a run without a kill."""


# --- running ------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """One world, the runs in it, and what can be seen in it afterwards."""

    world: World
    point: str = ""
    faults: list[str] = field(default_factory=list)

    def job(self, what: str, crash_at: str = "") -> Job:
        folder = self.world.data_dir
        return Job(
            what,
            self.world.settings().model_dump_json(),
            self.world.sandbox.config.client_secret,
            str(folder / f"{what}.effects"),
            str(folder / f"{what}.result"),
            crash_at,
        )

    def rows(self, sql: str) -> list[dict[str, object]]:
        """Ask the database itself, so that the program's reading of it is not believed."""
        with closing(sqlite3.connect(self.world.data_dir / STORE_FILE)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]

    def result(self, what: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(Path(self.job(what).result).read_text("utf-8"))
        return found

    def trace(self, what: str) -> str:
        return trace_of(self.job(what))

    def claim(self, holds: bool, what: str) -> None:
        if not holds:
            self.faults.append(f"{self.point}: {what}")


@asynccontextmanager
async def new_run(folder: Path, point: str = "", store: Path | None = None) -> AsyncIterator[Run]:
    """Run a world of its own. ``store`` is a folder with an empty store, which saves making one."""
    if store is not None:
        shutil.copytree(store, folder)
    world = World(folder, provision_delay_s=0.05, partner_times=PartnerTimes(acknowledge_s=0.05))
    await world.start()
    try:
        yield Run(world, point)
    finally:
        await world.stop()


async def make_empty_store(folder: Path) -> Path:
    await asyncio.to_thread(folder.mkdir)
    await (await open_the_store(Settings(data_dir=folder), WallClock(), vault=FileVault())).close()
    return folder


# --- what must hold afterwards ------------------------------------------------------------------------------------


def check_nothing_is_left_open(run: Run) -> None:
    """Finished or cleanly called off; no message in the air."""
    consultations = run.rows("select stage, is_open from consultation")
    run.claim(len(consultations) <= 1, f"{len(consultations)} consultations")
    for row in consultations:
        run.claim(row["stage"] in ("closed", "cancelled"), f"the consultation is {row['stage']}")
    states = Counter(row["state"] for row in run.rows("select state from outbox"))
    left = states["sending"] + states["queued"] + states["waiting_for_retry"]
    run.claim(not left, f"messages left: {dict(states)}")


def check_rooms(run: Run) -> None:
    """One booking at most, and none living on after it was called off."""
    book = run.world.sandbox.meetings
    run.claim(len(book.meetings) <= 1, f"{len(book.meetings)} rooms booked")
    stage = stage_of(run)
    if stage == "closed":
        run.claim(len(book.meetings) == 1, "no room was booked")
        return
    leaving = (ProvisionStatus.STARTING_TO_DEPROVISION, ProvisionStatus.DEPROVISION_OK)
    now = run.world.sandbox.clock.now()
    for meeting_id, meeting in book.meetings.items():
        gone = book.rooms[meeting_id].status in leaving or meeting.end <= now
        run.claim(gone, "the room lives on")


def check_letters(run: Run) -> None:
    """Each organisation has one invitation, and a cancellation exactly where there is an invitation to take back."""
    hub = run.world.sandbox.partners
    wanted_off = stage_of(run) == "cancelled"
    for party_key, gln in (("hospital-geriatrics", HOSPITAL_GLN), ("nursing-home", NURSING_HOME_GLN)):
        ids = letter_ids(run, party_key)
        came = {kind: hub.times_came(gln, letter) > 0 for kind, letter in ids.items()}
        count = hub.count(gln)
        known = sum(came.values())
        run.claim(count.distinct == known, f"{party_key} has {count.distinct} letters, of which we know {known}")
        run.claim(count.threads <= 1, f"{party_key} sees {count.threads} threads")
        invited, off = came.get("invitation", False), came.get("cancellation", False)
        run.claim(off == (invited and wanted_off), f"{party_key} invited: {invited}, told off: {off}")
        if stage_of(run) == "closed":
            run.claim(invited, f"{party_key} was never invited")
        findings = [finding.rule for finding in hub.findings(gln)]
        run.claim(not findings, f"{party_key} found {findings}")


def check_mails(run: Run, way_out: str) -> None:
    """An invitation by mail goes out once at most; where nobody can know, the doctor is told so."""
    mails = [str(mail.message.get("Subject")) for mail in run.world.sandbox.mail.caught]
    cancelled = [one for one in run.world.sandbox.mail.caught if "CANCEL" in one.message.as_string()]
    invited = len(mails) - len(cancelled)
    run.claim(invited <= 1, f"{invited} invitations by mail")
    run.claim(len(cancelled) <= 1, f"{len(cancelled)} cancellations by mail")
    row = next(iter(run.rows("select state from outbox where channel = 'email' and kind = 'invitation'")), None)
    state = row["state"] if row else None
    run.claim(state in (None, "sent", "unknown", "withdrawn"), f"the mail is {state}")
    if state in ("sent", None, "withdrawn"):
        run.claim(invited == (state == "sent"), f"the mail is {state}, and {invited} came")
    told_off = stage_of(run) == "cancelled" and state in ("sent", "unknown")
    doubt = run.rows("select state from outbox where channel = 'email' and kind = 'cancellation' and state = 'unknown'")
    run.claim(
        bool(doubt) or len(cancelled) == told_off, f"the mail is {state}, and {len(cancelled)} cancellations came"
    )
    if way_out == RESUME and state is not None and stage_of(run) == "closed":
        shown = dict(run.result(RESUME).get("invitations", {}))  # type: ignore[call-overload]
        if shown:
            run.claim(shown.get("patient") == state, f"the mail is {state}, and {shown.get('patient')} is shown")


def check_shown(run: Run) -> None:
    """After a restart each letter's line says what is known of it."""
    shown = dict(run.result(RESUME).get("invitations", {}))  # type: ignore[call-overload]
    for party_key in ("hospital-geriatrics", "nursing-home"):
        if party_key in shown:
            run.claim(shown[party_key] == "delivered", f"{party_key} is shown as {shown[party_key]}")


def check_note_and_visit(run: Run, way_out: str) -> None:
    """The note is in the record once, unless the consultation was called off; and it was one visit."""
    notes = len(run.world.clinic.notes_of(0))
    run.claim(notes <= 1, f"{notes} notes")
    if stage_of(run) == "closed" and way_out != DROP:
        run.claim(notes == 1, f"{notes} notes")
    visits = len(run.rows("select visit from use_measure"))
    run.claim(visits <= 1, f"counted as {visits} visits")


def stage_of(run: Run) -> str:
    return next((str(row["stage"]) for row in run.rows("select stage from consultation")), "")


def letter_ids(run: Run, party_key: str) -> dict[str, str]:
    rows = run.rows(f"select kind, message_id from outbox where party_key = '{party_key}'")
    return {str(row["kind"]): str(row["message_id"]) for row in rows}


def check_all(run: Run, way_out: str) -> None:
    check_nothing_is_left_open(run)
    check_rooms(run)
    check_letters(run)
    check_mails(run, way_out)
    check_note_and_visit(run, way_out)
    if way_out == RESUME:
        check_shown(run)


# --- the tests ----------------------------------------------------------------------------------------------------


async def points_without_a_crash(nursery: Nursery, folder: Path, scenario: str) -> Path:
    async with new_run(folder) as run:
        job = run.job(scenario)
        assert await nursery.do(job) == 0, run.trace(scenario)
        check_all(run, "")
        assert not run.faults
        return Path(job.record)


async def crash_and_go_on(
    nursery: Nursery, folder: Path, store: Path, scenario: str, point: str, way_out: str
) -> tuple[bool, Run]:
    """Kill at ``point``, start again, take the way out; return whether it was killed, and the run."""
    async with new_run(folder, f"{point}, then {way_out}", store) as run:
        first = await nursery.do(run.job(scenario, point))
        if first == 0:
            return False, run
        run.claim(first == CRASHED, f"the first process ended with {first}: {run.trace(scenario)}")
        second = await nursery.do(run.job(way_out))
        run.claim(second == 0, f"the second process ended with {second}: {run.trace(way_out)}")
        if second == 0:
            check_all(run, way_out)
        return True, run


async def crash_at_each(nursery: Nursery, folder: Path, scenario: str, wanted: list[tuple[str, str]]) -> list[str]:
    """Return what was wrong, over all pairs of a point and a way out."""
    places = asyncio.Semaphore(PROCESSES)
    store = await make_empty_store(folder / "empty")

    async def one(number: int, point: str, way_out: str) -> list[str]:
        async with places:
            killed, run = await crash_and_go_on(nursery, folder / str(number), store, scenario, point, way_out)
        if not killed and not any(word in point for word in MAY_STAY_AWAY):
            return [f"{point} was never reached"]
        return run.faults

    found = await asyncio.gather(*(one(number, *pair) for number, pair in enumerate(wanted)))
    return [fault for faults in found for fault in faults]


async def test_a_kill_at_any_effect_up_to_the_note_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Power cut, crash, or the machine put to sleep: whenever it happens, the job can be finished or called off."""
    async with Nursery("tests.e2e.crash_child", tmp_path) as nursery:
        record = await points_without_a_crash(nursery, tmp_path / "whole", HELD)
        points = points_of(record)
        check_that_the_job_is_in(points)
        # Calling off starts from the same states: before one effect is after another.
        wanted = [(point, RESUME) for point in points] + [(point, DROP) for point in points if point.endswith(AFTER)]
        faults = await crash_at_each(nursery, tmp_path, HELD, wanted)
    assert not faults, "\n".join(faults)


async def test_a_kill_while_it_is_called_off_still_tells_everybody_and_closes_the_room(tmp_path: Path) -> None:
    """A cancellation half done is taken up by the program itself at its next start."""
    async with Nursery("tests.e2e.crash_child", tmp_path) as nursery:
        record = await points_without_a_crash(nursery, tmp_path / "whole", CALLED_OFF)
        points = points_after(record, WHOLE_CALL)
        assert any("http PATCH" in point for point in points)
        faults = await crash_at_each(nursery, tmp_path, CALLED_OFF, [(point, DROP) for point in points])
    assert not faults, "\n".join(faults)


def check_that_the_job_is_in(points: list[str]) -> None:
    """The list must not be empty of what matters, or the tests above would prove nothing."""
    for effect in (
        "http POST /videoapi/v2/meetings",
        "http GET /videoapi/v2/scheduling-info/_",
        "http PATCH /videoapi/v2/meetings/_",
        "lock",
        "http POST /partners/messages",
        "smtp DATA",
        "hl7 note",
        "store Consultations.save",
        "store OutboxTable.claim",
        "store OutboxTable.settle",
        "store OutboxTable.mark",
        "store Consultations.set_answer",
        "store Measures.record",
    ):
        for side in ("before", "after"):
            assert any(effect in point and point.endswith(side) for point in points), f"{effect} {side}"
