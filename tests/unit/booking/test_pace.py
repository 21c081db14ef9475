"""Looks at one room are kept apart."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx
import pytest

from vdx_plugin.booking import Patience, VdxAccess, open_vdx
from vdx_plugin.booking.pace import POLITE_S, Pace
from vdx_plugin.booking.rooms import wish_for
from vdx_plugin.domain.secret import Secret

from .vdx_double import ACCESS, MEETING, FixedClock, VdxDouble, draft

ROOM, OTHER = UUID(int=1), UUID(int=2)


class Waits:
    """A clock that moves by what is slept, and remembers it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 0.0
        self.slept: list[float] = []
        monkeypatch.setattr("vdx_plugin.booking.pace.asyncio.sleep", self._sleep)

    def __call__(self) -> float:
        return self.at

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


async def test_the_next_look_at_a_room_waits_its_time_and_a_little_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of clinics that poll in step would hit VDX together."""
    waits = Waits(monkeypatch)
    pace = Pace(3.0, waits)
    for _ in range(20):
        pace.looked(ROOM)
        await pace.turn(ROOM)
    assert all(3.0 <= wait <= 3.75 for wait in waits.slept)
    assert len(set(waits.slept)) > 1


async def test_another_room_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is one of a row."""
    waits = Waits(monkeypatch)
    pace = Pace(3.0, waits)
    pace.looked(ROOM)
    await pace.turn(OTHER)
    assert waits.slept == [0.0]


async def test_two_that_wait_for_one_room_share_its_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start and cancel may both be waiting for the same room."""
    waits = Waits(monkeypatch)
    waits.at = 100.0
    pace = Pace(3.0, lambda: 100.0)
    await asyncio.gather(pace.turn(ROOM), pace.turn(ROOM), pace.turn(ROOM))
    assert waits.slept == [0.0, 3.0, 6.0]


@pytest.mark.parametrize(("environment", "poll_s"), [("production", POLITE_S), ("stage", POLITE_S), ("sandbox", 0.02)])
def test_only_the_sandbox_is_asked_more_often(environment: str, poll_s: float) -> None:
    """A setting for trying things out must not reach the national service."""
    assert Patience(poll_s=0.02).towards(environment).poll_s == poll_s
    assert Patience(poll_s=9).towards(environment).poll_s == 9


async def test_a_real_vdx_is_polled_at_its_pace_whatever_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way: a cold room at "production" with an impatient setting."""
    waits = Waits(monkeypatch)
    vdx = VdxDouble(steps=["STARTING_TO_PROVISION", "STARTING_TO_PROVISION", "PROVISIONED_OK"])
    access = VdxAccess(ACCESS.base_url, ACCESS.token_url, "clinic", Secret("s+cret"), "production")
    opened = open_vdx(access, FixedClock(), patience=Patience(poll_s=0.02), transport=httpx.MockTransport(vdx.handle))
    await opened.rooms.book(draft(), lambda _status: None)
    await opened.aclose()
    # The double answers at once, so all but a few milliseconds of each pause is slept.
    assert [wait > 2.9 for wait in waits.slept] == [True, True]


async def test_waiting_for_a_room_can_be_cancelled() -> None:
    """Closing the window must end it."""
    vdx, looked = VdxDouble(steps=["STARTING_TO_PROVISION"]), asyncio.Event()

    def handle(request: httpx.Request) -> httpx.Response:
        if "/scheduling-info/" in request.url.path:
            looked.set()
        return vdx.handle(request)

    patience = Patience(poll_s=3600, ready_limit_s=3600)
    opened = open_vdx(ACCESS, FixedClock(), patience=patience, transport=httpx.MockTransport(handle))
    await opened.client.create_meeting(wish_for(draft()))
    task = asyncio.create_task(opened.meetings.cancel(MEETING, FixedClock().now()))
    await looked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await opened.aclose()
