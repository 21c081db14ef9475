"""The audit behind the video API: every change is published, and a change that cannot be published is not made.

Source: ``AuditServiceImpl`` of medcom-video-api 2.5.0 and the audit-api's ``AuditEvent``. Inside VDX only: no client
can read it. As in the real one, ``data`` holds both PINs in clear, so the pages show everything but that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vdx_plugin.sandbox.video_api.problems import crashed
from vdx_plugin.sandbox.video_api.values import Meeting, MeetingUser, Room

KEPT_AT_MOST = 20_000


@dataclass(frozen=True)
class AuditEvent:
    """One event. ``resource``: meeting or schedulingInfo; ``operation``: create, update or delete."""

    organisation: str
    resource: str
    operation: str
    at: datetime
    identifier: str
    user: str | None
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def message(self) -> dict[str, Any]:
        """Return the event as it is published, without its data."""
        return {
            "version": 1,
            "auditEvent": {
                "organisationCode": self.organisation,
                "resource": self.resource,
                "operation": self.operation,
                "auditEventDateTime": self.at.isoformat(timespec="milliseconds"),
                "source": "video-api",
                "identifier": self.identifier,
                "user": self.user,
            },
        }


class AuditTrail:
    """The events so far. ``is_down`` says of each publication whether it fails."""

    def __init__(self, now: Callable[[], datetime], is_down: Callable[[], bool] = lambda: False) -> None:
        self.events: deque[AuditEvent] = deque(maxlen=KEPT_AT_MOST)
        self.is_down = is_down
        self._now = now

    def meeting(self, operation: str, meeting: Meeting, by: MeetingUser) -> None:
        """Publish a change of a meeting. Raises ApiProblem 500 when the audit is down: then nothing may change."""
        data = {"subject": meeting.subject, "start": meeting.start, "end": meeting.end}
        self._publish(meeting.organisation, "meeting", operation, str(meeting.uuid), by, data)

    def room(self, operation: str, room: Room, by: MeetingUser, *, may_fail: bool = True) -> None:
        """Publish a change of a room, PINs in clear. The sandbox's own provisioner does not fail of it."""
        data = {"hostPin": room.host_pin, "guestPin": room.guest_pin, "status": room.status.value}
        self._publish(room.organisation, "schedulingInfo", operation, room.uri_with_domain, by, data, may_fail)

    def _publish(
        self,
        organisation: str,
        resource: str,
        operation: str,
        identifier: str,
        by: MeetingUser,
        data: dict[str, Any],
        may_fail: bool = True,
    ) -> None:
        if may_fail and self.is_down():
            raise crashed("Error publishing audit event")
        self.events.append(AuditEvent(organisation, resource, operation, self._now(), identifier, by.email, data))
