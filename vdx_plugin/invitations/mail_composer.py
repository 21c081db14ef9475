"""E-mails for the Composer port: who gets one, under which Message-ID and calendar entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Channel, Party
from vdx_plugin.domain.room import Room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured
from vdx_plugin.invitations import calendar_mail, codes, keys
from vdx_plugin.invitations.mail_page import Manner
from vdx_plugin.invitations.sender import SenderSettings, label_of, link_for
from vdx_plugin.invitations.text_book import Span, TextBook
from vdx_plugin.invitations.wording import KIND_OF, Wording
from vdx_plugin.ports import MessageKind, NoticeKind, OutboxDraft, TextForm, TextKind

NewId = Callable[[], UUID]

# No blank and no line break: it goes into headers and into the mail server's own commands.
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")


class MailComposer:
    """Builds the drafts of Channel.EMAIL; each method as in ``ports.Composer``."""

    def __init__(self, settings: SenderSettings, book: TextBook) -> None:
        self._settings = settings
        self._book = book

    def invitation(
        self, consultation: Consultation, party: Party, room: Room, now: datetime, new_id: NewId
    ) -> OutboxDraft:
        """Invite, with a new calendar entry."""
        envelope = self._envelope(party, new_id(), f"{consultation.id}.{party.key}", 0)
        words = self._words(consultation, party, TextKind.INVITATION, room)
        payload = calendar_mail.request(envelope, words, self._call(consultation, party, room), now)
        return _draft(consultation, party, MessageKind.INVITATION, envelope, payload)

    def move(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        old: Span,
        now: datetime,
        new_id: NewId,
    ) -> OutboxDraft:
        """Invite anew under the same calendar entry, whose next SEQUENCE replaces the old time."""
        envelope = self._next(party, earlier, new_id())
        words = self._words(consultation, party, TextKind.MOVE, room, old=old)
        payload = calendar_mail.request(envelope, words, self._call(consultation, party, room), now)
        return _draft(consultation, party, MessageKind.INVITATION, envelope, payload)

    def cancellation(
        self, consultation: Consultation, party: Party, earlier: OutboxDraft, now: datetime, new_id: NewId
    ) -> OutboxDraft:
        """Take the calendar entry back."""
        envelope = self._next(party, earlier, new_id())
        words = self._words(consultation, party, TextKind.CANCELLATION, None)
        payload = calendar_mail.cancel(envelope, words, self._call(consultation, party, None), now)
        return _draft(consultation, party, MessageKind.CANCELLATION, envelope, payload)

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
    ) -> OutboxDraft:
        """Remind, or say that the doctor is late. The calendar entry stays as it is."""
        sequence = calendar_mail.sequence_of(earlier.payload)
        envelope = self._envelope(party, new_id(), earlier.thread_id, sequence)
        words = self._words(consultation, party, KIND_OF[kind], room, minutes=minutes)
        call = self._call(consultation, party, room)
        payload = calendar_mail.notice(envelope, words, call, now, earlier.message_id)
        key = keys.notice_key(consultation, party, kind, minutes, now)
        return _draft(consultation, party, MessageKind.NOTICE, envelope, payload, key)

    def _words(
        self,
        consultation: Consultation,
        party: Party,
        kind: TextKind,
        room: Room | None,
        *,
        old: Span | None = None,
        minutes: int = 0,
    ) -> calendar_mail.Words:
        wording = Wording(self._settings, self._book, consultation, party)
        subject, text = (
            wording.say(kind, form, room, old=old, minutes=minutes) for form in (TextForm.SUBJECT, TextForm.BODY)
        )
        return calendar_mail.Words(subject, text, wording.entry, Manner.of(wording.language))

    def _next(self, party: Party, earlier: OutboxDraft, message_id: UUID) -> calendar_mail.Envelope:
        sequence = calendar_mail.sequence_of(earlier.payload) + 1
        return self._envelope(party, message_id, earlier.thread_id, sequence)

    def _envelope(self, party: Party, message_id: UUID, uid: str, sequence: int) -> calendar_mail.Envelope:
        settings = self._settings
        address = party.address or (party.partner.email if party.partner else None)
        if not address or not _ADDRESS.fullmatch(address):
            raise Misconfigured("invite.no_channel", "no e-mail address", party=label_of(party))
        if "@" not in settings.mail_from:
            raise Misconfigured("invite.setup", "the address mails come from is missing")
        domain = settings.mail_from.rpartition("@")[2]
        return calendar_mail.Envelope(
            settings.mail_from, settings.organisation.name, address, f"<{message_id}@{domain}>", uid, sequence
        )

    def _call(self, consultation: Consultation, party: Party, room: Room | None) -> calendar_mail.Call:
        link = link_for(self._settings, room, party) if room else Secret("")
        return calendar_mail.Call(consultation.plan.start, consultation.plan.end, link)


def _draft(
    consultation: Consultation,
    party: Party,
    kind: MessageKind,
    envelope: calendar_mail.Envelope,
    payload: bytes,
    key: str = "",
) -> OutboxDraft:
    return OutboxDraft(
        key=key or keys.key_of(consultation, party, kind),
        consultation_id=consultation.id,
        party_key=party.key,
        kind=kind,
        channel=Channel.EMAIL,
        receiver=envelope.receiver,
        message_id=envelope.message_id,
        thread_id=envelope.uid,
        mime=codes.MAIL,
        payload=payload,
        starts_at=consultation.plan.start,
        expires_at=consultation.plan.end,
    )
