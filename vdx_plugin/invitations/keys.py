"""The keys under which drafts lie in the outbox: the same for the same thing told, so that nothing is told twice."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Party
from vdx_plugin.ports import MessageKind, NoticeKind, OutboxDraft


def key_of(consultation: Consultation, party: Party, kind: MessageKind) -> str:
    """The same for the same room, time and channel, so that composing once more after a crash sends nothing twice."""
    start = consultation.plan.start.strftime("%Y%m%dT%H%M%S%z")
    return f"{kind}:{consultation.id}:{party.key}:{party.channel}:{consultation.meeting_id}:{start}"


def notice_key(consultation: Consultation, party: Party, kind: NoticeKind, minutes: int, now: datetime) -> str:
    """One for each notice: a second click within the minute says nothing new, a later one does."""
    minute = now.astimezone(UTC).strftime("%Y%m%dT%H%MZ")
    return f"{key_of(consultation, party, MessageKind.NOTICE)}:{kind}:{minutes}:{minute}"


def after(earlier: OutboxDraft, moved: OutboxDraft) -> OutboxDraft:
    """Give a move a key of its own: a meeting may come back to a time it had before, which must be told as well."""
    return replace(moved, key=f"{moved.key}:{hashlib.sha256(earlier.message_id.encode()).hexdigest()[:8]}")
