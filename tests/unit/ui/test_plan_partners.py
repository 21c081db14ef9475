"""Partners in the plan: the usual team in one click, who cannot be reached, and the way to the directory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from tests.unit.ui.conftest import shown
from tests.unit.ui.fake_desk import FakeDesk
from vdx_plugin.domain.parties import Channel, PartyRole, Purpose
from vdx_plugin.domain.plan import Plan
from vdx_plugin.ports import Reach, ReachState
from vdx_plugin.service.partners import TeamChoice
from vdx_plugin.ui import scenes
from vdx_plugin.ui.main import Desktop
from vdx_plugin.ui.plan_window import PlanWindow
from vdx_plugin.ui.theme import Theme

CANNOT = Reach(ReachState.CANNOT, problem="addresses.cannot_receive")


@pytest.fixture
def window(qtbot: QtBot, theme: Theme) -> PlanWindow:
    """A plan with the patient and the hospital, and two teams to choose from."""
    keys = iter(range(100))
    window = PlanWindow(theme, lambda: f"k{next(keys)}")
    window.show_plan(scenes.plan(scenes.HOSPITAL), scenes.context(), scenes.NOW)
    window.team.show_choice(TeamChoice(scenes.TEAMS, "solgaarden", scenes.PARTNERS))
    shown(qtbot, window)
    return window


def partners_of(plan: Plan | None) -> list[str]:
    return [party.partner.id for party in plan.parties if party.partner] if plan else []


def test_the_usual_team_takes_part_after_one_click(window: PlanWindow) -> None:
    """The patient's own is chosen already, with the purpose and length that belong to it."""
    assert "brugt sidst" in window.team.field.currentText()
    window.team.add.click()
    assert partners_of(window.plan) == ["hospital-geriatrics", "nursing-home", "municipality-homecare"]
    assert window.plan is not None
    assert window.plan.purpose is Purpose.NETWORK
    assert len(window.rows) == 4


def test_a_second_click_adds_nobody_twice(window: PlanWindow) -> None:
    """Two rooms full of the same nurse help nobody."""
    window.team.add.click()
    window.team.add.click()
    assert len(partners_of(window.plan)) == 3


def test_a_team_with_an_interpreter_brings_the_language(window: PlanWindow) -> None:
    """Nothing is typed that the directory knows."""
    window.team.field.setCurrentIndex(1)
    window.team.add.click()
    assert window.plan is not None
    interpreter = next(party for party in window.plan.parties if party.role is PartyRole.INTERPRETER)
    assert interpreter.language == "ar"


def test_the_purpose_of_the_team_goes_along_when_it_is_booked_for_later(window: PlanWindow, qtbot: QtBot) -> None:
    """The letter's category hangs on it."""
    window.team.add.click()
    window.when.later.setChecked(True)
    with qtbot.waitSignal(window.later_wanted) as caught:
        window.go.click()
    plan = caught.args[0]
    assert plan.purpose is Purpose.NETWORK
    assert (plan.end - plan.start).total_seconds() == 45 * 60


def test_without_teams_nothing_is_asked(window: PlanWindow) -> None:
    """A practice that keeps none is not bothered."""
    window.team.show_choice(TeamChoice())
    assert not window.team.isVisible()


def test_who_cannot_receive_is_told_in_the_plan_with_the_phone_instead(window: PlanWindow) -> None:
    """Not by a rejection hours later (MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE)."""
    window.list.show_reach("hospital-geriatrics", CANNOT)
    row = next(row for row in window.rows.values() if row.party.role is PartyRole.HOSPITAL)
    assert "kan ikke få MedCom-beskeder" in row.trouble.text
    row.phone_instead.click()
    assert row.party.channel is Channel.PHONE
    assert not row.trouble.isVisible()
    assert window.plan is not None
    assert [party.channel for party in window.plan.parties if party.partner] == [Channel.PHONE]


def test_a_register_that_does_not_answer_leaves_the_channel_alone(window: PlanWindow) -> None:
    """Unknown is not no."""
    window.list.show_reach("hospital-geriatrics", Reach(ReachState.UNKNOWN, problem="addresses.unreachable"))
    row = next(row for row in window.rows.values() if row.party.role is PartyRole.HOSPITAL)
    assert row.trouble.isVisible()
    assert not row.phone_instead.isVisible()


def test_a_partner_without_an_address_is_told_at_once(qtbot: QtBot, theme: Theme) -> None:
    """The nursing home whose level above has gone from the directory."""
    window = PlanWindow(theme, lambda: "k")
    nobody = replace(scenes.NURSING_HOME, gln=None)
    window.show_plan(scenes.plan(nobody), scenes.context(), scenes.NOW)
    shown(qtbot, window)
    row = next(row for row in window.rows.values() if row.party.partner)
    assert row.phone_instead.isVisible()


def test_opening_a_plan_asks_the_register_and_starting_it_remembers_the_team(
    desktop: Desktop, desk: FakeDesk, qtbot: QtBot
) -> None:
    """In the whole desktop: the register is asked about the hospital, the team is there next time."""
    desk.addresses.told = CANNOT
    desktop.windows.dock.plan.click()
    plan = desktop.windows.plan
    qtbot.waitUntil(lambda: bool(plan.team.choice.teams))
    qtbot.waitUntil(lambda: any(row.phone_instead.isVisible() for row in plan.rows.values()))
    assert desk.addresses.asked == [scenes.HOSPITAL.sor]
    plan.team.field.setCurrentIndex(1)
    plan.team.add.click()
    plan.go.click()
    qtbot.waitUntil(lambda: desk.memory.team_id == "diabetes")
