"""What the call engine does about a network that goes away, against the sandbox's room server.

In real time; how long it takes is measured by ``tests.bench.outage``.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.contract.bad_network import BadNetwork
from tests.contract.listening import LIMIT_S
from tests.contract.outages import Doctor, consultation, doctor_behind
from tests.contract.room_server import Served, serve
from vdx_plugin.errors import VdxError
from vdx_plugin.media import call, recovery
from vdx_plugin.media.bot import Bot
from vdx_plugin.ports import LineQuality

OUTAGE_S = 10.0


async def test_ten_seconds_without_a_network_heal_by_themselves_in_the_same_locked_room() -> None:
    """A router that starts anew, a Wi-Fi that roams: the doctor is told, clicks nothing and goes on talking."""
    network = BadNetwork()
    async with consultation(network) as (_, doctor, _guest):
        people = doctor.people()
        cut_s = time.monotonic()
        network.cut()
        await doctor.until(lambda: LineQuality.LOST in [quality for _, quality in doctor.lines(cut_s)])
        await asyncio.sleep(OUTAGE_S - (time.monotonic() - cut_s))
        last_s, heard_s = doctor.picture_s, doctor.call.received().audible_s
        mended_s = time.monotonic()
        network.mend()
        await doctor.until(lambda: doctor.picture_s > last_s and doctor.call.received().audible_s > heard_s)
        await doctor.until(lambda: doctor.lines(mended_s) and doctor.lines(mended_s)[-1][1] is not LineQuality.LOST)
        assert doctor.people() == people
        assert doctor.is_locked()


async def test_a_node_that_has_forgotten_us_meanwhile_is_entered_again_under_the_same_name() -> None:
    """After a long outage the token has run out; the host's code leads past the lock, and nobody is asked anything."""
    network = BadNetwork()
    async with consultation(network) as (served, doctor, guest):
        people = doctor.people()
        network.cut()
        await forget(served, doctor)
        await guest.wait_until(lambda report: len(guest_sees(guest)) == 1)
        frames = doctor.call.received().frames
        network.mend()
        await doctor.until(lambda: doctor.call.received().frames > frames + 10)
        await doctor.until(lambda: doctor.people() == people)
        assert doctor.is_locked()
        assert doctor.call.figures().reconnects == 1


async def test_without_a_network_the_doctor_need_not_wait_for_it_to_go_to_the_telephone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing that is said to the node arrives, so the window must not stand still over saying it."""
    monkeypatch.setattr(call, "REQUEST_LIMIT_S", 1000.0)
    network = BadNetwork()
    async with serve() as served, doctor_behind(network, served) as doctor, Bot(served.guest):
        await doctor.until(lambda: doctor.call.received().frames >= 10)
        network.cut()
        await doctor.until(lambda: doctor.call._session.is_broken)
        with pytest.raises(VdxError):
            async with asyncio.timeout(LIMIT_S):
                await doctor.call.end_for_all()
    assert doctor.is_over()


async def forget(served: Served, doctor: Doctor) -> None:
    """Let the server do what it does when a token runs out."""
    token = doctor.call._presence.client._token
    assert token is not None
    holder = served.server.tokens.holder(token.reveal(), at=served.server.clock())
    assert holder is not None
    await served.server.leave(holder)


def guest_sees(guest: Bot) -> list[str]:
    return [person.display_name for person in guest.call._presence.roster.participants()]


async def test_a_new_address_of_our_own_brings_a_new_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cable pulled out with Wi-Fi behind it. Silence alone would do nothing here, so it is the address that does."""
    monkeypatch.setattr(recovery, "DEAD_AFTER_S", 1000.0)
    network = BadNetwork()
    async with consultation(network) as (_, doctor, _guest):
        network.cut_media()
        doctor.addresses.known = ("192.0.2.7",)
        await doctor.until(lambda: doctor.call.figures().reconnects == 1)
        frames = doctor.call.received().frames
        await doctor.until(lambda: doctor.call.received().frames > frames + 10)
