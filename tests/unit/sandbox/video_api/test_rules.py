"""Which room a booking gets, and what PIN and number."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.unit.sandbox.video_api.samples import NOW, ORGANISATIONS, booking, room
from vdx_plugin.sandbox.video_api import rules
from vdx_plugin.sandbox.video_api.problems import ApiProblem
from vdx_plugin.sandbox.video_api.rules import RoomSource
from vdx_plugin.sandbox.video_api.values import DEFAULT_LAYOUT, Booking, Layout, ProvisionStatus, Template

OK = ProvisionStatus.PROVISIONED_OK


@pytest.mark.parametrize(
    ("asked", "source"),
    [
        (booking(uri_without_domain="abc", host_pin=1234), RoomSource.ASKED_ADDRESS),
        (booking(in_minutes=0, host_pin=1234), RoomSource.NEW),
        (booking(in_minutes=0, guest_pin=1234), RoomSource.NEW),
        (booking(reservation_id=UUID(int=7)), RoomSource.RESERVED),
        (booking(in_minutes=2.1, meeting_type="POOL"), RoomSource.NEW),
        (booking(in_minutes=2), RoomSource.POOL_OR_NEW),
        (booking(in_minutes=-60), RoomSource.POOL_OR_NEW),
        (booking(in_minutes=0, meeting_type="POOL"), RoomSource.POOL_ONLY),
    ],
)
def test_the_room_comes_from_where_the_server_takes_it(asked: Booking, source: RoomSource) -> None:
    """The order of the questions decides; a start within two minutes takes a pool room even for NORMAL."""
    assert rules.room_source(asked, NOW) is source


@pytest.mark.parametrize(
    ("asked", "organisation", "code"),
    [
        (booking(reservation_id=UUID(int=7), guest_pin=1234), "pooled", 34),
        (booking(meeting_type="POOL"), "other", 19),
        (booking(additional_information=(("k", "1"), ("k", "2"))), "practice", 35),
    ],
)
def test_what_is_refused_before_anything_is_saved(asked: Booking, organisation: str, code: int) -> None:
    """These three need no room to be refused."""
    with pytest.raises(ApiProblem) as refused:
        rules.check_booking(asked, organisation, ORGANISATIONS)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("organisation", "pool"),
    [("pooled", "pooled"), ("practice", "region"), ("other", "root"), ("nowhere", None)],
)
def test_the_pool_is_the_own_one_or_the_nearest_above(organisation: str, pool: str | None) -> None:
    """Without any pool on the way up it is the root's, which then has none."""
    assert rules.pool_organisation(organisation, ORGANISATIONS) == pool


def pool_room(**more: object) -> object:
    values = {"organisation": "pooled", "has_meeting": False, "status_changed_at": NOW - timedelta(minutes=2)}
    return room(OK, **{**values, **more})


@pytest.mark.parametrize(
    ("change", "is_given"),
    [
        ({}, True),
        ({"has_meeting": True}, False),
        ({"reservation_id": UUID(int=7)}, False),
        ({"organisation": "practice"}, False),
        ({"status": ProvisionStatus.STARTING_TO_PROVISION}, False),
        ({"status_changed_at": NOW - timedelta(seconds=59)}, False),
        ({"layout": replace(DEFAULT_LAYOUT, vmr_quality="sd")}, False),
    ],
)
def test_a_pool_room_is_given_only_when_ready_free_old_enough_and_as_asked(
    change: dict[str, object], is_given: bool
) -> None:
    """Each condition by itself keeps the room in the pool."""
    candidate = replace(pool_room(), **change)  # type: ignore[type-var]
    wanted = Layout(vmr_quality="hd")
    found = rules.free_pool_room([candidate], "pooled", wanted, NOW, timedelta(seconds=60))  # type: ignore[list-item]
    assert (found is candidate) is is_given


def test_a_pin_is_the_asked_one_or_drawn_below_the_high_end() -> None:
    """The range is half open: its high end is never drawn."""
    seen: list[tuple[int, int]] = []

    def draw(low: int, high: int) -> int:
        seen.append((low, high))
        return high - 1

    ask = {"low": 1000, "high": 9999, "code": 17, "draw": draw}
    assert rules.draw_pin(4321, required=True, **ask) == 4321  # type: ignore[arg-type]
    assert rules.draw_pin(None, required=False, **ask) is None  # type: ignore[arg-type]
    assert rules.draw_pin(None, required=True, **ask) == 9998  # type: ignore[arg-type]
    assert seen == [(1000, 9999)]


def test_a_bad_range_of_pins_is_refused() -> None:
    """Which of 16 and 17 tells whose PIN it was."""
    with pytest.raises(ApiProblem) as refused:
        rules.draw_pin(None, required=True, low=5, high=5, code=16, draw=lambda low, high: low)
    assert (refused.value.status, refused.value.code) == (406, 16)


def test_a_number_is_drawn_until_it_is_free_and_given_up_when_none_is() -> None:
    """Two rooms with one address would put strangers together."""
    template = Template(1, "practice", uri_prefix="7", uri_number_range_low=1, uri_number_range_high=3)
    draws = iter([1, 1, 2])
    taken = {"71@rooms.sandbox.test"}
    assert rules.draw_number(template, taken, lambda low, high: next(draws)) == "72"
    with pytest.raises(ApiProblem) as refused:
        rules.draw_number(template, taken, lambda low, high: 1)
    assert refused.value.code == 15


@pytest.mark.parametrize(
    ("address", "organisation", "code"),
    [("abc", "practice", 31), ("a-b", "pooled", 33), ("taken", "pooled", 32)],
)
def test_an_address_of_ones_own_is_refused_for_its_reason(address: str, organisation: str, code: int) -> None:
    """Not allowed, not spelled right, not free: in this order."""
    with pytest.raises(ApiProblem) as refused:
        rules.check_address(address, "d.test", ORGANISATIONS[organisation], {"taken@d.test"})
    assert refused.value.code == code


def test_a_foreign_template_falls_back_to_the_default_without_a_word() -> None:
    """The server says nothing, so a client must compare what it got."""
    shelf = [
        Template(1, None, is_default=True),
        Template(2, "other", is_default=True),
        Template(3, "practice"),
        Template(4, "region", is_default=True),
        Template(5, "practice", is_default=True, deleted=True),
    ]
    assert rules.choose_template(3, "practice", shelf, ORGANISATIONS).id == 3
    assert rules.choose_template(2, "practice", shelf, ORGANISATIONS).id == 4
    assert rules.choose_template(None, "root", shelf, ORGANISATIONS).id == 1


def test_a_meeting_that_ended_before_it_was_taken_up_waits_for_ever() -> None:
    """The provisioner's window is from room start to meeting end, both included."""
    waiting = room(available_from=NOW, ends_at=NOW + timedelta(hours=1))
    assert not rules.is_due(waiting, NOW - timedelta(seconds=1))
    assert rules.is_due(waiting, NOW)
    assert rules.is_due(waiting, NOW + timedelta(hours=1))
    assert not rules.is_due(waiting, NOW + timedelta(hours=1, seconds=1))


def test_a_room_is_over_only_when_it_was_up() -> None:
    """A pool room has no end and is never over."""
    later = NOW + timedelta(hours=3)
    assert rules.is_over(room(OK), later)
    assert not rules.is_over(room(), later)
    assert not rules.is_over(room(OK, ends_at=None), later)
