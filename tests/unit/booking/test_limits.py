"""The checks a form asks before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vdx_plugin.booking import limits
from vdx_plugin.booking.limits import Complaint, MeetingForm, check, sentence

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GOOD = MeetingForm(
    subject="Videokonsultation",
    start=NOW + timedelta(hours=1),
    end=NOW + timedelta(hours=2),
    organised_by="laege@klinik.example",
    host_pin=482913,
    guest_pin=771204,
    labels=("b-1",),
    information=(("sag", "17"), ("rum", "2")),
)


def complaints(**change: Any) -> list[Complaint]:
    return list(check(replace(GOOD, **change), NOW))


def test_a_good_form_has_nothing_against_it() -> None:
    """A check that always complains is no check."""
    assert complaints() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"subject": " "}, Complaint("subject", "required")),
        ({"subject": "x" * 101}, Complaint("subject", "length", 100)),
        ({"subject": "\U0001f600" * 51}, Complaint("subject", "length", 100)),
        ({"description": "x" * 501}, Complaint("description", "length", 500)),
        ({"project_code": "x" * 101}, Complaint("projectCode", "length", 100)),
        ({"external_id": "x" * 201}, Complaint("externalId", "length", 200)),
        ({"call_type": "x" * 65}, Complaint("callType", "length", 64)),
        ({"organised_by": "x" * 99 + "@y"}, Complaint("organizedByEmail", "length", 100)),
        ({"organised_by": "nobody"}, Complaint("organizedByEmail", "pattern")),
        ({"own_address": "stue 1"}, Complaint("uriWithoutDomain", "pattern")),
        ({"own_address": "a" * 101}, Complaint("uriWithoutDomain", "length", 100)),
        ({"labels": ("x" * 1025,)}, Complaint("labels", "length", 1024)),
        ({"start": None}, Complaint("startTime", "required")),
        ({"end": NOW + timedelta(minutes=30)}, Complaint("endTime", "order")),
        ({"start": NOW - timedelta(hours=2), "end": NOW - timedelta(hours=1)}, Complaint("endTime", "past")),
        ({"end": datetime(9999, 12, 31, tzinfo=UTC)}, Complaint("endTime", "range", 9998)),
        ({"host_pin": 999}, Complaint("hostPin", "range", 1000)),
        ({"guest_pin": 10**9}, Complaint("guestPin", "range", 999_999_999)),
        ({"guest_pin": 482913}, Complaint("guestPin", "same")),
        ({"guest_pin": None}, Complaint("guestPin", "required")),
        ({"host_pin": None}, Complaint("hostPin", "required")),
        ({"max_participants": -1}, Complaint("maxParticipants", "range", 0)),
        ({"max_participants": 2**31}, Complaint("maxParticipants", "range", 2**31 - 1)),
        ({"information": (("a", "1"), ("a", "2"))}, Complaint("additionalInformation", "twice")),
        ({"information": (("a", "x" * 101),)}, Complaint("additionalInformation", "length", 100)),
        ({"information": (("", "x"),)}, Complaint("additionalInformation", "required")),
    ],
)
def test_what_breaks_a_limit_is_told_beside_its_field(change: dict[str, Any], expected: Complaint) -> None:
    """Each limit of the API, and the three things it takes although they are harmful."""
    assert complaints(**change) == [expected]


@pytest.mark.parametrize("field", ["subject", "description", "project_code", "external_id"])
def test_what_looks_like_a_cpr_number_is_stopped(field: str) -> None:
    """These texts are read by the whole organisation, the operator and its audit."""
    assert [found.rule for found in complaints(**{field: "Samtale 010190-9995"})] == ["private"]


@pytest.mark.parametrize("edge", [{"subject": "x" * 100}, {"host_pin": 1000}, {"guest_pin": 999_999_999}])
def test_the_limit_itself_is_within(edge: dict[str, Any]) -> None:
    """One less would refuse what VDX takes."""
    assert complaints(**edge) == []


def test_a_time_without_zone_is_our_own_mistake() -> None:
    """The form hands over aware times; a silent guess would move the meeting by an hour."""
    with pytest.raises(ValueError, match="aware"):
        complaints(start=datetime(2026, 3, 2, 10, 0))  # noqa: DTZ001


def test_every_rule_has_its_sentence() -> None:
    """What stands beside the field says the limit."""
    assert "100" in sentence(Complaint("subject", "length", limits.SUBJECT))
    rules = ("required", "length", "range", "order", "past", "pattern", "same", "twice", "private")
    assert all(sentence(Complaint("x", rule, 1)) for rule in rules)
