"""The check of the workplace, asked for and before the clinic opens."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from tests.unit.service.fakes import World, context
from vdx_plugin.ports import CheckedPart, CheckFinding, WorkplaceCheck
from vdx_plugin.service.self_check import seconds_until

OPENS = time(7, 45)
DAY = datetime(2026, 11, 23, tzinfo=UTC)
"""A Monday in winter: the Danish clock is an hour ahead."""


@pytest.fixture
def world() -> World:
    return World()


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return DAY + timedelta(days=day, hours=hour - 1, minutes=minute)


@pytest.mark.parametrize(
    ("now", "last", "wait"),
    [
        (at(7, 15), None, timedelta(minutes=30)),
        (at(8, 30), None, timedelta(0)),
        (at(8, 30), at(7, 45), timedelta(hours=23, minutes=15)),
        (at(8, 30), at(7, 45, day=-1), timedelta(0)),
        (at(8, 30), at(6), timedelta(0)),
        (at(14), None, timedelta(hours=17, minutes=45)),
    ],
    ids=["before opening", "started late", "done today", "done yesterday", "done by hand before", "started at noon"],
)
def test_the_morning_check_is_due_once_a_day(now: datetime, last: datetime | None, wait: timedelta) -> None:
    """At opening time by the Danish clock, also for a machine that was switched on a little later."""
    assert seconds_until(now, OPENS, last) == wait.total_seconds()


async def test_a_check_shows_and_keeps_what_was_found_with_vdx(world: World) -> None:
    """The history tells support since when a line has been poor."""
    await world.desk.start()
    await world.desk.check_workplace()
    shown = world.desk.view.checks
    assert not shown.is_running
    assert [each.part for each in shown.latest[0].findings] == [CheckedPart.CAMERA, CheckedPart.VDX]
    assert world.checks.kept == list(shown.latest)
    assert not world.desk.view.notices
    await world.desk.close()


async def test_the_devices_are_left_alone_while_a_consultation_runs(world: World) -> None:
    """The call has them, and a second opening may take them away."""
    await world.desk.start()
    world.desk.opened(context(world.clock))
    await world.settle()
    await world.desk.start_video()
    await world.settle()
    await world.desk.check_workplace()
    assert "check" not in world.log
    await world.desk.close()


@pytest.mark.parametrize(
    ("problems", "code"),
    [
        ((), None),
        (("media.no_camera",), "check.camera"),
        (("media.no_camera", "media.silent_microphone"), "check.several"),
    ],
    ids=["all well", "one fault", "two faults"],
)
async def test_the_morning_tells_one_thing_or_nothing(
    world: World, problems: tuple[str, ...], code: str | None
) -> None:
    """Quiet when all is well, one clear notice when not."""
    parts = (CheckedPart.CAMERA, CheckedPart.MICROPHONE)
    padded = (*problems, "", "")
    world.engine.checked = WorkplaceCheck(
        DAY, tuple(CheckFinding(part, found) for part, found in zip(parts, padded, strict=False))
    )
    await world.desk.start()
    await world.desk.check_workplace()
    world.desk._checks._tell()
    assert [notice.problem.code for notice in world.desk.view.notices] == ([code] if code else [])
    await world.desk.close()
