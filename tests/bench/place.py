"""The processes of one measurement, started together: a sandbox and the program pointed at it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.bench.child import Child

CARD = (640, 360, 15)
"""What the program sends when there is no camera."""
CAMERA = (1280, 720, 30)


@dataclass(frozen=True, slots=True)
class Place:
    """A running sandbox, and what a program needs to use it."""

    sandbox: Child
    given: dict[str, Any]

    @property
    def node(self) -> str:
        """The room server."""
        return str(self.given["settings"]["vdx"]["node"])

    @asynccontextmanager
    async def doctor(self, size: tuple[int, int, int] = CARD, *, has_window: bool = True) -> AsyncIterator[Child]:
        """Run the program, a patient open in the record."""
        arguments = [*([] if has_window else ["--no-window"]), *map(str, size)]
        async with Child("tests.bench.doctor", *arguments, given=self.given) as doctor:
            await self.sandbox.ask("directory")
            await self.sandbox.ask("open_patient", number=0)
            await doctor.ask("patient_is_open")
            yield doctor


@asynccontextmanager
async def sandbox(*, provision_delay_s: float = 0.0, pool_size: int = 3) -> AsyncIterator[Place]:
    """Run a sandbox."""
    with tempfile.TemporaryDirectory(prefix="vdx-bench-") as folder:
        async with Child("tests.bench.sandbox", folder, str(provision_delay_s), str(pool_size)) as child:
            yield Place(child, await child.ask("settings"))
