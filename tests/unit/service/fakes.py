"""The ports, filled by hand for tests of the desk: in memory, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from tests.unit.service.fake_partners import FakeAddresses, FakeMemory, FakePartnerBook
from vdx_plugin.domain.booked import (
    BookedMeeting,
    Cancelled,
    EditOutcome,
    MeetingEdit,
    MeetingField,
    RoomTemplate,
    SeriesItem,
    outcome_of,
)
from vdx_plugin.domain.consultation import Consultation, Stage
from vdx_plugin.domain.context import ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.fees import FeeCode
from vdx_plugin.domain.measures import LineFigures, PartyMeasure, UseMeasure
from vdx_plugin.domain.parties import AnswerMark, Channel, Partner, Party, PartyRole
from vdx_plugin.domain.patients import Patient, PersonName, cpr
from vdx_plugin.domain.plan import Appointment, Plan
from vdx_plugin.domain.room import MeetingDraft, ProvisionStatus, Room, guest_link
from vdx_plugin.domain.secret import Secret
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.errors import NotFound, VdxError
from vdx_plugin.invitations.text_book import TextBook
from vdx_plugin.ports import (
    STRANDED,
    AdapterStatus,
    AppointmentFiles,
    AuditEvent,
    Call,
    CallEvent,
    CallFigures,
    CallState,
    Capability,
    CheckedPart,
    CheckFinding,
    CheckState,
    ContextSink,
    DiagnosisLine,
    DiagnosisReport,
    DialOut,
    Health,
    HealthState,
    IncomingLetter,
    InterpreterCard,
    InvitationNews,
    Invitee,
    JoinTarget,
    LockChanged,
    MediaChoice,
    MessageKind,
    NoticeKind,
    OutboxDraft,
    OutboxRow,
    OutboxState,
    RoomParticipant,
    RoomRules,
    RosterChanged,
    RulesChanged,
    ScreenPicture,
    Settlement,
    Slides,
    SlidesChanged,
    Veto,
    VideoPicture,
    WorkplaceCheck,
    ignore_picture,
)
from vdx_plugin.service.desk import Desk
from vdx_plugin.service.outside import DeskSettings, Outside

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOSPITAL = Partner(
    "h", "Eksempel Sygehus", PartyRole.HOSPITAL, Channel.MEDCOM, gln="5790000000203", sor="441211000016000"
)


class FakeClock:
    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    def pass_by(self, **delta: float) -> None:
        self.time += timedelta(**delta)


def context(clock: FakeClock, number: int = 1, email: str | None = None) -> ClinicContext:
    patient = Patient(
        (cpr(f"999999{number:04}"),), PersonName("Eksempelsen", "Asta"), date(1948, 12, 25), f"p{number}", email
    )
    return ClinicContext("fake", patient, ClinicUser("u1"), Organisation("Lægehuset Eksempel"), clock.now())


class FakeBooking:
    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.rooms: dict[UUID, Room] = {}
        self.fault: VdxError | None = None

    async def book(self, draft: MeetingDraft, on_status: Callable[[ProvisionStatus], None]) -> Room:
        self.log.append("book")
        if self.fault:
            raise self.fault
        ready = ProvisionStatus.PROVISIONED_OK
        room = Room(draft.meeting_id, "1234@rooms.example", Secret("111111"), Secret("222222"), ready)
        return self.rooms.setdefault(draft.meeting_id, room)

    async def lookup(self, meeting_id: UUID) -> Room | None:
        return self.rooms.get(meeting_id)

    async def is_reachable(self) -> bool:
        return self.fault is None

    async def close(self, meeting_id: UUID, now: datetime) -> None:
        self.log.append("close")
        if self.fault:
            raise self.fault
        self.rooms.pop(meeting_id, None)


class FakeMeetings:
    """The calendar at VDX, sharing its rooms with ``FakeBooking``. ``keeps`` are fields that it drops silently."""

    def __init__(self, booking: FakeBooking) -> None:
        self.log = booking.log
        self.booking = booking
        self.meetings: dict[UUID, BookedMeeting] = {}
        self.others: dict[UUID, BookedMeeting] = {}
        self.status = ProvisionStatus.AWAITS_PROVISION
        self.keeps: set[MeetingField] = set()
        self.fault: VdxError | None = None
        self.questions = 0
        self.drafts: list[MeetingDraft] = []

    async def own(self, start: datetime, end: datetime, *, everyone: bool = False) -> list[BookedMeeting]:
        self.questions += 1
        if self.fault:
            raise self.fault
        mine = list(self.meetings.values()) + (list(self.others.values()) if everyone else [])
        return sorted((m for m in mine if start <= m.start <= end), key=lambda m: m.start)

    def known(self, start: datetime, end: datetime) -> list[BookedMeeting]:
        heard = [*self.meetings.values(), *self.others.values()]
        return sorted((m for m in heard if start <= m.start <= end), key=lambda m: m.start)

    def search(self, text: str, *, limit: int = 50) -> list[BookedMeeting]:
        return [m for m in self.meetings.values() if text.casefold() in f"{m.subject} {m.labels}".casefold()][:limit]

    async def book(self, draft: MeetingDraft) -> BookedMeeting:
        self.log.append("book")
        self.drafts.append(draft)
        if self.fault:
            raise self.fault
        pins = Secret("111111"), Secret("222222")
        room = Room(draft.meeting_id, f"{len(self.meetings)}@rooms.example", *pins, self.status)
        self.booking.rooms.setdefault(draft.meeting_id, room)
        meeting = BookedMeeting(
            draft.meeting_id, draft.subject, draft.start, draft.end, draft.organised_by or "me@x.test", (draft.label,)
        )
        return self.meetings.setdefault(draft.meeting_id, meeting)

    async def book_series(self, drafts: Sequence[MeetingDraft]) -> list[SeriesItem]:
        found = []
        for draft in drafts:
            try:
                found.append(SeriesItem(draft.start, await self.book(draft)))
            except VdxError as error:
                found.append(SeriesItem(draft.start, problem=error.code))
        return found

    async def edit(self, meeting_id: UUID, edit: MeetingEdit) -> EditOutcome:
        self.log.append("edit")
        if self.fault:
            raise self.fault
        before = self.meetings[meeting_id]
        start = before.start if MeetingField.START in self.keeps else edit.start or before.start
        end = before.end if MeetingField.END in self.keeps else edit.end or before.end
        self.meetings[meeting_id] = replace(before, start=start, end=end)
        return outcome_of(before, edit, self.meetings[meeting_id])

    async def cancel(self, meeting_id: UUID, now: datetime) -> Cancelled:
        self.log.append("cancel")
        if self.fault:
            raise self.fault
        self.booking.rooms.pop(meeting_id, None)
        return Cancelled.DELETED if self.meetings.pop(meeting_id, None) else Cancelled.GONE

    async def room(self, meeting_id: UUID) -> Room:
        if self.fault:
            raise self.fault
        if meeting_id not in self.booking.rooms:
            raise NotFound("vdx.not_found")
        return self.booking.rooms[meeting_id]

    async def statuses(self, start: datetime, end: datetime) -> dict[UUID, ProvisionStatus]:
        if self.fault:
            raise self.fault
        return {
            m.meeting_id: self.booking.rooms[m.meeting_id].status
            for m in self.known(start, end)
            if m.meeting_id in self.booking.rooms
        }

    async def templates(self) -> list[RoomTemplate]:
        return [RoomTemplate(1, is_safe=True, is_default=True, ready_before=timedelta(minutes=15))]


class FakeExaminer:
    async def examine(self, on_line: Callable[[DiagnosisLine], object]) -> DiagnosisReport:
        line = DiagnosisLine("Adresse", CheckState.GOOD, "fundet")
        on_line(line)
        return DiagnosisReport(NOON, (line,), "rapport", is_well=True)


def check_draft(draft: MeetingDraft, now: datetime) -> Mapping[str, str]:
    """The one rule that the desk's tests need."""
    return {} if draft.end > draft.start else {"endTime": "Slut skal ligge efter start."}


class FakeCall:
    def __init__(self, log: list[str], on_event: Callable[[CallEvent], None]) -> None:
        self.log = log
        self.on_event = on_event
        self.fault: VdxError | None = None
        self.screens: list[ScreenPicture] = []
        self.roster: tuple[RoomParticipant, ...] = (
            RoomParticipant("me", "Lægen", is_host=True, is_waiting=False, is_self=True, has_media=True),
        )

    def arrive(self, participant_id: str, tag: str = "") -> None:
        guest = RoomParticipant(
            participant_id, "Gæst", is_host=False, is_waiting=True, is_self=False, has_media=False, call_tag=tag
        )
        self.roster = (*self.roster, guest)
        self.on_event(RosterChanged(self.roster))

    def depart(self, participant_id: str) -> None:
        self.roster = tuple(p for p in self.roster if p.id != participant_id)
        self.on_event(RosterChanged(self.roster))

    async def lock(self) -> None:
        self.log.append("lock")
        self.on_event(LockChanged(locked=True))

    async def unlock(self) -> None:
        self.on_event(LockChanged(locked=False))

    async def admit(self, participant_id: str) -> None:
        self.log.append("admit")
        self.roster = tuple(replace(p, is_waiting=False) if p.id == participant_id else p for p in self.roster)
        self.on_event(RosterChanged(self.roster))

    async def put_out(self, participant_id: str) -> None:
        self.depart(participant_id)

    async def start_media(self, choice: MediaChoice) -> None:
        self.log.append("media")
        if self.fault:
            raise self.fault

    async def set_microphone(self, *, on: bool) -> None: ...

    async def set_camera(self, *, on: bool) -> None: ...

    async def use_devices(self, choice: MediaChoice) -> None:
        self.log.append("use_devices")

    async def devices_changed(self) -> None:
        self.log.append("devices_changed")

    async def mute(self, participant_id: str, *, muted: bool) -> None:
        self.log.append(f"mute {participant_id} {muted}")

    async def mute_guests(self, *, muted: bool) -> None:
        self.log.append(f"mute-guests {muted}")
        self.on_event(RulesChanged(RoomRules(guests_muted=muted)))

    async def spotlight(self, participant_id: str, *, on: bool) -> None:
        self.log.append(f"spotlight {participant_id} {on}")

    async def set_host(self, participant_id: str, *, host: bool) -> None:
        self.log.append(f"host {participant_id} {host}")
        if self.fault:
            raise self.fault

    async def move(self, participant_id: str, alias: str, pin: Secret) -> None:
        self.log.append(f"move {participant_id} {alias}")
        if self.fault:
            raise self.fault

    async def dial(self, call: DialOut) -> None:
        self.log.append(f"dial {call.protocol}")
        if self.fault:
            raise self.fault

    async def layouts(self) -> tuple[str, ...]:
        return ("1:0", "4:0")

    async def set_layout(self, name: str) -> None:
        self.log.append(f"layout {name}")

    async def present(self) -> None:
        self.log.append("present")
        if self.fault:
            raise self.fault
        self.on_event(SlidesChanged(Slides.OURS))

    def show_screen(self, picture: ScreenPicture) -> None:
        self.screens.append(picture)

    async def stop_presenting(self) -> None:
        self.log.append("stop-presenting")
        self.on_event(SlidesChanged(Slides.NONE))

    async def send_chat(self, text: str) -> None:
        self.log.append("chat")

    async def leave(self) -> None:
        self.log.append("leave")

    async def end_for_all(self) -> None:
        self.log.append("end-for-all")

    def figures(self) -> LineFigures:
        return LineFigures(loss_p50=0.0)

    def now(self) -> CallFigures:
        return CallFigures(rtt_ms=24.0)

    def two_way_media_s(self) -> float:
        return 600.0


class FakeChecks:
    """Checks in a list."""

    def __init__(self) -> None:
        self.kept: list[WorkplaceCheck] = []

    async def add(self, check: WorkplaceCheck) -> None:
        self.kept.insert(0, check)

    async def latest(self, count: int) -> list[WorkplaceCheck]:
        return self.kept[:count]


class FakeEngine:
    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.call: FakeCall | None = None
        self.fault: VdxError | None = None
        self.target: JoinTarget | None = None
        self.inside: tuple[RoomParticipant, ...] = ()
        """Who comes in with the host."""
        self.prepared = 0
        self.checked = WorkplaceCheck(datetime(2026, 11, 23, tzinfo=UTC), (CheckFinding(CheckedPart.CAMERA),))

    async def prepare(self) -> None:
        self.prepared += 1

    async def check(self, choice: MediaChoice, target: JoinTarget | None) -> WorkplaceCheck:
        self.log.append(f"check {target.alias if target else ''}".rstrip())
        return self.checked

    async def enter(
        self,
        target: JoinTarget,
        on_event: Callable[[CallEvent], None],
        *,
        on_remote_picture: Callable[[VideoPicture], None],
        on_self_picture: Callable[[VideoPicture], None],
        on_slide: Callable[[VideoPicture], None] = ignore_picture,
    ) -> Call:
        self.log.append("enter")
        if self.fault:
            raise self.fault
        self.target = target
        self.call = FakeCall(self.log, on_event)
        self.call.roster = (*self.call.roster, *self.inside)
        on_event(RosterChanged(self.call.roster))
        return self.call


class FakeExports:
    def appointment(self, consultation: Consultation, now: datetime) -> AppointmentFiles:
        return AppointmentFiles(f'{{"id": "{consultation.id}"}}', "BEGIN:VCALENDAR")

    def interpreter_card(self, consultation: Consultation, party: Party, now: datetime) -> InterpreterCard:
        return InterpreterCard(f"Tolk {party.key}", "BEGIN:VCALENDAR")


class FakeComposer:
    fault: VdxError | None = None

    def prepare(self) -> None:
        """There is nothing to load."""

    def invitation(
        self, consultation: Consultation, party: Party, room: Room, now: datetime, new_id: Callable[[], UUID]
    ) -> OutboxDraft:
        if self.fault:
            raise self.fault
        return self._draft(consultation, party, MessageKind.INVITATION, new_id)

    def cancellation(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        now: datetime,
        new_id: Callable[[], UUID],
        letters: Sequence[IncomingLetter] = (),
    ) -> OutboxDraft:
        draft = self._draft(consultation, party, MessageKind.CANCELLATION, new_id)
        return replace(draft, thread_id=earlier.thread_id)

    def move(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        old: tuple[datetime, datetime],
        now: datetime,
        new_id: Callable[[], UUID],
        letters: Sequence[IncomingLetter] = (),
    ) -> OutboxDraft:
        draft = self._draft(consultation, party, MessageKind.INVITATION, new_id)
        return replace(draft, key=f"{draft.key}:after:{earlier.message_id}", thread_id=earlier.thread_id)

    def notice(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        kind: NoticeKind,
        now: datetime,
        new_id: Callable[[], UUID],
        *,
        minutes: int = 0,
        letters: Sequence[IncomingLetter] = (),
    ) -> OutboxDraft:
        draft = self._draft(consultation, party, MessageKind.NOTICE, new_id)
        return replace(draft, key=f"{draft.key}:{kind}:{minutes}:{now:%H%M}", thread_id=earlier.thread_id)

    def _draft(
        self, consultation: Consultation, party: Party, kind: MessageKind, new_id: Callable[[], UUID]
    ) -> OutboxDraft:
        key = f"{consultation.id}:{party.key}:{kind}"
        receiver = party.partner.gln if party.partner and party.partner.gln else "x"
        identity = str(new_id())
        return OutboxDraft(
            key, consultation.id, party.key, kind, party.channel, receiver, identity, identity, "text/plain", b"x"
        )

    def guest_link(self, room: Room, party: Party) -> Secret:
        return guest_link(room, portal="http://portal.example", tag=party.key, name=party.role)


class FakeLetters:
    """Letters of partners in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, IncomingLetter] = {}

    async def keep(self, letter: IncomingLetter) -> bool:
        return self.kept.setdefault(letter.message_id, letter) is letter

    async def of_consultation(self, consultation_id: UUID) -> Sequence[IncomingLetter]:
        found = [one for one in self.kept.values() if one.consultation_id == consultation_id]
        return sorted(found, key=lambda one: one.written_at)

    async def unmatched(self) -> Sequence[IncomingLetter]:
        waiting = [one for one in self.kept.values() if one.consultation_id is None]
        return [one for one in waiting if one.mark is not AnswerMark.NOTED]

    async def match(self, message_id: str, consultation_id: UUID, party_key: str, now: datetime) -> None:
        self.kept[message_id] = self.kept[message_id].matched(consultation_id, party_key)

    async def unmatch(self, message_id: str, now: datetime) -> None:
        one = self.kept[message_id]
        self.kept[message_id] = replace(one, consultation_id=None, party_key="", mark=AnswerMark.UNREAD)

    async def mark(self, message_id: str, mark: AnswerMark, now: datetime) -> None:
        self.kept[message_id] = replace(self.kept[message_id], mark=mark)


class FakeStore:
    """Consultations, outbox, measures and audit in memory. ``fault`` is raised by the next writes."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.consultations: dict[UUID, Consultation] = {}
        self.rows: dict[str, OutboxRow] = {}
        self.news: list[InvitationNews] = []
        self.uses: dict[str, UseMeasure] = {}
        self.parties: dict[str, Sequence[PartyMeasure]] = {}
        self.audit_lines: list[str] = []
        self.fault: VdxError | None = None
        self.clock = FakeClock()

    async def save(self, consultation: Consultation, drafts: Sequence[OutboxDraft] = ()) -> None:
        if self.fault:
            raise self.fault
        self.log.append(f"save:{consultation.stage}")
        self.consultations[consultation.id] = consultation
        await self.add(drafts, self.clock.now())

    async def get(self, consultation_id: UUID) -> Consultation | None:
        return self.consultations.get(consultation_id)

    async def unfinished(self) -> list[Consultation]:
        return [c for c in self.consultations.values() if not c.is_finished]

    async def lately(self, since: datetime) -> list[Consultation]:
        return list(self.consultations.values())

    async def set_answer(self, news: InvitationNews) -> None:
        self.news.append(news)

    async def news_of(self, consultation_id: UUID) -> list[InvitationNews]:
        return [n for n in self.news if n.consultation_id == consultation_id]

    async def claim(self, now: datetime, *, limit: int = 10) -> list[OutboxRow]:
        return []

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
        sent_at = self.clock.now() if state is OutboxState.SENT else self.rows[key].sent_at
        self.rows[key] = replace(self.rows[key], state=state, sent_at=sent_at)

    async def withdraw(self, key: str, now: datetime) -> bool:
        untouched = self.rows[key].state is OutboxState.QUEUED
        if untouched:
            await self.mark(key, OutboxState.WITHDRAWN, now)
        return untouched

    async def by_message(self, message_id: str) -> OutboxRow | None:
        return None

    async def by_thread(self, thread_id: str) -> OutboxRow | None:
        return None

    async def of_consultation(self, consultation_id: UUID) -> list[OutboxRow]:
        return [row for row in self.rows.values() if row.draft.consultation_id == consultation_id]

    async def sent_since(self, channel: Channel, since: datetime) -> list[OutboxRow]:
        sent = [one for one in self.rows.values() if one.state is OutboxState.SENT and one.draft.channel is channel]
        return [row for row in sent if row.sent_at is not None and row.sent_at >= since]

    async def add(self, drafts: Sequence[OutboxDraft], now: datetime) -> None:
        for draft in drafts:
            self.rows.setdefault(draft.key, OutboxRow(draft, OutboxState.QUEUED, 0, now, draft.not_before or now))

    async def recover(self, now: datetime) -> list[OutboxRow]:
        return []

    async def settle(self, outcomes: Sequence[Settlement], now: datetime) -> set[str]:
        return set()

    async def still_here(self, now: datetime) -> None: ...

    async def stranded(self, limit: int = 50) -> list[OutboxRow]:
        return [row for row in self.rows.values() if row.state in STRANDED][:limit]

    async def queue_again(self, key: str, now: datetime) -> bool:
        return self._turn(key, OutboxState.WAITING_FOR_RETRY)

    async def close_by_hand(self, key: str, now: datetime) -> bool:
        return self._turn(key, OutboxState.BY_HAND)

    def _turn(self, key: str, state: OutboxState) -> bool:
        over = (OutboxState.ACKNOWLEDGED, OutboxState.ANSWERED, OutboxState.WITHDRAWN)
        if self.rows[key].state in over:
            return False
        self.rows[key] = replace(self.rows[key], state=state, next_attempt_at=None)
        return True

    async def record(self, use: UseMeasure, parties: Sequence[PartyMeasure]) -> None:
        self.uses[use.visit] = use
        self.parties[use.visit] = parties

    async def between(self, start: datetime, end: datetime) -> tuple[list[UseMeasure], list[PartyMeasure]]:
        return list(self.uses.values()), [p for parties in self.parties.values() for p in parties]

    async def write(self, at: datetime, user: str, action: str, consultation_id: UUID | None, detail: str = "") -> None:
        self.audit_lines.append(action)


class FakeDelivery:
    """Sends at once: a wake marks every queued row sent, when ``store`` and ``sends`` say so."""

    def __init__(self, store: FakeStore, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.sends = True
        self.on_news: Callable[[InvitationNews], None] | None = None
        self.on_letter: Callable[[IncomingLetter], None] | None = None

    def start(
        self,
        on_news: Callable[[InvitationNews], None],
        on_letter: Callable[[IncomingLetter], None] | None = None,
    ) -> None:
        self.on_news, self.on_letter = on_news, on_letter

    def wake(self) -> None:
        if self.sends:
            for key, row in self.store.rows.items():
                is_due = row.next_attempt_at is None or row.next_attempt_at <= self.clock.now()
                if row.state in (OutboxState.QUEUED, OutboxState.WAITING_FOR_RETRY) and is_due:
                    self.store.log.append(f"send:{row.draft.kind}")
                    self.store.rows[key] = replace(row, state=OutboxState.SENT)

    async def close(self) -> None: ...


class FakeSystems:
    def __init__(self) -> None:
        self.sink: ContextSink | None = None
        self.confirms = True
        self.known: ClinicContext | None = None
        self.today: list[Appointment] = []
        self.written: dict[UUID, tuple[ClinicContext, Summary]] = {}
        self.fault: VdxError | None = None

    async def start(self, sink: ContextSink) -> None:
        self.sink = sink

    async def stop(self) -> None: ...

    def statuses(self) -> Sequence[AdapterStatus]:
        return (AdapterStatus("fake", "running"),)

    async def enable(self, name: str) -> None: ...

    async def disable(self, name: str) -> None: ...

    async def prefer(self, name: str, *, up: bool) -> None: ...

    async def configure(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> None: ...

    async def try_settings(self, name: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> Health:
        return Health(HealthState.GOOD)

    async def look(self) -> None: ...

    async def diagnostics(self) -> str:
        return "fake: running"

    def can(self, source: str, capability: Capability) -> bool:
        return True

    async def confirm(self, context: ClinicContext) -> bool:
        return self.confirms

    async def complete(self, context: ClinicContext) -> ClinicContext:
        return replace(context, patient=context.patient.filled_from(self.known.patient)) if self.known else context

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        return self.today

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        if self.fault:
            raise self.fault
        self.written[summary.key] = (context, summary)
        return WriteBackReceipt("fake", "1", NOON)


class FakePlugIns:
    """A plug-in that does as it is told and notes what it hears."""

    def __init__(self) -> None:
        self.launch_veto: Veto | None = None
        self.booking_veto: Veto | None = None
        self.invited: list[Invitee] = []
        self.lines: list[str] = []
        self.fee: FeeCode | None = None
        self.heard: list[str] = []

    async def check_launch(self, context: ClinicContext, now: datetime) -> Veto | None:
        return self.launch_veto

    async def before_booking(self, context: ClinicContext, plan: Plan) -> Veto | None:
        return self.booking_veto

    async def invitees(self, context: ClinicContext) -> Sequence[Invitee]:
        return self.invited

    async def summary_lines(self, summary: Summary) -> Sequence[str]:
        return self.lines

    async def fee_code(self, summary: Summary, day: date) -> FeeCode | None:
        return self.fee

    def room_booked(self, session_id: UUID, start: datetime, end: datetime) -> None:
        self.heard.append("room")

    def call_state(self, session_id: UUID, state: CallState, at: datetime) -> None:
        self.heard.append(str(state))

    def written_back(self, session_id: UUID, receipt: WriteBackReceipt) -> None:
        self.heard.append("written")

    def audit(self, event: AuditEvent) -> None:
        self.heard.append(f"audit {event.action}")


class World:
    """A desk with everything around it faked, and one log of what happened outside in order."""

    def __init__(
        self,
        store: FakeStore | None = None,
        letters: FakeLetters | None = None,
        *,
        undo_within: timedelta = timedelta(0),
    ) -> None:
        self.log: list[str] = store.log if store else []
        self.clock = FakeClock()
        self.booking = FakeBooking(self.log)
        self.meetings = FakeMeetings(self.booking)
        self.engine = FakeEngine(self.log)
        self.composer = FakeComposer()
        self.store = store or FakeStore(self.log)
        self.store.clock = self.clock
        self.letters = letters or FakeLetters()
        self.delivery = FakeDelivery(self.store, self.clock)
        self.systems = FakeSystems()
        self.plugins = FakePlugIns()
        numbers = itertools.count(1 if store is None else 1000)
        self.checks = FakeChecks()
        outside = Outside(
            exports=FakeExports(),
            message_texts=TextBook(),
            clock=self.clock,
            new_id=lambda: UUID(int=next(numbers) << 96),
            booking=self.booking,
            meetings=self.meetings,
            check_draft=check_draft,
            examiner=FakeExaminer(),
            engine=self.engine,
            composer=self.composer,
            delivery=self.delivery,
            consultations=self.store,
            outbox=self.store,
            measures=self.store,
            audit=self.store,
            systems=self.systems,
            partners=FakePartnerBook((HOSPITAL,)),
            addresses=FakeAddresses(),
            team_memory=FakeMemory(),
            letters=self.letters,
            checks=self.checks,
            plugins=self.plugins,
        )
        settings = DeskSettings(
            "sandbox", "http://node.example", "Lægehuset Eksempel", "practice-1", undo_within=undo_within
        )
        self.desk = Desk(outside, settings)

    @property
    def call(self) -> FakeCall:
        assert self.engine.call is not None
        return self.engine.call

    async def settle(self) -> None:
        """Let every task of the desk run until nothing moves."""
        for _round in range(50):
            await asyncio.sleep(0)

    def stage(self) -> Stage | None:
        view = self.desk.view.consultation
        return view.stage if view else None
