"""Who the caller is and what is within reach."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.sandbox.video_api.samples import ORGANISATIONS, caller, meeting, room
from vdx_plugin.sandbox.signin import NotSignedIn
from vdx_plugin.sandbox.video_api.access import check_meeting, check_room, read_caller
from vdx_plugin.sandbox.video_api.problems import ApiProblem
from vdx_plugin.sandbox.video_api.values import Caller, Role

ORG, EMAIL, ROLE = "dk:medcom:organisation_id", "dk:medcom:email", "dk:medcom:video:role"
CLAIMS = {ORG: "practice", EMAIL: "a@b.test", ROLE: ["meeting-user"]}


def test_the_caller_is_read_from_the_claims() -> None:
    """One role may also come as plain text."""
    assert read_caller(CLAIMS, ORGANISATIONS) == read_caller({**CLAIMS, ROLE: "meeting-user"}, ORGANISATIONS)
    assert read_caller(CLAIMS, ORGANISATIONS).is_only_user


@pytest.mark.parametrize("change", [{ROLE: None}, {ROLE: []}, {EMAIL: None}, {ORG: None}])
def test_a_token_without_role_or_person_is_401_not_403(change: dict[str, object]) -> None:
    """A client that renews its token at every 401 would loop for ever."""
    with pytest.raises(NotSignedIn):
        read_caller({**CLAIMS, **change}, ORGANISATIONS)


def test_a_mere_provisioner_needs_no_person() -> None:
    """The one exception."""
    assert read_caller({ROLE: ["meeting-provisioner"]}, ORGANISATIONS).roles == {Role.PROVISIONER}


@pytest.mark.parametrize(
    ("change", "status"), [({ORG: "nowhere"}, 403), ({ORG: ["practice"]}, 500), ({EMAIL: []}, 500)]
)
def test_unknown_and_misshapen_organisations(change: dict[str, object], status: int) -> None:
    """A list where text belongs is a common mistake in the sign-in service's set-up."""
    with pytest.raises(ApiProblem) as refused:
        read_caller({**CLAIMS, **change}, ORGANISATIONS)
    assert refused.value.status == status


def test_an_unknown_extra_role_opens_the_whole_organisation() -> None:
    """The server's own hole: such a caller is no longer only a user."""
    odd = read_caller({**CLAIMS, ROLE: ["meeting-user", "something"]}, ORGANISATIONS)
    check_meeting(odd, meeting())
    with pytest.raises(ApiProblem):
        check_meeting(read_caller(CLAIMS, ORGANISATIONS), meeting())


@pytest.mark.parametrize(
    ("who", "sees_meeting", "sees_room"),
    [
        (caller(Role.USER), True, True),
        (caller(Role.USER, email="anden@practice.test"), False, True),
        (caller(Role.PLANNER, organisation="region"), False, True),
        (caller(Role.USER, organisation="region"), False, False),
        (caller(Role.PLANNER, organisation="other"), False, False),
        (caller(Role.PROVISIONER, organisation="other"), False, True),
    ],
)
def test_rooms_are_within_wider_reach_than_meetings(who: Caller, sees_meeting: bool, sees_room: bool) -> None:
    """Any role of the organisation reads all PINs of it; planners those of the organisations below."""
    assert _refusal(lambda: check_meeting(who, meeting())) == (None if sees_meeting else (403, 11))
    assert _refusal(lambda: check_room(who, room(), ORGANISATIONS)) == (None if sees_room else (403, 11))


def _refusal(check: Callable[[], None]) -> tuple[int, int | None] | None:
    try:
        check()
    except ApiProblem as refused:
        return refused.status, refused.code
    return None
