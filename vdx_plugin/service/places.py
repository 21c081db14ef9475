"""Where a consultation lives while something is done with its parties: in its session, or in the calendar."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.consultation import Consultation, Event, Stage
from vdx_plugin.domain.parties import PartyStatus
from vdx_plugin.errors import Refused, VdxError
from vdx_plugin.ports import OutboxDraft
from vdx_plugin.service.agenda import Agenda
from vdx_plugin.service.kept import parties_of
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.session import Session

_log = log.get("service.places")

_RUNNING = (Stage.INVITED, Stage.IN_CALL)
Step = Callable[[Consultation], Consultation]


class Place(Protocol):
    """The same for both, so that what is done with parties need not ask."""

    @property
    def consultation(self) -> Consultation: ...

    @property
    def parties(self) -> Sequence[PartyStatus]: ...

    def check_may_tell(self) -> None:
        """Raise Refused(``invite.not_ready``) before everybody has been invited, or while it is being moved."""
        ...

    def check_may_invite(self) -> None:
        """Raise Refused(``invite.not_ready``, ``invite.not_locked``) unless the room is ready and locked."""
        ...

    async def change(self, step: Step, drafts: Sequence[OutboxDraft] = ()) -> None:
        """Write the consultation down as ``step`` makes it, with its new messages. Raises Unavailable(``store.*``)."""
        ...

    async def refresh(self) -> None:
        """Show how the parties stand now."""
        ...

    async def say(self, text: str) -> None:
        """Write a line to everybody in the room, if anybody is in it."""
        ...

    async def carry_out(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do one thing; that it is being done, and what goes wrong, is shown."""
        ...


class InSession:
    """A consultation that runs. ``busy`` shows that a command is carried out, and what goes wrong with it."""

    def __init__(
        self, session: Session, outside: Outside, busy: Callable[[Session, Awaitable[None]], Awaitable[bool]]
    ) -> None:
        self._session, self._outside, self._busy = session, outside, busy

    @property
    def consultation(self) -> Consultation:
        return self._session.consultation

    @property
    def parties(self) -> Sequence[PartyStatus]:
        return self._session.parties

    def check_may_tell(self) -> None:
        if self.consultation.stage not in _RUNNING:
            raise Refused("invite.not_ready")

    def check_may_invite(self) -> None:
        self.check_may_tell()
        if not self._session.is_locked:
            raise Refused("invite.not_locked")

    async def change(self, step: Step, drafts: Sequence[OutboxDraft] = ()) -> None:
        await self._session.change(step, drafts)

    async def refresh(self) -> None:
        self._session.take_in(await parties_of(self.consultation, self._outside))

    async def say(self, text: str) -> None:
        if self._session.call is None:
            return
        try:
            await self._session.call.send_chat(text)
        except VdxError as error:
            _log.warning("nothing could be written in the room: %s", error)

    async def carry_out(self, work: Callable[[], Awaitable[None]]) -> None:
        await self._busy(self._session, work())


class InCalendar:
    """A consultation that waits for its time."""

    def __init__(self, agenda: Agenda, consultation_id: UUID) -> None:
        self._agenda, self._id = agenda, consultation_id

    @property
    def consultation(self) -> Consultation:
        return self._agenda.scheduled.items[self._id]

    @property
    def parties(self) -> Sequence[PartyStatus]:
        return self._agenda.parties(self._id)

    def check_may_tell(self) -> None:
        one = self._agenda.scheduled.items.get(self._id)
        if one is None or one.stage is not Stage.SCHEDULED or one.moving_to is not None or one.room is None:
            raise Refused("invite.not_ready")

    def check_may_invite(self) -> None:
        # Booked with two PINs, and whoever slips in beside the host without a party's link is put out.
        self.check_may_tell()

    async def change(self, step: Step, drafts: Sequence[OutboxDraft] = ()) -> None:
        await self._agenda.scheduled.keep(step(self.consultation).after(Event.SCHEDULED), drafts)

    async def refresh(self) -> None:
        await self._agenda.hear(self._id)

    async def say(self, text: str) -> None:
        """Nobody is in a room that is not open yet."""

    async def carry_out(self, work: Callable[[], Awaitable[None]]) -> None:
        await self._agenda.attend(self._id, work)
