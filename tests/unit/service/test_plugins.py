"""What installed plug-ins may say and hear in the life of one consultation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest

from tests.unit.service.fakes import HOSPITAL, World, context
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.fees import FeeCode
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.domain.plan import Plan
from vdx_plugin.ports import Invitee, Veto


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.desk.start()
    world.desk.opened(context(world.clock))
    await world.settle()
    yield world
    await world.desk.close()


async def start(world: World, plan: Plan | None = None) -> None:
    await world.desk.start_video(plan)
    await world.settle()


def notices(world: World) -> list[str]:
    return [notice.problem.code for notice in world.desk.view.notices]


async def test_a_veto_on_the_launch_keeps_the_consultation_from_starting(world: World) -> None:
    """Nothing is booked, nobody is told, and the doctor reads why."""
    world.plugins.launch_veto = Veto("context.bad_number")
    await start(world)
    assert world.log == []
    assert notices(world) == ["context.bad_number"]


async def test_a_veto_on_the_booking_keeps_the_room_from_being_booked(world: World) -> None:
    """For a consultation now and for one later."""
    world.plugins.booking_veto = Veto("room.not_ready", {"name": "x"})
    await start(world)
    await world.desk.plan_for_later(await world.desk.propose_plan())
    assert world.log == []
    assert notices(world) == ["room.not_ready"]


async def test_invitees_of_plug_ins_stand_in_the_plan_once_each(world: World) -> None:
    """The doctor sees them in the plan and may take them out."""
    hospital = Invitee(PartyRole.HOSPITAL, gln=HOSPITAL.gln or "")
    tolk = Invitee(PartyRole.INTERPRETER, email="tolk@example.test")
    unknown = Invitee(PartyRole.OTHER, gln="999")
    world.plugins.invited = [hospital, hospital, tolk, unknown, Invitee(PartyRole.OTHER)]
    plan = await world.desk.propose_plan()
    assert [party.role for party in plan.parties] == [PartyRole.PATIENT, PartyRole.HOSPITAL, PartyRole.INTERPRETER]
    assert len({party.key for party in plan.parties}) == 3
    await start(world, plan)
    assert world.stage() is Stage.IN_CALL


async def test_plug_ins_add_to_the_note_and_propose_the_fee(world: World) -> None:
    """As a draft: the doctor edits the one and decides the other."""
    world.plugins.lines = ["Hjemmemåling gennemgået."]
    world.plugins.fee = FeeCode("6101", "Samtaleterapi", date(2020, 1, 1))
    await start(world)
    await world.desk.hang_up()
    summary = world.desk.view.consultation.summary
    assert summary.note.endswith("Hjemmemåling gennemgået.\n")
    assert (summary.fee.fee.code, summary.fee.rule) == ("6101", "fee.plugin")


async def test_plug_ins_hear_of_room_states_note_and_audit_in_order(world: World) -> None:
    """Once for each, and nothing twice when a step is done again."""
    await start(world)
    await world.desk.hang_up()
    await world.desk.write_back("Note.")
    assert world.plugins.heard == [
        "audit start",
        "starting",
        "room",
        "running",
        "over",
        "audit end",
        "written",
        "audit write_back",
    ]


async def test_the_adapters_know_while_a_call_is_under_way(world: World) -> None:
    """One that follows a hub must refuse a change of patient then."""
    assert not world.desk.in_call
    await start(world)
    assert world.desk.in_call
    await world.desk.hang_up()
    assert not world.desk.in_call


async def test_the_care_of_adapters_is_reached_from_the_desk(world: World) -> None:
    """The page in the program has nothing else to ask."""
    await world.desk.disable_adapter("fake")
    await world.desk.prefer_adapter("fake", up=True)
    await world.desk.configure_adapter("fake", {}, {})
    await world.desk.look_at_adapters()
    assert (await world.desk.try_adapter("fake", {}, {})).state == "good"
    assert await world.desk.adapters_report() == "fake: running"
