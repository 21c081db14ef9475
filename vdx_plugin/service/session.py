"""One consultation while it is alive: the four steps to the call, and the call itself.

Every step first writes down what it is about to do, then does it; ``run`` may therefore be called again after a
failure or a crash and goes on where the consultation's stage says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from vdx_plugin import log
from vdx_plugin.domain.booked import MeetingEdit
from vdx_plugin.domain.consultation import Consultation, Event, Stage
from vdx_plugin.domain.parties import InvitationState, Party, PartyStatus
from vdx_plugin.domain.room import MeetingDraft
from vdx_plugin.domain.secret import Secret
from vdx_plugin.domain.summary import Summary
from vdx_plugin.errors import NotFound, Refused, VdxError
from vdx_plugin.ports import (
    AdviceChanged,
    Call,
    CallEvent,
    CallOver,
    CallState,
    ChatReceived,
    DeviceNotice,
    Held,
    InvitationNews,
    JoinTarget,
    LineChanged,
    LockChanged,
    MediaChoice,
    MediaFlowing,
    OutboxDraft,
    RosterChanged,
    RulesChanged,
    SlidesChanged,
    VideoPicture,
)
from vdx_plugin.service import device_troubles, presence
from vdx_plugin.service.drafting import Drafting
from vdx_plugin.service.kept import write_news
from vdx_plugin.service.outside import DeskSettings, Outside
from vdx_plugin.service.scheduled import awaited_room
from vdx_plugin.service.standing import hear
from vdx_plugin.service.story import Story, measured
from vdx_plugin.service.view import (
    CallView,
    ConsultationView,
    Problem,
    Step,
    StepKind,
    StepState,
    Undoable,
    WaitingGuest,
)

_log = log.get("service")

_STATES = {
    Stage.IN_CALL: CallState.RUNNING,
    Stage.ENDED: CallState.OVER,
    Stage.CLOSED: CallState.OVER,
    Stage.CANCELLING: CallState.OVER,
    Stage.CANCELLED: CallState.OVER,
}
MAX_CHAT = 500
PictureSink = Callable[[VideoPicture], None]


class Session:
    """The live side of one consultation. All methods run on the asyncio thread."""

    def __init__(
        self,
        outside: Outside,
        settings: DeskSettings,
        consultation: Consultation,
        story: Story,
        *,
        publish: Callable[[], None],
        on_remote_picture: PictureSink,
        on_self_picture: PictureSink,
        on_slide: PictureSink,
    ) -> None:
        self._outside = outside
        self._settings = settings
        self._publish = publish
        self._pictures = (on_remote_picture, on_self_picture, on_slide)
        self.consultation = consultation
        self.story = story
        self.call: Call | None = None
        self.media = MediaChoice()
        self.parties = tuple(PartyStatus(party) for party in consultation.plan.parties)
        self.waiting: tuple[WaitingGuest, ...] = ()
        self.summary: Summary | None = None
        self.written_back = False
        self.problem: Problem | None = None
        self.untold: tuple[Party, ...] = ()
        """Whose cancellation had not left when the room was closed."""
        self.commands_running = 0
        self._told_state: CallState | None = None
        self._complaint: Problem | None = None
        self._taken_as: dict[str, str] = {}
        self._had_links_out = False
        self._steps = {kind: Step(kind) for kind in StepKind}
        self._call_view: CallView | None = None
        self._links: dict[str, Secret] = {}
        self._has_links = False
        self._saving = asyncio.Lock()

    # --- what is shown ------------------------------------------------------------------------------------------

    def view(self, undoable: Undoable | None = None) -> ConsultationView:
        """Return everything a window shows of this consultation."""
        return ConsultationView(
            id=self.consultation.id,
            stage=self.consultation.stage,
            context=self.consultation.context,
            plan=self.consultation.plan,
            steps=tuple(self._steps.values()),
            parties=self.parties,
            waiting=self.waiting,
            call=self._call_view,
            links=dict(self._links),
            summary=self.summary,
            written_back=self.written_back,
            problem=self.problem,
            is_busy=self.commands_running > 0,
            undoable=undoable,
        )

    def change_call(self, **changes: object) -> None:
        """Replace fields of the call's view and publish; nothing happens when the call is over."""
        if self._call_view is not None:
            self._call_view = replace(self._call_view, **changes)  # type: ignore[arg-type]  # fields by name
            self._publish()

    def complain(self, problem: Problem) -> None:
        """Show what went wrong with a command."""
        self.problem = self._complaint = problem

    def withdraw_complaint(self) -> None:
        """A command succeeded: what went wrong with an earlier one is of the past."""
        if self.problem is self._complaint:
            self.problem = None
        self._complaint = None

    # --- the four steps -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Carry the consultation from its stage to the running call. Failures end up in their step."""
        self.problem = None
        done = (
            await self._step(StepKind.ROOM, self._book)
            and await self._step(StepKind.LOCK, self._lock)
            and await self._step(StepKind.INVITATIONS, self._invite)
            and await self._step(StepKind.VIDEO, self._start_media)
        )
        if not done:
            await self.record_measures()

    async def _step(self, kind: StepKind, work: Callable[[], Awaitable[None]]) -> bool:
        now = self._outside.clock.now
        self._steps[kind] = Step(kind, StepState.RUNNING, now())
        self._publish()
        try:
            await work()
        except VdxError as error:
            _log.warning("step %s failed: %s", kind, error)
            self.story.fail(kind, error.code)
            self.problem = Problem(error.code, error.facts)
            self._steps[kind] = replace(self._steps[kind], state=StepState.FAILED, ended_at=now(), problem=self.problem)
            self._publish()
            return False
        self._steps[kind] = replace(self._steps[kind], state=StepState.DONE, ended_at=now())
        self._publish()
        return True

    async def _book(self) -> None:
        if self.consultation.stage is Stage.SCHEDULED:
            await self._await_scheduled()
        if self.consultation.stage in (Stage.PLANNED, Stage.BOOKING):
            await self.save(Event.BOOKING_STARTED)
            plan = self.consultation.plan
            draft = MeetingDraft(
                self.consultation.meeting_id,
                plan.start,
                max(plan.end, self._outside.clock.now() + timedelta(minutes=5)),
                label=str(self.consultation.id),
                project_code=self._settings.project_code,
            )
            room = await self._outside.booking.book(draft, lambda _status: None)
            self.consultation = replace(self.consultation, room=room)
            await self.save(Event.ROOM_READY)
            self._outside.plugins.room_booked(self.consultation.id, draft.start, draft.end)
        self.story.mark("room", self._outside.clock.now())

    async def _await_scheduled(self) -> None:
        """Take the room that was booked ahead; where VDX has taken it down, another is booked and told to everybody."""
        try:
            room = await awaited_room(self.consultation, self._outside, self._settings.project_code)
        except NotFound:
            plan = replace(self.consultation.plan, start=min(self.consultation.plan.start, self._outside.clock.now()))
            fresh = replace(self.consultation, meeting_id=self._outside.new_id(), room=None, plan=plan)
            self.consultation = fresh.after(Event.ROOM_LOST)
            self.parties = tuple(PartyStatus(party) for party in plan.parties)
            return
        self.consultation = replace(self.consultation, room=room)
        await self.save(Event.SCHEDULED)

    async def _lock(self) -> None:
        room = self.consultation.room
        if room is None or not room.host_pin:
            raise Refused("room.no_host_pin")
        self._has_links = True
        self._link_parties()
        if self.call is None:
            target = JoinTarget(
                self._settings.node,
                room.alias,
                room.host_pin,
                self._settings.display_name,
                # With a third everybody would be sent back through the room, a second without picture.
                direct_media=self._settings.direct_media and len(self.expected) == 1,
            )
            await self._enter(target)
        self._had_links_out = self._had_links_out or self.consultation.stage is Stage.SCHEDULED
        await self._entered().lock()
        await self._put_uninvited_out()
        await self.save(Event.ROOM_LOCKED)

    def _link_parties(self) -> None:
        """Make the link of each expected party, once the room is there."""
        room = self.consultation.room
        if self._has_links and room is not None:
            parties = self.consultation.plan.parties
            self._links = {party.key: self._outside.composer.guest_link(room, party) for party in parties}

    async def _put_uninvited_out(self) -> None:
        """Put out who slipped in with us: a room whose links are out already lets in all who wait as its host comes.

        Between that and our lock nobody was asked. Whoever is put out may knock again, and is then a stranger outside.
        """
        if not self._had_links_out or self._call_view is None:
            return
        for participant_id in presence.uninvited(self.parties, self._call_view.participants, self._taken_as):
            _log.warning("somebody without the link of a party was inside before the lock")
            await self._entered().put_out(participant_id)

    async def _enter(self, target: JoinTarget) -> None:
        self._call_view = CallView()
        try:
            remote, own, slide = self._pictures
            self.call = await self._outside.engine.enter(
                target, self._on_call_event, on_remote_picture=remote, on_self_picture=own, on_slide=slide
            )
        finally:
            if self.call is None:
                self._call_view = None

    def _entered(self) -> Call:
        """Return the call of this start; one that was lost meanwhile fails the step by the reason it was lost for."""
        if self.call is None:
            raise Refused(self.problem.code if self.problem else "call.not_found")
        return self.call

    async def _invite(self) -> None:
        if self.consultation.stage in (Stage.INVITED, Stage.IN_CALL):
            return
        said = Drafting(self._outside, self.consultation).invite(self.consultation.plan.parties)
        await self.save(Event.PARTIES_INVITED, said.drafts)
        now = self._outside.clock.now()
        queued = [
            InvitationNews(self.consultation.id, draft.party_key, InvitationState.QUEUED, now) for draft in said.drafts
        ]
        await write_news(self._outside, said.failed)
        for news in (*said.failed, *queued):
            self.hear(news)
        self._outside.delivery.wake()

    async def _start_media(self) -> None:
        # Once more, since the roster may have lagged behind the lock.
        await self._put_uninvited_out()
        await self._entered().start_media(self.media)
        self.story.mark("join", self._outside.clock.now())
        if self.consultation.started_at is None:
            self.consultation = replace(self.consultation, started_at=self._outside.clock.now())
        await self.save(Event.MEDIA_STARTED)
        self._entered()
        self.change_call(connected_at=self._outside.clock.now())
        await self._ask_for_layouts()

    async def _ask_for_layouts(self) -> None:
        """Find out whether there is a choice; without an answer there is none."""
        try:
            layouts = await self._entered().layouts()
        except VdxError as error:
            _log.info("the room does not tell its layouts (%s)", error.code)
        else:
            self.change_call(layouts=layouts)

    # --- keeping ------------------------------------------------------------------------------------------------

    async def save(self, event: Event, drafts: list[OutboxDraft] | None = None) -> None:
        """Step on in the consultation's life and write it down with its new messages, in one transaction."""
        await self.change(lambda now: now.after(event), drafts or [])

    async def change(self, step: Callable[[Consultation], Consultation], drafts: Sequence[OutboxDraft] = ()) -> None:
        """Write the consultation down as ``step`` makes it, with its new messages, one change after the other."""
        async with self._saving:
            later = step(self.consultation)
            await self._outside.consultations.save(later, drafts)
            self.consultation = later
        self._tell_state()
        self._link_parties()
        self._publish()

    def take_in(self, fresh: Sequence[PartyStatus]) -> None:
        """Take in how the parties stand by the store; where they are is known here alone."""
        self.parties = presence.carried_over(fresh, self.parties)
        self._publish()

    @property
    def is_locked(self) -> bool:
        """True while we are in the room and it is known to be locked."""
        return self._call_view is not None and self._call_view.locked

    @property
    def expected(self) -> tuple[PartyStatus, ...]:
        """The parties but for those taken off the plan."""
        return tuple(status for status in self.parties if status.is_expected)

    def _tell_state(self) -> None:
        """Let plug-ins know where the consultation is, once for each state."""
        state = _STATES.get(self.consultation.stage, CallState.STARTING)
        if state is not self._told_state:
            self._told_state = state
            self._outside.plugins.call_state(self.consultation.id, state, self._outside.clock.now())

    async def record_measures(self) -> None:
        """Write the measures of the use as far as it has come; a failing store does not stop the call."""
        now = self.consultation.ended_at or self._outside.clock.now()
        use, parties = measured(self.story, self.consultation, self.expected, self._settings, now)
        try:
            await self._outside.measures.record(use, parties)
        except VdxError as error:
            _log.warning("measures not written: %s", error)

    async def prolong(self, end: datetime) -> None:
        """Give the room another end. Raises Refused(``vdx.kept_old``) where VDX keeps the one it has."""
        outcome = await self._outside.meetings.edit(self.consultation.meeting_id, MeetingEdit(end=end))
        if outcome.kept:
            raise Refused("vdx.kept_old")
        end = outcome.meeting.end
        await self.change(lambda now: replace(now, plan=replace(now.plan, end=end)))

    # --- what comes in --------------------------------------------------------------------------------------------

    def hear(self, news: InvitationNews) -> None:
        """Take in news of an invitation."""
        self.parties = hear(self.parties, news)
        self._publish()

    def _on_call_event(self, event: CallEvent) -> None:
        now = self._outside.clock.now()
        match event:
            case RosterChanged(roster):
                self.story.see(roster)
                self.parties = presence.lay_over(self.parties, roster, self._taken_as, now)
                self.waiting = presence.waiting(self.parties, roster, self.waiting, now)
                self.change_call(participants=roster)
            case LockChanged(locked):
                self.change_call(locked=locked)
            case RulesChanged(rules):
                self.change_call(rules=rules)
            case SlidesChanged():
                self.change_call(slides=event)
            case Held(code):
                self.change_call(held=code)
            case ChatReceived(message):
                # Whoever sits at the other end could write for hours.
                self.change_call(chat=(*(self._call_view or CallView()).chat[1 - MAX_CHAT :], message))
            case LineChanged():
                self.change_call(line=event)
            case MediaFlowing(kind):
                self.story.mark(kind, now)
                self.change_call(**{f"remote_{kind}": True})
            case DeviceNotice():
                self._notice_device(event)
            case AdviceChanged(advice):
                self.change_call(advice=tuple(device_troubles.as_problem(each) for each in advice))
            case CallOver(code):
                self._call_lost(code)

    def _notice_device(self, notice: DeviceNotice) -> None:
        before = (self._call_view or CallView()).problems
        self.change_call(problems=device_troubles.after(before, notice))

    def _call_lost(self, code: str) -> None:
        self.settle_call()
        if not code:
            return
        self.story.fail(StepKind.VIDEO, code)
        self.problem = Problem(code)
        self._steps[StepKind.LOCK] = Step(StepKind.LOCK)
        self._steps[StepKind.VIDEO] = Step(StepKind.VIDEO, StepState.FAILED, problem=self.problem)
        self._publish()

    # --- in the call ------------------------------------------------------------------------------------------------

    async def admit(self, participant_id: str, party_key: str | None) -> None:
        """Let somebody in, as the party given or as the one the link was made for."""
        if party_key:
            self._taken_as[participant_id] = party_key
        await self.running_call().admit(participant_id)

    def settle_call(self) -> Call | None:
        """Take leave of the call: keep its figures and return it, None if there was none."""
        call, self.call = self.call, None
        self._call_view, self.waiting = None, ()
        if call is not None:
            self.story.two_way_media_s += call.two_way_media_s()
            self.story.line = call.figures()
        return call

    def running_call(self) -> Call:
        """Return the call, or raise Refused(``call.not_found``) when there is none."""
        if self.call is None:
            raise Refused("call.not_found")
        return self.call
