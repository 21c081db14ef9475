"""What is to be said to each party, as drafts for the outbox. A party that cannot be reached holds up nobody.

A party may have been invited over more than one channel. Whatever changes is told in every thread in which an
invitation may have arrived, as an answer to the newest message of that thread (MedCom, governance for
CareCommunication, rules 3 to 5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from vdx_plugin import log
from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import SENT_BY_US, Channel, InvitationState, Party
from vdx_plugin.domain.room import Room
from vdx_plugin.errors import Refused, VdxError
from vdx_plugin.ports import (
    NEVER_ARRIVED,
    IncomingLetter,
    InvitationNews,
    MessageKind,
    NoticeKind,
    OutboxDraft,
    OutboxRow,
    OutboxState,
)
from vdx_plugin.service.outside import Outside

_log = log.get("service.drafting")

_PERHAPS = (OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.BY_HAND)
"""Given up or settled by a person; where it had been sent it may have arrived all the same."""
Span = tuple[datetime, datetime]


@dataclass
class Drafts:
    """``failed`` is the news of those for whom no message could be built; ``by_hand`` are those the user must tell."""

    drafts: list[OutboxDraft] = field(default_factory=list)
    failed: list[InvitationNews] = field(default_factory=list)
    by_hand: list[Party] = field(default_factory=list)


class Drafting:
    """Builds for one consultation, as it is to be, from what lies in the outbox and what partners wrote."""

    def __init__(
        self,
        outside: Outside,
        consultation: Consultation,
        rows: Sequence[OutboxRow] = (),
        letters: Sequence[IncomingLetter] = (),
    ) -> None:
        self._outside, self._consultation = outside, consultation
        self._rows, self._letters = rows, letters
        self.result = Drafts()

    # --- what is said -----------------------------------------------------------------------------------------------

    def invite(self, parties: Iterable[Party]) -> Drafts:
        """Invite each of these that is written to."""
        for party in parties:
            if party.channel in SENT_BY_US:
                self._try(party, partial(self._invitation, party))
        return self.result

    def move(self, parties: Iterable[Party], old: Span) -> Drafts:
        """Tell each of these the new time, ``old`` being the former; who has not been reached is invited."""
        for party in parties:
            found = self._threads(party)
            for one, earlier in found:
                self._try(one, partial(self._moved, one, earlier, old))
            if not found and party.channel in SENT_BY_US:
                self._try(party, partial(self._invitation, party))
            elif not found:
                self.result.by_hand.append(party)
        return self.result

    def call_off(self, parties: Iterable[Party]) -> Drafts:
        """Tell each of these that it is off, where an invitation may have arrived."""
        for party in parties:
            found = self._threads(party)
            for one, earlier in found:
                self._try(one, partial(self._off, one, earlier))
            if not found and party.channel not in SENT_BY_US:
                self.result.by_hand.append(party)
        return self.result

    def notify(self, parties: Iterable[Party], kind: NoticeKind, minutes: int = 0) -> Drafts:
        """Remind each of these, or tell it of a delay; who has no message to answer must be told by the user."""
        for party in parties:
            found = self._threads(party)
            for one, earlier in found:
                self._try(one, partial(self._notice, one, earlier, kind, minutes))
            if not found:
                self.result.by_hand.append(party)
        return self.result

    # --- one message ------------------------------------------------------------------------------------------------

    @property
    def _room(self) -> Room:
        room = self._consultation.room
        if room is None:
            raise Refused("room.not_ready")
        return room

    def _invitation(self, party: Party) -> OutboxDraft:
        outside = self._outside
        return outside.composer.invitation(self._consultation, party, self._room, outside.clock.now(), outside.new_id)

    def _moved(self, party: Party, earlier: OutboxDraft, old: Span) -> OutboxDraft:
        outside, now = self._outside, self._outside.clock.now()
        return outside.composer.move(
            self._consultation, party, earlier, self._room, old, now, outside.new_id, self._letters
        )

    def _off(self, party: Party, earlier: OutboxDraft) -> OutboxDraft:
        outside = self._outside
        now = self._outside.clock.now()
        return outside.composer.cancellation(self._consultation, party, earlier, now, outside.new_id, self._letters)

    def _notice(self, party: Party, earlier: OutboxDraft, kind: NoticeKind, minutes: int) -> OutboxDraft:
        outside, now = self._outside, self._outside.clock.now()
        return outside.composer.notice(
            self._consultation,
            party,
            earlier,
            self._room,
            kind,
            now,
            outside.new_id,
            minutes=minutes,
            letters=self._letters,
        )

    def _try(self, party: Party, build: Callable[[], OutboxDraft]) -> None:
        try:
            self.result.drafts.append(self._distinct(build()))
        except VdxError as error:
            _log.warning("no message for a party with role %s: %s", party.role, error)
            now, failed = self._outside.clock.now(), InvitationState.FAILED
            self.result.failed.append(InvitationNews(self._consultation.id, party.key, failed, now, error.code))

    def _distinct(self, draft: OutboxDraft) -> OutboxDraft:
        """Give a draft a key of its own where the outbox would take it for one that was taken back, or went elsewhere.

        The same key in the same thread is the same thing said twice, which the outbox passes over.
        """
        taken = {row.draft.key for row in self._rows if self._says_other(row, draft)}
        taken |= {one.key for one in self.result.drafts}
        return anew(draft) if draft.key in taken else draft

    def _says_other(self, row: OutboxRow, draft: OutboxDraft) -> bool:
        return row.state is OutboxState.WITHDRAWN or row.draft.thread_id != draft.thread_id

    # --- threads ----------------------------------------------------------------------------------------------------

    def _threads(self, party: Party) -> list[tuple[Party, OutboxDraft]]:
        """Return each thread that may hold its invitation: as whom the party is written to, and what is newest.

        One that ends in a cancellation has nothing left to be said in it.
        """
        newest: dict[str, OutboxDraft] = {}
        invited: set[str] = set()
        for row in self._rows:
            draft = row.draft
            if draft.party_key == party.key and _may_have_arrived(row):
                newest[_line(draft)] = draft
                invited |= {_line(draft)} if draft.kind is MessageKind.INVITATION else set()
        open_ones = {key: draft for key, draft in newest.items() if draft.kind is not MessageKind.CANCELLATION}
        found = [draft for line, draft in open_ones.items() if line in invited]
        return [(_as_written(party, draft), draft) for draft in found]


def anew(draft: OutboxDraft) -> OutboxDraft:
    """Return the draft under a key that no other has: the user wants it said once more."""
    return replace(draft, key=f"{draft.key}~{hashlib.sha256(draft.message_id.encode()).hexdigest()[:8]}")


def _line(draft: OutboxDraft) -> str:
    """What follows on each other: a thread, and with MedCom all threads with one receiver.

    Where letters have crossed, the later one begins a thread in which everything stands, and the earlier is dead.
    """
    return f"medcom:{draft.receiver}" if draft.channel is Channel.MEDCOM else draft.thread_id


def _may_have_arrived(row: OutboxRow) -> bool:
    return row.state not in NEVER_ARRIVED or (row.state in _PERHAPS and row.sent_at is not None)


def _as_written(party: Party, draft: OutboxDraft) -> Party:
    """Return the party as it was when that message was written to it."""
    if party.channel is draft.channel:
        return party
    address = draft.receiver if draft.channel in (Channel.EMAIL, Channel.SMS) else None
    return replace(party, channel=draft.channel, address=address)
