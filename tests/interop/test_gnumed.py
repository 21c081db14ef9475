"""GNUmed's own exporter leaves the file, our adapter reads it. Run by ``python -m tests.peers.gnumed``."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from tests.fakes_clinic import PRACTICE, RememberingSink
from tests.peers.gnumed import exporter
from vdx_plugin.adapters.gdt import make
from vdx_plugin.domain.patients import Identifier, PersonName
from vdx_plugin.ports import AdapterSetup

pytestmark = pytest.mark.skipif(
    exporter.installed() is None, reason="GNUmed is not there: python -m tests.peers.gnumed fetches and runs it"
)


class WallClock:
    """GNUmed's files have the time of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.mark.parametrize("encoding", exporter.ENCODINGS)
async def test_a_file_of_gnumeds_own_exporter_opens_its_patient(tmp_path, encoding):
    """No 8100, no receiver, a wrong length in one line, and the character set in free fields."""
    chosen = {"folder": str(tmp_path), "user": "HH", "names_in": "gnumed", "look_every_ms": "20"}
    system = make(AdapterSetup(chosen, "", WallClock(), PRACTICE))
    sink = RememberingSink()
    await system.start(sink)
    await asyncio.to_thread(exporter.export, tmp_path / "gnumed-patient.gdt", encoding)
    async with asyncio.timeout(10):
        await sink.told.wait()
    await system.stop()
    (context,) = sink.contexts
    assert context.patient.identifiers == (Identifier("urn:vdx-plugin:gdt:EDV1", "4711"),)
    assert context.patient.name == PersonName("Prøvesen-Åhøj", "Ditte Æble")
    assert context.patient.birth_date == date(1948, 12, 25)
    assert list(tmp_path.iterdir()) == []
