"""What to do next with a message, as tables: from what happened to the row's new state, the next try and the news.

Pure. Source: MedCom Governance for FHIR Messaging, MR1 to MR8, and its papers 020 and 043: an acknowledgement is
expected within 30 minutes, the first one counts and later ones are logged, except that ok or fatal-error after
transient-error wins. How often a letter may be sent again is twice in one paper and three times in another; where it is
converted on the way, the conversion service allows 120 minutes for the answer. So the numbers are settings within
these bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from vdx_plugin.domain.parties import Channel, InvitationState, LetterFormat
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
from vdx_plugin.ports import NEVER_ARRIVED, SHOWN_AS, MessageKind, OutboxRow, OutboxState

S = OutboxState
TOO_SLOW_FOR = timedelta(hours=2)
"""A meeting nearer than this should not hang on a letter: acknowledgements take half an hour, reading it longer."""


# --- which state follows which --------------------------------------------------------------------------------------


class Event(Enum):
    """What can happen to a message."""

    CLAIMED = auto()
    TAKEN = auto()
    """Handed over, and to be acknowledged."""
    GONE = auto()
    """Handed over, and nobody will acknowledge it."""
    NOT_YET = auto()
    """Not taken, or a passing fault of the receiver's, and to be tried again."""
    IN_DOUBT = auto()
    """It may have arrived, and is not repeated."""
    GAVE_UP = auto()
    TURNED_DOWN = auto()
    ACKNOWLEDGED = auto()
    ANSWERED = auto()
    TOO_LATE = auto()
    NOT_NEEDED = auto()
    ASKED_AGAIN = auto()
    """A person wants it sent once more."""
    TOLD_BY_HAND = auto()


_HEARD = {
    Event.ACKNOWLEDGED: S.ACKNOWLEDGED,
    Event.ANSWERED: S.ANSWERED,
    Event.TURNED_DOWN: S.IN_ERROR,
}
_BY_A_PERSON = {Event.ASKED_AGAIN: S.WAITING_FOR_RETRY, Event.TOLD_BY_HAND: S.BY_HAND}
_BY_HAND = {Event.TOLD_BY_HAND: S.BY_HAND}
_ANSWERED = {Event.ANSWERED: S.ANSWERED}
_AGAIN_OR_NOT = {Event.NOT_YET: S.WAITING_FOR_RETRY, Event.GAVE_UP: S.FAILED}

TABLE: Mapping[OutboxState, Mapping[Event, OutboxState]] = {
    S.QUEUED: {Event.CLAIMED: S.SENDING, Event.NOT_NEEDED: S.WITHDRAWN, **_BY_HAND},
    S.SENDING: {
        Event.TAKEN: S.AWAITING_ACK,
        Event.GONE: S.SENT,
        Event.IN_DOUBT: S.UNKNOWN,
        Event.TOO_LATE: S.EXPIRED,
        Event.NOT_NEEDED: S.WITHDRAWN,
        **_AGAIN_OR_NOT,
        **_HEARD,
        **_BY_HAND,
    },
    S.WAITING_FOR_RETRY: {Event.CLAIMED: S.SENDING, **_HEARD, **_BY_HAND},
    # Acknowledged: a gateway's word that the telephone has the text message.
    S.SENT: {**_AGAIN_OR_NOT, **_HEARD, **_BY_A_PERSON},
    S.AWAITING_ACK: {Event.CLAIMED: S.SENDING, **_AGAIN_OR_NOT, **_HEARD, **_BY_A_PERSON},
    S.ACKNOWLEDGED: _ANSWERED,
    S.ANSWERED: _ANSWERED,
    S.IN_ERROR: {**_ANSWERED, **_BY_A_PERSON},
    S.FAILED: {**_HEARD, **_BY_A_PERSON},
    S.UNKNOWN: {**_AGAIN_OR_NOT, **_HEARD, **_BY_A_PERSON},
    S.EXPIRED: {**_ANSWERED, **_BY_HAND},
    S.WITHDRAWN: {},
    S.BY_HAND: _ANSWERED,
}
"""What happens to a message in a state; an event that is missing there changes nothing and is at most logged."""


# --- how patient we are ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an acknowledgement may take, and how often its letter is then sent again by itself."""

    answer_within: timedelta
    max_resends: int


@dataclass(frozen=True, slots=True)
class Limits:
    """``waits_s`` are the pauses between tries that were not taken, in seconds; the last one is then repeated."""

    waits_s: tuple[float, ...] = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
    native: Patience = Patience(timedelta(minutes=30), 2)
    converted: Patience = Patience(timedelta(minutes=120), 0)
    warn_after: timedelta = timedelta(minutes=30)
    """The user hears of silence, whatever the receiver's format."""
    keep_trying: timedelta = timedelta(hours=72)
    """What nobody takes is tried so long: small receivers switch off over the weekend."""
    max_doubts: int = 8
    """How often a letter is repeated of which each time nobody knows whether it was taken."""

    def patience(self, row: OutboxRow) -> Patience:
        """Return the limits of the row's receiver."""
        return self.converted if row.draft.format is LetterFormat.CONVERTED else self.native


@dataclass(frozen=True, slots=True)
class Step:
    """The row's next state. ``handed_over``: it has been sent, or may have been."""

    state: OutboxState
    problem: str = ""
    next_attempt_at: datetime | None = None
    handed_over: bool = False


def _step(
    row: OutboxRow, event: Event, problem: str = "", next_at: datetime | None = None, *, out: bool = False
) -> Step:
    return Step(TABLE[row.state][event], problem, next_at, out)


# --- before a try ---------------------------------------------------------------------------------------------------


def before_try(row: OutboxRow, now: datetime, limits: Limits) -> Step | None:
    """Return what becomes of a claimed row that is not to be sent now; None for one that is."""
    draft = row.draft
    if draft.expires_at is not None and now >= draft.expires_at:
        return _step(row, Event.IN_DOUBT, "invite.no_answer") if row.sends else _too_late(row)
    if row.earlier and NEVER_ARRIVED.issuperset(row.earlier):
        return _after_one_that_failed(row)
    if row.is_overtaken and row.sends:
        # What came later repeats every text of its thread, and its own acknowledgement is waited for.
        return _step(row, Event.TAKEN, row.problem)
    if row.was is S.AWAITING_ACK:
        return _unanswered(row, now, limits)
    return None


def _too_late(row: OutboxRow) -> Step:
    return _step(row, Event.TOO_LATE, "invite.expired")


def _after_one_that_failed(row: OutboxRow) -> Step:
    """A message of a thread that its receiver has never seen."""
    told_by_phone = S.BY_HAND in row.earlier
    if row.draft.kind is MessageKind.CANCELLATION and not told_by_phone:
        return _step(row, Event.NOT_NEEDED)
    return _step(row, Event.GAVE_UP, "invite.thread_failed")


def _unanswered(row: OutboxRow, now: datetime, limits: Limits) -> Step | None:
    patience = limits.patience(row)
    rest = patience.answer_within - limits.warn_after
    if rest > timedelta() and row.problem != "invite.no_answer":
        return _step(row, Event.TAKEN, "invite.no_answer", now + rest)
    if row.sends > patience.max_resends:
        return _step(row, Event.IN_DOUBT, "invite.call_them")
    return None


def is_unanswered(row: OutboxRow) -> bool:
    """True for a claimed row that goes out again because its acknowledgement is overdue."""
    return row.was is S.AWAITING_ACK


# --- after a try ----------------------------------------------------------------------------------------------------


class Outcome(Enum):
    """How one try ended."""

    TAKEN = auto()
    NOT_TAKEN = auto()
    UNKNOWN = auto()
    TURNED_DOWN = auto()
    NOT_SET_UP = auto()
    INVALID = auto()
    CANNOT_RECEIVE = auto()
    """Not sent: the national register says that the receiver's system takes no such letters."""


def outcome_of(error: VdxError) -> Outcome:
    """Say what an error of a Carrier, or of the check before it, means for the message."""
    if error.code == "invite.invalid" or isinstance(error, Unreadable | Unsupported):
        return Outcome.INVALID
    if error.code == "invite.cannot_receive":
        return Outcome.CANNOT_RECEIVE
    if isinstance(error, OutcomeUnknown):
        return Outcome.UNKNOWN
    if isinstance(error, Unavailable):
        return Outcome.NOT_TAKEN
    if isinstance(error, SignInNeeded | Misconfigured):
        return Outcome.NOT_SET_UP
    return Outcome.TURNED_DOWN


def after_try(row: OutboxRow, outcome: Outcome, now: datetime, limits: Limits) -> Step:
    """Return what becomes of a row whose try, counted in ``attempts``, ended like this."""
    by_letter = row.draft.channel is Channel.MEDCOM
    if outcome is Outcome.INVALID:
        return _step(row, Event.GAVE_UP, "invite.invalid")
    if outcome is Outcome.CANNOT_RECEIVE:
        return _step(row, Event.GAVE_UP, "invite.cannot_receive")
    if outcome is Outcome.NOT_SET_UP:
        return _step(row, Event.GAVE_UP, "invite.setup")
    if outcome is Outcome.TURNED_DOWN:
        event = Event.TURNED_DOWN if by_letter else Event.GAVE_UP
        return _step(row, event, "invite.rejected" if by_letter else _lost(row))
    if outcome is Outcome.TAKEN:
        return _taken(row, now, limits)
    if outcome is Outcome.UNKNOWN and not (by_letter and row.attempts < limits.max_doubts):
        # A letter under the same id is harmless to repeat; a second mail would be a second mail.
        return _step(row, Event.IN_DOUBT, "invite.unknown", out=True)
    return _not_taken(row, now, limits)


def _taken(row: OutboxRow, now: datetime, limits: Limits) -> Step:
    if row.draft.channel is not Channel.MEDCOM or row.draft.kind is MessageKind.ACKNOWLEDGEMENT:
        return _step(row, Event.GONE, out=True)
    first_look = min(limits.warn_after, limits.patience(row).answer_within)
    problem = "invite.soon" if is_too_near(row, now) else ""
    return _step(row, Event.TAKEN, problem, now + first_look, out=True)


def is_too_near(row: OutboxRow, now: datetime) -> bool:
    """True for an invitation to a meeting for which a letter may be too slow."""
    starts_at = row.draft.starts_at
    return row.draft.kind is MessageKind.INVITATION and starts_at is not None and starts_at - now < TOO_SLOW_FOR


def _not_taken(row: OutboxRow, now: datetime, limits: Limits) -> Step:
    waited = now - (row.queued_at or row.created_at)
    if waited >= limits.keep_trying:
        by_letter = row.draft.channel is Channel.MEDCOM
        return _step(row, Event.GAVE_UP, "invite.gave_up" if by_letter else _lost(row))
    problem = "invite.unreachable" if waited < limits.warn_after else "invite.not_out"
    return _step(row, Event.NOT_YET, problem, _pause(row, now, limits))


def _lost(row: OutboxRow) -> str:
    return "invite.sms_failed" if row.draft.channel is Channel.SMS else "invite.mail_failed"


def _pause(row: OutboxRow, now: datetime, limits: Limits) -> datetime:
    number = min(max(row.attempts - 1, 0), len(limits.waits_s) - 1)
    return now + timedelta(seconds=limits.waits_s[number])


# --- what is heard --------------------------------------------------------------------------------------------------

_ACK_EVENTS = {AckCode.OK: Event.ACKNOWLEDGED, AckCode.FATAL: Event.TURNED_DOWN}


def after_acknowledgement(row: OutboxRow, code: AckCode, now: datetime, limits: Limits) -> Step | None:
    """Return what becomes of a row when its acknowledgement comes; None when the first one has been heard already."""
    if row.draft.kind is MessageKind.ACKNOWLEDGEMENT:
        return None
    event = _ACK_EVENTS.get(code)
    if event is None:
        return _after_passing_fault(row, now, limits)
    if event not in TABLE[row.state]:
        return None
    return _step(row, event, "invite.rejected" if event is Event.TURNED_DOWN else "")


def after_bounce(row: OutboxRow, now: datetime, limits: Limits, *, may_retry: bool) -> Step | None:
    """Return what becomes of a row that the network could not bring to its mailbox; None when it is over already."""
    if may_retry:
        return _after_passing_fault(row, now, limits)
    return _step(row, Event.TURNED_DOWN, "invite.rejected") if Event.TURNED_DOWN in TABLE[row.state] else None


def _after_passing_fault(row: OutboxRow, now: datetime, limits: Limits) -> Step | None:
    if Event.NOT_YET not in TABLE[row.state]:
        # A repeat of the transient-error that is being waited out, or that ended our patience.
        return None
    sends = row.sends + (row.state is S.SENDING)
    if sends <= limits.native.max_resends:
        return _step(row, Event.NOT_YET, "invite.transient", _pause(row, now, limits))
    return _step(row, Event.GAVE_UP, "invite.gave_up")


def after_reply(row: OutboxRow) -> Step | None:
    """Return what becomes of a row whose thread somebody answered in; None for one that was never out."""
    return _step(row, Event.ANSWERED) if Event.ANSWERED in TABLE[row.state] else None


def after_report(row: OutboxRow, *, has_arrived: bool) -> Step:
    """Return what becomes of a text message that was taken, by the gateway's later word."""
    return _step(row, Event.ACKNOWLEDGED) if has_arrived else _step(row, Event.GAVE_UP, _lost(row))


# --- what the desk hears --------------------------------------------------------------------------------------------

# A cancellation is told when it has arrived, or when it has not: in between nothing is known that helps.
_OFF_SHOWN_AS: Mapping[OutboxState, InvitationState | None] = dict(SHOWN_AS) | {
    S.QUEUED: None,
    S.SENDING: None,
    S.WAITING_FOR_RETRY: None,
    S.SENT: None,
    S.AWAITING_ACK: None,
    S.ACKNOWLEDGED: InvitationState.WITHDRAWN,
    S.BY_HAND: InvitationState.WITHDRAWN,
}


def news_of(row: OutboxRow, state: OutboxState) -> InvitationState | None:
    """Say what the desk should hear when a row comes into a state; None for nothing."""
    if row.draft.kind is MessageKind.INVITATION:
        return SHOWN_AS[state]
    if row.draft.kind is MessageKind.CANCELLATION:
        if row.draft.channel is not Channel.MEDCOM and state is S.SENT:
            return InvitationState.WITHDRAWN
        return _OFF_SHOWN_AS[state]
    return None
