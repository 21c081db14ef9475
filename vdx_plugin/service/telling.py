"""What is done with the parties of a consultation, running or booked: invite, exchange, remind, tell a delay, by hand.

What a command decides is written down with its messages in one transaction, and the messages wait some seconds in the
outbox, so that one click can still take the other back. After a crash they go out as they lie there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import AnswerMark, InvitationState, Party, PartyStatus, Presence
from vdx_plugin.domain.plan import Plan
from vdx_plugin.errors import Refused
from vdx_plugin.ports import InvitationNews, MessageKind, NoticeKind, OutboxRow
from vdx_plugin.runtime import Tasks
from vdx_plugin.service import kept
from vdx_plugin.service.drafting import Drafting, Drafts, anew
from vdx_plugin.service.open_record import called
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.places import Place, Step
from vdx_plugin.service.view import Saying, Undoable
from vdx_plugin.texts import _

_SETTLED = (InvitationState.ANSWERED, InvitationState.TOLD_BY_PHONE)


@dataclass(eq=False, slots=True)
class _Held:
    """What can still be taken back: the messages by key, the plan as it was, and what is then said in the room."""

    undoable: Undoable
    keys: tuple[str, ...]
    before: Plan | None = None
    chat: str = ""
    is_undone: bool = False


class Telling:
    """``find`` returns where a consultation lives, ``notice`` shows what the user must know, ``changed`` shows anew.

    ``hold`` is the time within which a command can be undone.

    Commands raise nothing that belongs to the user but Refused(``invite.not_ready``) for a consultation not found.
    """

    def __init__(
        self,
        outside: Outside,
        find: Callable[[UUID], Place | None],
        hold: timedelta,
        *,
        notice: Callable[..., None],
        changed: Callable[[UUID], None],
    ) -> None:
        self._outside, self._find, self._hold = outside, find, hold
        self._notice, self._changed = notice, changed
        self._tasks = Tasks()
        self._held: dict[UUID, _Held] = {}

    def undoable(self, consultation_id: UUID) -> Undoable | None:
        """Return the last command about a consultation's parties while it can be undone."""
        held = self._held.get(consultation_id)
        return held.undoable if held else None

    async def close(self) -> None:
        """What is held goes out at its time, at the next start if need be."""
        await self._tasks.close()

    # --- notices ----------------------------------------------------------------------------------------------------

    async def remind(self, consultation_id: UUID, party_key: str | None = None) -> None:
        """Remind one party, or all who are expected and have neither come nor answered."""

        async def work(place: Place) -> None:
            chosen = [one for one in place.parties if _is_awaited(one)]
            if party_key is None:
                chosen = [one for one in chosen if one.invitation not in _SETTLED]
            else:
                chosen = [one for one in chosen if one.party.key == party_key]
            await self._notify(place, chosen, NoticeKind.REMINDER, Saying.REMINDED)

        await self._do(consultation_id, work)

    async def tell_delay(self, consultation_id: UUID, minutes: int) -> None:
        """Tell everybody who has not come in that the doctor is ``minutes`` late, those in the room by its chat."""
        if minutes < 1:
            raise ValueError("a delay has at least one minute")

        async def work(place: Place) -> None:
            chosen = [one for one in place.parties if _is_awaited(one)]
            await self._notify(place, chosen, NoticeKind.DELAY, Saying.DELAYED, minutes)

        await self._do(consultation_id, work)

    async def _notify(
        self, place: Place, chosen: Iterable[PartyStatus], kind: NoticeKind, saying: Saying, minutes: int = 0
    ) -> None:
        place.check_may_tell()
        said = (await self._drafting(place.consultation)).notify([one.party for one in chosen], kind, minutes)
        chat = _("Lægen er ca. {minutes} min forsinket.").format(minutes=minutes) if kind is NoticeKind.DELAY else ""
        # A notice that could not be built leaves the invitation as it stands: the user is told whom to ring.
        failed = {news.party_key for news in said.failed}
        said.by_hand += [one.party for one in place.parties if one.party.key in failed]
        said.failed.clear()
        if not said.drafts and not said.by_hand:
            raise Refused("invite.nobody")
        await self._say(place, _as_it_is, said, saying, minutes=minutes, chat=chat)

    # --- who is expected --------------------------------------------------------------------------------------------

    async def invite(self, consultation_id: UUID, party: Party) -> None:
        """Expect and invite a further party."""

        async def work(place: Place) -> None:
            place.check_may_invite()
            await self._change_plan(place, place.consultation.plan.with_party(party), Saying.INVITED, new=party)

        await self._do(consultation_id, work)

    async def exchange(self, consultation_id: UUID, party_key: str, party: Party) -> None:
        """Expect ``party`` instead of another: the one is told that it is off, the other is invited."""

        async def work(place: Place) -> None:
            place.check_may_invite()
            plan = place.consultation.plan.uninvited(party_key).with_party(party)
            await self._change_plan(place, plan, Saying.EXCHANGED, old=party_key, new=party)

        await self._do(consultation_id, work)

    async def uninvite(self, consultation_id: UUID, party_key: str) -> None:
        """Expect a party no longer, and tell it so."""

        async def work(place: Place) -> None:
            place.check_may_tell()
            plan = place.consultation.plan.uninvited(party_key)
            await self._change_plan(place, plan, Saying.UNINVITED, old=party_key)

        await self._do(consultation_id, work)

    async def _change_plan(
        self, place: Place, plan: Plan, saying: Saying, *, old: str | None = None, new: Party | None = None
    ) -> None:
        before = place.consultation.plan
        drafting = await self._drafting(replace(place.consultation, plan=plan))
        drafting.call_off([each for each in before.parties if each.key == old])
        said = drafting.invite([new] if new else [])
        await self._say(place, _with_parties(plan), said, saying, before=before)

    async def send_anew(self, consultation_id: UUID, party: Party) -> None:
        """Invite a party over another channel or at another address, as ``party`` says."""

        async def work(place: Place) -> None:
            place.check_may_invite()
            before = place.consultation.plan
            plan = before.with_party(party)
            said = (await self._drafting(replace(place.consultation, plan=plan))).invite([party])
            said.drafts[:] = [anew(draft) for draft in said.drafts]
            await self._say(place, _with_parties(plan), said, Saying.SENT_ANEW, before=before)

        await self._do(consultation_id, work)

    # --- one message ------------------------------------------------------------------------------------------------

    async def resend(self, consultation_id: UUID, party_key: str) -> None:
        """Send a party's messages that have not arrived again; the receiver tells repeats by the message id."""

        async def work(place: Place) -> None:
            place.check_may_tell()
            outbox, now = self._outside.outbox, self._outside.clock.now()
            rows = [row for row in await outbox.of_consultation(consultation_id) if _is_of(row, party_key)]
            if not any([await outbox.queue_again(row.draft.key, now) for row in rows]):
                raise Refused("invite.not_again")
            await self._write(consultation_id, party_key, InvitationState.QUEUED)
            self._outside.delivery.wake()

        await self._do(consultation_id, work)

    async def told_by_phone(self, consultation_id: UUID, party_key: str) -> None:
        """The user told the party by telephone: it is settled by a person."""

        async def work(place: Place) -> None:
            status = next((one for one in place.parties if one.party.key == party_key), None)
            is_off = status is not None and not status.is_expected
            state = InvitationState.WITHDRAWN if is_off else InvitationState.TOLD_BY_PHONE
            await self._write(consultation_id, party_key, state)
            for row in await self._outside.outbox.of_consultation(consultation_id):
                if _is_of(row, party_key):
                    await self._outside.outbox.close_by_hand(row.draft.key, self._outside.clock.now())

        await self._do(consultation_id, work)

    async def _write(self, consultation_id: UUID, party_key: str, state: InvitationState) -> None:
        now = self._outside.clock.now()
        await kept.write_news(self._outside, [InvitationNews(consultation_id, party_key, state, now)])

    async def mark(self, consultation_id: UUID, message_id: str, mark: AnswerMark) -> None:
        """Keep how the user has read a partner's answer; UNREAD takes that back."""

        async def work(_place: Place) -> None:
            await self._outside.letters.mark(message_id, mark, self._outside.clock.now())

        await self._do(consultation_id, work)

    # --- saying it, and taking it back ------------------------------------------------------------------------------

    async def undo(self, consultation_id: UUID) -> None:
        """Take the last command back. Where a message has left meanwhile, the rest stands and the user is told."""

        async def work(place: Place) -> None:
            held = self._held.pop(consultation_id, None)
            if held is None:
                raise Refused("invite.too_late")
            outbox, now = self._outside.outbox, self._outside.clock.now()
            left = [key for key in held.keys if not await outbox.withdraw(key, now)]
            if left:
                raise Refused("invite.too_late")
            held.is_undone = True
            if held.before is not None:
                await place.change(_with_parties(held.before))

        await self._do(consultation_id, work)

    async def _say(
        self,
        place: Place,
        step: Step,
        said: Drafts,
        saying: Saying,
        *,
        before: Plan | None = None,
        minutes: int = 0,
        chat: str = "",
    ) -> None:
        """Write the decision down with its messages, and hold them back for a while."""
        until = self._outside.clock.now() + self._hold
        drafts = [replace(draft, not_before=until) for draft in said.drafts]
        await place.change(step, drafts)
        await kept.write_news(self._outside, said.failed)
        undoable = Undoable(saying, until, len(drafts), minutes)
        held = _Held(undoable, tuple(draft.key for draft in drafts), before, chat)
        self._held[place.consultation.id] = held
        self._tasks.spawn(self._let_go(place.consultation.id, held), "let-messages-go")
        names = [called(party, place.consultation.context) for party in said.by_hand]
        if names:
            self._notice("invite.by_hand", parties=", ".join(names))

    async def _let_go(self, consultation_id: UUID, held: _Held) -> None:
        """Send what nobody took back in time."""
        await asyncio.sleep((held.undoable.until - self._outside.clock.now()).total_seconds())
        if held.is_undone:
            return
        if self._held.get(consultation_id) is held:
            del self._held[consultation_id]
            self._changed(consultation_id)
        self._outside.delivery.wake()
        place = self._find(consultation_id)
        if held.chat and place is not None:
            await place.say(held.chat)

    async def _drafting(self, consultation: Consultation) -> Drafting:
        found = await kept.read(consultation, self._outside)
        return Drafting(self._outside, consultation, found.rows, found.letters)

    async def _do(self, consultation_id: UUID, work: Callable[[Place], Awaitable[None]]) -> None:
        place = self._find(consultation_id)
        if place is None:
            raise Refused("invite.not_ready")

        async def whole() -> None:
            await work(place)
            await place.refresh()

        await place.carry_out(whole)
        self._changed(consultation_id)


def _is_awaited(status: PartyStatus) -> bool:
    return status.is_expected and status.presence is not Presence.IN_CALL


def _is_of(row: OutboxRow, party_key: str) -> bool:
    """True for what tells a party that it is on or off; a notice is not worth repeating."""
    return row.draft.party_key == party_key and row.draft.kind in (MessageKind.INVITATION, MessageKind.CANCELLATION)


def _as_it_is(consultation: Consultation) -> Consultation:
    return consultation


def _with_parties(plan: Plan) -> Step:
    """Return the step to the parties of ``plan``; what else of the plan has changed meanwhile stays."""

    def step(now: Consultation) -> Consultation:
        return replace(now, plan=replace(now.plan, parties=plan.parties, withdrawn=plan.withdrawn))

    return step
