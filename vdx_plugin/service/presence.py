"""Who of the expected is where: the roster of the room laid over the parties of the plan. Pure.

A participant is a party when the link it came by carried the party's key. Anybody else is a stranger, whatever
name was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from vdx_plugin.domain.measures import PartyMeasure
from vdx_plugin.domain.parties import PartyEvent, PartyStatus, Presence
from vdx_plugin.ports import RoomParticipant
from vdx_plugin.service.view import WaitingGuest


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
    return tuple(
        _present(status, by_key.get(status.party.key), now) if status.is_expected else status for status in parties
    )


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


def carried_over(fresh: Sequence[PartyStatus], shown: Sequence[PartyStatus]) -> tuple[PartyStatus, ...]:
    """Return what the store tells of the parties with what was seen of them in the room, which no store knows."""
    known = {status.party.key: status for status in shown}
    return tuple(_carried(status, known.get(status.party.key)) for status in fresh)


def _carried(fresh: PartyStatus, shown: PartyStatus | None) -> PartyStatus:
    if shown is None:
        return fresh
    seen = tuple(event for event in shown.history if isinstance(event.what, Presence))
    history = tuple(sorted((*fresh.history, *seen), key=lambda event: event.at))
    return replace(fresh, presence=shown.presence, participant_id=shown.participant_id, history=history)


def waiting(
    parties: Sequence[PartyStatus],
    roster: Sequence[RoomParticipant],
    earlier: Sequence[WaitingGuest],
    now: datetime,
) -> tuple[WaitingGuest, ...]:
    """Return who stands outside, first come first; an entry keeps the time it was first seen."""
    known = {guest.participant_id: guest for guest in earlier}
    keys = {status.party.key for status in parties if status.is_expected}
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
    keys = {status.party.key for status in parties if status.is_expected}
    return tuple(
        participant.id
        for participant in roster
        if not (participant.is_self or participant.is_host or participant.is_waiting)
        if participant.call_tag not in keys and participant.id not in taken_as
    )


def seen_again(status: PartyStatus, measure: PartyMeasure) -> PartyStatus:
    """Return the party with the presence that its measure remembers, for a call that a crash has come after."""
    times = ((measure.admitted_at, Presence.IN_CALL), (measure.left_at, Presence.LEFT))
    events = [PartyEvent(at, presence) for at, presence in times if at is not None]
    if not events:
        return status
    return replace(status, presence=Presence.LEFT, history=(*status.history, *events))


def present_s(status: PartyStatus, until: datetime) -> float:
    """Seconds the party has been in the call, over all its visits."""
    total, since = 0.0, None
    for event in status.history:
        if event.what is Presence.IN_CALL:
            since = since or event.at
        elif isinstance(event.what, Presence) and since is not None:
            total, since = total + (event.at - since).total_seconds(), None
    return total + ((until - since).total_seconds() if since else 0.0)
