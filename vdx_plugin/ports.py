"""What the core needs from the outside, as Protocols.

Every implementation of a port runs the same contract suite in ``tests/contract``.
All calls are made on the asyncio thread. Errors are those of ``vdx_plugin.errors`` and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.booked import BookedMeeting, Cancelled, EditOutcome, MeetingEdit, RoomTemplate, SeriesItem
from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.context import ClinicContext, Organisation
from vdx_plugin.domain.measures import LineFigures, PartyMeasure, UseMeasure
from vdx_plugin.domain.parties import Channel, InvitationState, Partner, Party
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.room import MeetingDraft, ProvisionStatus, Room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.domain.summary import Summary, WriteBackReceipt

# --- time ---------------------------------------------------------------------------------------------------------


class Clock(Protocol):
    """The one source of time for the core, so that tests own it."""

    def now(self) -> datetime:
        """Return the present as an aware time in UTC."""
        ...


# --- booking ------------------------------------------------------------------------------------------------------


class RoomBooking(Protocol):
    """Rooms at VDX. Every call may be repeated with the same meeting id without doing harm."""

    async def book(self, draft: MeetingDraft, on_status: Callable[[ProvisionStatus], None]) -> Room:
        """Book, read the room back, make it safe and wait until it can be dialled.

        An existing booking of the same ``meeting_id`` is taken up where it stands. ``on_status`` hears of each change.
        Raises Unavailable, OutcomeUnknown, SignInNeeded, Refused (``room.*`` where the room cannot be made safe).
        Cancelling the task leaves the booking as it is; ``lookup`` tells.
        """
        ...

    async def lookup(self, meeting_id: UUID) -> Room | None:
        """Return the room as VDX knows it now, None if the booking does not exist."""
        ...

    async def is_reachable(self) -> bool:
        """Say whether VDX answers us now. Raises nothing."""
        ...

    async def close(self, meeting_id: UUID, now: datetime) -> None:
        """Give the room back, whatever its state; a booking that does not exist is fine."""
        ...


class MeetingBook(Protocol):
    """Meetings for later: the practice's own calendar at VDX.

    Every change is read back, because VDX answers 200 to what it drops. All errors are those of ``RoomBooking``.
    """

    async def own(self, start: datetime, end: datetime, *, everyone: bool = False) -> list[BookedMeeting]:
        """Return the meetings that begin in the window, oldest first: those we organise, or the practice's."""
        ...

    def known(self, start: datetime, end: datetime) -> list[BookedMeeting]:
        """Return what was last heard of that window, at once and without asking."""
        ...

    def search(self, text: str, *, limit: int = 50) -> list[BookedMeeting]:
        """Find among what was heard by subject, label or organiser, newest first."""
        ...

    async def book(self, draft: MeetingDraft) -> BookedMeeting:
        """Book with PINs of our own and return without waiting for the room. May be repeated with the same id.

        Raises Refused(``vdx.colleague``, field ``organizedByEmail``) when the role does not allow booking for
        ``draft.organised_by``; then nothing is left booked.
        """
        ...

    async def book_series(self, drafts: Sequence[MeetingDraft]) -> list[SeriesItem]:
        """Book each; one that fails does not stop the others, unless no other could succeed either."""
        ...

    async def edit(self, meeting_id: UUID, edit: MeetingEdit) -> EditOutcome:
        """Move, prolong, rename or hand over, then read back. What VDX kept is in the outcome, not an error.

        Waits while VDX is making the room. Raises Conflict(``vdx.state``) when it takes no change any more.
        """
        ...

    async def cancel(self, meeting_id: UUID, now: datetime) -> Cancelled:
        """Call a meeting off in the way its room's state allows. Harmless to repeat."""
        ...

    async def room(self, meeting_id: UUID) -> Room:
        """Return the room of a meeting that we may see. Raises Refused, NotFound; no PIN of others is ever read."""
        ...

    async def statuses(self, start: datetime, end: datetime) -> dict[UUID, ProvisionStatus]:
        """Return how far the rooms of a window are, in a few requests for all of them."""
        ...

    async def templates(self) -> list[RoomTemplate]:
        """Return the recipes for rooms that the organisation has."""
        ...


class DraftCheck(Protocol):
    """Says what VDX would refuse or mistake, before anything is sent. Pure, so it may be called on any thread."""

    def __call__(self, draft: MeetingDraft, now: datetime) -> Mapping[str, str]:
        """Return a sentence for each field at fault, by the API's own name of it."""
        ...


class CheckState(StrEnum):
    """How one step of a diagnosis went."""

    GOOD = "good"
    WEAK = "weak"
    """It works, but not as well as it could."""
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DiagnosisLine:
    """One step of a diagnosis in words."""

    title: str
    state: CheckState
    sentence: str


@dataclass(frozen=True, slots=True)
class DiagnosisReport:
    """All steps, and ``text`` to send to support: it names no person, no patient and no address below a host."""

    at: datetime
    lines: tuple[DiagnosisLine, ...]
    text: str
    is_well: bool


class Examiner(Protocol):
    """Answers "Can I reach VDX?" step by step. Changes nothing there."""

    async def examine(self) -> DiagnosisReport:
        """Go through every step. Raises nothing of ours."""
        ...


# --- the call -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JoinTarget:
    """Where and as whom to enter: ``node`` is the base address of a Pexip node, ``alias`` the room's."""

    node: str
    alias: str
    pin: Secret
    display_name: str
    call_tag: str = ""


@dataclass(frozen=True, slots=True)
class RoomParticipant:
    """One row of the room's roster. ``call_tag`` is what the participant's link carried."""

    id: str
    display_name: str
    is_host: bool
    is_waiting: bool
    is_self: bool
    has_media: bool
    call_tag: str = ""
    is_muted: bool = False

    def __repr__(self) -> str:
        return f"RoomParticipant({self.id!r}, waiting={self.is_waiting})"


class LineQuality(StrEnum):
    """The line in three states a doctor can act on, and one for before the call."""

    NONE = "none"
    GOOD = "good"
    UNSTABLE = "unstable"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    at: datetime
    sender: str
    text: str
    is_own: bool

    def __repr__(self) -> str:
        return "ChatMessage(…)"


@dataclass(frozen=True, slots=True)
class RosterChanged:
    participants: tuple[RoomParticipant, ...]


@dataclass(frozen=True, slots=True)
class LockChanged:
    locked: bool


@dataclass(frozen=True, slots=True)
class ChatReceived:
    message: ChatMessage


@dataclass(frozen=True, slots=True)
class LineChanged:
    quality: LineQuality
    loss: float | None = None
    rtt_ms: float | None = None


@dataclass(frozen=True, slots=True)
class MediaFlowing:
    """First decoded picture or first non-silent sound from the other side. ``kind`` is ``audio`` or ``video``."""

    kind: str
    after_join_ms: int


@dataclass(frozen=True, slots=True)
class DeviceNotice:
    """A device went away or came back, or a test card stands in. ``code`` has its sentence in ``texts``."""

    code: str


@dataclass(frozen=True, slots=True)
class CallOver:
    """The room put us out or the line is gone for good. ``code`` as above; empty after our own hang-up."""

    code: str = ""


CallEvent = RosterChanged | LockChanged | ChatReceived | LineChanged | MediaFlowing | DeviceNotice | CallOver


@dataclass(frozen=True, slots=True)
class VideoPicture:
    """One decoded picture, planar YUV 4:2:0: three byte planes with their line lengths in bytes."""

    width: int
    height: int
    planes: tuple[bytes, bytes, bytes]
    strides: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class MediaChoice:
    """Devices by name; None takes the system's default, and a test card or silence when there is none."""

    camera: str | None = None
    microphone: str | None = None
    speaker: str | None = None
    use_test_card: bool = False
    video_codec: str = "H264"


class Call(Protocol):
    """One presence in one room. Made by ``CallEngine.enter``, over after ``leave`` or a CallOver event."""

    async def lock(self) -> None: ...

    async def unlock(self) -> None: ...

    async def admit(self, participant_id: str) -> None:
        """Let a waiting participant in."""
        ...

    async def put_out(self, participant_id: str) -> None:
        """Disconnect one participant."""
        ...

    async def start_media(self, choice: MediaChoice) -> None:
        """Open devices and the media path. Raises Unavailable(``media.*``)."""
        ...

    async def set_microphone(self, *, on: bool) -> None: ...

    async def set_camera(self, *, on: bool) -> None: ...

    async def send_chat(self, text: str) -> None:
        """Send a line to everybody inside. Once sent, it comes back as our own ChatReceived."""
        ...

    async def leave(self) -> None:
        """Leave alone; the room lives on."""
        ...

    async def end_for_all(self) -> None:
        """Put everybody out, then leave."""
        ...

    def figures(self) -> LineFigures:
        """Quality so far."""
        ...

    def two_way_media_s(self) -> float:
        """Seconds during which media came in and went out."""
        ...


class CallEngine(Protocol):
    """Enters rooms. ``on_event`` is called on the asyncio thread; the picture callbacks on any thread, newest wins."""

    async def prepare(self) -> None:
        """Load what a call needs, so that the first one need not wait for it. Early and often: safe to repeat."""
        ...

    async def enter(
        self,
        target: JoinTarget,
        on_event: Callable[[CallEvent], None],
        *,
        on_remote_picture: Callable[[VideoPicture], None],
        on_self_picture: Callable[[VideoPicture], None],
    ) -> Call:
        """Get a token and the roster; no media yet. Raises Refused(``call.wrong_pin``), NotFound, Unavailable."""
        ...


# --- invitations and outbox -----------------------------------------------------------------------------------------


class MessageKind(StrEnum):
    INVITATION = "invitation"
    CANCELLATION = "cancellation"
    ACKNOWLEDGEMENT = "acknowledgement"


@dataclass(frozen=True, slots=True)
class OutboxDraft:
    """One message to be written into the outbox before anything is sent.

    ``key`` makes it unique: a second draft with the same key is ignored. ``message_id`` is the letter id
    (MessageHeader.id or mail Message-ID): the receiver tells repeats by it. ``thread_id`` is the partner's thread.
    """

    key: str
    consultation_id: UUID
    party_key: str
    kind: MessageKind
    channel: Channel
    receiver: str
    """GLN or e-mail address."""
    message_id: str
    thread_id: str
    mime: str
    payload: bytes

    def __repr__(self) -> str:
        return f"OutboxDraft({self.key!r}, {self.kind}, {self.channel}, {len(self.payload)} bytes)"


class OutboxState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    """Handed to a transport; after a crash nobody knows whether it arrived."""
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A draft with what became of it."""

    draft: OutboxDraft
    state: OutboxState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    problem: str = ""
    receipt: str = ""
    """The transport's receipt (mailbox level), kept apart from the acknowledgement (system level)."""


class Outbox(Protocol):
    """Messages on their way. One implementation, contract-tested on each engine."""

    async def claim(self, now: datetime, *, limit: int = 10) -> list[OutboxRow]:
        """Take due rows and mark them SENDING, so that no other worker takes them.

        Due are QUEUED rows whose ``next_attempt_at`` is None or has come, and SENT rows whose ``next_attempt_at``
        has come (no acknowledgement in time). Each claim counts: the rows returned have it in ``attempts``.
        """
        ...

    async def mark(
        self,
        key: str,
        state: OutboxState,
        now: datetime,
        *,
        problem: str = "",
        receipt: str = "",
        next_attempt_at: datetime | None = None,
    ) -> None:
        """Write the row's new state. SENT sets ``sent_at`` and keeps it from then on, whatever comes after; an empty
        ``receipt`` leaves the one already there; ``problem`` and ``next_attempt_at`` are replaced as given."""
        ...

    async def withdraw(self, key: str, now: datetime) -> bool:
        """Take back a row that no worker has touched yet; False if it may already be on its way."""
        ...

    async def by_message(self, message_id: str) -> OutboxRow | None:
        """Find the row an acknowledgement speaks of."""
        ...

    async def by_thread(self, thread_id: str) -> OutboxRow | None:
        """Find the newest row of the thread a reply belongs to."""
        ...

    async def of_consultation(self, consultation_id: UUID) -> list[OutboxRow]: ...

    async def add(self, drafts: Sequence[OutboxDraft], now: datetime) -> None:
        """Write drafts on their own (acknowledgements); invitations go in with ``ConsultationStore.save``."""
        ...

    async def recover(self, now: datetime) -> list[OutboxRow]:
        """After a start: rows left in SENDING. MedCom rows are queued again (same message id, so harmless);
        e-mail rows become UNKNOWN, for a person to decide. Return them in their new state."""
        ...

    async def remember_incoming(self, message_id: str, now: datetime) -> bool:
        """True the first time an incoming message id is seen, False for a repeat."""
        ...


class Composer(Protocol):
    """Builds messages. Pure: ids and times come in."""

    def invitation(
        self,
        consultation: Consultation,
        party: Party,
        room: Room,
        now: datetime,
        new_id: Callable[[], UUID],
    ) -> OutboxDraft:
        """Build the message that invites ``party``; Channel.MEDCOM and Channel.EMAIL only. Raises Misconfigured."""
        ...

    def cancellation(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        now: datetime,
        new_id: Callable[[], UUID],
    ) -> OutboxDraft:
        """Build the message that tells ``party`` it is off, in the thread of ``earlier``."""
        ...

    def move(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        old: tuple[datetime, datetime],
        now: datetime,
        new_id: Callable[[], UUID],
    ) -> OutboxDraft:
        """Build the message that tells ``party`` of another time, in the thread of ``earlier``.

        ``old`` is the former start and end; ``consultation`` has the new ones.
        """
        ...

    def guest_link(self, room: Room, party: Party) -> Secret:
        """Return the link for one party; it carries the guest PIN and never the host PIN."""
        ...


@dataclass(frozen=True, slots=True)
class InvitationNews:
    """Something became known about one invitation."""

    consultation_id: UUID
    party_key: str
    state: InvitationState
    at: datetime
    problem: str = ""
    answer: str = ""

    def __repr__(self) -> str:
        return f"InvitationNews({self.party_key!r}, {self.state})"


class Delivery(Protocol):
    """Carries the outbox out and brings acknowledgements and answers in, until closed."""

    def start(self, on_news: Callable[[InvitationNews], None]) -> None: ...

    def wake(self) -> None:
        """There is something new in the outbox: do not wait for the next look."""
        ...

    async def close(self) -> None: ...


# --- store ----------------------------------------------------------------------------------------------------------


class ConsultationStore(Protocol):
    """Consultations, so that nothing is lost when the process dies."""

    async def save(self, consultation: Consultation, drafts: Sequence[OutboxDraft] = ()) -> None:
        """Write the consultation and, in the same transaction, its new messages. Raises Unavailable(``store.*``)."""
        ...

    async def get(self, consultation_id: UUID) -> Consultation | None: ...

    async def unfinished(self) -> list[Consultation]:
        """Return every consultation not CLOSED or CANCELLED, oldest first."""
        ...

    async def set_answer(self, news: InvitationNews) -> None:
        """Keep what a partner wrote, with its time."""
        ...

    async def news_of(self, consultation_id: UUID) -> list[InvitationNews]: ...


class MeasureStore(Protocol):
    """Measures, and nothing that could tell who the patient is."""

    async def record(self, use: UseMeasure, parties: Sequence[PartyMeasure]) -> None:
        """Write or replace the measures of one visit."""
        ...

    async def between(self, start: datetime, end: datetime) -> tuple[list[UseMeasure], list[PartyMeasure]]: ...


class AuditLog(Protocol):
    """Who did what to which consultation when: for the clinic's own duty to log, without patient data."""

    async def write(
        self, at: datetime, user: str, action: str, consultation_id: UUID | None, detail: str = ""
    ) -> None: ...


# --- clinic systems ---------------------------------------------------------------------------------------------------


class Capability(StrEnum):
    """What an adapter can do; read before anything is offered."""

    CONTEXT = "context"
    """Tells which patient is open."""
    DIRECTORY = "directory"
    """Knows patients and can complete an incomplete context."""
    APPOINTMENTS = "appointments"
    CONFIRM = "confirm"
    """Can be asked whether a context still holds."""
    WRITE_BACK = "write_back"
    START_ACTION = "start_action"
    """Can carry the click on Start video from inside the record."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    can: frozenset[Capability]

    def __contains__(self, capability: Capability) -> bool:
        return capability in self.can


class ContextChange(StrEnum):
    OPENED = "opened"
    CLOSED = "closed"
    USER_LEFT = "user_left"


class AdapterSink(Protocol):
    """What an adapter calls when something happens in the clinic system. Safe to call from the asyncio thread."""

    def opened(self, context: ClinicContext) -> None: ...

    def closed(self, reason: ContextChange = ContextChange.CLOSED) -> None: ...

    def start_wanted(self, context: ClinicContext) -> None:
        """The user clicked Start video inside the record."""
        ...

    def appointments_changed(self) -> None: ...

    def patient_merged(self, retired: Identifier, survivor: Identifier) -> None: ...

    def notice(self, code: str, **facts: str | int) -> None:
        """Tell the user something: a problem code with its sentence in ``texts``."""
        ...


class ClinicSystem(Protocol):
    """The whole contract of an adapter. The host isolates every call and holds it to a time limit."""

    name: str
    capabilities: Capabilities

    async def start(self, sink: AdapterSink) -> None: ...

    async def stop(self) -> None: ...

    async def current(self) -> ClinicContext | None:
        """Return the context open now, None if no record is open or the system does not tell."""
        ...

    async def confirm(self, context: ClinicContext) -> bool:
        """Ask the record once more whether ``context`` still holds."""
        ...

    async def complete(self, context: ClinicContext) -> ClinicContext:
        """Fill in what is known about the patient (name, birth date); return it unchanged if nothing is."""
        ...

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]: ...

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Write the consultation into the patient's record. Repeating it with the same ``summary.key`` is harmless.

        Raises Refused, Conflict, Unavailable, OutcomeUnknown, Unsupported.
        """
        ...


@dataclass(frozen=True, slots=True)
class AdapterStatus:
    """How an adapter fares. ``state``: loaded, running, disabled, failed, paused. ``reason`` is a problem code."""

    name: str
    state: str
    reason: str = ""
    detail: str = ""
    capabilities: Capabilities = Capabilities(frozenset())
    faults: int = 0


class ClinicSystems(Protocol):
    """All loaded adapters seen as one, which is what the core talks to. Implemented by ``host``."""

    async def start(self, sink: AdapterSink) -> None: ...

    async def stop(self) -> None: ...

    def statuses(self) -> Sequence[AdapterStatus]: ...

    async def enable(self, name: str) -> None:
        """Start an adapter that is disabled, paused or failed; its faults are forgotten."""
        ...

    def can(self, source: str, capability: Capability) -> bool:
        """True when the running adapter of that name has the capability."""
        ...

    async def confirm(self, context: ClinicContext) -> bool: ...

    async def complete(self, context: ClinicContext) -> ClinicContext: ...

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]: ...

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt: ...


class PartnerDirectory(Protocol):
    """Partners that can be invited."""

    def all(self) -> Sequence[Partner]: ...

    def search(self, text: str, limit: int = 20) -> Sequence[Partner]:
        """Find by name, role or place, as typed; best first."""
        ...


@dataclass(frozen=True, slots=True)
class AdapterSetup:
    """What the host hands an adapter's factory: its own settings, a place for files, the clock, the practice."""

    settings: dict[str, str] = field(default_factory=dict)
    data_dir: str = ""
    """A folder of its own, existing; empty when there is none (the adapter then writes no file)."""
    clock: Clock | None = None
    organisation: Organisation | None = None
    """The practice this workplace belongs to, for contexts that do not name one."""
