"""Who of the expected is where: the roster of the room laid over the parties of the plan. Pure.

A participant is a party when the link it came by carried the party's key. Anybody else is a stranger, whatever
name was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from vdx_plugin.domain.measures import PartyMeasure
from vdx_plugin.domain.parties import InvitationState, PartyEvent, PartyStatus, Presence
from vdx_plugin.ports import SHOWN_AS, InvitationNews, MessageKind, OutboxRow, OutboxState, RoomParticipant
from vdx_plugin.service.view import WaitingGuest

_ORDER = [
    InvitationState.PLANNED,
    InvitationState.QUEUED,
    InvitationState.SENT,
    InvitationState.UNKNOWN,
    InvitationState.IN_MAILBOX,
    InvitationState.DELIVERED,
    InvitationState.ANSWERED,
]
"""An invitation only moves forward along this list; REJECTED, FAILED and WITHDRAWN may come at any time."""


def lay_over(
    parties: Sequence[PartyStatus],
    roster: Sequence[RoomParticipant],
    taken_as: dict[str, str],
    now: datetime,
) -> tuple[PartyStatus, ...]:
    """Return the parties with their presence brought up to date.

    ``taken_as`` maps participant ids to party keys for those whom the doctor identified by hand.
    """
    by_key: dict[str, RoomParticipant] = {}
    for participant in roster:
        if participant.is_self:
            continue
        key = taken_as.get(participant.id) or participant.call_tag
        best = by_key.get(key)
        # Somebody who reconnects is in the roster twice for a while: the one inside counts.
        if key and (best is None or best.is_waiting):
            by_key[key] = participant
    return tuple(_present(status, by_key.get(status.party.key), now) for status in parties)


def _present(status: PartyStatus, participant: RoomParticipant | None, now: datetime) -> PartyStatus:
    if participant is None:
        seen = status.presence in (Presence.IN_CALL, Presence.WAITING, Presence.LEFT)
        presence = Presence.LEFT if seen else Presence.EXPECTED
    else:
        presence = Presence.WAITING if participant.is_waiting else Presence.IN_CALL
    changed = replace(status, participant_id=participant.id if participant else None)
    if presence is status.presence:
        return changed
    return replace(changed, presence=presence, history=(*status.history, PartyEvent(now, presence)))


def waiting(
    parties: Sequence[PartyStatus],
    roster: Sequence[RoomParticipant],
    earlier: Sequence[WaitingGuest],
    now: datetime,
) -> tuple[WaitingGuest, ...]:
    """Return who stands outside, first come first; an entry keeps the time it was first seen."""
    known = {guest.participant_id: guest for guest in earlier}
    keys = {status.party.key for status in parties}
    found = [
        known.get(participant.id)
        or WaitingGuest(
            participant.id,
            participant.display_name,
            now,
            participant.call_tag if participant.call_tag in keys else None,
        )
        for participant in roster
        if participant.is_waiting and not participant.is_self
    ]
    return tuple(sorted(found, key=lambda guest: guest.since))


def uninvited(
    parties: Sequence[PartyStatus], roster: Sequence[RoomParticipant], taken_as: Mapping[str, str]
) -> tuple[str, ...]:
    """Return who is inside without the link of a party and without having been let in as one."""
    keys = {status.party.key for status in parties}
    return tuple(
        participant.id
        for participant in roster
        if not (participant.is_self or participant.is_host or participant.is_waiting)
        if participant.call_tag not in keys and participant.id not in taken_as
    )


def news_of_row(row: OutboxRow) -> InvitationNews | None:
    """Say what an invitation's row in the outbox tells; None for other messages.

    The row is written before its news, so after a crash it may know more than the news that were kept.
    """
    if row.draft.kind is not MessageKind.INVITATION:
        return None
    at = row.settled_at or row.sent_at or row.created_at
    problem = row.problem or ("invite.unknown" if row.state is OutboxState.UNKNOWN else "")
    state = SHOWN_AS[row.state]
    if state is InvitationState.SENT and row.is_in_mailbox:
        state = InvitationState.IN_MAILBOX
    return InvitationNews(row.draft.consultation_id, row.draft.party_key, state, at, problem)


def newest_invitations(rows: Sequence[OutboxRow]) -> dict[str, OutboxRow]:
    """Return the newest invitation of each party, by its key; ``rows`` come oldest first.

    A moved meeting has been told anew, and what became of the letter about its old time says nothing any longer.
    """
    return {row.draft.party_key: row for row in rows if row.draft.kind is MessageKind.INVITATION}


def caught_up(
    parties: Sequence[PartyStatus], rows: Sequence[OutboxRow], news: Sequence[InvitationNews]
) -> tuple[PartyStatus, ...]:
    """Return the parties with what the store knows of their invitations; an answer to an old time is left out."""
    newest = newest_invitations(rows)
    found = tuple(parties)
    for one in news:
        row = newest.get(one.party_key)
        if row is None or one.at >= row.created_at:
            found = hear(found, one)
    for row in newest.values():
        known = news_of_row(row)
        if known is not None:
            found = hear(found, known)
    return found


def seen_again(status: PartyStatus, measure: PartyMeasure) -> PartyStatus:
    """Return the party with the presence that its measure remembers, for a call that a crash has come after."""
    times = ((measure.admitted_at, Presence.IN_CALL), (measure.left_at, Presence.LEFT))
    events = [PartyEvent(at, presence) for at, presence in times if at is not None]
    if not events:
        return status
    return replace(status, presence=Presence.LEFT, history=(*status.history, *events))


def hear(parties: Sequence[PartyStatus], news: InvitationNews) -> tuple[PartyStatus, ...]:
    """Return the parties with one piece of news about an invitation taken in."""
    return tuple(_hear(status, news) if status.party.key == news.party_key else status for status in parties)


def _hear(status: PartyStatus, news: InvitationNews) -> PartyStatus:
    answer = news.answer or status.answer
    backwards = (
        status.invitation in _ORDER
        and news.state in _ORDER
        and _ORDER.index(news.state) < _ORDER.index(status.invitation)
    )
    state = status.invitation if backwards else news.state
    last = status.history[-1] if status.history else None
    if state is status.invitation and answer == status.answer and (last is None or last.problem == news.problem):
        return status
    event = PartyEvent(news.at, news.state, news.problem)
    return replace(status, invitation=state, answer=answer, history=(*status.history, event))


def present_s(status: PartyStatus, until: datetime) -> float:
    """Seconds the party has been in the call, over all its visits."""
    total, since = 0.0, None
    for event in status.history:
        if event.what is Presence.IN_CALL:
            since = since or event.at
        elif isinstance(event.what, Presence) and since is not None:
            total, since = total + (event.at - since).total_seconds(), None
    return total + ((until - since).total_seconds() if since else 0.0)
