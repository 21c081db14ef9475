"""The provisioner: one task that takes rooms up when their time comes, keeps pools filled and takes rooms down.

``step`` is the whole behaviour at one moment and can be driven by a test; ``run`` calls it whenever something may
have become due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from vdx_plugin.sandbox.clock import wait_until_set
from vdx_plugin.sandbox.faults import FaultPanel
from vdx_plugin.sandbox.video_api.book import MeetingBook
from vdx_plugin.sandbox.video_api.rules import is_due, is_over
from vdx_plugin.sandbox.video_api.values import ProvisionStatus, Room

# The clock may be pushed forward while we wait, so we look again at least this often.
_LONGEST_WAIT_S = 0.5


class Provisioner:
    """Works on ``book``; each step up or down of a room takes ``delay``."""

    def __init__(self, book: MeetingBook, panel: FaultPanel, now: Callable[[], datetime], *, delay: timedelta) -> None:
        self._book = book
        self._panel = panel
        self._now = now
        self._delay = delay
        self._finishing: dict[UUID, datetime] = {}
        self._hanging: set[UUID] = set()
        self._look_again = asyncio.Event()
        book.on_change(self._look_again.set)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._look_again.clear()
            wait_s = self.step()
            # What the step itself changed needs no second look, unless it left something to finish.
            self._look_again.clear()
            await wait_until_set(self._look_again, wait_s)

    def step(self) -> float:
        """Do everything that is due now; returns the seconds until it is worth looking again."""
        self._fill_pools()
        for room in list(self._book.rooms.values()):
            self._move_on(room)
        now = self._now()
        remaining = [max(0.0, (at - now).total_seconds()) for at in self._finishing.values()]
        return min([_LONGEST_WAIT_S, *remaining])

    def fill_pools_at_once(self) -> None:
        """Make the pools full of rooms that are up and old enough: what a service that runs for days looks like."""
        self._fill_pools()
        ready_since = self._now() - self._book.settings.pool_minimum_age - timedelta(seconds=1)
        for room in list(self._book.rooms.values()):
            if not room.has_meeting and room.status is ProvisionStatus.AWAITS_PROVISION:
                self._book.set_status(room.uuid, ProvisionStatus.PROVISIONED_OK)
                aged = replace(self._book.rooms[room.uuid], status_changed_at=ready_since)
                self._book.rooms[room.uuid] = aged

    def _fill_pools(self) -> None:
        for organisation in self._book.organisations.values():
            template = self._book.templates.pool_template(organisation.code)
            if template is None:
                continue
            present = len(self._book.pool_rooms(organisation.code))
            for _ in range((organisation.pool_size or 0) - present):
                self._book.new_pool_room(organisation.code, template)

    def _move_on(self, room: Room) -> None:
        now = self._now()
        if room.status is ProvisionStatus.STARTING_TO_PROVISION:
            self._finish_up(room, now)
        elif room.status is ProvisionStatus.STARTING_TO_DEPROVISION:
            if self._finishing.get(room.uuid, now) <= now:
                self._finishing.pop(room.uuid, None)
                self._book.set_status(room.uuid, ProvisionStatus.DEPROVISION_OK)
        elif is_due(room, now):
            self._begin(room, ProvisionStatus.STARTING_TO_PROVISION, now)
        elif is_over(room, now):
            self._begin(room, ProvisionStatus.STARTING_TO_DEPROVISION, now)

    def _begin(self, room: Room, status: ProvisionStatus, now: datetime) -> None:
        self._finishing[room.uuid] = now + self._delay
        self._book.set_status(room.uuid, status)

    def _finish_up(self, room: Room, now: datetime) -> None:
        # A room that somebody else set to STARTING_TO_PROVISION has no time here and is finished by them.
        if room.uuid in self._hanging or self._finishing.get(room.uuid, now + self._delay) > now:
            return
        del self._finishing[room.uuid]
        if self._panel.take("provision_hangs"):
            self._hanging.add(room.uuid)
        elif self._panel.take("provision_fails"):
            description = "Provisioning problems - The remote server returned an error"
            self._book.set_status(room.uuid, ProvisionStatus.PROVISION_PROBLEMS, description=description)
        else:
            self._book.set_status(room.uuid, ProvisionStatus.PROVISIONED_OK, vmr_id=str(room.uuid)[:8])
