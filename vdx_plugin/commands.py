"""What a command does without a window: each opens what it needs and closes it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import httpx

from vdx_plugin import settings
from vdx_plugin.app import REFRESH_TOKEN, WallClock, open_booking, open_the_store
from vdx_plugin.booking.health import Diagnosis
from vdx_plugin.booking.person import discover, sign_in
from vdx_plugin.carriers import message_check
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.message import read_message
from vdx_plugin.invitations.message_check import Opinion
from vdx_plugin.settings import Secrets, Settings
from vdx_plugin.store.sealing import KeyVault


def report_from_store(
    chosen: Settings, folder: Path, start: datetime, until: datetime, vault: KeyVault | None = None
) -> Sequence[Path]:
    """Write the report from the measures that are kept. Raises Unavailable(``store.*``)."""
    from vdx_plugin.monitoring.aggregation import Period
    from vdx_plugin.monitoring.report import write_report

    async def read() -> Sequence[Path]:
        store = await open_the_store(chosen, WallClock(), vault=vault)
        try:
            uses, parties = await store.measures.between(start, until)
        finally:
            await store.close()
        return write_report(uses, parties, folder, Period(start, until), made_at=until)

    return asyncio.run(read())


def examine_vdx(chosen: Settings, secrets: Secrets = settings.secret) -> Diagnosis:
    """Look whether VDX can be reached and used from here. Raises Misconfigured where a secret cannot be read."""

    async def examine() -> Diagnosis:
        vdx = open_booking(chosen, WallClock(), secrets)
        try:
            return await vdx.doctor.examine()
        finally:
            await vdx.aclose()

    return asyncio.run(examine())


def sign_in_person(
    chosen: Settings, show: Callable[[str], object], keep: Callable[[str, str], object] = settings.keep_secret
) -> None:
    """Let a person sign in by the browser and keep the refresh token. Raises SignInNeeded, Unavailable, Refused."""

    async def run() -> None:
        async with httpx.AsyncClient(timeout=15.0) as http:
            realm = await discover(chosen.vdx.issuer, http)
            granted = await sign_in(realm, chosen.vdx.client_id, http, show)
        keep(REFRESH_TOKEN, granted.refresh.reveal())

    asyncio.run(run())


def examine_message(chosen: Settings, body: bytes, *, is_outgoing: bool) -> Sequence[Opinion]:
    """Let every checker look at one message, JSON or XML. Raises Unreadable(``invite.unreadable``)."""
    mime = codes.FHIR_XML if body.lstrip().startswith(b"<") else codes.FHIR_JSON

    async def examine() -> Sequence[Opinion]:
        check = message_check(chosen)
        try:
            return await check.examine(read_message(body, mime), is_outgoing=is_outgoing)
        finally:
            await check.close()

    return asyncio.run(examine())
