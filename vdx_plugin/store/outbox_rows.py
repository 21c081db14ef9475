"""A message on its way as a row of the outbox, what it says and to whom sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from vdx_plugin.domain.parties import Channel, LetterFormat
from vdx_plugin.ports import MessageKind, OutboxDraft, OutboxRow, OutboxState
from vdx_plugin.store.engine import insert_or_ignore
from vdx_plugin.store.schema import outbox as rows
from vdx_plugin.store.sealing import Sealer


def read(sealer: Sealer, row: Row[Any]) -> OutboxRow:
    """Open a row. Raises Unreadable where it cannot be opened."""
    draft = OutboxDraft(
        key=row.key,
        consultation_id=row.consultation_id,
        party_key=row.party_key,
        kind=MessageKind(row.kind),
        channel=Channel(row.channel),
        receiver=_opened(sealer, row.sealed_receiver, f"receiver:{row.key}").decode(),
        message_id=row.message_id,
        thread_id=row.thread_id,
        mime=row.mime,
        payload=_opened(sealer, row.sealed_payload, f"payload:{row.key}"),
        checked_by=row.checked_by,
        format=LetterFormat(row.format),
        starts_at=row.starts_at,
        expires_at=row.expires_at,
    )
    return OutboxRow(
        draft=draft,
        state=OutboxState(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        next_attempt_at=row.due_at,
        sent_at=row.sent_at,
        settled_at=row.settled_at,
        problem=row.problem,
        receipt=row.receipt,
        sends=row.sends,
        queued_at=row.queued_at,
    )


def insert_drafts(connection: Connection, sealer: Sealer, drafts: Sequence[OutboxDraft], now: datetime) -> None:
    """Queue ``drafts``, due at once or when they say; one whose key is there already is passed over."""
    insert_or_ignore(connection, rows, [_new_row(sealer, draft, now) for draft in drafts])


def _new_row(sealer: Sealer, draft: OutboxDraft, now: datetime) -> dict[str, Any]:
    return {
        "key": draft.key,
        "consultation_id": draft.consultation_id,
        "party_key": draft.party_key,
        "kind": draft.kind.value,
        "channel": draft.channel.value,
        "message_id": draft.message_id,
        "thread_id": draft.thread_id,
        "mime": draft.mime,
        "sealed_receiver": sealer.seal(draft.receiver.encode(), f"receiver:{draft.key}"),
        "sealed_payload": sealer.seal(draft.payload, f"payload:{draft.key}"),
        "checked_by": draft.checked_by,
        "state": OutboxState.QUEUED.value,
        "attempts": 0,
        "created_at": now,
        "queued_at": now,
        "changed_at": now,
        "due_at": draft.not_before or now,
        "problem": "",
        "receipt": "",
        "format": draft.format.value,
        "starts_at": draft.starts_at,
        "expires_at": draft.expires_at,
    }


def _opened(sealer: Sealer, sealed: bytes | None, place: str) -> bytes:
    return sealer.open(sealed, place) if sealed is not None else b""
