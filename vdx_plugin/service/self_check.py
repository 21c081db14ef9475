"""The check of the workplace: when asked for, and by itself before the clinic opens. Quiet when all is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta

from vdx_plugin import log
from vdx_plugin.domain.danish_time import danish, danish_day, instant_of
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import CheckedPart, CheckFinding, JoinTarget, MediaChoice, WorkplaceCheck
from vdx_plugin.runtime import Tasks
from vdx_plugin.service.outside import DeskSettings, Outside
from vdx_plugin.service.screen import Screen
from vdx_plugin.service.view import ChecksView

_log = log.get("service")

_NO_PIN = Secret("")
_CODE = {
    CheckedPart.CAMERA: "check.camera",
    CheckedPart.MICROPHONE: "check.microphone",
    CheckedPart.SPEAKER: "check.speaker",
    CheckedPart.LINE: "check.line",
    CheckedPart.VDX: "check.vdx",
}
_CODES = ("check.several", *_CODE.values())
SHOWN = 10
OPEN_FOR = timedelta(hours=3)
"""A program started later than this after opening time begins no morning check: the day has long begun."""


def seconds_until(now: datetime, opens: time, last: datetime | None) -> float:
    """Return how long to wait for the next check at opening time by the Danish clock; 0 when it is due now.

    It is due once a day, and also for a program that starts up to three hours late.
    """
    today = danish_day(now)
    due = instant_of(today, opens)
    has_been = last is not None and danish_day(last) == today and danish(last).time() >= opens
    if due is not None and not has_been and now < due + OPEN_FOR:
        return max(0.0, (due - now).total_seconds())
    tomorrow = instant_of(today + timedelta(days=1), opens) or now + timedelta(days=1)
    return max(60.0, (tomorrow - now).total_seconds())


class SelfCheck:
    """One check at a time, and none while a consultation runs."""

    def __init__(
        self, outside: Outside, settings: DeskSettings, screen: Screen, *, is_taken: Callable[[], bool]
    ) -> None:
        self._outside = outside
        self._settings = settings
        self._screen = screen
        self._is_taken = is_taken
        self._tasks = Tasks()
        self.choice = MediaChoice()

    async def start(self) -> None:
        """Show earlier checks, and wait for the opening of the clinic if it is set."""
        await self._show(is_running=False)
        if self._settings.opens is not None:
            self._tasks.spawn(self._each_morning(self._settings.opens), "morning-check")

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()

    async def _each_morning(self, opens: time) -> None:
        while True:
            latest = self._screen.view.checks.latest
            await asyncio.sleep(seconds_until(self._outside.clock.now(), opens, latest[0].at if latest else None))
            if self._is_taken():
                await asyncio.sleep(60.0)
                continue
            await self.check()
            self._tell()

    def _tell(self) -> None:
        """One notice with the way to mend it; none when all is well."""
        self._screen.forget(*_CODES)
        latest = self._screen.view.checks.latest
        bad = [each.part for each in latest[0].findings if each.problem] if latest else []
        if bad:
            self._screen.notice(_CODE[bad[0]] if len(bad) == 1 else "check.several")

    async def check(self) -> None:
        """Check now and show it. A running consultation has the devices: then nothing is done."""
        if self._screen.view.checks.is_running or self._is_taken():
            return
        await self._show(is_running=True)
        try:
            found = await self._find()
            await self._outside.checks.add(found)
        except VdxError as error:
            _log.warning("the check could not be done or kept: %s", error)
        finally:
            await self._show(is_running=False)

    async def _find(self) -> WorkplaceCheck:
        settings, now = self._settings, self._outside.clock.now()
        target = JoinTarget(settings.node, settings.test_alias, _NO_PIN, settings.display_name)
        checked, is_reachable = await asyncio.gather(
            self._outside.engine.check(self.choice, target if settings.test_alias else None),
            self._outside.booking.is_reachable(),
        )
        vdx = CheckFinding(CheckedPart.VDX, "" if is_reachable else "vdx.unreachable")
        return WorkplaceCheck(now, (*checked.findings, vdx), checked.loss, checked.rtt_ms, checked.kbps)

    async def _show(self, *, is_running: bool) -> None:
        try:
            latest = tuple(await self._outside.checks.latest(SHOWN))
        except VdxError as error:
            _log.warning("earlier checks could not be read: %s", error)
            latest = ()
        self._screen.change(checks=ChecksView(is_running, latest))
