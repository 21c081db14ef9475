"""Consultations and what is known of their invitations (``ports.ConsultationStore``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, func, or_, select, update

from vdx_plugin import log
from vdx_plugin.domain.consultation import Consultation, EndReason, Stage
from vdx_plugin.domain.parties import InvitationState
from vdx_plugin.errors import Unreadable
from vdx_plugin.ports import Clock, InvitationNews, OutboxDraft
from vdx_plugin.store import codec
from vdx_plugin.store.engine import insert_or_ignore, upsert
from vdx_plugin.store.outbox_rows import insert_drafts
from vdx_plugin.store.schema import consultation as consultations
from vdx_plugin.store.schema import invitation_news
from vdx_plugin.store.sealing import Sealer
from vdx_plugin.store.thread import StoreThread

_log = log.get("store.consultations")


class Consultations:
    """Fills ``ports.ConsultationStore``."""

    def __init__(self, thread: StoreThread, sealer: Sealer, clock: Clock) -> None:
        self._thread = thread
        self._sealer = sealer
        self._clock = clock

    async def save(self, consultation: Consultation, drafts: Sequence[OutboxDraft] = ()) -> None:
        now = self._clock.now()

        def work(connection: Connection) -> None:
            upsert(connection, consultations, self._row(consultation))
            insert_drafts(connection, self._sealer, drafts, now)

        await self._thread.write(work)

    async def get(self, consultation_id: UUID) -> Consultation | None:
        """See the port; raises Unreadable(``store.*``) for a row that cannot be opened."""
        wanted = select(consultations).where(consultations.c.id == consultation_id)

        def work(connection: Connection) -> Consultation | None:
            row = connection.execute(wanted).one_or_none()
            return self._read(row) if row else None

        return await self._thread.read(work)

    async def unfinished(self) -> list[Consultation]:
        """See the port. A row that cannot be opened is logged and left out, so that the others can be taken up."""
        return await self._thread.read(lambda connection: self._read_all(connection, UNFINISHED))

    async def lately(self, since: datetime) -> list[Consultation]:
        """See the port; a row that cannot be opened is left out as in ``unfinished``."""
        c = consultations.c
        recent = or_(c.is_open, func.coalesce(c.ended_at, c.created_at) >= since)
        wanted = select(consultations).where(recent).order_by(c.created_at)
        return await self._thread.read(lambda connection: self._read_all(connection, wanted))

    def _read_all(self, connection: Connection, wanted: Select[Any]) -> list[Consultation]:
        found = []
        for row in connection.execute(wanted):
            try:
                found.append(self._read(row))
            except Unreadable as error:
                _log.error("consultation %s left out: %s", row.id, error)
        return found

    async def set_answer(self, news: InvitationNews) -> None:
        place = f"news:{news.consultation_id}:{news.party_key}"

        def work(connection: Connection) -> None:
            row = {
                "consultation_id": news.consultation_id,
                "party_key": news.party_key,
                "state": news.state.value,
                "at": news.at,
                "problem": news.problem,
                "sealed_answer": self._sealer.seal(news.answer.encode(), place) if news.answer else None,
            }
            insert_or_ignore(connection, invitation_news, [row])

        await self._thread.write(work)

    async def news_of(self, consultation_id: UUID) -> list[InvitationNews]:
        """Return what is known of the consultation's invitations, oldest first."""
        c = invitation_news.c
        wanted = select(invitation_news).where(c.consultation_id == consultation_id).order_by(c.at, c.seq)
        return await self._thread.read(lambda connection: [self._read_news(row) for row in connection.execute(wanted)])

    async def erase_answers(self, before: datetime) -> int:
        """Forget what partners wrote before ``before``; that they answered, and when, stays. Return how many."""
        c = invitation_news.c
        emptied = update(invitation_news).where(c.at < before, c.sealed_answer.is_not(None)).values(sealed_answer=None)
        return await self._thread.write(lambda connection: connection.execute(emptied).rowcount)

    def _row(self, consultation: Consultation) -> dict[str, Any]:
        content = codec.Content(consultation.context, consultation.plan, consultation.room, consultation.moving_to)
        return {
            "id": consultation.id,
            "meeting_id": consultation.meeting_id,
            "stage": consultation.stage.value,
            "is_open": not consultation.is_finished,
            "created_at": consultation.created_at,
            "started_at": consultation.started_at,
            "ended_at": consultation.ended_at,
            "end_reason": consultation.end_reason.value if consultation.end_reason else None,
            "sealed_content": self._sealer.seal(codec.encode(content), f"consultation:{consultation.id}"),
        }

    def _read(self, row: Row[Any]) -> Consultation:
        content = codec.decode(self._sealer.open(row.sealed_content, f"consultation:{row.id}"))
        return Consultation(
            id=row.id,
            meeting_id=row.meeting_id,
            stage=Stage(row.stage),
            context=content.context,
            plan=content.plan,
            created_at=row.created_at,
            room=content.room,
            started_at=row.started_at,
            ended_at=row.ended_at,
            end_reason=EndReason(row.end_reason) if row.end_reason else None,
            moving_to=content.moving_to,
        )

    def _read_news(self, row: Row[Any]) -> InvitationNews:
        place = f"news:{row.consultation_id}:{row.party_key}"
        answer = self._sealer.open(row.sealed_answer, place).decode() if row.sealed_answer else ""
        return InvitationNews(
            row.consultation_id, row.party_key, InvitationState(row.state), row.at, row.problem, answer
        )


UNFINISHED = (
    select(consultations)
    .where(consultations.c.is_open == True)  # noqa: E712 - SQL, and "IS 1" would not use the index
    .order_by(consultations.c.created_at)
)
