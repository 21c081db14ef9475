"""A doctor whose network goes away during a consultation, against the sandbox's room server. In real time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from starlette.applications import Starlette

from tests.contract.bad_network import BadNetwork
from tests.contract.listening import Listening
from tests.contract.room_server import Served, serve
from vdx_plugin.loopback import LoopbackServer
from vdx_plugin.media.bot import Bot
from vdx_plugin.media.call import PexipCall
from vdx_plugin.media.engine import PexipEngine
from vdx_plugin.media.network import Network
from vdx_plugin.ports import CallEvent, CallOver, LineChanged, LineQuality, LockChanged, MediaChoice, RosterChanged


class Addresses(Network):
    """Our addresses as the test has them."""

    known: tuple[str, ...] = ("192.0.2.1",)

    def sources(self) -> tuple[str, ...]:
        return self.known


@dataclass
class Doctor(Listening):
    """The doctor's end, with the time of each event and of the newest picture."""

    events: list[tuple[float, CallEvent]] = field(default_factory=list)
    picture_s: float = 0.0
    addresses: Addresses = field(default_factory=Addresses)
    call: PexipCall = field(init=False)

    def hear(self, event: CallEvent) -> None:
        self.events.append((time.monotonic(), event))
        self.changed.set()

    def see(self, _picture: object) -> None:
        self.picture_s = time.monotonic()
        self.changed.set()

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
