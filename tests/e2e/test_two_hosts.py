"""Hosts of their own processes on one PostgreSQL: every letter goes out by one of them, whoever dies."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.e2e.host_child import HANG
from tests.postgres import Server
from tests.unit.invitations import samples
from vdx_plugin.app import WallClock
from vdx_plugin.invitations.composer import MessageComposer
from vdx_plugin.ports import TO_BE_SENT, OutboxDraft, OutboxState
from vdx_plugin.sandbox.partners import PartnerTimes
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig
from vdx_plugin.store import AesSealer, Store, open_store

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX"),
    pytest.mark.timeout(180),
]

GLN = samples.PRACTICE.gln or ""
WARD = samples.HOSPITAL.gln or ""
LIMIT_S = 90.0
LEASE_S = 6.0
"""Long enough that a busy machine does not make a living host look dead."""


@asynccontextmanager
async def host(*arguments: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run one host that has begun to work; it is told to end unless it is dead already."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.host_child",
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    try:
        await until_said(process, "ready")
        process.stdin.write(b"go\n")
        yield process
    finally:
        process.stdin.close()
        await process.wait()


async def until_said(process: asyncio.subprocess.Process, word: str) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT_S):
        while word not in (line := (await process.stdout.readline()).decode()):
            assert line, "the host ended too early"


def letters(count: int) -> list[OutboxDraft]:
    composer = MessageComposer(samples.SETTINGS)
    start = datetime.now(UTC) + timedelta(days=1)
    made = []
    for number in range(count):
        plan = replace(samples.consultation(samples.HOSPITAL_PARTY, start=start), id=UUID(int=number + 1))
        made.append(composer.invitation(plan, samples.HOSPITAL_PARTY, samples.ROOM, datetime.now(UTC), uuid4))
    return made


async def until_over(store: Store, drafts: list[OutboxDraft]) -> list[OutboxState]:
    """Wait until the receiver's system has said of each letter that it came."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            rows = [await store.outbox.by_message(draft.message_id) for draft in drafts]
            states = [row.state for row in rows if row is not None]
            if not TO_BE_SENT & set(states) and OutboxState.AWAITING_ACK not in states:
                return states
            await asyncio.sleep(0.2)


async def test_two_hosts_with_many_workers_send_each_letter_once(database_server: Server) -> None:
    """No letter twice, none left, and acknowledgements are heard whichever host reads them."""
    place, drafts = database_server.new_database(), letters(60)
    config = SandboxConfig(partner_times=PartnerTimes(acknowledge_s=0.01), pool_size=1)
    async with Sandbox(config).running() as sandbox:
        store = await open_store(place, AesSealer(bytes(32)), WallClock())
        await store.outbox.add(drafts, datetime.now(UTC))
        others = (sandbox.partner_url, GLN, 4, 60)
        async with host(place, "one", *others), host(place, "two", *others):
            assert set(await until_over(store, drafts)) == {OutboxState.ACKNOWLEDGED}
        count = sandbox.partners.count(WARD)
        assert (count.received_total, count.distinct) == (60, 60)
        await store.close()


async def test_what_a_killed_host_was_sending_is_sent_by_another_one(database_server: Server) -> None:
    """The dead one says nothing any more; a living one that takes longer than a lease keeps what it has."""
    place, (first, second) = database_server.new_database(), letters(2)
    async with Sandbox(SandboxConfig(partner_times=PartnerTimes(acknowledge_s=0.01), pool_size=1)).running() as sandbox:
        store = await open_store(place, AesSealer(bytes(32)), WallClock())
        await store.outbox.add([first], datetime.now(UTC))
        async with host(place, "dying", HANG, GLN, 1, LEASE_S) as dying:
            await until_said(dying, first.key)
            await store.outbox.add([second], datetime.now(UTC))
            async with host(place, "slow", HANG, GLN, 1, LEASE_S) as slow:
                await until_said(slow, second.key)
                dying.kill()
                await dying.wait()
                async with host(place, "living", sandbox.partner_url, GLN, 1, LEASE_S):
                    assert await until_over(store, [first]) == [OutboxState.ACKNOWLEDGED]
                    held = await store.outbox.by_message(second.message_id)
                    assert held is not None
                    assert held.state is OutboxState.SENDING
        assert sandbox.partners.count(WARD).distinct == 1
        await store.close()
