"""A running sandbox with short delays, and the ways into it that tests share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from vdx_plugin.sandbox.partners import PartnerTimes
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig
from vdx_plugin.sandbox.signin import SignInClient

QUICK = SandboxConfig(
    provision_delay_s=0.01,
    pool_size=1,
    partner_times=PartnerTimes(acknowledge_s=0.01, slow_s=0.2),
)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(QUICK).running() as running:
        yield running


@pytest.fixture
async def web(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a token."""
    async with httpx.AsyncClient(base_url=sandbox.base_url, timeout=10) as client:
        yield client


class Api:
    """Calls the video API as one program."""

    def __init__(self, sandbox: Sandbox, web: httpx.AsyncClient, token: str) -> None:
        self.sandbox = sandbox
        self._web = web
        self._headers = {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, json: object = None, **query: str) -> httpx.Response:
        body: dict[str, Any] = {} if json is None else {"json": json}
        url = self.sandbox.video_api_url + path
        return await self._web.request(method, url, headers=self._headers, params=query or None, **body)

    async def book(self, *, in_minutes: float = 60, **more: object) -> dict[str, Any]:
        """Book a meeting of half an hour and return it."""
        answer = await self.call("POST", "/meetings", self.booking(in_minutes=in_minutes, **more))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def booking(self, *, in_minutes: float = 60, **more: object) -> dict[str, Any]:
        start = self.sandbox.clock.now() + timedelta(minutes=in_minutes)
        return {
            "subject": "Videokonsultation",
            "startTime": moment(start),
            "endTime": moment(start + timedelta(minutes=30)),
            **more,
        }

    async def room(self, uuid: str) -> dict[str, Any]:
        return dict((await self.call("GET", f"/scheduling-info/{uuid}")).json())

    async def room_in(self, uuid: str, status: str) -> dict[str, Any]:
        """Return the room once it has this status."""
        changed = asyncio.Event()
        self.sandbox.meetings.on_change(changed.set)
        async with asyncio.timeout(10):
            while self.sandbox.meetings.rooms[UUID(uuid)].status != status:
                changed.clear()
                await changed.wait()
        return await self.room(uuid)


def moment(value: datetime) -> str:
    return value.isoformat(timespec="seconds")


@pytest.fixture
def api_as(sandbox: Sandbox, web: httpx.AsyncClient) -> Callable[..., Api]:
    """Make an ``Api`` for a caller with the given roles."""

    def make(*roles: str, email: str | None = "anden@laegehus.sandbox.test", organisation: str | None = None) -> Api:
        client = SignInClient("test", "test", organisation or sandbox.config.organisation, email, roles)
        return Api(sandbox, web, sandbox.signin.issue(client))

    return make


@pytest.fixture
async def api(sandbox: Sandbox, web: httpx.AsyncClient) -> Api:
    """The clinic's own program, signed in over the token end point."""
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox.config.client_id,
        "client_secret": sandbox.config.client_secret,
    }
    answer = await web.post(sandbox.token_url, data=form)
    return Api(sandbox, web, answer.json()["access_token"])
