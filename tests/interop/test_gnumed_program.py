"""GNUmed itself opens patients of its own database, our adapter follows. Run by ``python -m tests.peers.gnumed``.

The patients are those GNUmed's database comes with, out of a television series.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.fakes_clinic import PRACTICE, RememberingSink
from tests.peers.gnumed import client, program
from vdx_plugin.adapters.gdt import make
from vdx_plugin.domain.patients import PersonName
from vdx_plugin.ports import AdapterSetup

pytestmark = pytest.mark.skipif(
    not program.installed(), reason="GNUmed is run by the nightly command only: python -m tests.peers.gnumed"
)

# The days are those that GNUmed itself shows where the clock is UTC.
KIRK = (PersonName("Kirk", "James Tiberius"), date(1931, 3, 21))
SPOCK = (PersonName("Spock", "?"), date(1931, 3, 25))
DAY_S = 24 * 60 * 60


class WallClock:
    """GNUmed's files have the time of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="module")
def gnumed():
    """GNUmed with somebody logged in and our hook script in place."""
    with program.running() as remote:
        yield remote


@pytest.fixture
async def desk(gnumed):
    """The adapter on the folder that GNUmed's hook writes to, and what it tells."""
    chosen = {"folder": str(gnumed.folder), "user": "HH", "names_in": "gnumed", "look_every_ms": "20"}
    system, sink = make(AdapterSetup(chosen, "", WallClock(), PRACTICE)), RememberingSink()
    await system.start(sink)
    yield system, sink
    await system.stop()


async def told(sink: RememberingSink) -> None:
    async with asyncio.timeout(20):
        await sink.told.wait()
    sink.told.clear()


async def open_in(gnumed: client.Remote, name: PersonName) -> str:
    return await asyncio.to_thread(gnumed.lock_into, name.family, name.given)


async def test_each_patient_opened_in_gnumed_becomes_the_context(gnumed, desk):
    """A second patient is a change of context, not an addition; each file is gone once taken."""
    system, sink = desk
    for who in (KIRK, SPOCK):
        lock = await open_in(gnumed, who[0])
        await told(sink)
        now_open = await system.current()
        assert now_open is not None
        assert (now_open.patient.name, now_open.patient.birth_date) == who
        gnumed.unlock(lock)
    assert [context.patient.name for context in sink.contexts] == [KIRK[0], SPOCK[0]]
    first, second = (context.patient.identifiers for context in sink.contexts)
    assert first != second
    assert list(gnumed.folder.iterdir()) == []


async def test_a_record_in_use_is_not_swapped_for_another(gnumed, desk):
    """GNUmed refuses a second lock, writes no file, and we stay with the patient whose record is open."""
    system, sink = desk
    lock = await open_in(gnumed, KIRK[0])
    await told(sink)
    with pytest.raises(client.Refused, match="is locked"):
        await open_in(gnumed, SPOCK[0])
    gnumed.unlock(lock)
    now_open = await system.current()
    assert now_open is not None
    assert now_open.patient.name == KIRK[0]
    assert len(sink.contexts) == 1


async def test_a_file_gnumed_left_yesterday_opens_nobody(gnumed):
    """The file is one of GNUmed's own, written while no adapter looked, and then a day old."""
    lock = await open_in(gnumed, SPOCK[0])
    gnumed.unlock(lock)
    (left,) = gnumed.folder.glob("gnumed-*.gdt")
    yesterday = time.time() - DAY_S
    os.utime(left, (yesterday, yesterday))
    chosen = {"folder": str(gnumed.folder), "user": "HH", "names_in": "gnumed", "look_every_ms": "20"}
    system, sink = make(AdapterSetup(chosen, "", WallClock(), PRACTICE)), RememberingSink()
    await system.start(sink)
    await system.stop()
    assert sink.notices == ["gdt.stale"]
    assert sink.contexts == []
    assert (Path(gnumed.folder) / "stale" / left.name).exists()
