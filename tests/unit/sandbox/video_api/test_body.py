"""Reading requests: leniency, order of complaints, nulls."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vdx_plugin.sandbox.video_api import body
from vdx_plugin.sandbox.video_api.problems import ApiProblem

GOOD = {"subject": "S", "startTime": "2026-10-14T13:00:00.5Z", "endTime": "2026-10-14T15:30:00+02:00"}


def read(**more: object) -> body.Booking:
    return body.booking(body.bind({**GOOD, **more}, body.CREATE_MEMBERS))


def test_times_are_read_with_their_offset_and_without_fractions() -> None:
    """What comes back compares to the second only."""
    booking = read()
    assert booking.start == datetime(2026, 10, 14, 13, 0, tzinfo=UTC)
    assert booking.end == datetime(2026, 10, 14, 13, 30, tzinfo=UTC)


def test_unknown_members_are_ignored_and_scalars_taken_as_text() -> None:
    """The server's framework is lenient here, and a stricter double would hide what clients really send."""
    assert read(somethingNew=1, subject=12).subject == "12"


@pytest.mark.parametrize(
    "bad",
    [
        {"startTime": "2026-10-14T13:00:00"},
        {"startTime": "2026-10-14 13:00:00+02:00"},
        {"startTime": "2026-02-30T13:00:00Z"},
        {"meetingType": "SOMETHING"},
        {"hostPin": "abc"},
        {"hostPin": 2**31},
        {"uuid": "not-a-uuid"},
        {"labels": "one"},
        {"subject": {"a": 1}},
    ],
)
def test_what_cannot_be_bound_is_the_plain_400(bad: dict[str, object]) -> None:
    """No code and no detail: the framework answers, not the API."""
    with pytest.raises(ApiProblem) as refused:
        read(**bad)
    assert (refused.value.status, refused.value.code) == (400, None)


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        ({"subject": None}, "subject: must not be null"),
        ({"subject": "x" * 101}, "subject: size must be between 0 and 100"),
        ({"hostPin": 999}, "hostPin: must be greater than or equal to 1000"),
        ({"guestPin": 1_000_000_000}, "guestPin: must be less than or equal to 999999999"),
    ],
)
def test_a_broken_limit_is_code_10_with_field_and_reason(bad: dict[str, object], text: str) -> None:
    """The form of the text is what a client might show."""
    with pytest.raises(ApiProblem) as refused:
        read(**bad)
    assert (refused.value.status, refused.value.code, refused.value.text) == (400, 10, text)


@pytest.mark.parametrize("member", ["maxParticipants", "guestPinRequired", "meetingType"])
def test_an_explicit_null_makes_the_server_fall_over(member: str) -> None:
    """Clients must leave members out."""
    with pytest.raises(ApiProblem) as refused:
        read(**{member: None})
    assert refused.value.status == 500


def test_a_year_beyond_9999_has_a_code_of_its_own() -> None:
    """The only date that is refused by rule rather than by form."""
    with pytest.raises(ApiProblem) as refused:
        read(endTime="+10000-01-01T00:00:00Z")
    assert refused.value.code == 25


def test_a_patch_cannot_tell_null_from_not_sent() -> None:
    """Version 2 of the API cannot clear a value with null."""
    change = body.change(body.bind({"description": None, "labels": []}, body.PATCH_MEMBERS), replaces=False)
    assert change.description is None
    assert change.labels == ()
    assert change.additional_information is None
