"""The adapter beside a folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.fakes_clinic import NOON, PRACTICE, HandClock, RememberingSink, context_of, summary
from tests.unit.adapters.gdt.test_folder import leave
from tests.unit.adapters.gdt.test_lines import DAMAGED, FOLDER
from vdx_plugin.adapters.gdt import GdtSystem, make
from vdx_plugin.domain.patients import Identifier, Patient, PersonName
from vdx_plugin.errors import Misconfigured, OutcomeUnknown
from vdx_plugin.ports import AdapterSetup, ContextChange, HealthState

NUMBER = Identifier("urn:vdx-plugin:gdt:EDV1", "P1001")
CONTEXT = context_of("gdt", Patient((NUMBER,), PersonName("Prøvesen", "Ditte"), date(1948, 12, 25)))


def setup(place: Path, clock: HandClock, **more: str) -> AdapterSetup:
    data = place.parent / "data"
    data.mkdir(exist_ok=True)
    chosen = {"folder": str(place), "user": "HH", "look_every_ms": "3", "receipt_limit_s": "1", **more}
    return AdapterSetup(chosen, str(data), clock, PRACTICE)


class Desk:
    """The adapter at work, its sink and its folder."""

    def __init__(self, place: Path) -> None:
        self.place, self.clock, self.sink = place, HandClock(), RememberingSink()
        self.system: GdtSystem = make(setup(place, self.clock))

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while True:
                if holds():
                    return
                await asyncio.sleep(0.003)


@pytest.fixture
async def desk(tmp_path):
    (tmp_path / "exchange").mkdir()
    made = Desk(tmp_path / "exchange")
    await made.system.start(made.sink)
    yield made
    await made.system.stop()


async def test_the_key_in_the_record_wants_a_start(desk):
    """6302, request for an examination."""
    leave(desk.place)
    await desk.until(lambda: desk.sink.starts)
    (context,) = desk.sink.starts
    assert context.patient.identifiers == (NUMBER,)
    assert (context.user.id, context.organisation, context.opened_at) == ("HH", PRACTICE, NOON)
    assert await desk.system.current() == context
    assert list(desk.place.iterdir()) == []


async def test_a_result_to_be_shown_opens_the_patient_and_starts_nothing(desk):
    """6311, and 6301 likewise."""
    leave(desk.place, (FOLDER / "good" / "show.gdt").read_bytes())
    await desk.until(lambda: desk.sink.contexts)
    assert desk.sink.starts == []


async def test_a_patient_is_forgotten_after_a_while_and_not_during_a_call(desk):
    """No file says that a record was closed."""
    leave(desk.place)
    await desk.until(lambda: desk.sink.starts)
    desk.sink.in_call = True
    desk.clock.pass_by(minutes=11)
    desk.system._forget_what_is_old()
    assert desk.sink.closings == []
    desk.sink.in_call = False
    await desk.until(lambda: desk.sink.closings)
    assert desk.sink.closings == [ContextChange.CLOSED]
    assert await desk.system.current() is None


@pytest.mark.parametrize("file", DAMAGED, ids=lambda file: file.stem)
async def test_what_cannot_be_read_is_put_aside_and_told_without_its_content(desk, file, caplog):
    """The next file is read all the same."""
    with caplog.at_level(logging.DEBUG):
        leave(desk.place, file.read_bytes())
        await desk.until(lambda: desk.sink.notices)
        leave(desk.place, at=NOON + timedelta(seconds=1))
        await desk.until(lambda: desk.sink.starts)
    assert [path.name for path in (desk.place / "refused").iterdir()] == ["VDXPEDV1.gdt"]
    assert not any(word in caplog.text for word in ("vesen", "Ditte", "P1001", "19481225"))


async def test_leftovers_at_the_start_are_told_and_not_followed(tmp_path):
    """The program starts in the morning, and yesterday's last patient lies there."""
    place = tmp_path / "exchange"
    place.mkdir()
    leave(place, at=NOON - timedelta(hours=15))
    sink = RememberingSink()
    system = make(setup(place, HandClock()))
    await system.start(sink)
    await system.stop()
    assert (sink.starts, sink.notices) == ([], ["gdt.stale"])


async def test_a_folder_that_is_away_is_told_once_and_found_again(tmp_path):
    """A network drive that comes a minute after the sign-in."""
    desk = Desk(tmp_path / "late")
    assert (await desk.system.try_settings()).reason == "gdt.folder"
    await desk.system.start(desk.sink)
    for _look in range(3):
        await desk.system._look_once()
    assert desk.sink.notices == ["gdt.folder"]
    assert (await desk.system.health()).state is HealthState.BAD
    desk.place.mkdir()
    leave(desk.place)
    await desk.until(lambda: desk.sink.starts)
    assert (await desk.system.health()).state is HealthState.GOOD
    assert (await desk.system.try_settings()).state is HealthState.GOOD
    await desk.system.stop()


async def take(desk: Desk) -> bytes:
    """Take a result away, as the record does."""
    await desk.until(lambda: list(desk.place.glob("EDV1VDXP*.gdt")))
    (path,) = desk.place.glob("EDV1VDXP*.gdt")
    payload = path.read_bytes()
    path.unlink()
    return payload


async def test_a_result_is_filed_when_the_record_has_taken_it(desk):
    """Until then nobody knows."""
    writing = asyncio.create_task(desk.system.write_back(CONTEXT, summary()), name="writing")
    assert summary().key.hex.encode() in await take(desk)
    assert (await writing).remote_id == summary().key.hex


async def test_a_result_that_was_taken_is_not_written_again_even_after_a_restart(desk):
    """The program was closed while the file lay there; the record took it in the night."""
    for _attempt in range(2):
        with pytest.raises(OutcomeUnknown, match=r"writeback\.unknown"):
            await desk.system.write_back(CONTEXT, summary())
    assert len(list(desk.place.iterdir())) == 1
    await desk.system.stop()
    await take(desk)
    again = make(setup(desk.place, desk.clock))
    await again.start(desk.sink)
    assert (await again.write_back(CONTEXT, summary())).remote_id == summary().key.hex
    assert list(desk.place.iterdir()) == []
    await again.stop()


async def test_what_we_remember_of_results_is_their_keys(desk):
    """The program's own folder holds nothing that tells who the patient is."""
    with pytest.raises(OutcomeUnknown):
        await desk.system.write_back(CONTEXT, summary())
    kept = b"".join(path.read_bytes() for path in (desk.place.parent / "data").iterdir())
    assert summary().key.hex.encode() in kept
    assert not any(word in kept for word in (b"P1001", b"Ditte", b"1948"))


@pytest.mark.parametrize(
    ("more", "at_fault"),
    [
        ({"folder": ""}, "folder"),
        ({"user": ""}, "user"),
        ({"charset": "klingon"}, "charset"),
        ({"own_id": "../VDXP"}, "own_id"),
        ({"look_every_ms": "often"}, "look_every_ms"),
        ({"fodler": "x"}, "fodler"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, more, at_fault):
    """Whoever sets up the workplaces must find it."""
    given = setup(tmp_path / "exchange", HandClock())
    with pytest.raises(Misconfigured) as caught:
        make(replace(given, settings={**given.settings, **more}))
    assert caught.value.facts["setting"] == f"adapters.gdt.{at_fault}"
