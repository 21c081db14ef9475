"""What the call engine does about a network that goes away, against the sandbox's room server. In real time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Self

import pytest
from starlette.applications import Starlette

from tests.contract.bad_network import BadNetwork
from tests.contract.room_server import Served, serve
from vdx_plugin.errors import VdxError
from vdx_plugin.loopback import LoopbackServer
from vdx_plugin.media import recovery
from vdx_plugin.media.bot import Bot
from vdx_plugin.media.call import PexipCall
from vdx_plugin.media.engine import PexipEngine
from vdx_plugin.media.network import Network
from vdx_plugin.ports import CallEvent, CallOver, LineChanged, LineQuality, LockChanged, MediaChoice, RosterChanged

OUTAGE_S = 10.0
BAR_S = 2.0
LIMIT_S = 25.0


class Addresses(Network):
    """Our addresses as the test has them."""

    known: tuple[str, ...] = ("192.0.2.1",)

    def sources(self) -> tuple[str, ...]:
        return self.known


@dataclass
class Doctor:
    """The doctor's end, with the time of each event and of the newest picture."""

    events: list[tuple[float, CallEvent]] = field(default_factory=list)
    picture_s: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    addresses: Addresses = field(default_factory=Addresses)
    call: PexipCall = field(init=False)

    def hear(self, event: CallEvent) -> None:
        self.events.append((time.monotonic(), event))
        self.changed.set()

    def see(self, _picture: object) -> None:
        self.picture_s = time.monotonic()
        self.changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    def lines(self, after_s: float = 0.0) -> list[tuple[float, LineQuality]]:
        return [
            (at_s, event.quality) for at_s, event in self.events if isinstance(event, LineChanged) and at_s > after_s
        ]

    def people(self) -> list[str]:
        rosters = [event for _, event in self.events if isinstance(event, RosterChanged)]
        return sorted(person.display_name for person in rosters[-1].participants)

    def is_locked(self) -> bool:
        return [event.locked for _, event in self.events if isinstance(event, LockChanged)][-1]

    def is_over(self) -> bool:
        return any(isinstance(event, CallOver) for _, event in self.events)


class Lateness:
    """``async with`` it: how much of the time this machine had something else to do, which no program can mend."""

    late_s = 0.0

    def allows(self, bar_s: float) -> float:
        """Return what a bar comes to here: each of some ten hops between processes and threads may have been late."""
        return bar_s + 10 * self.late_s

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="test-lateness")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            due_s = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            self.late_s += max(0.0, time.monotonic() - due_s - 0.002)


@asynccontextmanager
async def doctor_behind(network: BadNetwork, served: Served) -> AsyncIterator[Doctor]:
    """The doctor in the room with media, behind a bad network."""
    behind = LoopbackServer(network.wrap(Starlette(routes=served.server.routes())), "test-bad-network")
    await behind.start()
    doctor = Doctor()
    target = replace(served.host, node=f"http://127.0.0.1:{behind.port}")
    doctor.call = await PexipEngine(network=lambda: doctor.addresses).enter(
        target, doctor.hear, on_remote_picture=doctor.see, on_self_picture=lambda _picture: None
    )
    try:
        await doctor.call.start_media(MediaChoice(use_test_card=True))
        yield doctor
    finally:
        await doctor.call.leave()
        await behind.stop()
        network.close()


@asynccontextmanager
async def consultation(network: BadNetwork) -> AsyncIterator[tuple[Served, Doctor, Bot]]:
    """The doctor behind a bad network and a guest on a good one, in a locked room."""
    async with serve() as served, doctor_behind(network, served) as doctor, Bot(served.guest) as guest:
        await doctor.call.lock()
        await doctor.until(lambda: doctor.call.received().frames >= 10 and doctor.call.received().audible_s > 0.2)
        await guest.wait_until(lambda report: report.frames >= 10)
        yield served, doctor, guest
        # What the guest gets is new: a picture that stands still would go on counting nothing.
        frames = guest.report.frames
        await guest.wait_until(lambda report: report.frames > frames + 10)
        assert not doctor.is_over()


async def test_ten_seconds_without_a_network_heal_by_themselves_in_the_same_locked_room() -> None:
    """A router that starts anew, a Wi-Fi that roams: the doctor is told, clicks nothing and goes on talking."""
    network = BadNetwork()
    async with consultation(network) as (_, doctor, _guest):
        people = doctor.people()
        async with Lateness() as machine:
            cut_s = time.monotonic()
            network.cut()
            await doctor.until(lambda: LineQuality.LOST in [quality for _, quality in doctor.lines(cut_s)])
            assert doctor.lines(cut_s)[-1][0] - cut_s < machine.allows(BAR_S)
        await asyncio.sleep(OUTAGE_S - (time.monotonic() - cut_s))
        last_s, heard_s = doctor.picture_s, doctor.call.received().audible_s
        async with Lateness() as machine:
            mended_s = time.monotonic()
            network.mend()
            await doctor.until(lambda: doctor.picture_s > last_s and doctor.call.received().audible_s > heard_s)
            assert time.monotonic() - mended_s < machine.allows(BAR_S)
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


async def test_without_a_network_the_doctor_need_not_wait_for_it_to_go_to_the_telephone() -> None:
    """Nothing that is said to the node arrives, so the window must not stand still over saying it."""
    network = BadNetwork()
    async with serve() as served, doctor_behind(network, served) as doctor, Bot(served.guest):
        await doctor.until(lambda: doctor.call.received().frames >= 10)
        network.cut()
        await doctor.until(lambda: doctor.call._session.is_broken)
        async with Lateness() as machine:
            began_s = time.monotonic()
            with pytest.raises(VdxError):
                await doctor.call.end_for_all()
            assert time.monotonic() - began_s < machine.allows(BAR_S)
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
