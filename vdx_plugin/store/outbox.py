"""Messages on their way (``ports.Outbox``).

A row is taken by one worker at a time: ``claim`` marks it SENDING before anybody else can see it free. What became of
it is written with ``mark``; a crash in between leaves SENDING, and ``recover`` decides by what the channel can bear.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, select, update

from vdx_plugin.domain.parties import Channel
from vdx_plugin.ports import MessageKind, OutboxDraft, OutboxRow, OutboxState
from vdx_plugin.store.engine import insert_or_ignore
from vdx_plugin.store.schema import incoming_message
from vdx_plugin.store.schema import outbox as rows
from vdx_plugin.store.sealing import Sealer
from vdx_plugin.store.thread import StoreThread

_CLAIMABLE = (OutboxState.QUEUED, OutboxState.SENT)
SETTLED = frozenset(
    {
        OutboxState.ACKNOWLEDGED,
        OutboxState.ANSWERED,
        OutboxState.REJECTED,
        OutboxState.FAILED,
        OutboxState.WITHDRAWN,
    }
)
_BEYOND_SENT = frozenset({OutboxState.ACKNOWLEDGED, OutboxState.ANSWERED, OutboxState.REJECTED})


class OutboxTable:
    """Fills ``ports.Outbox``."""

    def __init__(self, thread: StoreThread, sealer: Sealer) -> None:
        self._thread = thread
        self._sealer = sealer

    async def claim(self, now: datetime, *, limit: int = 10) -> list[OutboxRow]:
        """See the port. The longest due come first."""

        def work(connection: Connection) -> list[OutboxRow]:
            taken = list(connection.scalars(due(now, limit)))
            sending = {"state": OutboxState.SENDING.value, "due_at": None, "attempts": rows.c.attempts + 1}
            connection.execute(update(rows).where(rows.c.seq.in_(taken)).values(sending))
            found = connection.execute(select(rows).where(rows.c.seq.in_(taken)))
            return [self._read(row) for row in sorted(found, key=lambda row: taken.index(row.seq))]

        return await self._thread.write(work)

    async def mark(
        self,
        key: str,
        state: OutboxState,
        now: datetime,
        *,
        problem: str = "",
        receipt: str = "",
        next_attempt_at: datetime | None = None,
    ) -> None:
        """See the port. SENT does not undo an acknowledgement or answer that was faster than the transport's own word;
        QUEUED without ``next_attempt_at`` is due at once. Raises ValueError for a key that is not there."""

        def work(connection: Connection) -> None:
            found = connection.execute(select(rows).where(rows.c.key == key).with_for_update()).one_or_none()
            if found is None:
                raise ValueError("no message with this key")
            values = _after(found, state, now, next_attempt_at) | {"problem": problem}
            if receipt:
                values["receipt"] = receipt
            connection.execute(update(rows).where(rows.c.seq == found.seq).values(values))

        await self._thread.write(work)

    async def withdraw(self, key: str, now: datetime) -> bool:
        untouched = and_(rows.c.key == key, rows.c.state == OutboxState.QUEUED.value, rows.c.attempts == 0)
        gone = {"state": OutboxState.WITHDRAWN.value, "due_at": None, "settled_at": now}
        taken_back = update(rows).where(untouched).values(gone)
        return await self._thread.write(lambda connection: connection.execute(taken_back).rowcount == 1)

    async def by_message(self, message_id: str) -> OutboxRow | None:
        return await self._newest(rows.c.message_id == message_id)

    async def by_thread(self, thread_id: str) -> OutboxRow | None:
        return await self._newest(rows.c.thread_id == thread_id)

    async def of_consultation(self, consultation_id: UUID) -> list[OutboxRow]:
        """Return the consultation's messages, oldest first."""
        condition = rows.c.consultation_id == consultation_id
        return await self._thread.read(lambda connection: self._select(connection, condition))

    async def add(self, drafts: Sequence[OutboxDraft], now: datetime) -> None:
        await self._thread.write(lambda connection: insert_drafts(connection, self._sealer, drafts, now))

    async def recover(self, now: datetime) -> list[OutboxRow]:
        def work(connection: Connection) -> list[OutboxRow]:
            stuck = rows.c.state == OutboxState.SENDING.value
            left = list(connection.scalars(select(rows.c.seq).where(stuck).with_for_update()))
            for by_medcom, values in (
                (rows.c.channel == Channel.MEDCOM.value, {"state": OutboxState.QUEUED.value, "due_at": now}),
                (rows.c.channel != Channel.MEDCOM.value, {"state": OutboxState.UNKNOWN.value, "due_at": None}),
            ):
                connection.execute(update(rows).where(rows.c.seq.in_(left), by_medcom).values(values))
            return self._select(connection, rows.c.seq.in_(left))

        return await self._thread.write(work)

    async def remember_incoming(self, message_id: str, now: datetime) -> bool:
        row = {"message_id": message_id, "seen_at": now}
        return await self._thread.write(lambda connection: insert_or_ignore(connection, incoming_message, [row]) == 1)

    async def erase_payloads(self, before: datetime) -> int:
        """Empty payload and receiver of messages over since before ``before``; return how many. What became of them
        stays. Over is also what was sent, or is in doubt, and has been left so that long."""
        states = [state.value for state in SETTLED | {OutboxState.SENT, OutboxState.UNKNOWN}]
        since = func.coalesce(rows.c.settled_at, rows.c.sent_at, rows.c.created_at)
        old = and_(rows.c.state.in_(states), since < before, rows.c.sealed_payload.is_not(None))
        emptied = update(rows).where(old).values(sealed_payload=None, sealed_receiver=None, due_at=None)
        return await self._thread.write(lambda connection: connection.execute(emptied).rowcount)

    async def _newest(self, condition: ColumnElement[bool]) -> OutboxRow | None:
        newest = select(rows).where(condition).order_by(rows.c.seq.desc()).limit(1)

        def work(connection: Connection) -> OutboxRow | None:
            row = connection.execute(newest).one_or_none()
            return self._read(row) if row else None

        return await self._thread.read(work)

    def _select(self, connection: Connection, condition: ColumnElement[bool]) -> list[OutboxRow]:
        return [self._read(row) for row in connection.execute(select(rows).where(condition).order_by(rows.c.seq))]

    def _read(self, row: Row[Any]) -> OutboxRow:
        draft = OutboxDraft(
            key=row.key,
            consultation_id=row.consultation_id,
            party_key=row.party_key,
            kind=MessageKind(row.kind),
            channel=Channel(row.channel),
            receiver=_opened(self._sealer, row.sealed_receiver, f"receiver:{row.key}").decode(),
            message_id=row.message_id,
            thread_id=row.thread_id,
            mime=row.mime,
            payload=_opened(self._sealer, row.sealed_payload, f"payload:{row.key}"),
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
        )


def due(now: datetime, limit: int) -> Select[tuple[int]]:
    """Select what a worker may take now, longest due first, passing over what another worker is taking.

    The order is that of the index, so a long queue is not sorted. SQLite has no row locks and ignores the last line;
    there the whole transaction is exclusive.

    A message waits for the earlier ones of its thread: a cancellation must not overtake the invitation it takes back.
    """
    claimable = rows.c.state.in_([state.value for state in _CLAIMABLE])
    earlier = rows.alias("earlier")
    on_its_way = earlier.c.state.in_([OutboxState.QUEUED.value, OutboxState.SENDING.value])
    behind = exists().where(earlier.c.thread_id == rows.c.thread_id, earlier.c.seq < rows.c.seq, on_its_way)
    return (
        select(rows.c.seq)
        .where(rows.c.due_at <= now, claimable, ~behind)
        .order_by(rows.c.due_at, rows.c.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def insert_drafts(connection: Connection, sealer: Sealer, drafts: Sequence[OutboxDraft], now: datetime) -> None:
    """Queue ``drafts``, due at once; one whose key is there already is passed over."""
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
        "state": OutboxState.QUEUED.value,
        "attempts": 0,
        "created_at": now,
        "due_at": now,
        "problem": "",
        "receipt": "",
    }


def _after(found: Row[Any], state: OutboxState, now: datetime, next_attempt_at: datetime | None) -> dict[str, Any]:
    """The columns that follow from a new state."""
    sent_at = found.sent_at or (now if state is OutboxState.SENT else None)
    if state is OutboxState.SENT and found.state in _BEYOND_SENT:
        return {"sent_at": sent_at}
    at_once = now if state is OutboxState.QUEUED else None
    return {
        "state": state.value,
        "due_at": (next_attempt_at or at_once) if state in _CLAIMABLE else None,
        "sent_at": sent_at,
        "settled_at": (found.settled_at or now) if state in SETTLED else None,
    }


def _opened(sealer: Sealer, sealed: bytes | None, place: str) -> bytes:
    return sealer.open(sealed, place) if sealed is not None else b""
