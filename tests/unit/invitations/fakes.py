"""Hand-written fakes of the ports that delivery uses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from tests.unit.invitations.samples import NOW
from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import AnswerMark, Channel
from vdx_plugin.errors import VdxError
from vdx_plugin.invitations.transport import Entry, Incoming
from vdx_plugin.ports import (
    STRANDED,
    TO_BE_SENT,
    IncomingLetter,
    InvitationNews,
    MessageKind,
    OutboxDraft,
    OutboxRow,
    OutboxState,
    Settlement,
)

_SETTLED = (STRANDED | {OutboxState.ACKNOWLEDGED, OutboxState.ANSWERED}) - {OutboxState.UNKNOWN}
_OUT = (OutboxState.SENT, OutboxState.AWAITING_ACK)


class ManualClock:
    """Time that moves only when a test says so."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


class MemoryOutbox:
    """The outbox in a dictionary, as ``ports.Outbox`` describes it."""

    def __init__(self) -> None:
        self.rows: dict[str, OutboxRow] = {}
        self.fail_marks = 0
        self.changed = asyncio.Event()

    async def add(self, drafts: Sequence[OutboxDraft], now: datetime) -> None:
        for draft in drafts:
            self.rows.setdefault(draft.key, OutboxRow(draft, OutboxState.QUEUED, 0, now, draft.not_before))
        self.changed.set()

    async def claim(self, now: datetime, *, limit: int = 10) -> list[OutboxRow]:
        due = [row for row in self.rows.values() if self._is_due(row, now)][:limit]
        claimed = [
            replace(row, was=row.state, state=OutboxState.SENDING, attempts=row.attempts + 1, earlier=self._before(row))
            for row in due
        ]
        self.rows |= {row.draft.key: row for row in claimed}
        return claimed

    def _is_due(self, row: OutboxRow, now: datetime) -> bool:
        if row.state in (OutboxState.QUEUED, OutboxState.WAITING_FOR_RETRY):
            return row.next_attempt_at is None or row.next_attempt_at <= now
        return row.state is OutboxState.AWAITING_ACK and row.next_attempt_at is not None and row.next_attempt_at <= now

    def _before(self, row: OutboxRow) -> tuple[OutboxState, ...]:
        thread = [one for one in self.rows.values() if one.draft.thread_id == row.draft.thread_id]
        return tuple(one.state for one in thread[: [one.draft.key for one in thread].index(row.draft.key)])

    async def settle(self, outcomes: Sequence[Settlement], now: datetime) -> set[str]:
        if self.fail_marks:
            self.fail_marks -= 1
            raise VdxError("store.locked")
        open_ones = [one for one in outcomes if self.rows[one.key].state is OutboxState.SENDING]
        for one in open_ones:
            sends = self.rows[one.key].sends + one.handed_over
            self._write(one.key, one.state, now, one.problem, one.receipt, one.next_attempt_at, sends)
        return {one.key for one in open_ones}

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
        row = self.rows[key]
        sends = row.sends + (row.state is OutboxState.SENDING)
        self._write(key, state, now, problem, receipt, next_attempt_at, sends)

    def _write(
        self,
        key: str,
        state: OutboxState,
        now: datetime,
        problem: str,
        receipt: str,
        next_attempt_at: datetime | None,
        sends: int,
    ) -> None:
        row = self.rows[key]
        self.rows[key] = replace(
            row,
            state=state,
            problem=problem,
            receipt=row.receipt if row.is_in_mailbox else receipt or row.receipt,
            next_attempt_at=next_attempt_at,
            sent_at=row.sent_at or (now if state in _OUT else None),
            settled_at=now if state in _SETTLED else None,
            sends=sends,
        )
        self.changed.set()

    async def withdraw(self, key: str, now: datetime) -> bool:
        return False

    async def by_message(self, message_id: str) -> OutboxRow | None:
        return next((row for row in self.rows.values() if row.draft.message_id == message_id), None)

    async def by_thread(self, thread_id: str) -> OutboxRow | None:
        thread = [row for row in reversed(self.rows.values()) if row.draft.thread_id == thread_id]
        out = [row for row in thread if row.state not in TO_BE_SENT | {OutboxState.WITHDRAWN}]
        return next(iter([*out, *thread]), None)

    async def of_consultation(self, consultation_id: UUID) -> list[OutboxRow]:
        return [row for row in self.rows.values() if row.draft.consultation_id == consultation_id]

    async def sent_since(self, channel: Channel, since: datetime) -> list[OutboxRow]:
        sent = [one for one in self.rows.values() if one.state is OutboxState.SENT and one.draft.channel is channel]
        return [row for row in sent if row.sent_at is not None and row.sent_at >= since]

    async def recover(self, now: datetime) -> list[OutboxRow]:
        return []

    async def note_receipt(self, key: str, receipt: str) -> bool:
        known = self.rows[key].is_in_mailbox
        if not known:
            self.rows[key] = replace(self.rows[key], receipt=receipt)
            self.changed.set()
        return not known

    async def still_here(self, now: datetime) -> None: ...

    async def stranded(self, limit: int = 50) -> list[OutboxRow]:
        return [row for row in self.rows.values() if row.state in STRANDED][:limit]

    async def queue_again(self, key: str, now: datetime) -> bool:
        self._write(key, OutboxState.WAITING_FOR_RETRY, now, "", "", now, self.rows[key].sends)
        return True

    async def close_by_hand(self, key: str, now: datetime) -> bool:
        self._write(key, OutboxState.BY_HAND, now, "", "", None, self.rows[key].sends)
        return True

    async def until(self, test: Callable[[], bool]) -> None:
        """Wait until something written makes ``test`` true."""
        while not test():
            self.changed.clear()
            await self.changed.wait()


class MemoryLetters:
    """``ports.LetterBook`` in a dictionary."""

    def __init__(self) -> None:
        self.letters: dict[str, IncomingLetter] = {}

    async def keep(self, letter: IncomingLetter) -> bool:
        return self.letters.setdefault(letter.message_id, letter) is letter

    async def of_consultation(self, consultation_id: UUID) -> list[IncomingLetter]:
        found = [one for one in self.letters.values() if one.consultation_id == consultation_id]
        return sorted(found, key=lambda one: one.written_at)

    async def unmatched(self) -> list[IncomingLetter]:
        return [one for one in self.letters.values() if one.consultation_id is None]

    async def match(self, message_id: str, consultation_id: UUID, party_key: str, now: datetime) -> None:
        self.letters[message_id] = self.letters[message_id].matched(consultation_id, party_key)

    async def unmatch(self, message_id: str, now: datetime) -> None:
        one = self.letters[message_id]
        self.letters[message_id] = replace(one, consultation_id=None, party_key="", mark=AnswerMark.UNREAD)

    async def mark(self, message_id: str, mark: AnswerMark, now: datetime) -> None:
        self.letters[message_id] = replace(self.letters[message_id], mark=mark)


class MemoryConsultations:
    """The part of ``ports.ConsultationStore`` that delivery reads."""

    def __init__(self) -> None:
        self.all: list[Consultation] = []

    async def save(self, consultation: Consultation, drafts: Sequence[OutboxDraft] = ()) -> None:
        self.all.append(consultation)

    async def get(self, consultation_id: UUID) -> Consultation | None:
        return next((one for one in self.all if one.id == consultation_id), None)

    async def unfinished(self) -> list[Consultation]:
        return self.all

    async def lately(self, since: datetime) -> list[Consultation]:
        return self.all

    async def set_answer(self, news: InvitationNews) -> None: ...

    async def news_of(self, consultation_id: UUID) -> list[InvitationNews]:
        return []


class ScriptedCarrier:
    """Takes what it is given, or raises what the script says next."""

    def __init__(self) -> None:
        self.sent: list[OutboxDraft] = []
        self.script: list[Exception | None] = []
        self.before_return: Callable[[OutboxDraft], None] | None = None
        self.gate: asyncio.Event | None = None
        self.closed = False
        self.changed = asyncio.Event()

    async def send(self, draft: OutboxDraft) -> str:
        self.sent.append(draft)
        self.changed.set()
        if self.gate is not None:
            await self.gate.wait()
        error = self.script.pop(0) if self.script else None
        if error is not None:
            raise error
        return f"receipt-{len(self.sent)}"

    async def close(self) -> None:
        self.closed = True

    async def until(self, count: int) -> None:
        while len(self.sent) < count:
            self.changed.clear()
            await self.changed.wait()


class MemoryMailbox:
    """What a test puts in comes out, again and again until settled."""

    def __init__(self) -> None:
        self.waiting: list[Entry] = []
        self.script: list[Exception] = []
        self._changed = asyncio.Condition()
        self._numbers = iter(range(1_000_000))

    async def put(self, body: bytes, mime: str = "application/fhir+json", sender_gln: str = "") -> None:
        async with self._changed:
            self.waiting.append(Incoming(str(next(self._numbers)), mime, sender_gln, body))
            self._changed.notify_all()

    async def put_receipt(self, receipt: Entry) -> None:
        async with self._changed:
            self.waiting.append(receipt)
            self._changed.notify_all()

    async def receive(self) -> list[Entry]:
        if self.script:
            raise self.script.pop(0)
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self.waiting))
            return list(self.waiting)

    async def settle(self, entry: Entry) -> None:
        async with self._changed:
            self.waiting = [one for one in self.waiting if one.receipt != entry.receipt]
            self._changed.notify_all()

    async def close(self) -> None: ...

    async def until_empty(self) -> None:
        await self.until_left(0)

    async def until_left(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.waiting) == count)


class News:
    """Collects what the desk would hear."""

    def __init__(self) -> None:
        self.heard: list[InvitationNews] = []
        self._changed = asyncio.Event()

    def __call__(self, news: InvitationNews) -> None:
        self.heard.append(news)
        self._changed.set()

    async def until(self, count: int) -> None:
        while len(self.heard) < count:
            self._changed.clear()
            await self._changed.wait()

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(str(one.state), one.problem) for one in self.heard]


def row(
    draft: OutboxDraft,
    state: OutboxState = OutboxState.SENDING,
    *,
    attempts: int = 1,
    sends: int = 0,
    was: OutboxState | None = None,
    problem: str = "",
    channel: Channel | None = None,
    kind: MessageKind | None = None,
) -> OutboxRow:
    """A row for the tables' tests."""
    changed = replace(draft, channel=channel or draft.channel, kind=kind or draft.kind)
    return OutboxRow(changed, state, attempts, NOW, None, sends=sends, was=was, problem=problem)
