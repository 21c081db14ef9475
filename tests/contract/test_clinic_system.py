"""What every adapter promises. A new adapter adds its rig to ``clinic_rigs`` and runs all of this.

A test of a capability the adapter has not is passed over, and then the adapter must say so when asked all the same.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from datetime import timedelta

import pytest

from tests.contract.clinic_rigs import NAMED, NAMED_STRANGER, PATIENT, RIGS, STRANGER, Rig
from tests.fakes_clinic import NOON, context_of, summary
from vdx_plugin.errors import OutcomeUnknown, Refused, Unavailable
from vdx_plugin.ports import Capabilities, Capability, ContextChange


@pytest.fixture(params=list(RIGS))
async def rig(request, tmp_path):
    made = RIGS[request.param](tmp_path)
    await made.begin()
    yield made
    await made.end()


def need(rig: Rig, capability: Capability) -> None:
    if capability not in rig.system.capabilities:
        pytest.skip(f"{rig.system.name} has no {capability}")


async def test_it_says_its_name_and_what_it_can(rig):
    """Read before anything is offered."""
    assert rig.system.name in RIGS
    assert isinstance(rig.system.capabilities, Capabilities)


async def test_opening_a_record_gives_its_context(rig):
    """Patient with number and system, user, practice, time."""
    need(rig, Capability.CONTEXT)
    assert await rig.system.current() is None
    await rig.open_record()
    (context,) = rig.sink.contexts
    assert context.source == rig.system.name
    assert context.patient.is_same_person(PATIENT)
    assert context.user.id
    assert context.organisation.name == "Lægehuset Eksempel"
    assert context.opened_at == NOON
    assert await rig.system.current() == context


async def test_closing_the_record_is_told(rig):
    """A start from a closed record would be a guess."""
    need(rig, Capability.CONTEXT)
    await rig.open_record()
    await rig.close_record()
    assert rig.sink.closings == [ContextChange.CLOSED]
    assert await rig.system.current() is None


async def test_a_click_in_the_record_wants_a_start(rig):
    """The context comes with it, so that the click needs nothing before it."""
    need(rig, Capability.START_ACTION)
    await rig.click_start()
    (context,) = rig.sink.starts
    assert context.patient.is_same_person(PATIENT)


async def test_an_open_record_is_confirmed_and_a_closed_one_is_not(rig):
    """Asked when a context is more than a minute old."""
    need(rig, Capability.CONFIRM)
    await rig.open_record()
    context = rig.sink.contexts[-1]
    rig.clock.pass_by(minutes=5)
    assert await rig.system.confirm(context) is True
    await rig.close_record()
    assert await rig.system.confirm(context) is False


async def test_a_known_patient_is_completed_and_keeps_its_number(rig):
    """Name and birth date, without which nobody may start."""
    need(rig, Capability.DIRECTORY)
    await rig.fill()
    asked = context_of("other", PATIENT)
    completed = await rig.system.complete(asked)
    assert completed.patient.is_complete
    assert set(PATIENT.identifiers) <= set(completed.patient.identifiers)
    assert (completed.source, completed.user, completed.opened_at) == (asked.source, asked.user, asked.opened_at)


async def test_an_unknown_patient_is_left_as_it_is(rig):
    """Better no name than another's."""
    await rig.fill()
    asked = context_of("other", STRANGER)
    assert await rig.system.complete(asked) == asked


async def test_appointments_lie_in_the_time_asked_for(rig):
    """Today's list shows today."""
    await rig.fill()
    day = timedelta(days=1)
    found = await rig.system.appointments(NOON - day, NOON + day)
    assert all(item.start < NOON + day and item.end > NOON - day for item in found)
    assert bool(found) == (Capability.APPOINTMENTS in rig.system.capabilities)
    assert await rig.system.appointments(NOON - 400 * day, NOON - 399 * day) == []


async def test_a_note_written_twice_is_one_entry(rig):
    """After a crash the program does not know and writes again."""
    need(rig, Capability.WRITE_BACK)
    context = context_of("other", NAMED)
    first = await rig.system.write_back(context, summary())
    second = await rig.system.write_back(context, summary())
    assert rig.notes == [summary().key]
    assert first.adapter == rig.system.name
    assert first.remote_id == second.remote_id


async def test_two_consultations_are_two_entries(rig):
    """The key tells repeats, not the patient or the day."""
    need(rig, Capability.WRITE_BACK)
    context = context_of("other", NAMED)
    await rig.system.write_back(context, summary(1))
    await rig.system.write_back(context, summary(2))
    assert rig.notes == [summary(1).key, summary(2).key]


async def test_a_note_for_a_patient_the_record_does_not_know_is_refused(rig):
    """It must not end in somebody else's record."""
    need(rig, Capability.WRITE_BACK)
    with pytest.raises(Refused, match=r"writeback\.refused"):
        await rig.system.write_back(context_of("other", NAMED_STRANGER), summary())
    assert rig.notes == []


async def test_a_lost_answer_is_unknown_and_resolved_by_writing_again(rig):
    """The one case in which a second entry is most likely."""
    need(rig, Capability.WRITE_BACK)
    if rig.system.name == "dummy":
        pytest.skip("nothing can be lost in memory")
    rig.loses_answers = True
    context = context_of("other", NAMED)
    with pytest.raises(OutcomeUnknown, match=r"writeback\.unknown"):
        await rig.system.write_back(context, summary())
    assert rig.notes == [summary().key]
    rig.loses_answers = False
    try:
        await rig.system.write_back(context, summary())
    except Unavailable as unresolved:
        pytest.fail(f"still {unresolved.code}")
    assert rig.notes == [summary().key]


async def test_stopping_leaves_nothing_behind_and_starting_works_again(tmp_path):
    """Adapters are stopped and started by hand while the program runs."""
    for name, kind in RIGS.items():
        folder = tmp_path / name
        folder.mkdir()
        threads = threading.active_count()
        for _round in range(3):
            rig = kind(folder)
            await rig.begin()
            assert rig.is_listening()
            await rig.end()
            assert not rig.is_listening()
            assert await rig.system.current() is None
        # File work is done in the loop's own pool, which stays.
        pool = sum(thread.name.startswith("asyncio_") for thread in threading.enumerate())
        assert threading.active_count() <= threads + pool
    gc.collect()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_same_adapter_may_start_again_after_a_stop(rig):
    """The host keeps the object when it enables an adapter anew."""
    await rig.system.stop()
    await rig.system.start(rig.sink)
    assert rig.is_listening()


async def test_no_log_line_tells_who_the_patient_is(rig, caplog):
    """Whatever the adapter does, at any level."""
    with caplog.at_level(logging.DEBUG, logger="vdx_plugin"):
        await rig.fill()
        if Capability.CONTEXT in rig.system.capabilities:
            await rig.open_record()
        if Capability.WRITE_BACK in rig.system.capabilities:
            await rig.system.write_back(context_of("other", NAMED), summary())
    told = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("vdx_plugin"))
    assert not any(word in told for word in ("8512484901", "Prøvesen", "Ditte", "uge 50"))
