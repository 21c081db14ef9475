"""Invented states of five parties, for the gallery's pictures and the tests of the windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import (
    Answer,
    AnswerMark,
    Channel,
    InvitationState,
    LetterFormat,
    PartyEvent,
    PartyStatus,
    Presence,
    Told,
)
from vdx_plugin.domain.plan import Plan
from vdx_plugin.ports import RoomParticipant
from vdx_plugin.service.view import (
    AgendaView,
    CallView,
    ConsultationView,
    EntryAction,
    RoomState,
    Saying,
    StepKind,
    Undoable,
)
from vdx_plugin.ui import agenda_scenes, scenes

OLD_FORMAT = replace(scenes.NURSING_HOME, format=LetterFormat.CONVERTED)
NOBODY = replace(scenes.NURSING_HOME, id="no-way", gln=None, channel=Channel.MEDCOM)
"""A partner to whom nothing can be sent."""


def five(*, is_unreachable: bool = False) -> Plan:
    """Return a plan with the patient, a ward, home care, a nursing home and an interpreter."""
    home = NOBODY if is_unreachable else OLD_FORMAT
    chosen = scenes.plan(scenes.HOSPITAL, scenes.HOME_CARE, home, scenes.AGENCY)
    patient = replace(chosen.parties[0], channel=Channel.EMAIL, address="inger@patient.example")
    return replace(chosen, parties=(patient, *chosen.parties[1:4], replace(chosen.parties[4], language="ar")))


def _ago(minutes: float) -> datetime:
    return scenes.NOW - timedelta(minutes=minutes)


def _at(minutes: float, what: InvitationState | Presence | Told, problem: str = "", delay: int = 0) -> PartyEvent:
    return PartyEvent(_ago(minutes), what, problem, delay)


def _sent(minutes: float) -> tuple[PartyEvent, ...]:
    return _at(minutes, InvitationState.QUEUED), _at(minutes, InvitationState.SENT)


def fresh() -> tuple[PartyStatus, ...]:
    """Everybody has just been written to: sent, or about to be."""
    queued = (_at(0.2, InvitationState.QUEUED),)
    sent, waiting = InvitationState.SENT, InvitationState.QUEUED
    patient, ward, care, home, agency = five().parties
    return (
        PartyStatus(patient, sent, history=_sent(0.2)),
        PartyStatus(ward, sent, history=_sent(0.2)),
        PartyStatus(care, waiting, history=queued),
        PartyStatus(home, waiting, history=queued),
        PartyStatus(agency, sent, history=_sent(0.2)),
    )


def mixed() -> tuple[PartyStatus, ...]:
    """In a mailbox, in a system, answered and not read, answered and read, and told by telephone."""
    patient, ward, care, home, agency = five().parties
    read = _at(38, InvitationState.IN_MAILBOX), _at(37, InvitationState.DELIVERED)
    yes = Answer(
        "a-1", "Sygeplejerske Karin Prøve deltager. Ring på 35000010, hvis I kan se os, men ikke høre.", _ago(20)
    )
    late = Answer("a-2", "Vi kan først kl. 10.15. Er det i orden?", _ago(4))
    answered = InvitationState.ANSWERED
    return (
        PartyStatus(
            patient, InvitationState.TOLD_BY_PHONE, history=(*_sent(40), _at(12, InvitationState.TOLD_BY_PHONE))
        ),
        PartyStatus(
            ward,
            answered,
            history=(*_sent(40), *read, _at(20, answered), _at(2, Told.DELAYED, delay=10)),
            answers=(replace(yes, mark=AnswerMark.COMES),),
        ),
        PartyStatus(care, answered, history=(*_sent(40), *read, _at(4, answered)), answers=(late,)),
        PartyStatus(home, InvitationState.IN_MAILBOX, history=(*_sent(40), _at(38, InvitationState.IN_MAILBOX))),
        PartyStatus(agency, InvitationState.SENT, history=(*_sent(40), _at(5, Told.REMINDED))),
    )


def broken() -> tuple[PartyStatus, ...]:
    """Not arrived, in doubt, without an answer for half an hour, taken off the plan, and not told of the new time."""
    patient, ward, care, home, agency = five().parties
    gave_up = _at(5, InvitationState.FAILED, "invite.gave_up")
    doubt = _at(9, InvitationState.UNKNOWN, "invite.unknown")
    silent = _at(10, InvitationState.SENT, "invite.no_answer")
    off = (*_sent(60), _at(58, InvitationState.DELIVERED), _at(6, Told.CANCELLING))
    by_hand = _at(3, InvitationState.PLANNED, "invite.tell_by_hand")
    return (
        PartyStatus(replace(patient, channel=Channel.LINK, address=None), history=(by_hand,)),
        PartyStatus(ward, InvitationState.SENT, history=(*_sent(40), silent)),
        PartyStatus(care, InvitationState.FAILED, history=(*_sent(60), gave_up)),
        PartyStatus(home, InvitationState.DELIVERED, history=off, is_expected=False),
        PartyStatus(agency, InvitationState.UNKNOWN, history=(_at(10, InvitationState.QUEUED), doubt)),
    )


def gathered() -> tuple[PartyStatus, ...]:
    """In the call, waiting, gone again, and still expected."""
    patient, ward, care, home, agency = mixed()
    inside = (*ward.history, _at(3, Presence.WAITING), _at(2.5, Presence.IN_CALL))
    left = (*agency.history, _at(8, Presence.IN_CALL), _at(1, Presence.LEFT))
    return (
        replace(patient, presence=Presence.IN_CALL, participant_id="r-2", history=(_at(9, Presence.IN_CALL),)),
        replace(ward, presence=Presence.IN_CALL, participant_id="r-4", history=inside),
        replace(
            care, presence=Presence.WAITING, participant_id="r-3", history=(*care.history, _at(1, Presence.WAITING))
        ),
        home,
        replace(agency, presence=Presence.LEFT, history=left),
    )


def undoable() -> Undoable:
    return Undoable(Saying.DELAYED, scenes.NOW + timedelta(seconds=6), 4, 10)


def invited(parties: tuple[PartyStatus, ...], *, is_undoable: bool = False) -> ConsultationView:
    """Return a consultation whose parties have been invited and of whom none is in the room."""
    base = scenes.in_call(CallView(locked=True))
    held = undoable() if is_undoable else None
    return replace(base, stage=Stage.INVITED, plan=five(), parties=parties, undoable=held, steps=scenes.steps(done=3))


def in_call(parties: tuple[PartyStatus, ...]) -> ConsultationView:
    """Return a call with these parties, home care waiting outside."""
    guests = tuple(replace(guest, party_key="k-municipality-homecare") for guest in scenes.waiting()[:1])
    return replace(scenes.in_call(guests=guests), plan=five(), parties=parties)


def led_by_two() -> ConsultationView:
    """Return a call with the ward as a second host, and somebody who was called up and one who was not expected."""
    shown = scenes.call()
    more = (
        RoomParticipant("r-4", "Ældremedicinsk Afsnit", True, False, False, True, "k-hospital"),
        RoomParticipant("r-5", "Mødelokale 2", False, False, False, True, is_called_up=True),
        RoomParticipant("r-6", "Vagtlægen", True, False, False, True),
    )
    return replace(in_call(gathered()), call=replace(shown, participants=(*shown.participants, *more)), waiting=())


def starting(parties: tuple[PartyStatus, ...], *, is_failed: bool = False) -> ConsultationView:
    """Return a start that invites these parties, or one whose picture failed."""
    steps = scenes.steps(StepKind.VIDEO if is_failed else None, done=3, problem="media.no_path")
    return replace(invited(parties), call=None, steps=steps)


def booked() -> AgendaView:
    """Return a day with one large meeting, answered by some."""
    able = frozenset({EntryAction.START, EntryAction.MOVE, EntryAction.PROLONG, EntryAction.CANCEL})
    shown = agenda_scenes.entry(
        45, scenes.HOSPITAL, number=2, room=RoomState.READY, parties=mixed(), actions=able, undoable=undoable()
    )
    return AgendaView(scenes.NOW.date(), (shown,), (shown,), (shown,), scenes.NOW)
