"""Measures hold numbers, times and codes, and refuse whatever could tell who somebody is."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from vdx_plugin.domain.measures import LineFigures, PartyMeasure, StartPath, UseMeasure
from vdx_plugin.domain.parties import Channel, PartyRole
from vdx_plugin.texts import known_problems

USE = UseMeasure("5" * 32, "practice-1", datetime(2026, 3, 2, tzinfo=UTC), True, 15, StartPath.DOCK)
PARTY = PartyMeasure("5" * 32, PartyRole.PATIENT, Channel.LINK)
TELLING = (
    "Jens Hansen",
    "Hansen",
    "jens.hansen",
    "710160-1234",
    "7101601234",
    "7101601A23",
    "35 00 00 00",
    "a@b.example",
)

TEXTS = [(measure, each.name) for measure in (USE, PARTY) for each in fields(measure) if "str" in str(each.type)]
CLOSED = [(USE, "start_path"), (USE, "replaces"), (PARTY, "role"), (PARTY, "channel")]


@pytest.mark.parametrize("text", TELLING, ids=range(len(TELLING)))
@pytest.mark.parametrize(("measure", "field"), TEXTS + CLOSED, ids=[name for _, name in TEXTS + CLOSED])
def test_no_field_can_hold_who_somebody_is(measure: UseMeasure | PartyMeasure, field: str, text: str) -> None:
    """The measures leave the practice as aggregates and lie unsealed in its file: a name must not fit into them."""
    with pytest.raises(ValueError, match=field):
        replace(measure, **{field: text})


def test_the_refusal_does_not_repeat_what_it_refused() -> None:
    """The error goes to the log."""
    with pytest.raises(ValueError, match="closed form") as refusal:
        replace(USE, reason_code="Jens Hansen")
    assert "Jens" not in str(refusal.value)


def test_every_other_field_is_a_number_a_time_or_a_code() -> None:
    """A new field of an open type must be noticed here before it is filled with something."""
    checked = {name for _, name in TEXTS + CLOSED}
    harmless = {"int", "float", "bool", "datetime", "None", "LineFigures"}
    for measure in (USE, PARTY, LineFigures()):
        for each in fields(measure):
            kinds = {kind.strip() for kind in str(each.type).split("|")}
            assert kinds <= harmless or each.name in checked, each.name


def test_every_known_problem_fits_as_a_reason() -> None:
    """A failure whose code did not fit would be lost from the statistics, or end the call with an error."""
    for code in known_problems():
        replace(USE, reason_code=code.replace("*", "other"))


@pytest.mark.parametrize(
    ("participants", "seconds", "is_test", "meeting", "succeeded"),
    [
        (2, 60.0, False, True, True),
        (2, 59.9, False, True, False),
        (1, 600.0, False, False, False),
        (3, 600.0, True, False, False),
    ],
)
def test_a_meeting_is_two_people_and_a_success_a_minute(
    participants: int, seconds: float, is_test: bool, meeting: bool, succeeded: bool
) -> None:
    """The definition is VDX's own, so that our numbers match MedCom's."""
    measure = replace(USE, most_participants=participants, two_way_media_s=seconds, is_test=is_test)
    assert (measure.counts_as_meeting, measure.succeeded) == (meeting, succeeded)
