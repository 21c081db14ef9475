"""The directory as the windows use it: what the register's word means, and the patient's usual team."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.service.fake_partners import FakeAddresses, FakeMemory, FakePartnerBook
from tests.unit.service.fakes import HOSPITAL, FakeClock, context
from vdx_plugin.domain.parties import Channel, LetterFormat, Partner, Unit
from vdx_plugin.domain.teams import Team
from vdx_plugin.ports import Reach, ReachState
from vdx_plugin.service.partners import Partners

CANNOT = Reach(ReachState.CANNOT, problem="addresses.cannot_receive")
TEAMS = (Team("one", "Hold 1", ("h",)), Team("two", "Hold 2", ("h", "gone")))


@pytest.fixture
def addresses() -> FakeAddresses:
    return FakeAddresses()


@pytest.fixture
def memory() -> FakeMemory:
    return FakeMemory()


@pytest.fixture
def partners(addresses: FakeAddresses, memory: FakeMemory) -> Partners:
    return Partners(FakePartnerBook((HOSPITAL,), TEAMS), addresses, memory)


async def test_the_register_is_asked_about_the_unit_that_receives(partners: Partners, addresses: FakeAddresses) -> None:
    """Not about the home that cannot."""
    home = replace(
        HOSPITAL, sor="953761000016003", gln=None, served_by=Unit("Kommunen", "953741000016009", "5790000000302")
    )
    addresses.told = CANNOT
    assert await partners.reach(home) == CANNOT
    assert addresses.asked == ["953741000016009"]


@pytest.mark.parametrize("partner", [replace(HOSPITAL, channel=Channel.LINK), replace(HOSPITAL, gln=None)])
async def test_nobody_is_asked_about_who_gets_no_letter(
    partner: Partner, partners: Partners, addresses: FakeAddresses
) -> None:
    """The register is about MedCom messages."""
    assert (await partners.reach(partner)).state is ReachState.UNKNOWN
    assert addresses.asked == []


async def test_a_partner_on_the_old_format_is_not_called_unable(partners: Partners, addresses: FakeAddresses) -> None:
    """The network turns the letter into the format they read; the register speaks of the new one."""
    addresses.told = CANNOT
    assert await partners.reach(replace(HOSPITAL, format=LetterFormat.CONVERTED)) == Reach(ReachState.UNKNOWN)


async def test_another_location_number_than_the_directorys_is_told(
    partners: Partners, addresses: FakeAddresses
) -> None:
    """One of the two is out of date, and the letter would go to the wrong place."""
    addresses.told = Reach(ReachState.CAN, "5790000000302")
    assert (await partners.reach(HOSPITAL)).problem == "addresses.other_number"
    addresses.told = Reach(ReachState.CAN, str(HOSPITAL.gln))
    assert (await partners.reach(HOSPITAL)).problem == ""


async def test_the_patients_usual_team_stands_first(partners: Partners, memory: FakeMemory) -> None:
    """So that one click is enough."""
    patient = context(FakeClock())
    assert [team.id for team in (await partners.team_choice(patient)).teams] == ["one", "two"]
    await partners.remember_team(patient, "two")
    choice = await partners.team_choice(patient)
    assert ([team.id for team in choice.teams], choice.usual) == (["two", "one"], "two")
    assert choice.partners == (HOSPITAL,)
    memory.team_id = "gone"
    assert (await partners.team_choice(patient)).usual == ""
