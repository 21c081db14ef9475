"""The consultation that runs: started, led and ended. The desk is built upon it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.consultation import Consultation, Event
from vdx_plugin.domain.measures import StartPath
from vdx_plugin.errors import Refused, VdxError
from vdx_plugin.ports import AuditEvent, CallFigures, InvitationNews, MediaChoice
from vdx_plugin.runtime import Tasks
from vdx_plugin.service import ending
from vdx_plugin.service.outside import DeskSettings, Outside
from vdx_plugin.service.places import InSession, Place
from vdx_plugin.service.room_commands import RoomCommands
from vdx_plugin.service.screen import Screen
from vdx_plugin.service.session import Session
from vdx_plugin.service.story import Story, visit_of
from vdx_plugin.service.telling import Telling
from vdx_plugin.service.view import problem_of

_log = log.get("service")


class Conduct:
    """At most one consultation runs. Commands raise ``Refused`` when none does; other problems are shown."""

    def __init__(self, outside: Outside, settings: DeskSettings) -> None:
        self._outside = outside
        self._settings = settings
        self._tasks = Tasks()
        self._screen = Screen(settings.environment, outside.clock)
        self._session: Session | None = None
        self._start: asyncio.Task[None] | None = None
        self._media = MediaChoice()
        # What ends a consultation is done one at a time: a second press finds what the first has left.
        self._ending = asyncio.Lock()
        self.room = RoomCommands(self._running, self._busy, self._audit)
        self.telling = Telling(outside, self._place, settings.undo_within, notice=self.notice, changed=self._on_told)

    def _on_told(self, _consultation_id: UUID) -> None:
        """Something was done with the parties of a consultation."""
        self._publish()

    def _publish(self) -> None:
        session = self._session
        view = session.view(self.telling.undoable(session.consultation.id)) if session else None
        self._screen.show_consultation(view, tuple(self._outside.systems.statuses()))

    def notice(self, code: str, **facts: str | int) -> None:
        """Show something; the very same is shown once."""
        self._screen.notice(code, **facts)

    # --- starting ---------------------------------------------------------------------------------------------------

    @property
    def _is_taken(self) -> bool:
        return self._session is not None and not self._session.consultation.is_finished

    def _new_session(self, consultation: Consultation, path: StartPath = StartPath.DOCK) -> Session:
        story = Story(visit_of(consultation.id), self._outside.clock.now(), path)
        session = Session(
            self._outside,
            self._settings,
            consultation,
            story,
            publish=self._publish,
            on_remote_picture=self._screen.remote_picture,
            on_self_picture=self._screen.self_picture,
            on_slide=self._screen.slide,
        )
        session.media = self._media
        return session

    def _run(self) -> None:
        session = self._running()
        # Beside the booking, which waits for VDX anyway.
        self._tasks.spawn(self._outside.prepare(), "prepare")
        self._start = self._tasks.spawn(session.run(), "start-consultation")

    async def retry(self) -> None:
        """Go on with the step that failed; not while the consultation is being ended, nor after."""
        session = self._running()
        if self._start is not None and not await self._has_failed(session, self._start):
            return
        if session.consultation.is_under_way and not self._ending.locked():
            self._run()

    async def _has_failed(self, session: Session, start: asyncio.Task[None]) -> bool:
        """Say whether a start is over, so that it may be tried again.

        A failure is shown before its measures are written: a click in between waits, so that it is not lost.
        """
        if start.done():
            return True
        if session.problem is None:
            return False
        await asyncio.wait({start})
        return self._start is start and session.problem is not None

    async def _stop_starting(self) -> None:
        if self._start and not self._start.done():
            self._start.cancel()
            await asyncio.gather(self._start, return_exceptions=True)

    def _underway(self) -> Consultation | None:
        return self._session.consultation if self._session else None

    def _running(self) -> Session:
        if self._session is None:
            raise Refused("call.not_found")
        return self._session

    async def _busy(self, session: Session, work: Awaitable[None]) -> bool:
        """Run one command of a consultation; what goes wrong is shown as its problem until a command succeeds."""
        session.commands_running += 1
        self._publish()
        try:
            await work
        except VdxError as error:
            _log.warning("command failed: %s", error)
            session.complain(problem_of(error))
            return False
        else:
            session.withdraw_complaint()
            return True
        finally:
            session.commands_running -= 1
            self._publish()

    # --- in the call ------------------------------------------------------------------------------------------------

    async def admit(self, participant_id: str, party_key: str | None = None) -> None:
        """Let a waiting guest in; ``party_key`` says who it is when the link did not."""
        session = self._running()
        if await self._busy(session, session.admit(participant_id, party_key)):
            await self._audit("admit", session.consultation)

    async def put_out(self, participant_id: str) -> None:
        """Disconnect one participant or turn a waiting one away."""
        session = self._running()
        await self._busy(session, session.running_call().put_out(participant_id))

    async def set_lock(self, *, on: bool) -> None:
        session = self._running()
        call = session.running_call()
        if await self._busy(session, call.lock() if on else call.unlock()):
            await self._audit("lock" if on else "unlock", session.consultation)

    async def set_microphone(self, *, on: bool) -> None:
        session = self._running()
        if await self._busy(session, session.running_call().set_microphone(on=on)):
            session.change_call(microphone_on=on)

    async def set_camera(self, *, on: bool) -> None:
        session = self._running()
        if await self._busy(session, session.running_call().set_camera(on=on)):
            session.change_call(camera_on=on)

    async def send_chat(self, text: str) -> None:
        """Send a line to everybody in the room; once sent, the call tells of it as of the others'."""
        session = self._running()
        await self._busy(session, session.running_call().send_chat(text))

    async def set_media_choice(self, choice: MediaChoice) -> None:
        """Choose devices; a running call uses them at once."""
        self._media = choice
        if self._session:
            self._session.media = choice
            if self._session.call is not None:
                await self._busy(self._session, self._session.call.use_devices(choice))

    async def call_figures(self) -> CallFigures | None:
        """Return what is measured of the running call now; None without one."""
        call = self._session.call if self._session else None
        return call.now() if call is not None else None

    async def devices_changed(self) -> None:
        """The system says that devices came or went."""
        if self._session and self._session.call is not None:
            await self._session.call.devices_changed()

    # --- ending -----------------------------------------------------------------------------------------------------

    async def hang_up(self) -> None:
        """Leave; the others may go on talking until the room's time is up."""
        await self._end(for_all=False)

    async def end_for_all(self) -> None:
        """Put everybody out and close the room."""
        await self._end(for_all=True)

    async def to_phone(self) -> None:
        """Go on by telephone: still one visit, and the fact is recorded."""
        await self._end(for_all=True, by_phone=True)

    async def _end(self, *, for_all: bool, by_phone: bool = False) -> None:
        session = self._running()
        async with self._ending:
            if not session.consultation.is_under_way:
                return
            await self._stop_starting()
            session.story.went_to_phone = by_phone or session.story.went_to_phone
            if await self._busy(session, ending.finish(session, self._outside, for_all=for_all)):
                await self._audit("end", session.consultation)

    async def write_back(self, note: str, fee_code: str | None = None) -> None:
        """Write the note, as edited, into the record of the patient the consultation is bound to."""
        session = self._running()
        async with self._ending:
            if not session.consultation.allows(Event.NOTE_WRITTEN):
                return
            if await self._busy(session, ending.write_back(session, self._outside, note, fee_code)):
                await self._audit("write_back", session.consultation)

    async def decline_note(self) -> None:
        """Close the consultation; what was written stays written."""
        async with self._ending:
            session = self._session
            if session is None:
                return
            await self._busy(session, ending.decline_note(session))
            if session.consultation.is_finished:
                self._session = None
            self._publish()

    # --- invitations ------------------------------------------------------------------------------------------------

    def _on_news(self, news: InvitationNews) -> None:
        """Take in what became known of an invitation."""
        self._tasks.spawn(self._keep(news), "keep-news")
        if self._session and self._session.consultation.id == news.consultation_id:
            self._session.hear(news)

    async def _keep(self, news: InvitationNews) -> None:
        await self._outside.consultations.set_answer(news)
        await self._refresh(news.consultation_id)

    async def _refresh(self, consultation_id: UUID) -> None:
        """Show how the parties of a consultation stand by the store."""
        place = self._place(consultation_id)
        if place is not None:
            await place.refresh()

    def _place(self, consultation_id: UUID) -> Place | None:
        """Return where a consultation lives, if something can be done with its parties."""
        session = self._session
        if session is None or session.consultation.id != consultation_id or session.consultation.is_finished:
            return None
        return InSession(session, self._outside, self._busy)

    async def _audit(self, action: str, consultation: Consultation) -> None:
        user, now = consultation.context.user.id, self._outside.clock.now()
        self._outside.plugins.audit(AuditEvent(now, user, action, consultation.id))
        try:
            await self._outside.audit.write(now, user, action, consultation.id)
        except VdxError as error:
            _log.warning("audit not written: %s", error)
