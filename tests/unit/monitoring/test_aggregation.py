"""Columns of measures and the figures counted from them by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.unit.monitoring.measured import MARCH, MONDAY, held, party, use
from vdx_plugin.domain.measures import LineFigures, UseMeasure
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.monitoring.aggregation import (
    Failure,
    InterpreterFigures,
    LineClass,
    Outcome,
    Period,
    PracticeFigures,
    aggregate,
    heard,
    line_class,
    outcome_of,
)
from vdx_plugin.monitoring.spread import Spread


@pytest.mark.parametrize(
    ("attempt", "outcome"),
    [
        (held(1), Outcome.VIDEO),
        (held(1, two_way_media_s=60.0), Outcome.VIDEO),
        (held(1, two_way_media_s=59.9), Outcome.BROKEN_OFF),
        (held(1, fallback="phone"), Outcome.VIDEO),
        (held(1, failed_step="invitations", reason_code="invite.gave_up"), Outcome.VIDEO),
        (use(1, fallback="phone", failed_step="room", reason_code="vdx.unreachable"), Outcome.PHONE),
        (use(1, join_ms=None, failed_step="room", reason_code="vdx.unreachable"), Outcome.FAILED),
        (use(1, end_reason="technical"), Outcome.FAILED),
        (use(1, most_participants=1), Outcome.NOBODY_CAME),
        (use(1, end_reason="no_show"), Outcome.NOBODY_CAME),
        (use(1, end_reason="cancelled"), Outcome.BROKEN_OFF),
        (use(1, join_ms=None), Outcome.BROKEN_OFF),
    ],
)
def test_every_attempt_comes_to_exactly_one_thing(attempt: UseMeasure, outcome: Outcome) -> None:
    """Failed attempts are what other statistics leave out, so each must land somewhere and only once."""
    assert outcome_of(attempt) is outcome


def test_counts_follow_vdx_and_keep_the_failures() -> None:
    """The number of meetings must match MedCom's own, and the attempts beside it must hide nothing."""
    uses = [
        held(1, most_participants=3, two_way_media_s=1200.0),
        held(2),
        held(3, is_test=True),
        held(4, two_way_media_s=30.0),
        use(5, most_participants=1),
        use(6, join_ms=None, failed_step="room", reason_code="vdx.unreachable"),
        use(7, join_ms=None, failed_step="room", reason_code="vdx.unreachable", fallback="phone"),
        held(8, failed_step="invitations", reason_code="invite.gave_up"),
    ]
    result = aggregate(uses, [], MARCH)
    total = result.total
    assert (total.attempts, total.meetings, total.succeeded, total.fallbacks) == (7, 4, 3, 1)
    assert result.tests_left_out == 1
    assert (total.participants, total.minutes) == (3 + 2 + 2 + 2, (1200 + 600 + 30 + 600) / 60)
    assert sum(total.outcomes.values()) == total.attempts
    assert total.failures == (Failure("room", "vdx.unreachable", 2, 1), Failure("invitations", "invite.gave_up", 1, 1))


def test_a_visit_with_two_partners_counts_under_both_and_once_in_all() -> None:
    """The business case is per kind of partner; adding the kinds up must not be how the total is made."""
    uses = [held(1), held(2), use(3)]
    parties = [
        party(1),
        party(1, PartyRole.HOSPITAL),
        party(2, PartyRole.HOSPITAL),
        party(2, PartyRole.MUNICIPALITY, came=False),
        party(3, came=False),
    ]
    result = aggregate(uses, parties, MARCH)
    attempts = {figures.group: figures.attempts for figures in result.groups}
    assert attempts == {"all": 3, "patient": 2, "hospital": 2, "municipality": 1, "nursing_home": 0, "interpreter": 0}
    no_shows = {figures.group: (figures.no_shows, figures.expected_parties) for figures in result.groups}
    assert no_shows["all"] == (2, 5)
    assert no_shows["patient"] == (1, 2)
    assert no_shows["municipality"] == (1, 1)


def test_nobody_is_missing_from_a_room_that_never_opened() -> None:
    """A patient must not be booked as a no-show because VDX was down, a call was cancelled, or the phone was used."""
    uses = [use(1, join_ms=None), use(2, end_reason="cancelled"), use(3, fallback="phone")]
    parties = [party(1, came=False), party(2, came=False), party(3, came=False, replaced_by_phone=True)]
    total = aggregate(uses, parties, MARCH).total
    assert (total.expected_parties, total.no_shows) == (0, 0)


def test_an_interpreter_is_there_late_on_the_phone_or_absent() -> None:
    """Fifteen minutes late is absent by the agencies' own terms; up to five is not counted as late."""
    uses = [held(n) for n in range(1, 7)]
    late = [0, 5, 6, 15, 16]
    parties = [party(n, PartyRole.INTERPRETER, late_minutes=late[n - 1]) for n in range(1, 6)]
    parties.append(party(6, PartyRole.INTERPRETER, came=False, replaced_by_phone=True))
    figures = aggregate(uses, parties, MARCH).group(PartyRole.INTERPRETER).interpreters
    assert figures == InterpreterFigures(
        ordered=6, came=4, by_phone=1, absent=1, late=2, late_minutes=Spread(4, 5.5, pytest.approx(13.65))
    )


def test_times_are_spread_over_those_that_were_measured() -> None:
    """An attempt that got no room has no time for it, and must not pull the median down as a zero."""
    uses = [use(n, room_ready_ms=ms) for n, ms in enumerate([1000, 2000, None, 3000], start=1)]
    seconds = [10, 30]
    parties = [party(n, delivered_at=MONDAY + timedelta(hours=n, seconds=s)) for n, s in enumerate(seconds, start=1)]
    total = aggregate(uses, parties, MARCH).total
    assert total.room_ready_ms == Spread(3, 2000, pytest.approx(2900))
    assert total.delivery_s == Spread(2, 20, pytest.approx(29))
    assert total.answer_s.n == 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (LineFigures(), LineClass.UNMEASURED),
        (LineFigures(loss_p95=0.009, rtt_ms_p95=49, jitter_ms_p95=29), LineClass.GOOD),
        (LineFigures(loss_p95=0.01, rtt_ms_p95=49, jitter_ms_p95=29), LineClass.FAIR),
        (LineFigures(loss_p95=0.0, rtt_ms_p95=150, jitter_ms_p95=80), LineClass.FAIR),
        (LineFigures(loss_p95=0.0, rtt_ms_p95=151), LineClass.POOR),
        (LineFigures(loss_p95=0.026), LineClass.POOR),
    ],
)
def test_a_line_is_as_good_as_its_worst_measure(line: LineFigures, expected: LineClass) -> None:
    """No loss does not help when a second passes before the answer."""
    assert line_class(line) is expected


def test_the_calls_own_score_goes_before_the_estimate() -> None:
    """The call measured all along; the percentiles are only what was kept of it."""
    line = LineFigures(loss_p50=0.0, jitter_ms_p95=5, rtt_ms_p50=40)
    assert heard(LineFigures(mos=3.2, loss_p50=0.0, jitter_ms_p95=5, rtt_ms_p50=40)) == 3.2
    assert heard(line) == pytest.approx(4.37, abs=0.02)
    assert heard(LineFigures(loss_p50=0.0)) is None


def test_practices_are_told_apart_the_busiest_first() -> None:
    """In the spring of 2020 one municipality used video fifty times as much as another: a mean hides that."""
    uses = [held(1), held(2, practice="practice-2"), use(3, practice="practice-2", fallback="phone")]
    assert aggregate(uses, [], MARCH).practices == (
        PracticeFigures("practice-2", 2, 1, 1, 1, 10.0),
        PracticeFigures("practice-1", 1, 1, 1, 0, 10.0),
    )


def test_a_visit_belongs_to_the_period_it_began_in() -> None:
    """The end of one report is the start of the next, and no visit may be in both or in neither."""
    edge = [held(1, created_at=MARCH.start), held(2, created_at=MARCH.end)]
    assert aggregate(edge, [party(2)], MARCH).total.attempts == 1
    assert aggregate(edge, [party(2)], MARCH).total.expected_parties == 0


def test_a_period_needs_aware_times() -> None:
    """A naive time would move a visit at midnight into another month on another machine."""
    with pytest.raises(ValueError, match="aware"):
        Period(datetime(2026, 3, 1), datetime(2026, 4, 1))  # noqa: DTZ001
