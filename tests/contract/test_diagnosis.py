""" "Can I reach VDX?", asked of the sandbox in every state it can be in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.vdx_hub import PLANNER, USER, Hub
from vdx_plugin.booking import ApiVersion, Vdx, VdxAccess, diagnosis, open_vdx
from vdx_plugin.booking.health import State, Step
from vdx_plugin.domain.secret import Secret
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    config = SandboxConfig(pool_size=2, pool_minimum_age_s=0, email="klinik@laegehus.sandbox.test")
    async with Sandbox(config).running() as sandbox, AsyncExitStack() as stack:
        yield Hub(sandbox, stack)


async def found(vdx: Vdx, step: Step) -> tuple[State, str]:
    finding = (await vdx.doctor.examine()).finding(step)
    return finding.state, finding.code


async def test_all_is_well_on_a_good_day(hub: Hub) -> None:
    """Seven steps, all good, and each has its sentence."""
    result = await hub.program(*PLANNER).doctor.examine()
    assert {finding.state for finding in result.findings} == {State.GOOD}
    assert [finding.step for finding in result.findings] == list(Step)
    assert result.is_well
    assert "2 af 2 klar-rum" in diagnosis.report(result)


@pytest.mark.parametrize(
    ("roles", "claims", "step", "expected"),
    [
        (USER, {}, Step.ROLE, (State.WEAK, "role.own_only")),
        ((), {}, Step.ROLE, (State.BAD, "role.none")),
        (("meeting-provisioner",), {}, Step.ROLE, (State.BAD, "role.none")),
        (PLANNER, {"dk:medcom:organisation_id": "elsewhere"}, Step.ORGANISATION, (State.BAD, "organisation.unknown")),
        (PLANNER, {"dk:medcom:organisation_id": ["a"]}, Step.ORGANISATION, (State.BAD, "organisation.misshapen")),
        (PLANNER, {"dk:medcom:email": None}, Step.ORGANISATION, (State.BAD, "organisation.missing")),
    ],
)
async def test_each_lack_of_a_token_is_told_where_it_lies(
    hub: Hub, roles: tuple[str, ...], claims: dict[str, Any], step: Step, expected: tuple[State, str]
) -> None:
    """VDX answers 401, 403 or 500 to these; support needs to know which of them it was."""
    assert await found(hub.program(*roles, **claims), step) == expected


async def test_a_wrong_secret_is_the_token(hub: Hub) -> None:
    """And nothing after it is guessed."""
    vdx = program_at(hub, hub.sandbox.video_api_url, secret="wrong")
    result = await vdx.doctor.examine()
    assert result.finding(Step.TOKEN).code == "token.refused"
    assert {result.finding(step).state for step in (Step.ROLE, Step.TEMPLATE, Step.POOL)} == {State.UNKNOWN}
    assert not result.is_well


async def test_a_name_that_nobody_knows_is_told_as_such(hub: Hub) -> None:
    """The commonest mistake is in the address, or no network at all."""
    vdx = program_at(hub, "http://nowhere.invalid/v2", resolves=False)
    assert await found(vdx, Step.NAME) == (State.BAD, "name.unknown")


async def test_a_service_that_does_not_answer_is_not_a_bad_token(hub: Hub) -> None:
    """Waiting helps, a new secret does not."""
    hub.sandbox.faults.add(Fault("status", "GET", "/videoapi/v2/info", status=503))
    assert await found(hub.program(*PLANNER), Step.TOKEN) == (State.GOOD, "token.good")
    hub.sandbox.faults.add(Fault("status", "POST", "/auth/", times=None))
    assert await found(hub.program(*PLANNER), Step.TOKEN) == (State.BAD, "token.unreachable")


async def test_an_empty_pool_and_none_are_told_apart(hub: Hub) -> None:
    """A start of now then takes up to two minutes."""
    hub.sandbox.meetings.rooms.clear()
    assert await found(hub.program(*PLANNER), Step.POOL) == (State.WEAK, "pool.empty")
    hub.sandbox.meetings.settings = replace(hub.sandbox.meetings.settings, pool_is_listed=False)
    assert await found(hub.program(*PLANNER), Step.POOL) == (State.UNKNOWN, "pool.untold")


async def test_a_careless_template_is_seen_before_it_makes_a_room(hub: Hub) -> None:
    """Rooms without a guest PIN are not locked."""
    hub.change_default_template(guest_pin_required=False)
    assert await found(hub.program(*PLANNER), Step.TEMPLATE) == (State.WEAK, "template.unsafe")


@pytest.mark.parametrize(("by", "code"), [(-90, "clock.behind"), (90, "clock.ahead"), (1, "clock.good")])
async def test_a_clock_that_differs_is_told_with_its_direction(hub: Hub, by: int, code: str) -> None:
    """Tokens look expired or not yet valid, and nobody suspects the clock."""

    class Clock:
        def now(self) -> datetime:
            return datetime.now(UTC) + timedelta(seconds=by)

    vdx = program_at(hub, hub.sandbox.video_api_url, clock=Clock())
    assert (await found(vdx, Step.CLOCK))[1] == code


async def test_through_the_proxy_the_certificate_stands_for_the_token(hub: Hub) -> None:
    """Nothing to look into there."""
    access = VdxAccess(hub.sandbox.proxy_url, "", "", Secret(""), "sandbox", ApiVersion.V1_PROXY)
    vdx = open_vdx(access, hub.sandbox.clock)
    result = await vdx.doctor.examine()
    await vdx.aclose()
    assert result.finding(Step.TOKEN).code == "token.certificate"
    assert result.finding(Step.ROLE).code == "role.untold"
    assert result.is_well


async def test_the_report_names_nobody(hub: Hub) -> None:
    """It goes to support by mail."""
    vdx = hub.program(*PLANNER)
    text = diagnosis.report(await vdx.doctor.examine())
    config = hub.sandbox.config
    token = vdx.auth._token.value  # type: ignore[union-attr]
    for private in (config.organisation, config.email, "secret", token, "/videoapi", hub.sandbox.base_url):
        assert private not in text


def program_at(hub: Hub, url: str, *, secret: str = "sandbox-secret", resolves: bool = True, clock: Any = None) -> Vdx:
    async def resolve(_host: str) -> object:
        if not resolves:
            raise OSError("no such name")
        return None

    access = VdxAccess(url, hub.sandbox.token_url, "vdx-plugin", Secret(secret), "sandbox")
    vdx = open_vdx(access, clock or hub.sandbox.clock)
    vdx.doctor._resolve = resolve
    hub.stack.push_async_callback(vdx.aclose)
    return vdx


def test_every_code_of_a_finding_has_its_sentence() -> None:
    """A code alone on the page would help nobody."""
    import inspect
    import re

    from vdx_plugin.booking import health

    codes = set(
        re.findall(r'"((?:name|token|organisation|role|template|pool|clock)\.[a-z_]+)"', inspect.getsource(health))
    )
    assert codes
    assert codes | {"template.unasked", "pool.unasked", "earlier"} == set(diagnosis._sentences())
