"""The entries of the calendar, made of what the store and VDX know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from vdx_plugin.domain.booked import BookedMeeting
from vdx_plugin.domain.consultation import FINISHED, Consultation, Stage
from vdx_plugin.domain.parties import PartyStatus
from vdx_plugin.domain.room import ProvisionStatus
from vdx_plugin.domain.secret import Secret
from vdx_plugin.service.scheduled import can_begin
from vdx_plugin.service.view import AgendaEntry, EntryAction, Problem, RoomState, Undoable

_STATES = {
    ProvisionStatus.AWAITS_PROVISION: RoomState.AWAITS,
    ProvisionStatus.STARTING_TO_PROVISION: RoomState.MAKING,
    ProvisionStatus.PROVISIONED_OK: RoomState.READY,
    ProvisionStatus.PROVISION_PROBLEMS: RoomState.PROBLEM,
    ProvisionStatus.STARTING_TO_DEPROVISION: RoomState.CLOSED,
    ProvisionStatus.DEPROVISION_OK: RoomState.CLOSED,
    ProvisionStatus.DEPROVISION_PROBLEMS: RoomState.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What VDX said of one day. ``mine`` are the meetings that we organise."""

    at: datetime
    meetings: Mapping[UUID, BookedMeeting] = field(default_factory=dict)
    mine: frozenset[UUID] = frozenset()
    statuses: Mapping[UUID, ProvisionStatus] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known here of one consultation. ``problem`` is what went wrong with it last."""

    consultation: Consultation
    parties: tuple[PartyStatus, ...] = ()
    links: Mapping[str, Secret] = field(default_factory=dict)
    problem: Problem | None = None
    is_waiting: bool = True
    """False once it was begun, called off or is over: the calendar only shows it then."""
    is_busy: bool = False
    undoable: Undoable | None = None


def in_order(entries: Iterable[AgendaEntry]) -> tuple[AgendaEntry, ...]:
    """Return the entries as the clock goes."""
    return tuple(sorted(entries, key=lambda one: (one.start, one.meeting_id)))


def room_state(meeting_id: UUID, end: datetime, heard: Heard | None, now: datetime) -> RoomState:
    """Say how far the room is. VDX lists a room neither while it makes it nor when it has taken it down."""
    if heard is None:
        return RoomState.UNASKED
    status = heard.statuses.get(meeting_id)
    if status is not None:
        return _STATES[status]
    if meeting_id not in heard.meetings:
        return RoomState.GONE
    return RoomState.MAKING if now < end else RoomState.CLOSED


def own_entry(known: Known, heard: Heard | None, now: datetime) -> AgendaEntry:
    """Return the entry of a consultation that was booked from here."""
    one = known.consultation
    meeting = heard.meetings.get(one.meeting_id) if heard else None
    start, end = (meeting.start, meeting.end) if meeting else (one.plan.start, one.plan.end)
    is_booked = one.stage not in (Stage.PLANNED, Stage.BOOKING)
    room = room_state(one.meeting_id, end, heard, now) if is_booked else RoomState.UNASKED
    return AgendaEntry(
        meeting_id=one.meeting_id,
        start=start,
        end=end,
        room=room,
        subject=meeting.subject if meeting else "",
        organiser=meeting.organised_by if meeting else one.plan.organised_by,
        consultation_id=one.id,
        stage=one.stage,
        context=one.context,
        parties=known.parties or tuple(PartyStatus(party) for party in one.plan.parties),
        links=known.links,
        problem=known.problem or _disagreement(one, meeting, room),
        actions=_actions(known, now),
        is_busy=known.is_busy,
        undoable=known.undoable,
    )


def foreign_entry(meeting: BookedMeeting, heard: Heard, now: datetime) -> AgendaEntry:
    """Return the entry of a meeting that VDX has and this program did not book."""
    return AgendaEntry(
        meeting_id=meeting.meeting_id,
        start=meeting.start,
        end=meeting.end,
        room=room_state(meeting.meeting_id, meeting.end, heard, now),
        subject=meeting.subject,
        organiser=meeting.organised_by,
        is_own=meeting.meeting_id in heard.mine,
    )


def _actions(known: Known, now: datetime) -> frozenset[EntryAction]:
    one = known.consultation
    if known.is_busy:
        return frozenset()
    if not known.is_waiting:
        return frozenset({EntryAction.PROLONG}) if one.stage in (Stage.INVITED, Stage.IN_CALL) else frozenset()
    if one.stage is not Stage.SCHEDULED or one.moving_to is not None:
        return frozenset({EntryAction.RETRY, EntryAction.CANCEL})
    able = {EntryAction.CANCEL}
    if now < one.plan.end:
        able |= {EntryAction.MOVE, EntryAction.PROLONG}
    if can_begin(one, now):
        able.add(EntryAction.START)
    return frozenset(able)


def _disagreement(one: Consultation, meeting: BookedMeeting | None, room: RoomState) -> Problem | None:
    """Say when VDX and the letters we sent do not tell the same."""
    if one.stage in FINISHED or one.stage is not Stage.SCHEDULED:
        return None
    if room is RoomState.GONE:
        return Problem("agenda.gone")
    if room is RoomState.PROBLEM:
        return Problem("room.failed")
    if meeting is not None and _second(meeting.start) != _second(one.plan.start):
        return Problem("agenda.other_time")
    return None


def _second(moment: datetime) -> int:
    return int(moment.timestamp())
