"""Text messages for the Composer port: to whom, with which link, told apart by which id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Channel, Party
from vdx_plugin.domain.phone_numbers import text_number
from vdx_plugin.domain.room import Room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured
from vdx_plugin.invitations import keys, sms
from vdx_plugin.invitations.narrative import clean
from vdx_plugin.invitations.sender import SenderSettings, label_of, link_for
from vdx_plugin.invitations.text_book import Span, TextBook
from vdx_plugin.invitations.wording import KIND_OF, Wording
from vdx_plugin.ports import MessageKind, NoticeKind, OutboxDraft, TextForm, TextKind

NewId = Callable[[], UUID]


class SmsComposer:
    """Builds the drafts of Channel.SMS; each method as in ``ports.Composer``, and raises as ``text_number``."""

    def __init__(self, settings: SenderSettings, book: TextBook) -> None:
        self._settings = settings
        self._book = book

    def invitation(
        self, consultation: Consultation, party: Party, room: Room, now: datetime, new_id: NewId
    ) -> OutboxDraft:
        """Invite."""
        text = self._wording(consultation, party).say(TextKind.INVITATION, TextForm.SMS, room)
        return self._draft(consultation, party, MessageKind.INVITATION, text, room, new_id())

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
        """Say the new time."""
        text = self._wording(consultation, party).say(TextKind.MOVE, TextForm.SMS, room, old=old)
        return self._draft(consultation, party, MessageKind.INVITATION, text, room, new_id(), earlier)

    def cancellation(
        self, consultation: Consultation, party: Party, earlier: OutboxDraft, now: datetime, new_id: NewId
    ) -> OutboxDraft:
        """Say that it is off."""
        text = self._wording(consultation, party).say(TextKind.CANCELLATION, TextForm.SMS, None)
        return self._draft(consultation, party, MessageKind.CANCELLATION, text, None, new_id(), earlier)

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
        """Remind, or say that the doctor is late."""
        text = self._wording(consultation, party).say(KIND_OF[kind], TextForm.SMS, room, minutes=minutes)
        key = keys.notice_key(consultation, party, kind, minutes, now)
        return self._draft(consultation, party, MessageKind.NOTICE, text, room, new_id(), earlier, key)

    def _wording(self, consultation: Consultation, party: Party) -> Wording:
        return Wording(self._settings, self._book, consultation, party)

    def _draft(
        self,
        consultation: Consultation,
        party: Party,
        kind: MessageKind,
        text: str,
        room: Room | None,
        message_id: UUID,
        earlier: OutboxDraft | None = None,
        key: str = "",
    ) -> OutboxDraft:
        link = link_for(self._settings, room, party) if room else Secret("")
        is_safe = room is not None and _holds_the_guest_pin_only(room)
        message = sms.TextMessage(_number(party), clean(text), consultation.meeting_id, link, is_safe)
        return OutboxDraft(
            key=key or keys.key_of(consultation, party, kind),
            consultation_id=consultation.id,
            party_key=party.key,
            kind=kind,
            channel=Channel.SMS,
            receiver=message.to,
            message_id=str(message_id),
            thread_id=earlier.thread_id if earlier else f"{consultation.id}.{party.key}",
            mime=sms.MIME,
            payload=sms.write(message),
            starts_at=consultation.plan.start,
            expires_at=consultation.plan.end,
        )


def _number(party: Party) -> str:
    typed = party.address or (party.partner.mobile if party.partner else None)
    if not typed:
        raise Misconfigured("invite.no_channel", "no phone number", party=label_of(party))
    return text_number(typed)


def _holds_the_guest_pin_only(room: Room) -> bool:
    """VDX's own link may hold an old PIN or, with a careless template, the host's (facts on VDX, surprises 10, 13)."""
    if not (room.portal_link and room.guest_pin and room.host_pin):
        return False
    link = room.portal_link.reveal()
    return f"pin={room.guest_pin.reveal()}" in link and room.host_pin.reveal() not in link
