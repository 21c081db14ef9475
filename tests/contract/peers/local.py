"""A record system that calls over HTTP, polls for notes, and answers whether its record is still open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import httpx

from vdx_plugin.adapters.local import LocalSystem
from vdx_plugin.domain.patients import CPR, Patient
from vdx_plugin.ports import ClinicSystem
from vdx_plugin.testing import KNOWN, Peer, Place


class LocalPeer(Peer):
    loses_answers = hangs = conflicts = False

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.settings = {"port": "0", "write_back": "yes"}
        self._notes: dict[UUID, str] = {}
        self._open_nonce = ""
        self._polling: asyncio.Task[None] | None = None
        self._http: httpx.AsyncClient | None = None

    async def ready(self, adapter: ClinicSystem) -> None:
        assert isinstance(adapter, LocalSystem)
        shake = adapter.handshake
        assert shake is not None
        await self.stop()
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{shake.port}",
            headers={"Authorization": f"Bearer {shake.secret}"},
            trust_env=False,
            timeout=30,
        )
        self._polling = asyncio.create_task(self._poll(self._http), name="record-polls")

    async def stop(self) -> None:
        if self._polling is not None and self._http is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
            await self._http.aclose()
            self._polling = self._http = None

    # --- what its user does -------------------------------------------------------------------------------------------

    async def open_record(self, patient: Patient = KNOWN) -> None:
        body = self._body(patient)
        self._open_nonce = str(body["nonce"])
        (await self._post("/v1/context/open", body)).raise_for_status()

    async def close_record(self) -> None:
        self._open_nonce = ""
        (await self._post("/v1/context/close", {})).raise_for_status()

    async def click_start(self, patient: Patient = KNOWN) -> None:
        (await self._post("/v1/action/start-video", self._body(patient))).raise_for_status()

    async def launch_late(self, age: timedelta) -> None:
        ticket = await self._ticket()
        self.place.clock.pass_by(seconds=age.total_seconds())
        assert (await self._redeem(ticket)).is_error
        late = self._body(KNOWN, opened_at=(self.place.clock.now() - age).isoformat())
        assert (await self._post("/v1/action/start-video", late)).is_error

    async def launch_twice(self) -> None:
        ticket = await self._ticket()
        assert (await self._redeem(ticket)).is_success
        assert (await self._redeem(ticket)).is_error

    async def launch_foreign(self) -> None:
        assert (await self._redeem(await self._ticket(), workstation="somebody@elsewhere")).is_error

    async def _ticket(self) -> str:
        issued = await self._post("/v1/ticket", self._body(KNOWN))
        return str(issued.json()["ticket"])

    async def _redeem(self, ticket: str, workstation: str = "") -> httpx.Response:
        from vdx_plugin.adapters.local import handshake

        body = {"ticket": ticket, "workstation": workstation or handshake.workstation()}
        return await self._post("/v1/redeem", body)

    async def send_garbage(self, data: bytes) -> None:
        assert self._http is not None
        headers = {"Content-Type": "application/json"}
        # It may hang up when it has heard enough.
        with suppress(httpx.TransportError):
            assert (await self._http.post("/v1/context/open", content=data, headers=headers)).is_error

    # --- its records --------------------------------------------------------------------------------------------------

    async def notes(self) -> Mapping[UUID, str]:
        return self._notes

    async def _poll(self, http: httpx.AsyncClient) -> None:
        since = 0
        while True:
            answer = (await http.get(f"/v1/writeback?since={since}&wait_s=20")).json()
            since = answer["next"]
            for entry in answer["entries"]:
                await self._file(entry)
            for nonce in answer["confirm"]:
                await self._post("/v1/context/confirm", {"nonce": nonce, "holds": nonce == self._open_nonce})
            for key in answer["unanswered"]:
                stands = {"accepted": UUID(key) in self._notes, "remote_id": "N1"}
                await self._post(f"/v1/writeback/{key}/receipt", stands)

    async def _file(self, entry: dict[str, object]) -> None:
        if self.hangs:
            return
        key = UUID(str(entry["key"]))
        numbers = entry["patient"]
        assert isinstance(numbers, list)
        is_known = any(number == {"system": CPR, "value": "8512484901"} for number in numbers)
        receipt = {"accepted": is_known and not self.conflicts, "conflict": self.conflicts, "remote_id": "N1"}
        if receipt["accepted"]:
            self._notes.setdefault(key, str(entry["note"]))
        if not self.loses_answers:
            await self._post(f"/v1/writeback/{key}/receipt", receipt)

    def _body(self, patient: Patient, **changes: object) -> dict[str, object]:
        name = patient.name
        number = patient.identifiers[0]
        told = {
            "system": number.system,
            "value": number.value,
            "family_name": name.family if name else "",
            "given_name": name.given if name else "",
            "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        }
        return {
            "ydernummer": "12345",
            "user_initials": "HH",
            "user_id": "hanne",
            "patient": told,
            "own_doctor_ydernummer": "012345",
            "local_patient_id": "P1001",
            "opened_at": self.place.clock.now().isoformat(),
            "nonce": uuid4().hex,
            **changes,
        }

    async def _post(self, path: str, body: dict[str, object]) -> httpx.Response:
        assert self._http is not None
        return await self._http.post(path, json=body)
