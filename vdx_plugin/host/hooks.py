"""Calling the hooks of all plug-ins: each in a thread of its own, each held to its limit, none seen by the others."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import pluggy

from vdx_plugin import log
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.fees import FeeCode
from vdx_plugin.domain.patients import Patient
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.hookspecs import LIMITS_S
from vdx_plugin.host.guard import Guard
from vdx_plugin.host.tracing import Trace
from vdx_plugin.ports import START_VIDEO, Action, AuditEvent, CallState, Invitee, Veto

_log = log.get("host")
T = TypeVar("T")

MAX_WAITING = 200
"""Calls that may wait for one plug-in; more is a fault."""
MAX_LINE = 500
"""Longest line a plug-in may add to a note."""


class _Lane:
    """One plug-in's thread, made at the first call. A hook that never returns keeps it, and holds up nobody else."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: queue.Queue[tuple[Future[Any], Callable[[], Any]] | None] = queue.Queue(MAX_WAITING)
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Run ``work`` after what was submitted before. Raises queue.Full."""
        future: Future[T] = Future()
        self._waiting.put_nowait((future, work))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"hooks-{self._name}", daemon=True)
            self._thread.start()
        return future

    def close(self, limit_s: float) -> None:
        """Let what waits be done, and end the thread; one that hangs is left behind."""
        if self._thread is not None:
            try:
                self._waiting.put_nowait(None)
            except queue.Full:
                return
            self._thread.join(limit_s)

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            future, work = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - adapter call: a guest may raise anything
                future.set_exception(error)


@dataclass(slots=True)
class Plug:
    """One package's hooks."""

    name: str
    hooks: Mapping[str, pluggy.HookImpl]
    guard: Guard
    lane: _Lane = field(init=False)

    def __post_init__(self) -> None:
        self.lane = _Lane(self.name)

    def submit(self, hook: str, arguments: Mapping[str, object]) -> Future[Any]:
        implementation = self.hooks[hook]
        wanted = {name: arguments[name] for name in implementation.argnames}
        return self.lane.submit(partial(implementation.function, **wanted))


class HookCaller:
    """``ports.PlugIns`` over the plug-ins that run. All methods belong on one loop."""

    def __init__(self, trace: Trace | None = None) -> None:
        self._plugs: dict[str, Plug] = {}
        self._trace = trace or Trace()

    def add(self, name: str, hooks: Mapping[str, pluggy.HookImpl], guard: Guard) -> None:
        """Call these hooks from now on."""
        if hooks:
            self._plugs[name] = Plug(name, hooks, guard)

    def remove(self, name: str, limit_s: float = 0.0) -> None:
        """Call them no longer."""
        plug = self._plugs.pop(name, None)
        if plug is not None:
            plug.lane.close(limit_s)

    def names(self, hook: str) -> list[str]:
        """Return who implements a hook and is not paused, in the order of loading."""
        return [plug.name for plug in self._having(hook)]

    def _having(self, hook: str) -> list[Plug]:
        return [plug for plug in self._plugs.values() if hook in plug.hooks and not plug.guard.paused]

    # --- asking and telling -----------------------------------------------------------------------------------------

    async def ask(self, hook: str, **arguments: object) -> list[tuple[Plug, Any]]:
        """Call a hook in every plug-in side by side; return the answers, in the order of loading."""
        asked = [(plug, self._begin(plug, hook, arguments)) for plug in self._having(hook)]
        return [(plug, await self._answer(plug, hook, future)) for plug, future in asked if future is not None]

    async def ask_first(self, hook: str, fits: Callable[[Any], bool], **arguments: object) -> Any:
        """Call a hook in one plug-in after the other until one answers with something that fits."""
        for plug in self._having(hook):
            future = self._begin(plug, hook, arguments)
            answer = await self._answer(plug, hook, future) if future is not None else None
            if answer is not None and self._checked(plug, hook, fits(answer)):
                return answer
        return None

    def tell(self, hook: str, **arguments: object) -> None:
        """Call a hook in every plug-in and go on at once; what goes wrong counts as a fault of that one."""
        for plug in self._having(hook):
            future = self._begin(plug, hook, arguments)
            if future is not None:
                self._watch(plug, hook, future)

    def _begin(self, plug: Plug, hook: str, arguments: Mapping[str, object]) -> Future[Any] | None:
        self._trace.line(plug.name, hook, arguments, "called")
        try:
            return plug.submit(hook, arguments)
        except queue.Full:
            plug.guard.fault("adapter.slow", f"{hook}: too many calls wait")
            return None

    async def _answer(self, plug: Plug, hook: str, future: Future[Any]) -> Any:
        limit_s = LIMITS_S[hook]
        try:
            answer = await asyncio.wait_for(asyncio.wrap_future(future), limit_s)
        except TimeoutError:
            plug.guard.fault("adapter.slow", f"{hook} took more than {limit_s:g} s")
            return None
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - adapter call: a guest may raise anything
            plug.guard.fault("adapter.raised", f"{hook} raised {type(error).__name__}")
            return None
        plug.guard.went_well()
        return answer

    def _watch(self, plug: Plug, hook: str, future: Future[Any]) -> None:
        loop = asyncio.get_running_loop()
        limit_s = LIMITS_S[hook]
        late = loop.call_later(
            limit_s, lambda: plug.guard.fault("adapter.slow", f"{hook} took more than {limit_s:g} s")
        )

        def settled(done: Future[Any]) -> None:
            late.cancel()
            error = done.exception()
            if error is not None:
                plug.guard.fault("adapter.raised", f"{hook} raised {type(error).__name__}")
            else:
                plug.guard.went_well()

        def hand_over(done: Future[Any]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(settled, done)

        future.add_done_callback(hand_over)

    def _checked(self, plug: Plug, hook: str, is_right: bool) -> bool:
        if not is_right:
            plug.guard.fault("adapter.invalid", f"{hook} answered what it may not")
        return is_right

    # --- PlugIns ----------------------------------------------------------------------------------------------------

    async def check_launch(self, context: ClinicContext, now: datetime) -> Veto | None:
        """Ours first: a number that cannot be one of its system stops everything. Then the plug-ins."""
        if not all(identifier.is_well_formed for identifier in context.patient.identifiers):
            return Veto("context.bad_number")
        return await self._veto("vdx_check_launch", context=context, now=now)

    async def before_booking(self, context: ClinicContext, plan: Plan) -> Veto | None:
        return await self._veto("vdx_before_booking", context=context, plan=plan)

    async def _veto(self, hook: str, **arguments: object) -> Veto | None:
        answers = await self.ask(hook, **arguments)
        vetoes = [
            answer
            for plug, answer in answers
            if answer is not None and self._checked(plug, hook, isinstance(answer, Veto))
        ]
        return vetoes[0] if vetoes else None

    async def identify(self, context: ClinicContext) -> Patient | None:
        """Ask who the patient is, where no adapter could say."""

        def fits(answer: Any) -> bool:
            return isinstance(answer, Patient) and answer.is_same_person(context.patient)

        found: Patient | None = await self.ask_first("vdx_identify_patient", fits, context=context)
        return found

    async def actions(self) -> Sequence[Action]:
        """Return the plug-ins' actions, each id once."""
        joined: dict[str, Action] = {}
        for action in await self._joined("vdx_actions", Action):
            if action.id != START_VIDEO:
                joined.setdefault(action.id, action)
        return tuple(joined.values())

    async def invitees(self, context: ClinicContext) -> Sequence[Invitee]:
        return await self._joined("vdx_invitees", Invitee, context=context)

    async def summary_lines(self, summary: Summary) -> Sequence[str]:
        lines = await self._joined("vdx_summary_lines", str, summary=summary)
        return [" ".join(line.split())[:MAX_LINE] for line in lines if line.strip()]

    async def _joined(self, hook: str, kind: type[T], **arguments: object) -> list[T]:
        joined: list[T] = []
        for plug, answer in await self.ask(hook, **arguments):
            is_right = isinstance(answer, list | tuple) and all(isinstance(item, kind) for item in answer)
            if answer is not None and self._checked(plug, hook, is_right):
                joined += answer
        return joined

    async def fee_code(self, summary: Summary, day: date) -> FeeCode | None:
        def fits(answer: Any) -> bool:
            return isinstance(answer, FeeCode) and answer.is_valid_on(day)

        found: FeeCode | None = await self.ask_first("vdx_fee_code", fits, summary=summary, day=day)
        return found

    def room_booked(self, session_id: UUID, start: datetime, end: datetime) -> None:
        self.tell("vdx_room_booked", session_id=session_id, start=start, end=end)

    def call_state(self, session_id: UUID, state: CallState, at: datetime) -> None:
        self.tell("vdx_call_state", session_id=session_id, state=state, at=at)

    def written_back(self, session_id: UUID, receipt: WriteBackReceipt) -> None:
        self.tell("vdx_written_back", session_id=session_id, receipt=receipt)

    def audit(self, event: AuditEvent) -> None:
        self.tell("vdx_audit", event=event)
