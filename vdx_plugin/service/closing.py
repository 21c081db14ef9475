"""What is made when a call is over: outcome, fee proposal, note draft. Pure.

The note is Danish whatever language the program shows: it goes into a Danish record, which its patient reads.
"""

from __future__ import annotations

from datetime import datetime

from vdx_plugin.domain.consultation import Consultation, EndReason
from vdx_plugin.domain.danish_time import danish
from vdx_plugin.domain.fees import FeeProposal, propose
from vdx_plugin.domain.parties import InvitationState, PartyRole, PartyStatus
from vdx_plugin.domain.summary import Attendance, Summary
from vdx_plugin.service.presence import present_s
from vdx_plugin.service.story import Story, facts_of

_NOT_ARRIVED = (InvitationState.REJECTED, InvitationState.FAILED, InvitationState.UNKNOWN)


def role_word(role: PartyRole) -> str:
    """The role as a word in a note."""
    return {
        PartyRole.PATIENT: "patient",
        PartyRole.HOSPITAL: "sygehus",
        PartyRole.MUNICIPALITY: "kommune",
        PartyRole.NURSING_HOME: "plejehjem",
        PartyRole.INTERPRETER: "tolk",
        PartyRole.OTHER: "anden deltager",
    }[role]


def outcome_of(story: Story, parties: tuple[PartyStatus, ...], ended_at: datetime) -> EndReason:
    """Say how the consultation ended, from what was seen."""
    if story.went_to_phone:
        return EndReason.TO_PHONE
    if any(present_s(status, ended_at) > 0 for status in parties):
        return EndReason.HELD
    return EndReason.TECHNICAL if story.failed_step else EndReason.NO_SHOW


def summarise(
    consultation: Consultation, story: Story, parties: tuple[PartyStatus, ...], ended_at: datetime
) -> Summary:
    """Return the neutral record of the consultation with a note draft."""
    fee = propose(facts_of(story, parties, ended_at))
    attendance = tuple(
        Attendance(
            status.party.role,
            present_s(status, ended_at),
            status.party.partner.name if status.party.partner else "",
            status.party.interpreting.requisition if status.party.interpreting else "",
        )
        for status in parties
    )
    outcome = outcome_of(story, parties, ended_at)
    failures = [event.problem for status in parties for event in status.history if event.problem]
    if story.reason_code:
        failures.append(story.reason_code)
    return Summary(
        key=consultation.id,
        planned_ahead=consultation.plan.planned_ahead,
        started_at=consultation.started_at,
        ended_at=ended_at,
        outcome=outcome,
        attendance=attendance,
        fee=fee,
        note=draft_note(consultation, attendance, outcome, fee, ended_at),
        failures=tuple(dict.fromkeys(failures)),
    )


def draft_note(
    consultation: Consultation,
    attendance: tuple[Attendance, ...],
    outcome: EndReason,
    fee: FeeProposal,
    ended_at: datetime,
) -> str:
    """Write the note as the doctor would begin it: what, when, who, how it went."""
    start = danish(consultation.started_at or consultation.created_at)
    end = danish(ended_at)
    kind = "Videokonference" if fee.fee and fee.fee.code == "0126" else "Videokonsultation"
    lines = [f"{kind} {start:%d.%m.%Y} kl. {start:%H.%M}-{end:%H.%M}."]
    there = [_named(entry) for entry in attendance if entry.present_s > 0]
    missing = [_named(entry) for entry in attendance if entry.present_s <= 0]
    if there:
        lines.append(f"Deltagere: egen læge, {', '.join(there)}.")
    if missing:
        lines.append(f"Ikke til stede: {', '.join(missing)}.")
    lines += [f"Tolk: rekvisition {entry.requisition}." for entry in attendance if entry.requisition]
    if outcome is EndReason.TO_PHONE:
        # A call that was held by video for a while is paid as such, and the note must agree.
        how = "lykkedes ikke" if fee.rule == "fee.phone_after_failure" else "blev afbrudt"
        lines.append(f"Videoforbindelsen {how}; samtalen fortsatte på telefon.")
    elif outcome is EndReason.TECHNICAL:
        lines.append("Samtalen kunne ikke gennemføres af tekniske grunde.")
    elif outcome is EndReason.NO_SHOW:
        lines.append("Ingen mødte op.")
    return "\n".join(lines) + "\n"


def _named(entry: Attendance) -> str:
    word = role_word(entry.role)
    return f"{word} ({entry.label})" if entry.label else word


def undelivered(parties: tuple[PartyStatus, ...]) -> tuple[PartyStatus, ...]:
    """Return the parties whose invitation is known not to have arrived, or is in doubt."""
    return tuple(status for status in parties if status.invitation in _NOT_ARRIVED)
