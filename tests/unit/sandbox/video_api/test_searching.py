"""Searching: one criterion, and where the server falls over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests.unit.sandbox.video_api.samples import NOW, caller, meeting, room
from vdx_plugin.sandbox.video_api.problems import ApiProblem
from vdx_plugin.sandbox.video_api.searching import search
from vdx_plugin.sandbox.video_api.values import Caller, MeetingUser, Role

OTHER = MeetingUser("practice", "anden@practice.test")
MEETINGS = [
    meeting(),
    meeting(uuid=UUID(int=2), short_id="b" * 12, subject="Andet", labels=("b",), organized_by=OTHER),
    meeting(uuid=UUID(int=3), short_id="c" * 12, organisation="other", labels=("a",)),
]
ROOMS = {UUID(int=1): room(), UUID(int=2): room(uuid=UUID(int=2), uri_with_domain="2@rooms.sandbox.test")}
START, END = (NOW + timedelta(hours=1)).isoformat(), (NOW + timedelta(hours=2)).isoformat()


def find(who: Caller | None = None, **query: str) -> list[int]:
    names = {name.replace("_", "-"): value for name, value in query.items()}
    return [found.uuid.int for found in search(names, who or caller(Role.PLANNER), MEETINGS, ROOMS)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"short_id": "b" * 12, "label": "a"}, [2]),
        ({"label": "a", "subject": "Andet"}, [1]),
        ({"subject": "Andet"}, [2]),
        ({"organizedBy": "anden@practice.test"}, [2]),
        ({"search": "sam"}, [1]),
        ({"from_start_time": START, "to_start_time": END}, [1, 2]),
        ({"uriWithDomain": "2@rooms.sandbox.test"}, [2]),
        ({"short_id": "c" * 12}, []),
    ],
)
def test_the_first_criterion_counts_within_the_own_organisation(query: dict[str, str], found: list[int]) -> None:
    """Further criteria are ignored, times beside a label too."""
    assert find(**query) == found


def test_a_plain_user_finds_only_own_meetings() -> None:
    """Organised by somebody else is out of sight."""
    assert find(caller(Role.USER), from_start_time=START, to_start_time=END) == [1]


def test_the_window_is_closed_alone_and_open_beside_a_text() -> None:
    """The same two times, two meanings."""
    assert find(search="sam", from_start_time=START, to_start_time=END) == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 400, 36),
        ({"from_start_time": START}, 400, 36),
        ({"short_id": "short"}, 400, 10),
        ({"from_start_time": "yesterday"}, 400, None),
        ({"search": "sam", "from_start_time": START}, 500, 11),
        ({"organizedBy": "x" * 101}, 500, 11),
    ],
)
def test_refusals_and_falls(query: dict[str, str], status: int, code: int | None) -> None:
    """A text with only one of the two times is an error 500, not the documented 28."""
    with pytest.raises(ApiProblem) as refused:
        find(**query)
    assert (refused.value.status, refused.value.code) == (status, code)


def test_a_plain_user_who_searches_for_a_text_makes_the_server_fall_over() -> None:
    """Only when something is found, which makes it hard to meet in a test."""
    assert find(caller(Role.USER), search="nothing like it") == []
    with pytest.raises(ApiProblem) as refused:
        find(caller(Role.USER), search="sam")
    assert refused.value.status == 500


def test_an_administrator_finds_short_ids_of_other_organisations() -> None:
    """The server's hole; a token with a further role does not have it."""
    assert find(caller(Role.ADMIN), short_id="c" * 12) == [3]
    assert find(caller(Role.ADMIN, Role.USER), short_id="c" * 12) == []
