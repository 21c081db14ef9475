"""Every step between a decision and the receiver's word, for each kind of message on each road: killed there, started
again, and counted at the receiver.

The steps are not chosen: a run without a kill writes down each transaction and each exchange with the outside; for each
of them one run dies before it and another after it. In between nothing is changed that outlives the process.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from tests.e2e.crash_points import points_of
from tests.e2e.kill_child import (
    ACKNOWLEDGEMENT,
    CANCELLATION,
    FOLDER,
    INVITATION,
    MAIL,
    MEDCOM,
    MOVE,
    NOTICE,
    TEXT,
    Job,
)
from tests.e2e.nursery import CRASHED, PROCESSES, Nursery, trace_of
from vdx_plugin.app import WallClock
from vdx_plugin.sandbox.partners import PartnerTimes
from vdx_plugin.sandbox.partners.values import Parcel
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig
from vdx_plugin.sandbox.vans import VansPostman
from vdx_plugin.store import AesSealer, open_store

MODULE = "tests.e2e.kill_child"
LETTERS = (INVITATION, MOVE, CANCELLATION, NOTICE)
ROWS = [(road, each) for road in MEDCOM for each in (*LETTERS, ACKNOWLEDGEMENT)] + [
    (road, each) for road in (MAIL, TEXT) for each in LETTERS
]
MAY_STAY_AWAY = ("OutboxTable.claim",)
"""How often a worker looks into the outbox depends on who is faster; such a run is then one without a kill."""

NOT_REACHED = "it was never reached"
TRIES = 3
"""Which of two writes comes first may depend on who is faster."""


@dataclass(frozen=True)
class Outcome:
    """One run: where it was killed, how often the message came, how many different ones, and what is wrong."""

    point: str
    killed: bool
    came: int
    distinct: int
    state: str
    faults: tuple[str, ...] = ()


@dataclass
class Row:
    """One line of the table."""

    road: str
    message: str
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [f"{self.road}, {self.message}, {one.point}: {fault}" for one in self.outcomes for fault in one.faults]

    @property
    def kills(self) -> int:
        return sum(one.killed for one in self.outcomes)

    def cells(self) -> list[str]:
        """Return the line's cells: kills, runs with exactly one message, repeats recognised, in doubt."""
        once = sum(one.distinct == 1 for one in self.outcomes)
        again = sum(one.came > one.distinct for one in self.outcomes)
        doubt = [one for one in self.outcomes if one.state == "unknown"]
        lost = sum(one.distinct == 0 for one in doubt)
        steps = len({one.point.rpartition(" ")[0] for one in self.outcomes})
        in_doubt = f"{len(doubt)} ({lost} had not left)" if doubt else "0"
        return [self.road, self.message, *map(str, (steps, self.kills, once, again)), in_doubt, str(len(self.faults))]


HEAD = ("road", "message", "steps", "kills", "came once", "same again, recognised", "told as uncertain", "faults")


def table(rows: list[Row]) -> str:
    """Return the table in Markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


class Receivers:
    """The sandbox, with every message that came to it counted apart from its own bookkeeping."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.came: dict[str, Counter[str]] = defaultdict(Counter)
        take_in = sandbox.partners.hand_in
        sandbox.partners.hand_in = self._counted(take_in)  # type: ignore[method-assign]

    def _counted(self, take_in: Callable[[Parcel], Awaitable[str]]) -> Callable[[Parcel], Awaitable[str]]:
        async def hand_in(parcel: Parcel) -> str:
            receipt = await take_in(parcel)
            header = next(
                entry["resource"]
                for entry in json.loads(parcel.body)["entry"]
                if entry["resource"]["resourceType"] == "MessageHeader"
            )
            self.came[parcel.sender_gln][header["id"]] += 1
            return receipt

        return hand_in

    def counted(self, job: Job) -> Counter[str]:
        """Return how often each message of the job came, by its id; of text messages, by their words."""
        if job.road in MEDCOM:
            return self.came[job.gln]
        if job.road == MAIL:
            mine = [mail for mail in self.sandbox.mail.caught if mail.sender == job.mail]
            return Counter(str(mail.message["Message-ID"]) for mail in mine)
        number = "+45" + job.phone.replace(" ", "")
        return Counter(message.text for message in self.sandbox.phones.messages if message.to == number)


class KillTable:
    """Runs the rows, several at once, against one sandbox."""

    def __init__(self, folder: Path, nursery: Nursery, receivers: Receivers) -> None:
        self._folder = folder
        self._nursery = nursery
        self._receivers = receivers
        self._numbers = count(1)
        self._places = asyncio.Semaphore(PROCESSES)

    async def row(self, road: str, message: str) -> Row:
        """Return one line: a run without a kill, and one for each step before and after."""
        whole = self._job(road, message)
        async with self._postman(whole):
            status = await self._nursery.do(whole)
        assert status == 0, trace_of(whole)
        points = points_of(Path(whole.record))
        assert points, f"{road}, {message}: nothing was done"
        outcomes = await asyncio.gather(*(self._killed(road, message, point) for point in points))
        return Row(road, message, list(outcomes))

    async def _killed(self, road: str, message: str, point: str) -> Outcome:
        """Return what became of a run that was to die at ``point``; tried again where it passed by on another way."""
        for _try in range(TRIES):
            outcome = await self._run(road, message, point)
            if NOT_REACHED not in outcome.faults:
                break
        return outcome

    async def _run(self, road: str, message: str, point: str) -> Outcome:
        async with self._places:
            job = replace(self._job(road, message), crash_at=point)
            async with self._postman(job):
                first = await self._nursery.do(job)
                second = await self._nursery.do(replace(job, crash_at="")) if first == CRASHED else first
            return self._outcome(job, point, first, second)

    @asynccontextmanager
    async def _postman(self, job: Job) -> AsyncIterator[None]:
        """Let a VANS client watch the job's folders, where it has any."""
        if job.road != FOLDER:
            yield
            return
        out, into = Path(job.folder) / "out", Path(job.folder) / "in"
        postman = VansPostman(self._receivers.sandbox.vans, job.gln, out, into)
        work = asyncio.create_task(_rounds(postman))
        try:
            yield
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    def _outcome(self, job: Job, point: str, first: int, second: int) -> Outcome:
        faults = []
        if first not in (CRASHED, 0):
            faults.append(f"the first process ended with {first}: {trace_of(job)}")
        if first == 0 and not any(word in point for word in MAY_STAY_AWAY):
            faults.append(NOT_REACHED)
        if second != 0:
            faults.append(f"the second process ended with {second}: {trace_of(job)}")
        rows, came = rows_of(job), self._receivers.counted(job)
        wanted = 1 if job.message == INVITATION else 2
        if len(rows) != wanted:
            return Outcome(point, first == CRASHED, 0, 0, "", (*faults, f"{len(rows)} rows in the outbox"))
        subject, state = rows[-1]
        # A text message bears no id, so all that came to this telephone beyond the invitation is of the second message.
        mine = came if job.road == TEXT else Counter({subject: came[subject]} if came[subject] else {})
        distinct = len(mine) - (wanted - 1) if job.road == TEXT else len(mine)
        total = sum(mine.values()) - (wanted - 1) if job.road == TEXT else sum(mine.values())
        faults += _faults(job, distinct, total, state)
        if len(came) > wanted:
            faults.append(f"{len(came)} different messages came")
        return Outcome(point, first == CRASHED, total, distinct, state, tuple(faults))

    def _job(self, road: str, message: str) -> Job:
        number, sandbox = next(self._numbers), self._receivers.sandbox
        folder = self._folder / f"{number:04}"
        for each in (folder, folder / "out", folder / "in"):
            each.mkdir()
        (folder / "store.db").write_bytes((self._folder / "empty.db").read_bytes())
        return Job(
            name=f"kill-{number}",
            road=road,
            message=message,
            gln=gln(number),
            mail=f"klinik{number}@laegehuset.example",
            phone=f"{20_123_000 + number}",
            place=str(folder / "store.db"),
            record=str(folder / "effects"),
            hub_url=sandbox.partner_url,
            vans_url=sandbox.vans_url,
            folder=str(folder),
            text_url=sandbox.text_url,
            control_url=f"{sandbox.partner_url}/control",
            smtp_port=sandbox.smtp_port,
        )


async def _rounds(postman: VansPostman) -> None:
    while True:
        await postman.round()
        await asyncio.sleep(0.02)


def _faults(job: Job, distinct: int, total: int, state: str) -> Iterator[str]:
    if job.road in MEDCOM:
        if distinct != 1:
            yield f"{distinct} messages came, and it is {state}"
        return
    if total > 1:
        yield f"it came {total} times"
    if distinct == 0 and state != "unknown":
        yield f"nothing came, and it is {state}"
    if state not in ("sent", "unknown"):
        yield f"it is {state}"


def rows_of(job: Job) -> list[tuple[str, str]]:
    """Return id and state of each message of a run, as the database itself has them."""
    with closing(sqlite3.connect(job.place)) as connection:
        return list(connection.execute("SELECT message_id, state FROM outbox ORDER BY seq"))


def gln(number: int) -> str:
    """Return a location number of the series for tests, with its check digit (GS1)."""
    digits = f"57900009{number:04}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


@asynccontextmanager
async def killing(folder: Path):  # type: ignore[no-untyped-def]
    """Give a KillTable for the length of an ``async with`` block."""
    empty = folder / "empty.db"
    await (await open_store(empty, AesSealer(bytes(32)), WallClock())).close()
    config = SandboxConfig(partner_times=PartnerTimes(acknowledge_s=0.02), pool_size=1)
    async with Sandbox(config).running() as sandbox, Nursery(MODULE, folder) as nursery:
        yield KillTable(folder, nursery, Receivers(sandbox))
