"""What to do next with a message, as tables: from what happened to the row's new state, the next try and the news.

Pure. Source: MedCom Governance for FHIR Messaging, MR1 to MR8, and its papers 020 and 043: an acknowledgement is
expected within 30 minutes, a message is sent again at most twice, the first acknowledgement counts and later ones are
logged, except that ok or fatal-error after transient-error wins. The papers disagree about the numbers, so they are
settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from vdx_plugin.domain.parties import Channel, InvitationState
from vdx_plugin.errors import (
    Misconfigured,
    OutcomeUnknown,
    SignInNeeded,
    Unavailable,
    Unreadable,
    Unsupported,
    VdxError,
)
from vdx_plugin.invitations.acknowledgement import AckCode
from vdx_plugin.ports import MessageKind, OutboxRow, OutboxState


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient we are. ``waits_s`` are the pauses between tries that were not taken, in seconds."""

    waits_s: tuple[float, ...] = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
    answer_within: timedelta = timedelta(minutes=30)
    max_resends: int = 2
    """For receivers that read FHIR themselves; 0 where messages are converted on the way."""

    @property
    def max_attempts(self) -> int:
        return len(self.waits_s) + 1


class Outcome(Enum):
    """How one try ended."""

    TAKEN = auto()
    NOT_TAKEN = auto()
    UNKNOWN = auto()
    TURNED_DOWN = auto()
    NOT_SET_UP = auto()
    INVALID = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """The row's next state. ``watch_until`` asks for news when no acknowledgement has come by then."""

    state: OutboxState
    problem: str = ""
    next_attempt_at: datetime | None = None
    watch_until: datetime | None = None


def outcome_of(error: VdxError) -> Outcome:
    """Say what an error of a Carrier, or of the check before it, means for the message."""
    if error.code == "invite.invalid" or isinstance(error, Unreadable | Unsupported):
        return Outcome.INVALID
    if isinstance(error, OutcomeUnknown):
        return Outcome.UNKNOWN
    if isinstance(error, Unavailable):
        return Outcome.NOT_TAKEN
    if isinstance(error, SignInNeeded | Misconfigured):
        return Outcome.NOT_SET_UP
    return Outcome.TURNED_DOWN


def after_try(row: OutboxRow, outcome: Outcome, now: datetime, limits: Limits) -> Step:
    """Return what becomes of a row whose try, counted in ``attempts``, ended like this."""
    if outcome is Outcome.INVALID:
        return Step(OutboxState.FAILED, "invite.invalid")
    if outcome is Outcome.NOT_SET_UP:
        return Step(OutboxState.FAILED, "invite.setup")
    if row.draft.channel is Channel.MEDCOM:
        return _after_medcom(row, outcome, now, limits)
    return _after_mail(row, outcome, now, limits)


def _after_medcom(row: OutboxRow, outcome: Outcome, now: datetime, limits: Limits) -> Step:
    if outcome is Outcome.TURNED_DOWN:
        return Step(OutboxState.REJECTED, "invite.rejected")
    if outcome is Outcome.TAKEN:
        return _taken(row, now, limits)
    # The same letter id makes a repeat harmless, so an unknown outcome is tried again like one that was not taken.
    if row.attempts < limits.max_attempts:
        return Step(OutboxState.QUEUED, "invite.unreachable", _pause(row, now, limits))
    if row.sent_at is not None:
        return Step(OutboxState.SENT, "invite.no_answer")
    if outcome is Outcome.UNKNOWN:
        return Step(OutboxState.UNKNOWN, "invite.unknown")
    return Step(OutboxState.FAILED, "invite.gave_up")


def _taken(row: OutboxRow, now: datetime, limits: Limits) -> Step:
    if row.draft.kind is MessageKind.ACKNOWLEDGEMENT:
        # Acknowledgements are never acknowledged.
        return Step(OutboxState.SENT)
    deadline = now + limits.answer_within
    if row.attempts <= limits.max_resends:
        return Step(OutboxState.SENT, next_attempt_at=deadline)
    return Step(OutboxState.SENT, watch_until=deadline)


def _after_mail(row: OutboxRow, outcome: Outcome, now: datetime, limits: Limits) -> Step:
    if outcome is Outcome.TAKEN:
        return Step(OutboxState.SENT)
    if outcome is Outcome.UNKNOWN:
        return Step(OutboxState.UNKNOWN, "invite.unknown")
    if outcome is Outcome.NOT_TAKEN and row.attempts < limits.max_attempts:
        return Step(OutboxState.QUEUED, "invite.unreachable", _pause(row, now, limits))
    return Step(OutboxState.FAILED, "invite.mail_failed")


def _pause(row: OutboxRow, now: datetime, limits: Limits) -> datetime:
    return now + timedelta(seconds=limits.waits_s[max(row.attempts - 1, 0)])


# An acknowledgement may come before the send returns, after we gave up, twice, or against an earlier one.
_OPEN = frozenset({OutboxState.QUEUED, OutboxState.SENDING, OutboxState.SENT, OutboxState.UNKNOWN, OutboxState.FAILED})


def after_acknowledgement(row: OutboxRow, code: AckCode, now: datetime, limits: Limits) -> Step | None:
    """Return what becomes of a row when its acknowledgement comes; None when the first one has been heard already."""
    if row.state not in _OPEN or row.draft.kind is MessageKind.ACKNOWLEDGEMENT:
        return None
    if code is AckCode.OK:
        return Step(OutboxState.ACKNOWLEDGED)
    return _after_no(row, now, limits, may_retry=code is AckCode.TRANSIENT)


def after_bounce(row: OutboxRow, now: datetime, limits: Limits, *, may_retry: bool) -> Step | None:
    """Return what becomes of a row that the network could not bring to its mailbox; None when it is over already."""
    return _after_no(row, now, limits, may_retry=may_retry) if row.state in _OPEN else None


def _after_no(row: OutboxRow, now: datetime, limits: Limits, *, may_retry: bool) -> Step | None:
    if not may_retry:
        return Step(OutboxState.REJECTED, "invite.rejected")
    if row.state in (OutboxState.QUEUED, OutboxState.FAILED):
        # A repeat of the transient-error that is being waited out, or that ended our patience.
        return None
    if row.attempts <= limits.max_resends:
        return Step(OutboxState.QUEUED, "invite.transient", _pause(row, now, limits))
    return Step(OutboxState.FAILED, "invite.gave_up")


def is_unanswered(row: OutboxRow, now: datetime, limits: Limits) -> bool:
    """True for a claimed row that was taken long enough ago that its acknowledgement is overdue."""
    if row.draft.channel is not Channel.MEDCOM or row.draft.kind is MessageKind.ACKNOWLEDGEMENT:
        return False
    if row.problem:
        # Something was heard since: a transient-error, or an endpoint that was away.
        return False
    return row.sent_at is not None and row.settled_at is None and now - row.sent_at >= limits.answer_within


_NEWS = {
    OutboxState.QUEUED: InvitationState.QUEUED,
    OutboxState.SENT: InvitationState.SENT,
    OutboxState.ACKNOWLEDGED: InvitationState.DELIVERED,
    OutboxState.ANSWERED: InvitationState.ANSWERED,
    OutboxState.REJECTED: InvitationState.REJECTED,
    OutboxState.UNKNOWN: InvitationState.UNKNOWN,
    OutboxState.FAILED: InvitationState.FAILED,
}
# A cancellation is told when it has arrived, or when it has not: in between nothing is known that helps.
_CANCELLATION_NEWS = {
    OutboxState.ACKNOWLEDGED: InvitationState.WITHDRAWN,
    OutboxState.ANSWERED: InvitationState.ANSWERED,
    OutboxState.REJECTED: InvitationState.REJECTED,
    OutboxState.UNKNOWN: InvitationState.UNKNOWN,
    OutboxState.FAILED: InvitationState.FAILED,
}


def news_of(row: OutboxRow, state: OutboxState) -> InvitationState | None:
    """Say what the desk should hear when a row comes into a state; None for nothing."""
    if row.draft.kind is MessageKind.INVITATION:
        return _NEWS.get(state)
    if row.draft.kind is MessageKind.CANCELLATION:
        if row.draft.channel is not Channel.MEDCOM and state is OutboxState.SENT:
            return InvitationState.WITHDRAWN
        return _CANCELLATION_NEWS.get(state)
    return None
