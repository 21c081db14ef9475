"""The adapter ``local`` with a record system beside it that a test can work with."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import httpx

from tests.fakes_clinic import PRACTICE, HandClock, RememberingSink
from vdx_plugin.adapters import local
from vdx_plugin.domain.patients import CPR, Patient, PersonName, cpr

NAMED = Patient((cpr("8512484901"),), PersonName("Prøvesen", "Ditte"), date(1948, 12, 25))
"""A patient the rig's record knows."""

PATIENT_S = 20.0
"""For what must arrive, on a machine however slow."""


class WatchedEvent(asyncio.Event):
    """Tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = asyncio.Event()

    async def wait(self) -> bool:
        self.awaited.set()
        return await super().wait()


class LocalRig:
    """A record that calls over HTTP, polls for notes, and answers whether its record is still open.

    ``notes`` are the keys of the entries in the record, one for each entry.

    It is waited for as long as a machine may take, however busy; a test of what never comes gives limits of its own.
    """

    def __init__(self, folder: Path, *, receipt_limit_s: float = PATIENT_S, confirm_limit_s: float = PATIENT_S) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.sink = RememberingSink()
        self.notes: list[UUID] = []
        self.loses_answers = False
        """Set: the record files a note, and its answer is lost on the way."""
        self._limits_s = receipt_limit_s, confirm_limit_s

    def settings(self) -> local.LocalSettings:
        receipt_s, confirm_s = self._limits_s
        return local.LocalSettings(write_back=True, receipt_limit_s=receipt_s, confirm_limit_s=confirm_s)

    async def _hear(self, answer: dict[str, list[dict[str, str]]]) -> None:
        """Do what else a poll has brought."""

    async def begin(self) -> None:
        self.system: local.LocalSystem = local.LocalSystem(
            self.settings(),
            self.clock,
            PRACTICE,
            self.folder / "handshake.json",
        )
        await self.system.start(self.sink)
        self.stirred = self.system._session.letterbox.stirred = WatchedEvent()
        shake = self.system.handshake
        assert shake is not None
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{shake.port}",
            headers={"Authorization": f"Bearer {shake.secret}"},
            trust_env=False,
        )
        self._open_nonce = ""
        self._polling = asyncio.create_task(self._poll(), name="record-polls")

    async def end(self) -> None:
        self._polling.cancel()
        await asyncio.gather(self._polling, return_exceptions=True)
        await self.http.aclose()
        await self.system.stop()

    def body(self, **changes: object) -> dict[str, object]:
        return {
            "ydernummer": "12345",
            "user_initials": "HH",
            "user_id": "hanne",
            "patient": {"system": CPR, "value": "8512484901", "family_name": "Prøvesen", "birth_date": "1948-12-25"},
            "own_doctor_ydernummer": "012345",
            "local_patient_id": "P1001",
            "opened_at": self.clock.now().isoformat(),
            "nonce": uuid4().hex,
            **changes,
        }

    async def post(self, path: str, body: dict[str, object]) -> httpx.Response:
        return await self.http.post(path, json=body)

    async def open_record(self) -> None:
        body = self.body()
        self._open_nonce = str(body["nonce"])
        (await self.post("/v1/context/open", body)).raise_for_status()

    async def click_start(self) -> None:
        (await self.post("/v1/action/start-video", self.body())).raise_for_status()

    async def close_record(self) -> None:
        self._open_nonce = ""
        (await self.post("/v1/context/close", {})).raise_for_status()

    async def _poll(self) -> None:
        since = 0
        while True:
            answer = (await self.http.get(f"/v1/writeback?since={since}&wait_s=20", timeout=30)).json()
            since = answer["next"]
            for entry in answer["entries"]:
                await self._file(entry)
            for nonce in answer["confirm"]:
                body = {"nonce": nonce, "holds": nonce == self._open_nonce}
                await self.post("/v1/context/confirm", body)
            await self._hear(answer)
            for key in answer["unanswered"]:
                stands = UUID(key) in self.notes
                await self.post(f"/v1/writeback/{key}/receipt", {"accepted": stands, "remote_id": "N1"})

    async def _file(self, entry: dict[str, object]) -> None:
        known = any(number == {"system": CPR, "value": "8512484901"} for number in entry["patient"])
        key = UUID(str(entry["key"]))
        if known and key not in self.notes:
            self.notes.append(key)
        if not self.loses_answers:
            await self.post(f"/v1/writeback/{key}/receipt", {"accepted": known, "remote_id": "N1"})
