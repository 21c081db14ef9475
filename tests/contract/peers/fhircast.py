"""A FHIRcast hub of our own (a double) with another program on the desktop that opens patients."""

from __future__ import annotations

import asyncio
from typing import Any

from vdx_plugin.domain.patients import Patient
from vdx_plugin.ports import ClinicSystem
from vdx_plugin.sandbox.desktop_hub import DesktopHub
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig
from vdx_plugin.testing import KNOWN, Peer, Place


class FhircastPeer(Peer):
    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._hub = DesktopHub(place.clock.now)
        self._port = 0
        self._sandbox: Sandbox | None = None
        self.secrets = {"topic": self._hub.topic, "token": self._hub.token}

    async def start(self) -> None:
        if self._sandbox is None:
            self._sandbox = Sandbox(SandboxConfig(port=self._port), extra_routes=self._hub.routes())
            await self._sandbox.start()
            self._port = int(self._sandbox.base_url.rpartition(":")[2])
            self.settings = {"url": f"{self._sandbox.base_url}/fhircast/hub", "user": "KE"}

    async def ready(self, adapter: ClinicSystem) -> None:
        async with asyncio.timeout(20):
            # The hub learns of the subscriber in a task of the server's, which has no event of ours to set.
            while not self._hub._alive():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        if self._sandbox is not None:
            await self._hub.hang_up()
            await self._sandbox.stop()
            self._sandbox = None

    async def open_record(self, patient: Patient = KNOWN) -> None:
        await self._hub.open_patient(_as_fhir(patient))

    async def close_record(self) -> None:
        await self._hub.close_patient()

    async def send_garbage(self, data: bytes) -> None:
        for subscriber in self._hub._alive():
            if subscriber.line is not None:
                await subscriber.line.send_text(data.decode("latin-1"))
        # A frame beyond the limit ends the connection, and the adapter comes back.
        await self._hub.publish("heartbeat", [])


def _as_fhir(patient: Patient) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Patient",
        "id": "p-1",
        "identifier": [{"system": one.system, "value": one.value} for one in patient.identifiers],
    }
    if patient.name is not None:
        found["name"] = [{"use": "official", "family": patient.name.family, "given": [patient.name.given]}]
    if patient.birth_date is not None:
        found["birthDate"] = patient.birth_date.isoformat()
    return found
