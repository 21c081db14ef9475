"""The hub, the rooms, the partners and the clinic in a process of their own, as they are for a real program.

``python -m tests.bench.sandbox FOLDER PROVISION_DELAY_S POOL_SIZE``
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench.child import Line
from vdx_plugin.demo.world import World
from vdx_plugin.sandbox.clinic import feed, mllp


class SandboxChild:
    """Answers the bench."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def settings(self) -> dict[str, Any]:
        """Return the settings of a program in this world, and its secret."""
        return {
            "settings": self._world.settings().model_dump(mode="json"),
            "secret": self._world.secret("vdx.client_secret").reveal(),
        }

    async def directory(self) -> int:
        """Send the clinic's patients and appointments; return how many messages were answered."""
        return len(await self._world.clinic.send_directory())

    async def open_patient(self, number: int) -> None:
        """Open a record in the clinic."""
        await self._world.clinic.open_patient(number)

    async def send(self, message: str, number: int) -> dict[str, Any]:
        """Send one message about a patient and appointment nobody has heard of; return when it left and was answered.

        ``message`` names one of the clinic's messages; ``number`` makes its identifiers new.
        """
        text = feed.message(message, datetime.now(feed.COPENHAGEN).date())
        sent_s = time.monotonic()
        answers = await mllp.send("127.0.0.1", self._world.clinic.plugin_port, [renumbered(text, number)])
        return {"sent_s": sent_s, "answered_s": time.monotonic(), "accepted": "\rMSA|AA|" in answers[0]}


def renumbered(text: str, number: int) -> str:
    """Return a message of the clinic about another record and appointment, without a national number."""
    text = re.sub(r"(PID\|1\|\|).*?\^\^\^DEMOKLINIK\^PI", rf"\g<1>K{number}^^^DEMOKLINIK^PI", text)
    text = re.sub(r"\|A\d+\^DEMOKLINIK", f"|A{number}^DEMOKLINIK", text)
    return re.sub(r"\|DKS?\d+\|P\|", f"|BENCH{number}|P|", text)


async def main() -> None:
    """Run until the bench closes its end."""
    folder, delay_s, pool = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    logging.disable(logging.WARNING)
    world = World(folder, provision_delay_s=delay_s, pool_size=pool)
    await world.start()
    child = SandboxChild(world)
    line = Line()
    try:
        await line.serve(
            {
                "settings": child.settings,
                "directory": child.directory,
                "open_patient": child.open_patient,
                "send": child.send,
            }
        )
    finally:
        await world.stop()


if __name__ == "__main__":
    asyncio.run(main())
