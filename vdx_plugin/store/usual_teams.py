"""Which team was last chosen for a patient (``ports.TeamMemory``). The patient stands there as a keyed digest only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from vdx_plugin.domain.patients import Patient
from vdx_plugin.ports import Clock
from vdx_plugin.store.engine import upsert
from vdx_plugin.store.schema import usual_team
from vdx_plugin.store.sealing import Sealer
from vdx_plugin.store.thread import StoreThread


class UsualTeams:
    """Fills ``ports.TeamMemory``."""

    def __init__(self, thread: StoreThread, sealer: Sealer, clock: Clock) -> None:
        self._thread = thread
        self._sealer = sealer
        self._clock = clock

    async def usual(self, patient: Patient) -> str:
        key = self._key(patient)
        if key is None:
            return ""
        question = select(usual_team.c.team_id).where(usual_team.c.patient == key)
        return await self._thread.read(lambda connection: connection.execute(question).scalar_one_or_none() or "")

    async def remember(self, patient: Patient, team_id: str) -> None:
        key = self._key(patient)
        if key is None:
            return
        row = {"patient": key, "team_id": team_id, "chosen_at": self._clock.now()}
        await self._thread.write(lambda connection: upsert(connection, usual_team, row))

    async def forget(self, before: datetime) -> int:
        """Take out what was last chosen before ``before``; return how many."""

        def work(connection: Connection) -> int:
            return connection.execute(delete(usual_team).where(usual_team.c.chosen_at < before)).rowcount

        return await self._thread.write(work)

    def _key(self, patient: Patient) -> bytes | None:
        """Return what stands for the patient; None for one without a national number, who may be anybody tomorrow."""
        number = patient.national_id
        return self._sealer.digest(f"{number.system}|{number.value}", "usual-team") if number else None
