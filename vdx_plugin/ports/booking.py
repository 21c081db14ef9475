"""Rooms at VDX, for now and for later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.booked import BookedMeeting, Cancelled, EditOutcome, MeetingEdit, RoomTemplate, SeriesItem
from vdx_plugin.domain.room import MeetingDraft, ProvisionStatus, Room


class RoomBooking(Protocol):
    """Rooms at VDX. Every call may be repeated with the same meeting id without doing harm."""

    async def book(self, draft: MeetingDraft, on_status: Callable[[ProvisionStatus], None]) -> Room:
        """Book, read the room back, make it safe and wait until it can be dialled.

        An existing booking of the same ``meeting_id`` is taken up where it stands. ``on_status`` hears of each change.
        Raises Unavailable, OutcomeUnknown, SignInNeeded, Refused (``room.*`` where the room cannot be made safe).
        Cancelling the task leaves the booking as it is; ``lookup`` tells.
        """
        ...

    async def lookup(self, meeting_id: UUID) -> Room | None:
        """Return the room as VDX knows it now, None if the booking does not exist."""
        ...

    async def is_reachable(self) -> bool:
        """Say whether VDX answers us now. Raises nothing."""
        ...

    async def close(self, meeting_id: UUID, now: datetime) -> None:
        """Give the room back, whatever its state; a booking that does not exist is fine."""
        ...


class MeetingBook(Protocol):
    """Meetings for later: the practice's own calendar at VDX.

    Every change is read back, because VDX answers 200 to what it drops. All errors are those of ``RoomBooking``.
    """

    async def own(self, start: datetime, end: datetime, *, everyone: bool = False) -> list[BookedMeeting]:
        """Return the meetings that begin in the window, oldest first: those we organise, or the practice's."""
        ...

    def known(self, start: datetime, end: datetime) -> list[BookedMeeting]:
        """Return what was last heard of that window, at once and without asking."""
        ...

    def search(self, text: str, *, limit: int = 50) -> list[BookedMeeting]:
        """Find among what was heard by subject, label or organiser, newest first."""
        ...

    async def book(self, draft: MeetingDraft) -> BookedMeeting:
        """Book with PINs of our own and return without waiting for the room. May be repeated with the same id.

        Raises Refused(``vdx.colleague``, field ``organizedByEmail``) when the role does not allow booking for
        ``draft.organised_by``; then nothing is left booked.
        """
        ...

    async def book_series(self, drafts: Sequence[MeetingDraft]) -> list[SeriesItem]:
        """Book each; one that fails does not stop the others, unless no other could succeed either."""
        ...

    async def edit(self, meeting_id: UUID, edit: MeetingEdit) -> EditOutcome:
        """Move, prolong, rename or hand over, then read back. What VDX kept is in the outcome, not an error.

        Waits while VDX is making the room. Raises Conflict(``vdx.state``) when it takes no change any more.
        """
        ...

    async def cancel(self, meeting_id: UUID, now: datetime) -> Cancelled:
        """Call a meeting off in the way its room's state allows. Harmless to repeat."""
        ...

    async def room(self, meeting_id: UUID) -> Room:
        """Return the room of a meeting that we may see. Raises Refused, NotFound; no PIN of others is ever read."""
        ...

    async def statuses(self, start: datetime, end: datetime) -> dict[UUID, ProvisionStatus]:
        """Return how far the rooms of a window are, in a few requests for all of them."""
        ...

    async def templates(self) -> list[RoomTemplate]:
        """Return the recipes for rooms that the organisation has."""
        ...


class DraftCheck(Protocol):
    """Says what VDX would refuse or mistake, before anything is sent. Pure, so it may be called on any thread."""

    def __call__(self, draft: MeetingDraft, now: datetime) -> Mapping[str, str]:
        """Return a sentence for each field at fault, by the API's own name of it."""
        ...


class CheckState(StrEnum):
    """How one step of a diagnosis went."""

    GOOD = "good"
    WEAK = "weak"
    """It works, but not as well as it could."""
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DiagnosisLine:
    """One step of a diagnosis in words."""

    title: str
    state: CheckState
    sentence: str


@dataclass(frozen=True, slots=True)
class DiagnosisReport:
    """All steps, and ``text`` to send to support: it names no person, no patient and no address below a host."""

    at: datetime
    lines: tuple[DiagnosisLine, ...]
    text: str
    is_well: bool


class Examiner(Protocol):
    """Answers "Can I reach VDX?" step by step. Changes nothing there."""

    async def examine(self, on_line: Callable[[DiagnosisLine], object]) -> DiagnosisReport:
        """Go through every step; ``on_line`` hears of each as soon as it is known. Raises nothing of ours."""
        ...
