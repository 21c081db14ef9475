"""The desk when things happen at the same time: double clicks, a change of patient in between, a line lost midway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.unit.service.fakes import HOSPITAL, NOON, World, context
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import InvitationState
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.errors import Refused, Unavailable
from vdx_plugin.ports import CallOver, ChatMessage, ChatReceived, InvitationNews, MediaChoice
from vdx_plugin.service.view import StepKind, StepState


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    world.systems.today = [
        Appointment("a1", "p1", NOON, NOON + timedelta(minutes=20), partner_glns=(HOSPITAL.gln or "",))
    ]
    await world.desk.start()
    yield world
    await world.desk.close()


async def start(world: World) -> World:
    world.desk.opened(context(world.clock))
    await world.settle()
    await world.desk.start_video()
    await world.settle()
    return world


async def end(world: World) -> World:
    await start(world)
    await world.desk.end_for_all()
    await world.settle()
    return world


def codes(world: World) -> list[str]:
    return [notice.problem.code for notice in world.desk.view.notices]


class Gate:
    """Something outside that answers when the test says so. ``asked`` counts the questions."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_open = asyncio.Event()

    async def confirm(self, _context: ClinicContext) -> bool:
        self.asked += 1
        await self.is_open.wait()
        return True

    async def appointments(self, *_window: object) -> list[Appointment]:
        self.asked += 1
        await self.is_open.wait()
        return []


# --- starting ---------------------------------------------------------------------------------------------------------


async def test_two_clicks_while_the_record_is_asked_start_one_consultation(world: World) -> None:
    """Two rooms for one patient, and two letters to the hospital, would be the price of a double click."""
    gate = Gate()
    world.systems.confirm = gate.confirm  # type: ignore[method-assign]
    world.desk.opened(context(world.clock))
    await world.settle()
    world.clock.pass_by(minutes=2)
    clicks = [asyncio.create_task(world.desk.start_video()) for _click in range(2)]
    await world.settle()
    gate.is_open.set()
    await asyncio.gather(*clicks)
    await world.settle()
    assert gate.asked == 1
    assert world.log.count("book") == 1
    assert codes(world) == []


async def test_a_patient_opened_while_the_record_is_asked_gets_no_call_meant_for_another(world: World) -> None:
    """The click was made on the first patient: neither of the two may be called now."""
    gate = Gate()
    world.systems.confirm = gate.confirm  # type: ignore[method-assign]
    world.desk.opened(context(world.clock, 1))
    await world.settle()
    world.clock.pass_by(minutes=2)
    click = asyncio.create_task(world.desk.start_video())
    await world.settle()
    world.desk.opened(context(world.clock, 2))
    await world.settle()
    gate.is_open.set()
    await click
    await world.settle()
    assert world.log == []
    assert codes(world) == ["context.open_in_record"]


async def test_a_click_in_one_record_never_starts_the_next_patient_s_call(world: World) -> None:
    """The day's list may answer slowly, and by then the doctor has opened somebody else."""
    gate = Gate()
    world.systems.appointments = gate.appointments  # type: ignore[method-assign]
    world.desk.start_wanted(context(world.clock, 1))
    await world.settle()
    world.desk.opened(context(world.clock, 2))
    await world.settle()
    gate.is_open.set()
    await world.settle()
    assert world.log == []
    assert codes(world) == ["context.open_in_record"]


async def test_a_plan_made_for_one_patient_does_not_start_for_another(world: World) -> None:
    """The plan holds the first patient's address: the second one's link must not go there."""
    world.desk.opened(context(world.clock, 1, email="first@example.test"))
    await world.settle()
    plan = await world.desk.propose_plan()
    world.desk.opened(context(world.clock, 2))
    await world.settle()
    await world.desk.start_video(plan)
    await world.settle()
    assert world.log == []
    assert codes(world) == ["plan.patient_changed"]


@pytest.mark.parametrize("then", ["opened", "closed"])
async def test_a_late_answer_about_one_patient_does_not_replace_what_the_record_shows_now(
    world: World, then: str
) -> None:
    """A name that stays on the screen after the record has moved on is the wrong patient."""
    whole = context(world.clock, 1)
    is_known = asyncio.Event()

    async def complete(_asked: ClinicContext) -> ClinicContext:
        await is_known.wait()
        return whole

    world.systems.complete = complete  # type: ignore[method-assign]
    world.desk.opened(replace(whole, patient=replace(whole.patient, name=None)))
    await world.settle()
    other = context(world.clock, 2)
    if then == "opened":
        world.desk.opened(other)
    else:
        world.desk.closed()
    await world.settle()
    is_known.set()
    await world.settle()
    assert world.desk.view.context == (other if then == "opened" else None)


async def test_the_former_patient_leaves_the_screen_before_the_next_one_s_name_is_known(world: World) -> None:
    """For the seconds that a slow directory takes, the doctor must not see or start the former patient."""
    world.desk.opened(context(world.clock, 1))
    await world.settle()

    async def complete(_asked: ClinicContext) -> ClinicContext:
        await asyncio.Event().wait()
        raise AssertionError("never answered")

    world.systems.complete = complete  # type: ignore[method-assign]
    second = context(world.clock, 2)
    world.desk.opened(replace(second, patient=replace(second.patient, name=None)))
    await world.settle()
    shown = world.desk.view.context
    assert shown is not None
    assert shown.patient.is_same_person(second.patient)
    await world.desk.start_video()
    assert world.log == []
    assert codes(world) == ["context.incomplete"]


# --- the call ---------------------------------------------------------------------------------------------------------


async def test_a_call_lost_while_its_media_start_is_a_failed_step_and_no_running_call(world: World) -> None:
    """Otherwise the doctor sits before a call window that nobody else is in."""
    original = world.engine.enter

    async def enter(*arguments: object, **named: object) -> object:
        call = await original(*arguments, **named)  # type: ignore[arg-type]

        async def start_media(_choice: MediaChoice) -> None:
            call.on_event(CallOver("call.cut_off"))  # type: ignore[attr-defined]

        call.start_media = start_media  # type: ignore[method-assign]
        return call

    world.engine.enter = enter  # type: ignore[assignment,method-assign]
    await start(world)
    view = world.desk.view.consultation
    assert view is not None
    assert view.call is None
    assert view.steps[3].state is StepState.FAILED
    assert view.problem is not None
    assert view.problem.code == "call.cut_off"
    world.engine.enter = original  # type: ignore[method-assign]
    await world.desk.retry()
    await world.settle()
    assert world.stage() is Stage.IN_CALL
    assert world.desk.view.consultation is not None
    assert world.desk.view.consultation.call is not None


async def test_a_press_that_ends_after_the_line_was_lost_brings_no_call_back(world: World) -> None:
    """The camera's button may be pressed in the very moment the room puts us out."""
    await start(world)
    is_done = asyncio.Event()

    async def set_camera(*, on: bool) -> None:
        await is_done.wait()

    world.call.set_camera = set_camera  # type: ignore[method-assign]
    press = asyncio.create_task(world.desk.set_camera(on=False))
    await world.settle()
    world.call.on_event(CallOver("call.cut_off"))
    is_done.set()
    await press
    view = world.desk.view.consultation
    assert view is not None
    assert view.call is None


async def test_a_room_that_could_not_be_entered_shows_no_call(world: World) -> None:
    """A call in the view means that we are in the room."""
    world.engine.fault = Refused("call.wrong_pin")
    await start(world)
    view = world.desk.view.consultation
    assert view is not None
    assert view.call is None
    assert view.steps[1].state is StepState.FAILED


async def test_a_written_line_stands_once_in_the_chat_and_not_at_all_when_it_was_not_sent(world: World) -> None:
    """The call tells of our own line, as it does of the others'; what was not sent must not look sent."""
    await start(world)

    async def send_chat(text: str) -> None:
        if text == "to nobody":
            raise Unavailable("call.unreachable")
        world.call.on_event(ChatReceived(ChatMessage(NOON, "Lægehuset", text, is_own=True)))

    world.call.send_chat = send_chat  # type: ignore[method-assign]
    await world.desk.send_chat("hello")
    await world.desk.send_chat("to nobody")
    view = world.desk.view.consultation
    assert view is not None
    assert view.call is not None
    assert [message.text for message in view.call.chat] == ["hello"]
    assert view.problem is not None


async def test_what_went_wrong_with_one_press_is_gone_when_the_next_succeeds(world: World) -> None:
    """A band about a guest who had left must not stand for the rest of the call."""
    await start(world)
    fault: list[Exception] = [Unavailable("call.unreachable")]

    async def lock() -> None:
        if fault:
            raise fault.pop()

    world.call.lock = lock  # type: ignore[method-assign]
    await world.desk.set_lock(on=True)
    assert world.desk.view.consultation is not None
    assert world.desk.view.consultation.problem is not None
    assert "lock" not in world.store.audit_lines
    await world.desk.set_lock(on=True)
    assert world.desk.view.consultation.problem is None
    assert "lock" in world.store.audit_lines


# --- ending -----------------------------------------------------------------------------------------------------------


async def test_trying_again_after_the_end_does_not_enter_the_room(world: World) -> None:
    """The press may have been made just before the call was ended."""
    await end(world)
    await world.desk.retry()
    await world.settle()
    assert world.log.count("enter") == 1
    assert world.stage() is Stage.ENDED


async def test_two_presses_on_cancel_call_off_once(world: World) -> None:
    """The second press finds nothing to do, and that is no fault of the program."""
    await start(world)
    await asyncio.gather(world.desk.cancel(), world.desk.cancel())
    assert world.stage() is Stage.CANCELLED
    assert world.log.count("close") == 1
    assert world.store.audit_lines.count("cancel") == 1


async def test_hanging_up_twice_keeps_the_end_and_the_note_of_the_first(world: World) -> None:
    """The doctor may be writing in the note already when the second press arrives."""
    await start(world)
    await world.desk.hang_up()
    first = world.desk.view.consultation
    world.clock.pass_by(minutes=5)
    await world.desk.end_for_all()
    await world.desk.cancel()
    assert world.desk.view.consultation == first


async def test_two_presses_on_write_put_one_note_into_the_record(world: World) -> None:
    """Not every record tells repeats apart while the first is still on its way."""
    await end(world)
    written: list[UUID] = []
    is_done = asyncio.Event()

    async def write_back(_context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        written.append(summary.key)
        await is_done.wait()
        return WriteBackReceipt("fake", "1", NOON)

    world.systems.write_back = write_back  # type: ignore[method-assign]
    presses = [asyncio.create_task(world.desk.write_back("note")) for _press in range(2)]
    await world.settle()
    is_done.set()
    await asyncio.gather(*presses)
    assert len(written) == 1
    assert world.stage() is Stage.CLOSED


async def test_closing_the_sheet_twice_is_fine(world: World) -> None:
    """The window is still there for a moment after the first press."""
    await end(world)
    await asyncio.gather(world.desk.decline_note(), world.desk.decline_note())
    assert world.desk.view.consultation is None


async def test_a_room_that_cannot_be_closed_does_not_hold_up_the_next_patient(world: World) -> None:
    """VDX may be away for an hour, and the waiting room is full."""
    await start(world)
    world.booking.fault = Unavailable("vdx.unreachable")
    await world.desk.cancel()
    assert world.stage() is None
    assert codes(world) == ["invite.by_hand", "room.not_closed"]
    assert [c.stage for c in world.store.consultations.values()] == [Stage.CANCELLING]
    world.booking.fault = None
    await world.desk.start_video()
    await world.settle()
    assert world.stage() is Stage.IN_CALL


# --- after a crash ----------------------------------------------------------------------------------------------------


async def interrupted(stage: Stage = Stage.IN_CALL) -> World:
    """Return a new desk that finds a consultation which a crash has interrupted."""
    before = World()
    await before.desk.start()
    await (end(before) if stage is Stage.ENDED else start(before))
    await before.desk.close()
    again = World(before.store)
    await again.desk.start()
    await again.settle()
    return again


@pytest.mark.parametrize("stage", [Stage.IN_CALL, Stage.ENDED])
async def test_two_presses_on_a_found_consultation_do_what_one_does(stage: Stage) -> None:
    """Neither taking up nor calling off may fail because it has been done."""
    for press in ("resume", "drop"):
        world = await interrupted(stage)
        (found,) = world.desk.view.recoverable
        command = getattr(world.desk, press)
        await asyncio.gather(command(found.id), command(found.id))
        await world.settle()
        assert world.desk.view.recoverable == ()
        assert "program.fault" not in codes(world)
        await world.desk.close()


async def test_a_found_consultation_stays_found_when_the_store_cannot_be_read() -> None:
    """What could not be taken up must still be there to be tried again."""
    for press in ("resume", "drop"):
        world = await interrupted()
        (found,) = world.desk.view.recoverable
        original = world.store.news_of

        async def news_of(_consultation_id: UUID) -> list[InvitationNews]:
            raise Unavailable("store.full")

        world.store.news_of = news_of  # type: ignore[method-assign]
        with pytest.raises(Unavailable):
            await getattr(world.desk, press)(found.id)
        assert world.desk.view.recoverable == (found,)
        assert world.stage() is None
        world.store.news_of = original  # type: ignore[method-assign]
        await world.desk.resume(found.id)
        await world.settle()
        assert world.stage() is Stage.IN_CALL
        await world.desk.close()


async def test_a_store_that_cannot_be_read_at_the_start_is_told_and_the_record_is_still_heard() -> None:
    """A program that says nothing and does nothing is the worst answer to a full disk."""
    world = World()

    async def unfinished() -> list[object]:
        raise Unavailable("store.full")

    world.store.unfinished = unfinished  # type: ignore[assignment,method-assign]
    await world.desk.start()
    assert codes(world) == ["store.full"]
    assert world.systems.sink is world.desk
    await world.desk.close()


async def test_news_that_come_while_the_program_closes_leave_no_task_behind(world: World) -> None:
    """Delivery may still speak while it is being stopped."""
    await start(world)
    key = world.desk.view.consultation.parties[0].party.key  # type: ignore[union-attr]
    number = world.desk.view.consultation.id  # type: ignore[union-attr]

    async def close() -> None:
        assert world.delivery.on_news is not None
        world.delivery.on_news(InvitationNews(number, key, InvitationState.SENT, NOON))

    world.delivery.close = close  # type: ignore[method-assign]
    await world.desk.close()
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "keep-news"] == []
    assert [news.state for news in world.store.news] == [InvitationState.SENT]


# --- notices ----------------------------------------------------------------------------------------------------------


async def test_two_adapters_with_the_same_fault_are_both_named(world: World) -> None:
    """The second broken connection is as broken as the first."""
    world.desk.notice("adapter.raised", name="one")
    world.desk.notice("adapter.raised", name="two")
    world.desk.notice("adapter.raised", name="two")
    assert [notice.problem.facts["name"] for notice in world.desk.view.notices] == ["one", "two"]


async def test_the_patient_to_open_is_the_one_chosen_last(world: World) -> None:
    """A notice that still names the first choice leads to the wrong record."""
    world.desk.notice("context.open_in_record", patient="A")
    world.desk.notice("context.open_in_record", patient="B")
    assert [notice.problem.facts["patient"] for notice in world.desk.view.notices] == ["B"]


async def test_what_the_doctor_was_asked_to_do_is_forgotten_once_done(world: World) -> None:
    """A request that has been met is noise."""
    await world.desk.start_video()
    assert codes(world) == ["context.none"]
    world.desk.opened(context(world.clock, 1))
    await world.settle()
    assert codes(world) == []
    await start(world)
    world.desk.opened(context(world.clock, 2))
    await world.settle()
    await world.desk.start_video()
    assert codes(world) == ["context.changed_during_call", "consultation.running"]
    world.desk.opened(context(world.clock, 1))
    await world.settle()
    assert codes(world) == ["consultation.running"]
    await world.desk.cancel()
    assert codes(world) == ["invite.by_hand"]


async def test_a_step_that_failed_keeps_its_place_in_the_list(world: World) -> None:
    """The window finds each step by its kind."""
    world.booking.fault = Unavailable("vdx.unreachable")
    await start(world)
    view = world.desk.view.consultation
    assert view is not None
    assert [step.kind for step in view.steps] == list(StepKind)
