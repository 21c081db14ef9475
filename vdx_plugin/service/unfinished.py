"""What an earlier run left behind: interrupted consultations to be decided on, cancellations to be finished."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.consultation import Consultation, Event, Stage
from vdx_plugin.domain.parties import SENT_BY_US, InvitationState
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import InvitationNews, OutboxState
from vdx_plugin.runtime import Tasks
from vdx_plugin.service import ending, recovery
from vdx_plugin.service.open_record import called, label
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.screen import Screen
from vdx_plugin.service.session import Session
from vdx_plugin.service.view import Recoverable, problem_of

_log = log.get("service.unfinished")

TRY_AGAIN_AFTER_S = 30.0
TRY_AGAIN_AT_LEAST_EVERY_S = 600.0


class Unfinished:
    """Keeps what was found until somebody takes it. ``new_session`` makes the live side of a consultation.

    ``keeps`` takes a consultation elsewhere (the calendar) and says so; it is then not offered as interrupted.
    """

    def __init__(
        self,
        outside: Outside,
        screen: Screen,
        new_session: Callable[[Consultation], Session],
        keeps: Callable[[Consultation], bool],
    ) -> None:
        self._outside = outside
        self._screen = screen
        self._new_session = new_session
        self._keeps = keeps
        self._tasks = Tasks()
        self._found: dict[UUID, Consultation] = {}

    async def take_stock(self) -> None:
        """Look through outbox and store. Raises Unavailable(``store.*``)."""
        now = self._outside.clock.now()
        for row in await self._outside.outbox.recover(now):
            if row.state is OutboxState.UNKNOWN:
                lost = InvitationNews(
                    row.draft.consultation_id, row.draft.party_key, InvitationState.UNKNOWN, now, "invite.unknown"
                )
                await self._outside.consultations.set_answer(lost)
        for consultation in await self._outside.consultations.unfinished():
            await self._sort(consultation)
        self._show()

    async def _sort(self, consultation: Consultation) -> None:
        if consultation.stage is Stage.PLANNED:
            await self._outside.consultations.save(consultation.after(Event.CANCEL_WANTED).after(Event.CANCEL_DONE))
        elif self._keeps(consultation):
            return
        elif consultation.stage is Stage.CANCELLING or consultation.waits_for_its_time:
            # Also a booking for a time that went by while the program was closed: nobody can come to it.
            self._tasks.spawn(self._finish_cancelling(self._new_session(consultation)), "finish-cancelling")
        else:
            self._found[consultation.id] = consultation

    def take(self, consultation_id: UUID) -> Consultation | None:
        """Take one out; None if somebody else did."""
        consultation = self._found.pop(consultation_id, None)
        self._show()
        return consultation

    def put_back(self, consultation: Consultation) -> None:
        """Offer one again that could not be taken up."""
        self._found[consultation.id] = consultation
        self._show()

    def _show(self) -> None:
        self._screen.change(
            recoverable=tuple(
                Recoverable(item.id, item.stage, item.created_at, label(item.context)) for item in self._found.values()
            )
        )

    # --- calling off ------------------------------------------------------------------------------------------------

    async def call_off(self, consultation: Consultation) -> Consultation:
        """Tell everybody and give the room back, or close it without a note if it was over; return what became of it.

        What VDX cannot do now is done later. Raises Unavailable(``store.*``); it is then among those found.
        """
        session = self._new_session(consultation)
        try:
            await recovery.catch_up(session, self._outside)
            if consultation.stage is Stage.ENDED:
                await ending.decline_note(session)
            else:
                await ending.cancel(session, self._outside, problem_of)
        except VdxError:
            self.put_back(session.consultation)
            raise
        if not session.consultation.is_finished:
            self.finish_later(session)
        self.tell_of_untold(session)
        return session.consultation

    def tell_of_untold(self, session: Session) -> None:
        """Say who does not know yet that it is off, and whom only the user can tell."""
        context = session.consultation.context
        by_hand = [one.party for one in session.expected if one.party.channel not in SENT_BY_US]
        for code, parties in (("invite.not_told", session.untold), ("invite.by_hand", by_hand)):
            names = ", ".join(called(party, context) for party in parties)
            if names and session.consultation.stage.is_off:
                self._screen.notice(code, parties=names)

    def finish_later(self, session: Session) -> None:
        """Go on calling off in the background until it is done."""
        self._screen.notice("room.not_closed")
        self._tasks.spawn(self._finish_cancelling(session, wait_s=TRY_AGAIN_AFTER_S), "finish-cancelling")

    async def _finish_cancelling(self, session: Session, *, wait_s: float = 0.0) -> None:
        """Try until everybody is told and the room is closed, ever more seldom."""
        while not session.consultation.is_finished:
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s or TRY_AGAIN_AFTER_S, TRY_AGAIN_AT_LEAST_EVERY_S)
            try:
                await ending.cancel(session, self._outside, problem_of)
            except VdxError as error:
                _log.warning("a consultation could not be called off: %s", error)
        self._screen.forget("room.not_closed")
        self._screen.change()

    async def close(self) -> None:
        """Stop; what is not done is found again at the next start."""
        await self._tasks.close()
