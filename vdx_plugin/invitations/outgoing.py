"""Carrying the outbox out: workers that claim, send and write down, and the word to other hosts that this one lives.

``reliable`` decides, this does. Several workers may run on one host, and several hosts on one database; the outbox
gives each row to one of them. A worker survives whatever a message, a carrier or the store throws at it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from vdx_plugin import log
from vdx_plugin.domain.parties import Channel
from vdx_plugin.errors import Misconfigured, VdxError
from vdx_plugin.invitations import care_communication, reliable
from vdx_plugin.invitations.message import read_message, text_at, write
from vdx_plugin.invitations.message_check import MessageCheck
from vdx_plugin.invitations.reliable import Limits, Outcome, Step
from vdx_plugin.invitations.transport import Carrier
from vdx_plugin.ports import Clock, Outbox, OutboxDraft, OutboxRow, OutboxState, Settlement
from vdx_plugin.runtime import Tasks

_log = log.get("invitations.outgoing")

Tell = Callable[[OutboxRow, OutboxState, str, str], None]
BATCH = 25
"""Messages that a worker takes together: fewer would cost the database more each, more would have to be sent again
after a crash, under the ids that receivers know."""
_WRITE_WAITS_S = (0.1, 0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many workers run, how often the outbox is looked into for what other processes wrote, and how often this
    host says that it lives: every third of the lease that the outbox gives a silent one."""

    workers: int = 1
    look_every_s: float = 15.0
    beat_s: float = 20.0


class Outgoing:
    """Everything that leaves. ``tell`` hears of each row that has come into another state, after it was written:
    the row as it was claimed, the state, its problem, the transport's receipt."""

    def __init__(
        self,
        outbox: Outbox,
        carriers: Mapping[Channel, Carrier],
        clock: Clock,
        new_id: Callable[[], UUID],
        limits: Limits,
        tell: Tell,
        pace: Pace,
        check: MessageCheck,
    ) -> None:
        self._outbox = outbox
        self._carriers = carriers
        self._clock = clock
        self._new_id = new_id
        self._limits = limits
        self._tell = tell
        self._pace = pace
        self._check = check
        self._book = Book(outbox, clock)
        self._woken = asyncio.Event()
        self._due: set[datetime] = set()
        self._lost: set[Channel] = set()

    def start(self, tasks: Tasks) -> None:
        """Start the workers on the running event loop."""
        for number in range(1, self._pace.workers + 1):
            tasks.spawn(self._work(), f"delivery-outbox-{number}")
        tasks.spawn(self._show_life(), "delivery-host")

    def wake(self) -> None:
        """Look into the outbox now."""
        self._woken.set()

    def expect(self, at: datetime) -> None:
        """Something will be due then."""
        self._due.add(at)

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            rows: list[OutboxRow] = []
            now = self._clock.now()
            try:
                await self._book.catch_up()
                rows = await self._outbox.claim(now, limit=BATCH)
                if len(rows) == BATCH:
                    # There may be more for the other workers, whom one word has woken and this one put to sleep.
                    self._woken.set()
                await self._carry_all(rows)
            except VdxError as error:
                _log.warning("the outbox cannot be worked on: %s", error)
            if not rows:
                await self._pause(looked_at=now)

    async def _pause(self, looked_at: datetime) -> None:
        """Wait until woken, or until something is due that was not yet when we looked."""
        now = self._clock.now()
        self._due = {due for due in self._due if due > looked_at}
        waits = [(due - now).total_seconds() for due in self._due]
        try:
            # Not wait_for: on 3.11 it swallows a cancellation that comes together with the event (cpython #86296).
            async with asyncio.timeout(max(0.0, min([self._pace.look_every_s, *waits]))):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _show_life(self) -> None:
        """Tell the other hosts that this one lives, and take up what one that has died was sending."""
        while True:
            await asyncio.sleep(self._pace.beat_s)
            try:
                await self._outbox.still_here(self._clock.now())
                found = await self._outbox.recover(self._clock.now())
            except VdxError as error:
                _log.warning("other hosts cannot be told that this one lives: %s", error)
                continue
            for row in found:
                _log.warning("%s is taken up from a host that fell silent", row.draft.key)
                self._tell(row, row.state, row.problem, "")
            if found:
                self.wake()

    # --- one batch --------------------------------------------------------------------------------------------------

    async def _carry_all(self, rows: list[OutboxRow]) -> None:
        """Threads side by side, the letters of one thread in their order: a cancellation never overtakes."""
        now = self._clock.now()
        ready = await asyncio.to_thread(self._prepare_all, rows, now) if rows else []
        threads: dict[str, list[tuple[OutboxRow, Ready]]] = defaultdict(list)
        for row, prepared in sorted(zip(rows, ready, strict=True), key=lambda pair: pair[0].created_at):
            threads[row.draft.thread_id].append((row, prepared))
        await asyncio.gather(*(self._carry_thread(thread) for thread in threads.values()))

    async def _carry_thread(self, thread: list[tuple[OutboxRow, Ready]]) -> None:
        for row, ready in thread:
            step = reliable.before_try(row, self._clock.now(), self._limits)
            receipt = ""
            if step is None:
                step, receipt = await self._try(row, ready)
            await self._settle(row, step, receipt)

    async def _try(self, row: OutboxRow, ready: Ready) -> tuple[Step, str]:
        if reliable.is_unanswered(row):
            self._tell(row, OutboxState.AWAITING_ACK, "invite.no_answer", "")
        receipt = ""
        try:
            if isinstance(ready, Exception):
                raise ready
            carrier = self._carrier(ready)
            if ready.channel is Channel.MEDCOM:
                await self._check.validate(ready.payload, ready.mime)
            receipt = await carrier.send(ready)
            outcome = Outcome.TAKEN
            self._found(row.draft.channel)
        except VdxError as error:
            outcome = reliable.outcome_of(error)
            self._missed(row, outcome, error)
        except Exception as error:  # noqa: BLE001 - one message that trips us up must not stop the others
            outcome = Outcome.INVALID
            # Not the traceback: it may quote the message.
            _log.error("sending %s failed: %s", row.draft.key, type(error).__name__)
        return reliable.after_try(row, outcome, self._clock.now(), self._limits), receipt

    async def _settle(self, row: OutboxRow, step: Step, receipt: str) -> None:
        outcome = Settlement(
            row.draft.key, step.state, step.problem, receipt, step.next_attempt_at, handed_over=step.handed_over
        )
        if step.next_attempt_at is not None:
            self.expect(step.next_attempt_at)
        if await self._book.write(outcome):
            self._tell(row, step.state, step.problem, receipt)

    def _carrier(self, draft: OutboxDraft) -> Carrier:
        carrier = self._carriers.get(draft.channel)
        if carrier is None:
            raise Misconfigured("invite.setup", f"no carrier for {draft.channel}")
        return carrier

    def _prepare_all(self, rows: Sequence[OutboxRow], now: datetime) -> list[Ready]:
        return [self._prepared(row, now) for row in rows]

    def _prepared(self, row: OutboxRow, now: datetime) -> Ready:
        try:
            return self._prepare(row, now)
        except Exception as error:  # noqa: BLE001 - raised again where the message is sent
            return error

    def _prepare(self, row: OutboxRow, now: datetime) -> OutboxDraft:
        """Give a MedCom message a new Bundle.id and new times for another try, and check what is not known to be valid:
        what has just been changed, what an earlier version of the program wrote, and all of it where profiles say more.
        """
        draft, is_first = row.draft, row.attempts <= 1
        if draft.channel is not Channel.MEDCOM or (is_first and self._check.has_passed(draft)):
            return draft
        message = read_message(draft.payload, draft.mime)
        if not is_first:
            message = care_communication.resent(message, now, self._new_id)
            draft = replace(draft, payload=write(message, draft.mime))
            _log.info("%s goes out again as bundle %s", draft.key, text_at(message.bundle, "id"))
        self._check.refuse_faulty(message)
        return draft

    def _missed(self, row: OutboxRow, outcome: Outcome, error: VdxError) -> None:
        """A lost road is told once, a message with a fault of its own each time."""
        if outcome not in (Outcome.NOT_TAKEN, Outcome.UNKNOWN):
            _log.warning("%s was not sent: %s", row.draft.key, error)
        elif row.draft.channel not in self._lost:
            self._lost.add(row.draft.channel)
            _log.warning("messages by %s do not get through: %s", row.draft.channel, error)

    def _found(self, channel: Channel) -> None:
        if channel in self._lost:
            self._lost.discard(channel)
            _log.info("messages by %s get through again", channel)


Ready = OutboxDraft | Exception
"""A message as it goes out, or why it does not."""


class Book:
    """Writes down what became of messages: what comes while one writing is under way goes into the next together.

    What the store does not take is kept and written before anything else is sent: it is known, and must not be
    forgotten as long as the program lives.
    """

    def __init__(self, outbox: Outbox, clock: Clock, waits_s: Sequence[float] = _WRITE_WAITS_S) -> None:
        self._outbox = outbox
        self._clock = clock
        self._waits_s = waits_s
        self._waiting: list[tuple[Settlement, asyncio.Future[bool]]] = []
        self._left: list[Settlement] = []
        self._writing = asyncio.Lock()

    async def write(self, outcome: Settlement) -> bool:
        """Return whether the row took it; False when its acknowledgement was faster, or the store is out of order."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, written))
        async with self._writing:
            waiting, self._waiting = self._waiting, []
            if waiting:
                taken = await self._insist([one for one, _ in waiting])
                for one, future in waiting:
                    future.set_result(one.key in taken)
        return await written

    async def _insist(self, outcomes: list[Settlement]) -> set[str]:
        for wait_s in (*self._waits_s, None):
            try:
                return await self._outbox.settle(outcomes, self._clock.now())
            except VdxError as error:
                if wait_s is None:
                    _log.error("what became of %d messages could not be written down yet: %s", len(outcomes), error)
                    self._left += outcomes
                    return set()
                await asyncio.sleep(wait_s)
        raise AssertionError("the last wait is None")

    async def catch_up(self) -> None:
        """Write what could not be written earlier. Raises Unavailable(``store.*``) while it still cannot."""
        async with self._writing:
            if self._left:
                await self._outbox.settle(self._left, self._clock.now())
                self._left = []
