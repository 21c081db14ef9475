"""The Composer port: for each party the right kind of message, with only what that party may know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Channel, LetterFormat, Party
from vdx_plugin.domain.room import Room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations import frame_checks, keys
from vdx_plugin.invitations.letter_composer import LetterComposer
from vdx_plugin.invitations.mail_composer import MailComposer
from vdx_plugin.invitations.sender import SenderSettings, link_for
from vdx_plugin.invitations.sms_composer import SmsComposer
from vdx_plugin.invitations.text_book import TextBook
from vdx_plugin.ports import IncomingLetter, MessageKind, NoticeKind, OutboxDraft

NewId = Callable[[], UUID]
Letters = Sequence[IncomingLetter]


class MessageComposer:
    """Implements ``ports.Composer``. Pure: the same arguments make the same draft."""

    def __init__(self, settings: SenderSettings, book: TextBook | None = None) -> None:
        self._settings = settings
        book = book or TextBook()
        self._letters = LetterComposer(settings)
        # A party without a channel of ours comes to the letters, which say so.
        self._others: Mapping[Channel, MailComposer | SmsComposer] = {
            Channel.EMAIL: MailComposer(settings, book),
            Channel.SMS: SmsComposer(settings, book),
        }

    def prepare(self) -> None:
        """See ``ports.Composer``."""
        frame_checks.load_models()

    def invitation(
        self, consultation: Consultation, party: Party, room: Room, now: datetime, new_id: NewId
    ) -> OutboxDraft:
        """Build the message that invites ``party``; see ``ports.Composer``."""
        composer = self._others.get(party.channel, self._letters)
        return _timed(consultation, party, composer.invitation(consultation, party, room, now, new_id))

    def cancellation(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        now: datetime,
        new_id: NewId,
        letters: Letters = (),
    ) -> OutboxDraft:
        """Build the message that tells ``party`` it is off, in the thread of ``earlier``; see ``ports.Composer``."""
        if other := self._others.get(party.channel):
            return other.cancellation(consultation, party, earlier, now, new_id)
        return _timed(
            consultation, party, self._letters.cancellation(consultation, party, earlier, now, new_id, letters)
        )

    def move(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        old: tuple[datetime, datetime],
        now: datetime,
        new_id: NewId,
        letters: Letters = (),
    ) -> OutboxDraft:
        """Build the message that moves a meeting, in the thread of ``earlier``. ``old`` is the former start and end.

        ``consultation`` has the new time. By e-mail it is the invitation anew under the same calendar entry.
        """
        if other := self._others.get(party.channel):
            moved = other.move(consultation, party, earlier, room, old, now, new_id)
        else:
            moved = self._letters.move(consultation, party, earlier, room, old, now, new_id, letters)
        return _timed(consultation, party, keys.after(earlier, moved))

    def notice(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        kind: NoticeKind,
        now: datetime,
        new_id: NewId,
        *,
        minutes: int = 0,
        letters: Letters = (),
    ) -> OutboxDraft:
        """Build the message that reminds ``party`` or says that the doctor is late; see ``ports.Composer``."""
        if other := self._others.get(party.channel):
            told = other.notice(consultation, party, earlier, room, kind, now, new_id, minutes=minutes)
        else:
            told = self._letters.notice(
                consultation, party, earlier, room, kind, now, new_id, minutes=minutes, letters=letters
            )
        return _timed(consultation, party, told)

    def guest_link(self, room: Room, party: Party) -> Secret:
        """Return the link for one party; its name in the room is its role."""
        return link_for(self._settings, room, party)


def _timed(consultation: Consultation, party: Party, draft: OutboxDraft) -> OutboxDraft:
    """Say how fast the receiver's system may answer, and when it is too late to send: never for a letter of
    cancellation, which explains an empty room even afterwards."""
    form = party.partner.format if party.partner else LetterFormat.NATIVE
    if draft.kind is MessageKind.CANCELLATION:
        return replace(draft, format=form)
    plan = consultation.plan
    return replace(draft, format=form, starts_at=plan.start, expires_at=plan.end)
