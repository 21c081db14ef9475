"""What must outlive the process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.measures import PartyMeasure, UseMeasure
from vdx_plugin.ports.messages import InvitationNews, OutboxDraft


class ConsultationStore(Protocol):
    """Consultations, so that nothing is lost when the process dies."""

    async def save(self, consultation: Consultation, drafts: Sequence[OutboxDraft] = ()) -> None:
        """Write the consultation and, in the same transaction, its new messages. Raises Unavailable(``store.*``)."""
        ...

    async def get(self, consultation_id: UUID) -> Consultation | None: ...

    async def unfinished(self) -> list[Consultation]:
        """Return every consultation not CLOSED or CANCELLED, oldest first."""
        ...

    async def lately(self, since: datetime) -> list[Consultation]:
        """Return those that are not over, and those that ended, or never began, since ``since``; oldest first."""
        ...

    async def set_answer(self, news: InvitationNews) -> None:
        """Keep what a partner wrote, with its time."""
        ...

    async def news_of(self, consultation_id: UUID) -> list[InvitationNews]: ...


class MeasureStore(Protocol):
    """Measures, and nothing that could tell who the patient is."""

    async def record(self, use: UseMeasure, parties: Sequence[PartyMeasure]) -> None:
        """Write or replace the measures of one visit."""
        ...

    async def between(self, start: datetime, end: datetime) -> tuple[list[UseMeasure], list[PartyMeasure]]: ...


class AuditLog(Protocol):
    """Who did what to which consultation when: for the clinic's own duty to log, without patient data."""

    async def write(
        self, at: datetime, user: str, action: str, consultation_id: UUID | None, detail: str = ""
    ) -> None: ...
