"""How each party stands, told from what the store keeps: plan, outbox, news and letters. Pure.

The same reading serves a running call, the calendar and the start after a crash, so that none knows less than another.
Three voices are kept apart: the network's (in the mailbox), a system's (received), and a person's (answered, or told by
telephone). None is ever guessed from another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from vdx_plugin.domain.parties import Answer, InvitationState, PartyEvent, PartyStatus, Told
from vdx_plugin.domain.plan import Plan
from vdx_plugin.ports import (
    SHOWN_AS,
    STRANDED,
    IncomingLetter,
    InvitationNews,
    MessageKind,
    NoticeKind,
    OutboxRow,
    OutboxState,
)

_ORDER = [
    InvitationState.PLANNED,
    InvitationState.QUEUED,
    InvitationState.SENT,
    InvitationState.UNKNOWN,
    InvitationState.IN_MAILBOX,
    InvitationState.DELIVERED,
    InvitationState.TOLD_BY_PHONE,
    InvitationState.ANSWERED,
]
"""An invitation only moves forward along this list; REJECTED, FAILED and WITHDRAWN may come at any time."""
_BY_PERSONS = (InvitationState.ANSWERED, InvitationState.TOLD_BY_PHONE)
_MISSED = (InvitationState.REJECTED, InvitationState.FAILED, InvitationState.UNKNOWN)
TELL_BY_HAND = "invite.tell_by_hand"
"""Problem of a party that hears nothing from here: the user must tell it."""

_CALLED_OFF = {
    OutboxState.UNKNOWN: InvitationState.UNKNOWN,
    OutboxState.ACKNOWLEDGED: InvitationState.WITHDRAWN,
    OutboxState.IN_ERROR: InvitationState.REJECTED,
    OutboxState.FAILED: InvitationState.FAILED,
    OutboxState.EXPIRED: InvitationState.FAILED,
    OutboxState.BY_HAND: InvitationState.WITHDRAWN,
}
_NOTICES = {NoticeKind.REMINDER: Told.REMINDED, NoticeKind.DELAY: Told.DELAYED}


# --- one piece of news ------------------------------------------------------------------------------------------------


def hear(parties: Sequence[PartyStatus], news: InvitationNews) -> tuple[PartyStatus, ...]:
    """Return the parties with one piece of news about an invitation taken in."""
    return tuple(heard(status, news) if status.party.key == news.party_key else status for status in parties)


def heard(status: PartyStatus, news: InvitationNews) -> PartyStatus:
    """Return the party with one piece of news taken in; the very same twice is one line of its history."""
    state = _after(status.invitation, news)
    answers = (*status.answers, Answer("", news.answer, news.at)) if news.answer else status.answers
    last = status.history[-1] if status.history else None
    is_known = state is status.invitation and (last is None or last.problem == news.problem)
    if is_known and answers == status.answers and news.state is not InvitationState.TOLD_BY_PHONE:
        return status
    event = PartyEvent(news.at, news.state, news.problem)
    return replace(status, invitation=state, answers=answers, history=(*status.history, event))


def _after(now: InvitationState, news: InvitationNews) -> InvitationState:
    if news.problem == TELL_BY_HAND:
        return news.state
    if now in _BY_PERSONS and news.state in _MISSED:
        # Somebody spoke with them: what a machine says of the letter changes nothing any longer.
        return now
    is_backwards = now in _ORDER and news.state in _ORDER and _ORDER.index(news.state) < _ORDER.index(now)
    return now if is_backwards else news.state


# --- everything that is kept ------------------------------------------------------------------------------------------


def standings(
    plan: Plan, rows: Sequence[OutboxRow], news: Sequence[InvitationNews], letters: Sequence[IncomingLetter] = ()
) -> tuple[PartyStatus, ...]:
    """Return every party of the plan, and who was taken off it, as the store knows them. All come oldest first."""
    everybody = [*plan.parties, *plan.withdrawn]
    gone = {party.key for party in plan.withdrawn}
    return tuple(
        _standing(
            PartyStatus(party, is_expected=party.key not in gone),
            [row for row in rows if row.draft.party_key == party.key],
            [one for one in news if one.party_key == party.key],
            [letter for letter in letters if letter.party_key == party.key],
        )
        for party in everybody
    )


def _standing(
    status: PartyStatus, rows: list[OutboxRow], news: list[InvitationNews], letters: list[IncomingLetter]
) -> PartyStatus:
    newest = newest_invitations(rows).get(status.party.key)
    since = newest.created_at if newest else None
    if letters:
        news = [one for one in news if not one.answer]
        answered = InvitationState.ANSWERED
        news += [InvitationNews(UUID(int=0), status.party.key, answered, one.received_at) for one in letters]
        news.sort(key=lambda one: one.at)
    if newest is not None:
        status = replace(status, invitation=_first_known(newest))
    for one in news:
        if _counts(one.at, since):
            status = heard(status, one)
    for row in rows:
        known = news_of_row(row)
        if known is not None and _counts(row.created_at, since):
            status = heard(status, known)
    if letters:
        status = replace(status, answers=_answers(letters, since))
    early = [PartyEvent(one.at, one.state, one.problem) for one in news if not _counts(one.at, since)]
    history = sorted((*early, *_told(rows), *status.history), key=lambda event: event.at)
    return replace(status, history=tuple(history))


def _counts(at: datetime, since: datetime | None) -> bool:
    """A moved meeting has been told anew, and what was said of its old time says nothing any longer."""
    return since is None or at >= since


def _first_known(row: OutboxRow) -> InvitationState:
    return InvitationState.PLANNED if row.state is OutboxState.WITHDRAWN else InvitationState.QUEUED


def _answers(letters: Iterable[IncomingLetter], since: datetime | None) -> tuple[Answer, ...]:
    fresh = [one for one in letters if _counts(one.received_at, since)]
    fresh.sort(key=lambda one: (one.written_at, one.received_at))
    return tuple(Answer(one.message_id, one.text, one.written_at, one.mark) for one in fresh)


def _told(rows: Sequence[OutboxRow]) -> list[PartyEvent]:
    """Return what we said to the party, line by line; what was taken back before it left was never said."""
    events: list[PartyEvent] = []
    threads: set[str] = set()
    for row in rows:
        if row.draft.kind is MessageKind.ACKNOWLEDGEMENT:
            continue
        what, minutes = _said(row, is_known=row.draft.thread_id in threads)
        threads.add(row.draft.thread_id)
        if row.state is OutboxState.WITHDRAWN and row.draft.kind is not MessageKind.INVITATION:
            continue
        is_notice = row.draft.kind is MessageKind.NOTICE
        problem = (row.problem or "invite.unknown") if is_notice and row.state in STRANDED else ""
        events.append(PartyEvent(row.created_at, what, problem, minutes))
    return events


def _said(row: OutboxRow, *, is_known: bool) -> tuple[InvitationState | Told, int]:
    match row.draft.kind:
        case MessageKind.NOTICE:
            kind, minutes = notice_of(row.draft.key)
            return _NOTICES[kind], minutes
        case MessageKind.CANCELLATION:
            return Told.CANCELLING, 0
        case _:
            return (Told.MOVED if is_known else InvitationState.QUEUED), 0


def notice_of(key: str) -> tuple[NoticeKind, int]:
    """Read from a notice's key what it says; see ``ports.Composer.notice``."""
    kind, minutes, _minute = key.rsplit(":", 3)[1:]
    return NoticeKind(kind), int(minutes)


def news_of_row(row: OutboxRow) -> InvitationNews | None:
    """Say what a row in the outbox tells of a party's invitation; None where it tells nothing.

    The row is written before its news, so after a crash it may know more than the news that were kept.
    """
    if row.draft.kind is MessageKind.INVITATION:
        state = SHOWN_AS.get(row.state)
    elif row.draft.kind is MessageKind.CANCELLATION:
        state = _CALLED_OFF.get(row.state)
    else:
        state = None
    if state is None:
        return None
    if state is InvitationState.SENT and row.is_in_mailbox:
        state = InvitationState.IN_MAILBOX
    at = row.settled_at or row.sent_at or row.created_at
    problem = row.problem or ("invite.unknown" if row.state is OutboxState.UNKNOWN else "")
    return InvitationNews(row.draft.consultation_id, row.draft.party_key, state, at, problem)


def newest_invitations(rows: Sequence[OutboxRow]) -> dict[str, OutboxRow]:
    """Return the newest invitation of each party, by its key; ``rows`` come oldest first."""
    return {row.draft.party_key: row for row in rows if row.draft.kind is MessageKind.INVITATION}
