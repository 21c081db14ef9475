"""One host of several on a shared database.

``python -m tests.e2e.host_child DATABASE HOST HUB_URL OWN_GLN WORKERS LEASE_S``; a file's path is a database, too. It
says ``ready``, begins at the first line of its standard input, and carries messages until that ends. ``hang`` instead
of a hub's address makes a host whose transport never answers: it claims, and is there to be killed.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from tests.unit.invitations import samples
from vdx_plugin import log
from vdx_plugin.app import WallClock
from vdx_plugin.domain.parties import Channel
from vdx_plugin.invitations.delivery import MessageDelivery, Roads
from vdx_plugin.invitations.hub import HubSettings, MessageHub
from vdx_plugin.invitations.intake import Books
from vdx_plugin.invitations.outgoing import Pace
from vdx_plugin.invitations.resources import Party
from vdx_plugin.invitations.transport import Carrier
from vdx_plugin.medcom_roads import open_client
from vdx_plugin.ports import OutboxDraft
from vdx_plugin.store import AesSealer, open_store

HANG = "hang"


class HangingCarrier:
    """Takes a message and never says anything."""

    async def send(self, draft: OutboxDraft) -> str:
        print("sending", draft.key, flush=True)
        await asyncio.Event().wait()
        return ""

    async def close(self) -> None: ...


async def main(database: str, host: str, hub_url: str, gln: str, workers: int, lease_s: float) -> None:
    """Carry until standard input ends."""
    log.setup(stream=sys.stderr)
    lease = timedelta(seconds=lease_s)
    place = database if "://" in database else Path(database)
    store = await open_store(place, AesSealer(bytes(32)), WallClock(), host=host, lease=lease)
    hub = MessageHub(HubSettings(hub_url, gln, wait_s=2.0), open_client(), uuid4)
    carrier: Carrier = HangingCarrier() if hub_url == HANG else hub
    mailbox = None if hub_url == HANG else hub
    own = Party("", samples.PRACTICE.name, samples.PRACTICE.sor or "", gln)
    books = Books(store.outbox, store.letters, store.consultations)
    pace = Pace(workers, look_every_s=0.1, beat_s=lease_s / 3)
    delivery = MessageDelivery(
        books, Roads({Channel.MEDCOM: carrier}, mailbox), own, WallClock(), uuid4, pace=pace, mailbox_pause_s=0.1
    )
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await store.outbox.recover(WallClock().now())
    delivery.start(lambda _news: None)
    await asyncio.to_thread(sys.stdin.read)
    await delivery.close()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5], int(sys.argv[5]), float(sys.argv[6])))  # type: ignore[arg-type]
