"""What happened in one use, as times and counts, and the measures that follow from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from vdx_plugin import __version__
from vdx_plugin.domain.consultation import Consultation, EndReason
from vdx_plugin.domain.fees import CallFacts
from vdx_plugin.domain.measures import LineFigures, PartyMeasure, StartPath, UseMeasure
from vdx_plugin.domain.parties import InvitationState, PartyRole, PartyStatus, Presence, Told
from vdx_plugin.ports import RoomParticipant
from vdx_plugin.service.outside import DeskSettings
from vdx_plugin.service.presence import present_s

LATE_AFTER_S = 60.0


@dataclass
class Story:
    """Kept while a consultation runs. ``visit`` appears nowhere but in the measures."""

    visit: str
    clicked_at: datetime
    start_path: StartPath
    marks: dict[str, int] = field(default_factory=dict)
    """Milliseconds from the click to: room, join, audio, video."""
    most_participants: int = 0
    two_way_media_s: float = 0.0
    line: LineFigures = field(default_factory=LineFigures)
    failed_step: str = ""
    reason_code: str = ""
    went_to_phone: bool = False
    fee_proposed: str = ""
    fee_chosen: str = ""
    note_written: bool = False
    end_reason: str = ""

    def mark(self, what: str, now: datetime) -> None:
        """Note the time from the click until ``what`` first happened."""
        self.marks.setdefault(what, round((now - self.clicked_at).total_seconds() * 1000))

    def fail(self, step: str, code: str) -> None:
        """Note the step that failed; the last failure stands."""
        self.failed_step, self.reason_code = step, code

    def see(self, roster: tuple[RoomParticipant, ...]) -> None:
        """Note how many are in the room."""
        inside = sum(1 for participant in roster if not participant.is_waiting)
        self.most_participants = max(self.most_participants, inside)


def visit_of(consultation_id: UUID) -> str:
    """Return the name of a consultation among the measures.

    Always the same, so that a consultation taken up after a crash is still one visit; it cannot be followed back.
    """
    return hashlib.sha256(b"visit:" + consultation_id.bytes).hexdigest()[:32]


def told_again(use: UseMeasure, begun_at: datetime) -> Story:
    """Return the story that a measure was made of, for a note that is written after a crash."""
    times = {"room": use.room_ready_ms, "join": use.join_ms, "audio": use.first_audio_ms, "video": use.first_video_ms}
    return Story(
        use.visit,
        begun_at,
        use.start_path,
        marks={name: ms for name, ms in times.items() if ms is not None},
        most_participants=use.most_participants,
        two_way_media_s=use.two_way_media_s,
        line=use.line,
        failed_step=use.failed_step,
        reason_code=use.reason_code,
        went_to_phone=use.fallback == "phone",
        fee_proposed=use.fee_proposed,
        fee_chosen=use.fee_chosen,
        note_written=use.note_written,
        end_reason=use.end_reason,
    )


def facts_of(story: Story, parties: tuple[PartyStatus, ...], ended_at: datetime) -> CallFacts:
    """Return what the fee rules ask about. Helpers and interpreters are actors, but not professional ones."""
    there = [status for status in parties if present_s(status, ended_at) > 0]
    professional = {PartyRole.HOSPITAL, PartyRole.MUNICIPALITY, PartyRole.NURSING_HOME}
    return CallFacts(
        day=ended_at.date(),
        two_way_media_s=story.two_way_media_s,
        actors=1 + sum(1 for status in there if status.party.role is not PartyRole.INTERPRETER),
        professional_actors=1 + sum(1 for status in there if status.party.role in professional),
        went_to_phone=story.went_to_phone,
    )


def measured(
    story: Story, consultation: Consultation, parties: tuple[PartyStatus, ...], settings: DeskSettings, now: datetime
) -> tuple[UseMeasure, list[PartyMeasure]]:
    """Return the measures of the use and of each party as far as they have come."""
    actors = facts_of(story, parties, now).actors
    start = consultation.plan.start
    return _use_measure(story, consultation, settings, actors), [_of_party(story, each, start) for each in parties]


def _use_measure(story: Story, consultation: Consultation, settings: DeskSettings, actors: int) -> UseMeasure:
    plan = consultation.plan
    return UseMeasure(
        visit=story.visit,
        practice=settings.practice,
        region=settings.region,
        is_test=settings.is_test,
        created_at=consultation.created_at,
        planned_ahead=plan.planned_ahead,
        planned_minutes=round((plan.end - plan.start).total_seconds() / 60),
        start_path=story.start_path,
        room_ready_ms=story.marks.get("room"),
        join_ms=story.marks.get("join"),
        first_audio_ms=story.marks.get("audio"),
        first_video_ms=story.marks.get("video"),
        two_way_media_s=story.two_way_media_s,
        most_participants=story.most_participants,
        line=story.line,
        client_version=__version__,
        failed_step=story.failed_step,
        reason_code=story.reason_code,
        fallback="phone" if story.went_to_phone else "",
        actors=actors,
        fee_proposed=story.fee_proposed,
        fee_chosen=story.fee_chosen,
        note_written=story.note_written,
        end_reason=story.end_reason,
        ended_at=consultation.ended_at,
    )


def _of_party(story: Story, status: PartyStatus, start: datetime) -> PartyMeasure:
    """Read the measures of one party from its history."""
    times: dict[InvitationState | Presence | Told, datetime] = {}
    for event in status.history:
        times.setdefault(event.what, event.at)
    left = [event.at for event in status.history if event.what is Presence.LEFT]
    came = times.get(Presence.WAITING) or times.get(Presence.IN_CALL)
    late_s = (came - start).total_seconds() if came else 0.0
    return PartyMeasure(
        visit=story.visit,
        role=status.party.role,
        channel=status.party.channel,
        invited_at=times.get(InvitationState.QUEUED) or times.get(InvitationState.SENT),
        delivered_at=times.get(InvitationState.DELIVERED),
        answered_at=times.get(InvitationState.ANSWERED),
        waiting_at=times.get(Presence.WAITING),
        admitted_at=times.get(Presence.IN_CALL),
        first_media_at=times.get(Presence.IN_CALL),
        left_at=left[-1] if left else None,
        end_reason=EndReason.NO_SHOW if came is None else EndReason.HELD,
        late_minutes=max(0, round(late_s / 60)) if late_s > LATE_AFTER_S else 0,
        replaced_by_phone=story.went_to_phone,
        language=status.party.language or "",
    )
