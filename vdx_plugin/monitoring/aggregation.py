"""Figures from measures: per kind of partner and in all, per practice, over time. Pure.

A meeting is counted as VDX counts it: two or more participants, tests excluded (medcom.dk, "VDX status"). What VDX
leaves out, attempts that came to nothing, is counted too, each with its reason. A visit with two kinds of partner
counts under both, and once in all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.measures import LineFigures, PartyMeasure, UseMeasure
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.monitoring.sound_quality import mos
from vdx_plugin.monitoring.spread import NOTHING, Spread, spread

ALL = "all"
LATE_MIN = 5
"""An interpreter that comes later than this is late: by then a telephone interpreter should have been offered."""
ABSENT_MIN = 15
"""An interpreter that comes later than this has not come (terms of the agencies; users-and-peers 5.3)."""
HEARD_WELL_MOS = 3.6


class Outcome(StrEnum):
    """What an attempt came to. Every attempt has exactly one."""

    VIDEO = "video"
    PHONE = "phone"
    FAILED = "failed"
    NOBODY_CAME = "nobody_came"
    BROKEN_OFF = "broken_off"
    """Cancelled, or ended before a minute was held, without any known failure."""


class LineClass(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` until just before ``end``. Both are aware; ValueError if not, or in the wrong order."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None or self.end <= self.start:
            raise ValueError("a period needs two aware times in their order")

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Failure:
    """How often a step failed for a reason, and how many of those visits were held after all, on video or phone."""

    step: str
    reason: str
    count: int
    held_anyway: int


@dataclass(frozen=True, slots=True)
class InterpreterFigures:
    """``ordered`` is ``came`` + ``by_phone`` + ``absent``. ``late`` are those of ``came`` that let one wait."""

    ordered: int = 0
    came: int = 0
    by_phone: int = 0
    absent: int = 0
    late: int = 0
    late_minutes: Spread = NOTHING
    """Of those that came."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one group of visits. Times are in the unit of their name, shares 0..1."""

    group: str
    """``all`` or a PartyRole."""
    attempts: int = 0
    meetings: int = 0
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    fallbacks: int = 0
    participants: int = 0
    minutes: float = 0.0
    failures: tuple[Failure, ...] = ()
    expected_parties: int = 0
    no_shows: int = 0
    room_ready_ms: Spread = NOTHING
    join_ms: Spread = NOTHING
    first_audio_ms: Spread = NOTHING
    first_video_ms: Spread = NOTHING
    delivery_s: Spread = NOTHING
    answer_s: Spread = NOTHING
    mos: Spread = NOTHING
    heard_well: int = 0
    """Visits, of ``mos.n``, with an estimate of at least HEARD_WELL_MOS."""
    lines: Mapping[LineClass, int] = field(default_factory=dict)
    reconnects: int = 0
    interpreters: InterpreterFigures = InterpreterFigures()

    @property
    def succeeded(self) -> int:
        return self.outcomes.get(Outcome.VIDEO, 0)

    @property
    def with_contact_wanted(self) -> int:
        """Attempts whose outcome the technique decided: held on video, moved to phone, or failed."""
        return sum(self.outcomes.get(outcome, 0) for outcome in (Outcome.VIDEO, Outcome.PHONE, Outcome.FAILED))


@dataclass(frozen=True, slots=True)
class PracticeFigures:
    practice: str
    attempts: int
    meetings: int
    succeeded: int
    fallbacks: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``groups`` starts with all visits; a kind of partner that nobody invited is there with zeros, OTHER is not."""

    period: Period
    groups: tuple[Figures, ...]
    practices: tuple[PracticeFigures, ...]
    tests_left_out: int

    @property
    def total(self) -> Figures:
        return self.groups[0]

    def group(self, role: PartyRole) -> Figures:
        """Return the figures of one kind of partner."""
        return next((figures for figures in self.groups if figures.group == role), Figures(role))


def aggregate(uses: Iterable[UseMeasure], parties: Iterable[PartyMeasure], period: Period) -> Aggregate:
    """Count the visits begun within ``period``; parties belong to the period of their visit."""
    within = [use for use in uses if use.created_at in period]
    real = [use for use in within if not use.is_test]
    ids = {use.visit for use in real}
    theirs = [party for party in parties if party.visit in ids]
    groups = [_figures(ALL, real, theirs)]
    for role in PartyRole:
        of_role = [party for party in theirs if party.role is role]
        visits = {party.visit for party in of_role}
        if visits or role is not PartyRole.OTHER:
            groups.append(_figures(role, [use for use in real if use.visit in visits], of_role))
    return Aggregate(period, tuple(groups), _practices(real), len(within) - len(real))


def outcome_of(use: UseMeasure) -> Outcome:
    """Say what an attempt came to; a call that was held on video before it went on by phone was held on video."""
    if use.succeeded:
        return Outcome.VIDEO
    if use.fallback == "phone":
        return Outcome.PHONE
    if use.failed_step or use.reason_code or use.end_reason == EndReason.TECHNICAL:
        return Outcome.FAILED
    if use.end_reason == EndReason.CANCELLED:
        return Outcome.BROKEN_OFF
    if use.end_reason == EndReason.NO_SHOW or (use.join_ms is not None and use.most_participants < 2):
        return Outcome.NOBODY_CAME
    return Outcome.BROKEN_OFF


def line_class(line: LineFigures) -> LineClass:
    """Put a line into one of three classes by the worst of what was measured of it (users-and-peers, 6)."""
    measured = [
        (value, good, poor)
        for value, good, poor in (
            (line.loss_p95, 0.01, 0.025),
            (line.rtt_ms_p95, 50.0, 150.0),
            (line.jitter_ms_p95, 30.0, 80.0),
        )
        if value is not None
    ]
    if not measured:
        return LineClass.UNMEASURED
    if any(value > poor for value, _, poor in measured):
        return LineClass.POOR
    return LineClass.GOOD if all(value < good for value, good, _ in measured) else LineClass.FAIR


def heard(line: LineFigures) -> float | None:
    """Return the MOS that the call itself kept, else an estimate from its percentiles, None if the line is unknown."""
    if line.mos is not None:
        return line.mos
    if line.loss_p50 is None or line.jitter_ms_p95 is None or line.rtt_ms_p50 is None:
        return None
    return mos(line.loss_p50, line.jitter_ms_p95, line.rtt_ms_p50)


def _figures(group: str, uses: Sequence[UseMeasure], parties: Sequence[PartyMeasure]) -> Figures:
    meetings = [use for use in uses if use.counts_as_meeting]
    heard_as = [score for score in (heard(use.line) for use in meetings) if score is not None]
    expected = _expected(uses, parties)
    return Figures(
        group,
        attempts=len(uses),
        meetings=len(meetings),
        outcomes=Counter(outcome_of(use) for use in uses),
        fallbacks=sum(1 for use in uses if use.fallback == "phone"),
        participants=sum(use.most_participants for use in meetings),
        minutes=sum(use.two_way_media_s for use in meetings) / 60,
        failures=_failures(uses),
        expected_parties=len(expected),
        no_shows=sum(1 for party in expected if not _came(party)),
        room_ready_ms=spread(use.room_ready_ms for use in uses),
        join_ms=spread(use.join_ms for use in uses),
        first_audio_ms=spread(use.first_audio_ms for use in uses),
        first_video_ms=spread(use.first_video_ms for use in uses),
        delivery_s=spread(_seconds(party.invited_at, party.delivered_at) for party in parties),
        answer_s=spread(_seconds(party.delivered_at, party.answered_at) for party in parties),
        mos=spread(heard_as),
        heard_well=sum(1 for score in heard_as if score >= HEARD_WELL_MOS),
        lines=Counter(line_class(use.line) for use in meetings),
        reconnects=sum(use.line.reconnects for use in meetings),
        interpreters=_interpreters(uses, parties),
    )


def _failures(uses: Iterable[UseMeasure]) -> tuple[Failure, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    held: Counter[tuple[str, str]] = Counter()
    for use in uses:
        if not (use.failed_step or use.reason_code):
            continue
        what = (use.failed_step, use.reason_code)
        counts[what] += 1
        held[what] += outcome_of(use) in (Outcome.VIDEO, Outcome.PHONE)
    # Counter keeps the order of arrival among equals; sorting by name as well makes two runs print the same page.
    ordered = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return tuple(Failure(step, reason, count, held[step, reason]) for (step, reason), count in ordered)


def _in_open_room(uses: Iterable[UseMeasure]) -> set[str]:
    """Return the visits whose room the doctor was in, so that somebody could have come."""
    return {use.visit for use in uses if use.join_ms is not None and use.end_reason != EndReason.CANCELLED}


def _expected(uses: Iterable[UseMeasure], parties: Iterable[PartyMeasure]) -> list[PartyMeasure]:
    """Return the parties that could be missed: a party reached by phone instead is neither there nor missing."""
    open_rooms = _in_open_room(uses)
    return [party for party in parties if party.visit in open_rooms and (_came(party) or not party.replaced_by_phone)]


def _came(party: PartyMeasure) -> bool:
    return any(at is not None for at in (party.waiting_at, party.admitted_at, party.first_media_at))


def _interpreters(uses: Iterable[UseMeasure], parties: Iterable[PartyMeasure]) -> InterpreterFigures:
    open_rooms = _in_open_room(uses)
    ordered = [party for party in parties if party.role is PartyRole.INTERPRETER and party.visit in open_rooms]
    came = [party for party in ordered if _came(party) and party.late_minutes <= ABSENT_MIN]
    by_phone = sum(1 for party in ordered if party not in came and party.replaced_by_phone)
    return InterpreterFigures(
        ordered=len(ordered),
        came=len(came),
        by_phone=by_phone,
        absent=len(ordered) - len(came) - by_phone,
        late=sum(1 for party in came if party.late_minutes > LATE_MIN),
        late_minutes=spread(float(party.late_minutes) for party in came),
    )


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start is not None and end is not None and end >= start else None


def _practices(uses: Sequence[UseMeasure]) -> tuple[PracticeFigures, ...]:
    by_practice: dict[str, list[UseMeasure]] = {}
    for use in uses:
        by_practice.setdefault(use.practice, []).append(use)
    rows = [
        PracticeFigures(
            practice,
            attempts=len(own),
            meetings=sum(1 for use in own if use.counts_as_meeting),
            succeeded=sum(1 for use in own if use.succeeded),
            fallbacks=sum(1 for use in own if use.fallback == "phone"),
            minutes=sum(use.two_way_media_s for use in own if use.counts_as_meeting) / 60,
        )
        for practice, own in by_practice.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.attempts, row.practice)))
