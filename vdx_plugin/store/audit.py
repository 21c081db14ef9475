"""Who did what to which consultation when (``ports.AuditLog``). Rows are added and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select

from vdx_plugin.store.schema import audit
from vdx_plugin.store.thread import StoreThread


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the log."""

    at: datetime
    user: str
    action: str
    consultation_id: UUID | None
    detail: str


class Audit:
    """Fills ``ports.AuditLog``."""

    def __init__(self, thread: StoreThread) -> None:
        self._thread = thread

    async def write(self, at: datetime, user: str, action: str, consultation_id: UUID | None, detail: str = "") -> None:
        row = {"at": at, "user": user, "action": action, "consultation_id": consultation_id, "detail": detail}

        def work(connection: Connection) -> None:
            connection.execute(insert(audit), row)

        await self._thread.write(work)

    async def between(self, start: datetime, end: datetime) -> list[AuditEntry]:
        """Return the entries from ``start`` up to, not including, ``end``, in their order."""
        wanted = select(audit).where(audit.c.at >= start, audit.c.at < end).order_by(audit.c.at, audit.c.seq)

        def work(connection: Connection) -> list[AuditEntry]:
            return [
                AuditEntry(row.at, row.user, row.action, row.consultation_id, row.detail)
                for row in connection.execute(wanted)
            ]

        return await self._thread.read(work)
