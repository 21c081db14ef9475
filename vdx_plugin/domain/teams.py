"""The usual team: those who take part time and again, for a group of patients or a nursing home."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from vdx_plugin.domain.parties import Channel, Partner, Party, PartyRole, Purpose
from vdx_plugin.domain.plan import DEFAULT_LENGTH, Plan, partner_party


@dataclass(frozen=True, slots=True)
class Team:
    """``partner_ids`` are ids of the directory, in the order of the plan. ``language`` is the interpreter's, ISO 639.

    ``for_whom`` says in words which patients it is for: a group, or the nursing home they live in.
    """

    id: str
    name: str
    partner_ids: tuple[str, ...]
    purpose: Purpose = Purpose.CONSULTATION
    length: timedelta = DEFAULT_LENGTH
    language: str | None = None
    for_whom: str = ""


def with_team(
    plan: Plan, team: Team, partners: Sequence[Partner], new_key: Callable[[], str]
) -> tuple[Plan, tuple[Party, ...]]:
    """Return the plan with the team's purpose and those of its partners who were not in it, and these by themselves.

    A partner who has left the directory is passed over. The time stays; only a plan for now takes the team's length.
    """
    known = {partner.id: partner for partner in partners}
    present = {party.partner.id for party in plan.parties if party.partner}
    wanted = [known[one] for one in team.partner_ids if one in known and one not in present]
    new = tuple(_member(partner, team, new_key()) for partner in wanted)
    end = plan.end if plan.planned_ahead else plan.start + team.length
    return replace(plan, parties=(*plan.parties, *new), purpose=team.purpose, end=end), new


def _member(partner: Partner, team: Team, key: str) -> Party:
    party = partner_party(partner, key)
    if party.role is PartyRole.INTERPRETER and team.language:
        return replace(party, language=team.language)
    return party


def is_reachable(partner: Partner) -> bool:
    """True when something can be sent to the partner over its channel; otherwise a person must phone."""
    match partner.channel:
        case Channel.MEDCOM:
            return partner.receiver is not None
        case Channel.EMAIL:
            return bool(partner.email)
        case Channel.SMS:
            return bool(partner.mobile)
        case _:
            return False
