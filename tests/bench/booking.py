"""``python -m tests.bench.booking [--runs 30] [--json FILE]``: what booking costs beyond VDX's own answers.

Start now: the time from the call to the room, less the time the sandbox took over its answers, with its answers at once
and 200 ms late. The sandbox runs in the same process and loop, so all that lies between the two (httpx, the loopback
line, the HTTP server's own work) is counted as ours: the figure is an upper bound. Ten thousand meetings: a day shown,
a text searched for, an answer read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from starlette.types import Receive, Scope, Send

from tests.bench.figures import Figures
from tests.bench.main_job import busy, machine
from vdx_plugin.booking import Patience, Vdx, VdxAccess, open_vdx
from vdx_plugin.booking.models import Meeting
from vdx_plugin.booking.shelf import MeetingShelf
from vdx_plugin.domain.booked import BookedMeeting
from vdx_plugin.domain.room import MeetingDraft
from vdx_plugin.domain.secret import Secret
from vdx_plugin.sandbox import server
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.witness import Witness

MEETINGS = 10_000
PIECE = 270
"""Ten days of a practice with ten thousand meetings a year."""
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
LISTS = f"{MEETINGS} booked meetings"


class _Timed(Witness):
    """Adds up how long the sandbox takes over its answers, lateness included."""

    spent_s = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        try:
            await super().__call__(scope, receive, send)
        finally:
            _Timed.spent_s += time.perf_counter() - started


def part(delay_ms: int) -> str:
    """The name of the part for one delay."""
    return f"Start now, each answer of VDX {delay_ms} ms late"


async def measure_start(figures: Figures, runs: int, delay_ms: int) -> None:
    """Start ``runs`` times with a token and a connection at hand, and as often from nothing."""
    config = server.SandboxConfig(pool_size=4, provision_delay_s=0.0, pool_minimum_age_s=0.0, token_lifetime_s=3600)
    with patch.object(server, "Witness", _Timed):
        async with server.Sandbox(config).running() as sandbox:
            if delay_ms:
                sandbox.faults.add(Fault("delay", path="/", delay_s=delay_ms / 1000, times=None))
            warm = _program(sandbox)
            await warm.client.info()
            for _ in range(runs):
                figures.add(part(delay_ms), "own time", "ms", await _own_ms(sandbox, warm))
                fresh = _program(sandbox)
                figures.add(part(delay_ms), "own time, token and connection first", "ms", await _own_ms(sandbox, fresh))
                await fresh.aclose()
            await warm.aclose()


def _program(sandbox: server.Sandbox) -> Vdx:
    access = VdxAccess(
        sandbox.video_api_url, sandbox.token_url, "vdx-plugin", Secret("sandbox-secret"), environment="sandbox"
    )
    return open_vdx(access, sandbox.clock, patience=Patience(poll_s=0.25))


async def _own_ms(sandbox: server.Sandbox, vdx: Vdx) -> float:
    now = sandbox.clock.now()
    draft = MeetingDraft(uuid4(), now, now + timedelta(minutes=30))
    _Timed.spent_s = 0.0
    started = time.perf_counter()
    room = await vdx.rooms.book(draft, lambda _status: None)
    total_s = time.perf_counter() - started
    if not room.is_ready:
        raise RuntimeError("a start of now did not get a ready room")
    answers_s = _Timed.spent_s
    await vdx.rooms.close(draft.meeting_id, now)
    await _refilled(sandbox)
    return (total_s - answers_s) * 1000


async def _refilled(sandbox: server.Sandbox) -> None:
    """Wait until the pool has a ready room again, so that each start finds one."""
    changed = asyncio.Event()
    book = sandbox.meetings
    book.on_change(changed.set)
    while not any(room.status.value == "PROVISIONED_OK" for room in book.pool_rooms(sandbox.config.organisation)):
        changed.clear()
        await changed.wait()


def measure_lists(figures: Figures, runs: int, meetings: int = MEETINGS) -> None:
    """List and search what was heard of ``meetings`` meetings, and read an answer of ten days."""
    shelf = MeetingShelf()
    for number in range(meetings):
        shelf.put(_meeting(number))
    day = START + timedelta(days=30)
    answer = json.dumps([_as_json(_meeting(number)) for number in range(PIECE)]).encode()
    reader = TypeAdapter(list[Meeting])
    for turn in range(runs):
        figures.add(LISTS, "a day shown", "ms", _ms(lambda: shelf.between(day, day + timedelta(days=1))))
        figures.add(LISTS, "a text searched for, found nowhere", "ms", _ms(lambda: shelf.search("findes ikke")))
        figures.add(LISTS, "a text searched for, found often", "ms", _ms(lambda: shelf.search("kontrol")))
        moved = replace(_meeting(turn), start=day)
        # The default binds the meeting of this round; mypy cannot infer a lambda that has one.
        figures.add(LISTS, "a meeting moved", "ms", _ms(lambda meeting=moved: shelf.put(meeting)))  # type: ignore[misc]
        figures.add(LISTS, f"an answer of ten days read ({PIECE})", "ms", _ms(lambda: reader.validate_json(answer)))


def _meeting(number: int) -> BookedMeeting:
    start = START + timedelta(minutes=13 * number)
    subject = "Kontrol" if number % 7 == 0 else "Videokonsultation"
    who = f"laege{number % 9}@klinik.example"
    return BookedMeeting(
        UUID(int=number + 1), subject, start, start + timedelta(minutes=20), who, (f"booking-{number}",)
    )


def _as_json(meeting: BookedMeeting) -> dict[str, object]:
    user = {"organisationId": "sandbox-laegehus", "email": meeting.organised_by}
    return {
        "uuid": str(meeting.meeting_id),
        "subject": meeting.subject,
        "startTime": meeting.start.isoformat(),
        "endTime": meeting.end.isoformat(),
        "labels": list(meeting.labels),
        "createdBy": user,
        "organizedBy": user,
        "updatedBy": {},
        "shortId": "abcdefabcdef",
        "shortLink": "https://vdx.example/abcdefabcdef",
        "guestMicrophone": "on",
        "guestPinRequired": False,
        "additionalInformation": [],
        "_links": {"self": {"href": "https://vdx.example/x"}},
    }


def _ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


async def measure(figures: Figures, runs: int) -> None:
    """Measure everything."""
    for delay_ms in (0, 200):
        await measure_start(figures, runs, delay_ms)
    measure_lists(figures, runs)


def main() -> None:
    """Measure, print, and keep."""
    options = argparse.ArgumentParser(prog="tests.bench.booking")
    options.add_argument("--runs", type=int, default=30)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    figures, before = Figures(), busy()
    asyncio.run(measure(figures, given.runs))
    print(f"{machine()}\nload average before: {before}; after: {busy()}")
    print(figures.table())
    if given.json:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        given.json.write_text(figures.as_json(machine=machine(), at=at, load_before=before), encoding="utf-8")


if __name__ == "__main__":
    main()
