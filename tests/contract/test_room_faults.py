"""What can go wrong in a video room, by the sandbox's panel, with our client at the other end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.contract.room_server import ALIAS, Served, serve
from tests.contract.test_call_engine import CARD, Doctor, doctor_in
from vdx_plugin.errors import Refused, Unavailable
from vdx_plugin.media.bot import Bot
from vdx_plugin.ports import CallOver
from vdx_plugin.sandbox.faults import Fault


def let_fail(served: Served, kind: Any, **more: Any) -> None:
    served.server.faults.add(Fault(kind, **more))


async def both_see(doctor: Doctor, guest: Bot, *, frames: int = 10) -> None:
    """Wait until each has decoded so many more pictures of the other."""
    mine, theirs = doctor.call.received().frames + frames, guest.report.frames + frames
    await doctor.until(lambda: doctor.call.received().frames >= mine)
    await guest.wait_until(lambda report: report.frames >= theirs)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("answer_without_ssrc", {"times": None}),
        ("slides_rejected", {"times": None}),
        ("slow_ack", {"delay_s": 0.5, "times": 2}),
    ],
)
async def test_a_call_lives_with(kind: str, more: dict[str, Any]) -> None:
    """Answers that leave something out, refuse something, or come late, are still answers."""
    async with serve() as served, doctor_in(served) as doctor:
        let_fail(served, kind, **more)
        await doctor.call.start_media(CARD)
        async with Bot(served.guest) as guest:
            await both_see(doctor, guest)


async def picture_kbps(doctor: Doctor, guest: Bot, served: Served, *, frames: int) -> float:
    """Return how fast the doctor's picture reaches the guest while so many more are decoded."""
    (leg,) = [each.id for each in doctor.people if not each.is_self]
    loop = asyncio.get_running_loop()
    began_s, before = loop.time(), served.server.counts(ALIAS)[leg]["video"].sent_bytes
    wanted = guest.report.frames + frames
    await guest.wait_until(lambda report: report.frames >= wanted)
    return 8 * (served.server.counts(ALIAS)[leg]["video"].sent_bytes - before) / 1000 / (loop.time() - began_s)


CEILING_KBPS = 80
"""Below what the card takes by itself, which is some 120."""


async def test_a_ceiling_on_the_rate_of_pictures_is_kept() -> None:
    """A node that is short of capacity says what it takes; more would be lost there, and be seen as freezes."""
    async with serve() as served, doctor_in(served) as doctor:
        let_fail(served, "rate_capped", kbps=CEILING_KBPS)
        await doctor.call.start_media(CARD)
        async with Bot(served.guest) as guest:
            await both_see(doctor, guest)
            # The key pictures of the beginning are over it, and an encoder meets its target over some pictures only.
            rates = [await picture_kbps(doctor, guest, served, frames=20) for _ in range(4)]
    assert min(rates) < 1.1 * CEILING_KBPS, rates


async def test_a_cut_event_stream_is_opened_again() -> None:
    """The roster and the chat go on; media never noticed."""
    async with serve() as served, doctor_in(served) as doctor:
        let_fail(served, "events_cut")
        async with Bot(served.guest):
            await doctor.until(lambda: len(doctor.people) == 2)


async def test_everybody_sent_to_enter_anew_does() -> None:
    """A node that moves a conference sends its people on; the consultation goes on."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(CARD)
        async with Bot(served.guest) as guest:
            await both_see(doctor, guest)
            let_fail(served, "refer")
            await both_see(doctor, guest, frames=25)


async def test_a_token_that_died_ends_the_call_in_words() -> None:
    """As when the token ran out unnoticed: the node has forgotten us, and and the doctor is told so."""
    async with serve() as served, doctor_in(served) as doctor:
        let_fail(served, "room_token_dies")
        with pytest.raises(Refused):
            await doctor.call.lock()
        assert served.server.meetings == ()
        await doctor.until(lambda: doctor.of(CallOver))


async def test_a_node_under_maintenance_is_not_our_fault_and_passes() -> None:
    """Try later; and it works later."""
    async with serve() as served:
        let_fail(served, "node_maintenance", times=None)
        with pytest.raises(Unavailable):
            await Doctor().enter(served.host)
        served.server.faults.clear()
        async with doctor_in(served):
            pass
