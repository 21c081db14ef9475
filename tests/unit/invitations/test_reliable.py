"""What to do next, as columns of what happened and what follows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.invitations.fakes import row
from tests.unit.invitations.samples import HOSPITAL_PARTY, NOW, ROOM, composer, consultation, ids
from vdx_plugin.domain.parties import Channel, InvitationState
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
    Limits,
    Outcome,
    Step,
    after_acknowledgement,
    after_try,
    is_unanswered,
    news_of,
    outcome_of,
)
from vdx_plugin.ports import MessageKind, OutboxState

DRAFT = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
LIMITS = Limits()
HALF_HOUR = NOW + timedelta(minutes=30)
S = OutboxState
M, E = Channel.MEDCOM, Channel.EMAIL

TRIES = [
    # channel, attempts, sent before, outcome -> step
    (M, 1, False, Outcome.TAKEN, Step(S.SENT, next_attempt_at=HALF_HOUR)),
    (M, 2, True, Outcome.TAKEN, Step(S.SENT, next_attempt_at=HALF_HOUR)),
    (M, 3, True, Outcome.TAKEN, Step(S.SENT, watch_until=HALF_HOUR)),
    (M, 1, False, Outcome.NOT_TAKEN, Step(S.QUEUED, "invite.unreachable", NOW + timedelta(seconds=5))),
    (M, 7, False, Outcome.NOT_TAKEN, Step(S.QUEUED, "invite.unreachable", NOW + timedelta(seconds=600))),
    (M, 8, False, Outcome.NOT_TAKEN, Step(S.FAILED, "invite.gave_up")),
    (M, 8, True, Outcome.NOT_TAKEN, Step(S.SENT, "invite.no_answer")),
    (M, 1, False, Outcome.UNKNOWN, Step(S.QUEUED, "invite.unreachable", NOW + timedelta(seconds=5))),
    (M, 8, False, Outcome.UNKNOWN, Step(S.UNKNOWN, "invite.unknown")),
    (M, 1, False, Outcome.TURNED_DOWN, Step(S.REJECTED, "invite.rejected")),
    (M, 1, False, Outcome.NOT_SET_UP, Step(S.FAILED, "invite.setup")),
    (M, 1, False, Outcome.INVALID, Step(S.FAILED, "invite.invalid")),
    (E, 1, False, Outcome.TAKEN, Step(S.SENT)),
    (E, 1, False, Outcome.NOT_TAKEN, Step(S.QUEUED, "invite.unreachable", NOW + timedelta(seconds=5))),
    (E, 8, False, Outcome.NOT_TAKEN, Step(S.FAILED, "invite.mail_failed")),
    (E, 1, False, Outcome.UNKNOWN, Step(S.UNKNOWN, "invite.unknown")),
    (E, 1, False, Outcome.TURNED_DOWN, Step(S.FAILED, "invite.mail_failed")),
    (E, 1, False, Outcome.NOT_SET_UP, Step(S.FAILED, "invite.setup")),
]


@pytest.mark.parametrize(("channel", "attempts", "was_sent", "outcome", "step"), TRIES)
def test_after_a_try(channel: Channel, attempts: int, was_sent: bool, outcome: Outcome, step: Step) -> None:
    """A letter is repeated until taken, a mail never once it may have gone out."""
    claimed = row(DRAFT, attempts=attempts, sent_at=NOW if was_sent else None, channel=channel)
    assert after_try(claimed, outcome, NOW, LIMITS) == step


def test_an_acknowledgement_of_ours_waits_for_nothing() -> None:
    """Acknowledgements are never acknowledged, so silence is no reason to repeat one."""
    claimed = row(DRAFT, kind=MessageKind.ACKNOWLEDGEMENT)
    assert after_try(claimed, Outcome.TAKEN, NOW, LIMITS) == Step(S.SENT)


def test_a_converted_receiver_is_not_written_to_again_by_itself() -> None:
    """Where messages are converted on the way the answer may take hours: only the user is told."""
    limits = Limits(max_resends=0, answer_within=timedelta(minutes=120))
    step = after_try(row(DRAFT), Outcome.TAKEN, NOW, limits)
    assert step == Step(S.SENT, watch_until=NOW + timedelta(minutes=120))


OK, FATAL, TRANSIENT = AckCode.OK, AckCode.FATAL, AckCode.TRANSIENT
AGAIN = Step(S.QUEUED, "invite.transient", NOW + timedelta(seconds=5))
ACKS = [
    (S.SENT, 1, OK, Step(S.ACKNOWLEDGED)),
    (S.SENDING, 1, OK, Step(S.ACKNOWLEDGED)),
    (S.QUEUED, 1, OK, Step(S.ACKNOWLEDGED)),
    (S.FAILED, 8, OK, Step(S.ACKNOWLEDGED)),
    (S.UNKNOWN, 8, OK, Step(S.ACKNOWLEDGED)),
    (S.ACKNOWLEDGED, 1, OK, None),
    (S.ANSWERED, 1, OK, None),
    (S.REJECTED, 1, OK, None),
    (S.WITHDRAWN, 0, OK, None),
    (S.SENT, 1, FATAL, Step(S.REJECTED, "invite.rejected")),
    (S.SENDING, 1, FATAL, Step(S.REJECTED, "invite.rejected")),
    (S.QUEUED, 1, FATAL, Step(S.REJECTED, "invite.rejected")),
    (S.ACKNOWLEDGED, 1, FATAL, None),
    (S.REJECTED, 1, FATAL, None),
    (S.SENT, 1, TRANSIENT, AGAIN),
    (S.SENDING, 1, TRANSIENT, AGAIN),
    (S.QUEUED, 1, TRANSIENT, None),
    (S.SENT, 3, TRANSIENT, Step(S.FAILED, "invite.gave_up")),
    (S.FAILED, 3, TRANSIENT, None),
    (S.ACKNOWLEDGED, 1, TRANSIENT, None),
]


@pytest.mark.parametrize(("state", "attempts", "code", "step"), ACKS)
def test_after_an_acknowledgement(state: OutboxState, attempts: int, code: AckCode, step: Step | None) -> None:
    """Early, late, twice and contradictory: the first that settles counts, and later ones change nothing."""
    assert after_acknowledgement(row(DRAFT, state, attempts=attempts), code, NOW, LIMITS) == step


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


@pytest.mark.parametrize(("minutes", "sent", "overdue"), [(29, True, False), (30, True, True), (300, False, False)])
def test_an_acknowledgement_is_overdue_after_half_an_hour(minutes: int, sent: bool, overdue: bool) -> None:
    """The doctor then calls instead of waiting."""
    claimed = row(DRAFT, sent_at=NOW if sent else None)
    assert is_unanswered(claimed, NOW + timedelta(minutes=minutes), LIMITS) is overdue


@pytest.mark.parametrize(
    ("kind", "channel", "state", "news"),
    [
        (MessageKind.INVITATION, M, S.SENT, InvitationState.SENT),
        (MessageKind.INVITATION, M, S.ACKNOWLEDGED, InvitationState.DELIVERED),
        (MessageKind.CANCELLATION, M, S.SENT, None),
        (MessageKind.CANCELLATION, M, S.ACKNOWLEDGED, InvitationState.WITHDRAWN),
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
