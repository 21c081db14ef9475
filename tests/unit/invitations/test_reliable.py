"""What to do next, as columns of what happened and what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from tests.unit.invitations.fakes import row
from tests.unit.invitations.samples import HOSPITAL_PARTY, NOW, ROOM, composer, consultation, ids
from vdx_plugin.domain.parties import Channel, InvitationState, LetterFormat
from vdx_plugin.errors import (
    Conflict,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    SignInNeeded,
    Unavailable,
    Unreadable,
    Unsupported,
    VdxError,
)
from vdx_plugin.invitations.acknowledgement import AckCode
from vdx_plugin.invitations.reliable import (
    TABLE,
    Event,
    Limits,
    Outcome,
    Patience,
    Step,
    after_acknowledgement,
    after_try,
    before_try,
    news_of,
    outcome_of,
)
from vdx_plugin.ports import STRANDED, TO_BE_SENT, MessageKind, OutboxRow, OutboxState

DRAFT = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
LIMITS = Limits()
HALF_HOUR = NOW + timedelta(minutes=30)
S = OutboxState
M, E = Channel.MEDCOM, Channel.EMAIL


def in_seconds(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


# --- the table --------------------------------------------------------------------------------------------------------

LAST = {S.WITHDRAWN}
"""States that nothing leads out of."""


def test_every_state_has_its_row_and_every_event_its_use() -> None:
    """A state or event that is forgotten would only be missed on the day it comes."""
    assert set(TABLE) == set(OutboxState)
    assert {event for moves in TABLE.values() for event in moves} == set(Event)
    assert {state for state, moves in TABLE.items() if not moves} == LAST


def test_every_state_can_be_reached_from_the_queue() -> None:
    """A state that nothing leads to is a mistake in the table."""
    reached, new = {S.QUEUED}, {S.QUEUED}
    while new:
        new = {after for state in new for after in TABLE[state].values()} - reached
        reached |= new
    assert reached == set(OutboxState)


@pytest.mark.parametrize("state", sorted(STRANDED))
def test_no_dead_letter_is_without_a_way_out_for_a_person(state: OutboxState) -> None:
    """Told by phone always; sent again unless its time has gone by."""
    assert TABLE[state][Event.TOLD_BY_HAND] is S.BY_HAND
    assert (Event.ASKED_AGAIN in TABLE[state]) is (state is not S.EXPIRED)


@pytest.mark.parametrize("state", sorted(TO_BE_SENT))
def test_what_is_to_be_sent_leads_to_sending_and_sending_never_back_to_the_queue(state: OutboxState) -> None:
    """QUEUED means untouched: only then may a message be taken back silently."""
    assert state is S.SENDING or TABLE[state][Event.CLAIMED] is S.SENDING
    assert all(S.QUEUED not in moves.values() for moves in TABLE.values())


def test_every_rule_goes_only_where_the_table_leads() -> None:
    """Each outcome and each acknowledgement, in each state, for each kind and channel, first try and last."""
    kinds, attempts = list(MessageKind), (1, 3, 8)
    for kind, channel, count, outcome in product(kinds, (M, E), attempts, Outcome):
        claimed = row(DRAFT, attempts=count, channel=channel, kind=kind)
        assert after_try(claimed, outcome, NOW, LIMITS).state in TABLE[S.SENDING].values()
    for state, code, sends in product(OutboxState, AckCode, (0, 1, 4)):
        step = after_acknowledgement(row(DRAFT, state, sends=sends), code, NOW, LIMITS)
        assert step is None or step.state in TABLE[state].values()


# --- a try ------------------------------------------------------------------------------------------------------------

AWAITING = Step(S.AWAITING_ACK, "", HALF_HOUR, True)
TRIES = [
    # channel, attempts, outcome -> step
    (M, 1, Outcome.TAKEN, AWAITING),
    (M, 3, Outcome.TAKEN, AWAITING),
    (M, 1, Outcome.NOT_TAKEN, Step(S.WAITING_FOR_RETRY, "invite.unreachable", in_seconds(5))),
    (M, 7, Outcome.NOT_TAKEN, Step(S.WAITING_FOR_RETRY, "invite.unreachable", in_seconds(600))),
    (M, 99, Outcome.NOT_TAKEN, Step(S.WAITING_FOR_RETRY, "invite.unreachable", in_seconds(600))),
    (M, 1, Outcome.UNKNOWN, Step(S.WAITING_FOR_RETRY, "invite.unreachable", in_seconds(5))),
    (M, 8, Outcome.UNKNOWN, Step(S.UNKNOWN, "invite.unknown", None, True)),
    (M, 1, Outcome.TURNED_DOWN, Step(S.IN_ERROR, "invite.rejected")),
    (M, 1, Outcome.NOT_SET_UP, Step(S.FAILED, "invite.setup")),
    (M, 1, Outcome.INVALID, Step(S.FAILED, "invite.invalid")),
    (E, 1, Outcome.TAKEN, Step(S.SENT, "", None, True)),
    (E, 1, Outcome.NOT_TAKEN, Step(S.WAITING_FOR_RETRY, "invite.unreachable", in_seconds(5))),
    (E, 1, Outcome.UNKNOWN, Step(S.UNKNOWN, "invite.unknown", None, True)),
    (E, 1, Outcome.TURNED_DOWN, Step(S.FAILED, "invite.mail_failed")),
    (E, 1, Outcome.NOT_SET_UP, Step(S.FAILED, "invite.setup")),
]


@pytest.mark.parametrize(("channel", "attempts", "outcome", "step"), TRIES)
def test_after_a_try(channel: Channel, attempts: int, outcome: Outcome, step: Step) -> None:
    """A letter is repeated until taken, a mail never once it may have gone out."""
    assert after_try(row(DRAFT, attempts=attempts, channel=channel), outcome, NOW, LIMITS) == step


@pytest.mark.parametrize(
    ("hours", "state", "problem"),
    [
        (0.4, S.WAITING_FOR_RETRY, "invite.unreachable"),
        (0.5, S.WAITING_FOR_RETRY, "invite.not_out"),
        (24, S.WAITING_FOR_RETRY, "invite.not_out"),
        (72, S.FAILED, "invite.gave_up"),
        (-24, S.WAITING_FOR_RETRY, "invite.unreachable"),
    ],
)
def test_what_nobody_takes_is_tried_over_a_weekend(hours: float, state: OutboxState, problem: str) -> None:
    """After half an hour the user is asked to call; a clock set back ends nobody's patience."""
    step = after_try(row(DRAFT, attempts=20), Outcome.NOT_TAKEN, NOW + timedelta(hours=hours), LIMITS)
    assert (step.state, step.problem) == (state, problem)


def test_patience_begins_anew_when_a_person_asks_again() -> None:
    """Who clicks after a weekend wants more than one try."""
    again = replace(row(DRAFT), queued_at=NOW + timedelta(hours=80))
    assert after_try(again, Outcome.NOT_TAKEN, NOW + timedelta(hours=81), LIMITS).state is S.WAITING_FOR_RETRY


def test_an_acknowledgement_of_ours_waits_for_nothing() -> None:
    """Acknowledgements are never acknowledged, so silence is no reason to repeat one."""
    claimed = row(DRAFT, kind=MessageKind.ACKNOWLEDGEMENT)
    assert after_try(claimed, Outcome.TAKEN, NOW, LIMITS) == Step(S.SENT, handed_over=True)


@pytest.mark.parametrize(("minutes", "problem"), [(119, "invite.soon"), (-5, "invite.soon"), (120, "")])
def test_a_letter_to_a_meeting_that_is_near_says_at_once_that_it_may_be_too_slow(minutes: int, problem: str) -> None:
    """Half an hour for the acknowledgement, and then somebody has to read it."""
    near = row(replace(DRAFT, starts_at=NOW + timedelta(minutes=minutes)))
    assert after_try(near, Outcome.TAKEN, NOW, LIMITS).problem == problem


# --- silence ----------------------------------------------------------------------------------------------------------


def overdue(sends: int = 1, problem: str = "", form: LetterFormat = LetterFormat.NATIVE) -> OutboxRow:
    return row(replace(DRAFT, format=form), attempts=sends + 1, sends=sends, was=S.AWAITING_ACK, problem=problem)


CALL = Step(S.UNKNOWN, "invite.call_them")
LATER = Step(S.AWAITING_ACK, "invite.no_answer", NOW + timedelta(minutes=90))


@pytest.mark.parametrize(
    ("claimed", "step"),
    [
        (overdue(1), None),
        (overdue(2), None),
        (overdue(3), CALL),
        (overdue(1, form=LetterFormat.CONVERTED), LATER),
        (overdue(1, "invite.soon", form=LetterFormat.CONVERTED), LATER),
        (overdue(1, "invite.no_answer", form=LetterFormat.CONVERTED), CALL),
        (row(DRAFT, was=S.QUEUED), None),
        (row(DRAFT, sends=3, was=S.WAITING_FOR_RETRY), None),
    ],
)
def test_what_silence_leads_to(claimed: OutboxRow, step: Step | None) -> None:
    """Sent again twice, or warned of and waited for where it is converted; then a person is asked to call."""
    assert before_try(claimed, NOW, LIMITS) == step


def test_a_converted_letter_is_sent_again_after_two_hours_where_the_settings_say_so() -> None:
    """MedCom's conversion service allows up to three."""
    limits = Limits(converted=Patience(timedelta(minutes=120), 3))
    assert before_try(overdue(3, "invite.no_answer", LetterFormat.CONVERTED), NOW, limits) is None
    assert before_try(overdue(4, "invite.no_answer", LetterFormat.CONVERTED), NOW, limits) == CALL


# --- time and order ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sends", "minutes", "step"),
    [
        (0, -1, None),
        (0, 0, Step(S.EXPIRED, "invite.expired")),
        (1, 0, Step(S.UNKNOWN, "invite.no_answer")),
    ],
)
def test_a_message_whose_time_is_past_is_not_sent(sends: int, minutes: int, step: Step | None) -> None:
    """An invitation to a meeting that is over would call somebody to an empty room."""
    late = row(replace(DRAFT, expires_at=NOW), sends=sends)
    assert before_try(late, NOW + timedelta(minutes=minutes), LIMITS) == step


OFF, MOVE = MessageKind.CANCELLATION, MessageKind.INVITATION
LOST = Step(S.FAILED, "invite.thread_failed")


@pytest.mark.parametrize(
    ("kind", "earlier", "step"),
    [
        (MOVE, (S.AWAITING_ACK,), None),
        (MOVE, (S.UNKNOWN,), None),
        (MOVE, (S.IN_ERROR,), LOST),
        (MessageKind.NOTICE, (S.EXPIRED,), LOST),
        (MOVE, (S.IN_ERROR, S.ACKNOWLEDGED), None),
        (OFF, (S.ACKNOWLEDGED, S.IN_ERROR), None),
        (OFF, (S.IN_ERROR,), Step(S.WITHDRAWN)),
        (OFF, (S.FAILED, S.WITHDRAWN), Step(S.WITHDRAWN)),
        (OFF, (S.BY_HAND,), LOST),
    ],
)
def test_what_follows_a_letter_that_never_arrived_is_told_and_not_sent(
    kind: MessageKind, earlier: tuple[OutboxState, ...], step: Step | None
) -> None:
    """A move of a meeting nobody knows of helps nobody; a cancellation of it is not needed, unless it was phoned."""
    assert before_try(replace(row(DRAFT, kind=kind), earlier=earlier), NOW, LIMITS) == step


def test_a_letter_that_a_later_one_has_overtaken_is_not_repeated() -> None:
    """The later one repeats its text; an invitation after its cancellation would call somebody to an empty room."""
    overtaken = replace(overdue(1), is_overtaken=True)
    assert before_try(overtaken, NOW, LIMITS) == Step(S.AWAITING_ACK)


# --- acknowledgements -------------------------------------------------------------------------------------------------

OK, FATAL, TRANSIENT = AckCode.OK, AckCode.FATAL, AckCode.TRANSIENT
AGAIN = Step(S.WAITING_FOR_RETRY, "invite.transient", in_seconds(5))
NO = Step(S.IN_ERROR, "invite.rejected")
ACKS = [
    # state, sends, code -> step
    (S.AWAITING_ACK, 1, OK, Step(S.ACKNOWLEDGED)),
    (S.SENDING, 0, OK, Step(S.ACKNOWLEDGED)),
    (S.WAITING_FOR_RETRY, 1, OK, Step(S.ACKNOWLEDGED)),
    (S.FAILED, 3, OK, Step(S.ACKNOWLEDGED)),
    (S.UNKNOWN, 3, OK, Step(S.ACKNOWLEDGED)),
    (S.ACKNOWLEDGED, 1, OK, None),
    (S.ANSWERED, 1, OK, None),
    (S.IN_ERROR, 1, OK, None),
    (S.BY_HAND, 1, OK, None),
    (S.WITHDRAWN, 0, OK, None),
    (S.AWAITING_ACK, 1, FATAL, NO),
    (S.SENDING, 0, FATAL, NO),
    (S.WAITING_FOR_RETRY, 1, FATAL, NO),
    (S.UNKNOWN, 3, FATAL, NO),
    (S.ACKNOWLEDGED, 1, FATAL, None),
    (S.IN_ERROR, 1, FATAL, None),
    (S.AWAITING_ACK, 1, TRANSIENT, AGAIN),
    (S.SENDING, 0, TRANSIENT, AGAIN),
    (S.WAITING_FOR_RETRY, 1, TRANSIENT, None),
    (S.AWAITING_ACK, 3, TRANSIENT, Step(S.FAILED, "invite.gave_up")),
    (S.SENDING, 2, TRANSIENT, Step(S.FAILED, "invite.gave_up")),
    (S.FAILED, 3, TRANSIENT, None),
    (S.ACKNOWLEDGED, 1, TRANSIENT, None),
]


@pytest.mark.parametrize(("state", "sends", "code", "step"), ACKS)
def test_after_an_acknowledgement(state: OutboxState, sends: int, code: AckCode, step: Step | None) -> None:
    """Early, late, twice and contradictory: the first that settles counts, and later ones change nothing."""
    assert after_acknowledgement(row(DRAFT, state, sends=sends), code, NOW, LIMITS) == step


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unavailable("x"), Outcome.NOT_TAKEN),
        (OutcomeUnknown("x"), Outcome.UNKNOWN),
        (Refused("x"), Outcome.TURNED_DOWN),
        (NotFound("x"), Outcome.TURNED_DOWN),
        (Conflict("x"), Outcome.TURNED_DOWN),
        (Refused("invite.invalid"), Outcome.INVALID),
        (Unreadable("x"), Outcome.INVALID),
        (Unsupported("x"), Outcome.INVALID),
        (SignInNeeded("x"), Outcome.NOT_SET_UP),
        (Misconfigured("x"), Outcome.NOT_SET_UP),
    ],
)
def test_every_error_has_its_outcome(error: VdxError, outcome: Outcome) -> None:
    """Errors are named by what must happen next; here it happens."""
    assert outcome_of(error) is outcome


@pytest.mark.parametrize(
    ("kind", "channel", "state", "news"),
    [
        (MessageKind.INVITATION, M, S.AWAITING_ACK, InvitationState.SENT),
        (MessageKind.INVITATION, M, S.ACKNOWLEDGED, InvitationState.DELIVERED),
        (MessageKind.INVITATION, M, S.WAITING_FOR_RETRY, InvitationState.QUEUED),
        (MessageKind.INVITATION, M, S.EXPIRED, InvitationState.FAILED),
        (MessageKind.INVITATION, M, S.BY_HAND, InvitationState.TOLD_BY_PHONE),
        (MessageKind.CANCELLATION, M, S.AWAITING_ACK, None),
        (MessageKind.CANCELLATION, M, S.ACKNOWLEDGED, InvitationState.WITHDRAWN),
        (MessageKind.CANCELLATION, M, S.WITHDRAWN, InvitationState.WITHDRAWN),
        (MessageKind.CANCELLATION, E, S.SENT, InvitationState.WITHDRAWN),
        (MessageKind.CANCELLATION, M, S.FAILED, InvitationState.FAILED),
        (MessageKind.ACKNOWLEDGEMENT, M, S.SENT, None),
        (MessageKind.ACKNOWLEDGEMENT, M, S.FAILED, None),
    ],
)
def test_what_the_desk_hears(
    kind: MessageKind, channel: Channel, state: OutboxState, news: InvitationState | None
) -> None:
    """Sent is not delivered, and our acknowledgements are nobody's news."""
    assert news_of(row(DRAFT, kind=kind, channel=channel), state) is news
