"""The adapter against a strict hub of our own, which is a double built from the specification (FHIRcast 3.0.0)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes_clinic import NOON, PRACTICE, HandClock, RememberingSink, context_of
from vdx_plugin.adapters import fhircast
from vdx_plugin.adapters.fhircast import adapter as module
from vdx_plugin.domain.patients import Patient, cpr
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured
from vdx_plugin.ports import AdapterSetup, ContextChange, HealthState
from vdx_plugin.sandbox.desktop_hub import DesktopHub
from vdx_plugin.sandbox.server import Sandbox


def patient(number: str, family: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": f"id-{family}",
        "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": number}],
        "name": [{"use": "official", "family": family, "given": ["Ditte"]}],
        "birthDate": "1948-12-25",
    }


DITTE, AAGE = patient("8512484901", "Prøvesen"), patient("7103792202", "Eksempelsen")


@pytest.fixture
def sink() -> RememberingSink:
    return RememberingSink()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def hub(clock: HandClock) -> DesktopHub:
    return DesktopHub(clock.now, (DITTE, AAGE), answer_within_s=5.0)


@pytest.fixture
async def sandbox(hub: DesktopHub) -> AsyncIterator[Sandbox]:
    made = Sandbox(extra_routes=hub.routes())
    async with made.running():
        yield made
        await hub.hang_up()


def adapter(sandbox: Sandbox, hub: DesktopHub, clock: HandClock, **secrets: str) -> fhircast.FhircastSystem:
    known = {"topic": hub.topic, "token": hub.token, **secrets}
    setup = AdapterSetup(
        {"url": f"{sandbox.base_url}/fhircast/hub", "user": "KE"},
        "",
        clock,
        PRACTICE,
        {name: Secret(value) for name, value in known.items()},
    )
    return fhircast.make(setup)


@pytest.fixture
async def system(
    sandbox: Sandbox, hub: DesktopHub, clock: HandClock, sink: RememberingSink
) -> AsyncIterator[fhircast.FhircastSystem]:
    made = adapter(sandbox, hub, clock)
    await made.start(sink)
    await until(lambda: hub._alive())
    yield made
    await made.stop()


async def until(happened: Any) -> None:
    async with asyncio.timeout(10):
        # What is waited for happens in another task or at the hub, which have no event of ours to set.
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_an_opened_patient_is_followed_while_idle(system, hub, sink) -> None:
    """The strip shows who the doctor looks at, whichever program opened it."""
    assert await hub.open_patient(DITTE) == [200]
    (context,) = sink.contexts
    assert context.patient.identifiers == (cpr("8512484901"),)
    assert context.patient.is_complete
    assert context.source == "fhircast"
    assert context.opened_at == NOON
    assert (await system.current()).patient == context.patient
    assert await hub.close_patient() == [200]
    assert sink.closings == [ContextChange.CLOSED]


async def test_who_comes_late_is_told_what_is_open(sandbox, hub, clock, sink) -> None:
    """The plug-in may start with a patient already on screen (2.6)."""
    await hub.open_patient(DITTE)
    made = adapter(sandbox, hub, clock)
    await made.start(sink)
    await until(lambda: sink.contexts)
    await made.stop()


async def test_during_a_call_another_patient_is_refused_and_the_others_are_told(
    sandbox, system, hub, clock, sink
) -> None:
    """409 to the hub, a sync error to the other programs, the band in ours."""
    other_sink = RememberingSink()
    other = adapter(sandbox, hub, clock)
    await other.start(other_sink)
    await until(lambda: len(hub._alive()) == 2)
    await hub.open_patient(DITTE)
    sink.in_call = True
    assert sorted(await hub.open_patient(AAGE)) == [200, 409]
    assert len(hub.syncerrors) == 1
    assert other_sink.notices == ["fhircast.out_of_step"]
    assert len(sink.contexts) == 2
    sink.in_call = False
    assert await hub.open_patient(DITTE) == [200, 200]
    await other.stop()


async def test_a_context_is_confirmed_by_asking_the_hub(system, hub) -> None:
    """Once more just before a stale context is used."""
    await hub.open_patient(DITTE)
    ours = context_of("fhircast", Patient((cpr("8512484901"),)))
    another = context_of("fhircast", Patient((cpr("7103792202"),)))
    assert await system.confirm(ours) is True
    assert await system.confirm(another) is False
    hub.tells_context = False
    assert await system.confirm(ours) is True
    hub.tells_context = True
    hub.context = [{"key": "patient", "resource": AAGE}]
    assert await system.confirm(ours) is False


async def test_a_user_who_logs_out_takes_the_context_along(system, hub, sink) -> None:
    """Shared machines."""
    await hub.open_patient(DITTE)
    await hub.publish("userlogout", [])
    assert sink.closings == [ContextChange.USER_LEFT]
    assert await system.current() is None


async def test_an_older_event_does_not_win(system, hub, sink) -> None:
    """Events may overtake each other."""
    await hub.open_patient(DITTE)
    await hub.open_patient(AAGE, at=NOON - timedelta(seconds=5))
    assert len(sink.contexts) == 1


async def test_a_hub_that_goes_away_is_told_once_and_found_again(system, hub, sink, monkeypatch, caplog) -> None:
    """What was open is not known any longer; the subscription comes back by itself."""
    monkeypatch.setattr(module, "WAITS_S", (0.01,))
    await hub.open_patient(DITTE)
    with caplog.at_level(logging.WARNING):
        await hub.hang_up()
        await until(lambda: sink.notices)
    assert sink.notices == ["fhircast.unreachable"]
    assert sink.closings == [ContextChange.CLOSED]
    await until(lambda: len(sink.contexts) == 2)
    assert (await system.health()).state is HealthState.GOOD
    assert [record for record in caplog.records if hub.topic in record.getMessage()] == []
    caplog.clear()


async def test_a_denied_subscription_is_told_and_not_hammered(sandbox, hub, clock, sink, caplog) -> None:
    """A person must act."""
    hub.denies = True
    made = adapter(sandbox, hub, clock)
    with caplog.at_level(logging.WARNING):
        await made.start(sink)
        await until(lambda: sink.notices)
        assert sink.notices == ["fhircast.denied"]
        assert (await made.health()).state is HealthState.BAD
        await made.stop()
    caplog.clear()


async def test_a_wrong_token_asks_for_a_person(sandbox, hub, clock) -> None:
    """Tried in the form before it is kept."""
    assert (await adapter(sandbox, hub, clock, token="wrong").try_settings()).reason == "fhircast.sign_in"
    assert (await adapter(sandbox, hub, clock, topic="wrong").try_settings()).reason == "fhircast.denied"
    assert (await adapter(sandbox, hub, clock).try_settings()).state is HealthState.GOOD
    await until(lambda: not hub.subscribers)


async def test_a_frame_that_cannot_be_used_is_answered_and_ends_nothing(system, hub, sink, caplog) -> None:
    """The hub must not wait ten seconds for an answer, nor we leave for one bad frame."""
    with caplog.at_level(logging.WARNING):
        assert await hub.publish("Patient-open", [{"key": "patient", "resource": {"resourceType": "Patient"}}]) == [400]
        assert "Prøvesen" not in caplog.text
        caplog.clear()
    assert await hub.open_patient(DITTE) == [200]


async def test_the_lease_is_renewed_before_it_ends(sandbox, clock, sink, monkeypatch) -> None:
    """A subscription that lapses in the afternoon would leave the morning's patient on the strip."""
    hub = DesktopHub(clock.now, (), longest_lease_s=1)
    monkeypatch.setattr("vdx_plugin.adapters.fhircast.hub.RENEW_AT", 0.02)
    made_sandbox = Sandbox(extra_routes=hub.routes())
    async with made_sandbox.running():
        made = adapter(made_sandbox, hub, clock)
        await made.start(sink)
        await until(lambda: hub._alive())
        (before,) = [one.ends_at for one in hub._alive()]
        clock.pass_by(seconds=0.5)
        await until(lambda: hub._alive() and hub._alive()[0].ends_at > before)
        await made.stop()


async def test_stopping_gives_the_subscription_up(sandbox, hub, clock, sink) -> None:
    """Or the hub would report us as out of step for two hours."""
    made = adapter(sandbox, hub, clock)
    await made.start(sink)
    await until(lambda: hub._alive())
    await made.stop()
    await until(lambda: not hub.subscribers)


@pytest.mark.parametrize("url", ["", "http://hub.test/", "ftp://127.0.0.1/"])
def test_an_address_that_is_not_encrypted_is_refused(url: str) -> None:
    """The topic is as good as a password."""
    setup = AdapterSetup({"url": url}, "", HandClock(), PRACTICE, {"topic": Secret("t")})
    with pytest.raises(Misconfigured):
        fhircast.make(setup)
