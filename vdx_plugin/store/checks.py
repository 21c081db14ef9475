"""Checks of the workplace (``ports.CheckHistory``): times, codes and figures, nothing of a patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from vdx_plugin.ports import CheckedPart, CheckFinding, WorkplaceCheck
from vdx_plugin.store.schema import workplace_check
from vdx_plugin.store.thread import StoreThread


class Checks:
    """Fills ``ports.CheckHistory``. A database that hosts share keeps each host's apart."""

    def __init__(self, thread: StoreThread, host: str) -> None:
        self._thread = thread
        self._host = host

    async def add(self, check: WorkplaceCheck) -> None:
        row = {
            "host": self._host,
            "at": check.at,
            "findings": ",".join(f"{each.part}:{each.problem}" for each in check.findings),
            "loss": check.loss,
            "rtt_ms": check.rtt_ms,
            "kbps": check.kbps,
        }
        await self._thread.write(lambda connection: connection.execute(insert(workplace_check), [row]))

    async def latest(self, count: int) -> Sequence[WorkplaceCheck]:
        question = (
            select(workplace_check)
            .where(workplace_check.c.host == self._host)
            .order_by(workplace_check.c.at.desc())
            .limit(count)
        )

        def work(connection: Connection) -> list[WorkplaceCheck]:
            return [_read(row) for row in connection.execute(question).mappings()]

        return await self._thread.read(work)

    async def erase(self, before: datetime) -> int:
        """Take out what is older; return how many."""

        def work(connection: Connection) -> int:
            return connection.execute(delete(workplace_check).where(workplace_check.c.at < before)).rowcount

        return await self._thread.write(work)


def _read(row: Any) -> WorkplaceCheck:
    pairs = (each.partition(":") for each in row["findings"].split(",") if each)
    known = set(CheckedPart)
    findings = tuple(CheckFinding(CheckedPart(part), problem) for part, _sign, problem in pairs if part in known)
    return WorkplaceCheck(row["at"], findings, row["loss"], row["rtt_ms"], row["kbps"])
