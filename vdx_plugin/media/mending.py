"""Looks after the path of one call and mends it: the steps of ``recovery`` carried out, one at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from vdx_plugin import log
from vdx_plugin.errors import Refused, Unavailable, VdxError
from vdx_plugin.media.network import Network
from vdx_plugin.media.recovery import Found, PathState, Recovery, Step
from vdx_plugin.runtime import Tasks

_log = log.get("media.mending")

STEP_LIMIT_S = 8.0


@dataclass(frozen=True, slots=True)
class Means:
    """What a mender can do. ``steps`` raise VdxError where they fail."""

    steps: Mapping[Step, Callable[[], Awaitable[None]]]
    on_broken: Callable[[], None]
    """A path is dead: told once, before the first step."""
    on_mended: Callable[[], None]
    on_given_up: Callable[[], None]


class Mender:
    """``look`` at the path a few times a second; what is to be done is done in a task of its own."""

    def __init__(self, means: Means, network: Network) -> None:
        self._means = means
        self._network = network
        self._recovery = Recovery()
        self._tasks = Tasks()
        self._work: asyncio.Task[None] | None = None
        self._asking = False
        self._sources = network.sources()
        self._was_broken = False
        self.mends = 0
        """Steps that brought something new in place of a dead path."""

    @property
    def is_broken(self) -> bool:
        """Whether the path is dead and not yet mended."""
        return self._was_broken

    @property
    def is_busy(self) -> bool:
        """Whether a step is being carried out."""
        return self._work is not None

    def look(self, at_s: float, state: PathState, *, silent_s: float) -> None:
        """Say how the path stands now."""
        self._notice_move(at_s)
        if self._asking and self._recovery.is_mended(at_s, state, silent_s=silent_s):
            # The path itself has answered what the node was asked.
            self._drop_work()
        if self._work is not None:
            return
        step = self._recovery.tick(at_s, state, silent_s=silent_s)
        self._tell()
        if step is Step.GIVE_UP:
            self._means.on_given_up()
        elif step is not Step.NONE:
            self.begin(step)

    def begin(self, step: Step) -> None:
        """Carry out a step, unless one is under way."""
        if self._work is None:
            self._asking = step is Step.PROBE
            self._work = self._tasks.spawn(self._carry_out(step), "media-mend")

    def forget_token(self) -> None:
        """The node no longer knows us; a new token is got with the next look."""
        self._recovery.forget_token(time.monotonic())
        self._tell()

    async def rest(self) -> None:
        """Stop what is under way; ``look`` may begin anew."""
        work = self._drop_work()
        if work is not None:
            await asyncio.gather(work, return_exceptions=True)

    def _drop_work(self) -> asyncio.Task[None] | None:
        work, self._work, self._asking = self._work, None, False
        if work is not None:
            work.cancel()
        return work

    async def close(self) -> None:
        """Stop for good."""
        await self._tasks.close()
        self._work = None

    def _notice_move(self, at_s: float) -> None:
        sources = self._network.sources()
        if sources != self._sources:
            _log.info("this machine's address towards the node has changed")
            self._sources = sources
            self._recovery.move(at_s)

    def _tell(self) -> None:
        is_broken = self._recovery.is_active
        if is_broken is not self._was_broken:
            self._was_broken = is_broken
            (self._means.on_broken if is_broken else self._means.on_mended)()

    async def _carry_out(self, step: Step) -> None:
        try:
            found = await self._try(step)
            self._recovery.end(time.monotonic(), step, found)
        finally:
            # Work that was dropped may end when there is other work already.
            if self._work is asyncio.current_task():
                self._work, self._asking = None, False

    async def _try(self, step: Step) -> Found:
        if step is not Step.PROBE:
            _log.info("the media path is broken; trying: %s", step)
        try:
            async with asyncio.timeout(STEP_LIMIT_S):
                await self._means.steps[step]()
        except (VdxError, TimeoutError) as error:
            return self._failed(step, error)
        self.mends += step is not Step.PROBE
        return Found.DONE

    def _failed(self, step: Step, error: VdxError | TimeoutError) -> Found:
        code = error.code if isinstance(error, VdxError) else "timeout"
        (_log.debug if step is Step.PROBE else _log.info)("%s did not succeed (%s)", step, code)
        if isinstance(error, Refused) and code == "call.token_gone":
            return Found.STRANGER
        is_away = isinstance(error, TimeoutError) or (isinstance(error, Unavailable) and code == "call.unreachable")
        return Found.AWAY if is_away else Found.FAILED
