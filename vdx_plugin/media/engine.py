"""Enters rooms of a Pexip node (``ports.CallEngine``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from vdx_plugin.media.call import PexipCall, open_call
from vdx_plugin.media.checking import LineFound, check_devices, check_line
from vdx_plugin.media.devices import Devices, SystemDevices
from vdx_plugin.media.local_media import MediaSettings
from vdx_plugin.media.network import Network
from vdx_plugin.media.pexip.client import PexipClient, trusted
from vdx_plugin.media.session import load_media
from vdx_plugin.media.surroundings import Ears, Surroundings
from vdx_plugin.ports import (
    CallEvent,
    CallFigures,
    CheckedPart,
    CheckFinding,
    Clock,
    JoinTarget,
    MediaChoice,
    VideoPicture,
    WorkplaceCheck,
    ignore_picture,
)


class _WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class PexipEngine:
    """One engine serves any number of calls. Making it costs nothing and opens nothing."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        settings: MediaSettings | None = None,
        devices: Devices | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        network: Callable[[], Network] = Network,
    ) -> None:
        self._around = Surroundings(
            devices or SystemDevices(), (clock or _WallClock()).now, settings or MediaSettings(), network
        )
        self._transport = transport

    async def prepare(self) -> None:
        """Import aiortc and PyAV and read the certificates, both off the loop."""
        await asyncio.gather(load_media(), asyncio.to_thread(trusted))

    async def check(self, choice: MediaChoice, target: JoinTarget | None) -> WorkplaceCheck:
        """See ``ports.CallEngine``. The line is tried after the devices, whose opening takes all of a slow machine."""
        around = self._around
        await self.prepare()
        findings = await check_devices(around.devices, choice, around.settings.camera)
        line = LineFound() if target is None else await check_line(lambda: self._enter_for_test(target))
        figures = line.figures or CallFigures()
        if target is not None:
            findings = (*findings, CheckFinding(CheckedPart.LINE, line.problem))
        return WorkplaceCheck(around.now(), findings, figures.loss, figures.rtt_ms, figures.estimate_kbps)

    async def _enter_for_test(self, target: JoinTarget) -> PexipCall:
        def ignore(_event: object) -> None:
            """Nobody watches a test call."""

        return await self.enter(target, ignore, on_remote_picture=ignore, on_self_picture=ignore)

    async def enter(
        self,
        target: JoinTarget,
        on_event: Callable[[CallEvent], None],
        *,
        on_remote_picture: Callable[[VideoPicture], None],
        on_self_picture: Callable[[VideoPicture], None],
        on_slide: Callable[[VideoPicture], None] = ignore_picture,
    ) -> PexipCall:
        """Get a token and the roster; no media yet. Raises Refused(``call.wrong_pin``), NotFound, Unavailable.

        Besides Unsupported for rooms that ask for a sign-in page or are a virtual reception.
        """
        ears = Ears(on_event, on_remote_picture, on_self_picture, on_slide)
        # The first one reads the system's certificates, which takes some 30 ms, too long for the loop.
        client = await asyncio.to_thread(PexipClient, target, transport=self._transport)
        return await open_call(client, target, ears, self._around)
