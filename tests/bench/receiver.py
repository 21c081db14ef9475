"""The partners in a process of their own, counting what comes: ``python -m tests.bench.receiver``."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from tests.bench.child import Line
from tests.unit.invitations.samples import HOSPITAL
from vdx_plugin.sandbox.partners import Behaviour
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig

WARD = HOSPITAL.gln or ""


async def main() -> None:
    """Run until the bench closes its end."""
    logging.disable(logging.WARNING)
    async with Sandbox(SandboxConfig(pool_size=1)).running() as sandbox:
        hub = sandbox.partners
        hub.behave(WARD, Behaviour.COUNT)

        async def address() -> str:
            return sandbox.partner_url

        async def begin_anew() -> None:
            hub.forget(WARD)

        async def count() -> dict[str, Any]:
            tally = hub.tally(WARD)
            return {"distinct": tally.distinct, "repeated": len(tally.repeated_messages())}

        await Line().serve({"address": address, "begin_anew": begin_anew, "count": count})


if __name__ == "__main__":
    asyncio.run(main())
