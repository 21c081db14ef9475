"""The demo's directory, register, teams and correspondence in the whole program, over HTTP and the real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.e2e.driver import DeskDriver
from vdx_plugin.domain.parties import InvitationState, Purpose
from vdx_plugin.domain.plan import Plan, partner_party
from vdx_plugin.domain.teams import with_team
from vdx_plugin.ports import OutboxState, ReachState
from vdx_plugin.sandbox.partners import Behaviour

MUNICIPALITY, NEIGHBOUR, OLD_FORMAT = "5790000000302", "5790000000609", "5790000000500"


@pytest_asyncio.fixture
async def driver(tmp_path: Path) -> AsyncIterator[DeskDriver]:
    async with DeskDriver(tmp_path) as driver:
        await driver.open_patient()
        yield driver


async def team_plan(driver: DeskDriver, *further: str) -> Plan:
    """The usual team of the nursing home, and further partners by id."""
    desk = driver.desk
    assert desk.view.context is not None
    choice = await desk.partners.team_choice(desk.view.context)
    plan, _members = with_team(await desk.propose_plan(), choice.teams[0], choice.partners, desk.new_party_key)
    for partner in driver.program.outside.partners.all():
        if partner.id in further:
            plan = plan.with_party(partner_party(partner, desk.new_party_key()))
    return plan


def received(driver: DeskDriver) -> set[str]:
    """Ids of the partners whose systems have received their letters."""
    there = [one for one in driver.consultation.parties if one.invitation is InvitationState.DELIVERED]
    return {status.party.partner.id for status in there if status.party.partner}


async def test_the_register_says_in_the_plan_who_can_receive(driver: DeskDriver) -> None:
    """Over HTTP, with a token: can, cannot, and the old format that the network converts."""
    partners = {partner.id: partner for partner in driver.program.outside.partners.all()}
    reach = driver.desk.partners.reach
    assert (await reach(partners["hospital-geriatrics"])).state is ReachState.CAN
    assert (await reach(partners["nursing-home-unit"])).state is ReachState.CAN
    assert (await reach(partners["dental-care"])).problem == "addresses.cannot_receive"
    assert (await reach(partners["hospital-orthopaedics"])).problem == ""


async def test_the_usual_team_is_invited_and_the_home_through_its_municipality(driver: DeskDriver) -> None:
    """One click: the unit gets a letter for itself and one to pass on, each in a thread of its own."""
    plan = await team_plan(driver)
    assert plan.purpose is Purpose.NETWORK
    await driver.desk.start_video(plan)
    hub = driver.world.sandbox.partners
    team = {"nursing-home-unit", "municipality-homecare", "neighbour-practice"}
    await driver.until(lambda: team <= received(driver), "the team")
    letters = hub.letters(MUNICIPALITY)
    assert len({letter.thread_id for letter in letters}) == 2
    passed_on = ["Gives videre til: Plejehjemmet Ådalen" in str(letter.bundle) for letter in letters]
    assert sorted(passed_on) == [False, True]
    assert hub.findings(MUNICIPALITY) == []
    assert driver.view.context is not None
    await driver.desk.partners.remember_team(driver.view.context, "diabetes")
    assert (await driver.desk.partners.team_choice(driver.view.context)).usual == "diabetes"


async def test_a_refused_letter_waits_for_a_person_and_is_settled_by_phone(driver: DeskDriver) -> None:
    """It comes by itself and goes with one click."""
    driver.world.sandbox.partners.behave(NEIGHBOUR, Behaviour.REJECT)
    await driver.desk.start_video(await team_plan(driver))
    await driver.until(lambda: driver.view.correspondence.dead, "the dead letter")
    (dead,) = driver.view.correspondence.dead
    assert (dead.party, dead.phone, dead.state) == ("Nabolægerne Eksempel", "35000050", OutboxState.IN_ERROR)
    await driver.desk.correspondence.by_phone(dead.key)
    assert driver.view.correspondence.dead == ()
    status = next(one for one in driver.consultation.parties if one.party.role.value == "other")
    assert status.invitation is InvitationState.TOLD_BY_PHONE


async def test_an_answer_from_an_old_system_is_brought_to_its_meeting_by_a_person(driver: DeskDriver) -> None:
    """The network has given it a thread of its own: it waits, with the one meeting that fits."""
    hub = driver.world.sandbox.partners
    await driver.desk.start_video(await team_plan(driver, "hospital-orthopaedics"))
    await driver.until(lambda: hub.letters(OLD_FORMAT), "the letter at the old system")
    (letter,) = hub.letters(OLD_FORMAT)
    await hub.reply(OLD_FORMAT, letter.header_id, "Vi deltager gerne.", "Overlæge Eksempel")
    await driver.until(lambda: driver.view.correspondence.stray, "the stray answer")
    (stray,) = driver.view.correspondence.stray
    assert "Vi deltager gerne." in stray.text
    (choice,) = stray.choices
    assert choice.consultation_id == driver.consultation.id
    await driver.desk.correspondence.match(stray.message_id, choice.consultation_id, choice.party_key)
    assert driver.view.correspondence.stray == ()
    (party,) = [status for status in driver.consultation.parties if status.party.key == choice.party_key]
    assert ["Vi deltager gerne." in answer.text for answer in party.answers] == [True]
