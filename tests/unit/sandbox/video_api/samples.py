"""Records to test the rules on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from vdx_plugin.sandbox.video_api.values import (
    Booking,
    Caller,
    Meeting,
    MeetingUser,
    Organisation,
    ProvisionStatus,
    Role,
    Room,
)

NOW = datetime(2026, 10, 14, 11, 0, tzinfo=UTC)
ORGANISATIONS = {
    org.code: org
    for org in (
        Organisation("root"),
        Organisation("region", "root", pool_size=5),
        Organisation("practice", "region"),
        Organisation("pooled", "region", pool_size=2, allow_custom_uri=True),
        Organisation("other", "root"),
    )
}
AUTHOR = MeetingUser("practice", "laege@practice.test")


def caller(*roles: Role, organisation: str = "practice", email: str = "laege@practice.test") -> Caller:
    return Caller(organisation, email, frozenset(roles or {Role.PLANNER}))


def booking(*, in_minutes: float = 60, **more: object) -> Booking:
    start = NOW + timedelta(minutes=in_minutes)
    return Booking("Samtale", start, start + timedelta(minutes=30), **more)  # type: ignore[arg-type]


def meeting(**more: object) -> Meeting:
    values: dict[str, object] = {
        "uuid": UUID(int=1),
        "organisation": "practice",
        "subject": "Samtale",
        "start": NOW + timedelta(hours=1),
        "end": NOW + timedelta(hours=2),
        "created_by": AUTHOR,
        "organized_by": AUTHOR,
        "short_id": "abcdef012345",
        "created_at": NOW,
        "description": "Om",
        "labels": ("a",),
    }
    return Meeting(**{**values, **more})  # type: ignore[arg-type]


def room(status: ProvisionStatus = ProvisionStatus.AWAITS_PROVISION, **more: object) -> Room:
    values: dict[str, object] = {
        "uuid": UUID(int=1),
        "organisation": "practice",
        "template_id": 1,
        "host_pin": 1111,
        "guest_pin": 2222,
        "vmr_available_before": 15,
        "max_participants": 10,
        "end_meeting_on_end_time": False,
        "uri_with_domain": "123456@rooms.sandbox.test",
        "uri_without_domain": "123456",
        "created_by": AUTHOR,
        "created_at": NOW,
        "available_from": NOW + timedelta(minutes=45),
        "ends_at": NOW + timedelta(hours=2),
        "portal_link": "link?pin=2222",
        "status": status,
    }
    return Room(**{**values, **more})  # type: ignore[arg-type]
