"""Measures made up for the tests: a few words give a whole visit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vdx_plugin.domain.measures import PartyMeasure, StartPath, UseMeasure
from vdx_plugin.domain.parties import Channel, PartyRole
from vdx_plugin.monitoring.aggregation import Period

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MARCH = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))

_PLAIN = UseMeasure(
    visit="visit-0",
    practice="practice-1",
    created_at=MONDAY,
    planned_ahead=False,
    planned_minutes=15,
    start_path=StartPath.DOCK,
)


def use(number: int, **fields: object) -> UseMeasure:
    """An attempt that nobody answered, but for the fields given."""
    at = MONDAY + timedelta(hours=number)
    return replace(_PLAIN, **{"visit": f"visit-{number}", "created_at": at, "join_ms": 2500, **fields})  # type: ignore[arg-type]


def held(number: int, **fields: object) -> UseMeasure:
    """A consultation of ten minutes between two."""
    plain = {"most_participants": 2, "two_way_media_s": 600.0, "end_reason": "held"}
    return use(number, **{**plain, **fields})


def party(number: int, role: PartyRole = PartyRole.PATIENT, *, came: bool = True, **fields: object) -> PartyMeasure:
    """A party of that visit; ``came`` puts it in the call five minutes after the start."""
    at = MONDAY + timedelta(hours=number)
    plain = PartyMeasure(f"visit-{number}", role, Channel.MEDCOM, invited_at=at)
    inside = {"waiting_at": at + timedelta(minutes=4), "admitted_at": at + timedelta(minutes=5)} if came else {}
    return replace(plain, **{**inside, **fields})  # type: ignore[arg-type]
