"""The life of one consultation as a table: from (stage, event) to the next stage.

Everything the doctor started is somewhere in this table, also after a crash: the store keeps the stage, and
``unfinished`` says which stages must be taken up again when the program starts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.room import Room


class Stage(StrEnum):
    PLANNED = "planned"
    BOOKING = "booking"
    """A booking may exist at VDX: ask before doing it again."""
    READY = "ready"
    """The room exists and is safe."""
    LOCKED = "locked"
    """We are host in the room and it is locked; now invitations may go out."""
    INVITED = "invited"
    """Every invitation is in the outbox."""
    SCHEDULED = "scheduled"
    """Booked, safe and told to everybody; its time is still ahead."""
    IN_CALL = "in_call"
    ENDED = "ended"
    """Over, and the record has not got its note yet."""
    CLOSED = "closed"
    CANCELLING = "cancelling"
    """The parties are being told and the room is to be given back."""
    CANCELLED = "cancelled"

    @property
    def is_off(self) -> bool:
        """True once it has been decided that the consultation is called off."""
        return self in (Stage.CANCELLING, Stage.CANCELLED)


class Event(StrEnum):
    BOOKING_STARTED = "booking_started"
    ROOM_READY = "room_ready"
    ROOM_LOCKED = "room_locked"
    PARTIES_INVITED = "parties_invited"
    MEDIA_STARTED = "media_started"
    CALL_ENDED = "call_ended"
    NOTE_WRITTEN = "note_written"
    NOTE_DECLINED = "note_declined"
    CANCEL_WANTED = "cancel_wanted"
    CANCEL_DONE = "cancel_done"
    ROOM_LOST = "room_lost"
    """The room is not at VDX any longer: it must be booked again."""
    SCHEDULED = "scheduled"
    """Everybody has been told when it is; also after every change of it."""
    LAPSED = "lapsed"
    """Its time went by and nobody began it."""


_TABLE: dict[tuple[Stage, Event], Stage] = {
    (Stage.PLANNED, Event.BOOKING_STARTED): Stage.BOOKING,
    (Stage.BOOKING, Event.BOOKING_STARTED): Stage.BOOKING,
    (Stage.BOOKING, Event.ROOM_READY): Stage.READY,
    (Stage.READY, Event.ROOM_LOCKED): Stage.LOCKED,
    (Stage.LOCKED, Event.ROOM_LOCKED): Stage.LOCKED,
    (Stage.LOCKED, Event.PARTIES_INVITED): Stage.INVITED,
    (Stage.INVITED, Event.ROOM_LOCKED): Stage.INVITED,
    (Stage.INVITED, Event.PARTIES_INVITED): Stage.INVITED,
    (Stage.INVITED, Event.MEDIA_STARTED): Stage.IN_CALL,
    (Stage.IN_CALL, Event.MEDIA_STARTED): Stage.IN_CALL,
    (Stage.IN_CALL, Event.ROOM_LOCKED): Stage.IN_CALL,
    (Stage.IN_CALL, Event.PARTIES_INVITED): Stage.IN_CALL,
    (Stage.ENDED, Event.CALL_ENDED): Stage.ENDED,
    (Stage.ENDED, Event.NOTE_WRITTEN): Stage.CLOSED,
    (Stage.ENDED, Event.NOTE_DECLINED): Stage.CLOSED,
    (Stage.READY, Event.ROOM_LOST): Stage.BOOKING,
    (Stage.READY, Event.SCHEDULED): Stage.SCHEDULED,
    (Stage.SCHEDULED, Event.SCHEDULED): Stage.SCHEDULED,
    # The invitations are out already, so the way into the call goes past them.
    (Stage.SCHEDULED, Event.ROOM_LOCKED): Stage.INVITED,
    (Stage.SCHEDULED, Event.ROOM_LOST): Stage.BOOKING,
    # Put off to another time: back into the calendar, to be booked anew and told.
    (Stage.INVITED, Event.SCHEDULED): Stage.SCHEDULED,
    (Stage.IN_CALL, Event.SCHEDULED): Stage.SCHEDULED,
    (Stage.SCHEDULED, Event.LAPSED): Stage.CLOSED,
    (Stage.CANCELLING, Event.CANCEL_WANTED): Stage.CANCELLING,
    (Stage.CANCELLING, Event.CANCEL_DONE): Stage.CANCELLED,
}

_UNDER_WAY = (
    *(Stage.PLANNED, Stage.BOOKING, Stage.READY, Stage.SCHEDULED),
    *(Stage.LOCKED, Stage.INVITED, Stage.IN_CALL),
)
_TABLE |= {(stage, Event.CANCEL_WANTED): Stage.CANCELLING for stage in _UNDER_WAY}
# Also before the room is ready: when VDX fails, the doctor goes on by telephone and it is still one visit.
_TABLE |= {(stage, Event.CALL_ENDED): Stage.ENDED for stage in _UNDER_WAY}

FINISHED = frozenset({Stage.CLOSED, Stage.CANCELLED})


class NotAllowed(ValueError):
    """The event does not fit the stage: a mistake of ours, not of the user."""


def advance(stage: Stage, event: Event) -> Stage:
    """Return the next stage. Raises NotAllowed when the table has no such row."""
    try:
        return _TABLE[stage, event]
    except KeyError:
        raise NotAllowed(f"{event} does not fit {stage}") from None


class EndReason(StrEnum):
    """How a consultation ended."""

    HELD = "held"
    NO_SHOW = "no_show"
    TO_PHONE = "to_phone"
    TECHNICAL = "technical"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Consultation:
    """One consultation. ``context`` is the snapshot it is bound to for ever."""

    id: UUID
    meeting_id: UUID
    """The uuid under which the room is booked at VDX."""
    stage: Stage
    context: ClinicContext
    plan: Plan
    created_at: datetime
    room: Room | None = None
    started_at: datetime | None = None
    """When media first flowed."""
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    moving_to: tuple[datetime, datetime] | None = None
    """Start and end that VDX was to be asked for; kept until it is known what came of it."""

    def after(self, event: Event) -> Consultation:
        """Return the consultation one step on in its life. Raises NotAllowed."""
        return replace(self, stage=advance(self.stage, event))

    def allows(self, event: Event) -> bool:
        """True when ``after(event)`` would be allowed."""
        return (self.stage, event) in _TABLE

    @property
    def is_under_way(self) -> bool:
        """True from the plan to the end of the call: neither over nor being called off."""
        return self.stage in _UNDER_WAY

    @property
    def is_finished(self) -> bool:
        return self.stage in FINISHED

    @property
    def is_for_later(self) -> bool:
        """True for one that was booked ahead, False for one begun with a click on Start video."""
        return self.plan.start > self.created_at

    @property
    def waits_for_its_time(self) -> bool:
        """True while it belongs to the calendar: booked ahead, or being booked, and not begun."""
        return self.stage is Stage.SCHEDULED or (self.is_for_later and self.stage in (Stage.BOOKING, Stage.READY))
