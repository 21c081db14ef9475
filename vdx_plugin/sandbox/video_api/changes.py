"""What an update really changes. Much of what is sent is ignored without a word once the room is up.

Source: ``MeetingServiceImpl.updateMeeting``/``patchMeeting`` and ``SchedulingInfoServiceImpl.updateSchedulingInfo``
of medcom-video-api 2.5.0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from vdx_plugin.sandbox.video_api.access import PLANNERS
from vdx_plugin.sandbox.video_api.problems import crashed, refusal
from vdx_plugin.sandbox.video_api.rules import check_information
from vdx_plugin.sandbox.video_api.values import (
    Caller,
    Change,
    Meeting,
    MeetingUser,
    Organisation,
    ProvisionStatus,
    Room,
)

T = TypeVar("T")
# Builds the portal link of a room for a meeting.
LinkBuilder = Callable[[Meeting, Room], str]


def organizer_of_new(caller: Caller, asked_email: str | None) -> MeetingUser:
    """Return who organises a new meeting: somebody else only if the caller may plan for others."""
    if asked_email is not None and caller.has(*PLANNERS):
        return MeetingUser(caller.organisation, asked_email)
    return caller.user


def _organizer_after(caller: Caller, change: Change, meeting: Meeting) -> MeetingUser:
    if not caller.has(*PLANNERS):
        return caller.user
    if change.organized_by_email is not None:
        return MeetingUser(caller.organisation, change.organized_by_email)
    return caller.user if change.replaces else meeting.organized_by


def apply_change(
    meeting: Meeting,
    room: Room,
    change: Change,
    caller: Caller,
    organisation: Organisation,
    now: datetime,
    portal_link: LinkBuilder,
) -> tuple[Meeting, Room]:
    """Return meeting and room after the change; raises 406/12 unless the room waits or is up."""
    if room.status is ProvisionStatus.AWAITS_PROVISION:
        return _change_waiting(meeting, room, change, caller, now, portal_link)
    if room.status is not ProvisionStatus.PROVISIONED_OK:
        raise refusal(12)
    changed = _always(meeting, change)
    if organisation.pool_size is not None:
        changed = _texts_and_start(changed, change, _organizer_after(caller, change, meeting))
    return _stamp(changed, caller, now), replace(room, ends_at=changed.end)


def _change_waiting(
    meeting: Meeting, room: Room, change: Change, caller: Caller, now: datetime, portal_link: LinkBuilder
) -> tuple[Meeting, Room]:
    organizer = _organizer_after(caller, change, meeting)
    changed = _stamp(_texts_and_start(_always(meeting, change), change, organizer), caller, now)
    room = replace(
        room,
        available_from=changed.start - timedelta(minutes=room.vmr_available_before),
        ends_at=changed.end,
        # As in the server, the link is built before the new PIN is stored: it keeps the old one until the next update.
        portal_link=portal_link(changed, room),
        updated_by=caller.user,
        updated_at=now,
    )
    room = replace(
        room,
        host_pin=_sent(change.host_pin, room.host_pin),
        guest_pin=_sent(change.guest_pin, room.guest_pin),
        call_type=_sent(change.call_type, room.call_type),
    )
    return changed, room


def _always(meeting: Meeting, change: Change) -> Meeting:
    information = _sent(change.additional_information, meeting.additional_information)
    if not change.replaces and len({key for key, _ in information}) != len(information):
        # patchMeeting lacks the rollback rule of its sisters, so the refusal (35) is lost in the transaction.
        raise crashed("Transaction silently rolled back because it has been marked as rollback-only")
    check_information(information)
    return replace(
        meeting,
        end=_sent(change.end, meeting.end),
        guest_microphone=_sent(change.guest_microphone, meeting.guest_microphone),
        guest_pin_required=_sent(change.guest_pin_required, meeting.guest_pin_required),
        labels=_sent(change.labels, meeting.labels),
        additional_information=information,
    )


def _texts_and_start(meeting: Meeting, change: Change, organizer: MeetingUser) -> Meeting:
    keep = not change.replaces
    return replace(
        meeting,
        subject=_sent(change.subject, meeting.subject),
        start=_sent(change.start, meeting.start),
        description=change.description if change.description is not None or not keep else meeting.description,
        project_code=change.project_code if change.project_code is not None or not keep else meeting.project_code,
        organized_by=organizer,
    )


def _stamp(meeting: Meeting, caller: Caller, now: datetime) -> Meeting:
    return replace(meeting, updated_by=caller.user, updated_at=now)


def _sent(value: T | None, old: T) -> T:
    return old if value is None else value
