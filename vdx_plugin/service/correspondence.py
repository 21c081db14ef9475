"""Dead letters and stray answers: read from the store, shown, and dealt with by a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.matching import WRITTEN_AFTER, Candidate, candidates
from vdx_plugin.domain.parties import AnswerMark, Channel, Party, PartyRole
from vdx_plugin.errors import NotFound, Refused, VdxError
from vdx_plugin.ports import MOST_SENDS, IncomingLetter, MessageKind, OutboxRow, OutboxState
from vdx_plugin.service.correspondence_view import CorrespondenceView, DeadLetter, StrayLetter, Whereto
from vdx_plugin.service.open_record import called, label
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.places import Place
from vdx_plugin.service.telling import Telling

_log = log.get("service.correspondence")

LOOKED_BACK = WRITTEN_AFTER + timedelta(days=1)
"""How old a meeting may be that an answer is offered for."""


class Correspondence:
    """``show`` gets each new state, ``find`` returns where a consultation lives, if something can be done with it.

    Commands raise Refused(``invite.*``), NotFound(``messages.gone``) for what somebody else has dealt with, and
    Unavailable(``store.*``).
    """

    def __init__(
        self,
        outside: Outside,
        telling: Telling,
        find: Callable[[UUID], Place | None],
        show: Callable[[CorrespondenceView], None],
    ) -> None:
        self._outside, self._telling, self._find, self._show = outside, telling, find, show
        self._view = CorrespondenceView()
        self._rows: Mapping[str, OutboxRow] = {}
        self._brought_to: UUID | None = None

    async def refresh(self) -> None:
        """Show what waits now; a store that cannot be read leaves what was shown."""
        try:
            view = await self._look()
        except VdxError as error:
            _log.warning("what waits for a person could not be read: %s", error)
            return
        if view != self._view:
            self._view = view
            self._show(view)

    # --- what did not get through -------------------------------------------------------------------------------------

    async def resend(self, key: str) -> None:
        """Send a dead letter once more, as the same letter."""
        row = self._row(key)
        if self._find(row.draft.consultation_id) is not None:
            await self._telling.resend(row.draft.consultation_id, row.draft.party_key)
        elif await self._outside.outbox.queue_again(key, self._outside.clock.now()):
            self._outside.delivery.wake()
        else:
            raise Refused("invite.not_again")
        await self.refresh()

    async def other_channel(self, key: str, channel: Channel) -> None:
        """Invite the party over another channel that is known for it."""
        draft = self._row(key).draft
        place = self._find(draft.consultation_id)
        party = _party(place.consultation, draft.party_key) if place else None
        address = _address(party, channel, place.consultation.context) if place and party else None
        if party is None or address is None:
            raise Refused("invite.not_ready")
        await self._telling.send_anew(draft.consultation_id, replace(party, channel=channel, address=address))
        await self.refresh()

    async def by_phone(self, key: str) -> None:
        """The user has told the party by phone."""
        draft = self._row(key).draft
        if self._find(draft.consultation_id) is not None:
            await self._telling.told_by_phone(draft.consultation_id, draft.party_key)
        await self._outside.outbox.close_by_hand(key, self._outside.clock.now())
        await self.refresh()

    def _row(self, key: str) -> OutboxRow:
        if key not in self._rows:
            raise NotFound("messages.gone")
        return self._rows[key]

    # --- answers without a meeting --------------------------------------------------------------------------------

    async def match(self, message_id: str, consultation_id: UUID, party_key: str) -> None:
        """Bring an answer to the party that wrote it."""
        self._check_waits(message_id)
        await self._outside.letters.match(message_id, consultation_id, party_key, self._outside.clock.now())
        await self._dealt_with(message_id, consultation_id)

    async def put_aside(self, message_id: str) -> None:
        """The answer belongs to no meeting of ours; it is kept and no longer shown."""
        self._check_waits(message_id)
        await self._outside.letters.mark(message_id, AnswerMark.NOTED, self._outside.clock.now())
        await self._dealt_with(message_id, None)

    async def take_back(self, message_id: str) -> None:
        """Show the answer again that was brought to a party or put aside last."""
        if message_id != self._view.dealt_with:
            raise NotFound("messages.gone")
        await self._outside.letters.unmatch(message_id, self._outside.clock.now())
        await self._dealt_with("", self._brought_to)

    async def _dealt_with(self, message_id: str, consultation_id: UUID | None) -> None:
        """Show what is left; the consultation is the one that has an answer more, or less."""
        self._view, self._brought_to = replace(self._view, dealt_with=message_id), consultation_id
        place = self._find(consultation_id) if consultation_id is not None else None
        if place is not None:
            await place.refresh()
        await self.refresh()

    def _check_waits(self, message_id: str) -> None:
        if all(letter.message_id != message_id for letter in self._view.stray):
            raise NotFound("messages.gone")

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _look(self) -> CorrespondenceView:
        rows = await self._outside.outbox.stranded()
        letters = await self._outside.letters.unmatched()
        self._rows = {row.draft.key: row for row in rows}
        dead = [self._dead(row, await self._consultation(row.draft.consultation_id)) for row in rows]
        since = self._outside.clock.now() - LOOKED_BACK
        known = await self._outside.consultations.lately(since) if letters else []
        stray = [_stray(letter, known) for letter in letters if letter.mark is not AnswerMark.NOTED]
        return replace(self._view, dead=tuple(dead), stray=tuple(stray))

    async def _consultation(self, consultation_id: UUID) -> Consultation | None:
        place = self._find(consultation_id)
        return place.consultation if place else await self._outside.consultations.get(consultation_id)

    def _dead(self, row: OutboxRow, consultation: Consultation | None) -> DeadLetter:
        draft = row.draft
        bare = DeadLetter(
            draft.key,
            draft.kind,
            draft.channel,
            row.state,
            row.settled_at or row.sent_at or row.created_at,
            row.problem,
            starts_at=draft.starts_at,
            can_resend=row.state is not OutboxState.EXPIRED
            and (draft.channel is not Channel.MEDCOM or row.sends < MOST_SENDS),
        )
        party = _party(consultation, draft.party_key) if consultation else None
        if consultation is None or party is None:
            return bare
        is_here = self._find(consultation.id) is not None and draft.kind is MessageKind.INVITATION
        room = consultation.room
        link = self._outside.composer.guest_link(room, party) if room is not None and is_here else None
        ways = [one for one in (Channel.EMAIL, Channel.SMS) if is_here and _address(party, one, consultation.context)]
        return replace(
            bare,
            party=called(party, consultation.context),
            patient=label(consultation.context),
            starts_at=consultation.plan.start,
            phone=(party.partner.phone or "") if party.partner else (consultation.context.patient.mobile or ""),
            others=(*ways, *([Channel.LINK] if link else [])),
            link=link,
        )


def _party(consultation: Consultation, key: str) -> Party | None:
    everybody = (*consultation.plan.parties, *consultation.plan.withdrawn)
    return next((party for party in everybody if party.key == key), None)


def _address(party: Party, channel: Channel, context: ClinicContext) -> str | None:
    """Return where the party is reached over another channel than its own, as directory or record know it."""
    if channel is party.channel:
        return None
    if party.role is PartyRole.PATIENT:
        return context.patient.mobile if channel is Channel.SMS else context.patient.email
    if party.partner is None:
        return None
    return party.partner.mobile if channel is Channel.SMS else party.partner.email


def _stray(letter: IncomingLetter, known: Sequence[Consultation]) -> StrayLetter:
    by_id = {one.id: one for one in known}
    found = candidates(letter, known)
    return StrayLetter(
        letter.message_id,
        letter.sender_name or letter.sender_gln,
        letter.patient_label,
        letter.written_at,
        letter.subject,
        letter.text,
        tuple(_whereto(one, by_id[one.consultation_id]) for one in found),
    )


def _whereto(candidate: Candidate, consultation: Consultation) -> Whereto:
    party = _party(consultation, candidate.party_key)
    return Whereto(
        candidate.consultation_id,
        candidate.party_key,
        called(party, consultation.context) if party else "",
        label(consultation.context),
        candidate.start,
        candidate.names_day,
        candidate.names_time,
    )
