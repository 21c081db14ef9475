"""What messages cost: ``python -m tests.bench.messages [--messages 10000] [--runs 200] [--json FILE]``.

Build, check and store of one invitation by one worker; delivery of many to the sandbox's endpoint, which is a process
of its own and counts by MessageHeader.id, with one worker on SQLite and with eight on PostgreSQL, shared among as many
processes as there are processors; and the start with a hundred thousand messages kept. The databases write through to
the disk, as in earnest.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import insert

from tests import postgres
from tests.bench import usage
from tests.bench.child import ROOT, Child
from tests.bench.figures import Figures
from tests.bench.main_job import busy, machine
from tests.unit.invitations import samples
from vdx_plugin.app import WallClock
from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.invitations.checks import mark
from vdx_plugin.invitations.composer import MessageComposer
from vdx_plugin.ports import OutboxDraft, OutboxState
from vdx_plugin.store import AesSealer, Store, migrating, open_store
from vdx_plugin.store.engine import make_engine
from vdx_plugin.store.schema import outbox

KEPT = 100_000
WORKERS = 8
BUILD = "Build, check and store one invitation, one worker"
START = f"Start with {KEPT:,} messages kept, SQLite"
GLN = samples.PRACTICE.gln or ""
SEALER = AesSealer(bytes(32))
_CHUNK = 500
LIMIT_S = 900.0

Place = Path | str


# --- building ---------------------------------------------------------------------------------------------------------


async def measure_building(figures: Figures, runs: int, places: dict[str, Place]) -> None:
    """Build, check and store ``runs`` invitations on each engine, one after the other."""
    composer = MessageComposer(samples.SETTINGS)
    for name, place in places.items():
        store = await open_store(place, SEALER, WallClock())
        # What is imported and prepared at the first one is no part of the rest.
        await _decide(composer, store)
        began_s, processor_s = time.perf_counter(), time.process_time()
        for _ in range(runs):
            started_s = time.perf_counter()
            await _decide(composer, store)
            figures.add(BUILD, name, "ms", (time.perf_counter() - started_s) * 1000)
        figures.add(BUILD, f"{name}: processor time each", "ms", (time.process_time() - processor_s) / runs * 1000)
        figures.add(BUILD, f"{name}: per second", "/s", runs / (time.perf_counter() - began_s))
        await store.close()


async def _decide(composer: MessageComposer, store: Store) -> None:
    plan, now = _plan(), datetime.now(UTC)
    draft = composer.invitation(plan, samples.HOSPITAL_PARTY, samples.ROOM, now, uuid4)
    await store.consultations.save(plan, [draft])


def _plan() -> Consultation:
    start = datetime.now(UTC) + timedelta(days=1)
    return replace(samples.consultation(samples.HOSPITAL_PARTY, start=start), id=uuid4())


# --- delivering -------------------------------------------------------------------------------------------------------


async def measure_delivery(figures: Figures, messages: int, place: Place, hosts: int, workers: int) -> None:
    """Deliver ``messages`` by ``hosts`` processes with ``workers`` each, from the word go to the last one counted."""
    engine = "SQLite" if isinstance(place, Path) else "PostgreSQL"
    part = f"Delivery of {messages:,} messages, {engine}, {hosts * workers} workers in {hosts} processes"
    await fill(place, messages)
    async with AsyncExitStack() as running:
        receiver = await running.enter_async_context(Child("tests.bench.receiver"))
        address = await receiver.ask("address")
        all_hosts = [
            await running.enter_async_context(host(place, f"host-{number}", address, workers))
            for number in range(hosts)
        ]
        pids = {"senders": [one.pid for one in all_hosts], "receiver": [receiver.pid]}
        before = {name: usage.cpu_s(members) for name, members in pids.items()}
        started_s = time.perf_counter()
        for one in all_hosts:
            assert one.stdin is not None
            one.stdin.write(b"go\n")
        counted = await _until_counted(receiver, messages)
        took_s = time.perf_counter() - started_s
        figures.add(part, "delivered", "/s", messages / took_s)
        for name, members in pids.items():
            figures.add(
                part, f"{name}: processor time each", "ms", (usage.cpu_s(members) - before[name]) / messages * 1000
            )
    figures.note(f"{part}: {counted['distinct']} different messages counted, {counted['repeated']} of them twice.")


async def _until_counted(receiver: Child, messages: int) -> dict[str, int]:
    async with asyncio.timeout(LIMIT_S):
        while (await receiver.ask("count"))["distinct"] < messages:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.05)
    # One that came twice would come late.
    await asyncio.sleep(1.0)
    found: dict[str, int] = await receiver.ask("count")
    return found


@asynccontextmanager
async def host(place: Place, name: str, address: str, workers: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run one host, ready to go."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.e2e.host_child", str(place), name, address, GLN, str(workers), "60"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield process
    finally:
        process.stdin.close()
        await process.wait()


async def fill(place: Place, messages: int) -> None:
    """Put so many invitations into the outbox, each with ids of its own."""
    first_letter = model()
    store = await open_store(place, SEALER, WallClock())
    for first in range(0, messages, _CHUNK):
        drafts = [copy_of(first_letter, number) for number in range(first, min(first + _CHUNK, messages))]
        await store.outbox.add(drafts, datetime.now(UTC))
    await store.close()


def model() -> OutboxDraft:
    """Return the letter that is sent many times over."""
    composer = MessageComposer(samples.SETTINGS)
    return composer.invitation(_plan(), samples.HOSPITAL_PARTY, samples.ROOM, datetime.now(UTC), uuid4)


def copy_of(model: OutboxDraft, number: int) -> OutboxDraft:
    """Return the same letter about another consultation, as valid as the first."""
    message_id, thread_id, bundle_id = str(uuid4()), str(uuid4()), str(uuid4())
    payload = model.payload.replace(model.message_id.encode(), message_id.encode())
    payload = payload.replace(model.thread_id.encode(), thread_id.encode())
    first = payload.index(b'"id":"') + 6
    payload = payload.replace(payload[first : first + 36], bundle_id.encode())
    return replace(
        model,
        key=f"k{number}",
        consultation_id=UUID(int=number),
        message_id=message_id,
        thread_id=thread_id,
        payload=payload,
        checked_by=mark(payload),
    )


# --- starting ---------------------------------------------------------------------------------------------------------


async def measure_start(figures: Figures, runs: int, path: Path) -> None:
    """Open the store, take up what was left, look for what is due, and list the dead letters."""
    await asyncio.to_thread(_fill_with_old, path)
    for _ in range(runs):
        started_s = time.perf_counter()
        store = await open_store(path, SEALER, WallClock())
        await store.outbox.recover(datetime.now(UTC))
        await store.outbox.claim(datetime.now(UTC))
        await store.outbox.stranded()
        figures.add(
            START, "opened, recovered, first look, dead letters", "ms", (time.perf_counter() - started_s) * 1000
        )
        await store.close()


def _fill_with_old(path: Path) -> None:
    engine = make_engine(path)
    migrating.bring_up(engine)
    now = datetime.now(UTC)
    states = [OutboxState.ACKNOWLEDGED] * 97 + [OutboxState.SENT, OutboxState.FAILED, OutboxState.ANSWERED]
    with engine.begin() as connection:
        for first in range(0, KEPT, 10_000):
            rows = [_old(number, states[number % 100], now) for number in range(first, first + 10_000)]
            connection.execute(insert(outbox), rows)
    engine.dispose()


def _old(number: int, state: OutboxState, now: datetime) -> dict[str, object]:
    at = now - timedelta(minutes=number)
    return {
        "key": f"old{number}",
        "consultation_id": UUID(int=number),
        "party_key": "p",
        "kind": "invitation",
        "channel": "medcom",
        "message_id": f"m{number}",
        "thread_id": f"t{number}",
        "mime": "application/fhir+json",
        "sealed_receiver": SEALER.seal(GLN.encode(), f"receiver:old{number}"),
        "sealed_payload": SEALER.seal(bytes(2_000), f"payload:old{number}"),
        "state": state.value,
        "attempts": 1,
        "created_at": at,
        "queued_at": at,
        "changed_at": at,
        "sent_at": at,
        "settled_at": at,
        "problem": "",
        "receipt": "",
    }


async def measure(figures: Figures, *, messages: int, runs: int, parts: set[str]) -> None:
    """Measure the parts named: ``build``, ``sqlite``, ``postgresql``, ``start``."""
    with tempfile.TemporaryDirectory(prefix="vdx-bench-") as folder, postgres.server(durable=True) as server:
        here = Path(folder)
        if "build" in parts:
            places: dict[str, Place] = {"SQLite": here / "build.db", "PostgreSQL": server.new_database()}
            await measure_building(figures, runs, places)
        if "sqlite" in parts:
            await measure_delivery(figures, messages, here / "one.db", 1, 1)
        if "postgresql" in parts:
            hosts = min(os.cpu_count() or 1, WORKERS)
            await measure_delivery(figures, messages, server.new_database(), hosts, WORKERS // hosts)
        if "start" in parts:
            await measure_start(figures, 5, here / "kept.db")


def main(arguments: list[str]) -> int:
    """Measure, print the table, and return the exit status."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.messages", description=__doc__)
    reader.add_argument("--messages", type=int, default=10_000)
    reader.add_argument("--runs", type=int, default=200)
    reader.add_argument("--parts", default="build,sqlite,postgresql,start")
    reader.add_argument("--json", type=Path)
    chosen = reader.parse_args(arguments)
    figures, before = Figures(), busy()
    asyncio.run(measure(figures, messages=chosen.messages, runs=chosen.runs, parts=set(chosen.parts.split(","))))
    print(f"{machine()}; {before} before, {busy()} after")
    print(figures.table())
    if chosen.json:
        chosen.json.write_text(figures.as_json(machine=machine()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
