"""Messages on their way (``ports.Outbox``).

A row is taken by one worker at a time: ``claim`` marks it SENDING before anybody else can see it free, under the name
of this run of this host. What became of it is written with ``settle``; a crash in between leaves SENDING, and
``recover`` decides by what the channel can bear. Whether another host lives is told by its lease, which it renews with
``still_here`` and which is counted by the database's clock alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.sql.dml import Update

from vdx_plugin import log
from vdx_plugin.domain.parties import Channel
from vdx_plugin.errors import Unreadable
from vdx_plugin.ports import (
    IN_MAILBOX,
    MOST_SENDS,
    STRANDED,
    TO_BE_SENT,
    MessageKind,
    OutboxDraft,
    OutboxRow,
    OutboxState,
    Settlement,
)
from vdx_plugin.store.engine import database_time
from vdx_plugin.store.outbox_rows import insert_drafts, read
from vdx_plugin.store.schema import in_microseconds
from vdx_plugin.store.schema import outbox as rows
from vdx_plugin.store.sealing import Sealer
from vdx_plugin.store.thread import StoreThread

_log = log.get("store.outbox")

LEASE = timedelta(seconds=60)
"""So long a host that says nothing is believed to live."""
_CLAIMABLE = (OutboxState.QUEUED, OutboxState.WAITING_FOR_RETRY, OutboxState.AWAITING_ACK)
_OUT = frozenset({OutboxState.SENT, OutboxState.AWAITING_ACK})
_ARRIVED = frozenset({OutboxState.ACKNOWLEDGED, OutboxState.ANSWERED})
SETTLED = (_ARRIVED | STRANDED | {OutboxState.WITHDRAWN, OutboxState.BY_HAND}) - {OutboxState.UNKNOWN}
_BEYOND_SENT = _ARRIVED | {OutboxState.IN_ERROR}
_AGAIN = (STRANDED | {OutboxState.AWAITING_ACK, OutboxState.SENT}) - {OutboxState.EXPIRED}
_STANDING = select(
    rows.c.seq, rows.c.key, rows.c.state, rows.c.sends, rows.c.sent_at, rows.c.settled_at, rows.c.receipt
)
"""How far a row has come, without what it says, which is the larger part of it."""
_WRITE = (
    update(rows)
    .where(rows.c.seq == bindparam("row"))
    .values(
        owner=None,
        lease_until=None,
        **{
            name: bindparam(name)
            for name in ("state", "due_at", "sent_at", "settled_at", "changed_at", "problem", "receipt", "sends")
        },
    )
)
"""What becomes of a row, for many rows at once."""
_NEVER_OUT = and_(
    rows.c.sends == 0,
    rows.c.state.in_([one.value for one in TO_BE_SENT | {OutboxState.WITHDRAWN, OutboxState.EXPIRED}]),
)
"""Nobody can have answered these: held back, on their way for the first time, or taken back."""
_FREE = {"owner": None, "lease_until": None}


class OutboxTable:
    """Fills ``ports.Outbox``. ``host`` is a name that this host keeps over restarts; without one, its own earlier rows
    are taken up when their lease has run out, like anybody's."""

    def __init__(self, thread: StoreThread, sealer: Sealer, *, host: str = "", lease: timedelta = LEASE) -> None:
        self._thread = thread
        self._sealer = sealer
        self._host = host or uuid4().hex
        self._run = f"{self._host}:{uuid4().hex}"
        self.lease = lease

    async def claim(self, now: datetime, *, limit: int = 10) -> list[OutboxRow]:
        """See the port. The longest due come first."""

        def work(connection: Connection) -> list[OutboxRow]:
            wanted = {"now": now, "limit": limit}
            found = connection.execute(DUE, wanted).all()
            if not found and connection.execute(_waiting_anew(now)).rowcount:
                found = connection.execute(DUE, wanted).all()
            if not found:
                return []
            taken = [row.seq for row in found]
            connection.execute(update(rows).where(rows.c.seq.in_(taken)).values(self._sending(connection, now)))
            claimed = [(row.seq, one) for row in found if (one := self._claimed(connection, row, now)) is not None]
            return _among_their_threads(connection, claimed)

        return await self._thread.write(work)

    def _claimed(self, connection: Connection, row: Row[Any], now: datetime) -> OutboxRow | None:
        """Return a row as it is handed out. One that cannot be opened is set aside, so that it holds up nobody."""
        try:
            before = read(self._sealer, row)
        except Unreadable as error:
            _log.error("%s cannot be opened and is not sent: %s", row.key, error)
            unfit = Settlement(row.key, OutboxState.FAILED, "store.unreadable")
            connection.execute(_WRITE, [_written(row, unfit, now)])
            return None
        return replace(
            before, was=before.state, state=OutboxState.SENDING, attempts=before.attempts + 1, next_attempt_at=None
        )

    def _sending(self, connection: Connection, now: datetime) -> dict[str, Any]:
        return {
            "state": OutboxState.SENDING.value,
            "due_at": None,
            "attempts": rows.c.attempts + 1,
            "changed_at": now,
            "owner": self._run,
            "lease_until": self._lease_end(connection),
        }

    def _lease_end(self, connection: Connection) -> ColumnElement[int]:
        return database_time(connection) + self.lease // timedelta(microseconds=1)

    async def settle(self, outcomes: Sequence[Settlement], now: datetime) -> set[str]:
        def work(connection: Connection) -> set[str]:
            keys = [outcome.key for outcome in outcomes]
            sending = rows.c.state == OutboxState.SENDING.value
            open_rows = _STANDING.where(rows.c.key.in_(keys), sending).with_for_update()
            found = {row.key: row for row in connection.execute(open_rows)}
            written = [_written(found[one.key], one, now) for one in outcomes if one.key in found]
            if written:
                connection.execute(_WRITE, written)
            return set(found)

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
        """See the port. QUEUED without ``next_attempt_at`` is due at once. Raises ValueError for a key that is not
        there."""

        def work(connection: Connection) -> None:
            found = connection.execute(_STANDING.where(rows.c.key == key).with_for_update()).one_or_none()
            if found is None:
                raise ValueError("no message with this key")
            # Whoever speaks of a row that is being sent has heard of it from its receiver.
            was_sent = found.state == OutboxState.SENDING or (state in _OUT and found.sent_at is None)
            outcome = Settlement(key, state, problem, receipt, next_attempt_at, handed_over=was_sent)
            connection.execute(_WRITE, [_written(found, outcome, now)])

        await self._thread.write(work)

    async def note_receipt(self, key: str, receipt: str) -> bool:
        unknown = ~rows.c.receipt.startswith(IN_MAILBOX, autoescape=True)
        return await self._change_one(and_(rows.c.key == key, unknown), {"receipt": receipt})

    async def stranded(self, limit: int = 50) -> list[OutboxRow]:
        later = rows.alias("later")
        told_since = exists().where(
            later.c.consultation_id == rows.c.consultation_id,
            later.c.party_key == rows.c.party_key,
            later.c.seq > rows.c.seq,
            later.c.kind.in_([MessageKind.INVITATION.value, MessageKind.CANCELLATION.value]),
        )
        wanted = (
            select(rows)
            .where(rows.c.state.in_(_values(STRANDED)), rows.c.kind != MessageKind.ACKNOWLEDGEMENT.value)
            .where(rows.c.sealed_payload.is_not(None), ~told_since)
            .order_by(rows.c.seq.desc())
            .limit(limit)
        )
        return await self._thread.read(lambda connection: self._read_all(connection, wanted))

    async def queue_again(self, key: str, now: datetime) -> bool:
        may_be_sent = and_(
            rows.c.key == key,
            rows.c.state.in_(_values(_AGAIN)),
            rows.c.sealed_payload.is_not(None),
            or_(rows.c.expires_at.is_(None), rows.c.expires_at > now),
            or_(rows.c.channel != Channel.MEDCOM.value, rows.c.sends < MOST_SENDS),
        )
        again = {
            "state": OutboxState.WAITING_FOR_RETRY.value,
            "due_at": now,
            "queued_at": now,
            "changed_at": now,
            "settled_at": None,
            "problem": "",
        }
        return await self._change_one(may_be_sent, again)

    async def close_by_hand(self, key: str, now: datetime) -> bool:
        arrived = rows.c.state.in_(_values(_ARRIVED | {OutboxState.WITHDRAWN}))
        closed = {"state": OutboxState.BY_HAND.value, "due_at": None, "settled_at": now, "changed_at": now} | _FREE
        return await self._change_one(and_(rows.c.key == key, ~arrived), closed)

    async def _change_one(self, condition: ColumnElement[bool], values: dict[str, Any]) -> bool:
        change = update(rows).where(condition).values(values)
        return await self._thread.write(lambda connection: connection.execute(change).rowcount == 1)

    async def withdraw(self, key: str, now: datetime) -> bool:
        untouched = and_(rows.c.key == key, rows.c.state == OutboxState.QUEUED.value, rows.c.attempts == 0)
        gone = {"state": OutboxState.WITHDRAWN.value, "due_at": None, "settled_at": now, "changed_at": now}
        return await self._change_one(untouched, gone)

    async def by_message(self, message_id: str) -> OutboxRow | None:
        return await self._newest(rows.c.message_id == message_id)

    async def by_thread(self, thread_id: str) -> OutboxRow | None:
        return await self._newest(rows.c.thread_id == thread_id, case((_NEVER_OUT, 1), else_=0))

    async def of_consultation(self, consultation_id: UUID) -> list[OutboxRow]:
        """Return the consultation's messages, oldest first."""
        condition = rows.c.consultation_id == consultation_id
        return await self._thread.read(lambda connection: self._select(connection, condition))

    async def sent_since(self, channel: Channel, since: datetime) -> list[OutboxRow]:
        condition = and_(
            rows.c.state == OutboxState.SENT.value,
            rows.c.channel == channel.value,
            rows.c.sent_at >= since,
            rows.c.sealed_payload.is_not(None),
        )
        return await self._thread.read(lambda connection: self._select(connection, condition))

    async def add(self, drafts: Sequence[OutboxDraft], now: datetime) -> None:
        await self._thread.write(lambda connection: insert_drafts(connection, self._sealer, drafts, now))

    async def recover(self, now: datetime) -> list[OutboxRow]:
        def work(connection: Connection) -> list[OutboxRow]:
            left = list(connection.scalars(self._left_behind(connection)))
            of_medcom = rows.c.channel == Channel.MEDCOM.value
            retry = {"state": OutboxState.WAITING_FOR_RETRY.value, "due_at": now, "sends": rows.c.sends + 1}
            doubt = {"state": OutboxState.UNKNOWN.value, "due_at": None, "problem": "invite.unknown"}
            for which, values in ((of_medcom, retry), (~of_medcom, doubt)):
                free: dict[str, Any] = {**values, **_FREE, "changed_at": now}
                connection.execute(update(rows).where(rows.c.seq.in_(left), which).values(free))
            return self._select(connection, rows.c.seq.in_(left))

        return await self._thread.write(work)

    def _left_behind(self, connection: Connection) -> Select[tuple[int]]:
        """What an earlier run of this host was sending, and what a host that has fallen silent was."""
        earlier_run = and_(rows.c.owner.startswith(f"{self._host}:", autoescape=True), rows.c.owner != self._run)
        silent = and_(rows.c.owner != self._run, rows.c.lease_until < database_time(connection))
        nobody = rows.c.owner.is_(None)
        sending = rows.c.state == OutboxState.SENDING.value
        left = select(rows.c.seq).where(sending, or_(nobody, earlier_run, silent))
        return left.with_for_update(skip_locked=True)

    async def still_here(self, now: datetime) -> None:
        mine = and_(rows.c.state == OutboxState.SENDING.value, rows.c.owner == self._run)

        def work(connection: Connection) -> None:
            lease = {"lease_until": self._lease_end(connection)}
            connection.execute(update(rows).where(mine).values(lease))

        await self._thread.write(work)

    async def erase_payloads(self, before: datetime) -> int:
        """Empty payload and receiver of messages over since before ``before``; return how many. What became of them
        stays. Over is also what was sent, or is in doubt, and has been left so that long."""
        since = func.coalesce(rows.c.settled_at, rows.c.sent_at, rows.c.created_at)
        old = and_(rows.c.state.not_in(_values(TO_BE_SENT)), since < before, rows.c.sealed_payload.is_not(None))
        emptied = update(rows).where(old).values(sealed_payload=None, sealed_receiver=None, due_at=None)
        return await self._thread.write(lambda connection: connection.execute(emptied).rowcount)

    async def _newest(self, condition: ColumnElement[bool], *before: ColumnElement[int]) -> OutboxRow | None:
        newest = select(rows).where(condition).order_by(*before, rows.c.seq.desc()).limit(1)

        def work(connection: Connection) -> OutboxRow | None:
            row = connection.execute(newest).one_or_none()
            return read(self._sealer, row) if row else None

        return await self._thread.read(work)

    def _select(self, connection: Connection, condition: ColumnElement[bool]) -> list[OutboxRow]:
        return self._read_all(connection, select(rows).where(condition).order_by(rows.c.seq))

    def _read_all(self, connection: Connection, wanted: Select[Any]) -> list[OutboxRow]:
        """Read rows; one that cannot be opened is logged and left out, so that the others can be shown."""
        found = []
        for row in connection.execute(wanted):
            try:
                found.append(read(self._sealer, row))
            except Unreadable as error:
                _log.error("%s left out: %s", row.key, error)
        return found


def _due() -> Select[Any]:
    claimable = rows.c.state.in_(_values(_CLAIMABLE))
    earlier = rows.alias("earlier")
    on_its_way = earlier.c.state.in_(_values(TO_BE_SENT))
    behind = exists().where(earlier.c.thread_id == rows.c.thread_id, earlier.c.seq < rows.c.seq, on_its_way)
    return (
        select(rows)
        .where(rows.c.due_at <= bindparam("now"), claimable, ~behind)
        .order_by(rows.c.due_at, rows.c.seq)
        .limit(bindparam("limit", type_=Integer))
        .with_for_update(skip_locked=True)
    )


def _values(states: Iterable[OutboxState]) -> list[str]:
    return [state.value for state in states]


DUE = _due()
"""What a worker may take ``now``, longest due first, at most ``limit``, passing over what another worker is taking.

The order is that of the index, so a long queue is not sorted. SQLite has no row locks and ignores the last line; there
the whole transaction is exclusive. A message waits for the earlier ones of its thread: a cancellation must not overtake
the invitation it takes back. Built once, since building it takes longer than running it.
"""


def _waiting_anew(now: datetime) -> Update:
    """Where the clock was set back, let each row wait as long from now as it was to wait when it was last written."""
    wait_us = type_coerce(rows.c.due_at, BigInteger) - type_coerce(rows.c.changed_at, BigInteger)
    in_the_future = and_(rows.c.due_at > now, rows.c.changed_at > now)
    return update(rows).where(in_the_future).values(due_at=wait_us + in_microseconds(now), changed_at=now)


def _among_their_threads(connection: Connection, claimed: list[tuple[int, OutboxRow]]) -> list[OutboxRow]:
    """Tell each claimed row what became of the messages before it, and whether a later one is out already."""
    threads = {row.draft.thread_id for _, row in claimed}
    columns = select(rows.c.thread_id, rows.c.seq, rows.c.state, rows.c.sent_at)
    known: dict[str, list[Any]] = defaultdict(list)
    for one in connection.execute(columns.where(rows.c.thread_id.in_(threads)).order_by(rows.c.seq)):
        known[one.thread_id].append(one)
    found = []
    for seq, row in claimed:
        thread = known[row.draft.thread_id]
        earlier = tuple(OutboxState(one.state) for one in thread if one.seq < seq)
        overtaken = any(one.seq > seq and one.sent_at is not None for one in thread)
        found.append(replace(row, earlier=earlier, is_overtaken=overtaken) if len(thread) > 1 else row)
    return found


def _written(found: Any, outcome: Settlement, now: datetime) -> dict[str, Any]:
    """The values for ``_WRITE`` that follow from an outcome."""
    state = outcome.state
    sent_at = found.sent_at or (now if state in _OUT else None)
    if state in _OUT and found.state in _BEYOND_SENT:
        # What its receiver has said stands, and the transport's own word comes too late.
        state = OutboxState(found.state)
    at_once = now if state in (OutboxState.QUEUED, OutboxState.WAITING_FOR_RETRY) else None
    in_mailbox = found.receipt.startswith(IN_MAILBOX)
    return {
        "row": found.seq,
        "state": state.value,
        "due_at": (outcome.next_attempt_at or at_once) if state in _CLAIMABLE else None,
        "sent_at": sent_at,
        "settled_at": (found.settled_at or now) if state in SETTLED else None,
        "changed_at": now,
        "problem": outcome.problem,
        "receipt": found.receipt if in_mailbox or not outcome.receipt else outcome.receipt,
        "sends": found.sends + outcome.handed_over,
    }
