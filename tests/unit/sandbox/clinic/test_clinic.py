"""The demo clinic against the real adapters: the two are written apart from the standards and meet here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes_clinic import PRACTICE, RememberingSink, summary
from vdx_plugin.host import AdapterHost
from vdx_plugin.sandbox.clinic import ClinicConfig, DemoClinic
from vdx_plugin.sandbox.clinic.helper_call import HelperAwayError


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Workplace:
    """A clinic and a host with the built-in adapters, but the dummy."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.sink = RememberingSink()
        self.clinic = clinic_in(folder)

    async def start(self) -> None:
        await self.clinic.start()
        self.host = AdapterHost(
            clock=RealClock(),
            settings={"hl7v2": {"port": "0", "note_port": str(self.clinic.note_port)}},
            data_dir=self._folder,
            organisation=PRACTICE,
            disabled=("dummy",),
        )
        await self.host.start(self.sink)


def clinic_in(folder: Path) -> DemoClinic:
    adapters = folder / "adapters"
    return DemoClinic(ClinicConfig(adapters / "hl7v2" / "listening.json", adapters / "local" / "handshake.json"))


@pytest.fixture
async def workplace(tmp_path):
    made = Workplace(tmp_path)
    await made.start()
    yield made
    await made.clinic.stop()
    await made.host.stop()


async def test_the_whole_directory_is_taken(workplace):
    """Patients, appointments of today, a correction and a merge."""
    answers = await workplace.clinic.send_directory()
    assert answers
    assert all("MSA|AA|" in answer for answer in answers)
    day = timedelta(days=1)
    found = await workplace.host.appointments(datetime.now(UTC) - day, datetime.now(UTC) + day)
    assert "5790000000203" in {gln for item in found for gln in item.partner_glns}
    assert workplace.sink.merges


async def test_an_open_record_becomes_a_complete_context(workplace):
    """The local call brings the number, the feed brings the name."""
    await workplace.clinic.send_directory()
    for number in range(len(workplace.clinic.people)):
        await workplace.clinic.open_patient(number)
        context = await workplace.host.complete(workplace.sink.contexts[-1])
        assert context.patient.is_complete
        assert context.patient.local_id == workplace.clinic.people[number].local_id


async def test_an_open_record_is_confirmed_until_another_is_opened(workplace):
    """The doctor reads for five minutes, then starts from the dock."""
    await workplace.clinic.open_patient(0)
    first = workplace.sink.contexts[-1]
    assert await workplace.host.confirm(first)
    await workplace.clinic.open_patient(1)
    assert not await workplace.host.confirm(first)
    second = workplace.sink.contexts[-1]
    await workplace.clinic.close_patient()
    assert not await workplace.host.confirm(second)


async def test_a_click_in_the_record_wants_a_start(workplace):
    """The button the record systems have today carries no patient; this one does."""
    await workplace.clinic.start_video(0)
    assert len(workplace.sink.starts) == 1


async def test_the_note_comes_back_once(workplace):
    """Written twice after a crash, filed once, readable."""
    await workplace.clinic.send_directory()
    await workplace.clinic.open_patient(0)
    context = await workplace.host.complete(workplace.sink.contexts[-1])
    await workplace.host.write_back(context, summary())
    await workplace.host.write_back(context, summary())
    (note,) = workplace.clinic.notes_of(0)
    assert note.text.splitlines() == [
        "Samtale på video.",
        "Aftalt kontrol | uge 50.",
        "Foreslået ydelse: 0126 Videokonference",
    ]
    assert workplace.clinic.notes_of(1) == []


async def test_the_calendar_hears_what_became_of_the_appointment(workplace):
    """By SIU after the note; whoever looks at the day sees who was seen."""
    await workplace.clinic.send_directory()
    await workplace.clinic.open_patient(0)
    context = await workplace.host.complete(workplace.sink.contexts[-1])
    assert context.appointment_id
    await workplace.host.write_back(context, summary())
    assert workplace.clinic.outcomes == {context.appointment_id: "Complete"}


async def test_without_the_program_the_record_says_so(tmp_path):
    """A button that does nothing is worse than none."""
    clinic = clinic_in(tmp_path)
    with pytest.raises(HelperAwayError):
        await clinic.open_patient(0)
    assert clinic.trouble
