"""Letters that partners wrote (``ports.LetterBook``): everything they say is sealed, and erased after a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, select, update

from vdx_plugin.domain.parties import AnswerMark
from vdx_plugin.ports import IncomingLetter
from vdx_plugin.store.engine import insert_or_ignore
from vdx_plugin.store.schema import consultation
from vdx_plugin.store.schema import incoming_letter as letters
from vdx_plugin.store.sealing import Sealer
from vdx_plugin.store.thread import StoreThread

_SEALED = ("sender_gln", "sender_name", "subject", "text", "patient_label")


class Letters:
    """Fills ``ports.LetterBook``."""

    def __init__(self, thread: StoreThread, sealer: Sealer) -> None:
        self._thread = thread
        self._sealer = sealer

    async def keep(self, letter: IncomingLetter) -> bool:
        row = self._row(letter)
        return await self._thread.write(lambda connection: insert_or_ignore(connection, letters, [row]) == 1)

    async def of_consultation(self, consultation_id: UUID) -> Sequence[IncomingLetter]:
        return await self._select(letters.c.consultation_id == consultation_id)

    async def unmatched(self) -> Sequence[IncomingLetter]:
        put_aside = letters.c.mark == AnswerMark.NOTED.value
        return await self._select(and_(letters.c.consultation_id.is_(None), ~put_aside))

    async def match(self, message_id: str, consultation_id: UUID, party_key: str, now: datetime) -> None:
        """See the port. Raises ValueError for a letter that is not there."""
        await self._change(message_id, {"consultation_id": consultation_id, "party_key": party_key, "changed_at": now})

    async def unmatch(self, message_id: str, now: datetime) -> None:
        """See the port. Raises ValueError for a letter that is not there."""
        as_it_came = {"consultation_id": None, "party_key": "", "mark": AnswerMark.UNREAD.value}
        await self._change(message_id, {**as_it_came, "changed_at": now})

    async def mark(self, message_id: str, mark: AnswerMark, now: datetime) -> None:
        """See the port. Raises ValueError for a letter that is not there."""
        await self._change(message_id, {"mark": mark.value, "changed_at": now})

    async def erase(self, before: datetime) -> int:
        """Empty letters that came before ``before``, but for those of a consultation that is not over; return how
        many. What is left tells a repeat from a new one."""
        going_on = exists().where(consultation.c.id == letters.c.consultation_id, consultation.c.is_open)
        old = and_(letters.c.received_at < before, letters.c.sealed_content.is_not(None), ~going_on)
        emptied = update(letters).where(old).values(sealed_content=None, sealed_payload=None)
        return await self._thread.write(lambda connection: connection.execute(emptied).rowcount)

    async def _change(self, message_id: str, values: dict[str, Any]) -> None:
        changed = update(letters).where(letters.c.message_id == message_id).values(values)

        def work(connection: Connection) -> None:
            if connection.execute(changed).rowcount != 1:
                raise ValueError("no letter with this id")

        await self._thread.write(work)

    async def _select(self, condition: ColumnElement[bool]) -> list[IncomingLetter]:
        wanted = and_(condition, letters.c.sealed_content.is_not(None))
        question = select(letters).where(wanted).order_by(letters.c.written_at, letters.c.received_at)
        return await self._thread.read(lambda connection: [self._read(row) for row in connection.execute(question)])

    def _row(self, letter: IncomingLetter) -> dict[str, Any]:
        content = {name: getattr(letter, name) for name in _SEALED} | {"patient_ids": list(letter.patient_ids)}
        return {
            "message_id": letter.message_id,
            "thread_id": letter.thread_id,
            "written_at": letter.written_at,
            "received_at": letter.received_at,
            "consultation_id": letter.consultation_id,
            "party_key": letter.party_key,
            "mark": letter.mark.value,
            "changed_at": letter.received_at,
            "mime": letter.mime,
            "sealed_content": self._sealer.seal(json.dumps(content).encode(), f"letter:{letter.message_id}"),
            "sealed_payload": self._sealer.seal(letter.payload, f"letter-payload:{letter.message_id}"),
        }

    def _read(self, row: Row[Any]) -> IncomingLetter:
        content = json.loads(self._sealer.open(row.sealed_content, f"letter:{row.message_id}"))
        return IncomingLetter(
            message_id=row.message_id,
            thread_id=row.thread_id,
            written_at=row.written_at,
            received_at=row.received_at,
            mime=row.mime,
            payload=self._sealer.open(row.sealed_payload, f"letter-payload:{row.message_id}"),
            consultation_id=row.consultation_id,
            party_key=row.party_key,
            mark=AnswerMark(row.mark),
            patient_ids=tuple(content["patient_ids"]),
            **{name: content[name] for name in _SEALED},
        )
