"""Made-up meetings of a day, for pictures and tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from vdx_plugin.domain.booked import RoomTemplate
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import (
    Answer,
    InvitationState,
    Partner,
    PartyRole,
    PartyStatus,
)
from vdx_plugin.domain.secret import Secret
from vdx_plugin.service.view import (
    AgendaEntry,
    AgendaView,
    EntryAction,
    Problem,
    RoomState,
)
from vdx_plugin.ui.scenes import AGENCY, HOME_CARE, HOSPITAL, NOW, NURSING_HOME, ago, context, plan


def entry(
    minutes: int,
    *partners: Partner,
    who: ClinicContext | None = None,
    number: int = 1,
    room: RoomState = RoomState.AWAITS,
    **changes: Any,
) -> AgendaEntry:
    """Return a booked meeting ``minutes`` after ten o'clock Danish time."""
    start = NOW.replace(hour=9, minute=0, second=0) + timedelta(minutes=minutes)
    chosen = plan(*partners)
    states = {PartyRole.PATIENT: InvitationState.PLANNED, PartyRole.INTERPRETER: InvitationState.SENT}
    parties = tuple(PartyStatus(party, states.get(party.role, InvitationState.DELIVERED)) for party in chosen.parties)
    values: dict[str, Any] = {
        "consultation_id": UUID(int=number),
        "stage": Stage.SCHEDULED,
        "context": who or context(),
        "parties": parties,
        "links": {party.key: Secret("https://example.invalid/guest") for party in chosen.parties},
        "actions": frozenset({EntryAction.MOVE, EntryAction.PROLONG, EntryAction.CANCEL}),
    }
    return AgendaEntry(UUID(int=number << 64), start, start + timedelta(minutes=20), room, **(values | changes))


def known_as(who: ClinicContext, reference: str) -> ClinicContext:
    """Return the context under the clinic system's own key of the patient."""
    return replace(who, patient=replace(who.patient, local_id=reference))


def day() -> AgendaView:
    """Return a day in the calendar: one ready, one awaiting, one in trouble, a colleague's, one that is over."""
    inger = known_as(context(), "ref-a2")
    other = context("Arne Prøvesen", number="6505510013", born=date(1951, 5, 5))
    third = context("Maja-Louise Christoffersen Østergaard-Andersen", number="7010904444", born=date(1990, 10, 10))
    ready = frozenset({EntryAction.START, EntryAction.MOVE, EntryAction.PROLONG, EntryAction.CANCEL})
    answered = replace(
        entry(45, HOSPITAL).parties[1],
        invitation=InvitationState.ANSWERED,
        answers=(Answer("a-2", "Vi er med, men kun til kl. 11.", ago(30)),),
    )
    shown = (
        entry(-90, number=1, who=other, room=RoomState.CLOSED, stage=Stage.CLOSED, links={}, actions=frozenset()),
        entry(
            45,
            HOSPITAL,
            number=2,
            who=inger,
            room=RoomState.READY,
            parties=(entry(45, HOSPITAL).parties[0], answered),
            actions=ready,
        ),
        entry(120, HOME_CARE, AGENCY, number=3, who=third),
        entry(210, NURSING_HOME, number=4, who=other, problem=Problem("agenda.other_time")),
        AgendaEntry(
            UUID(int=5 << 64),
            NOW + timedelta(hours=5),
            NOW + timedelta(hours=5, minutes=30),
            RoomState.AWAITS,
            "Videokonsultation",
            "kollega@laegehuset.example",
            is_own=False,
        ),
    )
    return AgendaView(NOW.date(), shown, shown[:4], shown[1:2], NOW)


def templates() -> tuple[RoomTemplate, ...]:
    """Return a pool's recipe, a safe one and one without codes."""
    before = timedelta(minutes=15)
    return (
        RoomTemplate(2, is_safe=True, is_pool=True, ready_before=before),
        RoomTemplate(1, is_safe=True, is_default=True, ready_before=before, max_participants=20),
        RoomTemplate(7, is_safe=False, ready_before=timedelta(minutes=5)),
    )
