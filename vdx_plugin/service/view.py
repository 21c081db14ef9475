"""The whole state of the desk as one frozen value. The newest one wins; nothing else need be kept by a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import PartyStatus
from vdx_plugin.domain.plan import Appointment, Plan
from vdx_plugin.domain.secret import Secret
from vdx_plugin.domain.summary import Summary
from vdx_plugin.ports import AdapterStatus, ChatMessage, LineChanged, LineQuality, RoomParticipant

NO_LINE = LineChanged(LineQuality.NONE)


class StepKind(StrEnum):
    """The four steps from the click to the call, in their order."""

    ROOM = "room"
    LOCK = "lock"
    INVITATIONS = "invitations"
    VIDEO = "video"


class StepState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the user must know. ``texts.problem(code, **facts)`` gives the sentence."""

    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    kind: StepKind
    state: StepState = StepState.WAITING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class WaitingGuest:
    """Somebody outside the locked room. ``party_key`` is the party the link was made for, None for a stranger."""

    participant_id: str
    name_given: str
    since: datetime
    party_key: str | None = None

    def __repr__(self) -> str:
        return f"WaitingGuest({self.participant_id!r})"


@dataclass(frozen=True, slots=True)
class CallView:
    """The running call. ``problems`` are codes of what is wrong now (``media.no_camera`` ...)."""

    locked: bool = False
    microphone_on: bool = True
    camera_on: bool = True
    line: LineChanged = NO_LINE
    participants: tuple[RoomParticipant, ...] = ()
    chat: tuple[ChatMessage, ...] = ()
    remote_video: bool = False
    remote_audio: bool = False
    problems: tuple[str, ...] = ()
    connected_at: datetime | None = None
    """When the room was entered with media."""


@dataclass(frozen=True, slots=True)
class ConsultationView:
    id: UUID
    stage: Stage
    context: ClinicContext
    """The patient the consultation is bound to, whatever the record shows now."""
    plan: Plan
    steps: tuple[Step, ...]
    parties: tuple[PartyStatus, ...]
    waiting: tuple[WaitingGuest, ...] = ()
    call: CallView | None = None
    links: Mapping[str, Secret] = field(default_factory=dict)
    """Guest links by party key, known once the room is ready; to be shown only on request and copied."""
    summary: Summary | None = None
    written_back: bool = False
    problem: Problem | None = None
    is_busy: bool = False
    """A command is being carried out."""


@dataclass(frozen=True, slots=True)
class Recoverable:
    """A consultation found unfinished at the start."""

    id: UUID
    stage: Stage
    created_at: datetime
    patient_label: str

    def __repr__(self) -> str:
        return f"Recoverable({self.id}, {self.stage})"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Notice:
    """A band or line to show until dismissed or out of date."""

    id: int
    problem: Problem
    severity: Severity
    at: datetime


@dataclass(frozen=True, slots=True)
class DeskView:
    environment: str
    """sandbox, stage or production."""
    context: ClinicContext | None = None
    """The patient open in the record now."""
    record_shows_other: bool = False
    """The record shows another patient than the running consultation is about."""
    appointments: tuple[Appointment, ...] = ()
    consultation: ConsultationView | None = None
    recoverable: tuple[Recoverable, ...] = ()
    notices: tuple[Notice, ...] = ()
    adapters: tuple[AdapterStatus, ...] = ()
    vdx_reachable: bool | None = None
    """None until first tried."""
    camera: str = ""
    microphone: str = ""
