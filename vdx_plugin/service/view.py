"""The whole state of the desk as one frozen value. The newest one wins; nothing else need be kept by a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import PartyStatus
from vdx_plugin.domain.plan import Appointment, Plan
from vdx_plugin.domain.secret import Secret
from vdx_plugin.domain.summary import Summary
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import (
    AdapterStatus,
    ChatMessage,
    DiagnosisLine,
    LineChanged,
    LineQuality,
    RoomParticipant,
    RoomRules,
    Slides,
    SlidesChanged,
    WorkplaceCheck,
)
from vdx_plugin.service.correspondence_view import NOTHING_WAITS, CorrespondenceView

NO_LINE = LineChanged(LineQuality.NONE)
NO_RULES = RoomRules()
NO_SLIDES = SlidesChanged(Slides.NONE)


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


def problem_of(error: VdxError) -> Problem:
    """Return an error as what is shown of it."""
    return Problem(error.code, error.facts)


@dataclass(frozen=True, slots=True)
class Step:
    kind: StepKind
    state: StepState = StepState.WAITING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    problem: Problem | None = None


class Saying(StrEnum):
    """What a command has written to parties, and can still take back for some seconds."""

    REMINDED = "reminded"
    DELAYED = "delayed"
    INVITED = "invited"
    EXCHANGED = "exchanged"
    UNINVITED = "uninvited"
    SENT_ANEW = "sent_anew"


@dataclass(frozen=True, slots=True)
class Undoable:
    """The last command about the parties while it can be undone: nothing of it has left before ``until``."""

    saying: Saying
    until: datetime
    messages: int
    minutes: int = 0


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
    """The running call. ``problems`` say what is wrong with the devices now (``media.no_camera`` ...)."""

    locked: bool = False
    microphone_on: bool = True
    camera_on: bool = True
    line: LineChanged = NO_LINE
    participants: tuple[RoomParticipant, ...] = ()
    chat: tuple[ChatMessage, ...] = ()
    remote_video: bool = False
    remote_audio: bool = False
    problems: tuple[Problem, ...] = ()
    advice: tuple[Problem, ...] = ()
    """What can be done about the sound now (``media.speaking_muted`` ...); a window has a button for each."""
    connected_at: datetime | None = None
    """When the room was entered with media."""
    rules: RoomRules = NO_RULES
    slides: SlidesChanged = NO_SLIDES
    """Who shows something beside the faces."""
    held: str = ""
    """Why nothing is to be seen or heard for a while, as a code; empty most of the time."""
    layouts: tuple[str, ...] = ()
    """How the room can arrange the pictures, by its own names; none where there is no choice."""


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
    undoable: Undoable | None = None


@dataclass(frozen=True, slots=True)
class Recoverable:
    """A consultation found unfinished at the start."""

    id: UUID
    stage: Stage
    created_at: datetime
    patient_label: str

    def __repr__(self) -> str:
        return f"Recoverable({self.id}, {self.stage})"


class RoomState(StrEnum):
    """How far the room of a booked meeting is, in the words of somebody who waits for it."""

    UNASKED = "unasked"
    """VDX has not been asked yet, or did not answer."""
    AWAITS = "awaits"
    """Booked; VDX makes the room shortly before the start."""
    MAKING = "making"
    READY = "ready"
    PROBLEM = "problem"
    GONE = "gone"
    """VDX does not know the meeting any longer."""
    CLOSED = "closed"
    """Its time is over."""


class EntryAction(StrEnum):
    """What can be done with an entry of the calendar now."""

    START = "start"
    MOVE = "move"
    PROLONG = "prolong"
    CANCEL = "cancel"
    RETRY = "retry"
    """Take up a booking or a change whose outcome is not known."""


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One meeting of the calendar: booked from here, or known to VDX only.

    ``start`` and ``end`` are what VDX has, where it was asked. ``organiser`` is an address of the practice's own staff.
    """

    meeting_id: UUID
    start: datetime
    end: datetime
    room: RoomState = RoomState.UNASKED
    subject: str = ""
    organiser: str = ""
    is_own: bool = True
    consultation_id: UUID | None = None
    """None for a meeting that this program did not book."""
    stage: Stage | None = None
    context: ClinicContext | None = None
    """The patient, for a consultation booked from here."""
    parties: tuple[PartyStatus, ...] = ()
    links: Mapping[str, Secret] = field(default_factory=dict)
    """Guest links by party key; to be copied, not shown."""
    problem: Problem | None = None
    actions: frozenset[EntryAction] = frozenset()
    is_busy: bool = False
    undoable: Undoable | None = None

    @property
    def has_unread_answer(self) -> bool:
        """True while somebody has answered and the user has not said how it is to be read."""
        return any(status.has_unread_answer for status in self.parties)

    def __repr__(self) -> str:
        return f"AgendaEntry({self.meeting_id}, {self.stage}, {self.room})"


@dataclass(frozen=True, slots=True)
class AgendaView:
    """The calendar: the day that is looked at, and today's consultations for the dock."""

    day: date | None = None
    """The day in Danish time; None until a window has asked for one."""
    entries: tuple[AgendaEntry, ...] = ()
    today: tuple[AgendaEntry, ...] = ()
    answered: tuple[AgendaEntry, ...] = ()
    """Those of any day with an answer that the user has not read yet."""
    asked_at: datetime | None = None
    """When VDX last answered about ``day``."""
    problem: Problem | None = None
    """Why VDX did not answer; the entries are then those last known."""


@dataclass(frozen=True, slots=True)
class DiagnosisView:
    """ "Can I reach VDX?": the steps answered so far, and ``text`` for support once all are."""

    is_running: bool = False
    lines: tuple[DiagnosisLine, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class ChecksView:
    """Checks of this workplace, newest first."""

    is_running: bool = False
    latest: tuple[WorkplaceCheck, ...] = ()


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
    agenda: AgendaView = AgendaView()
    diagnosis: DiagnosisView = DiagnosisView()
    checks: ChecksView = ChecksView()
    correspondence: CorrespondenceView = NOTHING_WAITS
    """What did not get through, and answers without a known meeting."""
    notices: tuple[Notice, ...] = ()
    adapters: tuple[AdapterStatus, ...] = ()
    vdx_reachable: bool | None = None
    """None until first tried."""
    camera: str = ""
    microphone: str = ""
